/* SPDX-License-Identifier: MIT */
/* The result of the installation test on record, and the commissioning sheet to print. */

#include <string.h>

#include "base/count_of.h"
#include "ctl/check.h"
#include "ctl/label.h"
#include "ctl/writer.h"

#define LINE_MAX_BYTES 256

static const struct mm_column columns[] = {
	{MM_COLUMN(TEXT, "name", "meter")},
	{MM_COLUMN(TEXT, "model", "model")},
	{MM_COLUMN(TEXT, "serial", "serial")},
	{MM_COLUMN(TEXT, "service", "service")},
	{MM_COLUMN(TEXT, "ct_ratio", "CT ratio")},
	{MM_NUMBER("ct_sets", "CT sets", NULL, 0)},
	{MM_NUMBER("calibration_version", "calibration", NULL, 0)},
	{MM_COLUMN(TEXT, "version", "software")},
	{MM_NUMBER("delivered_uwh", "total", "kWh", 3), .scale = 1e-9},
	{MM_NUMBER("received_uwh", "received", "kWh", 3), .scale = 1e-9},
	{MM_COLUMN(TIME, "time", "date")},
	{MM_COLUMN(TEXT, "installer", "installer")},
	{MM_COLUMN(TEXT, "seals", "seals")},
	{MM_COLUMN(TEXT, "who", "recorded by")},
	{MM_NUMBER("event", "event", NULL, 0)},
};

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

int mm_check_may_record(struct mm_check *check)
{
	struct mm_ctl *ctl = check->ctl;
	struct mm_client *admin = NULL;
	struct mm_error error = {0};
	int r;

	if (ctl->option[MM_OPTION_RECORD] == NULL) {
		return ctl->option[MM_OPTION_INSTALLER] == NULL && ctl->option[MM_OPTION_SEALS] == NULL
			       ? MM_CTL_FINE
			       : mm_ctl_fail(ctl, MM_CTL_USAGE, "--installer and --seals go with --record");
	}
	if (ctl->option[MM_OPTION_INSTALLER] == NULL && !check->interactive) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--record wants to know who made the test: add --installer NAME");
	}
	if (ctl->option[MM_OPTION_INSTALLER] != NULL && is_blank(ctl->option[MM_OPTION_INSTALLER])) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "--installer must have a name");
	}
	/* Before anybody goes to the panel. */
	r = mm_ctl_open(ctl, MM_CTL_SOCKET_ADMIN, &admin, &error);
	mm_client_free(admin);
	return r < 0 ? mm_ctl_fail_client(ctl, r, &error) : MM_CTL_FINE;
}

/* An option's value, or what somebody types. Only the first line counts. */
static void read_value(struct mm_check *check, enum mm_ctl_option option, const char *question, char ret[static LINE_MAX_BYTES])
{
	if (check->ctl->option[option] != NULL || !check->interactive) {
		snprintf(ret, LINE_MAX_BYTES, "%s", check->ctl->option[option] != NULL ? check->ctl->option[option] : "");
		return;
	}
	fprintf(check->ctl->out, "%s ", question);
	fflush(check->ctl->out);
	if (fgets(ret, LINE_MAX_BYTES, stdin) == NULL) {
		ret[0] = '\0';
	}
	ret[strcspn(ret, "\n")] = '\0';
}

/* Without a name the record would be refused, after all that was done at the panel: it is asked for until there is one. */
static void read_installer(struct mm_check *check, char ret[static LINE_MAX_BYTES])
{
	const char *question = "Name of the installer:";

	do {
		read_value(check, MM_OPTION_INSTALLER, question, ret);
		question = "The record needs a name. Name of the installer:";
	} while (check->interactive && is_blank(ret) && !feof(stdin));
}

/* The numbers between commas, without the blanks around them; text is cut up. */
static json_t *split(char *text)
{
	json_t *numbers = json_array();
	char *rest = text, *number;

	while ((number = strsep(&rest, ",")) != NULL) {
		size_t length;

		number += strspn(number, " ");
		length = strlen(number);
		while (length > 0 && number[length - 1] == ' ') {
			number[--length] = '\0';
		}
		if (length > 0) {
			json_array_append_new(numbers, json_string(number));
		}
	}
	return numbers;
}

/* Calls for the record; *ret is a new reference. */
static int call_for_record(struct mm_check *check, const json_t *parameters, json_t **ret)
{
	struct mm_client *admin = NULL;
	struct mm_error error = {0};
	int r = mm_ctl_open(check->ctl, MM_CTL_SOCKET_ADMIN, &admin, &error);

	if (r == 0) {
		r = mm_client_call(admin, "org.minimeter.RecordCheck", json_deep_copy(parameters), ret, &error);
	}
	mm_client_free(admin);
	return r < 0 ? mm_ctl_fail_client(check->ctl, r, &error) : MM_CTL_FINE;
}

int mm_check_record(struct mm_check *check, json_t **ret)
{
	char installer[LINE_MAX_BYTES], seals[LINE_MAX_BYTES];
	json_t *parameters, *numbers;
	int r;

	if (check->interactive) {
		fputc('\n', check->ctl->out);
	}
	read_installer(check, installer);
	read_value(check, MM_OPTION_SEALS, "Numbers of the seals, with commas between (Enter: none):", seals);
	numbers = split(seals);
	parameters = json_pack("{s:s, s:s, s:o, s:O}", "meter", check->name, "installer", installer, "seals", numbers, "items",
			       check->items);
	if (parameters == NULL) {
		return mm_ctl_fail(check->ctl, MM_CTL_USAGE, "the installer and the seals must be UTF-8 text");
	}
	r = call_for_record(check, parameters, ret);
	if (r == MM_CTL_FINE) {
		json_object_set(*ret, "installer", json_object_get(parameters, "installer"));
		json_object_set(*ret, "seals", json_object_get(parameters, "seals"));
	}
	json_decref(parameters);
	return r;
}

/* The array's texts with commas between them, or "none": a new string. */
static json_t *join(const json_t *texts)
{
	json_t *all = json_string(json_array_size(texts) > 0 ? "" : "none");
	size_t i;
	json_t *text;

	json_array_foreach(texts, i, text)
	{
		json_t *longer = json_sprintf("%s%s%s", json_string_value(all), i > 0 ? ", " : "", json_string_value(text));

		json_decref(all);
		all = longer;
	}
	return all;
}

void mm_check_sheet_begin(struct mm_check *check, const json_t *record)
{
	struct mm_ctl *ctl = check->ctl;
	json_t *facts = json_copy(check->plate);
	char ratio[MM_CELL_MAX];

	mm_label_ratio(check->plate, ratio);
	json_object_set_new(facts, "ct_ratio", json_string(ratio));
	json_object_update(facts, (json_t *)record);
	json_object_set_new(facts, "seals", join(json_object_get(record, "seals")));
	fprintf(ctl->out, "%sCOMMISSIONING SHEET\n\n", check->interactive ? "\n" : "");
	mm_writer_record(ctl->out, ctl->width, columns, COUNT_OF(columns), facts);
	json_decref(facts);
}

void mm_check_sheet_end(struct mm_check *check, const json_t *record)
{
	mm_ctl_say(check->ctl, false,
		   "\nThe audit trail has this result as event %lld. 'minimeterctl head' gives a signed checkpoint of it to keep "
		   "elsewhere.\n\n\n"
		   "____________________________________    ____________________________________\n"
		   "installer                               customer",
		   (long long)json_integer_value(json_object_get(record, "event")));
}
