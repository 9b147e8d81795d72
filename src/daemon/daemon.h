/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_DAEMON_H
#define MM_DAEMON_DAEMON_H

/*
 * Starts the daemon in the right order, runs its loop, and stops it so that nothing is lost. The configuration chooses front end
 * and outputs from the tables of drivers.
 */

#include "config/config.h"

/*
 * Runs with the configuration at path until SIGTERM or SIGINT. Takes over config. Returns the process's exit status: 0 after a
 * clean stop, 1 where it could not start or had to give up; what went wrong has been logged.
 */
int mm_daemon_run(const char *path, struct mm_config *config);

#endif
