/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_GPIO_SHIM_H
#define MM_TESTS_GPIO_SHIM_H

/*
 * The wires of the emulated chips, as the file "wires" in the shim's directory holds them: what is on them outlives the process
 * that drove them.
 */

#include <stdint.h>

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

#endif
