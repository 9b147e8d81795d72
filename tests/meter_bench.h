/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_METER_BENCH_H
#define MM_TESTS_METER_BENCH_H

/* A meter that is handed a window a second; a test is one process, so that there is one of each. */

#include <check.h>

#include "core/meter.h"
#include "core/units.h"

#define NOON_NS (INT64_C(1780315200) * MM_NS_PER_S) /* 2026-06-01 12:00 UTC */
#define BOOT_NS (50 * MM_NS_PER_S)
#define UWH_PER_KWH (1000 * MM_UWH_PER_WH)

extern struct mm_meter_config config;
extern struct mm_meter meter;
extern struct mm_meter_step step; /* what the last window brought */
extern struct mm_measurement window;

/* The meter of a model, on inputs A and B, anew. */
void start(const char *model, const struct mm_registers *registers);

/* The fixture: one MMD-120-1001 that has not registered anything. */
void setup(void);

/* Sets the load of one input for the windows to come. */
void load(unsigned input, double voltage_v, double current_a, double power_w, double reactive_var);

/* Plays the next second with the judged health given. */
void play_as(enum mm_health health);
void play(int windows);

/* Whole hours of whole watts, but for what is still below 1 µWh. */
void expect_wh(const struct mm_energy *energy, int64_t wh);

#endif
