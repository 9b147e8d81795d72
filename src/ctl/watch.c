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

#include "base/count_of.h"
#include "base/now.h"
#include "client/reading.h"
#include "core/units.h"
#include "ctl/history.h"
#include "ctl/panel.h"
#include "ctl/private.h"
#include "ctl/read.h"
#include "ctl/screen.h"
#include "ctl/writer.h"

#define RECONNECT_MS 1000
#define ASK_MS 250
#define ASKS_PER_STATUS 4
#define HISTORY_MS 30000
#define HISTORY_PAGE 200 /* what the daemon gives at most in an answer */
#define SECONDS_MAX 1e9

struct watch {
	struct mm_ctl *ctl; /* its client carries the stream; NULL while the daemon is gone */
	struct mm_client *side;
	unsigned side_waiting; /* answers that it has not sent yet there */
	unsigned asks;
	int64_t ask_ms, reconnect_ms, stop_ms; /* when to do so; stop_ms INT64_MAX: never */
	struct mm_readings *readings;	       /* the latest of each, or NULL */
	struct mm_output_states *outputs;
	struct mm_daemon_status *status;
	int64_t reading_ms;	    /* when it came */
	struct mm_history *history; /* of the meter shown, or NULL */
	int64_t history_ms;	    /* when to ask for more of it */
	size_t shown;		    /* 0: the overview of several meters; else the number of a meter */
	struct mm_screen *screen;   /* NULL: lines */
	int signal_fd;
	bool done;
	int r; /* below 0: what ends it all, and error says it */
	struct mm_error error;
};

static int64_t now_ms(void)
{
	return mm_now(CLOCK_BOOTTIME) / 1000000;
}

static void drop_side(struct watch *watch)
{
	mm_client_free(watch->side);
	watch->side = NULL;
	watch->side_waiting = 0;
}

static void lose_daemon(struct watch *watch)
{
	mm_client_free(watch->ctl->client);
	watch->ctl->client = NULL;
	drop_side(watch);
	watch->reconnect_ms = now_ms() + RECONNECT_MS;
	if (watch->screen == NULL) {
		mm_ctl_fail(watch->ctl, MM_CTL_UNREACHABLE, "daemon gone, reconnecting");
	}
}

static void reconnect(struct watch *watch)
{
	struct mm_ctl *ctl = watch->ctl;

	if (mm_ctl_open(ctl, MM_CTL_SOCKET_READ, &ctl->client, NULL) == 0 &&
	    mm_client_send(ctl->client, "org.minimeter.Read", mm_ctl_meter_parameter(ctl), true, NULL) == 0) {
		return;
	}
	mm_client_free(ctl->client);
	ctl->client = NULL;
	watch->reconnect_ms = now_ms() + RECONNECT_MS;
}

static void print_reading(struct watch *watch, const json_t *answer)
{
	struct mm_ctl *ctl = watch->ctl;
	size_t i;
	json_t *meter;

	if (ctl->option[MM_OPTION_JSON] != NULL) {
		mm_writer_json(ctl->out, answer, true);
	} else {
		json_array_foreach(json_object_get(answer, "meters"), i, meter)
		{
			mm_read_line(ctl->out, meter);
		}
	}
	if (fflush(ctl->out) != 0) {
		watch->done = true;
	}
}

/* The meter whose front is shown; NULL: the overview is, or nothing has come. */
static const struct mm_reading *meter_shown(const struct watch *watch)
{
	size_t count = watch->readings != NULL ? watch->readings->count : 0;

	if (count == 1) {
		return &watch->readings->meter[0];
	}
	return watch->shown > 0 && watch->shown <= count ? &watch->readings->meter[watch->shown - 1] : NULL;
}

/* The begin of its interval that is open. */
static int64_t open_interval(const struct watch *watch)
{
	const struct mm_reading *meter = meter_shown(watch);

	return meter != NULL ? meter->interval_ns : 0;
}

/* Prints a reading, or keeps it for the panel. */
static void take_reading(struct watch *watch, json_t *answer)
{
	struct mm_readings *readings;
	int64_t before_ns;

	if (watch->screen == NULL) {
		print_reading(watch, answer);
		return;
	}
	watch->r = mm_readings_new(answer, &readings, &watch->error);
	if (watch->r < 0) {
		watch->done = true;
		return;
	}
	before_ns = open_interval(watch);
	mm_readings_free(watch->readings);
	watch->readings = readings;
	watch->reading_ms = now_ms();
	if (open_interval(watch) != before_ns) {
		watch->history_ms = 0; /* one has been closed */
	}
}

