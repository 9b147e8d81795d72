/* SPDX-License-Identifier: MIT */
#include "daemon/private.h"

#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/count_of.h"
#include "base/log.h"

/* Everything up to the loop; on failure mm_daemon_run() takes down what was made. */
static int start(struct mm_daemon *d)
{
	static int (*const steps[])(struct mm_daemon *) = {
		mm_daemon_enter_zone,	    /* while nothing else reads the environment */
		mm_daemon_make_loop,	    /* signals are blocked before there are threads */
		mm_daemon_make_clock,	    /* the machine's, or that of the simulator */
		mm_daemon_keep_memory,	    /* what the run before wrote */
		mm_daemon_make_front_ends,  /* asks the devices nothing yet */
		mm_daemon_open_store,	    /* recovers what it must */
		mm_daemon_record_start,	    /* the key that signs, and the settings in force */
		mm_daemon_make_metering,    /* registers, lines at their levels, displays */
		mm_daemon_start_store,	    /* its thread; the start is committed */
		mm_daemon_start_front_ends, /* their threads; reports wait for the loop */
		mm_daemon_serve,	    /* the sockets */
		mm_daemon_add_sources,	    /* signals, reports, timers */
		mm_daemon_watch_power_fail,
	};

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		if (steps[i](d) < 0) {
			return -1;
		}
	}
	return 0;
}

/* What a thread that is stuck still uses is left to it. */
static void end_front_ends(struct mm_daemon *d)
{
	bool ended = true;

	for (unsigned i = 0; i < d->front_end_count; i++) {
		mm_front_end_cancel(d->front_end[i].thread);
	}
	for (unsigned i = 0; i < d->front_end_count; i++) {
		if (mm_front_end_free(d->front_end[i].thread)) {
			mm_afe_free(d->front_end[i].afe);
		} else {
			ended = false;
		}
	}
	if (ended) {
		mm_clock_free(d->clock);
	}
}

enum mm_daemon_exit mm_daemon_run(const char *path, struct mm_config *config)
{
	struct mm_daemon d = {.path = path, .config = config};
	enum mm_daemon_exit status = MM_DAEMON_NOT_STARTED;

	if (start(&d) == 0) {
		mm_daemon_notify_ready(&d);
		status = sd_event_loop(d.event) == 0 ? MM_DAEMON_FINE : MM_DAEMON_GAVE_UP;
		sd_notify(0, "STOPPING=1");
	} else if (d.refused) {
		status = MM_DAEMON_REFUSED;
	}
	mm_power_fail_free(d.power_fail);
	/* Lines safe and register committed before anything that might hang. */
	if (d.worker) {
		mm_metering_stop(d.metering, d.stop_reason ? d.stop_reason : "it could not start");
	}
	mm_service_stop(d.service);
	mm_server_free(d.server);
	if (d.worker && mm_store_worker_free(d.worker) < 0) {
		mm_log(LOG_ERR, NULL, NULL, "the register could not be written at the last");
		status = status == MM_DAEMON_FINE ? MM_DAEMON_GAVE_UP : status;
	}
	mm_service_free(d.service);
	mm_store_close(d.store);
	mm_metering_free(d.metering);
	mm_memory_free(d.memory);
	mm_listen_fds_done(&d.listen_fds);
	end_front_ends(&d);
	sd_event_unref(d.event);
	free(config);
	return status;
}
