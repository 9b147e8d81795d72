/* SPDX-License-Identifier: MIT */
/* What the installation test asks people in a terminal. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check.h"
#include "ctl/diagnose.h"

#define LED_TEST_SECONDS 5
/* How often a load is switched to tell causes apart. */
#define SWITCHED_TIMES 2

static bool is_choice(int answer, const char *choices)
{
	return answer == '\n' || answer == EOF || (isalpha(answer) && strchr(choices, answer) != NULL);
}

/* Asks again until the answer is one of choices ("y, n"), '\n', Enter alone, or EOF. */
static int insist(const struct mm_check *check, int answer, const char *choices)
{
	while (!is_choice(answer, choices)) {
		fprintf(check->ctl->out, "Say %s, or press Enter: ", choices);
		fflush(check->ctl->out);
		answer = mm_check_read_answer();
	}
	return answer;
}

/* A question that can be answered with yes or no, or be left open with Enter, or by the end of the input. */
static mm_check_answer ask(const struct mm_check *check, const char *question)
{
	int answer;

	mm_ctl_say(check->ctl, false, "\n%s", question);
	fputs("(y, n; Enter: skip) ", check->ctl->out);
	fflush(check->ctl->out);
	answer = insist(check, mm_check_read_answer(), "y, n");
	return answer == '\n' || answer == EOF ? 0 : (char)answer;
}

/* ---- What was looked at before ---- */

/* As the items are called. */
static const char *const seen_words[MM_CHECK_SEEN_COUNT] = {
	[MM_CHECK_SEEN_LINES] = "phase-relation",
	[MM_CHECK_SEEN_PULSES] = "pulse-outputs",
	[MM_CHECK_SEEN_LEDS] = "led-test",
	[MM_CHECK_SEEN_DISPLAY] = "display",
};

const char *mm_check_seen_word(size_t number)
{
	return number < MM_CHECK_SEEN_COUNT ? seen_words[number] : NULL;
}

static bool is_seen(const struct mm_check *check, enum mm_check_seen what)
{
	return (check->seen & 1u << what) != 0;
}

int mm_check_read_seen(struct mm_check *check)
{
	const char *text = check->ctl->option[MM_OPTION_SEEN];

	while (text != NULL && *text != '\0') {
		size_t length = strcspn(text, ","), found = 0;

		while (found < MM_CHECK_SEEN_COUNT &&
		       (strlen(seen_words[found]) != length || strncmp(seen_words[found], text, length) != 0)) {
			found++;
		}
		if (found == MM_CHECK_SEEN_COUNT) {
			return mm_ctl_fail(check->ctl, MM_CTL_USAGE, "--seen '%.*s': one can look at %s, %s, %s and %s",
					   (int)length, text, seen_words[0], seen_words[1], seen_words[2], seen_words[3]);
		}
		check->seen |= 1u << found;
		text += length;
		text += *text == ',';
	}
	return MM_CTL_FINE;
}

/* ---- Loads ---- */

int mm_check_ask_for_loads(struct mm_check *check)
{
	int element, r = MM_CTL_FINE;

	while (r == MM_CTL_FINE && check->reading->valid && mm_check_lacks_load(check->reading, &element)) {
		struct mm_check_watch watch = {.wanted = (unsigned)check->reading->element_count};
		int answer;

		mm_ctl_say(check->ctl, false,
			   "\nLine %d carries %.3f A, which is too little to judge its CT by.\n"
			   "Switch on a load of more than 1 A on line %d, such as a heater, and press Enter.\n"
			   "(y: it surely runs and still nothing shows; n: go on without)",
			   element, check->reading->element[element - 1].current_a, element);
		answer = insist(check, mm_check_watch(check, &watch), "y, n");
		if (answer == 'y' || answer == 'n') {
			json_object_set_new(check->loads, "loaded", json_boolean(answer == 'y'));
		}
		if (answer != '\n') {
			return MM_CTL_FINE;
		}
		r = mm_check_refresh_reading(check);
	}
	return r;
}

/* True where the likeliest cause is a fault, and the readings fit others as well. */
static bool is_tied(const json_t *diagnosis)
{
	const json_t *first = json_array_get(json_object_get(diagnosis, "findings"), 0);

	return mm_diagnose_faulty(diagnosis) && json_is_true(json_object_get(first, "tied"));
}

int mm_check_ask_to_switch(struct mm_check *check)
{
	size_t lines = check->reading->element_count;
	int r = MM_CTL_FINE;

	for (size_t line = 1; line <= lines && r == MM_CTL_FINE && is_tied(check->diagnosis); line++) {
		struct mm_check_watch watch = {.line = (int)line, .wanted = SWITCHED_TIMES};
		int answer;

		mm_ctl_say(
			check->ctl, false,
			"\nThe readings fit more than one cause. Switch a load of 5 A or more between line %zu and neutral on, "
			"and off again after five seconds, twice; the rest as it is. Then press Enter (n: go on without).",
			line);
		answer = insist(check, mm_check_watch(check, &watch), "n");
		if (answer == 'n' || answer == EOF) {
			return MM_CTL_FINE;
		}
		r = mm_check_refresh_diagnosis(check);
	}
	return r;
}

