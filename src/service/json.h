/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_JSON_H
#define MM_SERVICE_JSON_H

/*
 * What is metered as the JSON objects of org.minimeter.varlink, which says their fields and units. Each function returns a new
 * object, or NULL where memory is short.
 */

#include <jansson.h>

#include "metering/view.h"

struct mm_service;

/* RFC 3339 in UTC with milliseconds; null for no time at all. */
json_t *mm_json_time(int64_t realtime_ns);

/* Names of the faults of a meter, as mm_each_fault() has them. */
json_t *mm_json_faults(const struct mm_metering *metering, unsigned meter);
json_t *mm_json_nameplate(const struct mm_metering *metering, unsigned meter);
json_t *mm_json_output(const struct mm_metering *metering, unsigned meter, enum mm_output output);
/* The registers at the end of an interval, as RegisterReading has them. */
json_t *mm_json_reading(const struct mm_store_interval *interval);
json_t *mm_json_status(const struct mm_service *service);

/* The constants of one element as CalibrationConstants, and those of the elements of a meter as an array of them. */
json_t *mm_json_constants(const struct mm_calibration *constants);
json_t *mm_json_all_constants(const struct mm_calibration *constants, unsigned elements);

/* {"meters": [one(metering, meter) ...]} for the meter of that number, or for all of them (-1). */
json_t *mm_json_meters(const struct mm_metering *metering, int meter, json_t *(*one)(const struct mm_metering *, unsigned meter));

#endif
