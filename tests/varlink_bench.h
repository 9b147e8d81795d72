/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_VARLINK_BENCH_H
#define MM_TESTS_VARLINK_BENCH_H

/* What the tests of the Varlink room share: a small service, and one connection to it whose other end the test holds. */

#include <check.h>

#include "varlink/varlink.h"

#define ECHO(n) "{\"method\":\"org.minimeter.Echo\",\"parameters\":{\"n\":" #n "}}"
#define ECHOED(n) "{\"parameters\":{\"n\":" #n "}}"
#define HOLD "{\"method\":\"org.minimeter.Hold\"}"
#define HOLD_MORE "{\"method\":\"org.minimeter.Hold\",\"more\":true}"

struct state {
	unsigned handled;
	struct mm_varlink_call *held; /* of Hold: answered by the test */
	unsigned drained;
	unsigned wakeups;
};

/* An object of one string of so many bytes. */
json_t *filler(size_t length);

/* Echo, Hold, Fill, Count and NotBuilt of org.minimeter. */
struct mm_varlink_service service_for(struct state *state);

struct pair {
	struct state state;
	struct mm_varlink_service service;
	struct mm_varlink_conn *conn;
	int peer;
	char *text; /* the last reply received */
};

struct pair *pair_new(void);
void pair_hang_up(struct pair *p); /* as the peer */
void pair_free(struct pair *p);

/* One round of an event loop; 1 where there was nothing to do. */
int turn(struct mm_varlink_conn *conn);

/* Rounds until all is quiet (0) or the connection is to be dropped (negative). */
int pump(struct mm_varlink_conn *conn);

void send_bytes(struct pair *p, const void *data, size_t length);
void send_text(struct pair *p, const char *text);

/* The next reply, or "" where none has come whole. The connection takes its turns meanwhile. */
const char *receive(struct pair *p);

#define ck_assert_exchange(p, request, reply)                                                                                    \
	do {                                                                                                                     \
		send_text(p, request);                                                                                           \
		ck_assert_int_eq(pump((p)->conn), 0);                                                                            \
		ck_assert_str_eq(receive(p), reply);                                                                             \
	} while (0)

#endif
