/* SPDX-License-Identifier: MIT */
/* No text of an answer moves the cursor, or turns around what is beside it: whatever it is, wherever it is printed. */

#include "ctl/check_ctl.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/utf8.h"

/* An escape sequence, one of a single character, a mark of direction, a line of one's own, and a label that nobody sees. */
#define HIDDEN "\033[2J\xc2\x9b\x7f\xe2\x80\xae\nx\xf3\xa0\x81\x81"
#define ROWS(key, row) REPLY("{\"" key "\":[" row "]}")

static const struct {
	const char *words, *method, *answer;
	const char *second, *second_answer; /* NULL: it asks once */
} table[] = {
	{"read", "Read", ROWS("meters", METER("main", "false", "\"element1-reversed\"", ELEMENT("L1", "5", "\"reversed\""))),
	 NULL, NULL},
	{"status", "Status", REPLY(STATUS("false", FROZEN, "\"outputs-failing\"")), NULL, NULL},
	{"nameplate", "GetNameplate",
	 ROWS("meters", "{\"name\":\"a\",\"model\":\"b\",\"serial\":\"c\",\"outputs\":[{\"name\":\"d\"}]}"), NULL, NULL},
	{"nameplate --label", "GetNameplate",
	 ROWS("meters", "{\"name\":\"a\",\"model\":\"b\",\"serial\":\"c\",\"outputs\":[{\"name\":\"d\"}]}"), NULL, NULL},
	{"events", "GetEvents",
	 ROWS("events", "{\"id\":7,\"time\":\"2026-03-01T12:00:00Z\",\"meter\":\"m\",\"code\":\"gap\",\"text\":\"t\"}"), NULL,
	 NULL},
	{"outputs", "GetOutputs", REPLY(LINES), NULL, NULL},
	{"profile --meter a", "GetProfile",
	 REPLY("{\"meter\":\"a\",\"serial\":\"b\",\"intervals\":[{\"start\":\"2026-03-01T12:00:00Z\",\"flags\":[\"power-down\"]}]"
	       "}"),
	 NULL, NULL},
	{"diagnose", "Diagnose",
	 REPLY(DIAGNOSIS(TURNED, "{\"code\":\"reversed\",\"count\":3,\"last\":\"2026-03-01T12:00:00Z\"}")), NULL, NULL},
	{"check", "Diagnose", REPLY(DIAGNOSIS(TURNED, "")), "Read", ROWS("meters", MAIN)},
	{"check", "Read", ROWS("meters", METER("main", "false", "\"outputs-failing\"", BOTH_ELEMENTS)), "Diagnose",
	 REPLY(DIAGNOSIS(NONE, ""))},
	{"verify", "Verify",
	 REPLY("{\"done\":true,\"sound\":false,\"bad\":1,\"problems\":[{\"part\":\"event\",\"id\":1,\"text\":\"t\"}],\"files\":[{"
	       "\"name\":\"n\",\"sound\":false,\"text\":\"t\"}]}"),
	 NULL, NULL},
	{"head", "GetHead", REPLY("{\"statement\":\"s\",\"signature\":\"g\",\"public_key\":\"k\",\"fingerprint\":\"f\"}"), NULL,
	 NULL},
	{"correct --meter a lines-180", "Correct",
	 ROWS("elements", "{\"name\":\"element1\",\"power_w\":1,\"corrected_power_w\":2}"), NULL, NULL},
	{"calibrate history --meter a", "GetCalibration",
	 REPLY("{\"meter\":\"a\",\"versions\":[{\"version\":1,\"who\":\"w\",\"reason\":\"r\",\"time\":\"2026-03-01T12:00:00Z\","
	       "\"points\":[{\"point\":\"full\"}]}],\"session\":null}"),
	 NULL, NULL},
	{"reload", "Reload", REPLY("{\"restart_needed\":[\"clock\"],\"warnings\":[\"no osr\"]}"), NULL, NULL},
	{"reload", "Reload", ERROR("org.minimeter.ConfigurationRefused", "{\"errors\":[\"a:1: no\"]}"), NULL, NULL},
	{"read", "Read", ERROR("org.minimeter.NotPermitted", "{\"reason\":\"r\"}"), NULL, NULL},
	{"read", "Read", ERROR("org.minimeter.Other", "{\"reason\":\"r\"}"), NULL, NULL},
	{"read --meter a", "Read", ERROR("org.minimeter.NoSuchMeter", "{\"meter\":\"a\"}"), "GetNameplate",
	 ROWS("meters", "{\"name\":\"b\"}")},
	{"outputs test 9 --meter a", "TestOutput", ERROR("org.minimeter.NoSuchOutput", "{\"meter\":\"a\",\"output\":\"9\"}"),
	 NULL, NULL},
	{"profile", "GetNameplate", ROWS("meters", "{\"name\":\"a\"},{\"name\":\"b\"}"), NULL, NULL},
	{"calibrate start --meter a --element 1", "StartCalibration",
	 ERROR("org.minimeter.CalibrationRefused", "{\"reason\":\"r\",\"advice\":\"a\"}"), NULL, NULL},
};

