/* SPDX-License-Identifier: MIT */
/* One face behind text, JSON and CSV. */

#include "ctl/writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ctl/when.h"

#define COLUMNS_MAX 16
#define GAP 2	     /* between two columns */
#define INDENT 4     /* of what belongs to the line above */
#define PROSE_MIN 30 /* what a column of text must have to be one */

void mm_cell_text(const char *text, char ret[static MM_CELL_MAX])
{
	snprintf(ret, MM_CELL_MAX, "%s", text != NULL ? text : "-");
	mm_text_clean(ret);
}

void mm_cell_flag(const char *name, char ret[static MM_CELL_MAX])
{
	static const struct {
		const char *flag, *words;
	} table[] = {
		{"reversed", "CT reversed or on wrong line"},
		{"over-current", "current above rating"},
		{"frequency", "frequency out of range"},
	};
	size_t element = strncmp(name, "element", 7) == 0 ? strcspn(name, "-") : 0;
	const char *condition = element > 0 && name[element] == '-' ? name + element + 1 : name;
	int prefix = condition > name ? snprintf(ret, MM_CELL_MAX, "%.*s: ", (int)(element % MM_CELL_MAX), name) : 0;

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (strcmp(condition, table[i].flag) == 0) {
			condition = table[i].words;
		}
	}
	if (prefix < MM_CELL_MAX) {
		snprintf(ret + prefix, MM_CELL_MAX - (size_t)prefix, "%s", condition);
		for (char *at = ret + prefix; *at != '\0'; at++) {
			*at = *at == '-' ? ' ' : *at;
		}
	}
	mm_text_clean(ret);
}

static void flags_cell(const json_t *flags, char ret[static MM_CELL_MAX])
{
	char words[MM_CELL_MAX];
	size_t i, length = 0;
	json_t *flag;

	json_array_foreach(flags, i, flag)
	{
		mm_cell_flag(json_is_string(flag) ? json_string_value(flag) : "?", words);
		if (length < MM_CELL_MAX) {
			length += (size_t)snprintf(ret + length, MM_CELL_MAX - length, "%s%s", i > 0 ? ", " : "", words);
		}
	}
}

static void time_cell(const char *text, char ret[static MM_CELL_MAX])
{
	char local[MM_WHEN_MAX];
	int64_t when_s;

	if (mm_when_read(text, &when_s) < 0) {
		snprintf(ret, MM_CELL_MAX, "%s", text);
		return;
	}
	mm_when_local(when_s, local);
	snprintf(ret, MM_CELL_MAX, "%s", local);
}

