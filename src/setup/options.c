/* SPDX-License-Identifier: MIT */
/* The command line: an option for each question, from their table, and those of the program. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "setup/private.h"

enum own_option {
	OWN_CONFIG,
	OWN_ROOT,
	OWN_UNATTENDED,
	OWN_REPLACE,
	OWN_DISCARD,
	OWN_NO_START,
	OWN_ADD_USER,
	OWN_WAIT,
	OWN_HELP,
	OWN_VERSION,
	OWN_COUNT
};

static const struct own_row {
	const char *name, *argument, *help;
} own_options[OWN_COUNT] = {
	[OWN_UNATTENDED] = {"unattended", NULL, "ask nothing; what no option answers is as proposed"},
	[OWN_REPLACE] = {"replace", NULL, "replace a configuration that is there; it is kept as .old"},
	[OWN_DISCARD] = {"discard", NULL, "with --replace: what no option says need not be as it was"},
	[OWN_CONFIG] = {"config", "FILE", "the configuration to write"},
	[OWN_ROOT] = {"root", "DIR", "write below DIR, as into an image, and start nothing"},
	[OWN_NO_START] = {"no-start", NULL, "do not start the meter"},
	[OWN_ADD_USER] = {"add-user", "USER", "add this user to the group minimeter"},
	[OWN_WAIT] = {"wait", "SECONDS", "how long to wait for the first reading (60)"},
	[OWN_HELP] = {"help", NULL, "print this help"},
	[OWN_VERSION] = {"version", NULL, "print the version"},
};

#define QUESTION_VALUE 0x200
#define OWN_VALUE 0x100

void mm_setup_usage(FILE *to)
{
	char left[40];

	fputs("Usage: minimeter-setup [OPTION]...\n"
	      "Asks what the meter must know, writes its configuration and starts it; see minimeter-setup(8).\n"
	      "\n"
	      "Options that answer a question, which is then not asked:\n",
	      to);
	for (enum mm_question q = 0; q < MM_ASK_COUNT; q++) {
		snprintf(left, sizeof(left), "--%s %s", mm_questions[q].option, mm_questions[q].argument);
		fprintf(to, "  %-25s %s\n", left, mm_questions[q].help);
	}
	fputs("\nOther options:\n", to);
	for (enum own_option o = 0; o < OWN_COUNT; o++) {
		snprintf(left, sizeof(left), "--%s%s%s", own_options[o].name, own_options[o].argument ? " " : "",
			 own_options[o].argument ? own_options[o].argument : "");
		fprintf(to, "  %-25s %s\n", left, own_options[o].help);
	}
}

static int fail(FILE *err, const char *before, const char *what, const char *behind)
{
	fprintf(err, "minimeter-setup: %s%s%s\n", before, what, behind);
	return MM_SETUP_USAGE;
}

static int take_wait(const char *value, FILE *err, struct mm_setup_options *options)
{
	char *end;
	long seconds = strtol(value, &end, 10);

	if (end == value || *end != '\0' || seconds < 0 || seconds > 86400) {
		return fail(err, "--wait ", value, ": must be seconds, 0 to 86400");
	}
	options->wait_s = (int)seconds;
	return MM_SETUP_FINE;
}

static int take_own(enum own_option option, const char *value, FILE *err, struct mm_setup_options *options)
{
	switch (option) {
	case OWN_CONFIG:
		options->config = value;
		break;
	case OWN_ROOT:
		if (value[0] == '\0') {
			return fail(err, "--root wants a directory", "", "");
		}
		options->root = value;
		break;
	case OWN_UNATTENDED:
		options->unattended = true;
		break;
	case OWN_REPLACE:
		options->replace = true;
		break;
	case OWN_DISCARD:
		options->discard = true;
		break;
	case OWN_NO_START:
		options->no_start = true;
		break;
	case OWN_ADD_USER:
		options->add_user = value;
		break;
	case OWN_WAIT:
		return take_wait(value, err, options);
	case OWN_HELP:
		options->help = true;
		break;
	case OWN_VERSION:
		options->version = true;
		break;
	case OWN_COUNT:
		break;
	}
	return MM_SETUP_FINE;
}

/* An answer is about the meter whose --name was last; the first --name may come late. */
static int take_answer(enum mm_question question, const char *value, FILE *err, struct mm_setup_options *options)
{
	unsigned meter = mm_questions[question].section ? 0 : options->meter_count - 1;

	if (question == MM_ASK_NAME && options->value[meter][question]) {
		if (options->meter_count == MM_METERS_MAX) {
			return fail(err, "--name ", value, ": too many meters");
		}
		meter = options->meter_count++;
	}
	if (options->value[meter][question]) {
		return fail(err, "--", mm_questions[question].option, " is given twice; --name begins another meter");
	}
	options->value[meter][question] = value;
	return MM_SETUP_FINE;
}

int mm_setup_options(int argc, char *argv[], FILE *err, struct mm_setup_options *ret)
{
	struct option rows[OWN_COUNT + MM_ASK_COUNT + 1] = {0};
	struct mm_setup_options options = {.wait_s = 60, .meter_count = 1};
	int value, r = MM_SETUP_FINE;

	for (int i = 0; i < OWN_COUNT; i++) {
		rows[i] = (struct option){own_options[i].name, own_options[i].argument ? required_argument : no_argument, NULL,
					  OWN_VALUE + i};
	}
	for (int i = 0; i < MM_ASK_COUNT; i++) {
		rows[OWN_COUNT + i] = (struct option){mm_questions[i].option, required_argument, NULL, QUESTION_VALUE + i};
	}
	optind = 0; /* glibc: start afresh */
	opterr = 0;
	while (r == MM_SETUP_FINE && (value = getopt_long(argc, argv, ":", rows, NULL)) >= 0) {
		if (value == ':') {
			r = fail(err, "", argv[optind - 1], " wants a value");
		} else if (value == '?') {
			r = fail(err, "there is no option ", argv[optind - 1], "; 'minimeter-setup --help' lists them");
		} else if (value >= QUESTION_VALUE) {
			r = take_answer((enum mm_question)(value - QUESTION_VALUE), optarg, err, &options);
		} else {
			r = take_own((enum own_option)(value - OWN_VALUE), optarg, err, &options);
		}
	}
	if (r == MM_SETUP_FINE && optind < argc) {
		r = fail(err, "unexpected argument ", argv[optind], "");
	}
	if (r == MM_SETUP_FINE && options.root && options.config && options.config[0] != '/') {
		r = fail(err, "--config ", options.config, ": with --root it must begin with /");
	}
	if (r == MM_SETUP_FINE) {
		*ret = options;
	}
	return r;
}
