/* SPDX-License-Identifier: MIT */
#include "store/match.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/ini.h"
#include "store/serial.h"

struct match {
	const struct mm_store_meter *stored;
	size_t count;
	const struct mm_store_meter *meters;
	unsigned meter_count;
	int *index;
	struct mm_error *why;
};

/* The meter that a stored one is, or -1. */
static int meter_of(const struct match *match, size_t stored)
{
	for (unsigned i = 0; i < match->meter_count; i++) {
		if (match->index[i] == (int)stored) {
			return (int)i;
		}
	}
	return -1;
}

static int take(struct match *match, unsigned i, size_t j)
{
	const struct mm_store_meter *meter = &match->meters[i], *stored = &match->stored[j];
	char text[MM_SERIAL_TEXT_MAX];
	int other = meter_of(match, j);

	if (strcmp(stored->model, meter->model) != 0) {
		return mm_error_set(match->why, -EXDEV, "meter %s: serial %s is stored as model %s, the configuration says %s",
				    meter->name, meter->serial, stored->model, meter->model);
	}
	if (match->index[i] >= 0) {
		return mm_error_set(match->why, -ENOTUNIQ,
				    "meter %s: two meters are stored whose serial %s was misread, one as %s", meter->name,
				    meter->serial, mm_serial_text(stored->serial, text));
	}
	if (other >= 0) {
		return mm_error_set(match->why, -ENOTUNIQ, "the stored %s may be serial %s or %s",
				    mm_serial_text(stored->serial, text), match->meters[other].serial, meter->serial);
	}
	match->index[i] = (int)j;
	return 0;
}

static bool is_same(const char *stored, const char *serial)
{
	return strcmp(stored, serial) == 0;
}

/* Finds those that are not found yet. */
static int find(struct match *match, bool (*is)(const char *stored, const char *serial))
{
	bool wanted[MM_STORE_METERS_MAX];
	int r = 0;

	for (unsigned i = 0; i < match->meter_count; i++) {
		wanted[i] = match->index[i] == MM_MATCH_NONE;
	}
	for (size_t j = 0; j < match->count; j++) {
		for (unsigned i = 0; i < match->meter_count && r == 0; i++) {
			if (wanted[i] && is(match->stored[j].serial, match->meters[i].serial)) {
				r = take(match, i, j);
			}
		}
	}
	return r;
}

/* May a stored meter that the configuration no longer has be this one, which is new, under a number misread? */
static int doubt_meter(const struct match *match, const struct mm_store_meter *stored, const struct mm_store_meter *meter)
{
	char text[MM_SERIAL_TEXT_MAX], right[MM_SERIAL_RIGHT_MAX];

	if (strcmp(stored->model, meter->model) != 0 || !mm_ini_value_fault(stored->serial)) {
		return 0;
	}
	(void)mm_serial_correct(stored->serial, 0, right); /* which is there always */
	if (right[0] == '\0' || strlen(right) >= MM_STORE_NAME_MAX || mm_ini_value_fault(right)) {
		return mm_error_set(match->why, -ENOTUNIQ, "meter %s: serial %s may be the stored %s, which nothing can say now",
				    meter->name, meter->serial, mm_serial_text(stored->serial, text));
	}
	return mm_error_set(match->why, -ENOTUNIQ, "meter %s: is serial %s the stored %s? Then write %s", meter->name,
			    meter->serial, mm_serial_text(stored->serial, text), right);
}

static int doubt(const struct match *match)
{
	int r = 0;

	for (size_t j = 0; j < match->count; j++) {
		bool is_new = meter_of(match, j) < 0;

		for (unsigned i = 0; i < match->meter_count && r == 0 && is_new; i++) {
			r = match->index[i] == MM_MATCH_NONE ? doubt_meter(match, &match->stored[j], &match->meters[i]) : 0;
		}
	}
	return r;
}

/* Are there stored meters, and all of the configuration's are new? */
static bool is_foreign(const struct match *match)
{
	for (unsigned i = 0; i < match->meter_count; i++) {
		if (match->index[i] != MM_MATCH_NONE) {
			return false;
		}
	}
	return match->count > 0;
}

int mm_match(const struct mm_store_meter *stored, size_t count, const struct mm_store_meter *meters, unsigned meter_count,
	     int *index, struct mm_error *why)
{
	struct match match = {stored, count, meters, meter_count, index, why};
	char text[MM_SERIAL_TEXT_MAX];
	int r = find(&match, is_same);

	if (r == 0) {
		r = find(&match, mm_serial_is_misread);
	}
	if (r == 0 && is_foreign(&match)) {
		return mm_error_set(why, -ENXIO, "it is of meter serial %s, the configuration says %s",
				    mm_ini_value_fault(stored->serial) ? mm_serial_text(stored->serial, text) : stored->serial,
				    meters->serial);
	}
	return r == 0 ? doubt(&match) : r;
}
