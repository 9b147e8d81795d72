/* SPDX-License-Identifier: MIT */
#include "ctl/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "base/text.h"

#define LINE_LENGTH_MAX 512

enum { PAIR_GREEN = 1, PAIR_RED };

static const struct mm_glyphs glyphs_unicode = {
	.on = "●",
	.off = "○",
	.separator = " · ",
	.digits = {L"┏━┓  ╻╺━┓╺━┓╻ ╻┏━╸┏━╸╺━┓┏━┓┏━┓", L"┃ ┃  ┃┏━┛╺━┫┗━┫┗━┓┣━┓  ┃┣━┫┗━┫", L"┗━┛  ╹┗━╸╺━┛  ╹╺━┛┗━┛  ╹┗━┛╺━┛"},
	.corner = {"╭", "╮", "╰", "╯"},
	.level = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	.horizontal = "─",
	.vertical = "│",
};

static const struct mm_glyphs glyphs_ascii = {
	.on = "*",
	.off = "o",
	.separator = ", ",
	.digits = {L" _     _  _     _  _  _  _  _ ", L"| |  | _| _||_||_ |_   ||_||_|", L"|_|  ||_  _|  | _||_|  ||_| _|"},
	.corner = {"+", "+", "+", "+"},
	.level = {" ", " ", " ", " ", "#", "#", "#", "#", "#"},
	.horizontal = "-",
	.vertical = "|",
};

int mm_screen_new(FILE *out, bool colour, struct mm_screen **ret)
{
	struct mm_screen *screen = calloc(1, sizeof(*screen));

	if (screen == NULL) {
		return -ENOMEM;
	}
	screen->fd = fileno(out);
	screen->terminal = newterm(NULL, out, stdin);
	if (screen->terminal == NULL || tigetstr("cup") == NULL) {
		mm_screen_free(screen);
		return -ENOTTY;
	}
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	curs_set(0);
	screen->dim = A_DIM;
	screen->green = screen->red = A_BOLD;
	if (colour && has_colors()) {
		start_color();
		use_default_colors();
		init_pair(PAIR_GREEN, COLOR_GREEN, -1);
		init_pair(PAIR_RED, COLOR_RED, -1);
		screen->green |= COLOR_PAIR(PAIR_GREEN);
		screen->red |= COLOR_PAIR(PAIR_RED);
	}
	screen->glyphs = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &glyphs_unicode : &glyphs_ascii;
	*ret = screen;
	return 0;
}

void mm_screen_free(struct mm_screen *screen)
{
	if (screen == NULL) {
		return;
	}
	if (screen->terminal != NULL) {
		endwin();
		delscreen(screen->terminal);
	}
	free(screen);
}

enum mm_screen_key mm_screen_key(struct mm_screen *screen, size_t *ret_number)
{
	int key;

	(void)screen;
	while ((key = getch()) != ERR) {
		if (key == 'q' || key == 'Q') {
			return MM_SCREEN_KEY_QUIT;
		}
		if (key == 'm' || key == 'M') {
			return MM_SCREEN_KEY_NEXT;
		}
		if (key >= '0' && key <= '9') {
			*ret_number = (size_t)(key - '0');
			return MM_SCREEN_KEY_NUMBER;
		}
		if (key == ('L' & 0x1f)) {
			clearok(stdscr, TRUE);
		}
	}
	return MM_SCREEN_KEY_NONE;
}

void mm_screen_resize(struct mm_screen *screen)
{
	struct winsize size;

	if (ioctl(screen->fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
		resizeterm(size.ws_row, size.ws_col);
		clearok(stdscr, TRUE);
	}
}

/*
 * The bytes of a text that go into room columns, in whole words; *ret_cut: they are not all. A word that begins the text and is
 * too long for any room ends in '~'.
 */
static size_t whole_words(char *text, int room, bool *ret_cut)
{
	size_t length = 0, blank = 0;
	int columns = 0, more;

	*ret_cut = mm_text_columns(text) > room;
	if (!*ret_cut) {
		return strlen(text);
	}
	while (text[length] != '\0') {
		size_t next = mm_text_next(text + length, &more);

		blank = text[length] == ' ' ? length : blank;
		if (columns + more > room) {
			break;
		}
		columns += more;
		length += next;
	}
	if (blank > 0 || text[0] == ' ' || length == 0) {
		return blank;
	}
	for (length--; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;) {
		length--; /* to the begin of the last character */
	}
	text[length] = '~';
	return length + 1;
}

int mm_screen_put(int y, int x, attr_t attributes, const char *format, ...)
{
	char text[LINE_LENGTH_MAX];
	bool cut = false;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	mm_text_clean(text);
	attrset(attributes);
	text[whole_words(text, COLS - x, &cut)] = '\0';
	for (const char *at = text; *at != '\0' && y < LINES;) {
		int columns;
		size_t length = mm_text_next(at, &columns);

		mvaddnstr(y, x, at, (int)length);
		x += columns;
		at += length;
	}
	return cut ? COLS : x; /* nothing else goes into what is left of the row */
}
