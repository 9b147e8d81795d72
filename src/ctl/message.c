/* SPDX-License-Identifier: MIT */
/* What goes wrong on the command line, in words that say what would be right. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "ctl/private.h"

#define WORD_MAX 32
#define SAY_MAX 2048

int mm_ctl_fail(struct mm_ctl *ctl, enum mm_ctl_exit code, const char *format, ...)
{
	char text[SAY_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	mm_text_clean(text); /* much of it is others' text */
	fprintf(ctl->err, "minimeterctl: %s\n", text);
	return code;
}

void mm_ctl_say(struct mm_ctl *ctl, bool paint, const char *format, ...)
{
	char text[SAY_MAX], *line = text;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fputs(mm_paint(ctl, paint), ctl->out);
	while (line != NULL) {
		char *end = strchr(line, '\n');
		int indent = (int)strspn(line, " ");

		if (end != NULL) {
			*end = '\0';
			end = end[1] != '\0' ? end + 1 : NULL;
		}
		mm_text_clean(line);
		fprintf(ctl->out, "%*s", indent, "");
		mm_text_wrap(ctl->out, ctl->width, indent, line + indent);
		line = end;
	}
	fputs(mm_unpaint(ctl, paint), ctl->out);
}

const char *mm_paint(const struct mm_ctl *ctl, bool paint)
{
	return ctl->colour && paint ? "\033[1;31m" : "";
}

const char *mm_unpaint(const struct mm_ctl *ctl, bool paint)
{
	return ctl->colour && paint ? "\033[0m" : "";
}

int mm_ctl_number(struct mm_ctl *ctl, const char *what, const char *text, int64_t min, int64_t max, int64_t *ret)
{
	char *end;

	errno = 0;
	intmax_t value = strtoimax(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "%s must be a whole number from %" PRId64 " to %" PRId64 ", not '%s'", what,
				   min, max, text);
	}
	*ret = value;
	return MM_CTL_FINE;
}

/* Edits (a letter added, dropped or changed) that turn one word into the other: Levenshtein's distance. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], a_length = strlen(a), b_length = strlen(b);

	if (a_length > WORD_MAX || b_length > WORD_MAX) {
		return WORD_MAX;
	}
	for (size_t j = 0; j <= b_length; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best) {
				best = row[j] + 1;
			}
			if (row[j - 1] + 1 < best) {
				best = row[j - 1] + 1;
			}
			row[j] = best;
		}
	}
	return row[b_length];
}

void mm_suggest(const char *word, const char *candidate, struct mm_suggestion *suggestion)
{
	size_t d = distance(word, candidate);

	if (d < suggestion->distance && d <= strlen(candidate) / 2) {
		*suggestion = (struct mm_suggestion){candidate, d};
	}
}
