/* SPDX-License-Identifier: MIT */
#ifndef MM_OUTPUTS_DRIVERS_H
#define MM_OUTPUTS_DRIVERS_H

/* The ways to put a meter's outputs out: one table of drivers, and the keys of the configuration's [outputs] that they take. */

#include "base/key.h"
#include "clock/clock.h"
#include "outputs/outputs.h"

#define MM_OUTPUTS_PATH_MAX 108

/* What [outputs] says beside the driver's name. */
struct mm_outputs_settings {
	char trace[MM_OUTPUTS_PATH_MAX];
};

extern const struct mm_key_table mm_outputs_keys; /* their fields are in struct mm_outputs_settings */

struct mm_outputs_driver {
	const char *name;
	/* 0, or -errno with error; *ret is NULL where nothing is put out. clock outlives it. */
	int (*create)(const struct mm_outputs_settings *settings, const struct mm_outputs_config *lines, struct mm_clock *clock,
		      struct mm_error *error, struct mm_outputs **ret);
	/* Drives the lines to their safe level once, as mm_outputs_gpiod_make_safe() does; NULL: there are none to drive. */
	int (*make_safe)(const struct mm_outputs_config *lines, struct mm_error *error);
};

/* NULL: there is none of that name. */
const struct mm_outputs_driver *mm_outputs_driver_find(const char *name);

/* The names of all drivers, by index; NULL behind the last. */
const char *mm_outputs_driver_name(size_t index);

#endif
