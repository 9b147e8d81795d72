/* SPDX-License-Identifier: MIT */
#ifndef MM_SETUP_SETUP_H
#define MM_SETUP_SETUP_H

/*
 * minimeter-setup: asks what an installer knows, writes the configuration, and starts the meter. What it writes has passed the
 * daemon's own check, and nothing is written before the last question is answered.
 */

#include <stdbool.h>
#include <stdio.h>

/* Exit codes. */
enum {
	MM_SETUP_FINE = 0,
	MM_SETUP_FAILED = 1,
	MM_SETUP_USAGE = 2, /* an option, or an answer that an option gave */
	MM_SETUP_FAULT = 4, /* the meter is set up and started, and there is no reading, or one with a fault */
};

/* The machine that it works on. */
struct mm_setup_machine {
	FILE *in, *out, *err;
	const char *root; /* put before each path that is written; "": this machine */
	const char *config_path, *drop_in_path, *socket_path;
	/* Runs a program and waits for its end; argv ends with NULL. Its exit status, or -errno. */
	int (*run)(void *userdata, const char *const argv[]);
	void *userdata;
	const char *caller; /* the user who is to read the meter; NULL: nobody but root */
	int retry_ms;	    /* between two looks for the first reading */
};

/* Reads the command line and does all of it. Returns an exit code. */
int mm_setup_run(const struct mm_setup_machine *machine, int argc, char *argv[]);

#endif
