/* SPDX-License-Identifier: MIT */
/* The instrument's front on a terminal. The layout flows down the screen and leaves out what there is no room for. */

#include "ctl/panel.h"

#include <errno.h>
#include <langinfo.h>
#include <ncurses.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "base/count_of.h"
#include "core/units.h"
#include "ctl/when.h"
#include "ctl/writer.h"

/* The smallest terminal, and the sizes from which there is room for more. */
#define ROWS_MIN 10
#define COLUMNS_MIN 40
#define ROWS_DIGITS 15 /* big digits */
#define ROWS_ROOMY 19  /* air between the groups */
#define COLUMNS_WIDE 64

#define LINE_LENGTH_MAX 512
#define LCD_MAX 32
#define UWH_PER_KWH 1e9
#define DIGIT_ROWS 3
#define DIGIT_COLUMNS 3

enum { PAIR_GREEN = 1, PAIR_RED };

struct glyphs {
	const char *on, *off; /* a lamp */
	const char *separator;
	const wchar_t *digits[DIGIT_ROWS]; /* 0 to 9 side by side, row by row */
	const char *corner[4];		   /* top left, top right, bottom left, bottom right */
	const char *horizontal, *vertical;
};

static const struct glyphs glyphs_unicode = {
	.on = "●",
	.off = "○",
	.separator = " · ",
	.digits = {L"┏━┓  ╻╺━┓╺━┓╻ ╻┏━╸┏━╸╺━┓┏━┓┏━┓", L"┃ ┃  ┃┏━┛╺━┫┗━┫┗━┓┣━┓  ┃┣━┫┗━┫", L"┗━┛  ╹┗━╸╺━┛  ╹╺━┛┗━┛  ╹┗━┛╺━┛"},
	.corner = {"╭", "╮", "╰", "╯"},
	.horizontal = "─",
	.vertical = "│",
};

static const struct glyphs glyphs_ascii = {
	.on = "*",
	.off = "o",
	.separator = ", ",
	.digits = {L" _     _  _     _  _  _  _  _ ", L"| |  | _| _||_||_ |_   ||_||_|", L"|_|  ||_  _|  | _||_|  ||_| _|"},
	.corner = {"+", "+", "+", "+"},
	.horizontal = "-",
	.vertical = "|",
};

struct mm_panel {
	SCREEN *screen;
	int fd;
	const struct glyphs *glyphs;
	attr_t green, red, dim;
	int y;	    /* the row being written */
	int margin; /* columns left free at the left */
	bool roomy;
};

int mm_panel_new(FILE *out, bool colour, struct mm_panel **ret)
{
	struct mm_panel *panel = calloc(1, sizeof(*panel));

	if (panel == NULL) {
		return -ENOMEM;
	}
	panel->fd = fileno(out);
	panel->screen = newterm(NULL, out, stdin);
	if (panel->screen == NULL || tigetstr("cup") == NULL) {
		mm_panel_free(panel);
		return -ENOTTY;
	}
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	curs_set(0);
	panel->dim = A_DIM;
	panel->green = panel->red = A_BOLD;
	if (colour && has_colors()) {
		start_color();
		use_default_colors();
		init_pair(PAIR_GREEN, COLOR_GREEN, -1);
		init_pair(PAIR_RED, COLOR_RED, -1);
		panel->green |= COLOR_PAIR(PAIR_GREEN);
		panel->red |= COLOR_PAIR(PAIR_RED);
	}
	panel->glyphs = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &glyphs_unicode : &glyphs_ascii;
	*ret = panel;
	return 0;
}

void mm_panel_free(struct mm_panel *panel)
{
	if (panel == NULL) {
		return;
	}
	if (panel->screen != NULL) {
		endwin();
		delscreen(panel->screen);
	}
	free(panel);
}

enum mm_panel_key mm_panel_key(struct mm_panel *panel)
{
	int key;

	(void)panel;
	while ((key = getch()) != ERR) {
		if (key == 'q' || key == 'Q') {
			return MM_PANEL_KEY_QUIT;
		}
		if (key == 'm' || key == 'M') {
			return MM_PANEL_KEY_NEXT;
		}
		if (key == ('L' & 0x1f)) {
			clearok(stdscr, TRUE);
		}
	}
	return MM_PANEL_KEY_NONE;
}

