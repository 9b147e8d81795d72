/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_REFERENCE_H
#define MM_CTL_REFERENCE_H

/* What a reference standard showed, as an electrician reads it off. */

#define MM_REFERENCE_EXAMPLES "'12003.5 W', '100.03 Wh in 30 s' or '20 pulses of 5 Wh in 30.01 s'"

/*
 * Reads a reading as mean power in watts, above 0:
 *
 *     POWER [W | kW]
 *     ENERGY (Wh | kWh) [in] TIME (s | min)
 *     NUMBER (pulses | x) [of] ENERGY (Wh | kWh) [in] TIME (s | min)
 *
 * Power from energy and time is P = 3600 E / t. Case does not matter. -EINVAL.
 */
int mm_reference_parse(const char *text, double *ret_w);

#endif
