/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_GPIO_SHIM_LINES_H
#define MM_TESTS_GPIO_SHIM_LINES_H

/* What the calls that gpio_shim.c answers know of chips and lines. */

#include <stdbool.h>

/* $MM_GPIO_SHIM; NULL: there are no chips. */
const char *gpio_shim_directory(void);

/* 0, or -1 and the errno that the test asked for in a file of that name. */
int gpio_shim_failure(const char *name);

/* A descriptor that holds text. */
int gpio_shim_text(const char *text);

/* A descriptor of gpiochipN. */
int gpio_shim_open(unsigned chip);

/* Lets go of the lines of a descriptor that is closed, where it has any. */
void gpio_shim_release(int fd);

/* Answers a request to a descriptor of ours; false: it is none. */
bool gpio_shim_ioctl(int fd, unsigned request, void *argument, int *ret);

#endif
