/* SPDX-License-Identifier: MIT */
#ifndef MM_OUTPUTS_GPIOD_FIND_H
#define MM_OUTPUTS_GPIOD_FIND_H

/*
 * From a line as the configuration names it to a chip's device and an offset, and from what goes wrong on the way to one
 * sentence.
 */

#include "outputs/gpiod_api.h"

#define MM_GPIO_PATH_MAX sizeof(((struct mm_line_spec *)0)->chip)

/* Which line is being worked on, what for, and where to complain. */
struct mm_gpio_subject {
	const struct mm_line_spec *spec;
	const char *consumer;
	const char *meter;     /* NULL: the line is not a meter's */
	const char *role;      /* the output's name, or what else it is for */
	const char *direction; /* "output" or "input" */
	struct mm_error *error;
};

/* A line that was found. */
struct mm_gpio_place {
	char path[MM_GPIO_PATH_MAX];
	char chip[MM_GPIO_NAME_MAX]; /* the kernel's name for it, which all its paths share */
	unsigned offset;
	char consumer[MM_GPIO_NAME_MAX]; /* who had the line when it was found; empty: nobody known */
	bool output;			 /* driven, though nobody holds it */
};

/* Looks for exactly one line. 0, or -errno with an error text. */
int mm_gpio_find(const struct mm_gpio_subject *subject, struct mm_gpio_place *ret);

/* Says why a line that was found could not be had; returns r. */
int mm_gpio_request_failed(const struct mm_gpio_subject *subject, const struct mm_gpio_place *place, int r);

/* Sets the error text and returns r. */
int mm_gpio_complain(const struct mm_gpio_subject *subject, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
