/* SPDX-License-Identifier: MIT */
#include "varlink_bench.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

/* ---- The service under test ---- */

static void echo(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct state *state = userdata;

	state->handled++;
	(void)mm_varlink_reply(call, json_deep_copy(parameters), false);
}

static void hold(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct state *state = userdata;

	(void)parameters;
	state->handled++;
	state->held = call;
}

json_t *filler(size_t length)
{
	char *text = malloc(length + 1);
	json_t *json;

	memset(text, 'x', length);
	text[length] = '\0';
	json = json_pack("{s:s}", "x", text);
	free(text);
	return json;
}

/* Answers with as many bytes as it is asked for. */
static void fill(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct state *state = userdata;
	const json_t *length = json_object_get(parameters, "length");

	state->handled++;
	if (!json_is_integer(length)) {
		(void)mm_varlink_invalid_parameter(call, "length");
		return;
	}
	(void)mm_varlink_reply(call, filler((size_t)json_integer_value(length)), false);
}

/* Counts to three, to those who asked for more. */
static void count(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)parameters;
	(void)userdata;
	for (int i = 1; i <= 3; i++) {
		if (i == 3 || !mm_varlink_call_more(call)) {
			(void)mm_varlink_reply(call, json_pack("{s:i}", "i", i), false);
			return;
		}
		ck_assert_int_eq(mm_varlink_reply(call, json_pack("{s:i}", "i", i), true), 0);
	}
}

static const struct mm_varlink_method methods[] = {
	{"org.minimeter.Echo", echo},	{"org.minimeter.Hold", hold},	  {"org.minimeter.Fill", fill},
	{"org.minimeter.Count", count}, {"org.minimeter.NotBuilt", NULL},
};

struct mm_varlink_service service_for(struct state *state)
{
	return (struct mm_varlink_service){
		.vendor = "Vendor",
		.product = "Product",
		.version = "1",
		.url = "https://example.org",
		.interface = "org.minimeter",
		.description = mm_varlink_minimeter_interface,
		.methods = methods,
		.method_count = MM_COUNT_OF(methods),
		.userdata = state,
	};
}

/* ---- One connection and its peer ---- */

static void count_wakeup(struct mm_varlink_conn *conn, void *userdata)
{
	struct pair *p = userdata;

	ck_assert_ptr_eq(conn, p->conn);
	p->state.wakeups++;
}

struct pair *pair_new(void)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	p->service = service_for(&p->state);
	ck_assert_int_eq(mm_varlink_conn_new(fds[0], &p->service, &p->conn), 0);
	mm_varlink_conn_set_wakeup(p->conn, count_wakeup, p);
	p->peer = fds[1];
	return p;
}

void pair_hang_up(struct pair *p)
{
	close(p->peer);
	p->peer = -1;
}

void pair_free(struct pair *p)
{
	mm_varlink_conn_free(p->conn);
	if (p->peer >= 0) {
		close(p->peer);
	}
	free(p->text);
	free(p);
}

int turn(struct mm_varlink_conn *conn)
{
	struct pollfd pollfd = {.fd = mm_varlink_conn_fd(conn), .events = mm_varlink_conn_events(conn)};

	return poll(&pollfd, 1, 0) > 0 ? mm_varlink_conn_process(conn, pollfd.revents) : 1;
}

int pump(struct mm_varlink_conn *conn)
{
	int r;

	do {
		r = turn(conn);
	} while (r == 0);
	return r == 1 ? 0 : r;
}

void send_bytes(struct pair *p, const void *data, size_t length)
{
	ck_assert_int_eq(send(p->peer, data, length, MSG_NOSIGNAL), (ssize_t)length);
}

void send_text(struct pair *p, const char *text)
{
	send_bytes(p, text, strlen(text) + 1);
}

const char *receive(struct pair *p)
{
	size_t used = 0;

	free(p->text);
	p->text = calloc(1, MM_VARLINK_QUEUE_MAX + 1);
	while (used < MM_VARLINK_QUEUE_MAX) {
		ssize_t n = recv(p->peer, p->text + used, MM_VARLINK_QUEUE_MAX - used, MSG_PEEK);

		if (n > 0) {
			size_t length = strnlen(p->text + used, (size_t)n);
			bool whole = length < (size_t)n;

			used += (size_t)recv(p->peer, p->text + used, length + whole, 0);
			if (whole) {
				return p->text;
			}
		} else if (!p->conn || turn(p->conn) != 0) {
			break;
		}
	}
	ck_assert_uint_eq(used, 0);
	return "";
}
