/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_GPIO_SHIM_H
#define MM_TESTS_GPIO_SHIM_H

/*
 * The wires of the emulated chips, as the file "wires" in the shim's directory holds them: what is on them outlives the process
 * that drove them. An input that is watched has a FIFO "gpiochipN.OFFSET.vV", into which edges go in the form of the kernel's
 * interface V.
 */

#include <fcntl.h>
#include <linux/gpio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GPIO_SHIM_CHIPS 8
#define GPIO_SHIM_LINES 64

struct gpio_shim_wire {
	uint8_t high;	    /* the level */
	uint8_t output;	    /* driven */
	uint8_t active_low; /* as last requested */
	uint8_t reserved;
	uint32_t pulses; /* times it became active: what a counter on it shows */
};

struct gpio_shim_wires {
	struct gpio_shim_wire wire[GPIO_SHIM_CHIPS][GPIO_SHIM_LINES];
};

/*
 * Changes the level of a wire from outside, with the edge that a watcher sees. A full queue loses edges, as the kernel's does.
 * false where nobody watches.
 */
static inline bool gpio_shim_put(const char *directory, struct gpio_shim_wires *wires, unsigned chip, unsigned offset, bool high)
{
	union {
		struct gpioevent_data v1;
		struct gpio_v2_line_event v2;
	} edge;
	struct timespec now;
	uint64_t ns;
	bool watched = false;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	wires->wire[chip][offset].high = high;
	for (int interface = 1; interface <= 2; interface++) {
		char path[256];
		int fd;

		memset(&edge, 0, sizeof(edge));
		if (interface == 1) {
			edge.v1.timestamp = ns;
			edge.v1.id = high ? GPIOEVENT_EVENT_RISING_EDGE : GPIOEVENT_EVENT_FALLING_EDGE;
		} else {
			edge.v2.timestamp_ns = ns;
			edge.v2.id = high ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE;
			edge.v2.offset = offset;
		}
		snprintf(path, sizeof(path), "%s/gpiochip%u.%u.v%d", directory, chip, offset, interface);
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0) {
			(void)!write(fd, &edge, interface == 1 ? sizeof(edge.v1) : sizeof(edge.v2));
			close(fd);
			watched = true;
		}
	}
	return watched;
}

#endif
