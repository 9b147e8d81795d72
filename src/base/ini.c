/* SPDX-License-Identifier: MIT */
#include "base/ini.h"

#include <errno.h>
#include <ini.h>

struct reading {
	FILE *file;
	const struct mm_ini_callbacks *callbacks;
	void *userdata;
	unsigned line;
	int r; /* the first error; nothing is read after it */
};

/* inih's reader, like fgets(), but a line that does not fit is an error. */
static char *read_line(char *buffer, int size, void *userdata)
{
	struct reading *reading = userdata;
	int len = 0, c = 0;

	if (reading->r < 0) {
		return NULL;
	}
	while (reading->r == 0 && c != '\n' && (c = getc(reading->file)) != EOF) {
		if (c == '\0' || len == size - 1) {
			reading->r = -EMSGSIZE;
		} else {
			buffer[len++] = (char)c;
		}
	}
	if (len == 0 && c == EOF) {
		return NULL;
	}
	buffer[len] = '\0';
	reading->line++;
	if (reading->r == 0 && reading->callbacks->line) {
		reading->r = reading->callbacks->line(reading->userdata, buffer);
	}
	return reading->r < 0 ? NULL : buffer;
}

/* inih's handler: non-zero means that all is well. */
static int take_key(void *userdata, const char *section, const char *key, const char *value)
{
	struct reading *reading = userdata;

	reading->r = reading->callbacks->key(reading->userdata, section, key, value);
	return reading->r == 0;
}

int mm_ini_read(FILE *file, const struct mm_ini_callbacks *callbacks, void *userdata, unsigned *ret_line)
{
	struct reading reading = {.file = file, .callbacks = callbacks, .userdata = userdata};
	int line = ini_parse_stream(read_line, &reading, take_key, &reading);

	if (line < 0) {
		return -ENOMEM;
	}
	if (line > 0 && (reading.r == 0 || (unsigned)line < reading.line)) {
		*ret_line = (unsigned)line;
		return -EBADMSG;
	}
	*ret_line = reading.line;
	return ferror(file) ? -EIO : reading.r;
}
