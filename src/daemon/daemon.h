/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_DAEMON_H
#define MM_DAEMON_DAEMON_H

/*
 * The daemon's life: start in the right order, run the loop, stop so that nothing is lost. main.c chooses the adapters and hands
 * them in.
 */

#include "afe/afe.h"
#include "clock/clock.h"
#include "metering/engine.h"

struct mm_daemon_adapters {
	const struct mm_afe_driver *const *afe_drivers; /* NULL-terminated */
	mm_outputs_factory outputs_new;
	/* The configured clock. */
	int (*clock_new)(const struct mm_config *config, struct mm_clock **ret);
	/* A line to watch, as outputs/outputs.h has it. */
	int (*input_new)(const struct mm_line_spec *spec, const char *consumer, const char *role, char *message,
			 struct mm_input **ret);
};

/*
 * Runs with the configuration at path until SIGTERM or SIGINT. Takes over config. Returns the process's exit status: 0 after a
 * clean stop, 1 where it could not start or had to give up; what went wrong has been logged.
 */
int mm_daemon_run(const char *path, struct mm_config *config, const struct mm_daemon_adapters *adapters);

#endif
