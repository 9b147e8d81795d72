/* SPDX-License-Identifier: MIT */
/*
 * print_completion: the tables of commands and options for the scripts in etc/completion, which have them between two marks. It
 * runs when the tables are changed ('make completions'), not when minimeter is built, so that cross builds need not run it; a
 * test compares what the scripts have. Each line has fields between bars:
 *
 *   c|COMMAND|OPTIONS|WORDS|HELP    its own options, and words that can be its arguments
 *   o|OPTION|LETTER|KIND|WORDS|HELP    KIND of its value: flag (none), any, file, meter, words
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "base/events.h"
#include "ctl/private.h"

/* What the shells would take for something else. */
#define FORBIDDEN "'\\|\n"

static const char *const times[] = {"now", "today", "yesterday", "-1h", "-24h", "-7d"};
static const char *const months[] = {"this", "last"};
static const char *const element_numbers[] = {"1", "2", "3"};
static const char *const leds[] = {"led_power", "led_reverse"};
static const char *const points[] = {"full-load", "power-factor", "light-load"};

static bool is_first_of_its_code(size_t number)
{
	const char *code = mm_event_row((enum mm_event)number)->code;

	for (size_t i = 0; i < number; i++) {
		const char *before = mm_event_row((enum mm_event)i)->code;
		if (before != NULL && strcmp(before, code) == 0) {
			return false;
		}
	}
	return true;
}

static const char *event_code(size_t number)
{
	for (size_t i = 0; i < MM_EVENT_COUNT; i++) {
		const char *code = mm_event_row((enum mm_event)i)->code;

		if (code != NULL && *code != '\0' && is_first_of_its_code(i) && number-- == 0) {
			return code;
		}
	}
	return NULL;
}

#define LISTED(array, number) ((number) < COUNT_OF(array) ? (array)[number] : NULL)

/* The word of that number; NULL: there are no more, or none that could be listed. */
static const char *word(enum mm_values values, size_t number)
{
	switch (values) {
	case MM_VALUES_TIME:
		return LISTED(times, number);
	case MM_VALUES_MONTH:
		return LISTED(months, number);
	case MM_VALUES_ELEMENT:
		return LISTED(element_numbers, number);
	case MM_VALUES_LED:
		return LISTED(leds, number);
	case MM_VALUES_POINT:
		return LISTED(points, number);
	case MM_VALUES_CORRECTION:
		return mm_correction_word(number);
	case MM_VALUES_CODE:
		return event_code(number);
	case MM_VALUES_COMMAND:
		return mm_ctl_commands[number].name;
	case MM_VALUES_SEEN:
		return mm_check_seen_word(number);
	case MM_VALUES_ANY:
	case MM_VALUES_FILE:
	case MM_VALUES_METER:
		return NULL;
	}
	return NULL;
}

static const char *kind(const struct mm_ctl_option_row *option)
{
	if (option->argument == NULL) {
		return "flag";
	}
	if (option->values == MM_VALUES_FILE) {
		return "file";
	}
	if (option->values == MM_VALUES_METER) {
		return "meter";
	}
	return word(option->values, 0) != NULL ? "words" : "any";
}

static void print_words(enum mm_values values)
{
	const char *text;

	for (size_t i = 0; (text = word(values, i)) != NULL; i++) {
		/* Of commands of two words the first is there already. */
		if (values != MM_VALUES_COMMAND || (strchr(text, ' ') == NULL && mm_ctl_commands[i].help != NULL)) {
			printf("%s%s", i > 0 ? " " : "", text);
		}
	}
}

static bool print_command(const struct mm_ctl_command *command)
{
	bool first = true;

	printf("c|%s|", command->name);
	for (int i = MM_OPTION_OWN; i < MM_OPTION_COUNT; i++) {
		if (mm_ctl_takes(command, i)) {
			printf("%s--%s", first ? "" : " ", mm_ctl_options[i].name);
			first = false;
		}
	}
	putchar('|');
	print_words(command->values);
	printf("|%s\n", command->help);
	return strpbrk(command->help, FORBIDDEN) == NULL;
}

static bool print_option(const struct mm_ctl_option_row *option)
{
	const char letter[] = {option->letter, '\0'};

	printf("o|--%s|%s|%s|", option->name, letter, kind(option));
	print_words(option->values);
	printf("|%s\n", option->help);
	return strpbrk(option->help, FORBIDDEN) == NULL;
}

int main(void)
{
	bool right = true;

	for (const struct mm_ctl_command *command = mm_ctl_commands; command->name != NULL; command++) {
		right = right && (command->help == NULL || print_command(command));
	}
	for (size_t i = 0; i < MM_OPTION_COUNT; i++) {
		right = right && print_option(&mm_ctl_options[i]);
	}
	if (!right) {
		fputs("a text of --help has a character that shells take for something else: one of " FORBIDDEN, stderr);
	}
	return right && fflush(stdout) == 0 ? 0 : 1;
}
