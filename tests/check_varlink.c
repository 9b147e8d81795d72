/* SPDX-License-Identifier: MIT */
/* The Varlink room over socketpairs: framing, limits, order, streams, peers that vanish, and the client against the server. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "varlink/varlink.h"
#include "suite.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ECHO(n) "{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"n\":" #n "}}"
#define ECHOED(n) "{\"parameters\":{\"n\":" #n "}}"
#define HOLD "{\"method\":\"org.minimeter.Hold\"}"
#define HOLD_MORE "{\"method\":\"org.minimeter.Hold\",\"more\":true}"

/* ---- The service under test ---- */

struct state {
	unsigned handled;
	struct mm_varlink_call *held; /* of Hold: answered by the test */
	unsigned drained;
	unsigned wakeups;
};

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

static json_t *filler(size_t length)
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

static struct mm_varlink_service service_for(struct state *state)
{
	return (struct mm_varlink_service){
		.vendor = "Vendor",
		.product = "Product",
		.version = "1",
		.url = "https://example.org",
		.interface = "org.minimeter",
		.description = mm_varlink_minimeter_interface,
		.methods = methods,
		.method_count = ARRAY_SIZE(methods),
		.userdata = state,
	};
}

/* ---- One connection and its peer ---- */

struct pair {
	struct state state;
	struct mm_varlink_service service;
	struct mm_varlink_conn *conn;
	int peer;
	char *text; /* the last reply received */
};

static void count_wakeup(struct mm_varlink_conn *conn, void *userdata)
{
	struct pair *p = userdata;

	ck_assert_ptr_eq(conn, p->conn);
	p->state.wakeups++;
}

static struct pair *pair_new(void)
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

static void pair_hang_up(struct pair *p)
{
	close(p->peer);
	p->peer = -1;
}

static void pair_free(struct pair *p)
{
	mm_varlink_conn_free(p->conn);
	if (p->peer >= 0) {
		close(p->peer);
	}
	free(p->text);
	free(p);
}

/* One round of an event loop; 1 where there was nothing to do. */
static int turn(struct mm_varlink_conn *conn)
{
	struct pollfd pollfd = {.fd = mm_varlink_conn_fd(conn), .events = mm_varlink_conn_events(conn)};

	return poll(&pollfd, 1, 0) > 0 ? mm_varlink_conn_process(conn, pollfd.revents) : 1;
}

/* Rounds until all is quiet (0) or the connection is to be dropped (negative). */
static int pump(struct mm_varlink_conn *conn)
{
	int r;

	do {
		r = turn(conn);
	} while (r == 0);
	return r == 1 ? 0 : r;
}

