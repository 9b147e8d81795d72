/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_COLUMN_H
#define MM_STORE_COLUMN_H

/*
 * The registers of a meter as a row of columns, listed once: the SQL of the database, the bytes of the second copy and what may
 * follow what all come from that list.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/meter.h"

/* What a column holds and how it may change. */
enum mm_column_kind {
	MM_COLUMN_COUNT,  /* int64_t, 0 or more, never decreasing */
	MM_COLUMN_CARRY,  /* double, 0 <= x < 1: the fraction of the count in the column before it */
	MM_COLUMN_PEAK,	  /* double, 0 or more, never decreasing */
	MM_COLUMN_FIGURE, /* double: what the count before it counts the versions of */
	MM_COLUMN_INT64,  /* the rest may change freely */
	MM_COLUMN_INT32,
	MM_COLUMN_UINT32,
	MM_COLUMN_BOOL,
};

/* X(kind, column, member of struct mm_registers): those that version 2 of the schema had. */
#define MM_STORE_COLUMNS_2(X)                                                                                                    \
	X(COUNT, delivered_uwh, delivered.uwh)                                                                                   \
	X(CARRY, delivered_carry, delivered.carry)                                                                               \
	X(COUNT, received_uwh, received.uwh)                                                                                     \
	X(CARRY, received_carry, received.carry)                                                                                 \
	X(COUNT, lagging_uvarh, lagging.uwh)                                                                                     \
	X(CARRY, lagging_carry, lagging.carry)                                                                                   \
	X(COUNT, leading_uvarh, leading.uwh)                                                                                     \
	X(CARRY, leading_carry, leading.carry)                                                                                   \
	X(COUNT, element_1_delivered_uwh, element_delivered[0].uwh)                                                              \
	X(CARRY, element_1_delivered_carry, element_delivered[0].carry)                                                          \
	X(COUNT, element_2_delivered_uwh, element_delivered[1].uwh)                                                              \
	X(CARRY, element_2_delivered_carry, element_delivered[1].carry)                                                          \
	X(COUNT, element_1_received_uwh, element_received[0].uwh)                                                                \
	X(CARRY, element_1_received_carry, element_received[0].carry)                                                            \
	X(COUNT, element_2_received_uwh, element_received[1].uwh)                                                                \
	X(CARRY, element_2_received_carry, element_received[1].carry)                                                            \
	X(COUNT, output_uwh, output_uwh)                                                                                         \
	X(COUNT, preset_delivered_uwh, preset_delivered_uwh)                                                                     \
	X(COUNT, preset_received_uwh, preset_received_uwh)                                                                       \
	X(INT64, preset_s, preset_s)                                                                                             \
	X(UINT32, correction, correction)                                                                                        \
	X(PEAK, max_demand_w, max_demand_w)                                                                                      \
	X(INT64, max_demand_s, max_demand_s)                                                                                     \
	X(INT32, interval_s, profile.interval_s)                                                                                 \
	X(BOOL, interval_open, profile.open)                                                                                     \
	X(INT64, interval_last_real_ns, profile.last_real_ns)                                                                    \
	X(INT64, interval_last_boot_ns, profile.last_boot_ns)                                                                    \
	X(INT64, interval_start_s, profile.row.start_s)                                                                          \
	X(INT32, interval_duration_s, profile.row.duration_s)                                                                    \
	X(UINT32, interval_status, profile.row.status)                                                                           \
	X(INT64, interval_delivered_uwh, profile.row.delivered_uwh)                                                              \
	X(INT64, interval_received_uwh, profile.row.received_uwh)                                                                \
	X(INT64, interval_lagging_uvarh, profile.row.lagging_uvarh)                                                              \
	X(INT64, interval_leading_uvarh, profile.row.leading_uvarh)                                                              \
	X(INT64, interval_covered_ns, profile.row.covered_ns)                                                                    \
	X(COUNT, calibration, calibration.number)                                                                                \
	X(FIGURE, element_1_gain, calibration.constants[0].gain)                                                                 \
	X(FIGURE, element_1_phase_deg, calibration.constants[0].phase_deg)                                                       \
	X(FIGURE, element_1_offset_w, calibration.constants[0].offset_w)                                                         \
	X(FIGURE, element_2_gain, calibration.constants[1].gain)                                                                 \
	X(FIGURE, element_2_phase_deg, calibration.constants[1].phase_deg)                                                       \
	X(FIGURE, element_2_offset_w, calibration.constants[1].offset_w)

/* Those of version 3, the first of which still belong to the count of calibrations. */
#define MM_STORE_COLUMNS_3(X)                                                                                                    \
	X(FIGURE, element_3_gain, calibration.constants[2].gain)                                                                 \
	X(FIGURE, element_3_phase_deg, calibration.constants[2].phase_deg)                                                       \
	X(FIGURE, element_3_offset_w, calibration.constants[2].offset_w)                                                         \
	X(COUNT, element_3_delivered_uwh, element_delivered[2].uwh)                                                              \
	X(CARRY, element_3_delivered_carry, element_delivered[2].carry)                                                          \
	X(COUNT, element_3_received_uwh, element_received[2].uwh)                                                                \
	X(CARRY, element_3_received_carry, element_received[2].carry)                                                            \
	X(INT64, interval_clock_flags, profile.row.clock_flags)                                                                  \
	X(INT64, interval_uncertainty_uwh, profile.row.uncertainty_uwh)                                                          \
	X(INT64, interval_element_1_delivered_uwh, profile.row.element_delivered_uwh[0])                                         \
	X(INT64, interval_element_1_received_uwh, profile.row.element_received_uwh[0])                                           \
	X(INT64, interval_element_2_delivered_uwh, profile.row.element_delivered_uwh[1])                                         \
	X(INT64, interval_element_2_received_uwh, profile.row.element_received_uwh[1])                                           \
	X(INT64, interval_element_3_delivered_uwh, profile.row.element_delivered_uwh[2])                                         \
	X(INT64, interval_element_3_received_uwh, profile.row.element_received_uwh[2])

/* New ones come at the end: a state in the second copy or in memory that was written before is without them, and reads as such.
 */
#define MM_STORE_COLUMNS(X) MM_STORE_COLUMNS_2(X) MM_STORE_COLUMNS_3(X)

_Static_assert(MM_ELEMENTS_MAX == 3, "every element needs its columns");

struct mm_column {
	enum mm_column_kind kind;
	size_t offset; /* into struct mm_registers */
};

#define MM_COLUMN_ONE(kind, column, member) +1
#define MM_COLUMN_COUNT_ALL (0 MM_STORE_COLUMNS(MM_COLUMN_ONE))
extern const struct mm_column mm_columns[MM_COLUMN_COUNT_ALL];

/* Is it a double? Then its value is the real one, else the integer. */
bool mm_column_is_real(const struct mm_column *column);
double mm_column_real(const struct mm_column *column, const struct mm_registers *registers);
int64_t mm_column_integer(const struct mm_column *column, const struct mm_registers *registers);
void mm_column_set_real(const struct mm_column *column, struct mm_registers *registers, double value);
void mm_column_set_integer(const struct mm_column *column, struct mm_registers *registers, int64_t value);

/* Lifts every count and peak that is below other's to it, with the figures that belong to it. True where there was one. */
bool mm_registers_raise(struct mm_registers *registers, const struct mm_registers *other);

#endif
