/* SPDX-License-Identifier: MIT */
/* What is asked, and the configuration that the answers are. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "config/inputs.h"
#include "setup/private.h"

#define LED_HELP "GPIO line of this LED"
#define PULSE_HELP "GPIO line of this output"

/* clang-format off */
const struct mm_question_row mm_questions[MM_ASK_COUNT] = {
	[MM_ASK_MODEL] = {NULL, "model", "model", "NUMBER", "the model number on the meter's label",
		"The model number is on the meter's label, such as MMD-120-2001-T-SCC: MMS has one element, MMD two (two lines of "
		"120 V); 1001, 2001, 2002 or 4001 is the CT: 100:0.1, 200:0.1, 200:0.2 or 400:0.1 A; T: fine pulses (10 and 100 Wh); "
		"SCC: a display. Of meters in an enclosure, as MS 120 F 03 SO 011 00: MS or MD, 03 meters, SO or XO (no display), 011, "
		"021, 022 or 041. Without a label, choose what is built; minimeter.conf(5) has the table. What no number describes (230 V, 333 mV CTs) is generic.", "Model number"},
	[MM_ASK_SERVICE] = {NULL, "service", "service", "NAME", "of a generic meter: what it is connected to",
		"What is the meter connected to? 1-phase-2-wire: one line and neutral; split-phase-3-wire: two lines of opposite "
		"phase; 2-phase-3-wire: two of three phases; 3-phase-4-wire: three phases and neutral.", "Service"},
	[MM_ASK_ELEMENTS] = {NULL, "elements", "elements", "N", "of a generic meter: 1 to 3, as the service has", NULL, NULL},
	[MM_ASK_VOLTS] = {NULL, "rated_voltage_v", "rated-voltage-v", "VOLTS", "of a generic meter: line to neutral, 100 to 277",
		"The rated voltage, line to neutral: 100 to 277.", "Rated volts"},
	[MM_ASK_CT] = {NULL, "ct", "ct", "CT", "of a generic meter: its CT, as 200:0.1 or 200:0.333V",
		"The CT as on its label: 200:0.1 gives 0.1 A at 200 A, 200:0.333V gives 0.333 V. Together with the answers before it "
		"is the meter's model, so it cannot be changed later.", "CT"},
	[MM_ASK_KH] = {NULL, "kh_wh", "kh-wh", "WH", "of a generic meter: watt-hours of the fastest pulses, 10, 100 or 1000",
		"Watt-hours a pulse of the fastest output: 10, 100 or 1000.", "Kh"},
	[MM_ASK_SERIAL] = {NULL, "serial", "serial", "NUMBER", "the serial number on the label",
		"The serial number is on the label too. The register of the meter belongs to it, so it cannot be changed later.",
		"Serial number"},
	[MM_ASK_NAME] = {NULL, NULL, "name", "NAME", "what you call the meter (main); begins another one",
		"What do you call this meter? Clients show the name; it can be the tenant's.", "Name"},
	[MM_ASK_URI] = {"front-end", "uri", "uri", "URI", "local: for a chip here, ip:ADDRESS for one elsewhere",
		"Where is the metering chip? local: is this machine; ip:ADDRESS is another one, or a simulated board.",
		"Where is the chip"},
	[MM_ASK_DRIVER] = {"front-end", "driver", "driver", "CHIP", "the metering chip, such as ade9000",
		"Which chip is it?", "Chip"},
	[MM_ASK_DIVIDER] = {"front-end", "voltage_divider", "voltage-divider", "RATIO", "line volts by volts at the chip (1001)",
		"The voltage divider: line volts divided by volts at the chip; 1 MOhm above 1 kOhm is 1001. Enter what you have "
		"measured: an error here is an error of the same size in the bill.", "Divider"},
	[MM_ASK_BURDEN] = {"front-end", "burden_ohm", "burden-ohm", "OHM", "the resistance across one CT's secondary",
		"The burden: the resistance across one CT's secondary, in ohm, as you have measured it.", "Burden in ohm"},
	[MM_ASK_COPY] = {"daemon", "copy", "copy", "PATH", "a partition or a FRAM for the register's second copy",
		NULL, NULL},
	[MM_ASK_ELEMENT1] = {NULL, "element1", "element1", "PHASE", "the chip's phase of element 1: A, B or C",
		"The lines: each element has a voltage and a CT, wired to a phase of the chip (A, B or C).",
		"Phase of the chip for L1 and CT1"},
	[MM_ASK_ELEMENT2] = {NULL, "element2", "element2", "PHASE", "the same of element 2",
		"", "Phase of the chip for L2 and CT2"},
	[MM_ASK_ELEMENT3] = {NULL, "element3", "element3", "PHASE", "the same of element 3",
		"", "Phase of the chip for L3 and CT3"},
	[MM_ASK_CT_SETS] = {NULL, "ct_sets", "ct-sets", "N", "CT sets in parallel on each element (1)", NULL, NULL},
	[MM_ASK_MULTIPLIER] = {NULL, "multiplier", "multiplier", "N", "multiplies what is measured (1)", NULL, NULL},
	[MM_ASK_GENERATION] = {NULL, "generation", "generation", "WHERE", "power that flows back: no, yes, or at element1 to element3",
		"Does a solar plant or another source feed back through this meter? Then power that flows backwards is no fault. Say "
		"no, yes, or which element where it is one of them: element1, element2 or element3.", "Generation"},
	[MM_ASK_OUTPUT + MM_OUTPUT_10] = {NULL, "output_10", "output-10", "LINE", PULSE_HELP,
		"The GPIO lines of the pulse outputs and LEDs, by name (GPIO17) or as CHIP:OFFSET; add ,active-low where the line is "
		"low when it is on. Say none where nothing is connected.", "Output of 10 Wh a pulse"},
	[MM_ASK_OUTPUT + MM_OUTPUT_100] = {NULL, "output_100", "output-100", "LINE", PULSE_HELP, "", "Output of 100 Wh a pulse"},
	[MM_ASK_OUTPUT + MM_OUTPUT_1000] = {NULL, "output_1000", "output-1000", "LINE", PULSE_HELP, "",
		"Output of 1000 Wh a pulse"},
	[MM_ASK_OUTPUT + MM_OUTPUT_COUNTER] = {NULL, "counter", "counter", "LINE", "GPIO line of the mechanical counter", "",
		"Mechanical counter"},
	[MM_ASK_OUTPUT + MM_OUTPUT_LED_LOAD] = {NULL, "led_load", "led-load", "LINE", LED_HELP, "", "Load LED"},
	[MM_ASK_OUTPUT + MM_OUTPUT_LED_POWER] = {NULL, "led_power", "led-power", "LINE", LED_HELP, "", "Power LED"},
	[MM_ASK_OUTPUT + MM_OUTPUT_LED_REVERSE] = {NULL, "led_reverse", "led-reverse", "LINE", LED_HELP, "",
		"Reverse-phase LED"},
	[MM_ASK_LCD] = {NULL, "lcd", "lcd", "PATH", "the display, such as /dev/lcd",
		"The display is a device such as /dev/lcd. Say none where there is none.", "Display"},
};
/* clang-format on */

