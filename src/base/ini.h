/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_INI_H
#define MM_BASE_INI_H

/*
 * INI files, through inih: "key = value" lines in [sections], comments behind # and ;. What a file must have is the caller's
 * knowledge. What inih would misread without a word is refused here: a line longer than its buffer, whose rest it takes for the
 * next line, an indented line, which continues the value above, and a section that does not end or is cut at 49 bytes.
 */

#include <stdio.h>

#define MM_INI_LINE_MAX 198 /* bytes of a line, its end not counted; a comment can have any number */

struct mm_ini_callbacks {
	/* Each line with its end, before what is on it is taken; NULL: nobody wants them. Returns 0, or -errno to end the
	 * reading. */
	int (*line)(void *userdata, const char *line);
	/* Each key, with the whole name of its section. Returns as above. */
	int (*key)(void *userdata, const char *section, const char *key, const char *value);
	/* Each section's header, without blanks at both ends of the name. Returns as above; NULL: nobody wants them. */
	int (*section)(void *userdata, const char *name);
	/*
	 * Something is wrong with the form of the line that is being read; what is a sentence without its subject. Reading goes
	 * on, with that line as far as it makes sense. NULL: reading ends there.
	 */
	void (*bad)(void *userdata, const char *what);
};

/*
 * Returns 0, what a callback returned, -EBADMSG (the form of a line), -EMSGSIZE (a line that is too long, or not text), -EIO (not
 * readable) or -ENOMEM. *line is the number of the line being read, in callbacks too, and the one that an error is about.
 */
int mm_ini_read(FILE *file, const struct mm_ini_callbacks *callbacks, void *userdata, unsigned *line);

/*
 * What is wrong with a value, and how to write it; NULL: nothing. Quotes and a comment would be part of it, and nobody would see
 * hidden characters. An earlier version read serial numbers with such faults: store/serial.h finds them by the forms that are
 * advised here.
 */
const char *mm_ini_value_fault(const char *value);

#endif
