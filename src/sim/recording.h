/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_RECORDING_H
#define MM_SIM_RECORDING_H

/*
 * A recorded voltage and current, repeated at the inputs of element A. Between two samples, and from the last to the first, the
 * curve is the cubic through the four nearest samples.
 */

#include "base/error.h"
#include "sim/wave.h"

#include <stdio.h>

#define MM_SIM_RECORDING_MAX 10000000 /* samples */

struct mm_sim_recording {
	double rate_hz;
	size_t count;
	double (*samples)[2]; /* volts and amperes */
};

/*
 * Reads two or more lines "VOLTS,AMPERES" and ignores those that begin with #. name is the file's, for the error.
 * Returns 0, -ENOMEM, -EIO or -EINVAL, with the error "name:line: ...".
 */
int mm_sim_recording_read(FILE *file, const char *name, double rate_hz, struct mm_error *error, struct mm_sim_recording **ret);

/* NULL-safe. */
void mm_sim_recording_free(struct mm_sim_recording *recording);

/* Volts (which: 0) or amperes (1) at a time since the start. */
double mm_sim_recording_at(const struct mm_sim_recording *recording, unsigned which, double time_ns);

/*
 * The rms values and the mean power of these curves, exactly, and about their means: a transformer passes no direct voltage. The
 * reactive power is 0.
 */
void mm_sim_recording_power(const struct mm_sim_recording *recording, struct mm_sim_power *ret);

#endif
