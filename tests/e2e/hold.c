/* SPDX-License-Identifier: MIT */
/*
 * Holds a stepped board still at given instants of its time: preloaded into minimeter-sim, it stops that process (SIGSTOP) at the
 * first reading of the chip that is asked for once the time has come. At this point the daemon has done everything that was due,
 * whatever the speed of the machine. MM_HOLD_NS has the instants, rising, with blanks between.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Calls that are interposed have no other place for it. */
struct hold {
	const char *rest;  /* the instants to come */
	long long next_ns; /* the next one of them; 0: not yet read */
	long long now_ns;  /* as last written */
	int value_fd;	   /* on which the value of time_ns follows; 0: none */
};
static struct hold hold;

static void find_next(void)
{
	char *end;

	if (!hold.rest) {
		hold.rest = getenv("MM_HOLD_NS");
	}
	if (!hold.rest) {
		hold.rest = "";
	}
	hold.next_ns = strtoll(hold.rest, &end, 10);
	if (end == hold.rest) {
		hold.next_ns = LLONG_MAX;
	}
	hold.rest = end;
}

/* The client writes the command and the value together or one after the other. */
static void note_time(int fd, const char *text)
{
	const char *value = NULL;

	if (hold.value_fd == fd) {
		value = text;
		hold.value_fd = 0;
	} else if (strncmp(text, "WRITE ", 6) == 0 && strstr(text, " time_ns ")) {
		value = strchr(text, '\n');
		if (value && *++value == '\0') {
			value = NULL;
			hold.value_fd = fd;
		}
	}
	if (value) {
		hold.now_ns = strtoll(value, NULL, 10);
	}
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	ssize_t (*real)(int, void *, size_t, int) = (ssize_t(*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv");
	ssize_t len = real(fd, buffer, size, flags);
	char text[128];

	if (len <= 0) {
		return len;
	}
	if (hold.next_ns == 0) {
		find_next();
	}
	snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)buffer);
	note_time(fd, text);
	if (hold.now_ns >= hold.next_ns && strncmp(text, "READ", 4) == 0 && strstr(text, "iio:device0")) {
		find_next();
		(void)raise(SIGSTOP);
	}
	return len;
}
