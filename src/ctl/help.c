/* SPDX-License-Identifier: MIT */
/* Commands by their names, and what --help says of them. */

#include <string.h>

#include "ctl/private.h"

const struct mm_ctl_command *mm_ctl_find_command(struct mm_ctl *ctl, int argc, char *argv[], int *ret_words)
{
	struct mm_suggestion suggestion = {NULL, SIZE_MAX};
	const struct mm_ctl_command *found = NULL;
	char two_words[64];

	snprintf(two_words, sizeof(two_words), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (const struct mm_ctl_command *command = ctl->commands; command->name != NULL; command++) {
		if (strcmp(command->name, two_words) == 0) {
			*ret_words = 2;
			return command;
		}
		if (strcmp(command->name, argv[0]) == 0) {
			*ret_words = 1;
			found = command;
		}
		if (command->help != NULL) {
			mm_suggest(argv[0], command->name, &suggestion);
		}
	}
	if (found == NULL && suggestion.best != NULL) {
		mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no command '%s'; did you mean '%s'?", argv[0], suggestion.best);
	} else if (found == NULL) {
		mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no command '%s'; 'minimeterctl help' lists them", argv[0]);
	}
	return found;
}

static void help_command(struct mm_ctl *ctl, const struct mm_ctl_command *command)
{
	mm_ctl_say(ctl, false, "Usage: minimeterctl [OPTION]... %s%s%s\n%s", command->name,
		   *command->arguments != '\0' ? " " : "", command->arguments,
		   command->help != NULL ? command->help : "the names of the meters, one a line");
	mm_ctl_help_options(ctl, command);
}

static void help_all(struct mm_ctl *ctl)
{
	mm_ctl_say(ctl, false,
		   "Usage: minimeterctl [OPTION]... COMMAND [ARGUMENT]...\nReads the kWh meters of this machine.\n\nCommands:");
	for (const struct mm_ctl_command *command = ctl->commands; command->name != NULL; command++) {
		if (command->help == NULL) {
			continue;
		}
		int width = fprintf(ctl->out, "  %s %s", command->name, command->arguments);
		mm_ctl_help_line(ctl, width, command->help);
	}
	mm_ctl_help_options(ctl, NULL);
	mm_ctl_say(ctl, false,
		   "\n'minimeterctl help COMMAND' says which options go with a command; minimeterctl(1) has examples.\n"
		   "Exit status: 0 fine, 1 failed, 2 usage, 3 daemon unreachable, 4 the meter reports a fault.");
}

int mm_ctl_help(struct mm_ctl *ctl)
{
	const struct mm_ctl_command *command;
	int words;

	if (ctl->argc == 0) {
		help_all(ctl);
		return MM_CTL_FINE;
	}
	command = mm_ctl_find_command(ctl, ctl->argc, ctl->argv, &words);
	if (command == NULL) {
		return MM_CTL_USAGE;
	}
	help_command(ctl, command);
	return MM_CTL_FINE;
}
