/* SPDX-License-Identifier: MIT */

/*
 * Outputs on GPIO lines: finds the lines that a configuration names, requests them, drives them, and says in one sentence what
 * is wrong where that fails. Every line is a request of its own: the flags of the kernel's first interface hold for a whole
 * request, and so the line at fault is known.
 */

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/units.h"
#include "outputs/gpiod_api.h"
#include "outputs/outputs.h"

#define CHIP_DEVICES "/dev/gpiochip*"
#define CHIP_PATH_MAX sizeof(((struct mm_line_spec *)0)->chip)

/* Which output of which meter is being worked on, and where to complain. */
struct subject {
	const struct mm_outputs_config *config;
	enum mm_output output;
	char *message;
};

/* A line that was found. */
struct place {
	char path[CHIP_PATH_MAX];
	char chip[MM_GPIO_NAME_MAX]; /* the kernel's name for it, which all its paths share */
	unsigned offset;
	char consumer[MM_GPIO_NAME_MAX]; /* who had the line when it was found; empty: nobody known */
	bool output;			 /* driven, though nobody holds it */
};

struct search {
	const struct mm_line_spec *spec;
	struct place found[2]; /* the first two lines that match */
	unsigned matches;
	unsigned chips;		    /* that the specification means: all of them, or those with that name or label */
	unsigned lines;		    /* of the last of these */
	char denied[CHIP_PATH_MAX]; /* a device that may not be opened */
	int error;		    /* of a chip that failed in another way */
};

struct gpiod_outputs {
	struct mm_outputs base;
	struct mm_gpio_line *line[MM_OUTPUT_COUNT]; /* NULL: the meter has no such line */
	int64_t on_since_ns[MM_OUTPUT_COUNT];	    /* CLOCK_MONOTONIC; 0: it is off, or was on already */
};

static const struct mm_line_spec *subject_spec(const struct subject *subject)
{
	return &subject->config->line[subject->output];
}

/* Writes the message and returns error. */
__attribute__((format(printf, 3, 4))) static int complain(const struct subject *subject, int error, const char *format, ...)
{
	const struct mm_line_spec *spec = subject_spec(subject);
	char offset[16];
	va_list arguments;

	snprintf(offset, sizeof(offset), "%u", spec->offset);
	int length =
		snprintf(subject->message, MM_OUTPUTS_MESSAGE_MAX,
			 "meter \"%s\", output %s: line \"%s%s%s\": ", subject->config->meter, mm_output_name(subject->output),
			 spec->chip, spec->chip[0] == '\0' ? "" : ":", spec->name[0] == '\0' ? offset : spec->name);
	if (length < MM_OUTPUTS_MESSAGE_MAX) {
		va_start(arguments, format);
		vsnprintf(subject->message + length, (size_t)(MM_OUTPUTS_MESSAGE_MAX - length), format, arguments);
		va_end(arguments);
	}
	return error;
}

/* ---- Finding a line ---- */

static bool is_path(const char *chip)
{
	return strchr(chip, '/') != NULL;
}

/*
 * A chip may have a second device (Raspberry Pi OS links gpiochip4 to gpiochip0): it serves where it is named, and otherwise is
 * passed over, or every line on it would be found twice.
 */
static bool chip_is_meant(const struct mm_line_spec *spec, const char *path, const struct mm_gpio_chip_info *info)
{
	const char *device = strrchr(path, '/') + 1;

	if (is_path(spec->chip) || strcmp(spec->chip, device) == 0) {
		return true;
	}
	return strcmp(device, info->name) == 0 && (spec->chip[0] == '\0' || strcmp(spec->chip, info->label) == 0);
}

static int search_lines(struct search *search, struct gpiod_chip *chip, const char *path, const struct mm_gpio_chip_info *info)
{
	const struct mm_line_spec *spec = search->spec;
	bool by_offset = spec->name[0] == '\0';
	unsigned first = by_offset ? spec->offset : 0;
	unsigned last = by_offset ? spec->offset + 1 : info->lines;

	for (unsigned offset = first; offset < last && offset < info->lines; offset++) {
		struct mm_gpio_line_info line;
		int error = mm_gpio_line_info(chip, offset, &line);
		if (error < 0) {
			return error;
		}
		if (!by_offset && strcmp(line.name, spec->name) != 0) {
			continue;
		}
		if (search->matches < 2) {
			struct place *place = &search->found[search->matches];
			place->offset = offset;
			snprintf(place->path, sizeof(place->path), "%s", path);
			memcpy(place->chip, info->name, sizeof(place->chip));
			memcpy(place->consumer, line.consumer, sizeof(place->consumer));
			place->output = line.output;
		}
		search->matches++;
	}
	return 0;
}

