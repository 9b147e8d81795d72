/* SPDX-License-Identifier: MIT */
/* The command line: options, dispatch, help, and errors that say what would be right. */

#include "ctl/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct option_row {
	const char *name;
	const char *argument; /* NULL: a flag */
	const char *help;
};

static const struct option_row options[MM_OPTION_COUNT] = {
	[MM_OPTION_SOCKET] = {"socket", "PATH", "the daemon's socket (" MM_CTL_SOCKET_DEFAULT ")"},
	[MM_OPTION_ADMIN_SOCKET] = {"admin-socket", "PATH", "its socket for acts (" MM_CTL_ADMIN_SOCKET_DEFAULT ")"},
	[MM_OPTION_JSON] = {"json", NULL, "print the daemon's answer as JSON"},
	[MM_OPTION_HELP] = {"help", NULL, "print this help, or that of the command"},
	[MM_OPTION_VERSION] = {"version", NULL, "print the version"},
	[MM_OPTION_METER] = {"meter", "NAME", "of this meter only"},
	[MM_OPTION_FROM] = {"from", "TIME", "intervals that start at TIME or later"},
	[MM_OPTION_TO] = {"to", "TIME", "intervals that start before TIME"},
	[MM_OPTION_CSV] = {"csv", NULL, "print comma-separated values"},
	[MM_OPTION_AFTER] = {"after", "ID", "events after this one"},
	[MM_OPTION_LIMIT] = {"limit", "N", "this many events, 1 to 100"},
	[MM_OPTION_SECONDS] = {"seconds", "N", "stop after N seconds, or measure for so long"},
	[MM_OPTION_LABEL] = {"label", NULL, "draw the plate as SVG, with a QR code"},
	[MM_OPTION_RECEIVED] = {"received", "KWH", "the old meter's received reading (0)"},
	[MM_OPTION_LOADED] = {"loaded", NULL, "a load over 1 A surely runs on every line"},
	[MM_OPTION_LOAD] = {"load", "WATTS", "all that runs now is so much, or 0: nothing"},
	[MM_OPTION_CONFIRM] = {"confirm", NULL, "do it; without, only say what would be"},
	[MM_OPTION_ELEMENT] = {"element", "N", "element 1 or 2 of the meter; 1 unless given"},
	[MM_OPTION_SESSION] = {"session", "ID", "as 'calibrate start' said it"},
	[MM_OPTION_LEFT] = {"left", NULL, "as left, with the constants proposed"},
	[MM_OPTION_HEAD] = {"head", "FILE", "compare with a head kept from earlier on, too"},
};

/* Values of long options for getopt: above all characters. */
#define OPTION_VALUE(option) (0x100 + (option))
#define WORD_MAX 32
#define HELP_COLUMN 34

int mm_ctl_fail(struct mm_ctl *ctl, enum mm_ctl_exit code, const char *format, ...)
{
	va_list ap;

	fputs("minimeterctl: ", ctl->err);
	va_start(ap, format);
	vfprintf(ctl->err, format, ap);
	va_end(ap);
	fputc('\n', ctl->err);
	return code;
}

const char *mm_paint(const struct mm_ctl *ctl, bool paint)
{
	return ctl->colour && paint ? "\033[1;31m" : "";
}

const char *mm_unpaint(const struct mm_ctl *ctl, bool paint)
{
	return ctl->colour && paint ? "\033[0m" : "";
}

int mm_ctl_number(struct mm_ctl *ctl, const char *what, const char *text, int64_t min, int64_t max, int64_t *ret)
{
	char *end;

	errno = 0;
	intmax_t value = strtoimax(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "%s is to be a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
				   what, min, max, text);
	}
	*ret = value;
	return MM_CTL_FINE;
}

/* Edits (a letter added, dropped or changed) that turn one word into the other: Levenshtein's distance. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_MAX || b_length > WORD_MAX) {
		return WORD_MAX;
	}
	for (size_t j = 0; j <= b_length; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best) {
				best = row[j] + 1;
			}
			if (row[j - 1] + 1 < best) {
				best = row[j - 1] + 1;
			}
			row[j] = best;
		}
	}
	return row[b_length];
}

/* Keeps candidate where it is nearer to word than what was found before, and near enough to have been meant. */
static void consider(const char *word, const char *candidate, size_t *best_distance, const char **best)
{
	size_t d = distance(word, candidate);

	if (d < *best_distance && d <= strlen(candidate) / 2) {
		*best_distance = d;
		*best = candidate;
	}
}

