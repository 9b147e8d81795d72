/* SPDX-License-Identifier: MIT */
/* Varlink answers that go on: streams, readers that are slow, and peers that vanish. */
#include "fixture/varlink_fixture.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture/suite.h"

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

int main(void)
{
	Suite *suite = suite_create("varlink: streams");
	TCase *streams = tcase_create("streams"), *vanish = tcase_create("vanish");

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
	return mm_run_suite(suite);
}
