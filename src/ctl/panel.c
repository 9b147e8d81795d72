/* SPDX-License-Identifier: MIT */
/* The layout flows down the screen and leaves out what there is no room for. */

#include "ctl/panel.h"

#include <math.h>
#include <string.h>

#include "base/count_of.h"
#include "base/text.h"
#include "core/units.h"
#include "ctl/overview.h"
#include "ctl/trend.h"
#include "ctl/when.h"
#include "ctl/writer.h"

/* The smallest terminal, and the sizes from which there is room for more. */
#define ROWS_MIN 10
#define COLUMNS_MIN 40
#define ROWS_DIGITS 15 /* big digits */
#define ROWS_ROOMY 26  /* air between the groups */
#define FOOTER_ROWS 2

#define LCD_MAX 32
#define LIVE_S 5 /* a reading comes every second */

/* A meter as it is drawn. */
struct face {
	const struct mm_panel_view *view;
	const struct mm_reading *meter;
	bool live;    /* the readings are of now */
	bool flowing; /* and so is what flows: else the front end is at fault */
};

/* The time of the readings at the right edge, where there is room behind the column x. */
static void title_time(const struct mm_screen *screen, int x, int64_t time_ns, bool live)
{
	char time[MM_WHEN_MAX] = "-", text[MM_WHEN_MAX + 8];
	int begin;

	if (time_ns > 0) {
		mm_when_local(time_ns / MM_NS_PER_S, time);
	}
	snprintf(text, sizeof(text), "%s%s", live ? "" : "as of ", time);
	begin = COLS - (int)strlen(text) - screen->margin;
	if (x < begin) {
		mm_screen_put(screen->y, begin, live ? screen->dim : screen->red, "%s", text);
	}
}

static void title(struct mm_screen *screen, const struct face *face)
{
	const struct mm_readings *readings = face->view->readings;
	int x;

	x = mm_screen_put(screen->y, screen->margin, A_BOLD, "%s", face->meter->name);
	if (readings->count > 1) {
		x = mm_screen_put(screen->y, x, screen->dim, " %zu/%zu", face->view->shown, readings->count);
	}
	x = mm_screen_put(screen->y, x, A_NORMAL, "  %s", face->meter->model);
	if (COLS >= MM_COLUMNS_WIDE) {
		x = mm_screen_put(screen->y, x, A_NORMAL, "  serial %s", face->meter->serial);
	}
	title_time(screen, x, face->meter->time_ns, face->live);
	screen->y += 1 + screen->roomy;
}

static bool is_digits(const char *text)
{
	return text[strspn(text, "0123456789.")] == '\0';
}

static int digits_columns(const char *text)
{
	int columns = 0;

	for (; *text != '\0'; text++) {
		columns += *text == '.' ? 2 : MM_DIGIT_COLUMNS + 1;
	}
	return columns;
}

/* How many of the first characters are zeros that an instrument would blank: all before the digit ahead of the point. */
static size_t leading_zeros(const char *text)
{
	size_t zeros = strspn(text, "0");

	return zeros > 0 && (text[zeros] == '.' || text[zeros] == '\0') ? zeros - 1 : zeros;
}

/* Draws big digits from the column on, leading zeros dim; returns the column after them. */
static int big_digits(const struct mm_screen *screen, int x, attr_t attributes, const char *text)
{
	size_t zeros = leading_zeros(text);

	for (size_t i = 0; text[i] != '\0'; i++) {
		attrset(i < zeros ? screen->dim : attributes);
		if (text[i] == '.') {
			mvaddch(screen->y + 2, x, '.');
			x += 2;
			continue;
		}
		for (int row = 0; row < MM_DIGIT_ROWS; row++) {
			mvaddnwstr(screen->y + row, x, screen->glyphs->digits[row] + (text[i] - '0') * MM_DIGIT_COLUMNS,
				   MM_DIGIT_COLUMNS);
		}
		x += MM_DIGIT_COLUMNS + 1;
	}
	return x;
}

/* A frame around the big digits, columns wide. */
static void frame(const struct mm_screen *screen, int columns)
{
	const struct mm_glyphs *glyphs = screen->glyphs;
	int left = screen->margin, right = left + columns - 1, top = screen->y, bottom = top + MM_DIGIT_ROWS + 1;

	for (int x = left + 1; x < right; x++) {
		mm_screen_put(top, x, screen->dim, "%s", glyphs->horizontal);
		mm_screen_put(bottom, x, screen->dim, "%s", glyphs->horizontal);
	}
	for (int y = top + 1; y < bottom; y++) {
		mm_screen_put(y, left, screen->dim, "%s", glyphs->vertical);
		mm_screen_put(y, right, screen->dim, "%s", glyphs->vertical);
	}
	mm_screen_put(top, left, screen->dim, "%s", glyphs->corner[0]);
	mm_screen_put(top, right, screen->dim, "%s", glyphs->corner[1]);
	mm_screen_put(bottom, left, screen->dim, "%s", glyphs->corner[2]);
	mm_screen_put(bottom, right, screen->dim, "%s", glyphs->corner[3]);
}

