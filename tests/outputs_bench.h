/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_OUTPUTS_BENCH_H
#define MM_TESTS_OUTPUTS_BENCH_H

/* A directory for each test of an output, with the files in it by their names. */

#include "outputs/outputs.h"

extern char directory[32];
extern char message[MM_OUTPUTS_MESSAGE_MAX];

void make_directory(void);
void remove_directory(void); /* with all that these tests put there */

/* Until the next call. */
const char *path_of(const char *name);

void write_file(const char *name, const char *text);

/* The file's text; empty where there is none. */
const char *read_file(const char *name);

void remove_file(const char *name);

#endif
