/* SPDX-License-Identifier: MIT */
/* reload: the configuration is in force when it returns, or its errors are printed. systemd's reload is this command. */

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/private.h"
#include "ctl/writer.h"

static void print_errors(struct mm_ctl *ctl, const json_t *errors)
{
	size_t i;
	json_t *error;

	json_array_foreach(errors, i, error)
	{
		char *text = strdup(json_is_string(error) ? json_string_value(error) : "?");

		if (text != NULL) {
			mm_text_clean(text);
			fprintf(ctl->err, "  %s\n", text);
		}
		free(text);
	}
}

static void say_lines(struct mm_ctl *ctl, const char *before, const json_t *texts)
{
	char cell[MM_CELL_MAX];
	size_t i;
	json_t *text;

	json_array_foreach(texts, i, text)
	{
		mm_cell_text(json_string_value(text), cell);
		mm_ctl_say(ctl, false, "%s%s", before, cell);
	}
}

static void reload_text(struct mm_ctl *ctl, const json_t *answer)
{
	const json_t *restart_needed = json_object_get(answer, "restart_needed");

	say_lines(ctl, "warning: ", json_object_get(answer, "warnings"));
	if (json_array_size(restart_needed) == 0) {
		mm_ctl_say(ctl, false, "The configuration is in force.");
	} else {
		mm_ctl_say(ctl, false, "The configuration is in force, except for what needs 'systemctl restart minimeterd':");
		say_lines(ctl, "  ", restart_needed);
	}
}

int mm_ctl_reload(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = mm_ctl_call(ctl, "org.minimeter.Reload", NULL, &answer);

	if (r != MM_CTL_FINE) {
		print_errors(ctl, json_object_get(mm_client_error_parameters(ctl->client), "errors"));
	}
	return mm_ctl_show(ctl, r, answer, reload_text);
}