/* Whether an LED is lit: GetOutputs is more recent than the reading. Of a daemon that is gone nobody knows. */
static bool led_level(const struct face *face, const char *name, bool read)
{
	const struct mm_output_state *output = mm_output_states_find(face->view->outputs, face->meter->name, name);

	return face->live && (output != NULL ? output->level : read);
}

static int lamp(const struct mm_screen *screen, int y, int x, bool on, attr_t colour, const char *label)
{
	x = mm_screen_put(y, x, on ? colour : screen->dim, "%s ", on ? screen->glyphs->on : screen->glyphs->off);
	return mm_screen_put(y, x, on ? A_NORMAL : screen->dim, "%s", label);
}

/* The three LEDs, one below the other from a row on, or side by side. */
static void leds(struct mm_screen *screen, const struct face *face, int y, int x, bool below)
{
	const struct {
		const char *output;
		bool read;
		const char *label;
		attr_t colour;
	} table[] = {
		{"led_power", face->meter->power_led, "power", screen->green},
		{"led_load", face->meter->load_led, "load", screen->green},
		{"led_reverse", face->meter->reverse_led, "reverse", screen->red},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		bool on = led_level(face, table[i].output, table[i].read);
		int next = lamp(screen, y, x, on, table[i].colour, table[i].label);
		if (below) {
			y++;
		} else {
			x = next + 3;
		}
	}
}

/* Power in a line of its own, or a dash. */
static void power_text(const struct face *face, char ret[static LCD_MAX])
{
	if (face->flowing) {
		snprintf(ret, LCD_MAX, "%.1f W", face->meter->power_w);
	} else {
		snprintf(ret, LCD_MAX, "- W");
	}
}

/* Energy and power in one line, and the LEDs below. */
static void small_lcd(struct mm_screen *screen, const struct face *face, const char *text)
{
	size_t zeros = is_digits(text) ? leading_zeros(text) : 0;
	char power[LCD_MAX];
	int x;

	power_text(face, power);
	x = mm_screen_put(screen->y, screen->margin, screen->dim, "%.*s", (int)zeros, text);
	x = mm_screen_put(screen->y, x, face->live ? A_BOLD : screen->dim, "%s kWh", text + zeros);
	mm_screen_put(screen->y, x, face->flowing ? A_NORMAL : screen->dim, "%*s", COLS - x - screen->margin, power);
	leds(screen, face, screen->y + 1, screen->margin, false);
	screen->y += 2;
}

static void lcd_and_leds(struct mm_screen *screen, const struct face *face)
{
	char text[LCD_MAX];
	bool beside;
	int columns, x;

	/* A meter without an LCD shows the total. */
	if (face->meter->display != NULL) {
		snprintf(text, sizeof(text), "%s", face->meter->display);
	} else {
		snprintf(text, sizeof(text), "%.1f", (double)face->meter->delivered_uwh / MM_UWH_PER_KWH);
	}
	columns = digits_columns(text) + 7;
	if (LINES < ROWS_DIGITS || columns + screen->margin > COLS || !is_digits(text)) {
		small_lcd(screen, face, text);
		return;
	}
	frame(screen, columns);
	screen->y++;
	x = big_digits(screen, screen->margin + 2, face->live ? A_BOLD : screen->dim, text);
	mm_screen_put(screen->y + 2, x, face->live ? A_NORMAL : screen->dim, "kWh");
	beside = screen->margin + columns + 14 <= COLS;
	screen->y += MM_DIGIT_ROWS + 1;
	if (beside) {
		leds(screen, face, screen->y - 1 - MM_DIGIT_ROWS, screen->margin + columns + 4, true);
	} else {
		leds(screen, face, screen->y++, screen->margin, false);
	}
	screen->y += screen->roomy;
}

/* "10 Wh" for the output 10, "counter 100 Wh"; without the energy where there is no room for all of them. */
static void pulse_label(const struct mm_output_state *output, bool energy, char ret[static LCD_MAX])
{
	char kh[16];

	snprintf(kh, sizeof(kh), "%g", (double)output->kh_uwh / (double)MM_UWH_PER_WH);
	if (!energy || output->kh_uwh == 0) {
		snprintf(ret, LCD_MAX, "%s", output->name);
	} else if (strcmp(kh, output->name) == 0) {
		snprintf(ret, LCD_MAX, "%s Wh", kh);
	} else {
		snprintf(ret, LCD_MAX, "%.16s %.10s Wh", output->name, kh);
	}
}

