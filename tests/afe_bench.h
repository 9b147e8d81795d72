/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_AFE_BENCH_H
#define MM_TESTS_AFE_BENCH_H

/*
 * A front end's adapter against minimeter-sim as a program of its own: the same libiio, the same protocol, in stepped time. What
 * is counted is held against the board's own truth, and every fault against the judge of front ends.
 */

#include <check.h>
#include <sys/types.h>

#include "afe/afe.h"
#include "afe/iio_device.h"
#include "core/health.h"

struct bench {
	const struct mm_afe_driver *driver;
	struct mm_afe_config front_end; /* inputs and rate */
	pid_t pid;
	char uri[64];
	struct mm_clock *clock;
	struct mm_afe *afe;
	bool open; /* it is */
	struct mm_iio_device board;
	struct mm_health_judge judge;
	/* Since bench_reset(): */
	unsigned windows; /* latched and right */
	unsigned missed;
	unsigned health[MM_HEALTH_COUNT];
	double active_ws[2];
	struct mm_measurement last;
};

/* Begins a scenario with what its board is, and adds to it. */
void begin_scenario(double ppm, const char *rest);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Starts the board with that scenario, and an adapter, open, for elements A and B; front_end has inputs and rate. */
struct bench *bench_new(const struct mm_afe_driver *driver, const struct mm_afe_config *front_end);
void bench_free(struct bench *b);

/* Begins to count anew. */
void bench_reset(struct bench *b);

/* Another adapter for a device of the board, closed. */
struct mm_afe *bench_new_afe(struct bench *b, const char *device);

/* A whole number that the board says. */
int64_t ask(struct bench *b, const char *attribute);

/* Sets one of the board's keys: 0 or -errno. */
int bench_write(struct bench *b, const char *attribute, const char *text);

/* One measurement, booked as the daemon would: what is judged right counts. */
enum mm_health step(struct bench *b);

void run_until(struct bench *b, double seconds);

/* Opens as the daemon does after an error: once a second until it works. Returns how often it tried. */
unsigned reopen(struct bench *b);

void assert_energy(double ws, int64_t truth_uwh, double tolerance);

#endif