/* Which question a line of the text answers. */
struct source {
	enum mm_question question;
	unsigned meter;
};

#define LINES_MAX 512

struct text {
	FILE *to;
	unsigned lines;
	struct source source[LINES_MAX]; /* by lines from 0 */
};

const char *mm_answer(const struct mm_answers *answers, enum mm_question question, unsigned meter)
{
	return mm_questions[question].section ? answers->common[question] : answers->meter[meter][question];
}

static char *room_for(struct mm_answers *answers, enum mm_question question, unsigned meter)
{
	return mm_questions[question].section ? answers->common[question] : answers->meter[meter][question];
}

static bool is_generic(const struct mm_answers *answers, unsigned meter)
{
	return strcmp(mm_answer(answers, MM_ASK_MODEL, meter), MM_GENERIC) == 0;
}

/* The elements of a service; 0: there is none of that name. */
static unsigned elements_of(const char *service)
{
	return mm_wires_elements(mm_wires_find(service));
}

/* The answers have passed the check: what is missing makes no model. */
static struct mm_model generic_model(const struct mm_answers *answers, unsigned meter)
{
	const char *service = mm_answer(answers, MM_ASK_SERVICE, meter), *ignored;
	struct mm_generic generic = {.elements = (int)elements_of(service),
				     .rated_voltage_v = atoi(mm_answer(answers, MM_ASK_VOLTS, meter)),
				     .kh_wh = atoi(mm_answer(answers, MM_ASK_KH, meter)),
				     .wires = mm_wires_find(service)};
	struct mm_model model = {0};
	struct mm_model_error error;

