/* SPDX-License-Identifier: MIT */
/* The Varlink room over socketpairs: framing and its limits, the order of answers, dispatch. */
#include "fixture/varlink_fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture/suite.h"

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
	{"{\"method\":\"org.minimeter.Set\"}", "{\"error\":\"org.minimeter.NotPermitted\",\"parameters\":{}}"},
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

int main(void)
{
	Suite *suite = suite_create("varlink");
	TCase *requests = tcase_create("requests"), *dispatch = tcase_create("dispatch");

	tcase_add_test(requests, test_echo);
	tcase_add_test(requests, test_byte_at_a_time);
	tcase_add_test(requests, test_several_in_one_write);
	tcase_add_test(requests, test_half_a_message_then_close);
	tcase_add_test(requests, test_ten_megabytes);
	tcase_add_test(requests, test_longest_request);
	tcase_add_loop_test(requests, test_bad_request, 0, MM_COUNT_OF(bad_requests));
	tcase_add_loop_test(requests, test_odd_request, 0, MM_COUNT_OF(odd_requests));
	tcase_add_test(requests, test_deep_nesting);
	suite_add_tcase(suite, requests);

	tcase_add_loop_test(dispatch, test_dispatch, 0, MM_COUNT_OF(dispatched));
	tcase_add_test(dispatch, test_interface_description);
	tcase_add_test(dispatch, test_peer);
	tcase_add_test(dispatch, test_not_a_socket);
	tcase_add_test(dispatch, test_oneway);
	suite_add_tcase(suite, dispatch);
	return mm_run_suite(suite);
}
