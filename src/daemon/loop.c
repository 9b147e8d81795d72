/* SPDX-License-Identifier: MIT */
/* What wakes the daemon: reports, the clock's timer, the store's answers, signals, and the watchdog's second. */
#include "daemon/private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "base/count_of.h"
#include "base/events.h"
#include "metering/settings.h"

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

static void settings_recorded(int result, void *settings)
{
	if (result < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "the settings are not in the audit trail: %s", strerror(-result));
	}
	mm_settings_free(settings);
}

static void record_settings(struct mm_daemon *d)
{
	struct mm_settings *settings = NULL;
	int r = mm_settings_new(d->config, mm_clock_boottime(d->clock), mm_clock_realtime(d->clock), &settings);

	if (r == 0) {
		r = mm_store_worker_own_query(d->worker, mm_settings_record, settings_recorded, settings);
	}
	if (r < 0) {
		settings_recorded(r, settings);
	}
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct mm_daemon *d = userdata;
	struct mm_config_errors errors = {0};
	char ignored[256];
	struct mm_config *newer;

	(void)source;
	(void)info;
	if (mm_config_load(d->path, &errors, &newer) < 0) {
		for (unsigned i = 0; i < errors.count; i++) {
			mm_log_event(RELOAD_REFUSED, NULL, errors.error[i].text);
		}
	} else {
		mm_daemon_warn_of_unused(newer);
		mm_config_reload(d->config, newer, ignored, sizeof(ignored));
		free(newer);
		record_settings(d);
		mm_log_event(RELOADED, NULL, ignored[0] ? "; a restart is needed for: " : "", ignored);
	}
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