/* Draws the pulse outputs from x on, or only says where they would end (draw false). */
static int pulse_lamps(struct mm_screen *screen, const struct face *face, int x, bool energy, bool draw)
{
	const struct mm_output_states *outputs = face->view->outputs;
	char label[LCD_MAX];

	for (size_t i = 0; outputs != NULL && i < outputs->count; i++) {
		const struct mm_output_state *output = &outputs->output[i];

		/* Whatever GetOutputs lists that is no LED. */
		if (strcmp(output->meter, face->meter->name) != 0 || strncmp(output->name, "led_", 4) == 0) {
			continue;
		}
		pulse_label(output, energy, label);
		if (draw) {
			x = lamp(screen, screen->y, x, face->live && output->level, screen->green, label) + 3;
		} else {
			x += 2 + mm_text_columns(label) + 3;
		}
	}
	return x;
}

static void pulses(struct mm_screen *screen, const struct face *face)
{
	int x = screen->margin;
	bool energy;

	if (COLS >= MM_COLUMNS_WIDE) {
		x = mm_screen_put(screen->y, x, A_NORMAL, "pulse outputs   ");
	}
	energy = pulse_lamps(screen, face, x, true, false) - 3 <= COLS;
	pulse_lamps(screen, face, x, energy, true);
	screen->y += 1 + screen->roomy;
}

static void totals(struct mm_screen *screen, const struct face *face)
{
	char power[LCD_MAX];
	int x;

	if (LINES < ROWS_DIGITS) {
		return;
	}
	power_text(face, power);
	x = mm_screen_put(screen->y, screen->margin, A_NORMAL, "power ");
	x = mm_screen_put(screen->y, x, face->flowing ? A_BOLD : screen->dim, "%s", power);
	x = mm_screen_put(screen->y, x, face->live ? A_NORMAL : screen->dim, "   received %.3f kWh",
			  (double)face->meter->received_uwh / MM_UWH_PER_KWH);
	if (COLS >= MM_COLUMNS_WIDE) {
		mm_screen_put(screen->y, x, face->live ? A_NORMAL : screen->dim, "   maximum demand %.0f W",
			      face->meter->max_demand_w);
	}
	screen->y += 1 + screen->roomy;
}

/* What is wrong, in words, as far as there is room. */
static void warnings(struct mm_screen *screen, const struct face *face)
{
	char words[MM_CELL_MAX];

	for (size_t i = 0; face->live && i < face->meter->faults.count && screen->y < LINES - FOOTER_ROWS; i++) {
		mm_cell_flag(face->meter->faults.name[i], words);
		mm_screen_put(screen->y++, screen->margin, screen->red, "%s", words);
	}
}

static void elements(struct mm_screen *screen, const struct face *face)
{
	static const struct {
		const char *heading;
		size_t offset;
		int decimals, width;
	} table[] = {
		{"volts", offsetof(struct mm_reading_element, voltage_v), 1, 7},
		{"amps", offsetof(struct mm_reading_element, current_a), 2, 8},
		{"watts", offsetof(struct mm_reading_element, power_w), 1, 9},
		{"pf", offsetof(struct mm_reading_element, power_factor), 3, 7},
		{"Hz", offsetof(struct mm_reading_element, frequency_hz), 2, 6},
	};
	bool wide = COLS >= MM_COLUMNS_WIDE;
	int name_width = wide ? 8 : 3, extra = wide ? 2 : 0, x = screen->margin + name_width;

	for (size_t c = 0; c < COUNT_OF(table); c++) {
		x = mm_screen_put(screen->y, x, screen->dim, "%*s", table[c].width + extra, table[c].heading);
	}
	screen->y++;
	for (size_t i = 0; i < face->meter->element_count; i++) {
		const struct mm_reading_element *element = &face->meter->element[i];
		const char *name = wide ? element->name : element->name + strcspn(element->name, "0123456789");

		mm_screen_put(screen->y, screen->margin, A_BOLD, "%.*s", name_width, name);
		x = screen->margin + name_width;
		for (size_t c = 0; c < COUNT_OF(table); c++) {
			const double *figure = (const void *)((const char *)element + table[c].offset);

			x = face->flowing ? mm_screen_put(screen->y, x, A_NORMAL, "%*.*f", table[c].width + extra,
							  table[c].decimals, *figure)
					  : mm_screen_put(screen->y, x, screen->dim, "%*s", table[c].width + extra, "-");
		}
		screen->y++;
	}
	screen->y += screen->roomy;
}

