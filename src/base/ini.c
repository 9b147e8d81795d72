/* SPDX-License-Identifier: MIT */
#include "base/ini.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

struct reading {
	FILE *file;
	const struct mm_ini_callbacks *callbacks;
	void *userdata;
	unsigned *line;
	char section[MM_INI_LINE_MAX + 1];
	int r; /* the first error; nothing is read after it */
};

static void complain(struct reading *reading, int r, const char *what)
{
	if (reading->r < 0) {
		return;
	}
	if (reading->callbacks->bad) {
		reading->callbacks->bad(reading->userdata, what);
	} else {
		reading->r = r;
	}
}

/* Behind the mark that some editors put before UTF-8. */
static char *behind_mark(const struct reading *reading, char *line)
{
	return *reading->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

/* Behind that, and behind the blanks at the beginning. */
static char *text_of(const struct reading *reading, char *line)
{
	line = behind_mark(reading, line);
	return line + strspn(line, " \t\r\n\v\f");
}

static bool is_comment(const char *text)
{
	return *text == '\0' || *text == '#' || *text == ';';
}

/* What is wrong with the character that text begins with, behind another one; NULL: nothing. */
static const char *character_fault(const char *text, uint32_t before)
{
	size_t length = mm_utf8_length(text);

	if (length == 0) {
		return "is not UTF-8 text: save the file as UTF-8";
	}
	if (length == 1 && iscntrl((unsigned char)*text) && !isspace((unsigned char)*text)) {
		return "has a control character: delete what the editor does not show, or type the line again";
	}
	if (length > 1 && mm_utf8_is_hidden_behind(text, before)) {
		return "has a hidden character: delete what the editor does not show, or type the line again";
	}
	return NULL;
}

/* What is no text, or hidden, becomes '?', so that messages can quote the line. Some languages hide characters in their comments.
 */
static void check_text(struct reading *reading, char *text)
{
	bool comment = is_comment(text_of(reading, text));
	const char *what = NULL;
	uint32_t before = 0;
	size_t length;

	for (; *text != '\0'; text += length) {
		const char *fault = character_fault(text, before);

		length = mm_utf8_length(text) > 0 ? mm_utf8_length(text) : 1;
		before = mm_utf8_point(text);
		if (fault && !(comment && length > 1)) {
			what = fault;
			memset(text, '?', length);
		}
	}
	if (what) {
		complain(reading, -EMSGSIZE, what);
	}
}

const char *mm_ini_value_fault(const char *value)
{
	size_t length = strlen(value);
	const char *fault;
	uint32_t before = 0;

	for (const char *text = value; *text != '\0'; text += mm_utf8_length(text)) {
		fault = character_fault(text, before);
		if (fault) {
			return fault;
		}
		before = mm_utf8_point(text);
	}
	if (strchr(value, '"') || (length > 1 && value[0] == '\'' && value[length - 1] == '\'')) {
		return "the quotes would be part of the value: leave them out";
	}
	if (strncmp(value, "# ", 2) == 0 || strstr(value, " #") || strstr(value, "\t#")) {
		return "a # begins a comment only at the start of a line: write the comment on a line of its own, or with ; "
		       "(where the # is part of the value, leave out the blank before it)";
	}
	return NULL;
}

/* As inih has it: a ; behind a blank begins a comment. */
static char *find(char *text, const char *characters)
{
	bool blank = false;

	while (*text != '\0' && !strchr(characters, *text) && !(blank && *text == ';')) {
		blank = isspace((unsigned char)*text);
		text++;
	}
	return text;
}

static void take_section(struct reading *reading, char *name)
{
	char *end = find(name, "]"), *behind = end + 1;
	size_t length;

	if (*end != ']') {
		complain(reading, -EBADMSG, "begins a section whose name has no ] at its end");
	} else if (!is_comment(behind + strspn(behind, " \t\r\n"))) {
		complain(reading, -EBADMSG, "goes on behind the ] of a section: write the rest on a line of its own");
	}
	name += strspn(name, " \t");
	length = end > name ? (size_t)(end - name) : 0;
	while (length > 0 && isspace((unsigned char)name[length - 1])) {
		length--;
	}
	memcpy(reading->section, name, length);
	reading->section[length] = '\0';
	if (reading->r == 0 && reading->callbacks->section) {
		reading->r = reading->callbacks->section(reading->userdata, reading->section);
	}
}

/* What of a line is left to inih: a key, which it reads right at the beginning of a line. */
static const char *take_form(struct reading *reading, char *line)
{
	char *text = text_of(reading, line);

	if (!is_comment(text) && text > line && isspace((unsigned char)text[-1])) {
		complain(reading, -EBADMSG, "begins with a blank: write it, and every other line, at the start of the line");
	}
	if (*text == '[') {
		take_section(reading, text + 1);
	} else if (!is_comment(text)) {
		if (*find(text, "=:") != '\0' && *find(text, "=:") != ';') {
			return text;
		}
		complain(reading, -EBADMSG, "is neither [section] nor key = value");
	}
	return "\n";
}

/* Reads a line, as much as fits, and ends it with a line feed. False: there is none, or reading is over. */
static bool read_text(struct reading *reading, char line[static MM_INI_LINE_MAX + 2])
{
	size_t used = 0;
	bool cut = false;
	int c = getc(reading->file);

	if (c == EOF) {
		return false;
	}
	(*reading->line)++;
	for (; c != EOF && c != '\n'; c = getc(reading->file)) {
		if (c == '\0') {
			/* What follows can be as long as a disk. */
			complain(reading, -EMSGSIZE, "is not text: it has a byte 0; nothing behind it was read");
			return false;
		}
		cut = used == MM_INI_LINE_MAX;
		if (!cut) {
			line[used++] = (char)c;
		}
	}
	while (cut && used > 0 && (signed char)line[used - 1] < 0) {
		used--; /* a character may be cut in two */
	}
	line[used] = '\n';
	line[used + 1] = '\0';
	if (cut && !is_comment(text_of(reading, line))) {
		complain(reading, -EMSGSIZE, "is too long: a line has at most 198 characters");
	}
	return true;
}

/* inih's reader, like fgets(). Its buffer is 200 bytes where it was built as it comes. */
static char *read_line(char *buffer, int size, void *userdata)
{
	struct reading *reading = userdata;
	char line[MM_INI_LINE_MAX + 2];
	const char *text = line;

	if (reading->r < 0 || !read_text(reading, line)) {
		return NULL;
	}
	check_text(reading, behind_mark(reading, line));
	if (reading->r == 0 && reading->callbacks->line) {
		reading->r = reading->callbacks->line(reading->userdata, line);
	}
	if (reading->r == 0) {
		text = take_form(reading, line);
	}
	if (reading->r == 0 && strlen(text) >= (size_t)size) {
		reading->r = -EMSGSIZE;
	}
	return reading->r < 0 ? NULL : strcpy(buffer, text);
}

/* inih's handler: non-zero means that all is well. */
static int take_key(void *userdata, const char *section, const char *key, const char *value)
{
	struct reading *reading = userdata;

	(void)section;
	reading->r = reading->callbacks->key(reading->userdata, reading->section, key, value);
	return reading->r == 0;
}

int mm_ini_read(FILE *file, const struct mm_ini_callbacks *callbacks, void *userdata, unsigned *line)
{
	struct reading reading = {.file = file, .callbacks = callbacks, .userdata = userdata, .line = line};
	int wrong;

	*line = 0;
	wrong = ini_parse_stream(read_line, &reading, take_key, &reading);
	if (wrong < 0) {
		return -ENOMEM;
	}
	if (wrong > 0 && reading.r == 0) {
		*line = (unsigned)wrong;
		return -EBADMSG;
	}
	return ferror(file) ? -EIO : reading.r;
}