static void take_stream(struct watch *watch)
{
	while (!watch->done && watch->ctl->client != NULL) {
		json_t *answer = NULL;
		bool more = true;
		int r = mm_client_receive(watch->ctl->client, 0, &answer, &more, &watch->error);

		if (r == -ETIMEDOUT) {
			return;
		}
		if (r < 0 && mm_client_error_name(watch->ctl->client) != NULL) {
			watch->r = r;
			watch->done = true;
		} else if (r == 0) {
			take_reading(watch, answer);
			json_decref(answer);
		}
		if (!watch->done && (r < 0 || !more)) {
			lose_daemon(watch);
		}
	}
}

/* By the meter's clock, or this machine's as long as the meter does not know the time. */
static int64_t now_s(const struct watch *watch)
{
	const struct mm_reading *meter = meter_shown(watch);

	return meter != NULL && meter->time_ns > 0 ? meter->time_ns / MM_NS_PER_S : time(NULL);
}

/* Asks for more of what the meter shown has measured lately. */
static int ask_history(struct watch *watch)
{
	const struct mm_reading *meter = meter_shown(watch);

	if (meter == NULL || now_ms() < watch->history_ms) {
		return 0;
	}
	if (!mm_history_is_of(watch->history, meter->name)) {
		mm_history_free(watch->history);
		watch->history = NULL;
		if (mm_history_new(meter->name, now_s(watch), &watch->history) < 0) {
			return -ENOMEM;
		}
	}
	watch->history_ms = now_ms() + HISTORY_MS;
	watch->side_waiting++;
	return mm_client_send(watch->side, "org.minimeter.GetProfile", mm_history_parameters(watch->history), false, NULL);
}

/* Asks for output levels, and now and then for the daemon's state, unless the last answer is still missing. */
static void ask_side(struct watch *watch)
{
	int r = 0;

	watch->ask_ms = now_ms() + ASK_MS;
	if (watch->side_waiting > 0) {
		return;
	}
	if (watch->side == NULL) {
		r = mm_ctl_open(watch->ctl, MM_CTL_SOCKET_READ, &watch->side, NULL);
	}
	if (r == 0 && watch->asks++ % ASKS_PER_STATUS == 0) {
		r = mm_client_send(watch->side, "org.minimeter.Status", NULL, false, NULL);
		watch->side_waiting++;
	}
	if (r == 0) {
		r = mm_client_send(watch->side, "org.minimeter.GetOutputs", mm_ctl_meter_parameter(watch->ctl), false, NULL);
		watch->side_waiting++;
	}
	if (r == 0) {
		r = ask_history(watch);
	}
	if (r < 0) {
		drop_side(watch);
	}
}

/* Keeps an answer of Status, GetOutputs or GetProfile. */
static void take_side_answer(struct watch *watch, json_t *answer)
{
	struct mm_output_states *outputs;
	struct mm_daemon_status *status;

	if (mm_ctl_enter_zone(answer)) {
		/* Its days and months begin at other moments. */
		mm_history_free(watch->history);
		watch->history = NULL;
		watch->history_ms = 0;
	}
	if (mm_output_states_new(answer, &outputs, NULL) == 0) {
		mm_output_states_free(watch->outputs);
		watch->outputs = outputs;
	} else if (mm_daemon_status_new(answer, &status, NULL) == 0) {
		mm_daemon_status_free(watch->status);
		watch->status = status;
	} else if (watch->history != NULL && mm_history_take(watch->history, answer) >= HISTORY_PAGE) {
		watch->history_ms = 0; /* there is more */
	}
}

static void take_side(struct watch *watch)
{
	while (watch->side != NULL && watch->side_waiting > 0) {
		json_t *answer;
		int r = mm_client_receive(watch->side, 0, &answer, NULL, NULL);

		if (r == -ETIMEDOUT) {
			return;
		}
		if (r == 0) {
			take_side_answer(watch, answer);
			json_decref(answer);
		} else if (mm_client_error_name(watch->side) == NULL) {
			drop_side(watch);
			return;
		}
		watch->side_waiting--;
	}
}

static void show(struct watch *watch, size_t number)
{
	size_t count = watch->readings->count;

	watch->shown = number <= count ? number : 0;
	watch->history_ms = 0;
}

