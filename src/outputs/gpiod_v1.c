/* SPDX-License-Identifier: MIT */

/*
 * libgpiod 1. A line belongs to its chip and is released with it, so every line opens a chip of its own: lines are then
 * independent of each other, as they are with libgpiod 2.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/units.h"
#include "outputs/gpiod_api.h"

struct mm_gpio_line {
	struct gpiod_chip *chip;
	struct gpiod_line *line;
};

int mm_gpio_chip_info(struct gpiod_chip *chip, struct mm_gpio_chip_info *ret)
{
	snprintf(ret->name, sizeof(ret->name), "%s", gpiod_chip_name(chip));
	snprintf(ret->label, sizeof(ret->label), "%s", gpiod_chip_label(chip));
	ret->lines = gpiod_chip_num_lines(chip);
	return 0;
}

int mm_gpio_line_info(struct gpiod_chip *chip, unsigned offset, struct mm_gpio_line_info *ret)
{
	struct gpiod_line *line = gpiod_chip_get_line(chip, offset);

	if (line == NULL) {
		return -errno;
	}
	const char *name = gpiod_line_name(line);
	const char *consumer = gpiod_line_consumer(line);
	snprintf(ret->name, sizeof(ret->name), "%s", name == NULL ? "" : name);
	snprintf(ret->consumer, sizeof(ret->consumer), "%s", consumer == NULL ? "" : consumer);
	ret->output = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT;
	return 0;
}

static int request_flags(const struct mm_line_spec *spec)
{
	int flags = spec->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;

	switch (spec->drive) {
	case MM_DRIVE_PUSH_PULL:
		break;
	case MM_DRIVE_OPEN_DRAIN:
		flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
		break;
	case MM_DRIVE_OPEN_SOURCE:
		flags |= GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
		break;
	}
	return flags;
}

/* Requests the line without a change, reads its level, and only then makes it an output at that level. -1 and errno. */
static int request_as_it_is(struct gpiod_line *line, const struct mm_line_spec *spec, const char *consumer, bool *ret_level)
{
	const struct gpiod_line_request_config config = {
		.consumer = consumer,
		.request_type = GPIOD_LINE_REQUEST_DIRECTION_AS_IS,
		.flags = spec->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0,
	};
	int level = gpiod_line_request(line, &config, 0) < 0 ? -1 : gpiod_line_get_value(line);

	if (level < 0) {
		return -1;
	}
	*ret_level = level != 0;
	return gpiod_line_set_config(line, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, request_flags(spec), level);
}

/* Opens the line on a chip of its own. */
static int open_line(const char *path, unsigned offset, struct mm_gpio_line **ret)
{
	struct mm_gpio_line *line = calloc(1, sizeof(*line));

	if (line == NULL) {
		return -ENOMEM;
	}
	line->chip = gpiod_chip_open(path);
	line->line = line->chip == NULL ? NULL : gpiod_chip_get_line(line->chip, offset);
	if (line->line == NULL) {
		int error = -errno;
		mm_gpio_line_release(line);
		return error;
	}
	*ret = line;
	return 0;
}

/* Hands out a line that was requested with this result; one that was not is released. */
static int requested(int result, struct mm_gpio_line *line, struct mm_gpio_line **ret)
{
	if (result < 0) {
		int error = -errno;
		mm_gpio_line_release(line);
		return error;
	}
	*ret = line;
	return 0;
}

int mm_gpio_line_request(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
			 bool *ret_level, struct mm_gpio_line **ret)
{
	struct mm_gpio_line *line;
	int error = open_line(path, offset, &line);

	if (error < 0) {
		return error;
	}
	return requested(ret_level == NULL ? gpiod_line_request_output_flags(line->line, consumer, request_flags(spec), 0)
					   : request_as_it_is(line->line, spec, consumer, ret_level),
			 line, ret);
}

int mm_gpio_line_watch(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
		       struct mm_gpio_line **ret)
{
	int flags = spec->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
	struct mm_gpio_line *line;
	int error = open_line(path, offset, &line);

	if (error < 0) {
		return error;
	}
	return requested(gpiod_line_request_both_edges_events_flags(line->line, consumer, flags), line, ret);
}

int mm_gpio_line_fd(struct mm_gpio_line *line)
{
	return gpiod_line_event_get_fd(line->line);
}

int mm_gpio_line_take_edge(struct mm_gpio_line *line, int64_t *ret_ns)
{
	const struct timespec now = {0};
	struct gpiod_line_event event;
	int waiting = gpiod_line_event_wait(line->line, &now);

	if (waiting < 0 || (waiting > 0 && gpiod_line_event_read(line->line, &event) < 0)) {
		return -errno;
	}
	if (waiting > 0) {
		*ret_ns = (int64_t)event.ts.tv_sec * MM_NS_PER_S + event.ts.tv_nsec;
	}
	return waiting;
}

int mm_gpio_line_get(struct mm_gpio_line *line)
{
	int level = gpiod_line_get_value(line->line);

	return level < 0 ? -errno : level;
}

int mm_gpio_line_set(struct mm_gpio_line *line, bool active)
{
	return gpiod_line_set_value(line->line, active) < 0 ? -errno : 0;
}

void mm_gpio_line_release(struct mm_gpio_line *line)
{
	if (line == NULL) {
		return;
	}
	if (line->chip != NULL) {
		gpiod_chip_close(line->chip);
	}
	free(line);
}
