/* SPDX-License-Identifier: MIT */
/* What is seen of a load while somebody switches it. */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/reading.h"
#include "core/meter.h"
#include "ctl/check.h"

/* A change of current that is somebody's, not the house's: half of what is asked for. */
#define STEP_LOAD_A 0.5
#define STEP_SWITCHED_A 2.5
/* Windows until a change of load shows. */
#define WINDOWS_AFTER_ENTER 5

/* ---- Readings ---- */

static unsigned loaded_lines(const struct mm_reading *reading)
{
	unsigned count = 0;

	for (size_t e = 0; e < reading->element_count; e++) {
		count += reading->element[e].current_a > MM_PHASING_CURRENT_A;
	}
	return count;
}

static bool is_step(const struct mm_check_watch *watch, const struct mm_reading *reading, size_t e)
{
	double step_a = reading->element[e].current_a - watch->before_a[e];

	return fabs(step_a) >= (watch->line == 0 ? STEP_LOAD_A : STEP_SWITCHED_A);
}

/* The steps since before_a in words; true in *ret_on where one is upwards. */
static void describe(const struct mm_check_watch *watch, const struct mm_reading *reading, bool *ret_on,
		     char ret[static MM_CHECK_SEEN_MAX])
{
	bool own = false, any = false;
	int used = 0;

	*ret_on = false;
	for (size_t e = 0; e < reading->element_count; e++) {
		double step_a = reading->element[e].current_a - watch->before_a[e];

		if (is_step(watch, reading, e)) {
			used += snprintf(ret + used, MM_CHECK_SEEN_MAX - (size_t)used, "%s%+.1f A on line %zu", any ? ", " : "",
					 step_a, e + 1);
			any = true;
			own = own || (int)e + 1 == watch->line;
			*ret_on = *ret_on || step_a > 0;
		}
	}
	if (watch->line > 0 && !own) {
		snprintf(ret + used, MM_CHECK_SEEN_MAX - (size_t)used, ", none on line %d", watch->line);
	}
}

bool mm_check_watch_reading(struct mm_check_watch *watch, const struct mm_reading *reading, char ret[static MM_CHECK_SEEN_MAX])
{
	bool changed = false, on;
	size_t used;

	for (size_t e = 0; e < reading->element_count; e++) {
		changed = changed || is_step(watch, reading, e);
	}
	if (watch->begun && changed && !watch->settling) {
		watch->settling = true; /* this window has a part of the step only */
		return false;
	}
	changed = changed && watch->begun;
	if (changed) {
		describe(watch, reading, &on, ret);
		watch->seen = watch->line == 0 ? loaded_lines(reading) : watch->seen + on;
		used = strlen(ret);
		if (on) {
			snprintf(ret + used, MM_CHECK_SEEN_MAX - used, ", %u of %u", watch->seen, watch->wanted);
		}
	} else if (watch->line == 0) {
		watch->seen = loaded_lines(reading);
	}
	for (size_t e = 0; e < reading->element_count; e++) {
		watch->before_a[e] = reading->element[e].current_a;
	}
	watch->begun = true;
	watch->settling = false;
	return changed;
}

/* ---- The stream ---- */

int mm_check_read_answer(void)
{
	char line[64], rest[64];
	bool whole;

	if (fgets(line, sizeof(line), stdin) == NULL) {
		return EOF;
	}
	for (whole = strchr(line, '\n') != NULL; !whole && fgets(rest, sizeof(rest), stdin) != NULL;) {
		whole = strchr(rest, '\n') != NULL;
	}
	return tolower((unsigned char)line[0]);
}

struct stream {
	struct mm_client *client; /* NULL: none, or at its end */
	int windows;		  /* that are waited for yet; -1: until somebody answers */
};

static struct stream open_stream(struct mm_check *check)
{
	struct stream stream = {.windows = -1};

	if (mm_ctl_open(check->ctl, MM_CTL_SOCKET_READ, &stream.client, NULL) == 0 &&
	    mm_client_send(stream.client, "org.minimeter.Read", json_incref(check->parameters), true, NULL) < 0) {
		mm_client_free(stream.client);
		stream.client = NULL;
	}
	return stream;
}

static void close_stream(struct stream *stream)
{
	mm_client_free(stream->client);
	stream->client = NULL;
}

/* Takes what has come. */
static void take_readings(struct mm_check *check, struct mm_check_watch *watch, struct stream *stream)
{
	char text[MM_CHECK_SEEN_MAX];
	json_t *answer;
	bool more = true;
	int r = 0;

	while (more && stream->windows != 0) {
		struct mm_readings *readings;

		r = mm_client_receive(stream->client, 0, &answer, &more, NULL);
		if (r < 0) {
			break;
		}
		if (mm_readings_new(answer, &readings, NULL) == 0) {
			if (readings->count == 1 && mm_check_watch_reading(watch, &readings->meter[0], text)) {
				fprintf(check->ctl->out, "  %s\n", text);
				fflush(check->ctl->out);
			}
			mm_readings_free(readings);
		}
		json_decref(answer);
		stream->windows -= stream->windows > 0;
	}
	if (!more || (r < 0 && r != -ETIMEDOUT)) {
		close_stream(stream);
	}
}

int mm_check_watch(struct mm_check *check, struct mm_check_watch *watch)
{
	struct stream stream;
	int answer = 0;

	if (feof(stdin)) {
		return EOF; /* a terminal would be waited for */
	}
	stream = open_stream(check);
	while (answer == 0 || (answer == '\n' && stream.client != NULL && stream.windows > 0 && watch->seen < watch->wanted)) {
		struct pollfd fds[] = {
			{.fd = answer == 0 ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = stream.client != NULL ? mm_client_fd(stream.client) : -1, .events = POLLIN},
		};

		if (poll(fds, 2, answer == 0 ? -1 : MM_CLIENT_TIMEOUT_MS) <= 0) {
			break;
		}
		if (fds[1].revents != 0) {
			take_readings(check, watch, &stream);
		}
		if (fds[0].revents != 0) {
			answer = mm_check_read_answer();
			stream.windows = WINDOWS_AFTER_ENTER;
		}
	}
	close_stream(&stream);
	return answer != 0 ? answer : EOF;
}
