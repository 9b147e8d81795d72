/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/utf8.h"

/* Less room than this for a text beside what is before it: it begins a line of its own, a little indented. */
#define ROOM_MIN 20
#define INDENT_SMALL 4

size_t mm_text_next(const char *text, int *ret_columns)
{
	mbstate_t state = {0};
	wchar_t character;
	size_t length = mbrtowc(&character, text, strlen(text), &state);

	*ret_columns = 1;
	if (length == 0 || length > strlen(text)) {
		return 1;
	}
	if (wcwidth(character) >= 0) {
		*ret_columns = wcwidth(character);
	}
	return length;
}

int mm_text_columns(const char *text)
{
	int columns = 0, more;

	for (; *text != '\0'; columns += more) {
		text += mm_text_next(text, &more);
	}
	return columns;
}

static bool is_unfit(const char *text, uint32_t before, size_t *ret_length)
{
	mbstate_t state = {0};
	wchar_t character;
	size_t length = mbrtowc(&character, text, strlen(text), &state);

	*ret_length = 1;
	if (mm_utf8_length(text) > 1 && mm_utf8_is_hidden_behind(text, before)) {
		*ret_length = mm_utf8_length(text); /* whatever the locale says: the terminal may know better */
		return true;
	}
	if (length == 0 || length > strlen(text)) {
		/* In a locale of single bytes those above 127 may be anything; in UTF-8 they are a text cut short, or none. */
		return (unsigned char)*text < ' ' || *text == 0x7f || MB_CUR_MAX > 1;
	}
	*ret_length = length;
	return iswcntrl((wint_t)character);
}

void mm_text_clean(char *text)
{
	char *to = text;
	uint32_t before = 0, point;
	size_t length;

	for (; *text != '\0'; text += length) {
		point = mm_utf8_point(text);
		if (is_unfit(text, before, &length)) {
			*to++ = '?';
			point = '?';
		} else {
			memmove(to, text, length);
			to += length;
		}
		before = point;
	}
	*to = '\0';
}

void mm_text_list(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

void mm_text_pad(FILE *out, const char *text, int width, bool right)
{
	int blanks = width - mm_text_columns(text);

	if (blanks < 0) {
		blanks = 0;
	}
	fprintf(out, "%*s%s%*s", right ? blanks : 0, "", text, right ? 0 : blanks, "");
}

/* The bytes of a text that go into room columns: to the last blank if there is one, and at least one character. */
static size_t fit(const char *text, int room)
{
	size_t length = 0, blank = 0;
	int columns = 0, more;

	while (text[length] != '\0') {
		size_t next = mm_text_next(text + length, &more);
		if (length > 0 && columns + more > room) {
			return text[length] == ' ' || blank == 0 ? length : blank;
		}
		if (text[length] == ' ') {
			blank = length;
		}
		columns += more;
		length += next;
	}
	return length;
}

void mm_text_wrap(FILE *out, int width, int indent, const char *text)
{
	if (width > 0 && indent > INDENT_SMALL && width - indent < ROOM_MIN && mm_text_columns(text) > width - indent) {
		indent = INDENT_SMALL;
		fprintf(out, "\n%*s", indent, "");
	}
	while (width > 0 && mm_text_columns(text) > width - indent) {
		size_t length = fit(text, width - indent);
		fwrite(text, 1, length, out);
		text += length;
		text += strspn(text, " ");
		if (*text == '\0') {
			break;
		}
		fprintf(out, "\n%*s", indent, "");
	}
	fprintf(out, "%s\n", text);
}
