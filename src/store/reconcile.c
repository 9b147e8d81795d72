/* SPDX-License-Identifier: MIT */
#include "store/reconcile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/now.h"
#include "store/column.h"
#include "store/mirroring.h"
#include "store/takeover.h"
#include "store/transaction.h"

void mm_opening_find(struct mm_opening *opening, const char *format, ...)
{
	char *findings = opening->store->findings;
	size_t used = strlen(findings), size = sizeof(opening->store->findings);
	va_list args;

	va_start(args, format);
	if (used > 0 && used + 2 < size) {
		used += (size_t)snprintf(findings + used, size - used, "; ");
	}
	vsnprintf(findings + used, size - used, format, args);
	va_end(args);
}

/* ---- The second copy ---- */

/* Is the database, where nothing vouches for it, later than the slot or higher in any register? */
static bool contradicts(const struct mm_store *store, const struct mm_slot *slot)
{
	bool above = store->database_number > slot->state.sequence;

	for (unsigned i = 0; i < store->roster.count; i++) {
		int j = mm_state_find(&slot->state, &store->introduction.nameplate[i]);

		if (j >= 0) {
			struct mm_registers registers = slot->state.meter[j];

			above = mm_registers_raise(&registers, &store->committed[i]) || above;
		}
	}
	return above;
}

/* The rows and events of the slot that concern configured meters, by our numbers. */
static void take_history(const struct mm_store *store, const struct mm_slot *slot, struct mm_store_profile_row *rows,
			 struct mm_store_event *events, struct mm_store_commit *commit)
{
	int index[MM_STORE_METERS_MAX];

	for (unsigned i = 0; i < slot->state.meter_count; i++) {
		index[i] = -1;
	}
	for (unsigned i = 0; i < store->roster.count; i++) {
		int j = mm_state_find(&slot->state, &store->introduction.nameplate[i]);

		if (j >= 0) {
			index[j] = (int)i;
		}
	}
	for (size_t i = 0; i < slot->row_count; i++) {
		if (index[slot->row[i].meter] >= 0) {
			rows[commit->row_count] = slot->row[i];
			rows[commit->row_count++].meter = index[slot->row[i].meter];
		}
	}
	for (size_t i = 0; i < slot->event_count; i++) {
		events[i] = slot->event[i];
		events[i].meter = events[i].meter < 0 ? -1 : index[events[i].meter];
	}
	commit->rows = rows;
	commit->event_count = slot->event_count;
	commit->events = events;
}

/* The registers of a meter that the configuration no longer has: it may come back, and the next slot won't have them. */
static int store_other(struct mm_store *store, const struct mm_state *state, unsigned index)
{
	struct mm_registers registers = state->meter[index], stored;
	int64_t id;
	int r = mm_roster_meter(&store->db, &state->nameplate[index], &id);

	if (r == 0) {
		r = mm_registers_read(&store->db, store->roster.boot, id, &stored);
	}
	if (r == 0) {
		(void)mm_registers_raise(&registers, &stored);
		r = mm_registers_write(&store->db, store->roster.boot, id, state->boottime_ns, state->realtime_ns, &registers);
	}
	return r;
}

/* All that a newer slot holds, under the run of the machine that it is from. */
static int store_newer(struct mm_store *store, const struct mm_slot *slot, struct mm_store_commit *commit)
{
	struct mm_store_profile_row rows[MM_SLOT_ROWS_MAX];
	struct mm_store_event events[MM_SLOT_EVENTS_MAX];
	int64_t boot = store->roster.boot;
	int r = mm_roster_boot(&store->db, slot->state.boot_id, &store->roster.boot);

	take_history(store, slot, rows, events, commit);
	if (r == 0) {
		r = mm_transaction_write(&store->db, &store->roster, &store->balance, commit, slot->state.sequence);
	}
	for (unsigned i = 0; i < slot->state.meter_count && r == 0; i++) {
		if (mm_state_find(&store->introduction, &slot->state.nameplate[i]) < 0) {
			r = store_other(store, &slot->state, i);
		}
	}
	store->roster.boot = boot;
	return r;
}

static int take_slot(struct mm_opening *opening, const struct mm_slot *slot)
{
	struct mm_store *store = opening->store;
	const struct mm_state *state = &slot->state;
	struct mm_store_commit commit = {
		.boottime_ns = state->boottime_ns, .realtime_ns = state->realtime_ns, .meter_count = store->roster.count};
	bool newer = state->sequence > store->database_number, raised = false;

	if (slot->database > store->database_number && !opening->rebuilt) {
		opening->history_lost = true;
		mm_opening_find(opening, "the database lacks commits that it had acknowledged");
	}
	if (state->sequence < store->database_number) {
		mm_opening_find(opening, "the copy was behind the database");
	}
	for (unsigned i = 0; i < store->roster.count; i++) {
		int j = mm_state_find(state, &store->introduction.nameplate[i]);

		commit.meter[i] = j >= 0 && newer ? state->meter[j] : store->committed[i];
		raised = mm_registers_raise(&commit.meter[i], j >= 0 && !newer ? &state->meter[j] : &store->committed[i]) ||
			 raised;
	}
	if (raised) {
		mm_opening_find(opening, "database and copy disagreed, the higher registers are kept");
	}
	if (newer) {
		return store_newer(store, slot, &commit);
	}
	return raised ? mm_transaction_write(&store->db, &store->roster, &store->balance, &commit, store->database_number) : 0;
}

