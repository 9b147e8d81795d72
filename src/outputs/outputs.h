/* SPDX-License-Identifier: MIT */
#ifndef MM_OUTPUTS_OUTPUTS_H
#define MM_OUTPUTS_OUTPUTS_H

/*
 * The output port: the lines of one meter. All are requested together, held for the instance's lifetime, start at the safe
 * level (inactive) or where an earlier process left them, and are driven back to the safe level when the instance is freed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/pulse.h"

enum mm_line_drive { MM_DRIVE_PUSH_PULL, MM_DRIVE_OPEN_DRAIN, MM_DRIVE_OPEN_SOURCE };

/* One line as the configuration names it. */
struct mm_line_spec {
	char chip[64];	 /* chip name, label or path; empty: look the line up by name on every chip */
	char name[64];	 /* line name ("GPIO17", "P9_12"); empty: use the offset */
	unsigned offset; /* on the chip */
	bool active_low;
	enum mm_line_drive drive;
	bool used; /* false: the meter has no such line */
};

/*
 * Reads "NAME", "CHIP:OFFSET" or "CHIP:NAME", then any of ",active-low", ",open-drain", ",open-source"; blanks around each part
 * don't matter. The chip is what comes before the last ':' (labels such as "INT33FF:00" have one), an offset is decimal, 0 to
 * 65535. Returns 0 or -EINVAL with *ret_reason (static) saying what is wrong; ret is untouched then.
 */
int mm_line_spec_parse(const char *text, struct mm_line_spec *ret, const char **ret_reason);

struct mm_outputs_config {
	const char *consumer; /* shown by gpioinfo: "minimeterd" */
	const char *meter;    /* the meter's name */
	struct mm_line_spec line[MM_OUTPUT_COUNT];
	/*
	 * An earlier process, in this run of the machine, held the lines and left them at these levels. Those that still are
	 * where it left them go on without a change of level; otherwise all begin at the safe level.
	 */
	bool resumed;
	bool level[MM_OUTPUT_COUNT];
};

struct mm_outputs;

struct mm_outputs_ops {
	/*
	 * Drives one line; nothing where the meter has no such line. at_ns is the instant it was meant for (CLOCK_BOOTTIME),
	 * position_uwh the register there (0 for plain levels). Returns 0 or -errno; after -ENODEV or -EIO the chip is gone:
	 * free the instance and make it again.
	 */
	int (*set)(struct mm_outputs *outputs, enum mm_output output, bool level, int64_t at_ns, int64_t position_uwh);
	void (*free)(struct mm_outputs *outputs); /* safe levels, not before a pulse has its MM_PULSE_MIN_NS; then release */
};

struct mm_outputs {
	const struct mm_outputs_ops *ops;
	bool level[MM_OUTPUT_COUNT]; /* at which the line began */
	bool held[MM_OUTPUT_COUNT];  /* that level is what an earlier process left */
};

/* NULL-safe. */
void mm_outputs_free(struct mm_outputs *outputs);

/*
 * Lines by libgpiod: all of them or none. error says which line of which output and why:
 * -ENOENT no such line or chip; -EBUSY taken by another user; -EACCES; -EINVAL two outputs on one line, or a name or label that
 * several lines or chips bear; another -errno as the kernel gave it.
 */
int mm_outputs_gpiod_new(const struct mm_outputs_config *config, struct mm_error *error, struct mm_outputs **ret);

/*
 * Edges as text, one a line, appended to a file:
 *
 *	<now_ns> <at_ns> <meter> <output> <0|1> <position_uwh>
 *
 * now_ns is the clock's boottime at the writing, at_ns and position_uwh are what the edge was meant for. Every edge of the
 * register is recorded, and its position is above 0. A plain level has position 0 and is recorded where it differs from the
 * level before, which is 0 at first. What the freeing of the instance turns off has the word "safe" for its position. Each line
 * is one write(2), with nothing held back; where the disk took a part of a line only, the next one ends it first.
 *
 * set returns the -errno of the writing (-ENOSPC: the disk is full): that edge is lost to the trace, a plain level is recorded
 * when it is next asked for. A pipe is opened without waiting for its reader; the caller sees to it that SIGPIPE is ignored.
 * clock must outlive the instance. A trace that is resumed goes on at the levels given: nothing in it changes by itself.
 */
struct mm_clock;
int mm_outputs_trace_new(const char *path, const struct mm_outputs_config *config, struct mm_clock *clock, struct mm_error *error,
			 struct mm_outputs **ret);

/*
 * Drives the lines of a meter to their safe level once and releases them: for ExecStopPost after a crash. A line that fails does
 * not keep the others from being made safe; returns 0, or -errno and message for the last that failed.
 */
int mm_outputs_gpiod_make_safe(const struct mm_outputs_config *config, struct mm_error *error);

/*
 * Is the line there, and free? 0: yes, also where only consumer has it; -ENOENT, -EBUSY, -EACCES, -EINVAL, ... as
 * mm_outputs_gpiod_new() has them. Nothing is requested. what ("output 10") is for the error.
 */
int mm_line_look(const struct mm_line_spec *spec, const char *consumer, const char *what, struct mm_error *error);

/* ---- An input ---- */

struct mm_input;

/*
 * Watches one line for changes of its level; role ("power-fail") is for messages. 0, or -errno with message as
 * mm_outputs_gpiod_new() has them.
 */
int mm_input_new(const struct mm_line_spec *spec, const char *consumer, const char *role, struct mm_error *error,
		 struct mm_input **ret);
/* NULL-safe. */
void mm_input_free(struct mm_input *input);
/* Readable while changes wait. */
int mm_input_fd(struct mm_input *input);
/*
 * Takes the changes that wait, a limited number: a line that changes faster is still readable then. Returns 1 with the time of
 * the first (CLOCK_MONOTONIC, ns), 0 where none waited, or -errno: the chip is gone.
 */
int mm_input_take(struct mm_input *input, int64_t *ret_ns);
/* The logical level, 0 or 1, or -errno. */
int mm_input_level(struct mm_input *input);

/* ---- Display ---- */

struct mm_lcd;

/*
 * A display on a thread of its own (a character LCD on I2C takes tens of milliseconds, and O_NONBLOCK means nothing to it).
 * path is a charlcd device, held open from the first text on and opened again after an error, or a regular file, which is
 * replaced whole (mode 0644). A path that is not there is a file to be made, but below /dev a device to be waited for. Returns 0
 * or -errno.
 */
int mm_lcd_new(const char *path, struct mm_lcd **ret);
/*
 * NULL-safe. Shows nothing more. A write in progress gets a fraction of a second to end; the thread of a device that hangs longer
 * is left behind, and ends when the device does.
 */
void mm_lcd_free(struct mm_lcd *lcd);
/*
 * Shows two lines of up to 20 characters (longer ones are cut, what is not printable ASCII becomes '?'); the newest text wins
 * over one not yet shown, and one that is shown already is not written again. A text that failed is tried again when it is next
 * asked for. Never blocks.
 */
void mm_lcd_show(struct mm_lcd *lcd, const char *line1, const char *line2);
/* 0, or the -errno of the last attempt: -ENOENT no such device, -EBUSY another program has it, ... */
int mm_lcd_error(struct mm_lcd *lcd);

#endif
