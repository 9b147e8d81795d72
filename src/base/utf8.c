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

bool mm_utf8_is_hidden(const char *text)
{
	uint32_t point = mm_utf8_point(text);

	for (size_t i = 0; i < COUNT_OF(hidden); i++) {
		if (point >= hidden[i].first && point <= hidden[i].last) {
			return true;
		}
	}
	return mm_utf8_length(text) == 0;
}

bool mm_utf8_is_plain(const char *text)
{
	while (*text != '\0' && !mm_utf8_is_hidden(text)) {
		text += mm_utf8_length(text);
	}
	return *text == '\0';
}