void mm_panel_resize(struct mm_panel *panel)
{
	struct winsize size;

	if (ioctl(panel->fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		resizeterm(size.ws_row, size.ws_col);
		clearok(stdscr, TRUE);
	}
}

/* Writes at a column, cut at the right edge; returns the column after it. */
static int __attribute__((format(printf, 4, 5))) put(int y, int x, attr_t attributes, const char *format, ...)
{
	char text[LINE_LENGTH_MAX];
	mbstate_t state = {0};
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	attrset(attributes);
	for (const char *at = text; *at != '\0' && y < LINES;) {
		wchar_t character;
		size_t length = mbrtowc(&character, at, strlen(at), &state);
		int columns = length <= strlen(at) ? wcwidth(character) : -1;
		if (columns < 0) {
			state = (mbstate_t){0};
			character = L'?';
			columns = 1;
			length = length <= strlen(at) ? length : 1;
		}
		if (x + columns > COLS) {
			break;
		}
		mvaddnwstr(y, x, &character, 1);
		x += columns;
		at += length;
	}
	return x;
}

static void title(struct mm_panel *panel, const struct mm_panel_view *view)
{
	char time[MM_WHEN_MAX] = "-";
	int x = put(panel->y, panel->margin, A_BOLD, "%s", view->meter->name);

	if (view->count > 1) {
		x = put(panel->y, x, panel->dim, " %zu/%zu", view->number + 1, view->count);
	}
	x = put(panel->y, x, A_NORMAL, "  %s", view->meter->model);
	if (COLS >= COLUMNS_WIDE) {
		x = put(panel->y, x, A_NORMAL, "  serial %s", view->meter->serial);
	}
	if (view->meter->time_ns > 0) {
		mm_when_local(view->meter->time_ns / MM_NS_PER_S, time);
	}
	if (x + (int)strlen(time) + panel->margin < COLS) {
		put(panel->y, COLS - (int)strlen(time) - panel->margin, panel->dim, "%s", time);
	}
	panel->y += 1 + panel->roomy;
}

static bool is_digits(const char *text)
{
	return text[strspn(text, "0123456789.")] == '\0';
}

static int digits_columns(const char *text)
{
	int columns = 0;

	for (; *text != '\0'; text++) {
		columns += *text == '.' ? 2 : DIGIT_COLUMNS + 1;
	}
	return columns;
}

/* Draws big digits from the column on; returns the column after them. */
static int big_digits(const struct mm_panel *panel, int x, attr_t attributes, const char *text)
{
	attrset(attributes);
	for (; *text != '\0'; text++) {
		if (*text == '.') {
			mvaddch(panel->y + 2, x, '.');
			x += 2;
			continue;
		}
		for (int row = 0; row < DIGIT_ROWS; row++) {
			mvaddnwstr(panel->y + row, x, panel->glyphs->digits[row] + (*text - '0') * DIGIT_COLUMNS, DIGIT_COLUMNS);
		}
		x += DIGIT_COLUMNS + 1;
	}
	return x;
}

/* A frame around the big digits, columns wide. */
static void frame(const struct mm_panel *panel, int columns)
{
	const struct glyphs *glyphs = panel->glyphs;
	int left = panel->margin, right = left + columns - 1, top = panel->y, bottom = top + DIGIT_ROWS + 1;

	for (int x = left + 1; x < right; x++) {
		put(top, x, panel->dim, "%s", glyphs->horizontal);
		put(bottom, x, panel->dim, "%s", glyphs->horizontal);
	}
	for (int y = top + 1; y < bottom; y++) {
		put(y, left, panel->dim, "%s", glyphs->vertical);
		put(y, right, panel->dim, "%s", glyphs->vertical);
	}
	put(top, left, panel->dim, "%s", glyphs->corner[0]);
	put(top, right, panel->dim, "%s", glyphs->corner[1]);
	put(bottom, left, panel->dim, "%s", glyphs->corner[2]);
	put(bottom, right, panel->dim, "%s", glyphs->corner[3]);
}

/* Whether an LED is lit: GetOutputs is more recent than the reading. */
static bool led_level(const struct mm_panel_view *view, const char *name, bool read)
{
	const struct mm_output_state *output = mm_output_states_find(view->outputs, view->meter->name, name);

	return output != NULL ? output->level : read;
}

static int lamp(const struct mm_panel *panel, int y, int x, bool on, attr_t colour, const char *label)
{
	x = put(y, x, on ? colour : panel->dim, "%s ", on ? panel->glyphs->on : panel->glyphs->off);
	return put(y, x, on ? A_NORMAL : panel->dim, "%s", label);
}

/* The three LEDs, one below the other from a row on, or side by side. */
static void leds(struct mm_panel *panel, const struct mm_panel_view *view, int y, int x, bool below)
{
	const struct {
		const char *output;
		bool read;
		const char *label;
		attr_t colour;
	} table[] = {
		{"led_power", view->meter->power_led, "power", panel->green},
		{"led_load", view->meter->load_led, "load", panel->green},
		{"led_reverse", view->meter->reverse_led, "reverse", panel->red},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		bool on = led_level(view, table[i].output, table[i].read);
		int next = lamp(panel, y, x, on, table[i].colour, table[i].label);
		if (below) {
			y++;
		} else {
			x = next + 3;
		}
	}
}

static void lcd_and_leds(struct mm_panel *panel, const struct mm_panel_view *view)
{
	char text[LCD_MAX], power[LCD_MAX];
	int columns;

	/* A meter without an LCD shows the total. */
	if (view->meter->display != NULL) {
		snprintf(text, sizeof(text), "%s", view->meter->display);
	} else {
		snprintf(text, sizeof(text), "%.1f", (double)view->meter->delivered_uwh / UWH_PER_KWH);
	}
	columns = digits_columns(text) + 7;
	if (LINES < ROWS_DIGITS || columns + panel->margin > COLS || !is_digits(text)) {
		snprintf(power, sizeof(power), "%.1f W", view->meter->power_w);
		int x = put(panel->y, panel->margin, A_BOLD, "%s kWh", text);
		put(panel->y, x, A_NORMAL, "%*s", COLS - x - panel->margin, power);
		leds(panel, view, panel->y + 1, panel->margin, false);
		panel->y += 2;
		return;
	}
	frame(panel, columns);
	panel->y++;
	int x = big_digits(panel, panel->margin + 2, A_BOLD, text);
	put(panel->y + 2, x, A_NORMAL, "kWh");
	bool beside = panel->margin + columns + 14 <= COLS;
	panel->y += DIGIT_ROWS + 1;
	if (beside) {
		leds(panel, view, panel->y - 1 - DIGIT_ROWS, panel->margin + columns + 4, true);
	} else {
		leds(panel, view, panel->y++, panel->margin, false);
	}
	panel->y += panel->roomy;
}

/* The pulse outputs with their levels: whatever GetOutputs lists that is no LED. */
static void pulses(struct mm_panel *panel, const struct mm_panel_view *view)
{
	int x = panel->margin;

	if (COLS >= COLUMNS_WIDE) {
		x = put(panel->y, x, A_NORMAL, "pulse outputs   ");
	}
	for (size_t i = 0; view->outputs != NULL && i < view->outputs->count; i++) {
		const struct mm_output_state *output = &view->outputs->output[i];

		if (strcmp(output->meter, view->meter->name) == 0 && strncmp(output->name, "led_", 4) != 0) {
			x = lamp(panel, panel->y, x, output->level, panel->green, output->name) + 3;
		}
	}
	panel->y += 1 + panel->roomy;
}

static void totals(struct mm_panel *panel, const struct mm_panel_view *view)
{
	int x;

	if (LINES < ROWS_DIGITS) {
		return;
	}
	x = put(panel->y, panel->margin, A_NORMAL, "power ");
	x = put(panel->y, x, A_BOLD, "%.1f W", view->meter->power_w);
	x = put(panel->y, x, A_NORMAL, "   received %.3f kWh", (double)view->meter->received_uwh / UWH_PER_KWH);
	if (COLS >= COLUMNS_WIDE) {
		put(panel->y, x, A_NORMAL, "   maximum demand %.0f W", view->meter->max_demand_w);
	}
	panel->y += 1 + panel->roomy;
}

/* What is wrong, in words, as far as there is room. */
static void warnings(struct mm_panel *panel, const struct mm_panel_view *view)
{
	char words[MM_CELL_MAX];

	for (size_t i = 0; i < view->meter->faults.count && panel->y < LINES - 2; i++) {
		mm_cell_flag(view->meter->faults.name[i], words);
		put(panel->y++, panel->margin, panel->red, "%s", words);
	}
}

static void elements(struct mm_panel *panel, const struct mm_panel_view *view)
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
	bool wide = COLS >= COLUMNS_WIDE;
	int name_width = wide ? 8 : 3, extra = wide ? 2 : 0, x = panel->margin + name_width;

	for (size_t c = 0; c < COUNT_OF(table); c++) {
		x = put(panel->y, x, panel->dim, "%*s", table[c].width + extra, table[c].heading);
	}
	panel->y++;
	for (size_t i = 0; i < view->meter->element_count; i++) {
		const struct mm_reading_element *element = &view->meter->element[i];
		const char *name = wide ? element->name : element->name + strcspn(element->name, "0123456789");

		put(panel->y, panel->margin, A_BOLD, "%.*s", name_width, name);
		x = panel->margin + name_width;
		for (size_t c = 0; c < COUNT_OF(table); c++) {
			const double *figure = (const void *)((const char *)element + table[c].offset);

			x = put(panel->y, x, A_NORMAL, "%*.*f", table[c].width + extra, table[c].decimals, *figure);
		}
		panel->y++;
	}
	panel->y += panel->roomy;
}