/* Adds what is hidden to the text of that number in value; returns how many texts there are from it on. */
static int spoil(json_t *value, int number)
{
	int count = 0;
	const char *key;
	json_t *member;
	void *next;
	size_t i;

	if (json_is_string(value)) {
		if (number == 0) {
			json_t *spoilt = json_sprintf("%s" HIDDEN, json_string_value(value));

			json_string_set(value, json_string_value(spoilt));
			json_decref(spoilt);
		}
		return 1;
	}
	json_object_foreach_safe(value, next, key, member)
	{
		count += spoil(member, number - count);
	}
	json_array_foreach(value, i, member)
	{
		count += spoil(member, number - count);
	}
	return count;
}

static void assert_plain(const char *words, const char *text)
{
	for (; *text != '\0'; text += mm_utf8_length(text)) {
		/* A line of one's own begins with the x of HIDDEN; in CSV it is within quotes. */
		ck_assert_msg(*text == '\n' ? text[1] != 'x' || strstr(words, "--csv") != NULL : !mm_utf8_is_hidden(text),
			      "'%s' prints what is hidden: %s", words, text);
	}
}

static void run_spoilt(size_t row, int number, const char *option)
{
	json_t *answer = json_loads(table[row].answer, 0, NULL);
	char *message, words[128];
	struct outcome outcome;
	struct fake_socket fixture;

	spoil(answer, number);
	message = json_dumps(answer, JSON_COMPACT);
	struct fake_answer script[] = {
		{table[row].method, 0, message},
		{table[row].second != NULL ? table[row].second : "GetNameplate", 0,
		 table[row].second != NULL ? table[row].second_answer : ROWS("meters", "{\"name\":\"main\"}")},
		{"GetNameplate", 0, ROWS("meters", "{\"name\":\"main\"}")},
		{NULL, 0, NULL},
	};

	snprintf(words, sizeof(words), "%s%s", table[row].words, option);
	fixture = fake_socket_new(script);
	outcome = run_ctl(&fixture, words);
	assert_plain(words, outcome.out);
	assert_plain(words, outcome.err);
	outcome_free(&outcome);
	fake_socket_free(&fixture);
	free(message);
	json_decref(answer);
}

/* Each text of each answer by itself: the others let the command go on as usual. */
START_TEST(no_answer_hides_anything)
{
	static const char *const options[] = {"", " --json", " --csv"};
	static const char *const locales[] = {"C.UTF-8", "C"};
	json_t *answer = json_loads(table[_i].answer, 0, NULL);
	int count = spoil(answer, -1);

	json_decref(answer);
	ck_assert_int_gt(count, 0);
	for (size_t o = 0; o < COUNT_OF(options) * COUNT_OF(locales); o++) {
		setlocale(LC_CTYPE, locales[o / COUNT_OF(options)]);
		for (int number = 0; number < count; number++) {
			run_spoilt((size_t)_i, number, options[o % COUNT_OF(options)]);
		}
	}
	setlocale(LC_CTYPE, "C");
}
END_TEST

TCase *hidden_tcase(void)
{
	TCase *hidden = tcase_create("hidden");

	tcase_set_timeout(hidden, 120);
	tcase_set_tags(hidden, "slow"); /* left out under valgrind */
	tcase_add_loop_test(hidden, no_answer_hides_anything, 0, COUNT_OF(table));
	return hidden;
}