static void search_chip(struct search *search, const char *path)
{
	struct mm_gpio_chip_info info;
	struct gpiod_chip *chip = gpiod_chip_open(path);
	int error = chip == NULL ? -errno : mm_gpio_chip_info(chip, &info);

	if (error == 0 && chip_is_meant(search->spec, path, &info)) {
		search->chips++;
		search->lines = info.lines;
		error = search_lines(search, chip, path, &info);
	}
	if (chip != NULL) {
		gpiod_chip_close(chip);
	}
	switch (error) {
	case 0:
	case -ENOENT:
	case -ENOTTY:
	case -ENODEV: /* no GPIO chip is there, or no longer */
		break;
	case -EACCES:
	case -EPERM:
		if (search->denied[0] == '\0') {
			snprintf(search->denied, sizeof(search->denied), "%s", path);
		}
		break;
	default:
		search->error = error;
	}
}

static int denied(const struct subject *subject, const char *path)
{
	return complain(subject, -EACCES,
			"may not open %s; install minimeter's udev rule and see that the daemon's user is in the device's group",
			path);
}

/* Says why a search did not come to exactly one line. */
static int not_found(const struct subject *subject, const struct search *search)
{
	const struct mm_line_spec *spec = search->spec;

	if (search->matches > 1) {
		return complain(subject, -EINVAL, "on %s (offset %u) and on %s (offset %u); say which: CHIP:OFFSET",
				search->found[0].chip, search->found[0].offset, search->found[1].chip, search->found[1].offset);
	}
	if (search->denied[0] != '\0') {
		return denied(subject, search->denied);
	}
	if (search->error < 0) {
		return complain(subject, search->error, "the GPIO chip can't be asked: %s", strerror(-search->error));
	}
	if (search->chips == 0 && spec->chip[0] != '\0') {
		return complain(subject, -ENOENT, "no such GPIO chip; gpiodetect lists the chips and their labels");
	}
	if (search->chips == 0) {
		return complain(subject, -ENOENT,
				"this machine shows no GPIO chip (" CHIP_DEVICES "); check its driver and device tree");
	}
	if (spec->name[0] == '\0') {
		return complain(subject, -ENOENT, "no such line; the chip has offsets 0 to %u", search->lines - 1);
	}
	return complain(subject, -ENOENT, "no such line; gpioinfo lists them (lines without a name: CHIP:OFFSET)");
}

static int find_line(const struct subject *subject, struct place *ret)
{
	struct search search = {.spec = subject_spec(subject)};

	if (is_path(search.spec->chip)) {
		search_chip(&search, search.spec->chip);
	} else {
		glob_t devices = {0};
		if (glob(CHIP_DEVICES, 0, NULL, &devices) == GLOB_NOSPACE) {
			search.error = -ENOMEM;
		}
		for (size_t i = 0; i < devices.gl_pathc; i++) {
			search_chip(&search, devices.gl_pathv[i]);
		}
		globfree(&devices);
	}
	if (search.matches != 1) {
		return not_found(subject, &search);
	}
	*ret = search.found[0];
	return 0;
}

/* ---- Requesting and driving ---- */

/* ret_level as in mm_gpio_line_request(). */
static int request_line(const struct subject *subject, const struct place *place, bool *ret_level, struct mm_gpio_line **ret)
{
	const char *consumer = subject->config->consumer;
	int error = mm_gpio_line_request(place->path, place->offset, subject_spec(subject), consumer, ret_level, ret);

	switch (error) {
	case 0:
		return 0;
	case -EBUSY:
		if (place->consumer[0] == '\0') {
			return complain(subject, error, "in use by the kernel; free it or choose another line");
		}
		if (strcmp(place->consumer, consumer) == 0) {
			return complain(subject, error, "in use by \"%s\": another meter has it, or the daemon runs already",
					consumer);
		}
		return complain(subject, error, "in use by \"%s\"; free it or choose another line", place->consumer);
	case -EACCES:
	case -EPERM:
		return denied(subject, place->path);
	default:
		return complain(subject, error, "can't be an output of %s: %s", place->chip, strerror(-error));
	}
}

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MM_NS_PER_S + now.tv_nsec;
}

