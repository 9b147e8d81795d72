/* SPDX-License-Identifier: MIT */
/* The steps of the start. */
#include "daemon/private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/events.h"
#include "base/zone_file.h"
#include "metering/settings.h"
#include "store/audit/audit.h"

/* By this name the service manager gives back the memory that it holds for us. */
#define MEMORY_NAME "handover"

static int fail(const char *what, const char *why)
{
	mm_log(LOG_ERR, NULL, NULL, "%s%s%s", what, why[0] ? ": " : "", why);
	return -1;
}

static int clock_new(const struct mm_config *config, struct mm_clock **ret)
{
	if (strcmp(config->clock, "board") == 0) {
		return mm_afe_board_clock_new(config->front_end[0].afe.uri, ret); /* the only one */
	}
	return mm_clock_system_new(ret);
}

static int outputs_new(const struct mm_config *config, const struct mm_outputs_config *lines, struct mm_clock *clock,
		       struct mm_error *error, struct mm_outputs **ret)
{
	return mm_outputs_driver_find(config->outputs_driver)->create(&config->outputs, lines, clock, error, ret);
}

int mm_daemon_enter_zone(struct mm_daemon *d)
{
	int r = mm_zone_enter(d->config->time_zone);

	return r < 0 ? fail("time zone", strerror(-r)) : 0;
}

