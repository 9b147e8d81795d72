/* SPDX-License-Identifier: MIT */
/*
 * Opening the register: database, copy and backups together. The highest right state wins and the rest is checked against it;
 * what was out of order is told in an event. Where the registers would be lower than they may have been, with nothing right to go
 * on from, nothing is opened.
 */
#include "store/mirror.h"
#include "store/audit/key.h"
#include "store/recover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_meters(struct mm_store *reg, const struct mm_store_meter *meters)
{
	for (unsigned i = 0; i < reg->meter_count; i++) {
		if (meters[i].serial[0] == '\0') {
			snprintf(reg->message, sizeof(reg->message),
				 "meter %s has no serial number: give it one in the configuration", meters[i].name);
			return -EINVAL;
		}
		for (unsigned j = 0; j < i; j++) {
			if (strcmp(meters[i].serial, meters[j].serial) == 0) {
				snprintf(reg->message, sizeof(reg->message),
					 "meters %s and %s have the same serial number: correct the configuration",
					 meters[j].name, meters[i].name);
				return -EINVAL;
			}
		}
	}
	return 0;
}

/* How the second copy was found. */
enum copy_found {
	COPY_NOT_WANTED,
	COPY_RIGHT,
	COPY_MISSING, /* or a device that is blank */
	COPY_UNREADABLE,
	COPY_DAMAGED,
	COPY_FOREIGN,
};

static int fail_copy(struct mm_store *reg, int r, const char *why)
{
	snprintf(reg->message, sizeof(reg->message), "%.100s: %s", reg->copy_path, why);
	return r;
}

/* A copy without a right image. -errno: nothing may be written to it. */
static int judge_damage(struct mm_store *reg, enum copy_found *ret)
{
	int first = mm_copy_slot(reg->copy, 0), second = mm_copy_slot(reg->copy, 1);

	if (!mm_copy_is_device(reg->copy) || first == -EBADMSG || second == -EBADMSG) {
		*ret = COPY_DAMAGED;
		mm_store_tell(reg, "the copy was damaged");
	} else if (first == -ENOMSG || second == -ENOMSG) {
		return fail_copy(reg, -EXDEV,
				 "this device holds something else: write zeros over its begin to use it for the copy");
	} else if (first == -ENODATA && second == -ENODATA) {
		*ret = COPY_MISSING;
	} else {
		*ret = COPY_UNREADABLE;
		reg->copy_error = first == -ENODATA ? second : first;
	}
	return 0;
}

static int judge_image(struct mm_store *reg, const struct mm_image *image, enum copy_found *ret)
{
	int first = mm_copy_slot(reg->copy, 0), second = mm_copy_slot(reg->copy, 1);

	if (!mm_store_is_ours(reg, image)) {
		*ret = COPY_FOREIGN;
		mm_store_tell(reg, "the copy was of another meter");
		return mm_copy_is_device(reg->copy)
			       ? fail_copy(reg, -EXDEV,
					   "the copy is of another meter: correct the configuration, or write zeros over it")
			       : 0;
	}
	*ret = COPY_RIGHT;
	if (first == 0 && second == 0) {
		if (!mm_copy_follows(reg->copy)) {
			mm_store_tell(reg, "a write to the copy was lost");
		}
	} else if (image->previous != 0) {
		mm_store_tell(reg, "a slot of the copy was damaged, or being written when the power failed");
	}
	return 0;
}

static int open_copy(struct mm_store *reg, enum copy_found *ret)
{
	int r;

	*ret = COPY_NOT_WANTED;
	if (!reg->copy_path) {
		return 0;
	}
	r = mm_copy_open(reg->copy_path, &reg->copy);
	if (r == -ENOENT) {
		*ret = COPY_MISSING;
		return 0;
	}
	if (r == -EBUSY) {
		return fail_copy(reg, r, "the copy is in use: stop the other process, or unmount it");
	}
	if (r < 0) {
		*ret = COPY_UNREADABLE;
		reg->copy_error = r;
		mm_store_tell(reg, "the copy can't be opened (%s)", strerror(-r));
		return 0;
	}
	if (mm_copy_slot(reg->copy, 0) == -EPROTO || mm_copy_slot(reg->copy, 1) == -EPROTO) {
		return fail_copy(reg, -EPROTO, "the copy is of a newer version: install that again, or move it away");
	}
	if (!mm_copy_newest(reg->copy)) {
		return judge_damage(reg, ret);
	}
	return judge_image(reg, mm_copy_newest(reg->copy), ret);
}

