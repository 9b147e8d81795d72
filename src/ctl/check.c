/* SPDX-License-Identifier: MIT */
/*
 * check: the installation test. In a terminal it asks for loads, for a known load to be switched where the readings fit more than
 * one wiring, and for a look at the LEDs and the display; otherwise it judges what is there.
 */

#include "ctl/check.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/diagnose.h"
#include "ctl/writer.h"

/* Windows that pass while the load LED can change. */
#define WINDOWS_LED 5
/* Where the words of an item begin. */
#define ITEM_COLUMN 29

/* ---- The test ---- */

/* A load of nothing is asked for to see what registers without one. */
static bool is_without_load(const struct mm_check *check)
{
	return check->ctl->option[MM_OPTION_LOAD] != NULL && json_number_value(json_object_get(check->loads, "load_w")) <= 0;
}

static int fetch_plate(struct mm_check *check)
{
	json_t *answer;
	int r = mm_ctl_call(check->ctl, "org.minimeter.GetNameplate", json_incref(check->parameters), &answer);

	if (r == MM_CTL_FINE) {
		check->plate = json_incref(json_array_get(json_object_get(answer, "meters"), 0));
		json_decref(answer);
	}
	return r;
}

/* Everything that the daemon is asked for, with loads as people have switched them. */
static int gather(struct mm_check *check, struct mm_check_led *ret_before, struct mm_check_led *ret_after)
{
	int r = fetch_plate(check);

	if (r == MM_CTL_FINE) {
		r = mm_check_refresh_reading(check);
	}
	if (r == MM_CTL_FINE && check->interactive && !is_without_load(check)) {
		r = mm_check_ask_for_loads(check);
	}
	if (r == MM_CTL_FINE && (r = mm_check_refresh_outputs(check, ret_before)) == MM_CTL_FINE) {
		mm_check_wait_windows(check, WINDOWS_LED);
		r = mm_check_refresh_diagnosis(check);
	}
	if (r == MM_CTL_FINE && check->interactive) {
		r = mm_check_ask_to_switch(check);
	}
	return r != MM_CTL_FINE ? r : mm_check_refresh_outputs(check, ret_after);
}

static int judge(struct mm_check *check)
{
	struct mm_check_led before = {0}, after = {0};
	double load_w = json_number_value(json_object_get(check->loads, "load_w"));
	mm_check_answer apart = 0;
	int r = gather(check, &before, &after);

	if (r != MM_CTL_FINE) {
		return r;
	}
	if (check->reading->element_count == 2 && !mm_check_knows_angle(check->diagnosis)) {
		apart = mm_check_ask_apart(check);
	}
	if (is_without_load(check)) {
		mm_check_load(check->items, check->reading, check->diagnosis, load_w);
	}
	mm_check_readings(check->items, check->reading, check->diagnosis, apart);
	if (load_w > 0) {
		mm_check_load(check->items, check->reading, check->diagnosis, load_w);
	}
	if (check->reading->valid) {
		mm_check_load_led(check->items, &before, &after);
	}
	mm_check_look_at_outputs(check);
	return MM_CTL_FINE;
}

/* ---- The result ---- */

static void item_text(struct mm_ctl *ctl, const json_t *one)
{
	const json_t *element = json_object_get(one, "element");
	char state[MM_CELL_MAX], item[MM_CELL_MAX], text[MM_CELL_MAX];
	bool fault;

	mm_cell_as(MM_FORMAT_TEXT, one, "state", state);
	mm_cell_as(MM_FORMAT_TEXT, one, "item", item);
	mm_cell_as(MM_FORMAT_TEXT, one, "text", text);
	fault = strcmp(state, "fault") == 0;
	if (json_is_integer(element)) {
		snprintf(item + strlen(item), MM_CELL_MAX - strlen(item), " %d", (int)json_integer_value(element));
	}
	fprintf(ctl->out, "%s%-9s%s  %-16s  ", mm_paint(ctl, fault), state, mm_unpaint(ctl, fault), item);
	mm_text_wrap(ctl->out, ctl->width, ITEM_COLUMN, text);
	if (json_is_string(json_object_get(one, "next"))) {
		mm_cell_as(MM_FORMAT_TEXT, one, "next", text);
		fprintf(ctl->out, "%*snext: ", ITEM_COLUMN, "");
		mm_text_wrap(ctl->out, ctl->width, ITEM_COLUMN + 6, text);
	}
}

