/* SPDX-License-Identifier: MIT */
/*
 * Opening the store: database, second copy and backups together. The highest right state wins and the rest is checked against it;
 * what was out of order is in an event. Where the registers would be lower than they may have been, with nothing right to go on
 * from, nothing is opened.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit/key.h"
#include "store/database.h"
#include "store/mirror.h"
#include "store/mirroring.h"
#include "store/recover.h"

static int check_meters(const struct mm_store_meter *meters, unsigned count, struct mm_error *error)
{
	if (count < 1 || count > MM_STORE_METERS_MAX) {
		return mm_error_set(error, -EINVAL, "a register holds 1 to %d meters, not %u", MM_STORE_METERS_MAX, count);
	}
	for (unsigned i = 0; i < count; i++) {
		if (meters[i].serial[0] == '\0') {
			return mm_error_set(error, -EINVAL, "meter %s has no serial number: give it one in the configuration",
					    meters[i].name);
		}
		for (unsigned j = 0; j < i; j++) {
			if (strcmp(meters[i].serial, meters[j].serial) == 0) {
				return mm_error_set(error, -EINVAL,
						    "meters %s and %s have the same serial number: correct the configuration",
						    meters[j].name, meters[i].name);
			}
		}
	}
	return 0;
}

/* How the second copy was found. */
enum mirror_found {
	MIRROR_NOT_WANTED,
	MIRROR_RIGHT,
	MIRROR_MISSING, /* or a device that is blank */
	MIRROR_UNREADABLE,
	MIRROR_DAMAGED,
	MIRROR_FOREIGN,
};

static int fail_mirror(struct mm_store *store, int r, const char *why)
{
	return mm_error_set(&store->db.error, r, "%.100s: %s", store->mirror_path, why);
}

/* A mirror without a right slot. -errno: nothing may be written to it. */
static int judge_damage(struct mm_opening *opening, enum mirror_found *ret)
{
	struct mm_store *store = opening->store;
	int first = mm_mirror_slot_error(store->mirror, 0), second = mm_mirror_slot_error(store->mirror, 1);

	if (!mm_mirror_is_device(store->mirror) || first == -EBADMSG || second == -EBADMSG) {
		*ret = MIRROR_DAMAGED;
		mm_opening_find(opening, "the copy was damaged");
	} else if (first == -ENOMSG || second == -ENOMSG) {
		return fail_mirror(store, -EXDEV,
				   "this device holds something else: write zeros over its begin to use it for the copy");
	} else if (first == -ENODATA && second == -ENODATA) {
		*ret = MIRROR_MISSING;
	} else {
		*ret = MIRROR_UNREADABLE;
		store->mirror_error = first == -ENODATA ? second : first;
	}
	return 0;
}

/* Which meter it is of, behind what is wrong with that. */
static void say_foreign(const struct mm_store *store, const char *what, struct mm_error *ret)
{
	(void)mm_mirroring_match(store, mm_mirror_newest(store->mirror), ret); /* that it fails is known */
	mm_error_set(ret, 0, "%s: %s", what, ret->text);
}

static int judge_slot(struct mm_opening *opening, const struct mm_slot *slot, enum mirror_found *ret)
{
	struct mm_store *store = opening->store;
	int first = mm_mirror_slot_error(store->mirror, 0), second = mm_mirror_slot_error(store->mirror, 1);
	struct mm_error why = {0};

	if (!mm_mirroring_is_ours(store, slot)) {
		*ret = MIRROR_FOREIGN;
		mm_opening_find(opening, "the copy was of another meter");
		if (!mm_mirror_is_device(store->mirror)) {
			return 0;
		}
		say_foreign(store, "the copy is of another meter", &why);
		mm_error_set(&why, 0, "%s: correct the configuration, or write zeros over the copy", why.text);
		return fail_mirror(store, -EXDEV, why.text);
	}
	*ret = MIRROR_RIGHT;
	if (first == 0 && second == 0) {
		if (!mm_mirror_follows(store->mirror)) {
			mm_opening_find(opening, "a write to the copy was lost");
		}
	} else if (slot->previous != 0) {
		mm_opening_find(opening, "a slot of the copy was damaged, or being written when the power failed");
	}
	return 0;
}

static int refuse_newer_mirror(struct mm_store *store)
{
	const char *program = mm_mirror_program(store->mirror);
	char why[192];

	snprintf(why, sizeof(why),
		 "the copy was written by minimeterd %s; this is minimeterd " PACKAGE_VERSION
		 ", which can't read it: install that version again, or move the copy away",
		 program[0] != '\0' ? program : "of a newer version");
	return fail_mirror(store, -EPROTO, why);
}