/* ---- The database ---- */

static bool is_damage(int r, const struct mm_image *image)
{
	/* Backups are older: they replace what is damaged, but not what only belongs elsewhere. */
	return r == -EBADMSG || ((r == -EPROTO || r == -EXDEV) && image);
}

static const char *what_is_wrong(int r)
{
	switch (r) {
	case 1:
		return "the database was missing";
	case -EPROTO:
		return "the database was of a newer version and is set aside";
	case -EXDEV:
		return "the database was of another meter and is set aside";
	default:
		return "the database was damaged and is set aside";
	}
}

static int refuse_missing(struct mm_store *reg, enum copy_found found)
{
	if (found == COPY_FOREIGN) {
		return mm_store_fail(reg, -EXDEV, "the register is missing, and its copy is of another meter");
	}
	return mm_store_fail(reg, found == COPY_DAMAGED ? -EBADMSG : reg->copy_error,
			     "the register is missing, and its copy can't be read");
}

/* Opens and enters the database that is there. 1: none is. */
static int enter_database(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters,
			  const struct mm_image *image)
{
	int r = mm_database_open(reg, meters);

	if (r != 0) {
		return r;
	}
	r = mm_database_enter(reg, boot_id, meters, image);
	if (r < 0) {
		mm_database_close(reg);
	}
	return r;
}

/* Leaves the database open, the one that was there or another. */
static int open_database(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters, enum copy_found found)
{
	const struct mm_image *image = found == COPY_RIGHT ? mm_copy_newest(reg->copy) : NULL;
	char message[MM_STORE_MESSAGE_MAX], story[MM_STORE_STORY_MAX];
	int recovered, r;

	memcpy(story, reg->story, sizeof(story));
	r = enter_database(reg, boot_id, meters, image);
	if (r != 1 && !is_damage(r, image)) {
		return r;
	}
	memcpy(message, reg->message, sizeof(message));
	memcpy(reg->story, story, sizeof(story));
	mm_store_tell(reg, "%s", what_is_wrong(r));
	recovered = mm_store_recover(reg, boot_id, meters, image);
	if (recovered == 0) {
		return enter_database(reg, boot_id, meters, image);
	}
	if (recovered != -ENODATA) {
		return recovered;
	}
	memcpy(reg->message, message, sizeof(message));
	memcpy(reg->story, story, sizeof(story));
	if (r == 1 && found != COPY_NOT_WANTED && found != COPY_MISSING) {
		return refuse_missing(reg, found);
	}
	if (r == 1) {
		r = mm_database_create(reg);
		r = r < 0 ? r : enter_database(reg, boot_id, meters, image);
	}
	return r;
}

/* ---- All together ---- */

/* The copy that is to be begun, or begun anew; the register goes on without where it can't be. */
static int begin_copy(struct mm_store *reg, enum copy_found found)
{
	static const struct mm_store_commit nothing;
	struct mm_store_commit commit = nothing;
	int r = 0;

	if (found == COPY_NOT_WANTED || found == COPY_RIGHT || found == COPY_UNREADABLE) {
		return 0;
	}
	commit.meter_count = reg->meter_count;
	memcpy(commit.meter, reg->committed, sizeof(commit.meter));
	mm_store_image(reg, &commit, reg->number);
	if (!reg->copy || !mm_copy_is_device(reg->copy)) {
		mm_copy_close(reg->copy);
		reg->copy = NULL;
		if (found != COPY_MISSING) {
			r = mm_store_set_aside(reg, reg->copy_path);
		}
		r = r < 0 ? r : mm_copy_create(reg->copy_path, reg->image);
		return r < 0 ? r : mm_copy_open(reg->copy_path, &reg->copy);
	}
	return mm_copy_write(reg->copy, reg->image);
}

