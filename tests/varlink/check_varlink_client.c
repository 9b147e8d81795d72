/* SPDX-License-Identifier: MIT */
/* The Varlink client against the server and against peers that answer badly. */
#include "fixture/varlink_fixture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture/suite.h"
#include "varlink/client.h"

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
	Suite *suite = suite_create("varlink: client");
	TCase *client = tcase_create("client");

	tcase_add_test(client, test_client);
	tcase_add_loop_test(client, test_client_bad_reply, 0, MM_COUNT_OF(bad_replies));
	tcase_add_test(client, test_client_endless_reply);
	tcase_add_test(client, test_client_errors);
	suite_add_tcase(suite, client);
	return mm_run_suite(suite);
}
