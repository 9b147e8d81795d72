/* SPDX-License-Identifier: MIT */
/* minimeter-setup: what it asks and refuses, the files that it writes, and what it does to start the meter. */
#include "setup/check_setup.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture/suite.h"

static int run(void *userdata, const char *const argv[])
{
	struct setup_fixture *f = userdata;
	int status = 0;

	for (int i = 0; argv[i]; i++) {
		snprintf(f->commands + strlen(f->commands), sizeof(f->commands) - strlen(f->commands), "%s%s", i > 0 ? " " : "",
			 argv[i]);
		status = f->failing && strcmp(argv[i], f->failing) == 0 ? 5 : status;
	}
	strcat(f->commands, "\n");
	return status;
}

struct setup_fixture *begin(void)
{
	struct setup_fixture *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	strcpy(f->root, "/tmp/check_setup.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->root));
	f->machine = (struct mm_setup_machine){.root = f->root,
					       .config_path = "/etc/minimeter/minimeter.conf",
					       .drop_in_path = "/etc/systemd/x.d/minimeter-setup.conf",
					       .socket_path = "/nonexistent/socket",
					       .run = run,
					       .userdata = f,
					       .retry_ms = 1};
	return f;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void end(struct setup_fixture *f)
{
	ck_assert_int_eq(nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f->out);
	free(f->err);
	free(f);
}

/* Runs it with arguments, which end with NULL, and a person who types these lines. */
int setup(struct setup_fixture *f, const char *typed, const char *const arguments[])
{
	char program[] = "minimeter-setup", *argv[ARGUMENTS_MAX + 1] = {program};
	int argc = 1, status;

	while (arguments[argc - 1] && argc < ARGUMENTS_MAX) {
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
		argc++;
	}
	free(f->out);
	free(f->err);
	f->machine.in = typed[0] != '\0' ? fmemopen((char *)(uintptr_t)typed, strlen(typed), "r") : fopen("/dev/null", "r");
	f->machine.out = open_memstream(&f->out, &f->out_size);
	f->machine.err = open_memstream(&f->err, &f->err_size);
	ck_assert(f->machine.in && f->machine.out && f->machine.err);
	f->commands[0] = '\0';
	status = mm_setup_run(&f->machine, argc, argv);
	fclose(f->machine.in);
	fclose(f->machine.out);
	fclose(f->machine.err);
	return status;
}

void path_of(const struct setup_fixture *f, const char *name, char ret[static 128])
{
	snprintf(ret, 128, "%s%s", f->root, name);
}

bool is_there(const struct setup_fixture *f, const char *name)
{
	char path[128];

	path_of(f, name, path);
	return access(path, F_OK) == 0;
}

void put(const struct setup_fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

void assert_file(const struct setup_fixture *f, const char *name, const char *expected)
{
	char path[128], text[4096] = "";
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	ck_assert_msg(strstr(text, expected) != NULL, "%s: expected %s in %s", name, expected, text);
}

void assert_says(const char *text, const char *expected)
{
	ck_assert_msg(strstr(text, expected) != NULL, "expected \"%s\" in: %s", expected, text);
}

struct mm_config *load(const struct setup_fixture *f)
{
	struct mm_config_errors errors;
	struct mm_config *config = NULL;
	char path[128];

	path_of(f, CONFIG, path);
	ck_assert_msg(mm_config_load(path, &errors, &config) == 0, "%s", errors.error[0].text);
	return config;
}

void make_directory(const struct setup_fixture *f, const char *name)
{
	char path[128];

	path_of(f, name, path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

/* The configuration is below a directory that is this machine's. */
struct setup_fixture *begin_machine(char config[static 128], char drop_in[static 128])
{
	struct setup_fixture *f = begin();

	path_of(f, CONFIG, config);
	path_of(f, DROP_IN, drop_in);
	f->machine.config_path = config;
	f->machine.drop_in_path = drop_in;
	f->machine.root = "";
	return f;
}

int main(void)
{
	Suite *suite = suite_create("setup");

	suite_add_tcase(suite, unattended_tcase());
	suite_add_tcase(suite, files_tcase());
	suite_add_tcase(suite, dialog_tcase());
	suite_add_tcase(suite, start_tcase());
	suite_add_tcase(suite, register_tcase());
	return mm_run_suite(suite);
}