static int open_mirror(struct mm_opening *opening, enum mirror_found *ret)
{
	struct mm_store *store = opening->store;
	int r;

	*ret = MIRROR_NOT_WANTED;
	if (!store->mirror_path) {
		return 0;
	}
	r = mm_mirror_open(store->mirror_path, &store->mirror);
	if (r == -ENOENT) {
		*ret = MIRROR_MISSING;
		return 0;
	}
	if (r == -EBUSY) {
		return fail_mirror(store, r, "the copy is in use: stop the other process, or unmount it");
	}
	if (r < 0) {
		*ret = MIRROR_UNREADABLE;
		store->mirror_error = r;
		mm_opening_find(opening, "the copy can't be opened (%s)", strerror(-r));
		return 0;
	}
	if (mm_mirror_is_newer(store->mirror)) {
		return refuse_newer_mirror(store);
	}
	if (!mm_mirror_newest(store->mirror)) {
		return judge_damage(opening, ret);
	}
	return judge_slot(opening, mm_mirror_newest(store->mirror), ret);
}

/* ---- The database ---- */

static bool is_damage(int r, const struct mm_slot *slot, bool foreign)
{
	/* Backups are older: they replace what is damaged, but not what only belongs elsewhere. */
	return r == -EBADMSG || (r == -EXDEV && slot && foreign);
}

static const char *what_is_wrong(int r)
{
	switch (r) {
	case 1:
		return "the database was missing";
	case -EXDEV:
		return "the database was of another meter and is set aside";
	default:
		return "the database was damaged and is set aside";
	}
}

static int refuse_missing(struct mm_store *store, enum mirror_found found)
{
	struct mm_error why = {0};

	if (found == MIRROR_FOREIGN) {
		say_foreign(store, "the register is missing, and its copy is of another meter", &why);
		return mm_db_fail(&store->db, -EXDEV, why.text);
	}
	return mm_db_fail(&store->db, found == MIRROR_DAMAGED ? -EBADMSG : store->mirror_error,
			  "the register is missing, and its copy can't be read");
}

/* Opens the database that is there and reconciles it with the slot. 1: none is there. */
static int open_and_reconcile(struct mm_opening *opening, const struct mm_slot *slot)
{
	struct mm_store *store = opening->store;
	int r = mm_database_open(&store->db, &store->roster, opening->meters);

	if (r != 0) {
		return r;
	}
	r = mm_reconcile(opening, slot);
	if (r < 0) {
		mm_db_close(&store->db);
	}
	return r;
}

/* Makes the database anew from what is right. -ENODATA: nothing is; findings and error are as they were. */
static int replace_database(struct mm_opening *opening, const struct mm_slot *slot, const char *why)
{
	struct mm_store *store = opening->store;
	struct mm_error error = store->db.error;
	char findings[MM_STORE_FINDINGS_MAX];
	int r;

	memcpy(findings, store->findings, sizeof(findings));
	mm_opening_find(opening, "%s", why);
	r = mm_recover(opening, slot);
	if (r == -ENODATA) {
		store->db.error = error;
		memcpy(store->findings, findings, sizeof(findings));
	}
	return r < 0 ? r : open_and_reconcile(opening, slot);
}

/* Leaves the database open, the one that was there or another. */
static int open_database(struct mm_opening *opening, enum mirror_found found)
{
	struct mm_store *store = opening->store;
	const struct mm_slot *slot = found == MIRROR_RIGHT ? mm_mirror_newest(store->mirror) : NULL;
	char findings[MM_STORE_FINDINGS_MAX];
	int replaced, r;

	memcpy(findings, store->findings, sizeof(findings));
	r = open_and_reconcile(opening, slot);
	if (r != 1 && !is_damage(r, slot, store->roster.foreign)) {
		return r;
	}
	memcpy(store->findings, findings, sizeof(findings));
	replaced = replace_database(opening, slot, what_is_wrong(r));
	if (replaced != -ENODATA) {
		return replaced;
	}
	if (r == 1 && found != MIRROR_NOT_WANTED && found != MIRROR_MISSING) {
		return refuse_missing(store, found);
	}
	if (r == 1) {
		r = mm_database_create(&store->db);
		r = r < 0 ? r : open_and_reconcile(opening, slot);
	}
	return r;
}

/* ---- All together ---- */

static int open_whole(struct mm_opening *opening)
{
	struct mm_store *store = opening->store;
	enum mirror_found found;
	const struct mm_slot *slot;
	int r = open_mirror(opening, &found);

	opening->mirror_begins = r == 0 && found == MIRROR_MISSING;
	if (r == 0) {
		r = open_database(opening, found);
	}
	if (r < 0) {
		return r;
	}
	mm_db_keep(&store->db);
	slot = found == MIRROR_RIGHT ? mm_mirror_newest(store->mirror) : NULL;
	store->number = store->database_number > 0 ? store->database_number : 1;
	if (slot && slot->state.sequence > store->number) {
		store->number = slot->state.sequence;
	}
	if (slot && opening->history_lost) {
		mm_mirroring_renew(store);
	}
	store->opened_number = store->number;
	/* mm_store_check() of another process sees the meters that are new. */
	r = mm_db_flush(&store->db);
	if (r < 0) {
		return r;
	}
	if (store->mirror_error == 0 && (found == MIRROR_MISSING || found == MIRROR_DAMAGED || found == MIRROR_FOREIGN)) {
		/* The store goes on without it where it can't be begun. */
		store->mirror_error = mm_mirroring_begin(store, found != MIRROR_MISSING);
	}
	return 0;
}

