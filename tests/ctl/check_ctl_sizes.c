/* SPDX-License-Identifier: MIT */
/* The panel at four sizes, as a person sees it: what is there is whole, and nothing runs over the edge. */

#include "ctl/check_ctl.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "fixture/grid.h"
#include "fixture/terminal.h"

#define ROW_MAX 1024
#define INTERVAL(start) "{\"start\":\"" start "\",\"duration_s\":900,\"status\":0,\"flags\":[],\"delivered_wh\":1200.5}"
#define LONG_NAME "bakery and the flat above it"
#define LAMP(meter, name)                                                                                                        \
	"{\"meter\":\"" meter "\",\"name\":\"" name "\",\"line\":null,\"level\":true,\"kh_wh\":10.0,\"edges\":1}"
#define LAMPS(meter) LAMP(meter, "10") "," LAMP(meter, "100") "," LAMP(meter, "1000") "," LAMP(meter, "counter")
#define LONG_REASON "every figure repeats itself since a while, and the driver answers from its cache"

static const struct fake_answer house[] = {
	{"Read", 0, REPLY_MORE("{\"meters\":[" MAIN "]}")},
	{"Status", 0, REPLY(STATUS("true", HEALTHY, ""))},
	{"GetOutputs", 0, REPLY("{\"outputs\":[" LAMPS("main") "]}")},
	{"GetProfile", 0, REPLY("{\"meter\":\"main\",\"intervals\":[" INTERVAL("2026-03-01T10:00:00Z") "]}")},
	{NULL, 0, NULL},
};

/* Names and faults that are long, and a reason too. */
static const struct fake_answer crowded[] = {
	{"Read", 0,
	 REPLY_MORE("{\"meters\":[" METER_OF(LONG_NAME, "true", "999999999.9", "999999999900000", "-44000.0", "999999.9",
					     "\"element1-reversed\",\"element2-over-current\",\"outputs-failing\"",
					     ELEMENT_OF("element1", "138.9", "219.99", "-30000.0", "\"reversed\"") "," ELEMENT_OF(
						     "element2", "138.9", "219.99", "-14000.0", "")) "]}")},
	{"Status", 0,
	 REPLY(STATUS("false", "{\"state\":\"implausible\",\"since_s\":1.0,\"reason\":\"" LONG_REASON "\",\"advice\":null}",
		      ""))},
	{"GetOutputs", 0, REPLY("{\"outputs\":[" LAMPS(LONG_NAME) "]}")},
	{"GetProfile", 0, REPLY("{\"meter\":\"" LONG_NAME "\",\"intervals\":[" INTERVAL("2026-03-01T10:00:00Z") "]}")},
	{NULL, 0, NULL},
};

static const struct {
	unsigned short columns, rows;
	const char *wanted[16]; /* of the house: rows that begin so behind the margin, in this order */
} sizes[] = {
	{40,
	 12,
	 {"main  MMD-120-2001-T-SCC", "012345.6 kWh ", "1    120.1   10.02   1203.2  0.998 60.01", "today 1.2 kWh", "q quit"}},
	{80,
	 24,
	 {"main  MMD-120-2001-T-SCC  serial 00042", "pulse outputs", "power 2406.4 W", "volts", "today 1.20 kWh", "last 24 hours",
	  "q quit"}},
	{120,
	 40,
	 {"main  MMD-120-2001-T-SCC  serial 00042", "pulse outputs", "power 2406.4 W", "volts", "today 1.20 kWh",
	  "last 24 hours"}},
	{200,
	 60,
	 {"main  MMD-120-2001-T-SCC  serial 00042", "pulse outputs", "power 2406.4 W", "volts", "today 1.20 kWh",
	  "last 24 hours"}},
};

/* The panel of a script, once all that the daemon has said is drawn. */
static void draw(const struct fake_answer *script, const char *locale, unsigned short columns, unsigned short rows,
		 struct grid *grid)
{
	struct fake_socket fixture = fake_socket_new(script);
	char *const argv[] = {(char *)"minimeterctl", (char *)"--socket", fixture.path, (char *)"watch", NULL};
	struct terminal *terminal = terminal_new(locale, columns, rows, false, argv);
	char *text;