static int fail_command(struct mm_ctl *ctl, const char *word)
{
	const char *nearest = NULL;
	size_t best = WORD_MAX;

	for (size_t i = 0; i < mm_ctl_command_count; i++) {
		consider(word, mm_ctl_commands[i].name, &best, &nearest);
	}
	if (nearest != NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no command '%s'; did you mean '%s'?", word, nearest);
	}
	return mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no command '%s'; 'minimeterctl help' lists them", word);
}

static int fail_option(struct mm_ctl *ctl, const char *word)
{
	const char *nearest = NULL;
	size_t best = WORD_MAX;

	for (size_t i = 0; word[0] == '-' && word[1] == '-' && i < MM_OPTION_COUNT; i++) {
		consider(word + 2, options[i].name, &best, &nearest);
	}
	if (nearest != NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no option '%s'; did you mean '--%s'?", word, nearest);
	}
	return mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no option '%s'; 'minimeterctl --help' lists them", word);
}

/* Takes the options out of argv; what remains starts at *ret_first. */
static int read_options(struct mm_ctl *ctl, int argc, char *argv[], int *ret_first)
{
	struct option rows[MM_OPTION_COUNT + 1] = {0};
	int value;

	for (int i = 0; i < MM_OPTION_COUNT; i++) {
		rows[i].name = options[i].name;
		rows[i].has_arg = options[i].argument != NULL ? required_argument : no_argument;
		rows[i].val = OPTION_VALUE(i);
	}
	optind = 0; /* glibc: start afresh */
	opterr = 0;
	while ((value = getopt_long(argc, argv, ":", rows, NULL)) >= 0) {
		if (value == ':') {
			const struct option_row *row = &options[optopt - OPTION_VALUE(0)];
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s wants its %s", row->name, row->argument);
		}
		if (value == '?' && optopt >= OPTION_VALUE(0)) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s takes no value", options[optopt - OPTION_VALUE(0)].name);
		}
		if (value == '?') {
			char letter[] = {'-', (char)optopt, '\0'};
			return fail_option(ctl, optopt != 0 ? letter : argv[optind - 1]);
		}
		ctl->option[value - OPTION_VALUE(0)] = optarg != NULL ? optarg : "";
	}
	*ret_first = optind;
	return MM_CTL_FINE;
}

/* Finds the command that the words start with, the longer name first, and how many words its name takes. */
static const struct mm_ctl_command *find_command(int argc, char *argv[], int *ret_words)
{
	char two_words[2 * WORD_MAX];
	const struct mm_ctl_command *found = NULL;

	snprintf(two_words, sizeof(two_words), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < mm_ctl_command_count; i++) {
		if (strcmp(mm_ctl_commands[i].name, two_words) == 0) {
			*ret_words = 2;
			return &mm_ctl_commands[i];
		}
		if (strcmp(mm_ctl_commands[i].name, argv[0]) == 0) {
			*ret_words = 1;
			found = &mm_ctl_commands[i];
		}
	}
	return found;
}

static bool takes(const struct mm_ctl_command *command, int option)
{
	return option < MM_OPTION_OWN || (command->options & MM_OPTION_BIT(option)) != 0;
}

/* Options that ask for another form of the answer. */
static const enum mm_ctl_option not_json[] = {MM_OPTION_CSV, MM_OPTION_LABEL};

static int check_options(struct mm_ctl *ctl)
{
	for (int i = 0; i < MM_OPTION_COUNT; i++) {
		if (ctl->option[i] != NULL && !takes(ctl->command, i)) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--%s does not go with '%s'; see 'minimeterctl help %s'",
					   options[i].name, ctl->command->name, ctl->command->name);
		}
	}
	for (size_t i = 0; ctl->option[MM_OPTION_JSON] != NULL && i < COUNT(not_json); i++) {
		if (ctl->option[not_json[i]] != NULL) {
			return mm_ctl_fail(ctl, MM_CTL_USAGE, "--json and --%s exclude each other", options[not_json[i]].name);
		}
	}
	return MM_CTL_FINE;
}

/* The command's arguments: every word of the help is one, those from the first bracket on may be absent, dots stand for more. */
static int check_arguments(struct mm_ctl *ctl, int argc, char *argv[])
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
	if (argc < least) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "too few arguments: minimeterctl %s %s", ctl->command->name,
				   ctl->command->arguments);
	}
	if (argc > most && strstr(ctl->command->arguments, "...") == NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "'%s' is one argument too many: minimeterctl %s%s%s", argv[most],
				   ctl->command->name, *ctl->command->arguments != '\0' ? " " : "", ctl->command->arguments);
	}
	return MM_CTL_FINE;
}