static int open_whole(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters)
{
	enum copy_found found;
	const struct mm_image *image;
	int r = check_meters(reg, meters);

	if (r == 0) {
		r = open_copy(reg, &found);
	}
	reg->copy_begins = r == 0 && found == COPY_MISSING;
	if (r == 0) {
		r = open_database(reg, boot_id, meters, found);
	}
	if (r < 0) {
		return r;
	}
	image = found == COPY_RIGHT ? mm_copy_newest(reg->copy) : NULL;
	mm_database_keep(reg);
	reg->number = reg->database_number > 0 ? reg->database_number : 1;
	if (image && image->state.sequence > reg->number) {
		reg->number = image->state.sequence;
	}
	reg->opened_number = reg->number;
	if (reg->copy_error == 0) {
		reg->copy_error = begin_copy(reg, found);
	}
	return 0;
}

/* Nothing, or only what the register stood at or above when it was opened. */
static bool holds_nothing_new(const struct mm_store *reg, const struct mm_copy *copy)
{
	const struct mm_image *image = mm_copy_newest(copy);

	if (!image) {
		return mm_copy_slot(copy, 0) == -ENODATA && mm_copy_slot(copy, 1) == -ENODATA;
	}
	return mm_store_is_ours(reg, image) && image->state.sequence <= reg->opened_number;
}

void mm_store_reopen_copy(struct mm_store *reg)
{
	int r = mm_copy_open(reg->copy_path, &reg->copy);

	if (r == -ENOENT) {
		r = begin_copy(reg, COPY_MISSING);
	} else if (r == 0 && !holds_nothing_new(reg, reg->copy)) {
		mm_copy_close(reg->copy);
		reg->copy = NULL;
		r = -EEXIST;
	}
	reg->copy_error = r;
}

/* Who all images are of. */
static void introduce(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters, unsigned meter_count)
{
	reg->meter_count = meter_count;
	reg->who.meter_count = meter_count;
	snprintf(reg->who.boot_id, sizeof(reg->who.boot_id), "%s", boot_id);
	memcpy(reg->who.who, meters, meter_count * sizeof(meters[0]));
}

int mm_store_open(const char *path, const char *copy, const char *boot_id, const struct mm_store_meter *meters,
		  unsigned meter_count, char *message, struct mm_store **ret)
{
	struct mm_store *reg;
	int r;

	if (meter_count < 1 || meter_count > MM_STORE_METERS_MAX) {
		snprintf(message, MM_STORE_MESSAGE_MAX, "a register holds 1 to %d meters, not %u", MM_STORE_METERS_MAX,
			 meter_count);
		return -EINVAL;
	}
	reg = calloc(1, sizeof(*reg));
	r = reg && (reg->path = strdup(path)) && (reg->image = calloc(1, sizeof(*reg->image))) ? 0 : -ENOMEM;
	if (r == 0 && copy && !(reg->copy_path = strdup(copy))) {
		r = -ENOMEM;
	}
	if (r == 0) {
		introduce(reg, boot_id, meters, meter_count);
		r = open_whole(reg, boot_id, meters);
	}
	if (r < 0) {
		snprintf(message, MM_STORE_MESSAGE_MAX, "%s", reg && reg->message[0] ? reg->message : strerror(-r));
		mm_store_close(reg);
		return r;
	}
	*ret = reg;
	return 0;
}

void mm_store_close(struct mm_store *reg)
{
	if (!reg) {
		return;
	}
	mm_database_close(reg);
	mm_copy_close(reg->copy);
	mm_key_free(reg->key);
	free(reg->image);
	free(reg->copy_path);
	free(reg->path);
	free(reg);
}

const char *mm_store_story(const struct mm_store *reg)
{
	return reg->story;
}
