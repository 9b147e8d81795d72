/* SPDX-License-Identifier: MIT */
/* What wakes the daemon: reports, the clock's timer, the store's answers, signals, and the watchdog's second. */
#include "daemon/private.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "base/count_of.h"
#include "base/log.h"

static void notify_status(struct mm_daemon *d)
{
	struct mm_view_front_end front_end = mm_view_front_end(d->metering);
	bool metering = front_end.health == MM_HEALTH_OK;

	sd_notifyf(0, "STATUS=%s%s%s%s", metering ? "Metering" : "Not metering: the front end is ",
		   metering ? "" : mm_health_name(front_end.health), !metering && front_end.reason[0] != '\0' ? ": " : "",
		   metering ? "" : front_end.reason);
}

void mm_daemon_notify_ready(struct mm_daemon *d)
{
	notify_status(d);
	sd_notify(0, "READY=1");
}

static int on_front_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct mm_daemon *d = userdata;
	struct mm_front_end_report report;

	(void)source;
	(void)fd;
	(void)revents;
	while (mm_front_end_take(d->front_end, &report)) {
		enum mm_health before = mm_view_front_end(d->metering).health;
		bool changed = mm_metering_report(d->metering, &report);

		mm_service_report(d->service);
		mm_clock_release(d->clock);
		if (mm_view_front_end(d->metering).health != before) {
			notify_status(d);
		}
		if (changed) {
			mm_service_publish(d->service);
		}
		if (report.clock_gone) {
			mm_log(LOG_ERR, NULL, NULL, "the board's clock is gone: %s", strerror(-report.error));
			d->stop_reason = "the board's clock is gone";
			sd_event_exit(d->event, 1);
		}
	}
	return 0;
}

static int on_timer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct mm_daemon *d = userdata;
	enum mm_health before = mm_view_front_end(d->metering).health;

	(void)source;
	(void)fd;
	(void)revents;
	mm_metering_tick(d->metering);
	if (mm_view_front_end(d->metering).health != before) {
		notify_status(d);
		mm_service_publish(d->service);
	}
	return 0;
}

static int on_register(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct mm_daemon *d = userdata;
	struct mm_store_status status;

	(void)source;
	(void)fd;
	(void)revents;
	mm_store_worker_dispatch(d->worker);
	mm_store_worker_status(d->worker, &status);
	mm_metering_store_status(d->metering, &status);
	mm_service_store_status(d->service, &status);
	return 0;
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct mm_daemon *d = userdata;

	(void)source;
	d->stop_reason = info->ssi_signo == SIGINT ? "interrupted" : "terminated";
	return sd_event_exit(d->event, 0);
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct mm_daemon *d = userdata;

	(void)source;
	(void)info;
	mm_service_reload(d->service);
	return 0;
}

static int on_watchdog(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct mm_daemon *d = userdata;

	(void)usec;
	mm_watchdog_feed(&d->watchdog, d->front_end, d->worker);
	/* Where it failed, the watchdog would go hungry, and the service manager would start the daemon again. */
	(void)sd_event_source_set_time_relative(source, 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_sources(struct mm_daemon *d)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = {{SIGTERM, on_stop_signal}, {SIGINT, on_stop_signal}, {SIGHUP, on_reload_signal}};
	sd_event_source *timer;
	int r;

	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		r = sd_event_add_signal(d->event, NULL, signals[i].signal, signals[i].handler, d);
		if (r < 0) {
			return r;
		}
	}
	/* Edges before everything else. */
	r = sd_event_add_io(d->event, &timer, d->clock->timer_fd, EPOLLIN, on_timer, d);
	if (r < 0) {
		return r;
	}
	/* At the usual priority it works as well, only later. */
	(void)sd_event_source_set_priority(timer, SD_EVENT_PRIORITY_IMPORTANT);
	(void)sd_event_source_set_floating(timer, true);
	sd_event_source_unref(timer);
	r = sd_event_add_io(d->event, NULL, mm_front_end_fd(d->front_end), EPOLLIN, on_front_end, d);
	if (r < 0) {
		return r;
	}
	r = sd_event_add_io(d->event, NULL, mm_store_worker_fd(d->worker), EPOLLIN, on_register, d);
	if (r < 0) {
		return r;
	}
	return sd_event_add_time_relative(d->event, NULL, CLOCK_MONOTONIC, 1000000, 0, on_watchdog, d);
}

int mm_daemon_add_sources(struct mm_daemon *d)
{
	int r = add_sources(d);

	if (r < 0) {
		mm_log(LOG_ERR, NULL, NULL, "event loop: %s", strerror(-r));
	}
	return r;
}
