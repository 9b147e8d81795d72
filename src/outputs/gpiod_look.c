/* SPDX-License-Identifier: MIT */

/* Looking at a line without touching it. */

#include <errno.h>
#include <string.h>

#include "outputs/gpiod_find.h"

int mm_line_look(const struct mm_line_spec *spec, const char *consumer, const char *what, struct mm_error *error)
{
	const struct mm_gpio_subject subject = {
		.spec = spec, .consumer = consumer, .role = what, .direction = "output", .error = error};
	struct mm_gpio_place place;
	int r = mm_gpio_find(&subject, &place);

	if (r == 0 && place.consumer[0] != '\0' && strcmp(place.consumer, consumer) != 0) {
		r = mm_gpio_request_failed(&subject, &place, -EBUSY);
	}
	return r;
}