static int gpiod_set(struct mm_outputs *base, enum mm_output output, bool level, int64_t at_ns, int64_t position_uwh)
{
	struct gpiod_outputs *outputs = (struct gpiod_outputs *)base;

	(void)at_ns;
	(void)position_uwh;
	outputs->on_since_ns[output] = level ? monotonic_ns() : 0;
	return outputs->line[output] == NULL ? 0 : mm_gpio_line_set(outputs->line[output], level);
}

/* What counts on the other side needs a pulse of full length, the last one as well. */
static void end_pulses(const struct gpiod_outputs *outputs)
{
	int64_t until_ns = 0;

	for (unsigned i = 0; i < MM_OUTPUT_ENERGY_COUNT; i++) {
		if (outputs->on_since_ns[i] > 0 && outputs->on_since_ns[i] + MM_PULSE_MIN_NS > until_ns) {
			until_ns = outputs->on_since_ns[i] + MM_PULSE_MIN_NS;
		}
	}
	const struct timespec until = {.tv_sec = until_ns / MM_NS_PER_S, .tv_nsec = until_ns % MM_NS_PER_S};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
	}
}

static void gpiod_free(struct mm_outputs *base)
{
	struct gpiod_outputs *outputs = (struct gpiod_outputs *)base;

	end_pulses(outputs);
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		if (outputs->line[i] != NULL) {
			mm_gpio_line_set(outputs->line[i], false); /* nothing is left to do where that fails */
			mm_gpio_line_release(outputs->line[i]);
		}
	}
	free(outputs);
}

static const struct mm_outputs_ops gpiod_ops = {.set = gpiod_set, .free = gpiod_free};

/* Finds all lines before any is requested, and sees that no two are one. */
static int find_lines(const struct mm_outputs_config *config, char *message, struct place ret[MM_OUTPUT_COUNT])
{
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		const struct subject subject = {config, i, message};
		int error = config->line[i].used ? find_line(&subject, &ret[i]) : 0;
		if (error < 0) {
			return error;
		}
		for (unsigned j = 0; config->line[i].used && j < i; j++) {
			if (config->line[j].used && ret[j].offset == ret[i].offset && strcmp(ret[j].chip, ret[i].chip) == 0) {
				return complain(&subject, -EINVAL, "is output %s's as well; each output needs a line of its own",
						mm_output_name(j));
			}
		}
	}
	return 0;
}

int mm_outputs_gpiod_new(const struct mm_outputs_config *config, char *message, struct mm_outputs **ret)
{
	struct place place[MM_OUTPUT_COUNT];
	int error = find_lines(config, message, place);

	if (error < 0) {
		return error;
	}
	struct gpiod_outputs *outputs = calloc(1, sizeof(*outputs));
	if (outputs == NULL) {
		return complain(&(struct subject){config, 0, message}, -ENOMEM, "%s", strerror(ENOMEM));
	}
	outputs->base.ops = &gpiod_ops;
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		const struct subject subject = {config, i, message};
		bool held = config->line[i].used && config->resumed && place[i].output;
		if (config->line[i].used) {
			error = request_line(&subject, &place[i], held ? &outputs->base.level[i] : NULL, &outputs->line[i]);
		}
		if (error < 0) {
			gpiod_free(&outputs->base);
			return error;
		}
		outputs->base.held[i] = held;
	}
	*ret = &outputs->base;
	return 0;
}

int mm_outputs_gpiod_make_safe(const struct mm_outputs_config *config, char *message)
{
	int result = 0;

	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		const struct subject subject = {config, i, message};
		struct mm_gpio_line *line = NULL;
		struct place place;
		int error = config->line[i].used ? find_line(&subject, &place) : 0;
		if (error == 0 && config->line[i].used) {
			error = request_line(&subject, &place, NULL, &line);
		}
		mm_gpio_line_release(line);
		result = error < 0 ? error : result;
	}
	return result;
}