/* The two largest units that matter. */
static void duration_cell(double seconds, char ret[static MM_CELL_MAX])
{
	int64_t s = seconds > 0 && seconds < 1e12 ? (int64_t)seconds : 0;

	if (s < 60) {
		snprintf(ret, MM_CELL_MAX, "%" PRId64 " s", s);
	} else if (s < 3600) {
		snprintf(ret, MM_CELL_MAX, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	} else if (s < 86400) {
		snprintf(ret, MM_CELL_MAX, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	} else {
		snprintf(ret, MM_CELL_MAX, "%" PRId64 " d %" PRId64 " h", s / 86400, s / 3600 % 24);
	}
}

void mm_cell(const struct mm_column *column, const json_t *row, char ret[static MM_CELL_MAX])
{
	const json_t *value = json_object_get(row, column->key);
	const char *text = json_string_value(value);
	double scale = column->scale > 0 ? column->scale : 1;

	snprintf(ret, MM_CELL_MAX, "-");
	switch (column->format) {
	case MM_FORMAT_TEXT:
	case MM_FORMAT_PROSE:
		if (text != NULL) {
			snprintf(ret, MM_CELL_MAX, "%s", text);
		}
		break;
	case MM_FORMAT_NUMBER:
		if (json_is_number(value)) {
			snprintf(ret, MM_CELL_MAX, "%.*f%s%s", column->decimals, json_number_value(value) * scale,
				 column->unit != NULL ? " " : "", column->unit != NULL ? column->unit : "");
		}
		break;
	case MM_FORMAT_DURATION:
		duration_cell(json_number_value(value), ret);
		break;
	case MM_FORMAT_LEVEL:
		snprintf(ret, MM_CELL_MAX, "%s", json_is_true(value) ? "on" : "off");
		break;
	case MM_FORMAT_YES:
		snprintf(ret, MM_CELL_MAX, "%s", json_is_true(value) ? "yes" : "no");
		break;
	case MM_FORMAT_TIME:
		if (text != NULL) {
			time_cell(text, ret);
		}
		break;
	case MM_FORMAT_FLAGS:
		flags_cell(value, ret);
		break;
	}
	mm_text_clean(ret);
}

void mm_cell_as(enum mm_format format, const json_t *row, const char *key, char ret[static MM_CELL_MAX])
{
	mm_cell(&(struct mm_column){.key = key, .format = format}, row, ret);
}

/* ---- Tables ---- */

/* Columns of a table that are printed side by side, and how wide each is. */
struct layout {
	const struct mm_column *columns;
	size_t count, first, end; /* those from first on before end, after the first of all */
	int width[COLUMNS_MAX];
	int limit; /* of the terminal; 0: none */
};

static void measure(struct layout *layout, const json_t *rows)
{
	char text[MM_CELL_MAX];
	size_t i;
	json_t *row;

	for (size_t c = 0; c < layout->count; c++) {
		const struct mm_column *column = &layout->columns[c];
		int *width = &layout->width[c], heading = mm_text_columns(column->heading);

		*width = heading > column->width ? heading : column->width;
		json_array_foreach(rows, i, row)
		{
			mm_cell(column, row, text);
			*width = mm_text_columns(text) > *width ? mm_text_columns(text) : *width;
		}
	}
}

/* Where the column c begins, with the first of all before those of this part. */
static int begin_of(const struct layout *layout, size_t c)
{
	int begin = layout->first > 0 && c > 0 ? layout->width[0] + GAP : 0;

	for (size_t i = layout->first; i < c; i++) {
		begin += layout->width[i] + GAP;
	}
	return begin;
}

static void print_cell(FILE *out, const struct layout *layout, size_t c, const char *text)
{
	if (c + 1 == layout->end && layout->columns[c].format != MM_FORMAT_NUMBER) {
		mm_text_wrap(out, layout->limit, begin_of(layout, c), text);
		return;
	}
	if (*text != '\0' || c + 1 < layout->end) {
		mm_text_pad(out, text, layout->width[c], layout->columns[c].format == MM_FORMAT_NUMBER);
	}
	fprintf(out, c + 1 == layout->end ? "\n" : "%*s", GAP, "");
}

/* Headings for NULL. */
static void print_row(FILE *out, const struct layout *layout, const json_t *row)
{
	char text[MM_CELL_MAX];

	for (size_t c = layout->first > 0 ? 0 : layout->first; c < layout->end;
	     c = c == 0 && layout->first > 0 ? layout->first : c + 1) {
		if (row != NULL) {
			mm_cell(&layout->columns[c], row, text);
		}
		print_cell(out, layout, c, row != NULL ? text : layout->columns[c].heading);
	}
}

static void print_part(FILE *out, const struct layout *layout, const json_t *rows, bool headings)
{
	size_t i;
	json_t *row;

	if (headings) {
		print_row(out, layout, NULL);
	}
	json_array_foreach(rows, i, row)
	{
		print_row(out, layout, row);
	}
}

/* Parts of the table one below the other, each with the first column. */
static void print_parts(FILE *out, struct layout *layout, const json_t *rows, bool headings)
{
	for (size_t next = 0; next < layout->count; next = layout->end) {
		layout->first = next;
		layout->end = next + 1;
		while (layout->end < layout->count && !layout->columns[layout->end].parts &&
		       begin_of(layout, layout->end) + layout->width[layout->end] <= layout->limit) {
			layout->end++;
		}
		if (next > 0) {
			fputc('\n', out);
		}
		print_part(out, layout, rows, headings);
	}
}

/* A row as lines of its own: its cells one after the other, then its text. */
static void print_flowing(FILE *out, const struct layout *layout, const json_t *rows)
{
	char text[MM_CELL_MAX];
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		int at = 0;

		for (size_t c = 0; c + 1 < layout->count; c++) {
			mm_cell(&layout->columns[c], row, text);
			if (at > 0 && at + GAP + mm_text_columns(text) > layout->limit) {
				at = fprintf(out, "\n%*s", INDENT, "") - 1;
			} else {
				at += fprintf(out, "%*s", c > 0 ? GAP : 0, "");
			}
			fputs(text, out);
			at += mm_text_columns(text);
		}
		mm_cell(&layout->columns[layout->count - 1], row, text);
		fprintf(out, "\n%*s", INDENT, "");
		mm_text_wrap(out, layout->limit, INDENT, text);
	}
}

void mm_writer_widen(struct mm_column *columns, size_t count, const json_t *rows)
{
	struct layout layout = {.columns = columns, .count = count};

	measure(&layout, rows);
	for (size_t c = 0; c < count; c++) {
		columns[c].width = layout.width[c];
	}
}

size_t mm_writer_choose(int limit, const struct mm_column *columns, size_t count, struct mm_column *ret)
{
	struct layout layout = {.columns = ret};
	int rank = 0;

	for (size_t c = 0; c < count; c++) {
		rank = columns[c].rank > rank ? columns[c].rank : rank;
	}
	do {
		layout.count = 0;
		for (size_t c = 0; c < count; c++) {
			if (columns[c].rank <= rank) {
				ret[layout.count++] = columns[c];
			}
		}
		measure(&layout, NULL);
	} while (limit > 0 && rank-- > 0 && begin_of(&layout, layout.count) - GAP > limit);
	return layout.count;
}

void mm_writer_table(FILE *out, int limit, const struct mm_column *columns, size_t count, const json_t *rows, bool headings)
{
	struct layout layout = {.columns = columns, .count = count, .end = count, .limit = limit};
	int last;

	measure(&layout, rows);
	last = begin_of(&layout, count - 1);
	if (limit <= 0 || last + layout.width[count - 1] <= limit ||
	    (columns[count - 1].format == MM_FORMAT_PROSE && last + PROSE_MIN <= limit) ||
	    (columns[count - 1].format == MM_FORMAT_FLAGS && last + mm_text_columns(columns[count - 1].heading) <= limit)) {
		print_part(out, &layout, rows, headings);
	} else if (columns[count - 1].format == MM_FORMAT_PROSE) {
		print_flowing(out, &layout, rows);
	} else {
		print_parts(out, &layout, rows, headings);
	}
}

void mm_writer_record(FILE *out, int limit, const struct mm_column *columns, size_t count, const json_t *object)
{
	char text[MM_CELL_MAX];
	int label = 0;

	for (size_t c = 0; c < count; c++) {
		label = mm_text_columns(columns[c].heading) > label ? mm_text_columns(columns[c].heading) : label;
	}
	for (size_t c = 0; c < count; c++) {
		mm_cell(&columns[c], object, text);
		fprintf(out, "%*s", GAP, "");
		mm_text_pad(out, columns[c].heading, label + GAP, false);
		mm_text_wrap(out, limit, label + 2 * GAP, text);
	}
}

/* ---- CSV and JSON ---- */

/* text is cut up. */
static void csv_text(FILE *out, char *text)
{
	const char *quote = strpbrk(text, ",\"\r\n") != NULL ? "\"" : "", *end = "";
	char *line;

	fputs(quote, out);
	while ((line = strsep(&text, "\n")) != NULL) {
		fputs(end, out);
		mm_text_clean(line);
		for (; *line != '\0'; line++) {
			fprintf(out, *line == '"' ? "\"\"" : "%c", *line);
		}
		end = "\n";
	}
	fputs(quote, out);
}

static void csv_value(FILE *out, const json_t *value)
{
	size_t i;
	json_t *item;

	if (json_is_string(value)) {
		char *text = strdup(json_string_value(value));

		if (text != NULL) {
			csv_text(out, text);
		}
		free(text);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			fputs(i > 0 ? " " : "", out);
			csv_value(out, item);
		}
	} else if (!json_is_null(value)) {
		mm_writer_value(out, value, 0);
	}
}

