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

#include "ctl/writer.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Least terminal, and where the better things begin. */
#define ROWS_MIN 10
#define COLUMNS_MIN 40
#define ROWS_DIGITS 15 /* big digits */
#define ROWS_ROOMY 19  /* air between the groups */
#define COLUMNS_WIDE 64

#define LINE_LENGTH_MAX 512
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

static const struct mm_column power_column = {MM_NUMBER("power_w", NULL, "W", 1)};

static void title(struct mm_panel *panel, const struct mm_panel_view *view)
{
	char text[MM_CELL_MAX];
	int x = panel->margin;

	mm_cell_as(MM_FORMAT_TEXT, view->meter, "name", text);
	x = put(panel->y, x, A_BOLD, "%s", text);
	if (view->count > 1) {
		x = put(panel->y, x, panel->dim, " %zu/%zu", view->number + 1, view->count);
	}
	mm_cell_as(MM_FORMAT_TEXT, view->meter, "model", text);
	x = put(panel->y, x, A_NORMAL, "  %s", text);
	if (COLS >= COLUMNS_WIDE) {
		mm_cell_as(MM_FORMAT_TEXT, view->meter, "serial", text);
		x = put(panel->y, x, A_NORMAL, "  serial %s", text);
	}
	mm_cell_as(MM_FORMAT_TIME, view->meter, "time", text);
	if (x + (int)strlen(text) + panel->margin < COLS) {
		put(panel->y, COLS - (int)strlen(text) - panel->margin, panel->dim, "%s", text);
	}
	panel->y += 1 + panel->roomy;
}