static void print_option(struct mm_ctl *ctl, int option)
{
	const struct option_row *row = &options[option];
	int width = fprintf(ctl->out, "  --%s%s%s", row->name, row->argument != NULL ? " " : "",
			    row->argument != NULL ? row->argument : "");

	fprintf(ctl->out, "%*s%s\n", HELP_COLUMN - width, "", row->help);
}

static void help_command(struct mm_ctl *ctl, const struct mm_ctl_command *command)
{
	fprintf(ctl->out, "Usage: minimeterctl [OPTION]... %s%s%s\n%s\n\nOptions:\n", command->name,
		*command->arguments != '\0' ? " " : "", command->arguments, command->help);
	for (int i = MM_OPTION_OWN; i < MM_OPTION_COUNT; i++) {
		if (takes(command, i)) {
			print_option(ctl, i);
		}
	}
	for (int i = 0; i < MM_OPTION_OWN; i++) {
		print_option(ctl, i);
	}
}

static void help_all(struct mm_ctl *ctl)
{
	fputs("Usage: minimeterctl [OPTION]... COMMAND [ARGUMENT]...\nReads the kWh meters of this machine.\n\nCommands:\n",
	      ctl->out);
	for (size_t i = 0; i < mm_ctl_command_count; i++) {
		const struct mm_ctl_command *command = &mm_ctl_commands[i];
		int width = fprintf(ctl->out, "  %s %s", command->name, command->arguments);
		fprintf(ctl->out, "%*s%s\n", HELP_COLUMN - width, "", command->help);
	}
	fputs("\nOptions:\n", ctl->out);
	for (int i = 0; i < MM_OPTION_COUNT; i++) {
		print_option(ctl, i);
	}
	fputs("\n'minimeterctl help COMMAND' says which options go with a command; minimeterctl(1) has examples.\n"
	      "Exit status: 0 fine, 1 failed, 2 usage, 3 daemon unreachable, 4 the meter reports a fault.\n",
	      ctl->out);
}

int mm_ctl_help(struct mm_ctl *ctl, int argc, char *argv[])
{
	int words;

	if (argc == 0) {
		help_all(ctl);
		return MM_CTL_FINE;
	}
	const struct mm_ctl_command *command = find_command(argc, argv, &words);
	if (command == NULL) {
		return fail_command(ctl, argv[0]);
	}
	help_command(ctl, command);
	return MM_CTL_FINE;
}

static int run(struct mm_ctl *ctl, int argc, char *argv[])
{
	int first = 0, words, r;

	r = read_options(ctl, argc, argv, &first);
	if (r != MM_CTL_FINE) {
		return r;
	}
	argc -= first;
	argv += first;
	if (ctl->option[MM_OPTION_VERSION] != NULL) {
		fputs("minimeterctl " PACKAGE_VERSION "\n", ctl->out);
		return MM_CTL_FINE;
	}
	if (ctl->option[MM_OPTION_HELP] != NULL) {
		return mm_ctl_help(ctl, argc, argv);
	}
	if (argc == 0) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "say what to do: 'minimeterctl read', or 'minimeterctl help' for all");
	}
	ctl->command = find_command(argc, argv, &words);
	if (ctl->command == NULL) {
		return fail_command(ctl, argv[0]);
	}
	argc -= words;
	argv += words;
	if ((r = check_options(ctl)) != MM_CTL_FINE || (r = check_arguments(ctl, argc, argv)) != MM_CTL_FINE ||
	    (r = mm_ctl_connect(ctl)) != MM_CTL_FINE) {
		return r;
	}
	return ctl->command->run(ctl, argc, argv);
}

int mm_ctl_run(int argc, char *argv[], FILE *out, FILE *err)
{
	const char *no_color = getenv("NO_COLOR");
	struct mm_ctl ctl = {.out = out, .err = err};

	ctl.colour = (no_color == NULL || *no_color == '\0') && fileno(out) >= 0 && isatty(fileno(out));
	int r = run(&ctl, argc, argv);
	mm_varlink_client_free(ctl.client);
	errno = 0;
	if (fflush(out) != 0 || ferror(out)) {
		r = mm_ctl_fail(&ctl, MM_CTL_FAILED, "can't write the output: %s", strerror(errno));
	}
	return r;
}
