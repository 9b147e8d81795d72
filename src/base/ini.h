/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_INI_H
#define MM_BASE_INI_H

/*
 * INI files, through inih: "key = value" lines in [sections], comments behind # and ;. What a file must have is the caller's
 * knowledge; reading ends at the first error.
 */

#include <stdio.h>

struct mm_ini_callbacks {
	/* Each line with its end, before what is on it is taken; NULL: nobody wants them. Returns 0, or -errno to end the
	 * reading. */
	int (*line)(void *userdata, const char *line);
	/* Each key. An indented line is more of the value above: inih hands it out as the same key again. Returns as above. */
	int (*key)(void *userdata, const char *section, const char *key, const char *value);
};

/*
 * Returns 0, what a callback returned, -EBADMSG (neither a section nor a key; a callback may have failed on a later line),
 * -EMSGSIZE (a line that is longer than inih's buffer, or has a NUL), -EIO (not readable) or -ENOMEM. ret_line is the line that
 * a callback's error, -EBADMSG and -EMSGSIZE are about.
 */
int mm_ini_read(FILE *file, const struct mm_ini_callbacks *callbacks, void *userdata, unsigned *ret_line);

#endif
