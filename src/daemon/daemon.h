/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_DAEMON_H
#define MM_DAEMON_DAEMON_H

/*
 * Starts the daemon in the right order, runs its loop, and stops it so that nothing is lost. The configuration chooses front end
 * and outputs from the tables of drivers.
 */

#include "config/config.h"

/* Exit statuses of the process: the unit goes by them. What went wrong has been logged. */
enum mm_daemon_exit {
	MM_DAEMON_FINE = 0,	   /* after a clean stop */
	MM_DAEMON_NOT_STARTED = 1, /* nobody was served; it may be another time */
	MM_DAEMON_REFUSED = 2,	   /* command line or configuration wrong; the register of another meter or newer version */
	MM_DAEMON_GAVE_UP = 3,	   /* it had to end, or the register could not be written at the last */
};

/* Would the start be refused the register? As mm_store_check(). */
int mm_daemon_check_store(const struct mm_config *config, struct mm_error *error);

/* Runs with the configuration at path until SIGTERM or SIGINT. Takes over config. */
enum mm_daemon_exit mm_daemon_run(const char *path, struct mm_config *config);

#endif