/* ---- The database ---- */

/* The findings stay in the trail for ever. */
static int record(struct mm_store *store, const char *code, const char *before, const char *what, const char *data)
{
	struct mm_store_event event = {.boottime_ns = mm_now(CLOCK_BOOTTIME), .realtime_ns = mm_now(CLOCK_REALTIME), .meter = -1};

	if (what[0] == '\0') {
		return 0;
	}
	snprintf(event.code, sizeof(event.code), "%s", code);
	snprintf(event.text, sizeof(event.text), "%s%.*s", before, (int)(sizeof(event.text) - 1 - strlen(before)), what);
	return mm_chain_add(&store->db, &store->roster, &event, data);
}

static int read_all(struct mm_store *store)
{
	int r = mm_registers_read_number(&store->db, &store->database_number);

	if (r == 0) {
		r = mm_page_read(&store->db, &store->page);
	}
	for (unsigned i = 0; i < store->roster.count && r == 0; i++) {
		r = mm_registers_read(&store->db, store->roster.boot, store->roster.id[i], &store->committed[i]);
	}
	return r;
}

/* Makes what follows belong to this run of the machine and these meters, and loads what is there already. */
static int begin_run(struct mm_opening *opening, bool *ret_sealed)
{
	struct mm_store *store = opening->store;
	struct mm_error broken;
	int r = mm_chain_check(&store->db, ret_sealed, &broken);

	if (r == 0) {
		r = mm_roster_boot(&store->db, opening->boot_id, &store->roster.boot);
	}
	if (r == 0) {
		r = mm_db_run(&store->db, MM_STMT_PROGRAM, SQLITE_OK);
	}
	if (r == 0) {
		r = mm_takeover_rows(store);
	}
	if (r == 0) {
		r = mm_roster_update(&store->db, &store->roster, opening->meters);
	}
	if (r == 0) {
		r = mm_chain_load(&store->db, &store->roster, &store->balance);
	}
	if (r == 0) {
		/* The next seal would hide it. */
		r = record(store, "tampered", "the register was changed from outside: ", broken.text, NULL);
	}
	return r < 0 ? r : read_all(store);
}

/* No page is issued twice: where the database is another's backup, the copy may know of later ones. */
static int take_page(struct mm_store *store, const struct mm_slot *slot)
{
	return slot->page > store->page ? mm_page_write(&store->db, slot->page) : 0;
}

/* The database must still have where its chains ended when the slot was written. */
static int find_heads(struct mm_opening *opening, const struct mm_heads *heads)
{
	int r = mm_chain_has(&opening->store->db, heads);

	if (r == 0) {
		opening->history_lost = true;
		mm_opening_find(opening, "the database lacks events or intervals that it had");
	}
	return r < 0 ? r : 0;
}

int mm_reconcile(struct mm_opening *opening, const struct mm_slot *slot)
{
	struct mm_store *store = opening->store;
	bool sealed = true;
	int r = slot ? mm_mirroring_judge(store, slot) : 0;

	if (r == 0) {
		r = mm_db_run(&store->db, MM_STMT_BEGIN, SQLITE_OK);
	}
	if (r < 0) {
		return r;
	}
	r = begin_run(opening, &sealed);
	if (r == 0 && slot) {
		r = mm_takeover_slot(store, &slot);
	}
	if (r == 0 && !sealed && slot && contradicts(store, slot)) {
		r = mm_db_fail(&store->db, -EBADMSG, "the registers were changed from outside or by a failing disk");
	}
	if (r == 0 && opening->mirror_begins && store->database_number > 0) {
		mm_opening_find(opening, "the copy was missing and begins anew");
	}
	if (r == 0 && slot && !opening->rebuilt) {
		r = find_heads(opening, &slot->heads);
	}
	if (r == 0 && slot) {
		r = take_slot(opening, slot);
	}
	if (r == 0 && slot) {
		r = take_page(store, slot);
	}
	if (r == 0 && !opening->recorded) {
		r = record(store, MM_STORE_RECOVERED, "", store->findings, opening->history_lost ? MM_STORE_HISTORY_LOST : NULL);
	}
	if (r == 0) {
		r = read_all(store);
	}
	if (r == 0) {
		r = mm_chain_heads(&store->db, &store->heads);
	}
	r = mm_db_end(&store->db, r);
	opening->recorded = opening->recorded || r == 0;
	return r;
}