mm_check_answer mm_check_ask_apart(struct mm_check *check)
{
	char between[MM_CHECK_APART_MAX], question[256];

	if (is_seen(check, MM_CHECK_SEEN_LINES)) {
		return 'y';
	}
	mm_check_between_lines(check->reading, between);
	snprintf(question, sizeof(question),
		 "This front end can't measure the angle between the lines. Measure from L1 to L2 with a voltmeter: does it read "
		 "about %s?",
		 between);
	return check->interactive ? ask(check, question) : 0;
}

/* ---- LEDs, display, pulse outputs ---- */

static bool has_line(const struct mm_check *check, const char *output)
{
	const struct mm_output_state *state = mm_output_states_find(check->outputs, check->name, output);

	return state != NULL && state->line != NULL;
}

/* Inverts an LED and asks whether it moved. */
static void look_at_led(struct mm_check *check, struct mm_client *admin, const char *output, const char *words)
{
	json_t *parameters = json_copy(check->parameters), *reply;
	char question[96];

	json_object_set_new(parameters, "output", json_string(output));
	json_object_set_new(parameters, "seconds", json_integer(LED_TEST_SECONDS));
	if (mm_client_call(admin, "org.minimeter.TestOutput", parameters, &reply, NULL) < 0) {
		mm_check_add(check->items, output, 0, MM_CHECK_NOT_DONE, "see 'minimeterctl outputs'", "the test was refused");
		return;
	}
	json_decref(reply);
	snprintf(question, sizeof(question), "The %s LED is inverted for %d s. Do you see it change?", words, LED_TEST_SECONDS);
	switch (ask(check, question)) {
	case 'y':
		mm_check_add(check->items, output, 0, MM_CHECK_OK, NULL, "seen to change");
		break;
	case 'n':
		mm_check_add(check->items, output, 0, MM_CHECK_FAULT,
			     "check its line and its LED; 'minimeterctl outputs' has the line", "not seen to change");
		break;
	default:
		mm_check_add(check->items, output, 0, MM_CHECK_NOT_DONE, "look at it while the check inverts it",
			     "not looked at");
	}
}

static void look_at_leds(struct mm_check *check)
{
	static const struct {
		const char *output, *words;
	} leds[] = {{"led_power", "power"}, {"led_reverse", "reverse-phase"}};
	struct mm_client *admin = NULL;

	if (!has_line(check, leds[0].output) && !has_line(check, leds[1].output)) {
		return;
	}
	if (is_seen(check, MM_CHECK_SEEN_LEDS)) {
		mm_check_add(check->items, "led-test", 0, MM_CHECK_OK, NULL, "seen to change, says --seen");
		return;
	}
	if (!check->interactive) {
		mm_check_add(check->items, "led-test", 0, MM_CHECK_NOT_DONE,
			     "run the check in a terminal, or look during 'minimeterctl outputs test' and say --seen led-test",
			     "nobody to look at the LEDs");
		return;
	}
	if (mm_ctl_open(check->ctl, MM_CTL_SOCKET_ADMIN, &admin, NULL) < 0) {
		mm_check_add(check->items, "led-test", 0, MM_CHECK_NOT_DONE,
			     "run it with sudo, or as a member of the group minimeter-admin", "%s can't be used",
			     mm_ctl_socket_path(check->ctl, MM_CTL_SOCKET_ADMIN));
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		if (has_line(check, leds[i].output)) {
			look_at_led(check, admin, leds[i].output, leds[i].words);
		}
	}
	mm_client_free(admin);
}

static void look_at_display(struct mm_check *check)
{
	const char *display = check->reading->display;
	char question[96];

	if (display == NULL || !json_is_string(json_object_get(check->plate, "lcd"))) {
		return;
	}
	if (is_seen(check, MM_CHECK_SEEN_DISPLAY)) {
		mm_check_add(check->items, "display", 0, MM_CHECK_OK, NULL, "seen to read as the register, says --seen");
		return;
	}
	if (!check->interactive) {
		mm_check_add(check->items, "display", 0, MM_CHECK_NOT_DONE,
			     "run the check in a terminal, or compare it with 'minimeterctl read' and say --seen display",
			     "nobody to look at the display");
		return;
	}
	snprintf(question, sizeof(question), "The display reads %.16s kWh, or a little more. Does it?", display);
	switch (ask(check, question)) {
	case 'y':
		mm_check_add(check->items, "display", 0, MM_CHECK_OK, NULL, "seen to read %.16s kWh", display);
		break;
	case 'n':
		mm_check_add(check->items, "display", 0, MM_CHECK_FAULT,
			     "check lcd in the configuration and the display's wiring", "does not read %.16s kWh", display);
		break;
	default:
		mm_check_add(check->items, "display", 0, MM_CHECK_NOT_DONE, "compare it with 'minimeterctl read'",
			     "not looked at");
	}
}

void mm_check_look_at_outputs(struct mm_check *check)
{
	char lines[MM_CHECK_LINES_MAX], question[MM_CHECK_LINES_MAX + 128];
	mm_check_answer counted = 0;

	if (is_seen(check, MM_CHECK_SEEN_PULSES)) {
		counted = 'y';
	} else if (check->interactive && mm_check_pulse_lines(check->outputs, lines)) {
		snprintf(question, sizeof(question),
			 "Pulse outputs: %s. Does the equipment that reads them count as many edges as 'minimeterctl outputs'?",
			 lines);
		counted = ask(check, question);
	}
	mm_check_outputs(check->items, check->outputs, counted);
	look_at_leds(check);
	look_at_display(check);
}
