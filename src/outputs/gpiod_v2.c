/* SPDX-License-Identifier: MIT */

/* libgpiod 2. A request outlives the chip it was made on. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "outputs/gpiod_api.h"

struct mm_gpio_line {
	struct gpiod_line_request *request;
	unsigned offset;
	struct gpiod_edge_event_buffer *edges; /* of a watched line, else NULL */
};

int mm_gpio_chip_info(struct gpiod_chip *chip, struct mm_gpio_chip_info *ret)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);

	if (info == NULL) {
		return -errno;
	}
	snprintf(ret->name, sizeof(ret->name), "%s", gpiod_chip_info_get_name(info));
	snprintf(ret->label, sizeof(ret->label), "%s", gpiod_chip_info_get_label(info));
	ret->lines = (unsigned)gpiod_chip_info_get_num_lines(info);
	gpiod_chip_info_free(info);
	return 0;
}

int mm_gpio_line_info(struct gpiod_chip *chip, unsigned offset, struct mm_gpio_line_info *ret)
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);

	if (info == NULL) {
		return -errno;
	}
	const char *name = gpiod_line_info_get_name(info);
	const char *consumer = gpiod_line_info_get_consumer(info);
	snprintf(ret->name, sizeof(ret->name), "%s", name == NULL ? "" : name);
	snprintf(ret->consumer, sizeof(ret->consumer), "%s", consumer == NULL ? "" : consumer);
	ret->output = gpiod_line_info_get_direction(info) == GPIOD_LINE_DIRECTION_OUTPUT;
	gpiod_line_info_free(info);
	return 0;
}

static enum gpiod_line_drive line_drive(enum mm_line_drive drive)
{
	switch (drive) {
	case MM_DRIVE_PUSH_PULL:
		return GPIOD_LINE_DRIVE_PUSH_PULL;
	case MM_DRIVE_OPEN_DRAIN:
		return GPIOD_LINE_DRIVE_OPEN_DRAIN;
	case MM_DRIVE_OPEN_SOURCE:
		return GPIOD_LINE_DRIVE_OPEN_SOURCE;
	}
	return GPIOD_LINE_DRIVE_PUSH_PULL;
}

/* Makes the settings of an output at a level. -1 and errno. */
static int set_output(struct gpiod_line_settings *settings, const struct mm_line_spec *spec, bool level)
{
	gpiod_line_settings_set_active_low(settings, spec->active_low);
	if (gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT) < 0 ||
	    gpiod_line_settings_set_drive(settings, line_drive(spec->drive)) < 0) {
		return -1;
	}
	return gpiod_line_settings_set_output_value(settings, level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
}

/* Requests the line without a change, reads its level, and only then makes it an output at that level. NULL and errno. */
static struct gpiod_line_request *request_as_it_is(struct gpiod_chip *chip, unsigned offset, const struct mm_line_spec *spec,
						   struct gpiod_request_config *request_config, struct gpiod_line_config *lines,
						   struct gpiod_line_settings *settings, bool *ret_level)
{
	struct gpiod_line_request *request = NULL;
	enum gpiod_line_value value = GPIOD_LINE_VALUE_ERROR;

	gpiod_line_settings_set_active_low(settings, spec->active_low);
	if (gpiod_line_config_add_line_settings(lines, &offset, 1, settings) == 0) {
		request = gpiod_chip_request_lines(chip, request_config, lines);
	}
	if (request != NULL) {
		value = gpiod_line_request_get_value(request, offset);
	}
	if (value == GPIOD_LINE_VALUE_ERROR || set_output(settings, spec, value == GPIOD_LINE_VALUE_ACTIVE) < 0 ||
	    gpiod_line_config_add_line_settings(lines, &offset, 1, settings) < 0 ||
	    gpiod_line_request_reconfigure_lines(request, lines) < 0) {
		int saved_errno = errno;
		if (request != NULL) {
			gpiod_line_request_release(request);
		}
		errno = saved_errno;
		return NULL;
	}
	*ret_level = value == GPIOD_LINE_VALUE_ACTIVE;
	return request;
}

enum purpose { PURPOSE_OUTPUT, PURPOSE_HELD_OUTPUT, PURPOSE_INPUT };

