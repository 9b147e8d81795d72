/* SPDX-License-Identifier: MIT */

/*
 * Finds the line that a configuration names, and says in one sentence what is wrong where that fails.
 */

#include "outputs/gpiod_find.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHIP_DEVICES "/dev/gpiochip*"

struct search {
	const struct mm_line_spec *spec;
	struct mm_gpio_place found[2]; /* the first two lines that match */
	unsigned matches;
	unsigned chips;		       /* that the specification means: all of them, or those with that name or label */
	unsigned lines;		       /* of the last of these */
	char denied[MM_GPIO_PATH_MAX]; /* a device that may not be opened */
	int error;		       /* of a chip that failed in another way */
};

int mm_gpio_complain(const struct mm_gpio_subject *subject, int r, const char *format, ...)
{
	const struct mm_line_spec *spec = subject->spec;
	char offset[16], text[MM_ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(offset, sizeof(offset), "%u", spec->offset);
	return mm_error_set(subject->error, r, "%s%s%s%s: line \"%s%s%s\": %s", subject->meter ? "meter \"" : "",
			    subject->meter ? subject->meter : "", subject->meter ? "\", output " : "", subject->role, spec->chip,
			    spec->chip[0] == '\0' ? "" : ":", spec->name[0] == '\0' ? offset : spec->name, text);
}

static bool is_path(const char *chip)
{
	return strchr(chip, '/') != NULL;
}

/*
 * A chip may have a second device (Raspberry Pi OS links gpiochip4 to gpiochip0): it serves where it is named, and otherwise is
 * skipped, or every line on it would be found twice.
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
			struct mm_gpio_place *place = &search->found[search->matches];
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

static int denied(const struct mm_gpio_subject *subject, const char *path)
{
	return mm_gpio_complain(
		subject, -EACCES,
		"may not open %s; install minimeter's udev rule and see that the daemon's user is in the device's group", path);
}

/* Says why a search did not come to exactly one line. */
static int not_found(const struct mm_gpio_subject *subject, const struct search *search)
{
	const struct mm_line_spec *spec = search->spec;

	if (search->matches > 1) {
		return mm_gpio_complain(subject, -EINVAL, "on %s (offset %u) and on %s (offset %u); say which: CHIP:OFFSET",
					search->found[0].chip, search->found[0].offset, search->found[1].chip,
					search->found[1].offset);
	}
	if (search->denied[0] != '\0') {
		return denied(subject, search->denied);
	}
	if (search->error < 0) {
		return mm_gpio_complain(subject, search->error, "the GPIO chip can't be asked: %s", strerror(-search->error));
	}
	if (search->chips == 0 && spec->chip[0] != '\0') {
		return mm_gpio_complain(subject, -ENOENT, "no such GPIO chip; gpiodetect lists the chips and their labels");
	}
	if (search->chips == 0) {
		return mm_gpio_complain(subject, -ENOENT,
					"this machine shows no GPIO chip (" CHIP_DEVICES "); check its driver and device tree");
	}
	if (spec->name[0] == '\0') {
		return mm_gpio_complain(subject, -ENOENT, "no such line; the chip has offsets 0 to %u", search->lines - 1);
	}
	return mm_gpio_complain(subject, -ENOENT, "no such line; gpioinfo lists them (lines without a name: CHIP:OFFSET)");
}

int mm_gpio_find(const struct mm_gpio_subject *subject, struct mm_gpio_place *ret)
{
	struct search search = {.spec = subject->spec};

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

int mm_gpio_request_failed(const struct mm_gpio_subject *subject, const struct mm_gpio_place *place, int r)
{
	switch (r) {
	case -EBUSY:
		if (place->consumer[0] == '\0') {
			return mm_gpio_complain(subject, r, "in use by the kernel; free it or choose another line");
		}
		if (strcmp(place->consumer, subject->consumer) == 0) {
			return mm_gpio_complain(subject, r, "in use by \"%s\": another meter has it, or the daemon runs already",
						subject->consumer);
		}
		return mm_gpio_complain(subject, r, "in use by \"%s\"; free it or choose another line", place->consumer);
	case -EACCES:
	case -EPERM:
		return denied(subject, place->path);
	default:
		return mm_gpio_complain(subject, r, "can't be an %s of %s: %s", subject->direction, place->chip, strerror(-r));
	}
}
