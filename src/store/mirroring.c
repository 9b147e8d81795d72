/* SPDX-License-Identifier: MIT */
#include "store/mirroring.h"

#include <errno.h>
#include <string.h>

#include "core/units.h"
#include "store/match.h"
#include "store/mirror.h"
#include "store/retire.h"

/* A mirror that could not be opened is looked for again after so long. */
#define RETRY_NS (300 * MM_NS_PER_S)

static void fill(struct mm_store *store, const struct mm_store_commit *commit, uint64_t number)
{
	struct mm_slot *slot = store->slot;

	slot->state = store->introduction;
	slot->state.sequence = number;
	slot->state.boottime_ns = commit->boottime_ns;
	slot->state.realtime_ns = commit->realtime_ns;
	memcpy(slot->state.meter, commit->meter, store->roster.count * sizeof(commit->meter[0]));
	slot->database = store->database_number;
	slot->heads = store->heads;
	slot->page = store->page;
	slot->row_count = commit->row_count < MM_SLOT_ROWS_MAX ? commit->row_count : MM_SLOT_ROWS_MAX;
	slot->event_count = commit->event_count < MM_SLOT_EVENTS_MAX ? commit->event_count : MM_SLOT_EVENTS_MAX;
	for (size_t i = 0; i < slot->row_count; i++) {
		slot->row[i] = commit->rows[i];
	}
	for (size_t i = 0; i < slot->event_count; i++) {
		slot->event[i] = commit->events[i];
	}
}

int mm_mirroring_begin(struct mm_store *store, bool found)
{
	struct mm_store_commit commit = {0};
	int r = 0;

	memcpy(commit.meter, store->committed, sizeof(commit.meter));
	fill(store, &commit, store->number);
	if (store->mirror && mm_mirror_is_device(store->mirror)) {
		return mm_mirror_write(store->mirror, store->slot);
	}
	mm_mirror_close(store->mirror);
	store->mirror = NULL;
	if (found) {
		r = mm_retire(store->mirror_path);
	}
	if (r == 0) {
		r = mm_mirror_create(store->mirror_path, store->slot);
	}
	return r < 0 ? r : mm_mirror_open(store->mirror_path, &store->mirror);
}

void mm_mirroring_renew(struct mm_store *store)
{
	struct mm_store_commit commit = {0};
	const struct mm_state *was = &mm_mirror_newest(store->mirror)->state;

	commit.boottime_ns = was->boottime_ns;
	commit.realtime_ns = was->realtime_ns;
	memcpy(commit.meter, store->committed, sizeof(commit.meter));
	fill(store, &commit, store->number + 1);
	store->mirror_error = mm_mirror_write(store->mirror, store->slot);
	if (store->mirror_error == 0) {
		store->number++;
	}
}

bool mm_mirroring_is_ours(const struct mm_store *store, const struct mm_slot *slot)
{
	bool ours = false;

	for (unsigned i = 0; i < store->roster.count; i++) {
		ours = ours || mm_serial_find(&slot->state, &store->introduction.nameplate[i]) >= 0;
	}
	return ours;
}

int mm_mirroring_match(const struct mm_store *store, const struct mm_slot *slot, struct mm_error *why)
{
	const struct mm_store_meter *meters = store->introduction.nameplate;
	int index[MM_STORE_METERS_MAX];

	for (unsigned i = 0; i < store->roster.count; i++) {
		index[i] = MM_MATCH_NONE;
		if (store->roster.id[i] != 0) {
			int j = mm_serial_find(&slot->state, &meters[i]);

			index[i] = j >= 0 ? j : MM_MATCH_KNOWN;
		}
	}
	return mm_match(slot->state.nameplate, slot->state.meter_count, meters, store->roster.count, index, why);
}

int mm_mirroring_judge(struct mm_store *store, const struct mm_slot *slot)
{
	struct mm_error why = {0};
	int r = mm_mirroring_match(store, slot, &why);

	if (r < 0) {
		return mm_error_set(&store->db.error, r,
				    "%.120s: %s: correct the configuration, or move this copy away; a meter that only it has "
				    "begins at zero then",
				    store->mirror_path, why.text);
	}
	return 0;
}

/* Nothing, or only what the store had when it was opened. */
static bool holds_nothing_new(const struct mm_store *store, const struct mm_mirror *mirror)
{
	const struct mm_slot *slot = mm_mirror_newest(mirror);

	if (!slot) {
		return mm_mirror_slot_error(mirror, 0) == -ENODATA && mm_mirror_slot_error(mirror, 1) == -ENODATA;
	}
	return mm_mirroring_is_ours(store, slot) && slot->state.sequence <= store->opened_number;
}

/*
 * In the midst of a run: opens the mirror that could not be opened before, and begins it where there is none. One that may hold
 * what the store lacks is left for the next start, as is one with anything else wrong: -EEXIST.
 */
static int reopen(struct mm_store *store)
{
	int r = mm_mirror_open(store->mirror_path, &store->mirror);

	if (r == -ENOENT) {
		return mm_mirroring_begin(store, false);
	}
	if (r == 0 && !holds_nothing_new(store, store->mirror)) {
		mm_mirror_close(store->mirror);
		store->mirror = NULL;
		return -EEXIST;
	}
	return r;
}

bool mm_mirroring_write(struct mm_store *store, const struct mm_store_commit *commit, uint64_t number)
{
	const struct mm_slot *newest;

	if (!store->mirror && store->mirror_path && commit->boottime_ns - store->mirror_tried_ns >= RETRY_NS) {
		store->mirror_tried_ns = commit->boottime_ns;
		store->mirror_error = reopen(store);
	}
	if (!store->mirror) {
		return false;
	}
	newest = mm_mirror_newest(store->mirror);
	if (newest && newest->state.sequence == number) {
		return true; /* tried again, since the database lacks it */
	}
	fill(store, commit, number);
	store->mirror_error = mm_mirror_write(store->mirror, store->slot);
	return store->mirror_error == 0;
}
