/* SPDX-License-Identifier: MIT */
#include "client/xml.h"

#include <stdint.h>

#include "base/utf8.h"

static const char *entity(char character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Unicode's noncharacters, of which XML refuses some and HTML all. */
static bool is_none(uint32_t point)
{
	return (point & 0xfffe) == 0xfffe || (point >= 0xfdd0 && point <= 0xfdef);
}

void mm_xml_text(FILE *out, const char *text)
{
	uint32_t before = 0;

	for (size_t length; text != NULL && *text != '\0'; text += length) {
		size_t bytes = mm_utf8_length(text);
		const char *name = entity(*text);

		length = bytes > 0 ? bytes : 1;
		if (name != NULL) {
			fputs(name, out);
		} else if (bytes == 0 || is_none(mm_utf8_point(text)) || mm_utf8_is_hidden_behind(text, before)) {
			fputs("\357\277\275", out);
		} else {
			fwrite(text, 1, length, out);
		}
		before = mm_utf8_point(text);
	}
}
