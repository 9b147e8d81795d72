/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_CHIP_H
#define MM_SIM_CHIP_H

/* The chips that a board can have, and the differences within each family. */

#include "sim/attrs.h"

#define MM_SIM_ADC_CHANNELS_MAX 8

/* A waveform converter behind its kernel driver. */
struct mm_sim_converter {
	struct mm_sim_face face;
	double full_scale_v; /* at the pins, for a code of 2^23 at gain 1 */
	double noise_v;	     /* rms */
	bool cpu_order;	     /* the driver stores samples in the CPU's order, whatever it declares */
	unsigned shift;	     /* by how many bits a sample is moved up in its word */
	bool headers;	     /* the byte above it is not empty */
	bool whole_frames;   /* the driver stores all channels from the first on, however few are enabled */
	/* The rate as its file has it: the unit in samples a second, at the start, at most. Unit 0: by MCLK and ratio. */
	unsigned rate_unit, rate_default, rate_max;
	bool sets_trigger; /* the driver sets the chip's own */
};

struct mm_sim_chip {
	const char *name;			  /* in a scenario, and of the IIO device */
	const struct mm_sim_converter *converter; /* NULL: an ADE9000, which meters by itself: sim/ade9000.h */
	unsigned channels;			  /* of a converter: 1 to MM_SIM_ADC_CHANNELS_MAX */
	bool counts;				  /* an ADE9000 that adds its energy up, behind minimeter's own driver */
};

/* The names of all chips, as a sentence lists them: "a, b or c". */
void mm_sim_chip_names(char *ret, size_t size);

/* NULL: there is none of that name. */
const struct mm_sim_chip *mm_sim_chip_find(const char *name);

#endif
