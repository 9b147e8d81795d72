/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_POINT_OUTPUTS_H
#define MM_METERING_POINT_OUTPUTS_H

/*
 * The outputs of one meter: its lines, the train of its pulses, its indicators and its display. The invariant: an edge leaves the
 * train when its line has taken it, and not before; while lines fail, edges stay owed. What happens here is noted in the memory
 * before a line moves.
 *
 * Nothing is shared with metering but messages, so that outputs can have a thread of their own: windows, presets, indicators and
 * texts go in; positions, levels and news of the lines come out.
 */

#include <stdbool.h>
#include <stdint.h>

#include "clock/clock.h"
#include "config/config.h"
#include "metering/memory.h"
#include "outputs/outputs.h"
#include "outputs/pulse_train.h"

/* Makes the output lines of a meter by the configured driver. *ret NULL with 0: the driver has no lines. */
typedef int (*mm_outputs_factory)(const struct mm_config *config, const struct mm_outputs_config *lines, struct mm_clock *clock,
				  struct mm_error *error, struct mm_outputs **ret);

/* All of it is borrowed. */
struct mm_point_outputs_config {
	const struct mm_config *config;
	const struct mm_config_meter *meter;
	struct mm_clock *clock;
	mm_outputs_factory make_lines;
	struct mm_memory *memory; /* NULL: nothing is kept over a restart */
	unsigned index;		  /* of the meter in it */
};

struct mm_point_outputs;

/* Begins at a register and a position that are stored; nothing is queued, and there are no lines yet. 0 or -ENOMEM. */
int mm_point_outputs_new(const struct mm_point_outputs_config *config, int64_t played_uwh, int64_t register_uwh,
			 struct mm_point_outputs **ret);

/* NULL-safe. Safe levels, release of the lines; shows nothing more. */
void mm_point_outputs_free(struct mm_point_outputs *outputs);

/* Goes on with the train and levels of an earlier run of this boot; before mm_point_outputs_open(). */
void mm_point_outputs_resume(struct mm_point_outputs *outputs, const struct mm_pulse_train *train,
			     const bool level[static MM_OUTPUT_COUNT]);

/*
 * Requests the lines and opens the display. resumed: an earlier process of this boot may have kept the lines at their levels.
 * 0, or -errno with one line in error.
 */
int mm_point_outputs_open(struct mm_point_outputs *outputs, bool resumed, struct mm_error *error);

/* Puts an edge out that the run before was about to, where the line shows whether it did. */
void mm_point_outputs_complete(struct mm_point_outputs *outputs, const struct mm_edge *edge);

/* ---- In ---- */

/* The register came to register_uwh in the window from start_ns to end_ns. */
void mm_point_outputs_plan(struct mm_point_outputs *outputs, int64_t register_uwh, int64_t start_ns, int64_t end_ns);

/* The register was preset by so much. */
void mm_point_outputs_preset(struct mm_point_outputs *outputs, int64_t uwh);

/* What the indicators show from the next run on, unless they are under test. */
void mm_point_outputs_indicate(struct mm_point_outputs *outputs, bool power, bool reverse);

/* Inverts an indicator until then; -EINVAL for an output that follows energy. */
int mm_point_outputs_test(struct mm_point_outputs *outputs, enum mm_output output, int64_t until_ns);

/* Two lines for the display, if there is one. */
void mm_point_outputs_show(struct mm_point_outputs *outputs, const char *line1, const char *line2);

/* All that was played so far goes to the register. */
void mm_point_outputs_commit(struct mm_point_outputs *outputs);

/* ---- At work ---- */

/* Plays what is due, ends tests, tries lines again that failed. Returns when it must run next, or MM_CLOCK_NEVER. */
int64_t mm_point_outputs_run(struct mm_point_outputs *outputs, int64_t now_ns);

/* Safe levels and release of the lines; what was not played stays owed. */
void mm_point_outputs_stop(struct mm_point_outputs *outputs);

/* ---- Out ---- */

struct mm_point_outputs_news {
	bool recovered, failed; /* in this order where both are set */
	struct mm_error error;
};

/* True when the lines failed or came back since it was last asked. */
bool mm_point_outputs_news(struct mm_point_outputs *outputs, struct mm_point_outputs_news *ret);

bool mm_point_outputs_failing(const struct mm_point_outputs *outputs);
bool mm_point_outputs_level(const struct mm_point_outputs *outputs, enum mm_output output);

/* Changes of level since the start. */
uint64_t mm_point_outputs_edges(const struct mm_point_outputs *outputs, enum mm_output output);

/* What is planned, played and owed. */
const struct mm_pulse_train *mm_point_outputs_train(const struct mm_point_outputs *outputs);

#endif
