/* SPDX-License-Identifier: MIT */
/* status: is everything in order, and if asked for, not before the meter meters. */

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/count_of.h"
#include "base/now.h"
#include "base/text.h"
#include "ctl/private.h"
#include "ctl/writer.h"

#define ASK_MS 250
#define NS_PER_MS 1000000
#define WAIT_SECONDS_MAX 1000000000

static const struct mm_column status_columns[] = {
	{MM_COLUMN(DURATION, "uptime_s", "running for")},
	{MM_NUMBER("windows", "windows", NULL, 0)},
	{MM_NUMBER("missed_windows", "missed windows", NULL, 0)},
	{MM_NUMBER("commits", "commits", NULL, 0)},
	{MM_NUMBER("uncommitted_wh", "uncommitted", "Wh", 3)},
	{MM_NUMBER("clients", "clients", NULL, 0)},
	{MM_COLUMN(TEXT, "time_zone", "time zone")},
};

/* name: of one of several, or "". */
static void health_text(struct mm_ctl *ctl, const char *what, const char *name, const json_t *health)
{
	char heading[2 * MM_CELL_MAX];
	char state[MM_CELL_MAX], since[MM_CELL_MAX], text[MM_CELL_MAX] = "", line[3 * MM_CELL_MAX + 8];
	bool reason = json_is_string(json_object_get(health, "reason")), ok;
	int at;

	mm_cell_as(MM_FORMAT_TEXT, health, "state", state);
	mm_cell_as(MM_FORMAT_DURATION, health, "since_s", since);
	if (reason) {
		mm_cell_as(MM_FORMAT_TEXT, health, "reason", text);
	}
	ok = strcmp(state, "ok") == 0;
	snprintf(line, sizeof(line), "%s for %s%s%s", state, since, reason ? ": " : "", text);
	snprintf(heading, sizeof(heading), "%s%s%s", what, name[0] != '\0' ? " " : "", name);
	at = 4 + (mm_text_columns(heading) > 14 ? mm_text_columns(heading) : 14);
	fprintf(ctl->out, "  %s", mm_paint(ctl, !ok));
	mm_text_pad(ctl->out, heading, 14, false);
	fputs("  ", ctl->out);
	mm_text_wrap(ctl->out, ctl->width, at, line);
	fputs(mm_unpaint(ctl, !ok), ctl->out);
	if (json_is_string(json_object_get(health, "advice"))) {
		mm_cell_as(MM_FORMAT_TEXT, health, "advice", text);
		fprintf(ctl->out, "%*s", at, "");
		mm_text_wrap(ctl->out, ctl->width, at, text);
	}
}

/* Each of several by its name. */
static void front_ends_text(struct mm_ctl *ctl, const json_t *answer)
{
	const json_t *front_ends = json_object_get(answer, "front_ends");
	char name[MM_CELL_MAX];
	json_t *front_end;
	size_t i;

	if (json_array_size(front_ends) < 2) {
		health_text(ctl, "front end", "", json_object_get(answer, "front_end"));
		return;
	}
	json_array_foreach(front_ends, i, front_end)
	{
		mm_cell_as(MM_FORMAT_TEXT, front_end, "name", name);
		health_text(ctl, "front end", name, json_object_get(front_end, "health"));
	}
}

/* A reload found errors in the file. What is in force is in order, so this is no fault of the meter. */
static bool is_refused(const json_t *configuration)
{
	const char *state = json_string_value(json_object_get(configuration, "state"));

	return state != NULL && strcmp(state, "ok") != 0;
}

/* The figures are right all the same, so this is no fault of the meter either. */
static void clock_text(struct mm_ctl *ctl)
{
	fprintf(ctl->out, "  %sclock           ", mm_paint(ctl, true));
	mm_text_wrap(ctl->out, ctl->width, 18,
		     "not synchronised: times of intervals and events may be wrong. Turn a time service on (timedatectl set-ntp "
		     "true)");
	fputs(mm_unpaint(ctl, true), ctl->out);
}

static void status_text(struct mm_ctl *ctl, const json_t *answer)
{
	char text[MM_CELL_MAX];
	bool ok = json_is_true(json_object_get(answer, "ok"));
	int at;
	size_t i;
	json_t *meter;

	mm_cell_as(MM_FORMAT_TEXT, answer, "version", text);
	fprintf(ctl->out, "minimeterd %s: %s%s%s\n", text, mm_paint(ctl, !ok), ok ? "everything is in order" : "there is a fault",
		mm_unpaint(ctl, !ok));
	front_ends_text(ctl, answer);
	health_text(ctl, "register", "", json_object_get(answer, "register"));
	if (is_refused(json_object_get(answer, "configuration"))) {
		health_text(ctl, "configuration", "", json_object_get(answer, "configuration"));
	}
	if (json_is_false(json_object_get(answer, "clock_synchronized"))) {
		clock_text(ctl);
	}
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		ok = json_is_true(json_object_get(meter, "ok"));
		mm_cell_as(MM_FORMAT_TEXT, meter, "name", text);
		fprintf(ctl->out, "  %smeter ", mm_paint(ctl, !ok));
		mm_text_pad(ctl->out, text, 8, false);
		at = 10 + (mm_text_columns(text) > 8 ? mm_text_columns(text) : 8);
		fputs("  ", ctl->out);
		mm_cell_as(MM_FORMAT_FLAGS, meter, "faults", text);
		mm_text_wrap(ctl->out, ctl->width, at, ok ? "ok" : text);
		fputs(mm_unpaint(ctl, !ok), ctl->out);
	}
	mm_writer_record(ctl->out, ctl->width, status_columns, COUNT_OF(status_columns), answer);
}