static void send_bytes(struct pair *p, const void *data, size_t length)
{
	ck_assert_int_eq(send(p->peer, data, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void send_text(struct pair *p, const char *text)
{
	send_bytes(p, text, strlen(text) + 1);
}

/* The next reply, or "" where none has come whole. The connection takes its turns meanwhile. */
static const char *receive(struct pair *p)
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

#define ck_assert_exchange(p, request, reply)                                                                                    \
	do {                                                                                                                     \
		send_text(p, request);                                                                                           \
		ck_assert_int_eq(pump((p)->conn), 0);                                                                            \
		ck_assert_str_eq(receive(p), reply);                                                                             \
	} while (0)

/* ---- Requests ---- */

START_TEST(test_echo)
{
	struct pair *p = pair_new();

	ck_assert_int_eq(mm_varlink_conn_events(p->conn), POLLIN);
	ck_assert_exchange(p, ECHO(1), ECHOED(1));
	ck_assert_exchange(p, "{\"method\":\"org.minimeter.Echo\"}", "{\"parameters\":{}}");
	ck_assert_exchange(p, "{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"wh\":0.1,\"uwh\":9007199254740993}}",
			   "{\"parameters\":{\"wh\":0.1,\"uwh\":9007199254740993}}");
	ck_assert_uint_eq(p->state.wakeups, 0);
	pair_free(p);
}
END_TEST

START_TEST(test_byte_at_a_time)
{
	static const char text[] = ECHO(7);
	struct pair *p = pair_new();

	for (size_t i = 0; i < sizeof(text); i++) {
		ck_assert_uint_eq(p->state.handled, 0);
		ck_assert(mm_varlink_conn_idle(p->conn));
		send_bytes(p, &text[i], 1);
		ck_assert_int_eq(pump(p->conn), 0);
	}
	ck_assert_str_eq(receive(p), ECHOED(7));
	pair_free(p);
}
END_TEST

START_TEST(test_several_in_one_write)
{
	static const char text[] = ECHO(1) "\0" ECHO(2) "\0" HOLD "\0" ECHO(4) "\0{\"method\":";
	static const char rest[] = "\"org.minimeter.Echo\",\"parameters\":{\"n\":5}}";
	struct pair *p = pair_new();

	send_bytes(p, text, sizeof(text) - 1);
	/* One a turn, so that others get theirs. */
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_int_eq(turn(p->conn), 0);
		ck_assert_uint_eq(p->state.handled, i);
	}
	/* While one is held, the next waits. */
	ck_assert_int_eq(mm_varlink_conn_events(p->conn), 0);
	ck_assert(!mm_varlink_conn_idle(p->conn));
	ck_assert_int_eq(pump(p->conn), 0);
	ck_assert_uint_eq(p->state.handled, 3);
	ck_assert_str_eq(receive(p), ECHOED(1));
	ck_assert_str_eq(receive(p), ECHOED(2));
	ck_assert_str_eq(receive(p), "");
	/* The late answer says that there is something to do again, though no byte arrives. */
	ck_assert_int_eq(mm_varlink_reply(p->state.held, json_pack("{s:i}", "n", 3), false), 0);
	ck_assert_uint_eq(p->state.wakeups, 1);
	ck_assert_int_eq(pump(p->conn), 0);
	ck_assert_str_eq(receive(p), ECHOED(3));
	ck_assert_str_eq(receive(p), ECHOED(4));
	send_bytes(p, rest, sizeof(rest));
	ck_assert_str_eq(receive(p), ECHOED(5));
	pair_free(p);
}
END_TEST

START_TEST(test_half_a_message_then_close)
{
	struct pair *p = pair_new();

	send_bytes(p, ECHO(1), 20);
	ck_assert_int_eq(pump(p->conn), 0);
	pair_hang_up(p);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	ck_assert_uint_eq(p->state.handled, 0);
	pair_free(p);
}
END_TEST

START_TEST(test_ten_megabytes)
{
	static char garbage[64 * 1024];
	struct pair *p = pair_new();
	size_t sent = 0;
	int left, r = 0;

	memset(garbage, '[', sizeof(garbage));
	while (r == 0 && sent < 10 * 1024 * 1024) {
		ssize_t n = send(p->peer, garbage, sizeof(garbage), MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		r = pump(p->conn);
	}
	ck_assert_int_eq(r, -EMSGSIZE);
	ck_assert_int_eq(ioctl(mm_varlink_conn_fd(p->conn), FIONREAD, &left), 0);
	ck_assert_uint_eq(sent - (size_t)left, MM_VARLINK_REQUEST_MAX);
	/* It stays dropped, whatever is asked of it. */
	ck_assert_int_eq(mm_varlink_conn_events(p->conn), 0);
	ck_assert_int_eq(turn(p->conn), -EMSGSIZE);
	pair_free(p);
}
END_TEST

START_TEST(test_longest_request)
{
	static const char head[] = "{\"method\":\"org.minimeter.Echo\",\"x\":\"", tail[] = "\"}";
	size_t fill_length = MM_VARLINK_REQUEST_MAX - (sizeof(head) - 1) - sizeof(tail);
	char *text = malloc(MM_VARLINK_REQUEST_MAX + 1);

	for (size_t over = 0; over <= 1; over++) {
		struct pair *p = pair_new();

		memcpy(text, head, sizeof(head) - 1);
		memset(text + sizeof(head) - 1, 'x', fill_length + over);
		memcpy(text + sizeof(head) - 1 + fill_length + over, tail, sizeof(tail));
		send_bytes(p, text, MM_VARLINK_REQUEST_MAX + over);
		ck_assert_int_eq(pump(p->conn), over ? -EMSGSIZE : 0);
		ck_assert_uint_eq(p->state.handled, 1 - over);
		pair_free(p);
	}
	free(text);
}
END_TEST

static const char *const bad_requests[] = {
	"",
	" ",
	"garbage",
	"GET / HTTP/1.1\r\n\r\n",
	"{\"method\":\"org.minimeter.Echo\"",
	"{\"method\":\"org.minimeter.Echo\"}}",
	"{\"method\":\"org.minimeter.Echo\"} {}",
	"[]",
	"\"org.minimeter.Echo\"",
	"null",
	"{}",
	"{\"method\":1}",
	"{\"method\":null}",
	"{\"method\":[\"org.minimeter.Echo\"]}",
	"{\"Method\":\"org.minimeter.Echo\"}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":[]}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":null}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":\"{}\"}",
	"{\"method\":\"org.minimeter.Echo\",\"more\":1}",
	"{\"method\":\"org.minimeter.Echo\",\"more\":\"true\"}",
	"{\"method\":\"org.minimeter.Echo\",\"oneway\":null}",
	"{\"method\":\"org.minimeter.Echo\",\"more\":true,\"oneway\":true}",
	"{\"method\":\"org.minimeter.Echo\",\"method\":\"org.minimeter.Echo\"}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"a\":1,\"a\":2}}",
	"{\"method\":\"org.minimeter.\xff\"}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"a\":\"\xc0\xaf\"}}",
	"{\"method\":\"org.minimeter.Echo\\u0000\"}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"a\":99999999999999999999}}",
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"a\":1e999}}",
	/* 17 deep */
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}}",
	/* An escaped quote does not end a string: 17 deep all the same. */
	"{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"\\\"\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}}",
};

