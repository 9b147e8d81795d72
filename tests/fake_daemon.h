/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_FAKE_DAEMON_H
#define MM_TESTS_FAKE_DAEMON_H

/* A daemon that answers from a script, on a thread of its own: what a client must cope with, word by word. */

#include <jansson.h>

struct fake_answer {
	const char *method; /* without its interface: "Read" */
	int times;	    /* how often this row answers before the next one of the method does; 0: for ever */
	/*
	 * Messages, one a line, sent as they are with a NUL each. A line "close" ends the connection. "": no answer at all. A
	 * method without a row is not known.
	 */
	const char *messages;
};

struct fake_daemon;

/* Listens on path and answers by the script, which ends with a row without a method and is borrowed. */
struct fake_daemon *fake_daemon_new(const char *path, const struct fake_answer *script);
void fake_daemon_free(struct fake_daemon *daemon);

/* The last request for a method, a new reference; NULL where there was none. */
json_t *fake_daemon_request(struct fake_daemon *daemon, const char *method);

#endif
