/* SPDX-License-Identifier: MIT */
/* The zone where none is given, and intervals that fit into its days. */
#include <stdio.h>
#include <string.h>

#include "base/zone_file.h"
#include "config/private.h"

/* 2024-01-01: offsets that a zone had before there was a meter don't count. */
#define SINCE_S INT64_C(1704067200)

/* Intervals begin at multiples of their length in UTC. Those of an hour or less do so at each midnight, or at none. */
static bool fits(int minutes, const struct mm_zone_offsets *offsets)
{
	for (size_t i = 0; i < offsets->count; i++) {
		if (offsets->offset_s[i] % (minutes * 60) != 0) {
			return false;
		}
	}
	return true;
}

static void list_fitting(const struct mm_zone_offsets *offsets, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (int minutes = 1; minutes <= 60 && used < size; minutes++) {
		if (60 % minutes == 0 && fits(minutes, offsets)) {
			used += (size_t)snprintf(ret + used, size - used, "%s%d", used > 0 ? ", " : "", minutes);
		}
	}
}

void mm_config_settle_zone(struct mm_config_reading *reading)
{
	struct mm_config *config = reading->config;
	unsigned line = mm_config_line_of(reading, &config->profile_interval_min);
	struct mm_zone_offsets offsets;
	char fitting[64];

	if (config->time_zone[0] == '\0') {
		if (mm_config_line_of(reading, config->time_zone) > 0) {
			return; /* It could not be read. */
		}
		mm_zone_of_system(config->time_zone);
	}
	/* A machine can be without files of zones: UTC needs none. */
	if (mm_zone_file_offsets(config->time_zone, SINCE_S, &offsets, NULL) < 0 ||
	    fits(config->profile_interval_min, &offsets)) {
		return;
	}
	list_fitting(&offsets, fitting, sizeof(fitting));
	mm_config_complain(reading, line > 0 ? line : mm_config_line_of(reading, config->time_zone),
			   "profile_interval_min = %d: an interval of that length would not end at midnight in the time zone %s; "
			   "these do: %s",
			   config->profile_interval_min, config->time_zone, fitting);
}
