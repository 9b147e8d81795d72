/* SPDX-License-Identifier: MIT */
/*
 * check: the installation test. In a terminal it asks for loads, for a known load to be switched where the readings fit more than
 * one wiring, and for a look at the LEDs and the display; otherwise it judges what is there.
 */

#include "ctl/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/reading.h"
#include "ctl/diagnose.h"
#include "ctl/private.h"
#include "ctl/writer.h"

/* Windows that pass while the load LED can change, and until a change of load shows. */
#define WINDOWS_LED 5
#define WINDOWS_AFTER_LOAD 5
#define LED_TEST_SECONDS 5

struct check {
	struct mm_ctl *ctl;
	json_t *parameters; /* {"meter": NAME} */
	const char *name;
	bool interactive;
	json_t *loads;		      /* the same, and what somebody says of loads */
	struct mm_readings *readings; /* the latest of the meter */
	const struct mm_reading *reading;
	json_t *diagnosis;
	struct mm_output_states *outputs;
	json_t *items;
};

/* ---- Asking the daemon ---- */

static int refresh_reading(struct check *check)
{
	struct mm_readings *readings;
	struct mm_error error = {0};
	json_t *answer;
	int r = mm_ctl_call(check->ctl, "org.minimeter.Read", json_incref(check->parameters), &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	r = mm_readings_new(answer, &readings, &error);
	json_decref(answer);
	if (r < 0) {
		return mm_ctl_fail_client(check->ctl, r, &error);
	}
	mm_readings_free(check->readings);
	check->readings = readings;
	check->reading = &readings->meter[0];
	return readings->count == 1 ? MM_CTL_FINE : mm_ctl_fail(check->ctl, MM_CTL_FAILED, "there is no reading of this meter");
}

static int refresh_diagnosis(struct check *check)
{
	json_t *answer;
	int r = mm_ctl_call(check->ctl, "org.minimeter.Diagnose", json_incref(check->loads), &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	json_decref(check->diagnosis);
	check->diagnosis = json_incref(json_array_get(json_object_get(answer, "meters"), 0));
	json_decref(answer);
	return MM_CTL_FINE;
}

/* Waits for windows to pass, on a connection of its own: a stream of readings has no end. It ends early where none comes. */
static void wait_windows(struct check *check, unsigned windows)
{
	const char *path = mm_ctl_socket_path(check->ctl, MM_CTL_SOCKET_READ);
	struct mm_client *client;
	bool more;

	if (!check->reading->valid || mm_client_connect(MM_CLIENT_READ, path, &client, NULL) < 0) {
		return;
	}
	more = mm_client_send(client, "org.minimeter.Read", json_incref(check->parameters), true, NULL) == 0;
	for (unsigned i = 0; i <= windows && more; i++) {
		json_t *reading;

		if (mm_client_receive(client, MM_CLIENT_TIMEOUT_MS, &reading, &more, NULL) < 0) {
			break;
		}
		json_decref(reading);
	}
	mm_client_free(client);
}

static int keep_outputs(struct check *check, json_t *answer)
{
	struct mm_output_states *outputs;
	struct mm_error error = {0};
	int r = mm_output_states_new(answer, &outputs, &error);

	if (r < 0) {
		return mm_ctl_fail_client(check->ctl, r, &error);
	}
	mm_output_states_free(check->outputs);
	check->outputs = outputs;
	return MM_CTL_FINE;
}

/* The outputs, and the load LED between two readings. */
static int refresh_outputs(struct check *check, struct mm_check_led *ret_led)
{
	const struct mm_output_state *led;
	json_t *answer;
	int64_t before_uwh = 0;
	int r = refresh_reading(check);

	if (r == MM_CTL_FINE) {
		before_uwh = check->reading->delivered_uwh;
		r = mm_ctl_call(check->ctl, "org.minimeter.GetOutputs", json_incref(check->parameters), &answer);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	r = keep_outputs(check, answer);
	json_decref(answer);
	if (r == MM_CTL_FINE) {
		r = refresh_reading(check);
	}
	led = mm_output_states_find(check->outputs, check->name, "led_load");
	if (r == MM_CTL_FINE && led != NULL) {
		*ret_led = mm_check_led(before_uwh, led, check->reading);
	}
	return r;
}

/* ---- Asking people ---- */

/* Reads a line; its first letter, small, or 'n' at the end of the input. */
static int read_answer(void)
{
	char line[64], rest[64];
	bool whole;

	if (fgets(line, sizeof(line), stdin) == NULL) {
		return 'n';
	}
	for (whole = strchr(line, '\n') != NULL; !whole && fgets(rest, sizeof(rest), stdin) != NULL;) {
		whole = strchr(rest, '\n') != NULL;
	}
	return tolower((unsigned char)line[0]);
}

/* Asks until the answer is one of choices ("y, n") or '\n', Enter alone. */
static int ask(const struct check *check, const char *question, const char *choices)
{
	int answer;

	fprintf(check->ctl->out, "%s ", question);
	fflush(check->ctl->out);
	answer = read_answer();
	while (answer != '\n' && (!isalpha(answer) || strchr(choices, answer) == NULL)) {
		fprintf(check->ctl->out, "Say %s, or press Enter: ", choices);
		fflush(check->ctl->out);
		answer = read_answer();
	}
	return answer;
}

static int ask_for_loads(struct check *check)
{
	int element, r = MM_CTL_FINE;

	while (r == MM_CTL_FINE && check->reading->valid && mm_check_lacks_load(check->reading, &element)) {
		int answer;

		fprintf(check->ctl->out,
			"\nLine %d carries %.3f A, which is too little to judge its CT by.\n"
			"Switch on a load of more than 1 A on line %d, such as a heater, and press Enter.\n"
			"(y: it surely runs and still nothing shows; n: go on without)",
			element, check->reading->element[element - 1].current_a, element);
		answer = ask(check, "", "y, n");
		if (answer == 'y' || answer == 'n') {
			json_object_set_new(check->loads, "loaded", json_boolean(answer == 'y'));
			return MM_CTL_FINE;
		}
		wait_windows(check, WINDOWS_AFTER_LOAD);
		r = refresh_reading(check);
	}
	return r;
}

/* True where the likeliest cause is a fault, and the readings fit others as well. */
static bool is_tied(const json_t *diagnosis)
{
	const json_t *first = json_array_get(json_object_get(diagnosis, "findings"), 0);

	return mm_diagnose_faulty(diagnosis) && json_is_true(json_object_get(first, "tied"));
}

static int ask_to_switch(struct check *check)
{
	size_t lines = check->reading->element_count;
	int r = MM_CTL_FINE;

	for (size_t line = 1; line <= lines && r == MM_CTL_FINE && is_tied(check->diagnosis); line++) {
		fprintf(check->ctl->out,
			"\nThe readings fit more than one cause. Switch a load of 5 A or more between line %zu and neutral on,\n"
			"and off again after five seconds, twice; the rest as it is. Then press Enter (n: go on without).",
			line);
		if (ask(check, "", "n") == 'n') {
			return MM_CTL_FINE;
		}
		r = refresh_diagnosis(check);
	}
	return r;
}

/* Inverts an LED and asks whether it moved. */
static void look_at_led(struct check *check, struct mm_client *admin, const char *output, const char *words)
{
	json_t *parameters = json_copy(check->parameters), *reply;
	char question[96];
	int answer;

	json_object_set_new(parameters, "output", json_string(output));
	json_object_set_new(parameters, "seconds", json_integer(LED_TEST_SECONDS));
	if (mm_client_call(admin, "org.minimeter.TestOutput", parameters, &reply, NULL) < 0) {
		mm_check_add(check->items, output, 0, MM_CHECK_NOT_DONE, "see 'minimeterctl outputs'", "the test was refused");
		return;
	}
	json_decref(reply);
	snprintf(question, sizeof(question), "The %s LED is inverted for %d s. Do you see it change? (y, n; Enter: no LED there)",
		 words, LED_TEST_SECONDS);
	answer = ask(check, question, "y, n");
	if (answer == 'y') {
		mm_check_add(check->items, output, 0, MM_CHECK_OK, NULL, "seen to change");
	} else if (answer == 'n') {
		mm_check_add(check->items, output, 0, MM_CHECK_FAULT,
			     "check its line and its LED; 'minimeterctl outputs' has the line", "not seen to change");
	} else {
		mm_check_add(check->items, output, 0, MM_CHECK_NOT_DONE, NULL, "there is none");
	}
}

static void look_at_outputs(struct check *check)
{
	const char *path = mm_ctl_socket_path(check->ctl, MM_CTL_SOCKET_ADMIN);
	const char *display = check->reading->display;
	struct mm_client *admin;
	char question[96];

	if (!check->interactive) {
		mm_check_add(check->items, "led-test", 0, MM_CHECK_NOT_DONE, "run the check in a terminal",
			     "nobody to look at the LEDs");
	} else if (mm_client_connect(MM_CLIENT_ADMIN, path, &admin, NULL) < 0) {
		mm_check_add(check->items, "led-test", 0, MM_CHECK_NOT_DONE,
			     "run it with sudo, or as a member of the group minimeter-admin", "%s can't be used", path);
	} else {
		look_at_led(check, admin, "led_power", "power");
		look_at_led(check, admin, "led_reverse", "reverse-phase");
		mm_client_free(admin);
	}
	if (display == NULL || !check->interactive) {
		return;
	}
	snprintf(question, sizeof(question), "The display reads %.16s kWh, or a little more. Does it? (y, n; Enter: skip)",
		 display);
	switch (ask(check, question, "y, n")) {
	case 'y':
		mm_check_add(check->items, "display", 0, MM_CHECK_OK, NULL, "seen to read %.16s kWh", display);
		break;
	case 'n':
		mm_check_add(check->items, "display", 0, MM_CHECK_FAULT,
			     "check lcd in the configuration and the display's wiring", "does not read %.16s kWh", display);
		break;
	default:
		mm_check_add(check->items, "display", 0, MM_CHECK_NOT_DONE, NULL, "not looked at");
		break;
	}
}

/* ---- The test ---- */

static int gather(struct check *check)
{
	struct mm_check_led before = {0}, after = {0};
	int r = refresh_reading(check);

	if (r == MM_CTL_FINE && check->interactive) {
		r = ask_for_loads(check);
	}
	if (r == MM_CTL_FINE && (r = refresh_outputs(check, &before)) == MM_CTL_FINE) {
		wait_windows(check, WINDOWS_LED);
		r = refresh_diagnosis(check);
	}
	if (r == MM_CTL_FINE && check->interactive) {
		r = ask_to_switch(check);
	}
	if (r != MM_CTL_FINE || (r = refresh_outputs(check, &after)) != MM_CTL_FINE) {
		return r;
	}
	mm_check_readings(check->items, check->reading, check->diagnosis);
	if (check->ctl->option[MM_OPTION_LOAD] != NULL) {
		mm_check_load(check->items, check->reading, check->diagnosis,
			      json_number_value(json_object_get(check->loads, "load_w")));
	}
	mm_check_load_led(check->items, &before, &after);
	mm_check_outputs(check->items, check->outputs);
	look_at_outputs(check);
	return MM_CTL_FINE;
}

static void items_text(const struct check *check)
{
	static const char *const heading = "STATE";
	struct mm_ctl *ctl = check->ctl;
	char state[MM_CELL_MAX], item[MM_CELL_MAX], text[MM_CELL_MAX];
	size_t i;
	json_t *one;

	fprintf(ctl->out, "\n%-9s  %-16s  WHAT\n", heading, "ITEM");
	json_array_foreach(check->items, i, one)
	{
		const json_t *element = json_object_get(one, "element");
		bool fault;

		mm_cell_as(MM_FORMAT_TEXT, one, "state", state);
		mm_cell_as(MM_FORMAT_TEXT, one, "item", item);
		mm_cell_as(MM_FORMAT_TEXT, one, "text", text);
		fault = strcmp(state, "fault") == 0;
		if (json_is_integer(element)) {
			snprintf(item + strlen(item), MM_CELL_MAX - strlen(item), " %d", (int)json_integer_value(element));
		}
		fprintf(ctl->out, "%s%-9s%s  %-16s  %s\n", mm_paint(ctl, fault), state, mm_unpaint(ctl, fault), item, text);
		if (json_is_string(json_object_get(one, "next"))) {
			mm_cell_as(MM_FORMAT_TEXT, one, "next", text);
			fprintf(ctl->out, "%-9s  %-16s  next: %s\n", "", "", text);
		}
	}
}

static int conclude(struct check *check)
{
	unsigned faults = mm_check_count(check->items, MM_CHECK_FAULT);
	unsigned undecided = mm_check_count(check->items, MM_CHECK_UNDECIDED);
	struct mm_ctl *ctl = check->ctl;

	if (ctl->option[MM_OPTION_JSON] != NULL) {
		json_t *answer = json_pack("{s:[{s:s, s:b, s:O, s:O}]}", "meters", "name", check->name, "ok",
					   (int)(faults + undecided == 0), "items", check->items, "findings",
					   json_object_get(check->diagnosis, "findings"));

		mm_writer_json(ctl->out, answer, false);
		json_decref(answer);
	} else {
		items_text(check);
		fputc('\n', ctl->out);
		if (faults + undecided > 0) {
			mm_diagnose_text(ctl, check->diagnosis);
			fputc('\n', ctl->out);
		}
		fprintf(ctl->out, "%s: %s%u fault%s, %u undecided%s\n", check->name, mm_paint(ctl, faults > 0), faults,
			faults == 1 ? "" : "s", undecided, mm_unpaint(ctl, faults > 0));
	}
	return faults > 0 ? MM_CTL_FAULT : undecided > 0 ? MM_CTL_FAILED : MM_CTL_FINE;
}

int mm_ctl_check(struct mm_ctl *ctl)
{
	struct check check = {.ctl = ctl, .items = json_array(), .loads = json_object()};
	int r = mm_diagnose_loads(ctl, check.loads);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_one_meter(ctl, &check.parameters);
	}
	if (r == MM_CTL_FINE) {
		json_object_update(check.loads, check.parameters);
		check.name = json_string_value(json_object_get(check.parameters, "meter"));
		check.interactive = ctl->option[MM_OPTION_JSON] == NULL && isatty(STDIN_FILENO) && isatty(fileno(ctl->out));
	}
	if (r == MM_CTL_FINE) {
		r = gather(&check);
	}
	if (r == MM_CTL_FINE) {
		r = conclude(&check);
	}
	json_decref(check.parameters);
	json_decref(check.loads);
	mm_readings_free(check.readings);
	json_decref(check.diagnosis);
	mm_output_states_free(check.outputs);
	json_decref(check.items);
	return r;
}
