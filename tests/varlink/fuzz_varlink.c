/* SPDX-License-Identifier: MIT */
/* Bytes from a client: the first gives the size of the pieces they come in and how the client leaves, the rest is what it says.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/count_of.h"
#include "fixture/fuzz.h"
#include "varlink/varlink.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("\x10{\"method\":\"org.minimeter.Now\",\"parameters\":{\"a\":[1,2.5,\"\\u00e9\",true,null]}}\0"),
	MM_FUZZ_SEED("\x01{\"method\":\"org.minimeter.Late\",\"more\":true}\0{\"method\":\"org.minimeter.Now\"}\0"),
	MM_FUZZ_SEED("\xff{\"method\":\"org.minimeter.Now\",\"oneway\":true}\0{\"method\":\"org.minimeter.Late\"}\0"),
	MM_FUZZ_SEED("\x20{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org."
		     "minimeter\"}}\0"),
	MM_FUZZ_SEED("\x21{\"method\":\"org.varlink.service.GetInfo\"}\0{\"method\":\"a.b\"}\0{\"method\":\"\"}\0"),
	{NULL, 0},
};

static void answer_now(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	(void)userdata;
	(void)mm_varlink_reply(call, json_deep_copy(parameters), false);
}

static void answer_late(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct mm_varlink_call **late = userdata;

	(void)parameters;
	*late = call;
}

static const struct mm_varlink_method methods[] = {
	{"org.minimeter.Now", answer_now, MM_VARLINK_READ},
	{"org.minimeter.Late", answer_late, MM_VARLINK_READ},
};

static void answer(struct mm_varlink_call **late)
{
	if (*late && mm_varlink_call_more(*late)) {
		(void)mm_varlink_reply(*late, NULL, true);
	}
	if (*late) {
		(void)mm_varlink_reply(*late, NULL, false);
	}
	*late = NULL;
}

/* Turns until all is quiet; false when the connection is to be dropped. */
static int pump(struct mm_varlink_conn *conn, int peer)
{
	for (;;) {
		struct pollfd pollfd = {.fd = mm_varlink_conn_fd(conn), .events = mm_varlink_conn_events(conn)};
		char sink[4096];

		while (recv(peer, sink, sizeof(sink), MSG_DONTWAIT) > 0) {
		}
		if (poll(&pollfd, 1, 0) <= 0) {
			return 1;
		}
		if (mm_varlink_conn_process(conn, pollfd.revents) < 0) {
			return 0;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_varlink_call *late = NULL;
	struct mm_varlink_service service = {
		.vendor = "",
		.product = "",
		.version = "",
		.url = "",
		.interface = "org.minimeter",
		.description = mm_varlink_minimeter_interface,
		.methods = methods,
		.method_count = COUNT_OF(methods),
		.userdata = &late,
	};
	struct mm_varlink_conn *conn;
	size_t piece = size ? data[0] + 1u : 1;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0 ||
	    mm_varlink_conn_new(fds[0], &service, &conn) < 0) {
		abort();
	}
	for (size_t at = 1; at < size && pump(conn, fds[1]); at += piece) {
		if (send(fds[1], data + at, piece < size - at ? piece : size - at, MSG_NOSIGNAL) < 0) {
			break;
		}
		if (at / piece % 2) {
			answer(&late);
		}
	}
	if (piece % 2) {
		close(fds[1]);
		(void)pump(conn, -1);
		mm_varlink_conn_free(conn);
		answer(&late);
	} else {
		answer(&late);
		(void)pump(conn, fds[1]);
		mm_varlink_conn_free(conn);
		answer(&late);
		close(fds[1]);
	}
	return 0;
}