START_TEST(test_bad_request)
{
	struct pair *p = pair_new();

	send_text(p, bad_requests[_i]);
	send_text(p, ECHO(1));
	ck_assert_int_eq(pump(p->conn), -EBADMSG);
	ck_assert_uint_eq(p->state.handled, 0);
	ck_assert_str_eq(receive(p), "");
	pair_free(p);
}
END_TEST

static const char *const odd_requests[] = {
	"{\"method\":\"org.minimeter.Echo\"}",
	" {\"method\" : \"org.minimeter.Echo\" , \"parameters\" : { } }\n",
	"{\"unknown\":[1,{}],\"method\":\"org.minimeter.Echo\",\"upgrade\":false}",
	"{\"method\":\"org.minimeter.Echo\",\"more\":true}",
	"{\"method\":\"org.minimeter.Echo\",\"more\":false,\"oneway\":false}",
	/* 16 deep */
	"{\"method\":\"org.minimeter.Echo\",\"x\":{\"a\":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}}",
	/* Brackets in strings nest nothing. */
	"{\"method\":\"org.minimeter.Echo\",\"x\":\"[[[[[[[[[[[[[[[[[[[[[[[\\\"{{{{{{{{{{{{{{{{{{{{{{{{{\"}",
	/* Nor do brackets side by side. */
	"{\"method\":\"org.minimeter.Echo\",\"x\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],{},{},{}]}",
};

START_TEST(test_odd_request)
{
	struct pair *p = pair_new();

	ck_assert_exchange(p, odd_requests[_i], "{\"parameters\":{}}");
	pair_free(p);
}
END_TEST

START_TEST(test_deep_nesting)
{
	struct pair *p = pair_new();
	char *text = malloc(MM_VARLINK_REQUEST_MAX);

	memset(text, '[', MM_VARLINK_REQUEST_MAX - 1);
	text[MM_VARLINK_REQUEST_MAX - 1] = '\0';
	send_bytes(p, text, MM_VARLINK_REQUEST_MAX);
	ck_assert_int_eq(pump(p->conn), -EBADMSG);
	free(text);
	pair_free(p);
}
END_TEST

/* ---- Dispatch ---- */

static const struct {
	const char *request, *reply;
} dispatched[] = {
	{"{\"method\":\"org.minimeter.Nothing\"}",
	 "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"org.minimeter.Nothing\"}}"},
	{"{\"method\":\"org.minimeter.NotBuilt\"}",
	 "{\"error\":\"org.varlink.service.MethodNotImplemented\",\"parameters\":{\"method\":\"org.minimeter.NotBuilt\"}}"},
	{"{\"method\":\"org.varlink.service.Nothing\"}",
	 "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"org.varlink.service.Nothing\"}}"},
	{"{\"method\":\"org.mini.Read\"}",
	 "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":\"org.mini\"}}"},
	{"{\"method\":\"Echo\"}", "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"Echo\"}}"},
	{"{\"method\":\"\"}", "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"\"}}"},
	{"{\"method\":\"org.minimeter.Fill\",\"parameters\":{\"length\":\"1\"}}",
	 "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"length\"}}"},
	{"{\"method\":\"org.varlink.service.GetInfo\"}",
	 "{\"parameters\":{\"vendor\":\"Vendor\",\"product\":\"Product\",\"version\":\"1\",\"url\":\"https://example.org\","
	 "\"interfaces\":[\"org.varlink.service\",\"org.minimeter\"]}}"},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
	 "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"interface\"}}"},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":1}}",
	 "{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"interface\"}}"},
	{"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.mini\"}}",
	 "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":\"org.mini\"}}"},
};

START_TEST(test_dispatch)
{
	struct pair *p = pair_new();

	ck_assert_exchange(p, dispatched[_i].request, dispatched[_i].reply);
	ck_assert_exchange(p, ECHO(1), ECHOED(1));
	pair_free(p);
}
END_TEST

