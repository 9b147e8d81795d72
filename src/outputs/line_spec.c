/* SPDX-License-Identifier: MIT */

/* Reads a line as the configuration names it. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "outputs/outputs.h"

/* No GPIO chip has that many lines; a figure above it is a slip. */
#define OFFSET_MAX 65535

/* A piece of the text, without the blanks around it. */
struct piece {
	const char *text;
	size_t length;
};

static struct piece trimmed(const char *text, size_t length)
{
	while (length > 0 && text[0] == ' ') {
		text++;
		length--;
	}
	while (length > 0 && text[length - 1] == ' ') {
		length--;
	}
	return (struct piece){text, length};
}

static bool all_digits(struct piece piece)
{
	for (size_t i = 0; i < piece.length; i++) {
		if (!isdigit((unsigned char)piece.text[i])) {
			return false;
		}
	}
	return piece.length > 0;
}

static const char *read_option(struct piece piece, struct mm_line_spec *spec)
{
	static const struct {
		const char *word;
		enum mm_line_drive drive; /* push-pull: the word is active-low */
	} options[] = {
		{"active-low", MM_DRIVE_PUSH_PULL},
		{"open-drain", MM_DRIVE_OPEN_DRAIN},
		{"open-source", MM_DRIVE_OPEN_SOURCE},
	};

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		if (strlen(options[i].word) != piece.length || memcmp(options[i].word, piece.text, piece.length) != 0) {
			continue;
		}
		if (options[i].drive == MM_DRIVE_PUSH_PULL) {
			spec->active_low = true;
			return NULL;
		}
		if (spec->drive != MM_DRIVE_PUSH_PULL && spec->drive != options[i].drive) {
			return "a line is open-drain or open-source, not both";
		}
		spec->drive = options[i].drive;
		return NULL;
	}
	return "unknown option after ',': there are active-low, open-drain and open-source";
}

/* The chip is what comes before the last ':'; labels may contain one ("INT33FF:00"). */
static const char *read_line(struct piece piece, struct mm_line_spec *spec)
{
	const char *colon = memrchr(piece.text, ':', piece.length);
	struct piece name = piece;

	if (colon != NULL) {
		struct piece chip = trimmed(piece.text, (size_t)(colon - piece.text));
		name = trimmed(colon + 1, piece.length - (size_t)(colon + 1 - piece.text));
		if (chip.length == 0) {
			return "no chip before ':'";
		}
		if (chip.length >= sizeof(spec->chip)) {
			return "the chip's name is too long";
		}
		memcpy(spec->chip, chip.text, chip.length);
	}
	if (name.length == 0) {
		return colon != NULL ? "no line after ':'" : "no line named";
	}
	if (name.length >= sizeof(spec->name)) {
		return "the line's name is too long";
	}
	if (!all_digits(name)) {
		memcpy(spec->name, name.text, name.length);
		return NULL;
	}
	if (colon == NULL) {
		return "an offset needs its chip: CHIP:OFFSET";
	}
	unsigned long offset = strtoul(name.text, NULL, 10);
	if (offset > OFFSET_MAX) {
		return "the offset is too large";
	}
	spec->offset = (unsigned)offset;
	return NULL;
}

static const char *parse(const char *text, struct mm_line_spec *spec)
{
	size_t length = strcspn(text, ",");
	const char *reason = read_line(trimmed(text, length), spec);

	while (reason == NULL && text[length] == ',') {
		text += length + 1;
		length = strcspn(text, ",");
		reason = read_option(trimmed(text, length), spec);
	}
	return reason;
}

int mm_line_spec_parse(const char *text, struct mm_line_spec *ret, const char **ret_reason)
{
	struct mm_line_spec spec = {.used = true};
	const char *reason = parse(text, &spec);

	for (const char *c = text; reason == NULL && *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c)) {
			reason = "a control character in the line's name";
		}
	}
	if (reason != NULL) {
		*ret_reason = reason;
		return -EINVAL;
	}
	*ret = spec;
	return 0;
}
