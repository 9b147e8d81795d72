/* SPDX-License-Identifier: MIT */
/*
 * watch: the readings as they come, on the panel or a line each. The stream of readings has one connection; on the panel a
 * second one asks for output levels and for the daemon's state meanwhile, so that the load LED blinks when it does.
 */

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/panel.h"
#include "ctl/read.h"
#include "ctl/writer.h"

#define RECONNECT_MS 1000
#define ASK_MS 250
#define ASKS_PER_STATUS 4
#define SECONDS_MAX 1e9

struct watch {
	struct mm_ctl *ctl; /* its client carries the stream; NULL while the daemon is gone */
	struct mm_varlink_client *side;
	unsigned side_waiting; /* answers owed to us there */
	unsigned asks;
	int64_t ask_ms, reconnect_ms, stop_ms; /* when to do so; stop_ms INT64_MAX: never */
	json_t *reading, *outputs, *status;    /* the latest of each, or NULL */
	int64_t reading_ms;		       /* when it came */
	size_t shown;			       /* which meter */
	struct mm_panel *panel;		       /* NULL: lines */
	int signal_fd;
	bool done;
	char *error; /* an error reply, which ends it all */
	json_t *error_parameters;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void drop_side(struct watch *watch)
{
	mm_varlink_client_free(watch->side);
	watch->side = NULL;
	watch->side_waiting = 0;
}

static void lose_daemon(struct watch *watch)
{
	mm_varlink_client_free(watch->ctl->client);
	watch->ctl->client = NULL;
	drop_side(watch);
	watch->reconnect_ms = now_ms() + RECONNECT_MS;
	if (watch->panel == NULL) {
		mm_ctl_fail(watch->ctl, MM_CTL_UNREACHABLE, "daemon gone, reconnecting");
	}
}

static void reconnect(struct watch *watch)
{
	struct mm_ctl *ctl = watch->ctl;

	if (mm_varlink_client_connect(mm_ctl_socket_path(ctl, MM_CTL_SOCKET_READ), &ctl->client) == 0 &&
	    mm_varlink_client_send(ctl->client, "org.minimeter.Read", mm_ctl_meter_parameter(ctl), true) == 0) {
		return;
	}
	mm_varlink_client_free(ctl->client);
	ctl->client = NULL;
	watch->reconnect_ms = now_ms() + RECONNECT_MS;
}

static void print_lines(struct watch *watch)
{
	struct mm_ctl *ctl = watch->ctl;
	size_t i;
	json_t *meter;

	if (ctl->option[MM_OPTION_JSON] != NULL) {
		mm_writer_json(ctl->out, watch->reading, true);
	} else {
		json_array_foreach(json_object_get(watch->reading, "meters"), i, meter)
		{
			mm_read_line(ctl->out, meter);
		}
	}
	if (fflush(ctl->out) != 0) {
		watch->done = true;
	}
}

/* Keeps a reading, which is stolen, and prints it where there is no panel. */
static void take_reading(struct watch *watch, json_t *reading)
{
	json_decref(watch->reading);
	watch->reading = reading;
	watch->reading_ms = now_ms();
	if (watch->panel == NULL) {
		print_lines(watch);
	}
}

static void take_stream(struct watch *watch)
{
	json_t *reading;
	bool continues;
	int r;

	while (!watch->done && watch->ctl->client != NULL) {
		r = mm_varlink_client_receive(watch->ctl->client, 0, &reading, &watch->error, &continues);
		if (r == -ETIMEDOUT) {
			return;
		}
		if (r < 0) {
			lose_daemon(watch);
		} else if (watch->error != NULL) {
			watch->error_parameters = reading;
			watch->done = true;
		} else {
			take_reading(watch, reading);
			if (!continues) {
				lose_daemon(watch);
			}
		}
	}
}

/* Asks for output levels, and now and then for the daemon's state, unless it still owes us the last answer. */
static void ask_side(struct watch *watch)
{
	int r = 0;

	watch->ask_ms = now_ms() + ASK_MS;
	if (watch->side_waiting > 0) {
		return;
	}
	if (watch->side == NULL) {
		r = mm_varlink_client_connect(mm_ctl_socket_path(watch->ctl, MM_CTL_SOCKET_READ), &watch->side);
	}
	if (r == 0 && watch->asks++ % ASKS_PER_STATUS == 0) {
		r = mm_varlink_client_send(watch->side, "org.minimeter.Status", NULL, false);
		watch->side_waiting++;
	}
	if (r == 0) {
		r = mm_varlink_client_send(watch->side, "org.minimeter.GetOutputs", mm_ctl_meter_parameter(watch->ctl), false);
		watch->side_waiting++;
	}
	if (r < 0) {
		drop_side(watch);
	}
}

static void take_side(struct watch *watch)
{
	while (watch->side != NULL && watch->side_waiting > 0) {
		json_t *answer, **kept;
		char *error;
		bool continues;
		int r = mm_varlink_client_receive(watch->side, 0, &answer, &error, &continues);
		if (r == -ETIMEDOUT) {
			return;
		}
		if (r < 0) {
			drop_side(watch);
			return;
		}
		watch->side_waiting--;
		if (error == NULL) {
			kept = json_object_get(answer, "outputs") != NULL ? &watch->outputs : &watch->status;
			json_decref(*kept);
			*kept = json_incref(answer);
		}
		json_decref(answer);
		free(error);
	}
}

static void take_keys(struct watch *watch)
{
	enum mm_panel_key key;

	while ((key = mm_panel_key(watch->panel)) != MM_PANEL_KEY_NONE) {
		switch (key) {
		case MM_PANEL_KEY_QUIT:
			watch->done = true;
			break;
		case MM_PANEL_KEY_NEXT:
			watch->shown++;
			break;
		case MM_PANEL_KEY_NONE:
			break;
		}
	}
}

static void take_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			mm_panel_resize(watch->panel);
		} else {
			watch->done = true;
		}
	}
}

