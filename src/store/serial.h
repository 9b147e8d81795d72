/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_SERIAL_H
#define MM_STORE_SERIAL_H

/*
 * Serial numbers that an earlier version misread: it took quotes, the tail of a line that was meant as a comment, and the bytes
 * of a Latin-1 file for part of the number. The configuration refuses all of these, so no meter can have such a number today.
 */

#include <stdbool.h>
#include <stddef.h>

#include "store/state.h"

struct sqlite3;

/* A misread serial number for people, with the NUL; what does not fit ends in "...". */
#define MM_SERIAL_TEXT_MAX 80

/* A serial number that was Latin-1, in UTF-8, with the NUL. */
#define MM_SERIAL_RIGHT_MAX (2 * MM_STORE_NAME_MAX)

/*
 * How the configuration's errors advise to write what is stored: as UTF-8, without quotes, with that many # behind a blank as
 * part of the number, but for the blank, and the next one as the begin of a comment. False: it has fewer.
 */
bool mm_serial_correct(const char *stored, unsigned marks, char ret[static MM_SERIAL_RIGHT_MAX]);

/* Is stored what an earlier version made of a line that says serial? Never of itself. */
bool mm_serial_is_misread(const char *stored, const char *serial);

/* In quotes; bytes that are not UTF-8, control characters, quotes and backslashes as \xHH. Returns ret. */
const char *mm_serial_text(const char *stored, char ret[static MM_SERIAL_TEXT_MAX]);

/*
 * The meter of a state that has this serial number and model; else one that has the model and whose serial number is this one
 * misread, where there is one such meter. -1: none.
 */
int mm_serial_find(const struct mm_state *state, const struct mm_store_meter *meter);

/*
 * Adds mm_misread(hex, serial) to a connection: the text that the hexadecimal digits spell where it is the serial misread, else
 * NULL. Returns a result code of SQLite.
 */
int mm_serial_add(struct sqlite3 *connection);

#endif