static void items_text(const struct mm_check *check)
{
	size_t i;
	json_t *one;

	fputs("STATE      ITEM              WHAT\n", check->ctl->out);
	json_array_foreach(check->items, i, one)
	{
		item_text(check->ctl, one);
	}
}

/* Does the diagnosis have more to say than that nothing is wrong? */
static bool has_causes(const json_t *diagnosis)
{
	const json_t *findings = json_object_get(diagnosis, "findings");
	const char *first = json_string_value(json_object_get(json_array_get(findings, 0), "cause"));

	return json_array_size(findings) > 1 || (first != NULL && strcmp(first, "none") != 0);
}

static void result_text(struct mm_check *check, unsigned faults, unsigned undecided, unsigned not_done)
{
	struct mm_ctl *ctl = check->ctl;

	fputc('\n', ctl->out);
	items_text(check);
	fputc('\n', ctl->out);
	if (faults + undecided > 0 && has_causes(check->diagnosis)) {
		mm_diagnose_text(ctl, check->diagnosis);
		fputc('\n', ctl->out);
	}
	fprintf(ctl->out, "%s: %s%u fault%s, %u undecided, %u not done%s\n", check->name, mm_paint(ctl, faults > 0), faults,
		faults == 1 ? "" : "s", undecided, not_done, mm_unpaint(ctl, faults > 0));
}

/* record: NULL: there is none. */
static int conclude(struct mm_check *check, json_t *record)
{
	unsigned faults = mm_check_count(check->items, MM_CHECK_FAULT);
	unsigned undecided = mm_check_count(check->items, MM_CHECK_UNDECIDED);
	unsigned not_done = mm_check_count(check->items, MM_CHECK_NOT_DONE);
	struct mm_ctl *ctl = check->ctl;

	if (ctl->option[MM_OPTION_JSON] != NULL) {
		json_t *answer = json_pack("{s:[{s:s, s:b, s:O, s:O, s:O?}]}", "meters", "name", check->name, "ok",
					   (int)(faults + undecided + not_done == 0), "items", check->items, "findings",
					   json_object_get(check->diagnosis, "findings"), "record", record);

		mm_writer_json(ctl->out, answer, false);
		json_decref(answer);
	} else if (record != NULL) {
		ctl->width = ctl->width > 0 && ctl->width < MM_CHECK_SHEET_COLUMNS ? ctl->width : MM_CHECK_SHEET_COLUMNS;
		mm_check_sheet_begin(check, record);
		result_text(check, faults, undecided, not_done);
		mm_check_sheet_end(check, record);
	} else {
		result_text(check, faults, undecided, not_done);
	}
	return faults > 0 ? MM_CTL_FAULT : undecided + not_done > 0 ? MM_CTL_FAILED : MM_CTL_FINE;
}

/* A record that fails takes nothing from the result: that is shown, and the failure is what it ends with. */
static int test(struct mm_check *check)
{
	json_t *record = NULL;
	int recorded = MM_CTL_FINE, r = judge(check);

	if (r != MM_CTL_FINE) {
		return r;
	}
	if (check->ctl->option[MM_OPTION_RECORD] != NULL) {
		recorded = mm_check_record(check, &record);
	}
	r = conclude(check, record);
	json_decref(record);
	return recorded != MM_CTL_FINE ? recorded : r;
}

int mm_ctl_check(struct mm_ctl *ctl)
{
	struct mm_check check = {
		.ctl = ctl,
		.interactive = ctl->option[MM_OPTION_JSON] == NULL && isatty(STDIN_FILENO) && isatty(fileno(ctl->out)),
		.items = json_array(),
		.loads = json_object(),
	};
	int r = mm_diagnose_loads(ctl, check.loads);

	if (r == MM_CTL_FINE) {
		r = mm_check_read_seen(&check);
	}
	if (r == MM_CTL_FINE) {
		r = mm_check_may_record(&check);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_one_meter(ctl, &check.parameters);
	}
	if (r == MM_CTL_FINE) {
		json_object_update(check.loads, check.parameters);
		check.name = json_string_value(json_object_get(check.parameters, "meter"));
		r = test(&check);
	}
	json_decref(check.parameters);
	json_decref(check.loads);
	json_decref(check.plate);
	mm_readings_free(check.readings);
	json_decref(check.diagnosis);
	mm_output_states_free(check.outputs);
	json_decref(check.items);
	return r;
}
