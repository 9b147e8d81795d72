/* SPDX-License-Identifier: MIT */
/* What is printed in a terminal fits it, whatever its width; columns stand below each other whatever the script. */

#include "ctl/check_ctl.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/text.h"
#include "ctl/writer.h"
#include "fixture/terminal.h"

#define NAME "caf\xc3\xa9 \xe5\xba\x97"
#define LONG_TEXT                                                                                                                \
	"the register was recovered: the database was made anew from the copy of 2026-03-01T12:00:00Z, and nothing is lost"
#define EVENT(id, code, text)                                                                                                    \
	"{\"id\":" id ",\"time\":\"2026-03-01T12:00:00Z\",\"boottime_s\":1.5,\"meter\":\"" NAME "\",\"code\":\"" code            \
	"\",\"text\":\"" text "\"}"
#define LONG_HEALTH "{\"state\":\"frozen\",\"since_s\":37.0,\"reason\":\"" LONG_TEXT "\",\"advice\":\"" LONG_TEXT "\"}"

static const struct fake_answer wide[] = {
	{"Read", 0,
	 REPLY("{\"meters\":[" METER(NAME, "false", "\"element1-reversed\",\"element2-voltage-low\",\"outputs-failing\"",
				     ELEMENT("element1", "-1203.2", "\"reversed\",\"voltage-low\"") "," ELEMENT(
					     "element2", "1203.2", "\"over-current\"")) "]}")},
	{"Status", 0, REPLY(STATUS("false", LONG_HEALTH, "\"front-end-frozen\",\"element2-voltage-low\",\"outputs-failing\""))},
	{"GetNameplate", 0,
	 REPLY("{\"meters\":[{\"name\":\"" NAME "\",\"model\":\"MMD-120-2001-T-SCC\",\"software_sha256\":"
	       "\"5a1c1486fd33ff78e85759a4bac1c3ad5a1c1486fd33ff78e85759a4bac1c3ad\",\"outputs\":[]}]}")},
	{"GetProfile", 0,
	 REPLY("{\"meter\":\"" NAME "\",\"intervals\":[{\"start\":\"2026-03-01T12:00:00Z\",\"duration_s\":900,\"status\":0,"
	       "\"flags\":[\"data-invalid\",\"clock-adjusted\",\"power-down\"],\"delivered_wh\":12000.125,\"received_wh\":0.0,"
	       "\"lagging_varh\":1.5,\"leading_varh\":0.0,\"covered_s\":899.9}]}")},
	{"GetEvents", 0,
	 REPLY("{\"events\":[" EVENT("117", "recovered", LONG_TEXT) "," EVENT("118", "calibration-unrecorded", "short") "]}")},
	{"GetOutputs", 0,
	 REPLY("{\"outputs\":[" OUTPUT("counter", "\"a-long-name-of-a-chip:17\"", "true", "100.0", "2469000") "]}")},
	{"GetHarmonics", 0,
	 REPLY("{\"meter\":\"m\",\"element\":1,\"frequency_hz\":60.0,\"voltage_thd\":0.021,\"current_thd\":0.3,"
	       "\"voltage_v\":[119.4,0.01],\"current_a\":[8.1,0.01]}")},
	{"Verify", 0,
	 REPLY("{\"done\":true,\"sound\":false,\"events\":1234,\"intervals\":350400,\"snapshots\":3650,\"bad\":1,\"problems\":[{"
	       "\"part\":\"event\",\"id\":117,\"text\":\"" LONG_TEXT "\"}],\"files\":[{\"name\":\"backup-old\",\"sound\":true,"
	       "\"text\":\"" LONG_TEXT "\"}]}")},
	{"Correct", 0,
	 REPLY("{\"elements\":[{\"name\":\"element1\",\"power_w\":2400.0,\"corrected_power_w\":2400.0},{\"name\":\"element2\","
	       "\"power_w\":-900.0,\"corrected_power_w\":900.0}]}")},
	{"Preset", 0, REPLY("{\"delivered_uwh\":12345600000000,\"received_uwh\":0}")},
	{NULL, 0, NULL},
};

/* Lines without an end for colours, which are off. */
static void assert_fits(const char *words, char *text, int width)
{
	for (char *line = strtok(text, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
		ck_assert_msg(mm_text_columns(line) <= width, "'%s' in %d columns: '%s' has %d", words, width, line,
			      mm_text_columns(line));
	}
}

START_TEST(output_fits_the_terminal)
{
	static const char *const commands[] = {
		"read",
		"status",
		"nameplate",
		"profile",
		"events",
		"outputs",
		"harmonics",
		"verify",
		"help",
		"help watch",
		"help events",
		"correct ct1-reversed ct-crossed lines-180",
		"preset 12345.6 1",
	};
	static const unsigned short widths[] = {160, 80, 60, 40};
	struct fake_socket fixture = fake_socket_new(wide);

	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; i < COUNT_OF(commands) * COUNT_OF(widths); i++) {
		const char *words = commands[i / COUNT_OF(widths)];
		unsigned short width = widths[i % COUNT_OF(widths)];
		char *argv[16] = {(char *)"minimeterctl", (char *)"--socket", fixture.path, (char *)"--admin-socket",
				  fixture.path};
		char *copy = strdup(words), *text;
		int argc = 5;

		for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
			argv[argc++] = word;
		}
		(void)terminal_end_text(terminal_new("C.UTF-8", width, 24, false, argv), &text);
		ck_assert_msg(strlen(text) > 20, "%s: %s", words, text);
		assert_fits(words, text, width);
		free(text);
		free(copy);
	}
	setlocale(LC_CTYPE, "C");
	fake_socket_free(&fixture);
}
END_TEST