START_TEST(test_interface_description)
{
	struct pair *p = pair_new();
	json_t *reply;
	const char *description;

	send_text(
		p,
		"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.minimeter\"}}");
	reply = json_loads(receive(p), 0, NULL);
	ck_assert_int_eq(json_unpack(reply, "{s:{s:s}}", "parameters", "description", &description), 0);
	ck_assert_str_eq(description, mm_varlink_minimeter_interface);
	/* The text survived its way through the build: begin, quotes, end. */
	ck_assert_int_eq(strncmp(description, "# Readings of the kWh meters", 28), 0);
	ck_assert_ptr_nonnull(strstr(description, "\ninterface org.minimeter\n"));
	ck_assert_ptr_nonnull(strstr(description, "with \"more\" again after every window.\nmethod Read("));
	ck_assert_ptr_nonnull(strstr(description, "\nerror RegisterFailed (reason: string)\n"));
	json_decref(reply);

	send_text(p, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		     "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
	ck_assert_ptr_nonnull(strstr(receive(p), "interface org.varlink.service\\n"));
	pair_free(p);
}
END_TEST

START_TEST(test_peer)
{
	struct pair *p = pair_new();

	send_text(p, HOLD);
	ck_assert_int_eq(pump(p->conn), 0);
	ck_assert_int_eq(mm_varlink_conn_peer(p->conn)->pid, getpid());
	ck_assert_uint_eq(mm_varlink_call_peer(p->state.held)->uid, geteuid());
	ck_assert_uint_eq(mm_varlink_call_peer(p->state.held)->gid, getegid());
	ck_assert_int_eq(mm_varlink_error(p->state.held, "org.minimeter.Busy", NULL), 0);
	ck_assert_str_eq(receive(p), "{\"error\":\"org.minimeter.Busy\",\"parameters\":{}}");
	pair_free(p);
}
END_TEST

START_TEST(test_not_a_socket)
{
	struct state state = {0};
	struct mm_varlink_service service = service_for(&state);
	struct mm_varlink_conn *conn = NULL;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(mm_varlink_conn_new(fds[0], &service, &conn), -ENOTSOCK);
	ck_assert_ptr_null(conn);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	mm_varlink_conn_free(NULL);
}
END_TEST

START_TEST(test_oneway)
{
	struct pair *p = pair_new();

	send_text(p, "{\"method\":\"org.minimeter.Echo\",\"oneway\":true}");
	send_text(p, "{\"method\":\"org.minimeter.Nothing\",\"oneway\":true}");
	ck_assert_exchange(p, ECHO(2), ECHOED(2));
	ck_assert_uint_eq(p->state.handled, 2);
	/* What was said before hanging up is still done. */
	send_text(p, "{\"method\":\"org.minimeter.Echo\",\"oneway\":true}");
	send_text(p, "{\"method\":\"org.minimeter.Echo\",\"oneway\":true}");
	pair_hang_up(p);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	ck_assert_uint_eq(p->state.handled, 4);
	pair_free(p);
}
END_TEST

/* ---- Streams and slow readers ---- */

START_TEST(test_more)
{
	struct pair *p = pair_new();

	send_text(p, "{\"method\":\"org.minimeter.Count\",\"more\":true}");
	ck_assert_str_eq(receive(p), "{\"parameters\":{\"i\":1},\"continues\":true}");
	ck_assert_str_eq(receive(p), "{\"parameters\":{\"i\":2},\"continues\":true}");
	ck_assert_str_eq(receive(p), "{\"parameters\":{\"i\":3}}");
	ck_assert_exchange(p, "{\"method\":\"org.minimeter.Count\"}", "{\"parameters\":{\"i\":1}}");
	pair_free(p);
}
END_TEST

START_TEST(test_stream_watches_for_hang_up_only)
{
	struct pair *p = pair_new();

	send_text(p, HOLD_MORE);
	send_text(p, ECHO(1));
	ck_assert_int_eq(pump(p->conn), 0);
	ck_assert_int_eq(mm_varlink_conn_events(p->conn), 0);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(mm_varlink_reply(p->state.held, json_pack("{s:i}", "i", i), true), 0);
		ck_assert_int_eq(pump(p->conn), 0);
		ck_assert_ptr_nonnull(strstr(receive(p), "\"continues\":true"));
	}
	ck_assert_uint_eq(p->state.handled, 1);
	pair_hang_up(p);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	ck_assert(mm_varlink_call_gone(p->state.held));
	ck_assert_int_eq(mm_varlink_reply(p->state.held, NULL, true), -ECONNRESET);
	mm_varlink_call_unref(p->state.held);
	pair_free(p);
}
END_TEST

