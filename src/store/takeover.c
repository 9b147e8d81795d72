/* SPDX-License-Identifier: MIT */
#include "store/takeover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/events.h"
#include "base/hex.h"
#include "base/now.h"

/* Is it in the trail already that this meter had been misread so? 1: yes; 0; -errno. */
static int is_noted(struct mm_store *store, unsigned index, const char *misread)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_SERIAL_NOW];
	int r = mm_db_step(&store->db, MM_STMT_SERIAL_NOW, sqlite3_bind_text(stmt, 1, misread, -1, SQLITE_STATIC));

	if (r > 0) {
		r = strcmp((const char *)sqlite3_column_text(stmt, 0), store->introduction.nameplate[index].serial) == 0;
		sqlite3_reset(stmt);
	}
	return r;
}

/* The event, for people and, by what is up to here in the profile, for whoever verifies. */
static int record_misread(struct mm_store *store, unsigned index, const char *misread)
{
	struct mm_store_event event = {
		.boottime_ns = mm_now(CLOCK_BOOTTIME), .realtime_ns = mm_now(CLOCK_REALTIME), .meter = (int)index};
	char hex[MM_HEX_MAX(MM_STORE_NAME_MAX)], profile[32], data[sizeof(hex) + sizeof(profile) + 32];
	int r = is_noted(store, index, misread);

	if (r != 0) {
		return r < 0 ? r : 0;
	}
	r = mm_db_ask(&store->db, "SELECT profile FROM head", profile, sizeof(profile));
	if (r < 0) {
		return r;
	}
	(void)mm_serial_text(misread, store->misread[index]); /* returns the text that it fills */
	snprintf(event.code, sizeof(event.code), "%s", mm_event_row(MM_EVENT_SERIAL_CORRECTED)->code);
	snprintf(event.text, sizeof(event.text), mm_event_text_SERIAL_CORRECTED, store->misread[index],
		 store->introduction.nameplate[index].serial);
	snprintf(data, sizeof(data), "{\"misread\":\"%s\",\"profile\":%s}", mm_hex(misread, strlen(misread), hex), profile);
	return mm_chain_add(&store->db, &store->roster, &event, data);
}

int mm_takeover_rows(struct mm_store *store)
{
	sqlite3_stmt *rename = store->db.stmt[MM_STMT_METER_SERIAL];
	int rc, r = 0;

	for (unsigned i = 0; i < store->roster.count && r == 0; i++) {
		if (store->roster.misread[i][0] == '\0') {
			continue;
		}
		rc = sqlite3_bind_int64(rename, 1, store->roster.id[i]);
		rc |= sqlite3_bind_text(rename, 2, store->introduction.nameplate[i].serial, -1, SQLITE_STATIC);
		r = mm_db_run(&store->db, MM_STMT_METER_SERIAL, rc);
		if (r == 0) {
			r = record_misread(store, i, store->roster.misread[i]);
		}
	}
	return r;
}

/* Does the database have a meter of its own under this serial number and model? 1: yes; 0; -errno. */
static int is_stored(struct mm_store *store, const struct mm_store_meter *meter)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_METER_FIND];
	int r = mm_db_step(&store->db, MM_STMT_METER_FIND, sqlite3_bind_text(stmt, 1, meter->serial, -1, SQLITE_STATIC));

	if (r > 0) {
		r = strcmp((const char *)sqlite3_column_text(stmt, 1), meter->model) == 0;
		sqlite3_reset(stmt);
	}
	return r;
}

int mm_takeover_slot(struct mm_store *store, const struct mm_slot **slot)
{
	for (unsigned i = 0; i < store->roster.count; i++) {
		const struct mm_store_meter *meter = &store->introduction.nameplate[i];
		int j = mm_serial_find(&(*slot)->state, meter), r;
		struct mm_store_meter *nameplate;

		if (j < 0 || strcmp((*slot)->state.nameplate[j].serial, meter->serial) == 0) {
			continue;
		}
		r = is_stored(store, &(*slot)->state.nameplate[j]);
		if (r == 0) {
			r = record_misread(store, i, (*slot)->state.nameplate[j].serial);
		} else if (r > 0) {
			continue; /* another meter's, which the configuration no longer has */
		}
		if (r < 0) {
			return r;
		}
		if (*slot != store->slot) {
			*store->slot = **slot;
			*slot = store->slot;
		}
		nameplate = &store->slot->state.nameplate[j];
		memcpy(nameplate->serial, meter->serial, sizeof(nameplate->serial));
	}
	return 0;
}
