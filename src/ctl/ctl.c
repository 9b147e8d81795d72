/* SPDX-License-Identifier: MIT */
/* From the command line to the command. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "config.h"
#include "ctl/private.h"

#define CONFIG_PATH SYSCONFDIR "/minimeter/minimeter.conf"

/* Counts the arguments against the help: each word is one, what is in brackets is optional, dots allow more. */
static int check_arguments(struct mm_ctl *ctl)
{
	int least = 0, most = 0;
	bool optional = false;

	for (const char *at = ctl->command->arguments; *at != '\0'; at++) {
		optional = optional || *at == '[';
		if (at == ctl->command->arguments || at[-1] == ' ') {
			most++;
			least += !optional;
		}
	}
	if (ctl->argc < least) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "too few arguments: minimeterctl %s %s", ctl->command->name,
				   ctl->command->arguments);
	}
	if (ctl->argc > most && strstr(ctl->command->arguments, "...") == NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "'%s' is one argument too many: minimeterctl %s%s%s", ctl->argv[most],
				   ctl->command->name, *ctl->command->arguments != '\0' ? " " : "", ctl->command->arguments);
	}
	return MM_CTL_FINE;
}

static int run(struct mm_ctl *ctl, int argc, char *argv[])
{
	int first = 0, words, r;

	r = mm_ctl_read_options(ctl, argc, argv, &first);
	if (r != MM_CTL_FINE) {
		return r;
	}
	ctl->argc = argc - first;
	ctl->argv = argv + first;
	if (ctl->option[MM_OPTION_VERSION] != NULL) {
		fputs("minimeterctl " PACKAGE_VERSION "\n", ctl->out);
		return MM_CTL_FINE;
	}
	if (ctl->option[MM_OPTION_HELP] != NULL) {
		return mm_ctl_help(ctl);
	}
	if (ctl->argc == 0) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "say what to do: 'minimeterctl read', or 'minimeterctl help' for all");
	}
	ctl->command = mm_ctl_find_command(ctl, ctl->argc, ctl->argv, &words);
	if (ctl->command == NULL) {
		return MM_CTL_USAGE;
	}
	ctl->argc -= words;
	ctl->argv += words;
	if ((r = mm_ctl_check_options(ctl)) != MM_CTL_FINE || (r = check_arguments(ctl)) != MM_CTL_FINE) {
		return r;
	}
	/* With --wait the command waits for the daemon as well; with --key it can do without. */
	if (ctl->option[MM_OPTION_WAIT] == NULL && ctl->option[MM_OPTION_KEY] == NULL &&
	    (r = mm_ctl_connect(ctl)) != MM_CTL_FINE) {
		return r;
	}
	return ctl->command->run(ctl);
}

/* Of the terminal that out is; 0 for a pipe or a file, which get whole lines. */
static int terminal_width(FILE *out)
{
	struct winsize size;

	return fileno(out) >= 0 && isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int mm_ctl_run(int argc, char *argv[], FILE *out, FILE *err)
{
	const char *no_color = getenv("NO_COLOR");
	struct mm_ctl ctl = {
		.out = out, .err = err, .commands = mm_ctl_commands, .config_path = CONFIG_PATH, .width = terminal_width(out)};
	int r;

	ctl.colour = (no_color == NULL || *no_color == '\0') && fileno(out) >= 0 && isatty(fileno(out));
	r = run(&ctl, argc, argv);
	mm_client_free(ctl.client);
	errno = 0;
	if (fflush(out) != 0 || ferror(out)) {
		r = mm_ctl_fail(&ctl, MM_CTL_FAILED, "can't write the output: %s",
				errno != 0 ? strerror(errno) : "a part of it was refused");
	}
	return r;
}