static int store_new(const struct mm_opening *opening, const char *path, const char *mirror_path, unsigned meter_count,
		     struct mm_store **ret)
{
	struct mm_store *store = calloc(1, sizeof(*store));
	struct mm_state *introduction;

	if (!store) {
		return -ENOMEM;
	}
	store->db.path = strdup(path);
	store->mirror_path = mirror_path ? strdup(mirror_path) : NULL;
	store->slot = calloc(1, sizeof(*store->slot));
	if (!store->db.path || (mirror_path && !store->mirror_path) || !store->slot) {
		mm_store_close(store);
		return -ENOMEM;
	}
	store->roster.count = meter_count;
	introduction = &store->introduction;
	introduction->meter_count = meter_count;
	snprintf(introduction->boot_id, sizeof(introduction->boot_id), "%s", opening->boot_id);
	memcpy(introduction->nameplate, opening->meters, meter_count * sizeof(opening->meters[0]));
	*ret = store;
	return 0;
}

static int begin(struct mm_opening *opening, const char *path, const char *mirror_path, unsigned meter_count,
		 struct mm_error *error)
{
	int r = check_meters(opening->meters, meter_count, error);

	if (r < 0) {
		return r;
	}
	r = store_new(opening, path, mirror_path, meter_count, &opening->store);
	return r < 0 ? mm_error_set(error, r, "%s", strerror(-r)) : 0;
}

static void say_why(const struct mm_opening *opening, int r, struct mm_error *error)
{
	const char *text = opening->store->db.error.text;

	mm_error_set(error, r, "%s", text[0] ? text : strerror(-r));
}

int mm_store_open(const char *path, const char *mirror_path, const char *boot_id, const struct mm_store_meter *meters,
		  unsigned meter_count, struct mm_error *error, struct mm_store **ret)
{
	struct mm_opening opening = {.boot_id = boot_id, .meters = meters};
	int r = begin(&opening, path, mirror_path, meter_count, error);

	if (r < 0) {
		return r;
	}
	r = open_whole(&opening);
	if (r < 0) {
		say_why(&opening, r, error);
		mm_store_close(opening.store);
		return r;
	}
	*ret = opening.store;
	return 0;
}

/* ---- What opening it would refuse ---- */

/*
 * The newest slot of the second copy where it is of these meters; NULL: there is none, it can't be read, it is of others
 * (*ret_foreign), or of a newer version (*ret_newer).
 */
static const struct mm_slot *look_at_mirror(struct mm_store *store, bool *ret_newer, bool *ret_foreign)
{
	const struct mm_slot *slot;

	if (!store->mirror_path || mm_mirror_look(store->mirror_path, &store->mirror) < 0) {
		return NULL;
	}
	slot = mm_mirror_newest(store->mirror);
	*ret_newer = mm_mirror_is_newer(store->mirror);
	*ret_foreign = slot && !mm_mirroring_is_ours(store, slot);
	return *ret_foreign ? NULL : slot;
}

/* As open_database(), of what can be seen beside a daemon that runs. */
static int look_at_store(struct mm_opening *opening)
{
	struct mm_store *store = opening->store;
	bool newer = false, foreign = false;
	const struct mm_slot *slot = look_at_mirror(store, &newer, &foreign);
	int r = newer ? refuse_newer_mirror(store) : mm_database_look(&store->db, &store->roster, opening->meters);

	if (r == 1 && foreign) {
		return refuse_missing(store, MIRROR_FOREIGN);
	}
	if (r != 0 && r != 1 && !is_damage(r, slot, store->roster.foreign)) {
		return r;
	}
	if (slot && (r >= 0 || r == -EXDEV)) {
		return mm_mirroring_judge(store, slot);
	}
	return r == 1 ? 0 : r;
}

int mm_store_check(const char *path, const char *mirror_path, const struct mm_store_meter *meters, unsigned meter_count,
		   struct mm_error *error)
{
	struct mm_opening opening = {.boot_id = "", .meters = meters};
	int r = begin(&opening, path, mirror_path, meter_count, error);

	if (r < 0) {
		return r;
	}
	r = look_at_store(&opening);
	if (r < 0) {
		say_why(&opening, r, error);
	}
	mm_store_close(opening.store);
	return r == 0 || mm_store_is_refusal(r) ? r : 1;
}

bool mm_store_is_refusal(int r)
{
	return r == -EXDEV || r == -ENOTUNIQ || r == -EPROTO;
}

void mm_store_close(struct mm_store *store)
{
	if (!store) {
		return;
	}
	mm_db_close(&store->db);
	mm_mirror_close(store->mirror);
	mm_key_free(store->key);
	free(store->slot);
	free(store->mirror_path);
	free(store->db.path);
	free(store);
}

const char *mm_store_findings(const struct mm_store *store)
{
	return store->findings;
}

const char *mm_store_misread(const struct mm_store *store, unsigned index)
{
	return index < store->roster.count ? store->misread[index] : "";
}