	if (generic.rated_voltage_v > 0 && mm_generic_kh_valid(generic.kh_wh) &&
	    mm_ct_parse(mm_answer(answers, MM_ASK_CT, meter), &generic.ct, &ignored) == 0) {
		(void)mm_generic_model(&generic, &model, &error); /* no service: no elements */
	}
	return model;
}

struct mm_model mm_answer_model(const struct mm_answers *answers, unsigned meter)
{
	struct mm_model model = {0};
	struct mm_model_error ignored;

	if (is_generic(answers, meter)) {
		return generic_model(answers, meter);
	}
	(void)mm_model_parse(mm_answer(answers, MM_ASK_MODEL, meter), &model, &ignored); /* not answered: no elements */
	return model;
}

bool mm_question_applies(const struct mm_answers *answers, enum mm_question question, unsigned meter)
{
	struct mm_model model = mm_answer_model(answers, meter);

	if (question >= MM_ASK_OUTPUT && question < MM_ASK_OUTPUT + MM_OUTPUT_ENERGY_COUNT) {
		return mm_output_kh_uwh(&model, (enum mm_output)(question - MM_ASK_OUTPUT)) != 0;
	}
	if (question >= MM_ASK_SERVICE && question <= MM_ASK_KH) {
		return question != MM_ASK_ELEMENTS && is_generic(answers, meter);
	}
	if (question == MM_ASK_BURDEN) {
		return model.ct_secondary_v == 0; /* a CT that gives volts has none */
	}
	if (question == MM_ASK_ELEMENT2 || question == MM_ASK_ELEMENT3) {
		return model.elements > question - MM_ASK_ELEMENT1;
	}
	return question != MM_ASK_LCD || model.lcd;
}

/* ---- The text ---- */

__attribute__((format(printf, 4, 5))) static void put(struct text *text, enum mm_question question, unsigned meter,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(text->to, format, arguments);
	va_end(arguments);
	if (text->lines < LINES_MAX) {
		text->source[text->lines++] = (struct source){question, meter};
	}
}

static void put_keys(struct text *text, const struct mm_answers *answers, const char *section, unsigned meter)
{
	for (enum mm_question q = 0; q < MM_ASK_COUNT; q++) {
		const struct mm_question_row *row = &mm_questions[q];
		const char *value = mm_answer(answers, q, meter);
		bool here = section ? row->section && strcmp(row->section, section) == 0 : !row->section && row->key;

		if (here && value[0] != '\0') {
			put(text, q, meter, "%s = %s\n", row->key, value);
		}
	}
}

/* Opens a new string. NULL: no memory. */
static char *write_text(const struct mm_answers *answers, struct text *text)
{
	char *ret = NULL;
	size_t size;

	text->to = open_memstream(&ret, &size);
	if (!text->to) {
		return NULL;
	}
	put(text, MM_ASK_COUNT, 0, "# Written by minimeter-setup. minimeter.conf(5) explains every key; check a change with\n");
	put(text, MM_ASK_COUNT, 0, "#     minimeterd --check-config\n");
	if (answers->common[MM_ASK_COPY][0] != '\0') {
		put(text, MM_ASK_COUNT, 0, "\n");
		put(text, MM_ASK_COUNT, 0, "[daemon]\n");
		put_keys(text, answers, "daemon", 0);
	}
	put(text, MM_ASK_COUNT, 0, "\n");
	put(text, MM_ASK_COUNT, 0, "[front-end]\n");
	put_keys(text, answers, "front-end", 0);
	for (unsigned m = 0; m < answers->meter_count; m++) {
		put(text, MM_ASK_COUNT, m, "\n");
		put(text, MM_ASK_NAME, m, "[meter %s]\n", mm_answer(answers, MM_ASK_NAME, m));
		put_keys(text, answers, NULL, m);
	}
	if (fclose(text->to) != 0) {
		free(ret);
		return NULL;
	}
	return ret;
}

