/* SPDX-License-Identifier: MIT */
/* The table of options. */

#include <getopt.h>
#include <string.h>

#include "base/count_of.h"
#include "base/text.h"
#include "ctl/private.h"

/* Values of long options for getopt: above all characters. */
#define OPTION_VALUE(option) (0x100 + (option))

/* The column in which --help says what something is for. */
#define HELP_COLUMN 34

const struct mm_ctl_option_row mm_ctl_options[MM_OPTION_COUNT] = {
	[MM_OPTION_SOCKET] = {"socket", "PATH", "socket of the daemon (" MM_CLIENT_SOCKET ")", MM_VALUES_FILE},
	[MM_OPTION_ADMIN_SOCKET] = {"admin-socket", "PATH", "its socket for acts (" MM_CLIENT_ADMIN_SOCKET ")", MM_VALUES_FILE},
	[MM_OPTION_JSON] = {"json", NULL, "print the answer of the daemon as JSON"},
	[MM_OPTION_HELP] = {"help", NULL, "print this help, or that of the command", .letter = 'h'},
	[MM_OPTION_VERSION] = {"version", NULL, "print the version", .letter = 'V'},
	[MM_OPTION_METER] = {"meter", "NAME", "of this meter only", MM_VALUES_METER},
	[MM_OPTION_FROM] = {"from", "TIME", "what begins at TIME or later", MM_VALUES_TIME},
	[MM_OPTION_TO] = {"to", "TIME", "what begins before TIME", MM_VALUES_TIME},
	[MM_OPTION_MONTH] = {"month", "MONTH", "of 2026-03, this or last month", MM_VALUES_MONTH},
	[MM_OPTION_PLOT] = {"plot", NULL, "draw bars by hour, day or month"},
	[MM_OPTION_SVG] = {"svg", NULL, "draw a picture (SVG)"},
	[MM_OPTION_HTML] = {"html", NULL, "print a page (HTML)"},
	[MM_OPTION_GREEN_BUTTON] = {"green-button", NULL, "print a Green Button file (ESPI)"},
	[MM_OPTION_CODE] = {"code", "CODE", "events of this kind", MM_VALUES_CODE},
	[MM_OPTION_ALL] = {"all", NULL, "every event, daily snapshots too"},
	[MM_OPTION_CSV] = {"csv", NULL, "print comma-separated values"},
	[MM_OPTION_AFTER] = {"after", "ID", "events after this one"},
	[MM_OPTION_LIMIT] = {"limit", "N", "this many events, 1 to 100"},
	[MM_OPTION_SECONDS] = {"seconds", "N", "stop after N seconds, or measure for N seconds"},
	[MM_OPTION_LABEL] = {"label", NULL, "draw the plate as SVG, with a QR code"},
	[MM_OPTION_RECEIVED] = {"received", "KWH", "received reading of the old meter (0)"},
	[MM_OPTION_LOADED] = {"loaded", NULL, "a load over 1 A surely runs on every line"},
	[MM_OPTION_LOAD] = {"load", "WATTS", "power of all that runs now; 0: nothing runs"},
	[MM_OPTION_RECORD] = {"record", NULL, "put the result on record, and print a sheet"},
	[MM_OPTION_INSTALLER] = {"installer", "NAME", "who made the test, for the record"},
	[MM_OPTION_SEALS] = {"seals", "NUMBERS", "of the seals, with commas between, for the record"},
	[MM_OPTION_SEEN] = {"seen", "ITEMS", "looked at and in order, with commas between", MM_VALUES_SEEN},
	[MM_OPTION_CONFIRM] = {"confirm", NULL, "do it; without, only say what would be"},
	[MM_OPTION_ELEMENT] = {"element", "N", "element 1, 2 or 3 of the meter; 1 unless given", MM_VALUES_ELEMENT},
	[MM_OPTION_SESSION] = {"session", "ID", "as calibrate start printed it"},
	[MM_OPTION_LEFT] = {"left", NULL, "as left, with the constants proposed"},
	[MM_OPTION_WAIT] = {"wait", NULL, "wait until it meters, with --seconds N no longer"},
	[MM_OPTION_AT] = {"at", "TIME", "what the meters read at TIME", MM_VALUES_TIME},
	[MM_OPTION_ISSUE] = {"issue", NULL, "sign it and keep it, if that was not done yet"},
	[MM_OPTION_OCMF] = {"ocmf", NULL, "print the signed records of those that were issued"},
	[MM_OPTION_STATEMENT] = {"statement", "FILE", "verify the signed records in this file", MM_VALUES_FILE},
	[MM_OPTION_KEY] = {"key", "FILE", "with this public key, or that of a head", MM_VALUES_FILE},
	[MM_OPTION_HEAD] = {"head", "FILE", "compare with a head that was kept earlier, too", MM_VALUES_FILE},
};

static int fail_option(struct mm_ctl *ctl, const char *word)
{
	struct mm_suggestion suggestion = {NULL, SIZE_MAX};

	for (size_t i = 0; word[0] == '-' && word[1] == '-' && i < MM_OPTION_COUNT; i++) {
		mm_suggest(word + 2, mm_ctl_options[i].name, &suggestion);
	}
	if (suggestion.best != NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no option '%s'; did you mean '--%s'?", word, suggestion.best);
	}
	return mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no option '%s'; 'minimeterctl --help' lists them", word);
}

/* The option that getopt_long() found by its name or its letter. */
static int option_of(int value)
{
	for (int i = 0; i < MM_OPTION_COUNT; i++) {
		if (mm_ctl_options[i].letter == value) {
			return i;
		}
	}
	return value - OPTION_VALUE(0);
}

