/* SPDX-License-Identifier: MIT */
/* What systemd does for a service of Type=notify with FileDescriptorStoreMax=. */
#include "manager.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

void manager_begin(struct manager *manager, bool store)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int one = 1;

	*manager = (struct manager){.store = store};
	manager->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(manager->notify_fd, 0);
	snprintf(manager->address, sizeof(manager->address), "@minimeter-test-%d", getpid());
	memcpy(address.sun_path, manager->address, strlen(manager->address));
	address.sun_path[0] = '\0';
	ck_assert_int_eq(bind(manager->notify_fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(manager->address))),
			 0);
	ck_assert_int_eq(setsockopt(manager->notify_fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)), 0);
}

void manager_end(struct manager *manager)
{
	if (manager->child > 0) {
		(void)manager_stop(manager, SIGKILL);
	}
	for (int i = 0; i < manager->count; i++) {
		close(manager->fd[i]);
	}
	close(manager->notify_fd);
}

/* ---- Starting ---- */

/* In the child: the held descriptors become 3, 4, ... of the program. */
static void pass(const struct manager *manager)
{
	char names[MANAGER_FDS_MAX * 64] = "", number[16];
	int high[MANAGER_FDS_MAX];

	for (int i = 0; i < manager->count; i++) {
		high[i] = fcntl(manager->fd[i], F_DUPFD, FIRST_FD + MANAGER_FDS_MAX);
		strcat(names, i > 0 ? ":" : "");
		strcat(names, manager->name[i]);
	}
	for (int i = 0; i < manager->count; i++) {
		dup2(high[i], FIRST_FD + i);
		close(high[i]);
	}
	snprintf(number, sizeof(number), "%d", manager->count);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(number, sizeof(number), "%d", getpid());
	setenv("LISTEN_PID", number, 1);
}

void manager_start(struct manager *manager, const char *const *argv, const char *const *environment, const char *log)
{
	manager->ready = false;
	manager->child = fork();
	ck_assert_int_ge(manager->child, 0);
	if (manager->child == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
		dup2(fd, STDERR_FILENO);
		close(fd);
		setenv("NOTIFY_SOCKET", manager->address, 1);
		for (; environment && *environment; environment++) {
			putenv((char *)*environment);
		}
		if (manager->store && manager->count > 0) {
			pass(manager);
		}
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
}

/* ---- Notifications ---- */

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static void hold(struct manager *manager, int fd, const char *name)
{
	for (int i = 0; i < manager->count; i++) {
		if (same_file(manager->fd[i], fd)) {
			close(fd);
			return;
		}
	}
	if (!manager->store) {
		/* Kept for the test to look at, the newest only; not given back. */
		while (manager->count > 0) {
			close(manager->fd[--manager->count]);
		}
	}
	ck_assert_int_lt(manager->count, MANAGER_FDS_MAX);
	manager->fd[manager->count] = fd;
	snprintf(manager->name[manager->count++], sizeof(manager->name[0]), "%s", name);
}

/* The value of a variable in a notification, up to the end of its line. */
static bool value_of(const char *text, const char *name, char *ret, size_t size)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			snprintf(ret, size, "%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
			return true;
		}
	}
	return false;
}

/* Takes one; false: none waits. */
static bool take(struct manager *manager)
{
	char text[1024], value[64], name[64] = "stored";
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * MANAGER_FDS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = {text, sizeof(text) - 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(manager->notify_fd, &message, MSG_CMSG_CLOEXEC);
	struct ucred from = {0};
	int fd = -1;

	if (length < 0) {
		ck_assert(errno == EAGAIN || errno == EINTR);
		return false;
	}
	text[length] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			ck_assert_uint_eq(c->cmsg_len, CMSG_LEN(sizeof(int)));
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&from, CMSG_DATA(c), sizeof(from));
		}
	}
	(void)value_of(text, "FDNAME", name, sizeof(name));
	if (fd >= 0 && value_of(text, "FDSTORE", value, sizeof(value))) {
		hold(manager, fd, name);
	} else if (fd >= 0) {
		close(fd);
	}
	/* A run that was killed may have said so, too late. */
	manager->ready = manager->ready || (from.pid == manager->child && value_of(text, "READY", value, sizeof(value)));
	return true;
}

static int64_t milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool manager_wait_ready(struct manager *manager, int timeout_ms)
{
	struct pollfd p = {.fd = manager->notify_fd, .events = POLLIN};
	int64_t until = milliseconds() + timeout_ms, left;

	while (!manager->ready && (left = until - milliseconds()) > 0) {
		if (poll(&p, 1, (int)left) > 0) {
			(void)take(manager);
		}
	}
	return manager->ready;
}

int manager_stop(struct manager *manager, int sig)
{
	int status;

	if (sig != 0) {
		ck_assert_int_eq(kill(manager->child, sig), 0);
	}
	ck_assert_int_eq(waitpid(manager->child, &status, 0), manager->child);
	while (take(manager)) {
	}
	manager->child = 0;
	return status;
}

int manager_held(const struct manager *manager, const char *name)
{
	for (int i = 0; i < manager->count; i++) {
		if (strcmp(manager->name[i], name) == 0) {
			return manager->fd[i];
		}
	}
	return -1;
}
