/* SPDX-License-Identifier: MIT */
/* A small server with one meter that never changes: varlink_demo SOCKET COMMAND [ARGUMENT]... serves while the command runs. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/count_of.h"
#include "varlink/varlink.h"

#define CLIENTS_MAX 8

static json_t *element(void)
{
	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b, s:[], s:f, s:f}", "name", "L1", "input", "A",
			 "voltage_v", 120.1, "current_a", 5.0, "power_w", 600.0, "reactive_var", 10.0, "apparent_va", 600.5,
			 "power_factor", 0.999, "frequency_hz", 60.0, "registering", 1, "flags", "delivered_wh", 1234.567891,
			 "received_wh", 0.0);
}

static json_t *readings(void)
{
	json_t *meter =
		json_pack("{s:s, s:s, s:s, s:b, s:f, s:s, s:f, s:I, s:f, s:I, s:f, s:f, s:f, s:n, s:f, s:s, s:b, s:b, s:b, "
			  "s:[], s:[o]}",
			  "name", "main", "serial", "1", "model", "MMS-120-1001-SCC", "valid", 1, "age_s", 0.5, "time",
			  "2026-01-01T00:00:00Z", "delivered_wh", 1234.567891, "delivered_uwh", INT64_C(1234567891),
			  "received_wh", 0.0, "received_uwh", INT64_C(0), "lagging_varh", 0.0, "leading_varh", 0.0,
			  "max_demand_w", 0.0, "max_demand_time", "power_w", 600.0, "display", "000001", "power_led", 1,
			  "load_led", 0, "reverse_led", 0, "faults", "elements", element());

	return json_pack("{s:[o]}", "meters", meter);
}

/* Three answers to those who asked for more. */
static void handle_read(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	const json_t *meter = json_object_get(parameters, "meter");

	(void)userdata;
	if (meter && !json_is_string(meter) && !json_is_null(meter)) {
		(void)mm_varlink_invalid_parameter(call, "meter");
		return;
	}
	if (json_is_string(meter) && strcmp(json_string_value(meter), "main") != 0) {
		(void)mm_varlink_error(call, "org.minimeter.NoSuchMeter", json_pack("{s:s}", "meter", json_string_value(meter)));
		return;
	}
	for (int i = 0; mm_varlink_call_more(call) && i < 2; i++) {
		(void)mm_varlink_reply(call, readings(), true);
	}
	(void)mm_varlink_reply(call, readings(), false);
}

static const struct mm_varlink_method methods[] = {
	{"org.minimeter.Read", handle_read, MM_VARLINK_READ},
	{"org.minimeter.Status", NULL, MM_VARLINK_READ},
};

static const struct mm_varlink_service service = {
	.vendor = "minimeter",
	.product = "varlink_demo",
	.version = "1",
	.url = "https://minimeter.org",
	.interface = "org.minimeter",
	.description = mm_varlink_minimeter_interface,
	.methods = methods,
	.method_count = COUNT_OF(methods),
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, CLIENTS_MAX) < 0 ? -1 : fd;
}

/* Until the other end of alive_fd closes. */
static void serve(int listen_fd, int alive_fd)
{
	struct mm_varlink_conn *conns[CLIENTS_MAX] = {NULL};
	struct pollfd fds[2 + CLIENTS_MAX];

	do {
		int free_slot = -1;

		fds[0] = (struct pollfd){.fd = alive_fd, .events = POLLIN};
		for (int i = 0; i < CLIENTS_MAX; i++) {
			free_slot = conns[i] ? free_slot : i;
			fds[2 + i] = (struct pollfd){
				.fd = conns[i] ? mm_varlink_conn_fd(conns[i]) : -1,
				.events = conns[i] ? mm_varlink_conn_events(conns[i]) : 0,
			};
		}
		fds[1] = (struct pollfd){.fd = free_slot < 0 ? -1 : listen_fd, .events = POLLIN};
		(void)poll(fds, 2 + CLIENTS_MAX, -1);
		for (int i = 0; i < CLIENTS_MAX; i++) {
			if (fds[2 + i].revents && mm_varlink_conn_process(conns[i], fds[2 + i].revents) < 0) {
				mm_varlink_conn_free(conns[i]);
				conns[i] = NULL;
			}
		}
		if (fds[1].revents) {
			int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

			if (fd >= 0 && mm_varlink_conn_new(fd, &service, &conns[free_slot]) < 0) {
				close(fd);
			}
		}
	} while (!fds[0].revents);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		mm_varlink_conn_free(conns[i]);
	}
}

int main(int argc, char **argv)
{
	int alive[2], listen_fd, status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: varlink_demo SOCKET COMMAND [ARGUMENT]...\n");
		return 2;
	}
	listen_fd = listen_at(argv[1]);
	if (listen_fd < 0 || pipe(alive) < 0) {
		perror(argv[1]);
		return 1;
	}
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 1;
	}
	if (pid == 0) {
		close(alive[0]);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	close(alive[1]);
	serve(listen_fd, alive[0]);
	close(alive[0]);
	close(listen_fd);
	unlink(argv[1]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
