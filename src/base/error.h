/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_ERROR_H
#define MM_BASE_ERROR_H

/*
 * What went wrong, in one line for people: it goes with a -errno, from where the cause is known to where somebody reads it. The
 * text is always a whole string; what does not fit is cut at its end. It begins empty ({0}), and only a failure sets it.
 */

/* Room for a path or a line of a configuration, what is wrong with it, and what to do. */
#define MM_ERROR_TEXT_MAX 640

struct mm_error {
	char text[MM_ERROR_TEXT_MAX];
};

/*
 * Sets the text and returns r, for "return mm_error_set(error, -EINVAL, ...)". error may be NULL: nobody wants the text. The
 * arguments may refer to error->text, so that a caller can put what it knows before it.
 */
int mm_error_set(struct mm_error *error, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same where there is nothing to return. */
void mm_error_say(struct mm_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