/* Nothing is cut where a program reads. */
START_TEST(pipes_get_whole_lines)
{
	expect(wide, "events", MM_CTL_FINE, LONG_TEXT "\n", "");
	expect(wide, "status", MM_CTL_FAULT, "frozen for 37 s: " LONG_TEXT "\n", "");
	expect(wide, "verify", MM_CTL_FAULT, "event  117  " LONG_TEXT "\n", "");
}
END_TEST

static char *print_table(int width, const struct mm_column *columns, size_t count, const json_t *rows)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	mm_writer_table(out, width, columns, count, rows, true);
	fclose(out);
	return text;
}

static void expect_table(int width, const struct mm_column *columns, size_t count, const json_t *rows, const char *wanted)
{
	char *text = print_table(width, columns, count, rows);

	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(tables_stand_in_columns)
{
	static const struct mm_column columns[] = {
		{MM_COLUMN(TEXT, "name", "METER")},
		{MM_NUMBER("w", "POWER", "W", 0)},
		{MM_NUMBER("wh", "ENERGY", "Wh", 0), .parts = true},
		{MM_COLUMN(TEXT, "text", "TEXT")},
	};
	static const struct mm_column prose[] = {
		{MM_COLUMN(TEXT, "name", "METER")},
		{MM_NUMBER("w", "POWER", "W", 0)},
		{MM_COLUMN(PROSE, "text", "TEXT")},
	};
	json_t *rows = json_pack("[{s:s, s:i, s:i, s:s}, {s:s, s:i, s:i, s:s}]", "name", NAME, "w", 5, "wh", 12345, "text",
				 "a text of words", "name", "main", "w", 1000, "wh", 1, "text", "b");

	setlocale(LC_CTYPE, "C.UTF-8");
	expect_table(0, columns, COUNT_OF(columns), rows,
		     "METER     POWER    ENERGY  TEXT\n" NAME "     5 W  12345 Wh  a text of words\n"
		     "main     1000 W      1 Wh  b\n");
	expect_table(40, columns, COUNT_OF(columns), rows,
		     "METER     POWER\n" NAME "     5 W\nmain     1000 W\n\n"
		     "METER      ENERGY  TEXT\n" NAME "  12345 Wh  a text of words\nmain         1 Wh  b\n");
	expect_table(27, columns, COUNT_OF(columns), rows,
		     "METER     POWER\n" NAME "     5 W\nmain     1000 W\n\n"
		     "METER      ENERGY\n" NAME "  12345 Wh\nmain         1 Wh\n\n"
		     "METER    TEXT\n" NAME "  a text of words\nmain     b\n");
	expect_table(24, prose, COUNT_OF(prose), rows, NAME "  5 W\n    a text of words\nmain  1000 W\n    b\n");
	expect_table(18, prose, COUNT_OF(prose), rows, NAME "  5 W\n    a text of\n    words\nmain  1000 W\n    b\n");
	setlocale(LC_CTYPE, "C");
	json_decref(rows);
}
END_TEST

START_TEST(text_is_cleaned)
{
	static const struct {
		const char *text, *clean, *clean_bytes;
	} table[] = {
		{NAME, NAME, NAME},
		{"a\033[2Jb\x7f", "a?[2Jb?", "a?[2Jb?"},
		{"csi \xc2\x9b 2J", "csi ? 2J", "csi ? 2J"},	 /* U+009B moves the cursor of a terminal for UTF-8 */
		{"turned \xe2\x80\xae", "turned ?", "turned ?"}, /* U+202E */
		{"cut \xe5\xba", "cut ??", "cut \xe5\xba"},
		{"\xff", "?", "\xff"},
		{"", "", ""},
	};
	char text[32];

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		setlocale(LC_CTYPE, "C.UTF-8");
		mm_text_clean(strcpy(text, table[i].text));
		ck_assert_str_eq(text, table[i].clean);
		setlocale(LC_CTYPE, "C");
		mm_text_clean(strcpy(text, table[i].text));
		ck_assert_str_eq(text, table[i].clean_bytes);
	}
}
END_TEST

TCase *width_tcase(void)
{
	TCase *width = tcase_create("width");

	tcase_set_timeout(width, 120);
	tcase_add_test(width, output_fits_the_terminal);
	tcase_add_test(width, pipes_get_whole_lines);
	tcase_add_test(width, tables_stand_in_columns);
	tcase_add_test(width, text_is_cleaned);
	return width;
}
