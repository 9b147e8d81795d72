/* SPDX-License-Identifier: MIT */
#ifndef MM_OUTPUTS_GPIOD_API_H
#define MM_OUTPUTS_GPIOD_API_H

/*
 * What differs between libgpiod 1 and 2, and no more: gpiod_v1.c and gpiod_v2.c implement it, the build takes one of them.
 * Functions return 0 or -errno as the kernel gave it.
 */

#include <gpiod.h>
#include <stdbool.h>

#include "outputs/outputs.h"

/* Names as the kernel's interface limits them: 31 characters and a NUL. */
#define MM_GPIO_NAME_MAX 32

struct mm_gpio_chip_info {
	char name[MM_GPIO_NAME_MAX]; /* the kernel's: "gpiochip0", whatever path it was opened by */
	char label[MM_GPIO_NAME_MAX];
	unsigned lines;
};

struct mm_gpio_line_info {
	char name[MM_GPIO_NAME_MAX];	 /* empty: the line has none */
	char consumer[MM_GPIO_NAME_MAX]; /* empty: unused, or by nobody who says so */
	bool output;			 /* driven, if only by what an earlier request left */
};

/* A line that is requested; holds all that it needs to stay so. */
struct mm_gpio_line;

int mm_gpio_chip_info(struct gpiod_chip *chip, struct mm_gpio_chip_info *ret);

int mm_gpio_line_info(struct gpiod_chip *chip, unsigned offset, struct mm_gpio_line_info *ret);

/*
 * Makes the line an output. ret_level NULL: at its inactive level; else the line is driven already, goes on at the level
 * that it has, and that is returned. path: the chip's device.
 */
int mm_gpio_line_request(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
			 bool *ret_level, struct mm_gpio_line **ret);

/* Makes the line an input whose edges, both ways, are reported by its descriptor. */
int mm_gpio_line_watch(const char *path, unsigned offset, const struct mm_line_spec *spec, const char *consumer,
		       struct mm_gpio_line **ret);

/* The descriptor of a watched line: readable while edges wait. */
int mm_gpio_line_fd(struct mm_gpio_line *line);

/*
 * Takes one edge of a watched line without waiting: 1 with its time (CLOCK_MONOTONIC, ns), 0 where none waits. Its direction
 * is not reported: an edge can be missed, the level cannot.
 */
int mm_gpio_line_take_edge(struct mm_gpio_line *line, int64_t *ret_ns);

/* The logical level, 0 or 1. */
int mm_gpio_line_get(struct mm_gpio_line *line);

/* active is the logical level: the kernel turns it round for an active-low line. */
int mm_gpio_line_set(struct mm_gpio_line *line, bool active);

/* NULL-safe. The level stays what the kernel's driver makes of it. */
void mm_gpio_line_release(struct mm_gpio_line *line);

#endif
