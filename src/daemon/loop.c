/* SPDX-License-Identifier: MIT */
/* What wakes the daemon: reports, the clock's timer, the store's answers, signals, and the watchdog. */
#include "daemon/private.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>

#include "base/count_of.h"
#include "base/log.h"
#include "base/now.h"

static void notify_status(struct mm_daemon *d)
{
	struct mm_view_front_end worst = mm_view_front_end(d->metering, mm_view_worst_front_end(d->metering));
	unsigned in_order = 0;

	for (unsigned i = 0; i < d->front_end_count; i++) {
		in_order += mm_view_front_end(d->metering, i).health == MM_HEALTH_OK;
	}
	if (worst.health == MM_HEALTH_OK) {
		sd_notify(0, "STATUS=Metering");
	} else {
		sd_notifyf(0, "STATUS=%s: the front end %s%sis %s%s%s", in_order > 0 ? "Metering in part" : "Not metering",
			   worst.name, worst.name[0] != '\0' ? " " : "", mm_health_name(worst.health),
			   worst.reason[0] != '\0' ? ": " : "", worst.reason);
	}
}

void mm_daemon_notify_ready(struct mm_daemon *d)
{
	notify_status(d);
	sd_notify(0, "READY=1");
}

/* Has the health of any front end changed since this was asked last? Then it tells the service manager. */
static bool note_health(struct mm_daemon *d)
{
	uint64_t changes = mm_view_health_changes(d->metering);
	bool changed = changes != d->health_changes;

	d->health_changes = changes;
	if (changed) {
		notify_status(d);
	}
	return changed;
}

static int on_front_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct mm_daemon_front_end *front_end = userdata;
	struct mm_daemon *d = front_end->daemon;
	unsigned number = (unsigned)(front_end - d->front_end);
	struct mm_front_end_report report;
	char chip[MM_AFE_CHIP_MAX];
	bool changed, health;

	(void)source;
	(void)fd;
	(void)revents;
	if (!mm_front_end_take(front_end->thread, &report)) {
		return 0;
	}
	if (report.opened) {
		mm_front_end_chip(front_end->thread, chip);
		mm_metering_chip(d->metering, number, chip);
	}
	changed = mm_metering_report(d->metering, number, &report);
	health = note_health(d);

	mm_service_report(d->service, number);
	mm_clock_release(d->clock);
	if (changed || health) {
		mm_service_publish(d->service, health);
	}
	if (report.clock_gone) {
		mm_log(LOG_ERR, NULL, NULL, "the board's clock is gone: %s", strerror(-report.error));
		d->stop_reason = "the board's clock is gone";
		sd_event_exit(d->event, 1);
	}
	return 0;
}

static int on_timer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct mm_daemon *d = userdata;

	(void)source;
	(void)fd;
	(void)revents;
	mm_metering_tick(d->metering);
	if (note_health(d)) {
		mm_service_publish(d->service, true);
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
	uint64_t front_end_beats[MM_FRONT_ENDS_MAX];
	struct mm_daemon *d = userdata;
	struct mm_store_status status;

	(void)usec;
	for (unsigned i = 0; i < d->front_end_count; i++) {
		front_end_beats[i] = mm_front_end_beat(d->front_end[i].thread);
	}
	mm_store_worker_status(d->worker, &status);
	if (mm_watchdog_look(&d->watchdog, d->config, front_end_beats, status.beat, mm_now(CLOCK_MONOTONIC))) {
		sd_notify(0, "WATCHDOG=1");
	}
	/* Where it failed, the watchdog would go hungry, and the service manager would start the daemon again. */
	(void)sd_event_source_set_time_relative(source, d->watchdog_us);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_sources(struct mm_daemon *d)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = {{SIGTERM, on_stop_signal}, {SIGINT, on_stop_signal}, {SIGHUP, on_reload_signal}};
	uint64_t patience_us = 0;
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
	for (unsigned i = 0; i < d->front_end_count; i++) {
		r = sd_event_add_io(d->event, NULL, mm_front_end_fd(d->front_end[i].thread), EPOLLIN, on_front_end,
				    &d->front_end[i]);
		if (r < 0) {
			return r;
		}
	}
	r = sd_event_add_io(d->event, NULL, mm_store_worker_fd(d->worker), EPOLLIN, on_register, d);
	if (r < 0) {
		return r;
	}
	/* Without one, or where it can't be read, threads that are stuck are logged all the same. */
	d->watchdog_us = mm_watchdog_period_us(sd_watchdog_enabled(0, &patience_us) > 0 ? patience_us : 0);
	return sd_event_add_time_relative(d->event, NULL, CLOCK_MONOTONIC, d->watchdog_us, 0, on_watchdog, d);
}

int mm_daemon_add_sources(struct mm_daemon *d)
{
	int r = add_sources(d);

	if (r < 0) {
		mm_log(LOG_ERR, NULL, NULL, "event loop: %s", strerror(-r));
	}
	return r;
}
