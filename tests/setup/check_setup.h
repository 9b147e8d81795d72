/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_SETUP_CHECK_SETUP_H
#define MM_TESTS_SETUP_CHECK_SETUP_H

/* What the parts of check_setup share: minimeter-setup run below a directory of its own, with a person who types. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "setup/private.h"

/* A place where nobody answers, at once. */
#define NOWHERE "ip:127.0.0.1:1"
#define REQUIRED "--uri", NOWHERE, "--driver", "ade9000", "--model", "MMD-120-2001-T", "--serial", "1001"

#define ARGUMENTS_MAX 64

#define SETUP(f, typed, ...) setup(f, typed, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define CONFIG "/etc/minimeter/minimeter.conf"
#define DROP_IN "/etc/systemd/x.d/minimeter-setup.conf"

struct setup_fixture {
	char root[40];
	char commands[512];  /* that were run, a line each */
	const char *failing; /* the word of a command that fails; NULL: none */
	char *out, *err;
	size_t out_size, err_size;
	struct mm_setup_machine machine;
};

/* A directory, and a machine whose files are below it. */
struct setup_fixture *begin(void);
void end(struct setup_fixture *f);

/* Runs it with arguments, which end with NULL, and a person who types these lines. */
int setup(struct setup_fixture *f, const char *typed, const char *const arguments[]);

/* The path of a file below the directory. */
void path_of(const struct setup_fixture *f, const char *name, char ret[static 128]);
bool is_there(const struct setup_fixture *f, const char *name);
void put(const struct setup_fixture *f, const char *name, const char *text);
void make_directory(const struct setup_fixture *f, const char *name);
void assert_file(const struct setup_fixture *f, const char *name, const char *expected);
void assert_says(const char *text, const char *expected);

/* The configuration that was written. */
struct mm_config *load(const struct setup_fixture *f);

/* A fixture whose configuration is one of this machine. */
struct setup_fixture *begin_machine(char config[static 128], char drop_in[static 128]);

TCase *unattended_tcase(void);
TCase *files_tcase(void);
TCase *dialog_tcase(void);
TCase *start_tcase(void);
TCase *register_tcase(void);

#endif
