/* SPDX-License-Identifier: MIT */
/* Plain questions, a line each: they work over a serial line and with a screen reader too. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "setup/private.h"

#define WIDTH 76

void mm_dialog_say(FILE *out, const char *begin, const char *text)
{
	fputs(begin, out);
	mm_text_wrap(out, WIDTH, mm_text_columns(begin), text);
}

/* A line without blanks at both ends; a new string, or NULL: the input has ended. */
static char *read_line(FILE *in)
{
	char *line = NULL, *text;
	size_t size = 0;
	ssize_t length = getline(&line, &size, in);

	if (length < 0) {
		free(line);
		return NULL;
	}
	while (length > 0 && strchr(" \t\r\n", line[length - 1])) {
		line[--length] = '\0';
	}
	text = strdup(line + strspn(line, " \t"));
	free(line);
	return text;
}

int mm_dialog_line(const struct mm_setup_machine *machine, const char *prompt, const char *proposal,
		   char ret[static MM_ANSWER_MAX])
{
	char *line;

	for (;;) {
		fprintf(machine->out, proposal[0] != '\0' ? "%s [%s]: " : "%s: ", prompt, proposal);
		fflush(machine->out);
		line = read_line(machine->in);
		if (!line) {
			fputc('\n', machine->out);
			return -ENODATA;
		}
		if (strlen(line) < MM_ANSWER_MAX) {
			break;
		}
		free(line);
		fprintf(machine->out, "  That is longer than %d characters.\n", MM_ANSWER_MAX - 1);
	}
	snprintf(ret, MM_ANSWER_MAX, "%s", line[0] == '\0' ? proposal : line);
	if (strcasecmp(ret, "none") == 0) {
		ret[0] = '\0';
	}
	free(line);
	return 0;
}

int mm_dialog_yes(const struct mm_setup_machine *machine, const char *question, bool proposal)
{
	char answer[MM_ANSWER_MAX];

	for (;;) {
		int r = mm_dialog_line(machine, question, proposal ? "yes" : "no", answer);

		if (r < 0) {
			return r;
		}
		if (strcasecmp(answer, "yes") == 0 || strcasecmp(answer, "y") == 0) {
			return 1;
		}
		if (strcasecmp(answer, "no") == 0 || strcasecmp(answer, "n") == 0) {
			return 0;
		}
		fprintf(machine->out, "  Please answer yes or no.\n");
	}
}
