/* SPDX-License-Identifier: MIT */
/* The main loop and what hangs on it: reports, the clock's timer, the register's answers, signals, the watchdog. */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "base/count_of.h"
#include "base/events.h"
#include "base/log.h"
#include "base/now.h"
#include "core/units.h"
#include "daemon/listen_fds.h"
#include "daemon/power_fail.h"
#include "service/server.h"
#include "service/service.h"
#include "metering/settings.h"
#include "store/audit/audit.h"

/* By this name the service manager gives back the memory that it holds for us. */
#define HANDOVER_NAME "handover"
/* Threads may be busy for this long before the watchdog is no longer fed: a bus or a card that takes longer is hung. */
#define BEAT_MAX_NS (20 * MM_NS_PER_S)

struct beat {
	uint64_t count;
	int64_t changed_ns; /* CLOCK_MONOTONIC: virtual time does not hang */
};

struct daemon {
	const char *path;
	struct mm_config *config;
	sd_event *event;
	struct mm_listen_fds listen_fds;
	struct mm_memory *memory;
	struct mm_clock *clock;
	struct mm_afe *afe;
	struct mm_store *reg;
	struct mm_store_worker *worker;
	struct mm_metering *metering;
	struct mm_service *service;
	struct mm_server *server;
	struct mm_front_end *front_end;
	struct mm_power_fail *power_fail;
	struct beat front_end_beat, register_beat;
	const char *stop_reason;
	bool ready;
};

/* ---- Loop ---- */

static void notify_ready(struct daemon *d)
{
	if (!d->ready && mm_view_front_end(d->metering).windows > 0) {
		d->ready = true;
		sd_notify(0, "READY=1\nSTATUS=Metering.");
	}
}

static void notify_status(struct daemon *d)
{
	struct mm_view_front_end front_end = mm_view_front_end(d->metering);

	if (front_end.health == MM_HEALTH_OK) {
		sd_notify(0, "STATUS=Metering.");
	} else {
		sd_notifyf(0, "STATUS=Not metering: front end %s. %s", mm_health_name(front_end.health), front_end.reason);
	}
}

static int on_front_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct daemon *d = userdata;
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
		notify_ready(d);
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
	struct daemon *d = userdata;
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
	struct daemon *d = userdata;
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
	struct daemon *d = userdata;

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

static void record_settings(struct daemon *d)
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

static void warn_of_unused(const struct mm_config *config)
{
	if (config->unused[0] != '\0') {
		mm_log(LOG_WARNING, NULL, NULL, "[front-end]: %s takes no %s", config->front_end_driver, config->unused);
	}
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *d = userdata;
	struct mm_error error = {0};
	char ignored[256];
	struct mm_config *newer;

	(void)source;
	(void)info;
	if (mm_config_load(d->path, &error, &newer) < 0) {
		mm_log_event(RELOAD_REFUSED, NULL, error.text);
	} else {
		warn_of_unused(newer);
		mm_config_reload(d->config, newer, ignored, sizeof(ignored));
		free(newer);
		record_settings(d);
		mm_log_event(RELOADED, NULL, ignored[0] ? "; a restart is needed for: " : "", ignored);
	}
	return 0;
}

/* ---- Watchdog ---- */

static bool beats(struct beat *beat, uint64_t count, int64_t now)
{
	if (count != beat->count || beat->changed_ns == 0) {
		*beat = (struct beat){.count = count, .changed_ns = now};
	}
	return now - beat->changed_ns < BEAT_MAX_NS;
}

