/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_UNITS_H
#define MM_CORE_UNITS_H

/*
 * Units used all over minimeter. Energy that counts is an int64_t in micro-watt-hours with the unit in its name: the range is
 * 9.2 TWh, and a sum of integers is the same in any order. Instants and intervals are int64_t nanoseconds.
 */

#include <stdint.h>

#define MM_UWH_PER_WH INT64_C(1000000)
#define MM_UWH_PER_KWH (1000 * MM_UWH_PER_WH)
#define MM_NS_PER_S INT64_C(1000000000)
#define MM_NS_PER_MS INT64_C(1000000)

/* One watt-second is 1e6 / 3600 micro-watt-hours. */
#define MM_UWH_PER_WS (1e6 / 3600.0)

#define MM_RAD_PER_DEG (3.14159265358979323846 / 180)

#endif
