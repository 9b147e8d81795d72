/* SPDX-License-Identifier: MIT */
/* What the machine shows, as the proposal for an answer; where it shows nothing, what minimeter-boards(7) has. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "afe/scan.h"
#include "base/count_of.h"
#include "base/text.h"
#include "config/inputs.h"
#include "setup/private.h"

/* As minimeter-boards(7) wires a Raspberry Pi. */
static const char *const board_lines[MM_OUTPUT_COUNT] = {
	[MM_OUTPUT_10] = "GPIO17",	 [MM_OUTPUT_100] = "GPIO27",	   [MM_OUTPUT_COUNTER] = "GPIO22",
	[MM_OUTPUT_LED_LOAD] = "GPIO23", [MM_OUTPUT_LED_POWER] = "GPIO24", [MM_OUTPUT_LED_REVERSE] = "GPIO25",
};

/* Burdens in use, the largest first: the larger, the less noise. */
static const char *const burdens_ohm[] = {"12", "5.1", "3.3", "2.4", "1.5", "0.75"};

static void set(struct mm_proposal *proposal, const char *value)
{
	snprintf(proposal->value, sizeof(proposal->value), "%s", value);
}

static void propose_uri(struct mm_proposal *ret)
{
	static const char *const places[] = {"local:", "ip:127.0.0.1"};
	struct mm_afe_seen seen;

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		if (mm_afe_scan(places[i], &seen, NULL) == 0 && seen.count > 0) {
			set(ret, places[i]);
			mm_error_say(&ret->seen, "Seen at %s: %s.", places[i], seen.driver[0]->name);
			return;
		}
	}
	set(ret, "local:");
	mm_error_say(&ret->seen,
		     "No chip is seen yet. For one on this machine, minimeter-boards(7) has the wiring and the overlay.");
}

static void propose_driver(const struct mm_answers *answers, struct mm_proposal *ret)
{
	const char *uri = mm_answer(answers, MM_ASK_URI, 0);
	struct mm_afe_seen seen = {0};
	struct mm_error error = {0};
	char names[MM_ERROR_TEXT_MAX] = "";

	if (mm_afe_scan(uri, &seen, &error) == 0 && seen.count > 0) {
		for (unsigned i = 0; i < seen.count; i++) {
			mm_text_list(names, sizeof(names), seen.driver[i]->name);
		}
		mm_error_say(&ret->seen, "Seen at %s: %s.", uri, names);
		set(ret, seen.driver[0]->name);
		return;
	}
	for (size_t i = 0; mm_afe_driver_name(i); i++) {
		mm_text_list(names, sizeof(names), mm_afe_driver_name(i));
	}
	mm_error_say(&ret->seen, "None is seen%s%s%s. These are known: %s.", error.text[0] != '\0' ? " (" : "", error.text,
		     error.text[0] != '\0' ? ")" : "", names);
}

/* The largest one that lets the largest current of every meter through. */
static void propose_burden(const struct mm_answers *answers, struct mm_proposal *ret)
{
	const char *name = mm_answer(answers, MM_ASK_DRIVER, 0);
	const struct mm_afe_driver *driver = mm_afe_driver_find(name[0] != '\0' ? name : "ade9000");
	struct mm_config *config = calloc(1, sizeof(*config));

	for (size_t i = 0; config && driver && i < COUNT_OF(burdens_ohm) && ret->value[0] == '\0'; i++) {
		bool right = true;

		snprintf(config->front_end[0].driver, sizeof(config->front_end[0].driver), "%s", driver->name);
		config->front_end[0].afe.burden_ohm = strtod(burdens_ohm[i], NULL);
		for (unsigned m = 0; m < answers->meter_count; m++) {
			config->meter[m].model = mm_answer_model(answers, m);
			right = right && config->meter[m].model.elements > 0 &&
				mm_inputs_check_current(config, &config->meter[m], 0, NULL) == 0;
		}
		if (right) {
			set(ret, burdens_ohm[i]);
		}
	}
	free(config);
}

static bool has_phase(const struct mm_answers *answers, unsigned meter, const char *phase)
{
	bool has = false;

	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		has = has || strcmp(mm_answer(answers, MM_ASK_ELEMENT1 + e, meter), phase) == 0;
	}
	return has;
}

/* The first phase that no element has yet; where there is none, the first that this meter has not. */
static void propose_phase(const struct mm_answers *answers, unsigned meter, struct mm_proposal *ret)
{
	static const char *const phases[] = {"A", "B", "C"};

	for (size_t i = COUNT_OF(phases); i-- > 0;) {
		if (!has_phase(answers, meter, phases[i])) {
			set(ret, phases[i]);
		}
	}
	for (size_t i = COUNT_OF(phases); i-- > 0;) {
		bool taken = false;

		for (unsigned m = 0; m < answers->meter_count; m++) {
			taken = taken || has_phase(answers, m, phases[i]);
		}
		if (!taken) {
			set(ret, phases[i]);
		}
	}
}

/* The board's line, where this machine has it and nobody else uses it. */
static void propose_line(const struct mm_answers *answers, enum mm_output output, struct mm_proposal *ret)
{
	const char *line = board_lines[output], *ignored;
	struct mm_line_spec spec;

	if (line && answers->look && mm_line_spec_parse(line, &spec, &ignored) == 0 &&
	    mm_line_look(&spec, "minimeterd", line, NULL) == 0) {
		set(ret, line);
	}
}

void mm_propose(const struct mm_answers *answers, enum mm_question question, unsigned meter, struct mm_proposal *ret)
{
	*ret = (struct mm_proposal){0};
	if (question == MM_ASK_NAME) {
		set(ret, meter == 0 ? "main" : "");
	} else if (question == MM_ASK_URI) {
		propose_uri(ret);
	} else if (question == MM_ASK_DRIVER) {
		propose_driver(answers, ret);
	} else if (question == MM_ASK_GENERATION) {
		set(ret, "no");
	} else if (question == MM_ASK_KH) {
		set(ret, "10");
	} else if (question == MM_ASK_DIVIDER) {
		set(ret, "1001");
	} else if (question == MM_ASK_BURDEN) {
		propose_burden(answers, ret);
	} else if (question >= MM_ASK_ELEMENT1 && question <= MM_ASK_ELEMENT3) {
		propose_phase(answers, meter, ret);
	} else if (question >= MM_ASK_OUTPUT && question < MM_ASK_LCD && meter == 0) {
		propose_line(answers, (enum mm_output)(question - MM_ASK_OUTPUT), ret);
	} else if (question == MM_ASK_LCD && meter == 0 && answers->look && access("/dev/lcd", F_OK) == 0) {
		set(ret, "/dev/lcd");
	}
}