	terminal_wait(terminal, "q quit");
	terminal_wait(terminal, "front end ");
	terminal_wait(terminal, "counter");
	if (rows >= 24) {
		terminal_wait(terminal, "today ");
	}
	terminal_type(terminal, "q");
	ck_assert_int_eq(terminal_end_text(terminal, &text), MM_CTL_FINE);
	setlocale(LC_CTYPE, locale);
	grid_play(grid, columns, rows, text);
	setlocale(LC_CTYPE, "C");
	free(text);
	fake_socket_free(&fixture);
}

/* Is the word among those of the screen? */
static bool has_word(const struct grid *grid, const char *word)
{
	char row[ROW_MAX], *rest, *one;

	for (int y = 0; y < grid->rows; y++) {
		grid_row(grid, y, row, sizeof(row));
		for (one = strtok_r(row, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest)) {
			if (strcmp(one, word) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* What reaches the edge ends in a whole word: one that a terminal with room for all of it shows too. */
static void assert_whole(const struct grid *grid, const struct grid *wide)
{
	char row[ROW_MAX];

	ck_assert_int_eq(grid->overruns, 0);
	for (int y = 0; y < grid->rows; y++) {
		const char *last;

		grid_row(grid, y, row, sizeof(row));
		last = strrchr(row, ' ');
		if (strcmp(grid->cell[y][grid->columns - 1], " ") != 0) {
			ck_assert_msg(has_word(wide, last != NULL ? last + 1 : row), "%dx%d is cut: %s", grid->columns,
				      grid->rows, row);
		}
	}
}

/* Each row that is wanted, below the one before it. */
static void assert_rows(const struct grid *grid, const char *const wanted[])
{
	char row[ROW_MAX];
	int y = 0;

	for (; *wanted != NULL; wanted++) {
		for (row[0] = '\0'; y < grid->rows && strncmp(row + strspn(row, " "), *wanted, strlen(*wanted)) != 0; y++) {
			grid_row(grid, y, row, sizeof(row));
		}
		ck_assert_msg(strncmp(row + strspn(row, " "), *wanted, strlen(*wanted)) == 0, "%dx%d has no row '%s'",
			      grid->columns, grid->rows, *wanted);
	}
}

START_TEST(the_panel_is_whole_at_each_size)
{
	static const char *const locales[] = {"C.UTF-8", "C"};
	struct grid *grid = malloc(sizeof(*grid)), *wide = malloc(sizeof(*wide));

	for (size_t l = 0; l < COUNT_OF(locales); l++) {
		draw(house, locales[l], sizes[_i].columns, sizes[_i].rows, grid);
		draw(house, locales[l], GRID_COLUMNS_MAX, GRID_ROWS_MAX, wide);
		assert_whole(grid, wide);
		assert_rows(grid, sizes[_i].wanted);
		draw(crowded, locales[l], sizes[_i].columns, sizes[_i].rows, grid);
		draw(crowded, locales[l], GRID_COLUMNS_MAX, GRID_ROWS_MAX, wide);
		assert_whole(grid, wide);
	}
	free(grid);
	free(wide);
}
END_TEST

/* A name without a blank, wider than the terminal, says that it goes on. */
START_TEST(a_name_that_is_too_long_says_so)
{
#define ENDLESS "0123456789012345678901234567890123456789012345678901234567890"
	static const struct fake_answer script[] = {
		{"Read", 0, REPLY_MORE("{\"meters\":[" METER(ENDLESS, "true", "", BOTH_ELEMENTS) "]}")},
		{"Status", 0, REPLY(STATUS("true", HEALTHY, ""))},
		{"GetOutputs", 0, REPLY("{\"outputs\":[" LAMPS(ENDLESS) "]}")},
		{NULL, 0, NULL},
	};
	struct grid *grid = malloc(sizeof(*grid));
	char row[ROW_MAX];

	draw(script, "C", 40, 12, grid);
	grid_row(grid, 0, row, sizeof(row));
	ck_assert_str_eq(row, "012345678901234567890123456789012345678~");
	free(grid);
}
END_TEST

TCase *sizes_tcase(void)
{
	TCase *tcase = tcase_create("sizes");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, the_panel_is_whole_at_each_size, 0, COUNT_OF(sizes));
	tcase_add_test(tcase, a_name_that_is_too_long_says_so);
	return tcase;
}
