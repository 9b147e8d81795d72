/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include "base/count_of.h"

size_t mm_utf8_length(const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;
	unsigned char low, high;
	size_t length;

	if (byte[0] < 0x80) {
		return 1;
	}
	if (byte[0] < 0xc2 || byte[0] > 0xf4) {
		return 0;
	}
	length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	low = byte[0] == 0xe0 ? 0xa0 : byte[0] == 0xf0 ? 0x90 : 0x80;
	high = byte[0] == 0xed ? 0x9f : byte[0] == 0xf4 ? 0x8f : 0xbf;
	for (size_t i = 1; i < length; i++) {
		if (byte[i] < low || byte[i] > high) {
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

struct range {
	uint32_t first, last;
};

static const struct range hidden[] = {
	{0x0000, 0x001f},   /* control characters */
	{0x007f, 0x009f},   /* and those of Latin-1 */
	{0x00ad, 0x00ad},   /* where a word may be cut */
	{0x034f, 0x034f},   /* a joiner */
	{0x061c, 0x061c},   /* a mark of direction */
	{0x180b, 0x180f},   /* variants of the character before */
	{0x200b, 0x200f},   /* of no width; marks of direction */
	{0x2028, 0x202e},   /* separators of lines and paragraphs; directions that are forced */
	{0x2060, 0x206f},   /* of no width; directions that are isolated */
	{0xfe00, 0xfe0f},   /* variants */
	{0xfeff, 0xfeff},   /* of no width: the mark at the begin of a file */
	{0xfff9, 0xfffb},   /* notes between the lines */
	{0xe0000, 0xe0fff}, /* labels, and more variants */
};

uint32_t mm_utf8_point(const char *text)
{
	size_t length = mm_utf8_length(text);
	uint32_t point = (unsigned char)text[0];

	if (length > 1) {
		point &= 0x7fU >> length;
	}
	for (size_t i = 1; i < length; i++) {
		point = point << 6 | ((unsigned char)text[i] & 0x3f);
	}
	return point;
}

static bool is_in(uint32_t point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (point >= ranges[i].first && point <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

bool mm_utf8_is_hidden(const char *text)
{
	return mm_utf8_length(text) == 0 || is_in(mm_utf8_point(text), hidden, COUNT_OF(hidden));
}

static bool is_joiner(uint32_t point)
{
	return point == 0x200c || point == 0x200d;
}

static bool is_selector(uint32_t point)
{
	static const struct range selectors[] = {{0x180b, 0x180d}, {0x180f, 0x180f}, {0xfe00, 0xfe0f}, {0xe0100, 0xe01ef}};

	return is_in(point, selectors, COUNT_OF(selectors));
}

/* Of a script that joins, or a sign: they begin with Arabic. Latin and Greek go on before the blanks and punctuation of all. */
static bool can_join(uint32_t point)
{
	return point >= 0x0600 && (point < 0x1e00 || point > 0x206f) && point != 0x3000 &&
	       !is_in(point, hidden, COUNT_OF(hidden));
}

/* Signs that are letters or pictures, by what follows, are among those of Latin; other letters of it have no variants. */
static bool can_vary(uint32_t point, uint32_t next)
{
	return can_join(point) || point == 0x00a9 || point == 0x00ae || (next == 0x20e3 && point > ' ' && point < '@');
}

bool mm_utf8_is_hidden_behind(const char *text, uint32_t before)
{
	uint32_t point = mm_utf8_point(text), next;

	if (!mm_utf8_is_hidden(text) || mm_utf8_length(text) < 2) {
		return mm_utf8_is_hidden(text);
	}
	next = mm_utf8_point(text + mm_utf8_length(text));
	if (is_joiner(point)) {
		return !(can_join(before) || is_selector(before)) || !can_join(next);
	}
	return !is_selector(point) || !can_vary(before, next);
}

bool mm_utf8_is_plain(const char *text)
{
	uint32_t before = 0;

	while (*text != '\0' && !mm_utf8_is_hidden_behind(text, before)) {
		before = mm_utf8_point(text);
		text += mm_utf8_length(text);
	}
	return *text == '\0';
}