static void trend(struct mm_screen *screen, const struct face *face)
{
	const struct mm_history_open open = {
		.start_s = face->meter->interval_ns / MM_NS_PER_S,
		.until_s = face->meter->time_ns / MM_NS_PER_S,
		.delivered_wh = (double)face->meter->interval_uwh / MM_UWH_PER_WH,
	};
	struct mm_history_sums sums;

	if (mm_history_is_of(face->view->history, face->meter->name)) {
		sums = mm_history_sum(face->view->history, face->view->now_s, face->meter->interval_ns > 0 ? &open : NULL);
		mm_trend_draw(screen, &sums, face->view->now_s, LINES - FOOTER_ROWS);
	}
}

static void draw_meter(struct mm_screen *screen, const struct face *face)
{
	title(screen, face);
	lcd_and_leds(screen, face);
	pulses(screen, face);
	totals(screen, face);
	elements(screen, face);
	warnings(screen, face);
	trend(screen, face);
}

static void draw_overview(struct mm_screen *screen, const struct mm_panel_view *view, bool live)
{
	int x = mm_screen_put(screen->y, screen->margin, A_BOLD, "%zu meters", view->readings->count);

	title_time(screen, x, view->readings->meter[0].time_ns, live);
	screen->y += 1 + screen->roomy;
	mm_overview_draw(screen, view->readings, live, LINES - FOOTER_ROWS);
}

/* The daemon's state: what is wrong with it, or that nothing is. */
static void conditions(const struct mm_screen *screen, const struct mm_daemon_status *status, int y, int x)
{
	const char *separator = screen->glyphs->separator;
	bool ok = strcmp(status->front_end.state, "ok") == 0;

	x = mm_screen_put(y, x, ok ? A_NORMAL : screen->red, "%sfront end %s", separator, status->front_end.state);
	if (strcmp(status->store.state, "ok") != 0) {
		x = mm_screen_put(y, x, screen->red, "%sregister %s", separator, status->store.state);
	}
	if (status->front_end.reason != NULL) {
		mm_screen_put(y, x, screen->red, "%s%s", separator, status->front_end.reason);
	}
}

/* On the last row but one whether what is shown is of now; the keys on the last. */
static void footer(struct mm_screen *screen, const struct mm_panel_view *view, bool live, double age_s)
{
	int y = LINES - FOOTER_ROWS, x = screen->margin;

	if (view->trouble != NULL) {
		mm_screen_put(y, x, screen->red, "%s%snot live, %.0f s old", view->trouble, screen->glyphs->separator, age_s);
	} else if (!live) {
		x = mm_screen_put(y, x, screen->red, "not live, %.0f s old", age_s);
	} else {
		x = mm_screen_put(y, x, screen->green, "%s live", screen->glyphs->on);
	}
	if (view->trouble == NULL && view->status != NULL) {
		conditions(screen, view->status, y, x);
	}
	mm_screen_put(LINES - 1, screen->margin, screen->dim,
		      view->readings != NULL && view->readings->count > 1 ? "q quit   m next   0 overview   1-9 meter"
									  : "q quit");
}

void mm_panel_draw(struct mm_screen *screen, const struct mm_panel_view *view)
{
	const struct mm_readings *readings = view->readings;
	size_t number = view->shown > 0 ? view->shown : 1;
	struct face face = {.view = view};
	double age_s = view->waited_s;

	erase();
	screen->y = 0;
	screen->roomy = LINES >= ROWS_ROOMY;
	screen->margin = COLS >= MM_COLUMNS_WIDE ? 2 : 0;
	if (LINES < ROWS_MIN || COLS < COLUMNS_MIN) {
		mm_screen_put(0, 0, A_NORMAL, "needs %dx%d or more", COLUMNS_MIN, ROWS_MIN);
		attrset(A_NORMAL);
		refresh();
		return;
	}
	screen->y = screen->roomy;
	face.live = view->trouble == NULL && view->waited_s < LIVE_S;
	if (readings != NULL && number <= readings->count) {
		face.meter = &readings->meter[number - 1];
		age_s += face.meter->age_s;
		face.flowing = face.live && face.meter->valid;
		if (view->shown == 0 && readings->count > 1) {
			draw_overview(screen, view, face.live);
		} else {
			draw_meter(screen, &face);
		}
	}
	footer(screen, view, view->shown > 0 || readings == NULL || readings->count <= 1 ? face.flowing : face.live, age_s);
	attrset(A_NORMAL);
	refresh();
}
