/* SPDX-License-Identifier: MIT */

/*
 * Outputs on GPIO lines: requests the lines that a configuration names, and drives them. Every line is a request of its own: the
 * flags of the kernel's first interface hold for a whole request, and so the line at fault is known.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/now.h"
#include "outputs/gpiod_find.h"

struct gpiod_outputs {
	struct mm_outputs base;
	struct mm_gpio_line *line[MM_OUTPUT_COUNT]; /* NULL: the meter has no such line */
	int64_t on_since_ns[MM_OUTPUT_COUNT];	    /* CLOCK_MONOTONIC; 0: it is off, or was on already */
};

/* Which output of which meter is being worked on. */
static struct mm_gpio_subject subject_of(const struct mm_outputs_config *config, enum mm_output output, struct mm_error *error)
{
	return (struct mm_gpio_subject){.spec = &config->line[output],
					.consumer = config->consumer,
					.meter = config->meter,
					.role = mm_output_name(output),
					.direction = "output",
					.error = error};
}

/* ret_level as in mm_gpio_line_request(). */
static int request_line(const struct mm_gpio_subject *subject, const struct mm_gpio_place *place, bool *ret_level,
			struct mm_gpio_line **ret)
{
	int r = mm_gpio_line_request(place->path, place->offset, subject->spec, subject->consumer, ret_level, ret);

	return r < 0 ? mm_gpio_request_failed(subject, place, r) : 0;
}

static int gpiod_set(struct mm_outputs *base, enum mm_output output, bool level, int64_t at_ns, int64_t position_uwh)
{
	struct gpiod_outputs *outputs = (struct gpiod_outputs *)base;

	(void)at_ns;
	(void)position_uwh;
	outputs->on_since_ns[output] = level ? mm_now(CLOCK_MONOTONIC) : 0;
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
	const struct timespec until = mm_timespec(until_ns);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
	}
}

static void gpiod_free(struct mm_outputs *base)
{
	struct gpiod_outputs *outputs = (struct gpiod_outputs *)base;

	end_pulses(outputs);
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		if (outputs->line[i] != NULL) {
			mm_gpio_line_set(outputs->line[i], false); /* nothing more can be done where that fails */
			mm_gpio_line_release(outputs->line[i]);
		}
	}
	free(outputs);
}

static const struct mm_outputs_ops gpiod_ops = {.set = gpiod_set, .free = gpiod_free};

/* Finds all lines before any is requested, and sees that no two are one. */
static int find_lines(const struct mm_outputs_config *config, struct mm_error *error, struct mm_gpio_place ret[MM_OUTPUT_COUNT])
{
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		const struct mm_gpio_subject subject = subject_of(config, i, error);
		int r = config->line[i].used ? mm_gpio_find(&subject, &ret[i]) : 0;
		if (r < 0) {
			return r;
		}
		for (unsigned j = 0; config->line[i].used && j < i; j++) {
			if (config->line[j].used && ret[j].offset == ret[i].offset && strcmp(ret[j].chip, ret[i].chip) == 0) {
				return mm_gpio_complain(&subject, -EINVAL,
							"is output %s's as well; each output needs a line of its own",
							mm_output_name(j));
			}
		}
	}
	return 0;
}

int mm_outputs_gpiod_new(const struct mm_outputs_config *config, struct mm_error *error, struct mm_outputs **ret)
{
	struct mm_gpio_place place[MM_OUTPUT_COUNT];
	int r = find_lines(config, error, place);

	if (r < 0) {
		return r;
	}
	struct gpiod_outputs *outputs = calloc(1, sizeof(*outputs));
	if (outputs == NULL) {
		return mm_error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	}
	outputs->base.ops = &gpiod_ops;
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		const struct mm_gpio_subject subject = subject_of(config, i, error);
		bool held = config->line[i].used && config->resumed && place[i].output;
		if (config->line[i].used) {
			r = request_line(&subject, &place[i], held ? &outputs->base.level[i] : NULL, &outputs->line[i]);
		}
		if (r < 0) {
			gpiod_free(&outputs->base);
			return r;
		}
		outputs->base.held[i] = held;
	}
	*ret = &outputs->base;
	return 0;
}

int mm_outputs_gpiod_make_safe(const struct mm_outputs_config *config, struct mm_error *error)
{
	int result = 0;

	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		const struct mm_gpio_subject subject = subject_of(config, i, error);
		struct mm_gpio_line *line = NULL;
		struct mm_gpio_place place;
		int r = config->line[i].used ? mm_gpio_find(&subject, &place) : 0;
		if (r == 0 && config->line[i].used) {
			r = request_line(&subject, &place, NULL, &line);
		}
		mm_gpio_line_release(line);
		result = r < 0 ? r : result;
	}
	return result;
}