char *mm_answers_text(const struct mm_answers *answers)
{
	struct text text = {0};

	return write_text(answers, &text);
}

/* ---- The check ---- */

/* What a serial number and a name begin with until they are answered. */
#define NOT_ASKED "not asked yet"

/* Those that no other element of the meter has. */
static void fill_in_phases(struct mm_answers *answers, unsigned meter)
{
	struct mm_model model = mm_answer_model(answers, meter);

	for (unsigned e = 0; e < model.elements; e++) {
		char *answer = room_for(answers, MM_ASK_ELEMENT1 + e, meter);

		for (const char *phase = "ABC"; answer[0] == '\0' && *phase != '\0'; phase++) {
			bool taken = false;

			for (unsigned other = 0; other < model.elements; other++) {
				taken = taken || mm_answer(answers, MM_ASK_ELEMENT1 + other, meter)[0] == *phase;
			}
			if (!taken) {
				answer[0] = *phase;
				answer[1] = '\0';
			}
		}
	}
}

/* Slow pulses and a small CT fit any other answers. */
static void fill_in_generic(struct mm_answers *answers, unsigned meter)
{
	static const struct {
		enum mm_question question;
		const char *value;
	} values[] = {{MM_ASK_SERVICE, "1-phase-2-wire"}, {MM_ASK_VOLTS, "120"}, {MM_ASK_CT, "100:0.1"}, {MM_ASK_KH, "1000"}};
	char *elements = room_for(answers, MM_ASK_ELEMENTS, meter);

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		char *answer = room_for(answers, values[i].question, meter);

		if (answer[0] == '\0') {
			strcpy(answer, values[i].value);
		}
	}
	if (elements[0] == '\0') {
		snprintf(elements, MM_ANSWER_MAX, "%u", elements_of(mm_answer(answers, MM_ASK_SERVICE, meter)));
	}
}

/* What is not answered yet must not be what is wrong. */
static void fill_in(struct mm_answers *answers)
{
	for (unsigned m = 0; m < answers->meter_count; m++) {
		if (mm_answer(answers, MM_ASK_MODEL, m)[0] == '\0') {
			strcpy(room_for(answers, MM_ASK_MODEL, m), "MMS-120-1001");
		}
		if (is_generic(answers, m)) {
			fill_in_generic(answers, m);
		}
		if (mm_answer(answers, MM_ASK_SERIAL, m)[0] == '\0') {
			snprintf(room_for(answers, MM_ASK_SERIAL, m), MM_ANSWER_MAX, NOT_ASKED " %u", m);
		}
		if (mm_answer(answers, MM_ASK_NAME, m)[0] == '\0') {
			snprintf(room_for(answers, MM_ASK_NAME, m), MM_ANSWER_MAX, NOT_ASKED " %u", m);
		}
		fill_in_phases(answers, m);
	}
	if (answers->common[MM_ASK_BURDEN][0] == '\0') {
		strcpy(answers->common[MM_ASK_BURDEN], "0.5"); /* small enough for any chip and CT */
	}
}

/* What is wrong, without "FILE:LINE: " before it, and without the name that a meter has until somebody gives it one. */
static const char *reason_of(const struct mm_answers *answers, const char *text)
{
	size_t length = strlen(answers->path);

	if (strncmp(text, answers->path, length) == 0) {
		text += length;
		text += *text == ':';
		text += strspn(text, "0123456789");
		text += strspn(text, ": ");
	}
	if (strncmp(text, "[meter " NOT_ASKED, strlen("[meter " NOT_ASKED)) == 0 && strstr(text, "]: ")) {
		text = strstr(text, "]: ") + 3;
	}
	return text;
}

/* Is it about what has not been asked yet? Then a drop-in or another meter is to blame, and not this answer. */
static bool is_premature(const char *reason)
{
	return strstr(reason, NOT_ASKED) != NULL;
}