/* Front end, register and age on the last row but one; the keys on the last. */
static void footer(struct mm_panel *panel, const struct mm_panel_view *view)
{
	bool valid = view->meter != NULL && view->meter->valid;
	int y = LINES - 2, x = panel->margin;

	if (view->trouble != NULL) {
		x = put(y, x, panel->red, "%s", view->trouble);
	} else if (view->status != NULL) {
		const char *front_end = view->status->front_end.state, *store = view->status->store.state;

		x = put(y, x, strcmp(front_end, "ok") == 0 ? A_NORMAL : panel->red, "front end %s", front_end);
		if (strcmp(store, "ok") != 0) {
			x = put(y, x, panel->red, "%sregister %s", panel->glyphs->separator, store);
		}
	} else {
		x = put(y, x, A_NORMAL, "front end ?");
	}
	x = put(y, x, A_NORMAL, "%s", panel->glyphs->separator);
	x = put(y, x, valid ? A_NORMAL : panel->red, "%s%.0f s old", valid ? "reading " : "not valid, ", view->age_s);
	if (view->trouble == NULL && view->status != NULL && view->status->front_end.reason != NULL) {
		put(y, x, panel->red, "%s%s", panel->glyphs->separator, view->status->front_end.reason);
	}
	put(LINES - 1, panel->margin, panel->dim, view->count > 1 ? "q quit   m next meter" : "q quit");
}

void mm_panel_draw(struct mm_panel *panel, const struct mm_panel_view *view)
{
	erase();
	panel->y = 0;
	panel->roomy = LINES >= ROWS_ROOMY;
	panel->margin = COLS >= COLUMNS_WIDE ? 2 : 0;
	if (LINES < ROWS_MIN || COLS < COLUMNS_MIN) {
		put(0, 0, A_NORMAL, "needs %dx%d or more", COLUMNS_MIN, ROWS_MIN);
	} else {
		panel->y = panel->roomy;
		if (view->meter != NULL) {
			title(panel, view);
			lcd_and_leds(panel, view);
			pulses(panel, view);
			totals(panel, view);
			elements(panel, view);
			warnings(panel, view);
		}
		footer(panel, view);
	}
	attrset(A_NORMAL);
	refresh();
}