/* What the LCD shows; of a meter without one the total, which is no less true. */
static void lcd_text(const json_t *meter, char ret[static MM_CELL_MAX])
{
	static const struct mm_column display = {MM_COLUMN(TEXT, "display", NULL)},
				      total = {MM_KILO("delivered_wh", NULL, NULL, 1)};

	mm_cell(json_is_string(json_object_get(meter, "display")) ? &display : &total, meter, ret);
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

/* A frame of so many columns, the text's rows inside. */
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

/* The level of an LED, as live as it is known: from GetOutputs, else from the reading, where it goes by another key. */
static bool led_level(const struct mm_panel_view *view, const char *name, const char *key)
{
	const char *meter = json_string_value(json_object_get(view->meter, "name"));
	size_t i;
	json_t *output;

	json_array_foreach(view->outputs, i, output)
	{
		const char *of = json_string_value(json_object_get(output, "meter"));
		const char *its = json_string_value(json_object_get(output, "name"));
		if (meter != NULL && of != NULL && its != NULL && strcmp(meter, of) == 0 && strcmp(name, its) == 0) {
			return json_is_true(json_object_get(output, "level"));
		}
	}
	return json_is_true(json_object_get(view->meter, key));
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
		const char *output, *key, *label;
		attr_t colour;
	} table[] = {
		{"led_power", "power_led", "power", panel->green},
		{"led_load", "load_led", "load", panel->green},
		{"led_reverse", "reverse_led", "reverse", panel->red},
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		bool on = led_level(view, table[i].output, table[i].key);
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
	char text[MM_CELL_MAX], power[MM_CELL_MAX];
	int columns;

	lcd_text(view->meter, text);
	columns = digits_columns(text) + 7;
	if (LINES < ROWS_DIGITS || columns + panel->margin > COLS || !is_digits(text)) {
		mm_cell(&power_column, view->meter, power);
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
	const char *meter = json_string_value(json_object_get(view->meter, "name"));
	int x = panel->margin;
	size_t i;
	json_t *output;

	if (COLS >= COLUMNS_WIDE) {
		x = put(panel->y, x, A_NORMAL, "pulse outputs   ");
	}
	json_array_foreach(view->outputs, i, output)
	{
		const char *of = json_string_value(json_object_get(output, "meter"));
		const char *name = json_string_value(json_object_get(output, "name"));
		if (meter != NULL && of != NULL && name != NULL && strcmp(meter, of) == 0 && strncmp(name, "led_", 4) != 0) {
			x = lamp(panel, panel->y, x, json_is_true(json_object_get(output, "level")), panel->green, name) + 3;
		}
	}
	panel->y += 1 + panel->roomy;
}

static void totals(struct mm_panel *panel, const struct mm_panel_view *view)
{
	static const struct mm_column received = {MM_KILO("received_wh", NULL, "kWh", 3)},
				      demand = {MM_NUMBER("max_demand_w", NULL, "W", 0)};
	char text[MM_CELL_MAX];
	int x = panel->margin;

	if (LINES < ROWS_DIGITS) {
		return;
	}
	mm_cell(&power_column, view->meter, text);
	x = put(panel->y, x, A_NORMAL, "power ");
	x = put(panel->y, x, A_BOLD, "%s", text);
	mm_cell(&received, view->meter, text);
	x = put(panel->y, x, A_NORMAL, "   received %s", text);
	if (COLS >= COLUMNS_WIDE) {
		mm_cell(&demand, view->meter, text);
		put(panel->y, x, A_NORMAL, "   maximum demand %s", text);
	}
	panel->y += 1 + panel->roomy;
}

/* What is wrong, in words, as far as there is room. */
static void warnings(struct mm_panel *panel, const struct mm_panel_view *view)
{
	char words[MM_CELL_MAX];
	size_t i;
	json_t *fault;

	json_array_foreach(json_object_get(view->meter, "faults"), i, fault)
	{
		if (panel->y < LINES - 2) {
			mm_cell_flag(fault, words);
			put(panel->y++, panel->margin, panel->red, "%s", words);
		}
	}
}

static void elements(struct mm_panel *panel, const struct mm_panel_view *view)
{
	static const struct {
		struct mm_column column;
		int width;
	} table[] = {
		{{MM_NUMBER("voltage_v", "volts", NULL, 1)}, 7}, {{MM_NUMBER("current_a", "amps", NULL, 2)}, 8},
		{{MM_NUMBER("power_w", "watts", NULL, 1)}, 9},	 {{MM_NUMBER("power_factor", "pf", NULL, 3)}, 7},
		{{MM_NUMBER("frequency_hz", "Hz", NULL, 2)}, 6},
	};
	bool wide = COLS >= COLUMNS_WIDE;
	int name_width = wide ? 8 : 3, extra = wide ? 2 : 0, x = panel->margin + name_width;
	char text[MM_CELL_MAX];
	size_t i;
	json_t *element;

	for (size_t c = 0; c < COUNT(table); c++) {
		x = put(panel->y, x, panel->dim, "%*s", table[c].width + extra, table[c].column.heading);
	}
	panel->y++;
	json_array_foreach(json_object_get(view->meter, "elements"), i, element)
	{
		mm_cell_as(MM_FORMAT_TEXT, element, "name", text);
		put(panel->y, panel->margin, A_BOLD, "%.*s", name_width, wide ? text : text + strcspn(text, "0123456789"));
		x = panel->margin + name_width;
		for (size_t c = 0; c < COUNT(table); c++) {
			mm_cell(&table[c].column, element, text);
			x = put(panel->y, x, A_NORMAL, "%*s", table[c].width + extra, text);
		}
		panel->y++;
	}
	panel->y += panel->roomy;
}

/* Front end, register and age on the last row but one; the keys on the last. */
static void footer(struct mm_panel *panel, const struct mm_panel_view *view)
{
	const json_t *front_end = json_object_get(view->status, "front_end"), *reg = json_object_get(view->status, "register");
	bool valid = json_is_true(json_object_get(view->meter, "valid"));
	char text[MM_CELL_MAX];
	int y = LINES - 2, x = panel->margin;

	if (view->trouble != NULL) {
		x = put(y, x, panel->red, "%s", view->trouble);
	} else if (view->status != NULL) {
		mm_cell_as(MM_FORMAT_TEXT, front_end, "state", text);
		x = put(y, x, strcmp(text, "ok") == 0 ? A_NORMAL : panel->red, "front end %s", text);
		mm_cell_as(MM_FORMAT_TEXT, reg, "state", text);
		if (strcmp(text, "ok") != 0) {
			x = put(y, x, panel->red, "%sregister %s", panel->glyphs->separator, text);
		}
	} else {
		x = put(y, x, A_NORMAL, "front end ?");
	}
	x = put(y, x, A_NORMAL, "%s", panel->glyphs->separator);
	x = put(y, x, valid ? A_NORMAL : panel->red, "%s%.0f s old", valid ? "reading " : "not valid, ", view->age_s);
	if (view->trouble == NULL && json_is_string(json_object_get(front_end, "reason"))) {
		mm_cell_as(MM_FORMAT_TEXT, front_end, "reason", text);
		put(y, x, panel->red, "%s%s", panel->glyphs->separator, text);
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
		title(panel, view);
		lcd_and_leds(panel, view);
		pulses(panel, view);
		totals(panel, view);
		elements(panel, view);
		warnings(panel, view);
		footer(panel, view);
	}
	attrset(A_NORMAL);
	refresh();
}