/* Fed only while every thread makes progress; the loop shows its own by being here. */
static int on_watchdog(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;
	struct mm_store_status status;
	int64_t now = mm_now(CLOCK_MONOTONIC);
	bool front_end, store;

	(void)usec;
	mm_store_worker_status(d->worker, &status);
	front_end = beats(&d->front_end_beat, mm_front_end_beat(d->front_end), now);
	store = beats(&d->register_beat, status.beat, now);
	if (front_end && store) {
		sd_notify(0, "WATCHDOG=1");
	} else {
		mm_log_event(STALLED, NULL, front_end ? "register" : "front-end", (int)(BEAT_MAX_NS / MM_NS_PER_S));
	}
	(void)sd_event_source_set_time_relative(source, 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- Start ---- */

static int fail(const char *what, const char *why)
{
	mm_log(LOG_ERR, NULL, NULL, "%s%s%s", what, why[0] ? ": " : "", why);
	return -1;
}

static int clock_new(const struct mm_config *config, struct mm_clock **ret)
{
	if (strcmp(config->clock, "board") == 0) {
		return mm_afe_board_clock_new(config->front_end.uri, ret);
	}
	return mm_clock_system_new(ret);
}

static int outputs_new(const struct mm_config *config, const struct mm_outputs_config *lines, struct mm_clock *clock,
		       char *message, struct mm_outputs **ret)
{
	return mm_outputs_driver_find(config->outputs_driver)->create(&config->outputs, lines, clock, message, ret);
}

static int start_front_end(struct daemon *d, const struct mm_afe_driver **ret_driver)
{
	const struct mm_afe_driver *driver = mm_afe_driver_find(d->config->front_end_driver);
	const struct mm_afe_settings *settings = &d->config->front_end;
	struct mm_afe_config config = {
		.uri = settings->uri,
		.device = settings->device[0] != '\0' ? settings->device : driver->name,
		.mclk_hz = settings->mclk_hz,
		.osr = (unsigned)settings->osr,
		.sample_rate = (unsigned)settings->sample_rate,
	};
	struct mm_error error = {0};
	int r;

	r = mm_inputs(d->config, driver->adc_full_scale_v, config.input, &error);
	if (r < 0) {
		return fail(error.text, "");
	}
	config.input_count = (unsigned)r;
	r = driver->create(driver, &config, d->clock, error.text, &d->afe);
	if (r < 0) {
		return fail("front end", error.text);
	}
	*ret_driver = driver;
	return 0;
}

/*
 * Memory that outlives this process, where a service manager holds it. Without one a restart goes on from the register, which is
 * as right, only less by what was still to be written.
 */
static void keep_memory(struct daemon *d, const char *boot_id)
{
	int fd = mm_listen_fds_take(&d->listen_fds, HANDOVER_NAME);
	int r = mm_memory_new(fd, boot_id, &d->memory);

	if (r < 0) {
		mm_log(LOG_ERR, NULL, NULL, "no memory to hand over at a restart: %s", strerror(-r));
		return;
	}
	fd = mm_memory_fd(d->memory);
	r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" HANDOVER_NAME, &fd, 1);
	if (r <= 0) {
		mm_memory_free(d->memory);
		d->memory = NULL;
	}
}

static int open_register(struct daemon *d, const char *boot_id)
{
	struct mm_store_meter meters[MM_METERS_MAX];
	struct mm_error error = {0};
	char beside[MM_PATH_LEN_MAX + 8];
	const char *copy = d->config->copy_path;

	for (unsigned i = 0; i < d->config->meter_count; i++) {
		const struct mm_config_meter *meter = &d->config->meter[i];

		meters[i] = (struct mm_store_meter){{0}, {0}, {0}};
		strcpy(meters[i].name, meter->name);
		strcpy(meters[i].serial, meter->serial);
		strcpy(meters[i].model, meter->model.canonical);
	}
	if (copy[0] == '\0') {
		snprintf(beside, sizeof(beside), "%s.copy", d->config->register_path);
		copy = beside;
	}
	if (mm_store_open(d->config->register_path, strcmp(copy, "none") == 0 ? NULL : copy, boot_id, meters,
			  d->config->meter_count, &error, &d->reg) < 0) {
		return fail(error.text, "");
	}
	if (mm_store_findings(d->reg)[0] != '\0') {
		mm_log_event(RECOVERED, NULL, mm_store_findings(d->reg));
	}
	return 0;
}

static int watch_power_fail(struct daemon *d)
{
	struct mm_error error = {0};
	struct mm_input *input;
	int r;

	if (!d->config->power_fail.used) {
		return 0;
	}
	if (mm_input_new(&d->config->power_fail, "minimeterd", "power-fail", error.text, &input) < 0) {
		return fail(error.text, "");
	}
	r = mm_power_fail_new(d->event, d->metering, input, d->config->power_fail_debounce_ms, &d->power_fail);
	if (r < 0) {
		mm_input_free(input);
		return fail("power-fail line", strerror(-r));
	}
	return 0;
}

/* The key that signs the audit trail and the settings go into it: where one of them fails metering goes on. */
static void record_start(struct daemon *d)
{
	int64_t boottime_ns = mm_clock_boottime(d->clock), realtime_ns = mm_clock_realtime(d->clock);
	struct mm_error error = {0};
	struct mm_settings *settings = NULL;
	int r;

	if (mm_store_key(d->reg, boottime_ns, realtime_ns, &error) < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "%s", error.text);
	}
	r = mm_settings_new(d->config, boottime_ns, realtime_ns, &settings);
	if (r == 0) {
		r = mm_settings_record(d->reg, settings);
	}
	mm_settings_free(settings);
	if (r < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "the settings are not in the audit trail: %s", strerror(-r));
	}
}