void mm_writer_csv(FILE *out, const char *const keys[], size_t count, const json_t *rows, bool headings)
{
	size_t i;
	json_t *row;

	for (size_t c = 0; headings && c < count; c++) {
		fprintf(out, "%s%s", keys[c], c + 1 == count ? "\n" : ",");
	}
	json_array_foreach(rows, i, row)
	{
		for (size_t c = 0; c < count; c++) {
			csv_value(out, json_object_get(row, keys[c]));
			fputc(c + 1 == count ? '\n' : ',', out);
		}
	}
}

void mm_writer_local_times(const json_t *rows, const char *key, const char *local_key)
{
	char text[MM_CELL_MAX];
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (json_is_string(json_object_get(row, key))) {
			mm_cell_as(MM_FORMAT_TIME, row, key, text);
			json_object_set_new(row, local_key, json_string(text));
		}
	}
}

/* jansson escapes what is below a blank, and hands on whole characters. */
static int escape(const char *buffer, size_t size, void *userdata)
{
	FILE *out = userdata;

	for (size_t i = 0, length; i < size; i += length) {
		char character[5] = "";

		memcpy(character, buffer + i, size - i < 4 ? size - i : 4);
		length = mm_utf8_length(character) > 0 ? mm_utf8_length(character) : 1;
		if ((unsigned char)character[0] < 0x7f || !mm_utf8_is_hidden(character)) {
			fwrite(character, 1, length, out);
		} else if (mm_utf8_point(character) < 0x10000) {
			fprintf(out, "\\u%04" PRIx32, mm_utf8_point(character));
		} else {
			uint32_t point = mm_utf8_point(character) - 0x10000;

			fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 | point >> 10, 0xdc00 | (point & 0x3ff));
		}
	}
	return ferror(out) ? -1 : 0;
}

void mm_writer_value(FILE *out, const json_t *value, size_t flags)
{
	/* A failure shows in the stream's error, which is looked at in the end. */
	(void)json_dump_callback(value, escape, out, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(MM_WRITER_PRECISION));
}

void mm_writer_json(FILE *out, const json_t *answer, bool one_line)
{
	mm_writer_value(out, answer, one_line ? JSON_COMPACT : JSON_INDENT(2));
	fputc('\n', out);
}