static void draw(struct watch *watch)
{
	json_t *meters = json_object_get(watch->reading, "meters");
	size_t count = json_array_size(meters);
	struct mm_panel_view view = {
		.outputs = json_object_get(watch->outputs, "outputs"),
		.status = watch->status,
		.trouble = watch->ctl->client == NULL ? "daemon gone, reconnecting" : NULL,
		.count = count,
	};

	if (count > 0) {
		view.number = watch->shown % count;
		view.meter = json_array_get(meters, view.number);
		view.age_s =
			json_number_value(json_object_get(view.meter, "age_s")) + (double)(now_ms() - watch->reading_ms) / 1e3;
	}
	mm_panel_draw(watch->panel, &view);
}

static int client_fd(const struct mm_varlink_client *client)
{
	return client != NULL ? mm_varlink_client_fd(client) : -1;
}

/* Sleeps until something comes in or is due. */
static void wait_next(struct watch *watch)
{
	int64_t left = watch->stop_ms - now_ms(), most = watch->panel != NULL ? ASK_MS : RECONNECT_MS;
	struct pollfd fds[] = {
		{.fd = client_fd(watch->ctl->client), .events = POLLIN},
		{.fd = client_fd(watch->side), .events = POLLIN},
		{.fd = watch->signal_fd, .events = POLLIN},
		{.fd = watch->panel != NULL && isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN},
	};

	left = left < 0 ? 0 : left < most ? left : most;
	if (poll(fds, sizeof(fds) / sizeof(fds[0]), (int)left) > 0 && (fds[3].revents & (POLLHUP | POLLERR)) != 0) {
		watch->done = true; /* the terminal is gone, and SIGHUP was ignored (nohup) */
	}
}

static void run(struct watch *watch)
{
	while (!watch->done && now_ms() < watch->stop_ms) {
		if (watch->ctl->client == NULL && now_ms() >= watch->reconnect_ms) {
			reconnect(watch);
		}
		if (watch->panel != NULL) {
			if (watch->ctl->client != NULL && now_ms() >= watch->ask_ms) {
				ask_side(watch);
			}
			draw(watch);
		}
		wait_next(watch);
		take_stream(watch);
		if (watch->panel != NULL) {
			take_side(watch);
			take_signals(watch);
			take_keys(watch);
		}
	}
}

/* With the panel up, signals come by descriptor, so that every way out gives the terminal back. */
static int run_panel(struct watch *watch)
{
	sigset_t signals, before;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, &before);
	watch->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	r = watch->signal_fd < 0 ? -errno : mm_panel_new(watch->ctl->out, watch->ctl->colour, &watch->panel);
	if (r == 0) {
		run(watch);
		mm_panel_free(watch->panel);
		watch->panel = NULL;
	}
	if (watch->signal_fd >= 0) {
		close(watch->signal_fd);
		watch->signal_fd = -1;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

static int read_seconds(struct mm_ctl *ctl, int64_t *ret_stop_ms)
{
	const char *text = ctl->option[MM_OPTION_SECONDS];
	char *end;

	if (text == NULL) {
		*ret_stop_ms = INT64_MAX;
		return MM_CTL_FINE;
	}
	double seconds = strtod(text, &end);
	if (end == text || *end != '\0' || !(seconds > 0) || seconds > SECONDS_MAX) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--seconds is to be a number above 0, not '%s'", text);
	}
	*ret_stop_ms = now_ms() + (int64_t)ceil(seconds * 1e3);
	return MM_CTL_FINE;
}

int mm_ctl_watch(struct mm_ctl *ctl, int argc, char *argv[])
{
	struct watch watch = {.ctl = ctl, .signal_fd = -1};
	bool terminal = fileno(ctl->out) >= 0 && isatty(fileno(ctl->out)) && ctl->option[MM_OPTION_JSON] == NULL;
	json_t *reading;
	int r;

	(void)argc, (void)argv;
	r = read_seconds(ctl, &watch.stop_ms);
	if (r == MM_CTL_FINE) {
		r = mm_ctl_send(ctl, "org.minimeter.Read", mm_ctl_meter_parameter(ctl), true);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_receive(ctl, MM_CTL_TIMEOUT_MS, &reading, NULL);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	watch.reading = reading;
	watch.reading_ms = now_ms();
	if (!terminal || run_panel(&watch) < 0) {
		print_lines(&watch);
		run(&watch);
	}
	if (watch.error != NULL) {
		r = mm_ctl_fail_reply(ctl, watch.error, watch.error_parameters);
	}
	drop_side(&watch);
	free(watch.error);
	json_decref(watch.error_parameters);
	json_decref(watch.reading);
	json_decref(watch.outputs);
	json_decref(watch.status);
	return r;
}
