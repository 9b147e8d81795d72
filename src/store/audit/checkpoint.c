/* SPDX-License-Identifier: MIT */
#include "store/audit/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LINE "minimeter-head-1"

/* The widths that sscanf() may fill: one less than the arrays. */
#define NAME_WIDTH "63"
#define HASH_WIDTH "64"
#define TIME_WIDTH "31"
_Static_assert(MM_STORE_NAME_MAX == 64 && MM_HASH_HEX_MAX == 65 && MM_CHECKPOINT_TIME_MAX == 32,
	       "the widths are those of the arrays");

static void append(char *text, size_t *used, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t *used, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*used += (size_t)vsnprintf(text + *used, MM_CHECKPOINT_TEXT_MAX - *used, format, args);
	va_end(args);
}

size_t mm_checkpoint_write(const struct mm_checkpoint *checkpoint, char ret[static MM_CHECKPOINT_TEXT_MAX])
{
	size_t used = 0;

	append(ret, &used, FIRST_LINE "\ntime %s\nevents %" PRId64 " %s\nintervals %" PRId64 " %s\n", checkpoint->time,
	       checkpoint->event, checkpoint->event_hash, checkpoint->interval, checkpoint->interval_hash);
	for (unsigned i = 0; i < checkpoint->meter_count; i++) {
		const struct mm_checkpoint_meter *meter = &checkpoint->meter[i];

		append(ret, &used,
		       "meter %s\nmodel %s\ndelivered_uwh %" PRId64 "\nreceived_uwh %" PRId64 "\nlagging_uvarh %" PRId64
		       "\nleading_uvarh %" PRId64 "\n",
		       meter->serial, meter->model, meter->uwh[0], meter->uwh[1], meter->uwh[2], meter->uwh[3]);
	}
	return used;
}

int mm_checkpoint_read(const char *text, struct mm_checkpoint *ret)
{
	char again[MM_CHECKPOINT_TEXT_MAX];
	struct mm_checkpoint checkpoint = {0};
	int used = 0;

	if (sscanf(text,
		   FIRST_LINE "\ntime %" TIME_WIDTH "[^\n]\nevents %" SCNd64 " %" HASH_WIDTH "s\nintervals %" SCNd64
			      " %" HASH_WIDTH "s%n",
		   checkpoint.time, &checkpoint.event, checkpoint.event_hash, &checkpoint.interval, checkpoint.interval_hash,
		   &used) != 5) {
		return -EBADMSG;
	}
	for (const char *rest = text + used; strcmp(rest, "\n") != 0; rest += used) {
		struct mm_checkpoint_meter *meter = &checkpoint.meter[checkpoint.meter_count];

		if (checkpoint.meter_count == MM_CHECKPOINT_METERS_MAX ||
		    sscanf(rest,
			   "\nmeter %" NAME_WIDTH "[^\n]\nmodel %" NAME_WIDTH "[^\n]\ndelivered_uwh %" SCNd64
			   "\nreceived_uwh %" SCNd64 "\nlagging_uvarh %" SCNd64 "\nleading_uvarh %" SCNd64 "%n",
			   meter->serial, meter->model, &meter->uwh[0], &meter->uwh[1], &meter->uwh[2], &meter->uwh[3],
			   &used) != 6) {
			return -EBADMSG;
		}
		checkpoint.meter_count++;
	}
	/* sscanf() takes much that was never written: other white space, signs, numbers that wrap. */
	mm_checkpoint_write(&checkpoint, again);
	if (strcmp(text, again) != 0) {
		return -EBADMSG;
	}
	*ret = checkpoint;
	return 0;
}