START_TEST(test_peer_that_never_reads)
{
	static const char request[] = "{\"method\":\"org.minimeter.Fill\",\"parameters\":{\"length\":100000}}";
	struct pair *deaf = pair_new(), *other = pair_new();
	unsigned sent = 0;

	while (send(deaf->peer, request, sizeof(request), MSG_NOSIGNAL) == sizeof(request)) {
		sent++;
		ck_assert_int_eq(pump(deaf->conn), 0);
	}
	/* It is given no more than the socket's buffer and one answer; it is its turn; nobody else minds. */
	ck_assert_uint_gt(sent, 100);
	ck_assert_uint_lt(deaf->state.handled, 10);
	ck_assert(mm_varlink_conn_idle(deaf->conn));
	ck_assert_int_eq(mm_varlink_conn_events(deaf->conn), POLLOUT);
	ck_assert_exchange(other, ECHO(1), ECHOED(1));
	/* When it reads after all, everything is there and in order. */
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_uint_eq(strlen(receive(deaf)), 100000 + strlen("{\"parameters\":{\"x\":\"\"}}"));
	}
	pair_hang_up(deaf);
	ck_assert_int_eq(pump(deaf->conn), -ECONNRESET);
	pair_free(deaf);
	pair_free(other);
}
END_TEST

START_TEST(test_slow_stream)
{
	struct pair *p = pair_new();
	unsigned queued = 0;

	send_text(p, HOLD_MORE);
	ck_assert_int_eq(pump(p->conn), 0);
	while (mm_varlink_reply(p->state.held, filler(100000), true) == 0) {
		ck_assert_uint_lt(++queued, 20);
	}
	/* The queue's five, and what the socket took. The wakeup asked for POLLOUT once. */
	ck_assert_uint_ge(queued, 5);
	ck_assert_uint_eq(p->state.wakeups, 1);
	ck_assert_int_eq(mm_varlink_reply(p->state.held, filler(100000), true), -ENOBUFS);
	ck_assert(!mm_varlink_call_gone(p->state.held));
	ck_assert(mm_varlink_conn_idle(p->conn));
	for (unsigned i = 0; i < queued; i++) {
		ck_assert_uint_eq(strlen(receive(p)), 100000 + strlen("{\"parameters\":{\"x\":\"\"},\"continues\":true}"));
	}
	ck_assert_str_eq(receive(p), "");
	ck_assert(!mm_varlink_conn_idle(p->conn));
	ck_assert_int_eq(mm_varlink_reply(p->state.held, NULL, false), 0);
	ck_assert_str_eq(receive(p), "{\"parameters\":{}}");
	pair_free(p);
}
END_TEST

static void page(struct mm_varlink_call *call, void *userdata)
{
	struct state *state = userdata;

	state->drained++;
	if (mm_varlink_call_gone(call)) {
		mm_varlink_call_unref(call);
		state->held = NULL;
	} else if (state->drained == 10) {
		(void)mm_varlink_reply(call, NULL, false);
	} else {
		ck_assert_int_eq(mm_varlink_reply(call, filler(400000), true), 0);
		mm_varlink_call_when_drained(call, page, state);
	}
}

static void count_drained(struct mm_varlink_call *call, void *userdata)
{
	struct state *state = userdata;

	(void)call;
	state->drained++;
}

START_TEST(test_when_drained)
{
	struct pair *p = pair_new();

	send_text(p, HOLD_MORE);
	ck_assert_int_eq(pump(p->conn), 0);
	mm_varlink_call_when_drained(p->state.held, count_drained, &p->state);
	ck_assert_int_eq(mm_varlink_conn_events(p->conn), POLLOUT);
	ck_assert_int_eq(pump(p->conn), 0);
	ck_assert_int_eq(mm_varlink_conn_events(p->conn), 0);
	ck_assert_uint_eq(p->state.drained, 1);

	p->state.drained = 0;
	mm_varlink_call_when_drained(p->state.held, page, &p->state);
	ck_assert_uint_eq(p->state.wakeups, 2);
	ck_assert_uint_eq(p->state.drained, 0);
	/* Much more than the queue holds, at the reader's pace and without a loss. */
	for (unsigned i = 1; i < 10; i++) {
		ck_assert_uint_gt(strlen(receive(p)), 400000);
		ck_assert_uint_le(p->state.drained, i + 1);
	}
	ck_assert_str_eq(receive(p), "{\"parameters\":{}}");

	send_text(p, HOLD_MORE);
	ck_assert_int_eq(pump(p->conn), 0);
	p->state.drained = 0;
	mm_varlink_call_when_drained(p->state.held, page, &p->state);
	pair_hang_up(p);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	ck_assert_uint_eq(p->state.drained, 0);
	mm_varlink_conn_free(p->conn);
	p->conn = NULL;
	ck_assert_uint_eq(p->state.drained, 1);
	ck_assert_ptr_null(p->state.held);
	pair_free(p);
}
END_TEST

