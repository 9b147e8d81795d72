/* SPDX-License-Identifier: MIT */
#include "outputs_bench.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

char directory[32];
char message[MM_OUTPUTS_MESSAGE_MAX];

const char *path_of(const char *name)
{
	static char path[sizeof(directory) + 32];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

const char *read_file(const char *name)
{
	static char text[4096];
	FILE *file = fopen(path_of(name), "r");
	size_t length = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);

	text[length] = '\0';
	if (file != NULL) {
		fclose(file);
	}
	return text;
}

void remove_file(const char *name)
{
	unlink(path_of(name));
}

void make_directory(void)
{
	strcpy(directory, "/tmp/check_outputs.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

void remove_directory(void)
{
	static const char *const names[] = {"gpiochip0", "gpiochip1", "gpiochip2",    "gpiochip3", "gpiochip4", "log",
					    "trace",	 "fail-open", "fail-request", "fail-set",  "revert",	"wires"};

	for (int i = 0; i < MM_COUNT_OF(names); i++) {
		remove_file(names[i]);
	}
	ck_assert_int_eq(rmdir(directory), 0);
}
