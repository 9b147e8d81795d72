/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_CHIP_H
#define MM_SIM_CHIP_H

/* The chips that a board can have, and the differences within each family. */

#include <stdbool.h>
#include <stddef.h>

enum mm_sim_family {
	MM_SIM_ADE9000, /* meters by itself: sim/ade9000.h */
	MM_SIM_MCP39XX, /* MCP3910 to MCP3919, as the kernel's mcp3911 driver shows them */
	MM_SIM_ADS131E, /* ADS131E04, E06 and E08, as its ti-ads131e08 driver does */
	MM_SIM_FAMILY_COUNT,
};

#define MM_SIM_ADC_CHANNELS_MAX 8

struct mm_sim_chip {
	const char *name; /* in a scenario, and of the IIO device */
	enum mm_sim_family family;
	unsigned channels; /* of a waveform converter: 1 to MM_SIM_ADC_CHANNELS_MAX */
};

/* The names of all chips, as a sentence lists them: "a, b or c". */
void mm_sim_chip_names(char *ret, size_t size);

/* NULL: there is none of that name. */
const struct mm_sim_chip *mm_sim_chip_find(const char *name);

#endif