START_TEST(test_answer_too_long)
{
	/* 0: in process(), 1: late, 2: as one of a stream */
	for (int way = 0; way <= 2; way++) {
		struct pair *p = pair_new();

		if (way == 0) {
			send_text(p, "{\"method\":\"org.minimeter.Fill\",\"parameters\":{\"length\":600000}}");
			ck_assert_int_eq(pump(p->conn), -ENOBUFS);
		} else {
			send_text(p, HOLD_MORE);
			ck_assert_int_eq(pump(p->conn), 0);
			ck_assert_int_eq(mm_varlink_reply(p->state.held, filler(600000), way == 2), -ENOBUFS);
			ck_assert_int_eq(pump(p->conn), way == 2 ? 0 : -ENOBUFS);
		}
		ck_assert_str_eq(receive(p), "");
		if (way == 2) {
			mm_varlink_call_unref(p->state.held);
			ck_assert_int_eq(pump(p->conn), -ECONNRESET);
		}
		pair_free(p);
	}
}
END_TEST

/* ---- Peers that vanish ---- */

START_TEST(test_late_answer_to_nobody)
{
	for (int way = 0; way < 4; way++) {
		struct pair *p = pair_new();
		struct mm_varlink_call *call;

		send_text(p, HOLD);
		ck_assert_int_eq(pump(p->conn), 0);
		call = p->state.held;
		pair_hang_up(p);
		ck_assert_int_eq(pump(p->conn), -ECONNRESET);
		ck_assert(mm_varlink_call_gone(call));
		if (way == 3) {
			/* Failed, not yet freed. */
			ck_assert_int_eq(mm_varlink_reply(call, json_object(), false), -ECONNRESET);
			pair_free(p);
			continue;
		}
		pair_free(p);
		ck_assert(mm_varlink_call_gone(call));
		ck_assert_int_eq(mm_varlink_call_peer(call)->pid, getpid());
		if (way == 0) {
			ck_assert_int_eq(mm_varlink_reply(call, json_object(), false), -ECONNRESET);
		} else if (way == 1) {
			ck_assert_int_eq(mm_varlink_error(call, "org.minimeter.Busy", json_object()), -ECONNRESET);
		} else {
			mm_varlink_call_unref(call);
		}
	}
}
END_TEST

/* The peer is gone, but nobody has told us: the write must not raise SIGPIPE. */
START_TEST(test_answer_into_a_closed_socket)
{
	struct pair *p = pair_new();

	send_text(p, HOLD_MORE);
	ck_assert_int_eq(pump(p->conn), 0);
	pair_hang_up(p);
	ck_assert_int_eq(mm_varlink_reply(p->state.held, NULL, true), 0);
	ck_assert(mm_varlink_call_gone(p->state.held));
	ck_assert_int_eq(mm_varlink_reply(p->state.held, NULL, true), -ECONNRESET);
	ck_assert_int_eq(mm_varlink_reply(p->state.held, NULL, false), -ECONNRESET);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	pair_free(p);
}
END_TEST

/* printf | socat: the peer has said its last word, but listens on. */
START_TEST(test_half_closed)
{
	struct pair *p = pair_new();

	send_text(p, HOLD);
	send_text(p, ECHO(2));
	ck_assert_int_eq(shutdown(p->peer, SHUT_WR), 0);
	ck_assert_int_eq(pump(p->conn), 0);
	ck_assert_int_eq(mm_varlink_reply(p->state.held, NULL, false), 0);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	ck_assert_str_eq(receive(p), "{\"parameters\":{}}");
	ck_assert_str_eq(receive(p), ECHOED(2));
	pair_free(p);
}
END_TEST

START_TEST(test_call_given_up)
{
	struct pair *p = pair_new();

	send_text(p, HOLD);
	ck_assert_int_eq(pump(p->conn), 0);
	mm_varlink_call_unref(p->state.held);
	ck_assert_int_eq(pump(p->conn), -ECONNRESET);
	pair_free(p);
}
END_TEST

/* ---- Client ---- */

struct listener {
	char directory[64];
	char path[96];
	int fd;
};