/* The request itself; NULL and errno where any part fails. */
static struct gpiod_line_request *request_line(struct gpiod_chip *chip, unsigned offset, const struct mm_line_spec *spec,
					       const char *consumer, enum purpose purpose, bool *ret_level)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *lines = gpiod_line_config_new();
	struct gpiod_request_config *request_config = gpiod_request_config_new();
	struct gpiod_line_request *request = NULL;
	int set = -1;

	if (settings != NULL && lines != NULL && request_config != NULL) {
		gpiod_request_config_set_consumer(request_config, consumer);
		switch (purpose) {
		case PURPOSE_OUTPUT:
			set = set_output(settings, spec, false);
			break;
		case PURPOSE_HELD_OUTPUT:
			request = request_as_it_is(chip, offset, spec, request_config, lines, settings, ret_level);
			break;
		case PURPOSE_INPUT:
			gpiod_line_settings_set_active_low(settings, spec->active_low);
			gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
			set = gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
			break;
		}
		if (set == 0 && gpiod_line_config_add_line_settings(lines, &offset, 1, settings) == 0) {
			request = gpiod_chip_request_lines(chip, request_config, lines);
		}
	}
	int saved_errno = errno;
	gpiod_request_config_free(request_config);
	gpiod_line_config_free(lines);
	gpiod_line_settings_free(settings);
	errno = saved_errno;
	return request;
}

static int new_line(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
		    enum purpose purpose, bool *ret_level, struct mm_gpio_line **ret)
{
	struct mm_gpio_line *line = calloc(1, sizeof(*line));
	struct gpiod_chip *chip = gpiod_chip_open(path);

	if (line == NULL || chip == NULL) {
		goto fail;
	}
	line->offset = offset;
	if (purpose == PURPOSE_INPUT) {
		line->edges = gpiod_edge_event_buffer_new(1);
		if (line->edges == NULL) {
			goto fail;
		}
	}
	line->request = request_line(chip, offset, spec, consumer, purpose, ret_level);
	if (line->request == NULL) {
		goto fail;
	}
	gpiod_chip_close(chip);
	*ret = line;
	return 0;

fail:;
	int error = -errno;
	if (chip != NULL) {
		gpiod_chip_close(chip);
	}
	if (line != NULL) {
		gpiod_edge_event_buffer_free(line->edges);
	}
	free(line);
	return error;
}

int mm_gpio_line_request(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
			 bool *ret_level, struct mm_gpio_line **ret)
{
	return new_line(path, offset, spec, consumer, ret_level == NULL ? PURPOSE_OUTPUT : PURPOSE_HELD_OUTPUT, ret_level, ret);
}

int mm_gpio_line_watch(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
		       struct mm_gpio_line **ret)
{
	return new_line(path, offset, spec, consumer, PURPOSE_INPUT, NULL, ret);
}

int mm_gpio_line_fd(struct mm_gpio_line *line)
{
	return gpiod_line_request_get_fd(line->request);
}

int mm_gpio_line_take_edge(struct mm_gpio_line *line, int64_t *ret_ns)
{
	int waiting = gpiod_line_request_wait_edge_events(line->request, 0);

	if (waiting < 0 || (waiting > 0 && gpiod_line_request_read_edge_events(line->request, line->edges, 1) < 0)) {
		return -errno;
	}
	if (waiting > 0) {
		*ret_ns = (int64_t)gpiod_edge_event_get_timestamp_ns(gpiod_edge_event_buffer_get_event(line->edges, 0));
	}
	return waiting;
}

int mm_gpio_line_get(struct mm_gpio_line *line)
{
	enum gpiod_line_value value = gpiod_line_request_get_value(line->request, line->offset);

	return value == GPIOD_LINE_VALUE_ERROR ? -errno : value == GPIOD_LINE_VALUE_ACTIVE;
}

int mm_gpio_line_set(struct mm_gpio_line *line, bool active)
{
	enum gpiod_line_value value = active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;

	return gpiod_line_request_set_value(line->request, line->offset, value) < 0 ? -errno : 0;
}

void mm_gpio_line_release(struct mm_gpio_line *line)
{
	if (line == NULL) {
		return;
	}
	gpiod_line_request_release(line->request);
	gpiod_edge_event_buffer_free(line->edges);
	free(line);
}
