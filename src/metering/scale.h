/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_SCALE_H
#define MM_METERING_SCALE_H

/*
 * What energy that waits in a chip belongs to: a number over all settings that name its counters or scale them, so that the next
 * run can see whether they are still the same.
 */

#include "config/config.h"
#include "metering/meter_point.h"

/* Of a meter as it is now: front end, CTs, phases, multiplier, calibration and correction. Never 0, which stands for unknown. */
uint32_t mm_scale_of(const struct mm_config *config, const struct mm_meter_point *point);

#endif
