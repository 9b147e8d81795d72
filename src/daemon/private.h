/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_PRIVATE_H
#define MM_DAEMON_PRIVATE_H

/*
 * The daemon between its own files: daemon.c has the order of start and stop, start.c the steps of the start, loop.c what happens
 * afterwards.
 */

#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "daemon/daemon.h"
#include "daemon/listen_fds.h"
#include "daemon/power_fail.h"
#include "daemon/watchdog.h"
#include "service/server.h"
#include "service/service.h"
#include "store/store.h"

/* What there is of each front end of the configuration. */
struct mm_daemon_front_end {
	struct mm_daemon *daemon;
	struct mm_afe *afe;
	struct mm_front_end *thread;
};

struct mm_daemon {
	const char *path;
	struct mm_config *config;
	sd_event *event;
	char boot_id[SD_ID128_STRING_MAX];
	struct mm_listen_fds listen_fds;
	struct mm_memory *memory;
	struct mm_clock *clock;
	unsigned front_end_count;
	struct mm_daemon_front_end front_end[MM_FRONT_ENDS_MAX];
	struct mm_store *store; /* NULL: the worker has it */
	struct mm_store_worker *worker;
	struct mm_metering *metering;
	struct mm_service *service;
	struct mm_server *server;
	struct mm_power_fail *power_fail;
	struct mm_watchdog watchdog;
	uint64_t watchdog_us;	 /* how often it is looked at */
	uint64_t health_changes; /* that the service manager knows of */
	bool refused;		 /* the register is of another meter or a newer version: no later start will do */
	const char *stop_reason;
};

/* ---- start.c: each step returns 0, or below 0 once it has logged what is wrong ---- */

int mm_daemon_enter_zone(struct mm_daemon *d);
int mm_daemon_make_loop(struct mm_daemon *d);
int mm_daemon_make_clock(struct mm_daemon *d);
int mm_daemon_keep_memory(struct mm_daemon *d);
int mm_daemon_make_front_ends(struct mm_daemon *d);
int mm_daemon_open_store(struct mm_daemon *d);
int mm_daemon_record_start(struct mm_daemon *d);
int mm_daemon_make_metering(struct mm_daemon *d);
int mm_daemon_start_store(struct mm_daemon *d);
int mm_daemon_start_front_ends(struct mm_daemon *d);
int mm_daemon_serve(struct mm_daemon *d);
int mm_daemon_watch_power_fail(struct mm_daemon *d);

/* ---- loop.c ---- */

/* The last step of the start but one: hangs everything that wakes the daemon on its loop. */
int mm_daemon_add_sources(struct mm_daemon *d);

/* Tells the service manager that clients are served from now on, and whether it meters: a state that comes and goes. */
void mm_daemon_notify_ready(struct mm_daemon *d);

#endif