static int add_sources(struct daemon *d)
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

/* A listening socket of that name; -1: the service manager gave none. */
static int take_socket(struct daemon *d, const char *name)
{
	int fd;

	while ((fd = mm_listen_fds_take(&d->listen_fds, name)) >= 0 && sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0) {
		close(fd);
	}
	return fd;
}

static int start_service(struct daemon *d)
{
	const int fds[MM_SERVER_SOCKETS] = {
		[MM_SERVER_READ] = take_socket(d, "read"), [MM_SERVER_ADMIN] = take_socket(d, "admin")};
	struct mm_front_end *harmonics = d->afe->ops->want_harmonics ? d->front_end : NULL;
	struct mm_error error = {0};
	int r;

	r = mm_service_new(d->metering, d->worker, harmonics, &d->service);
	if (r < 0) {
		return fail("service", strerror(-r));
	}
	if (mm_server_new(d->event, d->config, d->service, fds, &error, &d->server) < 0) {
		return fail(error.text, "");
	}
	mm_listen_fds_done(&d->listen_fds);
	return 0;
}

/* Everything up to the loop; on failure mm_daemon_run() takes down what stands. */
static int start(struct daemon *d)
{
	struct mm_error error = {0};
	const struct mm_afe_driver *driver = NULL;
	char boot[SD_ID128_STRING_MAX];
	sd_id128_t boot_id;
	sigset_t blocked;
	int r;

	/* Blocked in every thread to come; the loop takes them from a descriptor. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_default(&d->event);
	if (r < 0) {
		return fail("event loop", strerror(-r));
	}
	warn_of_unused(d->config);
	r = clock_new(d->config, &d->clock);
	if (r < 0) {
		return fail("clock", strerror(-r));
	}
	if (sd_id128_get_boot(&boot_id) < 0) {
		boot_id = SD_ID128_NULL; /* a container without /proc: a label less, the register holds all the same */
	}
	sd_id128_to_string(boot_id, boot);
	mm_listen_fds_init(&d->listen_fds);
	keep_memory(d, boot);
	if (start_front_end(d, &driver) < 0 || open_register(d, boot) < 0) {
		return -1;
	}
	record_start(d);
	r = mm_metering_new(&(struct mm_metering_parts){.config = d->config,
							.clock = d->clock,
							.store = d->reg,
							.memory = d->memory,
							.outputs_new = outputs_new,
							.adc_full_scale_v = driver->adc_full_scale_v},
			    &d->metering, &error);
	if (r < 0) {
		return fail(error.text, "");
	}
	r = mm_store_worker_new(d->reg, &d->worker);
	if (r < 0) {
		return fail("register", strerror(-r));
	}
	d->reg = NULL; /* the worker's now */
	mm_metering_start(d->metering, d->worker);
	r = mm_front_end_new(d->afe, d->clock, &d->front_end);
	if (r < 0) {
		return fail("front-end thread", strerror(-r));
	}
	if (start_service(d) < 0) {
		return -1;
	}
	r = add_sources(d);
	if (r < 0) {
		return fail("event loop", strerror(-r));
	}
	return watch_power_fail(d);
}

int mm_daemon_run(const char *path, struct mm_config *config)
{
	struct daemon d = {.path = path, .config = config};
	int status = 1;

	if (start(&d) == 0) {
		sd_notifyf(0, "STATUS=Waiting for the front end.");
		status = sd_event_loop(d.event);
		sd_notify(0, "STOPPING=1");
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
		status = 1;
	}
	mm_service_free(d.service);
	mm_store_close(d.reg);
	mm_metering_free(d.metering);
	mm_memory_free(d.memory);
	mm_listen_fds_done(&d.listen_fds);
	if (mm_front_end_free(d.front_end)) {
		mm_afe_free(d.afe);
		mm_clock_free(d.clock);
	}
	sd_event_unref(d.event);
	free(config);
	return status == 0 ? 0 : 1;
}
