/* SPDX-License-Identifier: MIT */

/* An input on a GPIO line. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outputs/gpiod_find.h"

/* As many as the kernel keeps for a line. */
#define TAKE_MAX 16

struct mm_input {
	struct mm_gpio_line *line;
};

int mm_input_new(const struct mm_line_spec *spec, const char *consumer, const char *role, struct mm_error *error,
		 struct mm_input **ret)
{
	const struct mm_gpio_subject subject = {
		.spec = spec, .consumer = consumer, .role = role, .direction = "input", .error = error};
	struct mm_input *input = calloc(1, sizeof(*input));
	struct mm_gpio_place place;
	int r;

	if (input == NULL) {
		return mm_error_set(error, -ENOMEM, "%s: %s", role, strerror(ENOMEM));
	}
	r = mm_gpio_find(&subject, &place);
	if (r == 0) {
		r = mm_gpio_line_watch(place.path, place.offset, spec, consumer, &input->line);
		if (r < 0) {
			mm_gpio_request_failed(&subject, &place, r);
		}
	}
	if (r < 0) {
		free(input);
		return r;
	}
	*ret = input;
	return 0;
}

void mm_input_free(struct mm_input *input)
{
	if (input != NULL) {
		mm_gpio_line_release(input->line);
		free(input);
	}
}

int mm_input_fd(struct mm_input *input)
{
	return mm_gpio_line_fd(input->line);
}

int mm_input_take(struct mm_input *input, int64_t *ret_ns)
{
	int64_t later_ns;
	int taken = mm_gpio_line_take_edge(input->line, ret_ns);

	for (int i = 1, more = taken; more > 0 && i < TAKE_MAX; i++) {
		more = mm_gpio_line_take_edge(input->line, &later_ns);
	}
	return taken;
}

int mm_input_level(struct mm_input *input)
{
	return mm_gpio_line_get(input->line);
}