int mm_daemon_make_loop(struct mm_daemon *d)
{
	struct mm_error unused;
	sigset_t blocked;
	int r;

	/* Blocked in every thread to come; the loop takes them from a descriptor. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < d->config->front_end_count; i++) {
		if (mm_config_has_unused(&d->config->front_end[i], &unused)) {
			mm_log(LOG_WARNING, NULL, NULL, "%s", unused.text);
		}
	}
	r = sd_event_default(&d->event);
	return r < 0 ? fail("event loop", strerror(-r)) : 0;
}

int mm_daemon_make_clock(struct mm_daemon *d)
{
	int r = clock_new(d->config, &d->clock);

	return r < 0 ? fail("clock", strerror(-r)) : 0;
}

int mm_daemon_make_front_ends(struct mm_daemon *d)
{
	for (unsigned i = 0; i < d->config->front_end_count; i++) {
		const struct mm_afe_driver *driver = mm_afe_driver_find(d->config->front_end[i].driver);
		struct mm_afe_config config;
		struct mm_error error = {0};

		mm_inputs_configure(d->config, i, &config);
		d->front_end[i].daemon = d;
		if (driver->create(driver, &config, d->clock, &error, &d->front_end[i].afe) < 0) {
			return fail("front end", error.text);
		}
		d->front_end_count++;
	}
	return 0;
}

/*
 * Memory that outlives this process, where a service manager holds it. Without one a restart goes on from the register, which is
 * as right, only less by what was still to be written.
 */
int mm_daemon_keep_memory(struct mm_daemon *d)
{
	sd_id128_t boot_id;
	int fd, r;

	if (sd_id128_get_boot(&boot_id) < 0) {
		boot_id = SD_ID128_NULL; /* a container without /proc: a label less, the register holds all the same */
	}
	sd_id128_to_string(boot_id, d->boot_id);
	mm_listen_fds_init(&d->listen_fds);
	fd = mm_listen_fds_take(&d->listen_fds, MEMORY_NAME);
	r = mm_memory_new(fd, d->boot_id, &d->memory);
	if (r < 0) {
		mm_log(LOG_ERR, NULL, NULL, "no memory to hand over at a restart: %s", strerror(-r));
		return 0;
	}
	fd = mm_memory_fd(d->memory);
	r = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" MEMORY_NAME, &fd, 1);
	if (r <= 0) {
		mm_memory_free(d->memory);
		d->memory = NULL;
	}
	return 0;
}

/* What the configuration says of the store. */
struct store_wanted {
	struct mm_store_meter meter[MM_METERS_MAX];
	char beside[MM_COPY_LEN_MAX]; /* where the second copy is when nothing is said */
	const char *copy;	      /* NULL: none */
};

static void want_store(const struct mm_config *config, struct store_wanted *ret)
{
	ret->copy = mm_config_copy(config, ret->beside);
	for (unsigned i = 0; i < config->meter_count; i++) {
		strcpy(ret->meter[i].name, config->meter[i].name);
		strcpy(ret->meter[i].serial, config->meter[i].serial);
		strcpy(ret->meter[i].model, config->meter[i].model.canonical);
	}
}

int mm_daemon_check_store(const struct mm_config *config, struct mm_error *error)
{
	struct store_wanted wanted;

	want_store(config, &wanted);
	return mm_store_check(config->register_path, wanted.copy, wanted.meter, config->meter_count, error);
}

int mm_daemon_open_store(struct mm_daemon *d)
{
	struct store_wanted wanted;
	struct mm_error error = {0};
	int r;

	want_store(d->config, &wanted);
	r = mm_store_open(d->config->register_path, wanted.copy, d->boot_id, wanted.meter, d->config->meter_count, &error,
			  &d->store);
	if (r < 0) {
		d->refused = mm_store_is_refusal(r);
		return fail(error.text, "");
	}
	if (mm_store_findings(d->store)[0] != '\0') {
		mm_log_event(RECOVERED, NULL, mm_store_findings(d->store));
	}
	for (unsigned i = 0; i < d->config->meter_count; i++) {
		if (mm_store_misread(d->store, i)[0] != '\0') {
			mm_log_event(SERIAL_CORRECTED, wanted.meter[i].name, mm_store_misread(d->store, i),
				     wanted.meter[i].serial);
		}
	}
	return 0;
}

int mm_daemon_watch_power_fail(struct mm_daemon *d)
{
	struct mm_error error = {0};
	struct mm_input *input;
	int r;

	if (!d->config->power_fail.used) {
		return 0;
	}
	if (mm_input_new(&d->config->power_fail, "minimeterd", "power-fail", &error, &input) < 0) {
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
int mm_daemon_record_start(struct mm_daemon *d)
{
	struct mm_error error = {0};
	struct mm_settings *settings = NULL;
	int r;

	if (mm_store_key(d->store, d->clock, &error) < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "%s", error.text);
	}
	r = mm_settings_new(d->config, d->clock, &settings);
	if (r == 0) {
		r = mm_settings_record(d->store, settings);
	}
	mm_settings_free(settings);
	if (r < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "the settings are not in the audit trail: %s", strerror(-r));
	}
	return 0;
}

int mm_daemon_make_metering(struct mm_daemon *d)
{
	const struct mm_metering_parts parts = {
		.config = d->config, .clock = d->clock, .store = d->store, .memory = d->memory, .outputs_new = outputs_new};
	struct mm_error error = {0};

	return mm_metering_new(&parts, &d->metering, &error) < 0 ? fail(error.text, "") : 0;
}

int mm_daemon_start_store(struct mm_daemon *d)
{
	int r = mm_store_worker_new(d->store, &d->worker);

	if (r < 0) {
		return fail("register", strerror(-r));
	}
	d->store = NULL;
	mm_metering_start(d->metering, d->worker);
	return 0;
}

int mm_daemon_start_front_ends(struct mm_daemon *d)
{
	for (unsigned i = 0; i < d->front_end_count; i++) {
		int r;

		mm_metering_counters(d->metering, i, &d->front_end[i].afe->resume);
		r = mm_front_end_new(d->front_end[i].afe, d->clock, &d->front_end[i].thread);

		if (r < 0) {
			return fail("front-end thread", strerror(-r));
		}
	}
	return 0;
}

/* A listening socket of that name; -1: the service manager gave none. */
static int take_socket(struct mm_daemon *d, const char *name)
{
	int fd;

	while ((fd = mm_listen_fds_take(&d->listen_fds, name)) >= 0 && sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) <= 0) {
		close(fd);
	}
	return fd;
}

int mm_daemon_serve(struct mm_daemon *d)
{
	const int fds[MM_SERVER_SOCKETS] = {
		[MM_SERVER_READ] = take_socket(d, "read"), [MM_SERVER_ADMIN] = take_socket(d, "admin")};
	struct mm_service_parts parts = {.metering = d->metering,
					 .worker = d->worker,
					 .config_path = d->path,
					 .config = d->config,
					 .check_store = mm_daemon_check_store};
	struct mm_error error = {0};
	int r;

	for (unsigned i = 0; i < d->front_end_count; i++) {
		parts.front_end[i] = d->front_end[i].afe->ops->request_harmonics ? d->front_end[i].thread : NULL;
	}
	r = mm_service_new(&parts, &d->service);
	if (r < 0) {
		return fail("service", strerror(-r));
	}
	if (mm_server_new(d->event, d->config, d->service, fds, &error, &d->server) < 0) {
		return fail(error.text, "");
	}
	mm_listen_fds_done(&d->listen_fds);
	return 0;
}