static struct listener listener_new(void)
{
	struct listener l = {.directory = "/tmp/check_varlink.XXXXXX"};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	ck_assert_ptr_nonnull(mkdtemp(l.directory));
	snprintf(l.path, sizeof(l.path), "%s/socket", l.directory);
	memcpy(address.sun_path, l.path, sizeof(l.path));
	l.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(l.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(l.fd, 5), 0);
	return l;
}

static void listener_free(struct listener *l)
{
	close(l->fd);
	unlink(l->path);
	rmdir(l->directory);
}

/* Serves connections one after the other until one asks to Hold. */
static void *serve(void *userdata)
{
	struct listener *l = userdata;
	struct state state = {0};
	struct mm_varlink_service service = service_for(&state);

	while (!state.held) {
		struct mm_varlink_conn *conn;
		int r = 0;

		ck_assert_int_eq(mm_varlink_conn_new(accept4(l->fd, NULL, NULL, SOCK_NONBLOCK), &service, &conn), 0);
		while (r == 0) {
			struct pollfd pollfd = {.fd = mm_varlink_conn_fd(conn), .events = mm_varlink_conn_events(conn)};

			(void)poll(&pollfd, 1, -1);
			r = mm_varlink_conn_process(conn, pollfd.revents);
		}
		mm_varlink_conn_free(conn);
	}
	mm_varlink_call_unref(state.held);
	return NULL;
}

START_TEST(test_client)
{
	struct listener l = listener_new();
	struct mm_varlink_client *client;
	json_t *parameters;
	bool continues;
	char *error;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, serve, &l), 0);
	ck_assert_int_eq(mm_varlink_client_connect(l.path, &client), 0);
	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Echo", json_pack("{s:i}", "n", 1), false), 0);
	ck_assert_int_eq(mm_varlink_client_receive(client, -1, &parameters, &error, &continues), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(parameters, "n")), 1);
	ck_assert_ptr_null(error);
	ck_assert(!continues);
	json_decref(parameters);

	/* Longer than a socket's buffer */
	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Fill", json_pack("{s:i}", "length", 500000), false), 0);
	ck_assert_int_eq(mm_varlink_client_receive(client, -1, &parameters, &error, &continues), 0);
	ck_assert_uint_eq(json_string_length(json_object_get(parameters, "x")), 500000);
	json_decref(parameters);

	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Nothing", NULL, false), 0);
	ck_assert_int_eq(mm_varlink_client_receive(client, -1, &parameters, &error, &continues), 0);
	ck_assert_str_eq(error, "org.varlink.service.MethodNotFound");
	json_decref(parameters);
	free(error);

	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Count", NULL, true), 0);
	for (int i = 1; i <= 3; i++) {
		ck_assert_int_eq(mm_varlink_client_receive(client, -1, &parameters, &error, &continues), 0);
		ck_assert_int_eq(json_integer_value(json_object_get(parameters, "i")), i);
		ck_assert(continues == (i < 3));
		json_decref(parameters);
	}

	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Hold", NULL, false), 0);
	ck_assert_int_eq(mm_varlink_client_receive(client, 0, &parameters, &error, &continues), -ETIMEDOUT);
	mm_varlink_client_free(client);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	listener_free(&l);
}
END_TEST

#define WHOLE(text) text, sizeof(text)

static const struct {
	const char *reply;
	size_t length;
	int result;
} bad_replies[] = {
	{"", 0, -ECONNRESET},
	{"{\"parameters\":{", 15, -ECONNRESET},
	{WHOLE(""), -EBADMSG},
	{WHOLE("[]"), -EBADMSG},
	{WHOLE("{\"parameters\":[]}"), -EBADMSG},
	{WHOLE("{\"error\":1}"), -EBADMSG},
	{WHOLE("{\"continues\":1}"), -EBADMSG},
	{WHOLE("{\"parameters\":{\"a\":1,\"a\":1}}"), -EBADMSG},
	{WHOLE("{}"), 0},
};