int mm_ctl_read_options(struct mm_ctl *ctl, int argc, char *argv[], int *ret_first)
{
	struct option rows[MM_OPTION_COUNT + 1] = {0};
	char letters[MM_OPTION_COUNT + 2] = ":";
	int value;

	for (int i = 0; i < MM_OPTION_COUNT; i++) {
		if (mm_ctl_options[i].letter != '\0') {
			letters[strlen(letters)] = mm_ctl_options[i].letter;
		}
		rows[i].name = mm_ctl_options[i].name;
		rows[i].has_arg = mm_ctl_options[i].argument != NULL ? required_argument : no_argument;
		rows[i].val = OPTION_VALUE(i);
	}
	optind = 0; /* glibc: start afresh */
	opterr = 0;
	while ((value = getopt_long(argc, argv, letters, rows, NULL)) >= 0) {
		if (value == ':') {
			const struct mm_ctl_option_row *row = &mm_ctl_options[optopt - OPTION_VALUE(0)];
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s wants its %s", row->name, row->argument);
		}
		if (value == '?' && optopt >= OPTION_VALUE(0)) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s takes no value",
					   mm_ctl_options[optopt - OPTION_VALUE(0)].name);
		}
		if (value == '?') {
			char letter[] = {'-', (char)optopt, '\0'};
			return fail_option(ctl, optopt != 0 ? letter : argv[optind - 1]);
		}
		ctl->option[option_of(value)] = optarg != NULL ? optarg : "";
	}
	*ret_first = optind;
	return MM_CTL_FINE;
}

bool mm_ctl_takes(const struct mm_ctl_command *command, int option)
{
	return option < MM_OPTION_OWN || (command != NULL && (command->options & MM_OPTION_BIT(option)) != 0);
}

/* Of each of these rows one at a time: forms of the answer, and what says which part of it. */
static const enum mm_ctl_option exclusive[][2] = {
	{MM_OPTION_JSON, MM_OPTION_CSV},	  {MM_OPTION_JSON, MM_OPTION_LABEL},
	{MM_OPTION_JSON, MM_OPTION_PLOT},	  {MM_OPTION_CSV, MM_OPTION_PLOT},
	{MM_OPTION_MONTH, MM_OPTION_FROM},	  {MM_OPTION_MONTH, MM_OPTION_TO},
	{MM_OPTION_ALL, MM_OPTION_LIMIT},	  {MM_OPTION_JSON, MM_OPTION_SVG},
	{MM_OPTION_CSV, MM_OPTION_SVG},		  {MM_OPTION_PLOT, MM_OPTION_SVG},
	{MM_OPTION_JSON, MM_OPTION_HTML},	  {MM_OPTION_CSV, MM_OPTION_HTML},
	{MM_OPTION_JSON, MM_OPTION_GREEN_BUTTON}, {MM_OPTION_CSV, MM_OPTION_GREEN_BUTTON},
	{MM_OPTION_HTML, MM_OPTION_GREEN_BUTTON}, {MM_OPTION_OCMF, MM_OPTION_CSV},
	{MM_OPTION_OCMF, MM_OPTION_JSON},	  {MM_OPTION_OCMF, MM_OPTION_HTML},
	{MM_OPTION_OCMF, MM_OPTION_GREEN_BUTTON}, {MM_OPTION_HEAD, MM_OPTION_STATEMENT},
};

int mm_ctl_check_options(struct mm_ctl *ctl)
{
	for (int i = 0; i < MM_OPTION_COUNT; i++) {
		if (ctl->option[i] != NULL && !mm_ctl_takes(ctl->command, i)) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s does not go with '%s'; see 'minimeterctl help %s'",
					   mm_ctl_options[i].name, ctl->command->name, ctl->command->name);
		}
	}
	for (size_t i = 0; i < COUNT_OF(exclusive); i++) {
		if (ctl->option[exclusive[i][0]] != NULL && ctl->option[exclusive[i][1]] != NULL) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s and --%s exclude each other",
					   mm_ctl_options[exclusive[i][0]].name, mm_ctl_options[exclusive[i][1]].name);
		}
	}
	return MM_CTL_FINE;
}

int mm_ctl_number_option(struct mm_ctl *ctl, enum mm_ctl_option option, int64_t min, int64_t max, int64_t *ret)
{
	char what[32];

	snprintf(what, sizeof(what), "--%s", mm_ctl_options[option].name);
	return ctl->option[option] == NULL ? MM_CTL_FINE : mm_ctl_number(ctl, what, ctl->option[option], min, max, ret);
}

void mm_ctl_help_line(struct mm_ctl *ctl, int width, const char *help)
{
	int blanks = width + 2 < HELP_COLUMN ? HELP_COLUMN - width : 2;

	fprintf(ctl->out, "%*s", blanks, "");
	mm_text_wrap(ctl->out, ctl->width, width + blanks, help);
}

static void print_option(struct mm_ctl *ctl, int option)
{
	const struct mm_ctl_option_row *row = &mm_ctl_options[option];
	char letter[] = {'-', row->letter, ',', ' ', '\0'};
	int width = fprintf(ctl->out, "  %s--%s%s%s", row->letter != '\0' ? letter : "", row->name,
			    row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");

	mm_ctl_help_line(ctl, width, row->help);
}

void mm_ctl_help_options(struct mm_ctl *ctl, const struct mm_ctl_command *command)
{
	fputs("\nOptions:\n", ctl->out);
	for (int i = MM_OPTION_OWN; command != NULL && i < MM_OPTION_COUNT; i++) {
		if (mm_ctl_takes(command, i)) {
			print_option(ctl, i);
		}
	}
	for (int i = 0; i < (command != NULL ? MM_OPTION_OWN : MM_OPTION_COUNT); i++) {
		print_option(ctl, i);
	}
}