static void take_keys(struct watch *watch)
{
	enum mm_screen_key key;
	size_t number = 0;

	while ((key = mm_screen_key(watch->screen, &number)) != MM_SCREEN_KEY_NONE) {
		switch (key) {
		case MM_SCREEN_KEY_QUIT:
			watch->done = true;
			break;
		case MM_SCREEN_KEY_NEXT:
			show(watch, watch->shown + 1);
			break;
		case MM_SCREEN_KEY_NUMBER:
			show(watch, number);
			break;
		case MM_SCREEN_KEY_NONE:
			break;
		}
	}
}

static void take_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			mm_screen_resize(watch->screen);
		} else {
			watch->done = true;
		}
	}
}

static void draw(struct watch *watch)
{
	const struct mm_panel_view view = {
		.readings = watch->readings,
		.shown = watch->readings->count == 1 ? 1 : watch->shown,
		.outputs = watch->outputs,
		.status = watch->status,
		.history = watch->history,
		.now_s = now_s(watch),
		.trouble = watch->ctl->client == NULL ? "daemon gone, reconnecting" : NULL,
		.waited_s = (double)(now_ms() - watch->reading_ms) / 1e3,
	};

	mm_panel_draw(watch->screen, &view);
}

static int client_fd(const struct mm_client *client)
{
	return client != NULL ? mm_client_fd(client) : -1;
}

/* Sleeps until something comes in or is due. */
static void wait_next(struct watch *watch)
{
	int64_t left = watch->stop_ms - now_ms(), most = watch->screen != NULL ? ASK_MS : RECONNECT_MS;
	struct pollfd fds[] = {
		{.fd = client_fd(watch->ctl->client), .events = POLLIN},
		{.fd = client_fd(watch->side), .events = POLLIN},
		{.fd = watch->signal_fd, .events = POLLIN},
		{.fd = watch->screen != NULL && isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN},
	};

	left = left < 0 ? 0 : left < most ? left : most;
	if (poll(fds, COUNT_OF(fds), (int)left) > 0 && (fds[3].revents & (POLLHUP | POLLERR)) != 0) {
		watch->done = true; /* the terminal is gone, and SIGHUP was ignored (nohup) */
	}
}

static void run(struct watch *watch)
{
	while (!watch->done && now_ms() < watch->stop_ms) {
		if (watch->ctl->client == NULL && now_ms() >= watch->reconnect_ms) {
			reconnect(watch);
		}
		if (watch->screen != NULL) {
			if (watch->ctl->client != NULL && now_ms() >= watch->ask_ms) {
				ask_side(watch);
			}
			draw(watch);
		}
		wait_next(watch);
		take_stream(watch);
		if (watch->screen != NULL) {
			take_side(watch);
			take_signals(watch);
			take_keys(watch);
		}
	}
}

/* False where there can be no panel. With it up, signals come by descriptor, so that every way out gives the terminal back. */
static bool run_panel(struct watch *watch, json_t *first)
{
	sigset_t signals, before;
	bool shown;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, &before);
	watch->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	shown = watch->signal_fd >= 0 && mm_screen_new(watch->ctl->out, watch->ctl->colour, &watch->screen) == 0;
	if (shown) {
		take_reading(watch, first);
		run(watch);
		mm_screen_free(watch->screen);
		watch->screen = NULL;
	}
	if (watch->signal_fd >= 0) {
		close(watch->signal_fd);
		watch->signal_fd = -1;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return shown;
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
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--seconds must be a number above 0, not '%s'", text);
	}
	*ret_stop_ms = now_ms() + (int64_t)ceil(seconds * 1e3);
	return MM_CTL_FINE;
}

int mm_ctl_watch(struct mm_ctl *ctl)
{
	struct watch watch = {.ctl = ctl, .signal_fd = -1};
	bool terminal = fileno(ctl->out) >= 0 && isatty(fileno(ctl->out)) && ctl->option[MM_OPTION_JSON] == NULL;
	json_t *first;
	int r = read_seconds(ctl, &watch.stop_ms);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_send(ctl, "org.minimeter.Read", mm_ctl_meter_parameter(ctl), true);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_receive(ctl, MM_CLIENT_TIMEOUT_MS, &first, NULL);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	if (!terminal || !run_panel(&watch, first)) {
		print_reading(&watch, first);
		run(&watch);
	}
	if (watch.r < 0) {
		r = mm_ctl_fail_client(ctl, watch.r, &watch.error);
	}
	drop_side(&watch);
	json_decref(first);
	mm_history_free(watch.history);
	mm_readings_free(watch.readings);
	mm_output_states_free(watch.outputs);
	mm_daemon_status_free(watch.status);
	return r;
}