/* ---- Waiting ---- */

struct wait {
	struct mm_ctl *ctl;
	int64_t until_ms;
	char last[MM_CELL_MAX]; /* the state, or that nobody answers, as it was said last */
};

static int64_t now_ms(void)
{
	return mm_now(CLOCK_BOOTTIME) / NS_PER_MS;
}

static bool meters(const json_t *answer)
{
	const char *state = json_string_value(json_object_get(json_object_get(answer, "front_end"), "state"));

	return state != NULL && strcmp(state, "ok") == 0;
}

/* Is this something else than what was said last? */
static bool is_news(struct wait *wait, const char *state)
{
	if (strcmp(state, wait->last) == 0) {
		return false;
	}
	snprintf(wait->last, sizeof(wait->last), "%s", state);
	return true;
}

/* The first of several that is in that state: "front end flat", or "the front end". */
static void find_name(const json_t *answer, const char *state, char ret[static MM_CELL_MAX + 16])
{
	const json_t *front_ends = json_object_get(answer, "front_ends");
	char name[MM_CELL_MAX], its_state[MM_CELL_MAX];
	json_t *front_end;
	size_t i;

	snprintf(ret, MM_CELL_MAX + 16, "the front end");
	json_array_foreach(front_ends, i, front_end)
	{
		mm_cell_as(MM_FORMAT_TEXT, front_end, "name", name);
		mm_cell_as(MM_FORMAT_TEXT, json_object_get(front_end, "health"), "state", its_state);
		if (strcmp(its_state, state) == 0 && name[0] != '\0') {
			snprintf(ret, MM_CELL_MAX + 16, "front end %s", name);
			return;
		}
	}
}

/* Says what is waited for, once for each state. */
static void say(struct wait *wait, const json_t *answer)
{
	const json_t *front_end = json_object_get(answer, "front_end");
	char state[MM_CELL_MAX], reason[MM_CELL_MAX] = "", name[MM_CELL_MAX + 16];

	mm_cell_as(MM_FORMAT_TEXT, front_end, "state", state);
	if (!is_news(wait, state)) {
		return;
	}
	if (json_is_string(json_object_get(front_end, "reason"))) {
		mm_cell_as(MM_FORMAT_TEXT, front_end, "reason", reason);
	}
	find_name(answer, state, name);
	(void)mm_ctl_fail(wait->ctl, MM_CTL_FINE, "waiting: %s is %s%s%s", name, state, reason[0] != '\0' ? ": " : "", reason);
}

static bool is_lost(int r)
{
	return r == -ECONNRESET || r == -ETIMEDOUT || r == -ECONNREFUSED || r == -ENOENT;
}

/* Asks once. A connection that is lost is made again, and one that cannot be made is tried again: the daemon may be about to
 * start. */
static int ask(struct wait *wait, json_t **ret)
{
	struct mm_ctl *ctl = wait->ctl;
	struct mm_error error = {0};
	int r = 0;

	if (ctl->client == NULL) {
		r = mm_ctl_open(ctl, MM_CTL_SOCKET_READ, &ctl->client, &error);
		if (is_lost(r) && is_news(wait, "unreachable")) {
			(void)mm_ctl_fail(ctl, MM_CTL_FINE, "waiting: %s", error.text);
		}
	}
	if (r == 0) {
		r = mm_client_call(ctl->client, "org.minimeter.Status", NULL, ret, &error);
	}
	if (r == 0) {
		return MM_CTL_FINE;
	}
	if (!is_lost(r)) {
		return mm_ctl_fail_client(ctl, r, &error);
	}
	mm_client_free(ctl->client);
	ctl->client = NULL;
	return now_ms() < wait->until_ms ? MM_CTL_FINE : mm_ctl_fail(ctl, MM_CTL_UNREACHABLE, "%s", error.text);
}

/* Until it meters or the time is over; *ret is the last answer. */
static int wait_until_it_meters(struct mm_ctl *ctl, json_t **ret)
{
	struct wait wait = {.ctl = ctl, .until_ms = INT64_MAX};
	int64_t seconds = 0;
	int r = mm_ctl_number_option(ctl, MM_OPTION_SECONDS, 1, WAIT_SECONDS_MAX, &seconds);

	if (r != MM_CTL_FINE) {
		return r;
	}
	if (seconds > 0) {
		wait.until_ms = now_ms() + seconds * 1000;
	}
	while (true) {
		json_t *answer = NULL;

		r = ask(&wait, &answer);
		if (r != MM_CTL_FINE || meters(answer) || (answer != NULL && now_ms() >= wait.until_ms)) {
			*ret = answer;
			return r;
		}
		if (answer != NULL) {
			say(&wait, answer);
		}
		json_decref(answer);
		(void)poll(NULL, 0, ASK_MS); /* woken early it asks early */
	}
}

int mm_ctl_status(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	bool ok;
	int r;

	if (ctl->option[MM_OPTION_WAIT] != NULL) {
		r = wait_until_it_meters(ctl, &answer);
	} else if (ctl->option[MM_OPTION_SECONDS] != NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--seconds goes with --wait: 'minimeterctl status --wait --seconds N'");
	} else {
		r = mm_ctl_call(ctl, "org.minimeter.Status", NULL, &answer);
	}
	ok = json_is_true(json_object_get(answer, "ok"));
	r = mm_ctl_show(ctl, r, answer, status_text);
	return r == MM_CTL_FINE && !ok ? MM_CTL_FAULT : r;
}