START_TEST(test_client_bad_reply)
{
	struct listener l = listener_new();
	struct mm_varlink_client *client;
	json_t *parameters = NULL;
	bool continues;
	char *error;
	int fd;

	ck_assert_int_eq(mm_varlink_client_connect(l.path, &client), 0);
	fd = accept(l.fd, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(mm_varlink_client_receive(client, 1, &parameters, &error, &continues), -ETIMEDOUT);
	ck_assert_int_eq(write(fd, bad_replies[_i].reply, bad_replies[_i].length), (ssize_t)bad_replies[_i].length);
	close(fd);
	ck_assert_int_eq(mm_varlink_client_receive(client, -1, &parameters, &error, &continues), bad_replies[_i].result);
	ck_assert((bad_replies[_i].result == 0) == (parameters != NULL));
	json_decref(parameters);
	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Echo", NULL, false), -ECONNRESET);
	mm_varlink_client_free(client);
	listener_free(&l);
}
END_TEST

struct flood {
	int fd;
	size_t sent;
};

static void *flood(void *userdata)
{
	static char garbage[4096];
	struct flood *f = userdata;
	ssize_t n;

	memset(garbage, 'x', sizeof(garbage));
	while ((n = send(f->fd, garbage, sizeof(garbage), MSG_NOSIGNAL)) > 0) {
		f->sent += (size_t)n;
	}
	return NULL;
}

START_TEST(test_client_endless_reply)
{
	struct listener l = listener_new();
	struct flood f = {.sent = 0};
	struct mm_varlink_client *client;
	json_t *parameters;
	bool continues;
	char *error;
	pthread_t thread;

	ck_assert_int_eq(mm_varlink_client_connect(l.path, &client), 0);
	f.fd = accept(l.fd, NULL, NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, flood, &f), 0);
	ck_assert_int_eq(mm_varlink_client_receive(client, -1, &parameters, &error, &continues), -EMSGSIZE);
	mm_varlink_client_free(client);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	/* What the client took, and at most the socket's buffer. */
	ck_assert_uint_ge(f.sent, MM_VARLINK_QUEUE_MAX);
	ck_assert_uint_lt(f.sent, 4 * MM_VARLINK_QUEUE_MAX);
	close(f.fd);
	listener_free(&l);
}
END_TEST

START_TEST(test_client_errors)
{
	struct mm_varlink_client *client = NULL;
	struct listener l = listener_new();
	char path[200];

	ck_assert_int_eq(mm_varlink_client_connect("/nonexistent/minimeter.sock", &client), -ENOENT);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(mm_varlink_client_connect(path, &client), -ENAMETOOLONG);
	ck_assert_ptr_null(client);
	ck_assert_int_eq(mm_varlink_client_connect(l.path, &client), 0);
	ck_assert_int_eq(mm_varlink_client_send(client, "org.minimeter.Echo", filler(MM_VARLINK_REQUEST_MAX), false), -ENOBUFS);
	mm_varlink_client_free(client);
	mm_varlink_client_free(NULL);
	listener_free(&l);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("varlink");
	TCase *requests = tcase_create("requests"), *dispatch = tcase_create("dispatch"), *streams = tcase_create("streams");
	TCase *vanish = tcase_create("vanish"), *client = tcase_create("client");
	tcase_add_test(requests, test_echo);
	tcase_add_test(requests, test_byte_at_a_time);
	tcase_add_test(requests, test_several_in_one_write);
	tcase_add_test(requests, test_half_a_message_then_close);
	tcase_add_test(requests, test_ten_megabytes);
	tcase_add_test(requests, test_longest_request);
	tcase_add_loop_test(requests, test_bad_request, 0, ARRAY_SIZE(bad_requests));
	tcase_add_loop_test(requests, test_odd_request, 0, ARRAY_SIZE(odd_requests));
	tcase_add_test(requests, test_deep_nesting);
	suite_add_tcase(suite, requests);

	tcase_add_loop_test(dispatch, test_dispatch, 0, ARRAY_SIZE(dispatched));
	tcase_add_test(dispatch, test_interface_description);
	tcase_add_test(dispatch, test_peer);
	tcase_add_test(dispatch, test_not_a_socket);
	tcase_add_test(dispatch, test_oneway);
	suite_add_tcase(suite, dispatch);

	tcase_add_test(streams, test_more);
	tcase_add_test(streams, test_stream_watches_for_hang_up_only);
	tcase_add_test(streams, test_peer_that_never_reads);
	tcase_add_test(streams, test_slow_stream);
	tcase_add_test(streams, test_when_drained);
	tcase_add_test(streams, test_answer_too_long);
	tcase_set_timeout(streams, 60);
	suite_add_tcase(suite, streams);

	tcase_add_test(vanish, test_late_answer_to_nobody);
	tcase_add_test(vanish, test_answer_into_a_closed_socket);
	tcase_add_test(vanish, test_half_closed);
	tcase_add_test(vanish, test_call_given_up);
	suite_add_tcase(suite, vanish);

	tcase_add_test(client, test_client);
	tcase_add_loop_test(client, test_client_bad_reply, 0, ARRAY_SIZE(bad_replies));
	tcase_add_test(client, test_client_endless_reply);
	tcase_add_test(client, test_client_errors);
	suite_add_tcase(suite, client);

	return mm_run_suite(suite);
}