/* Is one of the errors about something that is answered? Those of drop-ins are not in these lines. */
static int judge(const struct mm_answers *answers, const struct text *text, const struct mm_config_errors *errors,
		 struct mm_error *error)
{
	for (unsigned i = 0; i < errors->count; i++) {
		unsigned line = errors->error[i].line;
		const struct source *source = line > 0 && line <= text->lines ? &text->source[line - 1] : NULL;

		const char *reason = reason_of(answers, errors->error[i].text);

		if (source && source->question < MM_ASK_COUNT && mm_answer(answers, source->question, source->meter)[0] != '\0' &&
		    !is_premature(reason)) {
			return mm_error_set(error, -EINVAL, "%s", reason);
		}
	}
	return 0;
}

static int check_all(const struct mm_answers *answers, struct mm_error *error)
{
	struct mm_answers *filled = malloc(sizeof(*filled));
	struct mm_config_errors errors;
	struct mm_config *config = NULL;
	struct text text = {0};
	char *string;
	int r = -ENOMEM;

	if (!filled) {
		return mm_error_set(error, -ENOMEM, "%s", strerror(ENOMEM));
	}
	*filled = *answers;
	fill_in(filled);
	string = write_text(filled, &text);
	if (string) {
		r = mm_config_load_text(answers->path, string, &errors, &config);
		r = r < 0 ? judge(answers, &text, &errors, error) : 0;
	}
	free(config);
	free(string);
	free(filled);
	return r;
}

/* Would the value be another line of the configuration, or be cut off there? */
static int check_form(const char *value, struct mm_error *error)
{
	size_t length = strlen(value);

	if (length >= MM_ANSWER_MAX) {
		return mm_error_set(error, -EINVAL, "is longer than %d characters", MM_ANSWER_MAX - 1);
	}
	if (value[strcspn(value, "\r\n")] != '\0') {
		return mm_error_set(error, -EINVAL, "must be one line");
	}
	if (value[0] == ';' || strstr(value, " ;") || strstr(value, "\t;")) {
		return mm_error_set(error, -EINVAL, "a ; would begin a comment there: leave it out");
	}
	if (length > 0 && (strchr(" \t", value[0]) || strchr(" \t", value[length - 1]))) {
		return mm_error_set(error, -EINVAL, "begins or ends with a blank: leave it out");
	}
	return 0;
}

/* Is the line there, and not in use? Where we may not look, the answer is taken as it is. */
static int check_line(const struct mm_question_row *row, const char *value, struct mm_error *error)
{
	struct mm_line_spec spec;
	const char *ignored;
	int r;

	if (value[0] == '\0' || mm_line_spec_parse(value, &spec, &ignored) < 0) {
		return 0;
	}
	r = mm_line_look(&spec, "minimeterd", row->key, error);
	return r == -EACCES || r == -EPERM ? 0 : r;
}

int mm_answer_set(struct mm_answers *answers, enum mm_question question, unsigned meter, const char *value,
		  struct mm_error *error)
{
	char *answer = room_for(answers, question, meter), before[MM_ANSWER_MAX];
	int r = check_form(value, error);

	if (r < 0) {
		return r;
	}
	strcpy(before, answer);
	strcpy(answer, value);
	r = check_all(answers, error);
	if (r == 0 && question == MM_ASK_URI) {
		r = mm_network_check(value, error);
	}
	if (r == 0 && answers->look && question >= MM_ASK_OUTPUT && question < MM_ASK_LCD) {
		r = check_line(&mm_questions[question], value, error);
	}
	if (r < 0) {
		strcpy(answer, before);
	} else if (question == MM_ASK_SERVICE) {
		snprintf(room_for(answers, MM_ASK_ELEMENTS, meter), MM_ANSWER_MAX, "%u", elements_of(value));
	} else if (question == MM_ASK_MODEL && !is_generic(answers, meter)) {
		/* As the maker spells it. */
		struct mm_model model = mm_answer_model(answers, meter);

		snprintf(answer, MM_ANSWER_MAX, "%s", model.canonical);
	}
	return r;
}
