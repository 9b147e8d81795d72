/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_ZONE_FILE_H
#define MM_BASE_ZONE_FILE_H

/*
 * Time zones by their names of the IANA database, as their files have them: without TZ, so that a zone can be looked at that the
 * process is not in. libc takes a zone that it does not find for UTC, and says nothing.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MM_ZONE_NAME_MAX 64

/* All that zones had at once, and more. */
#define MM_ZONE_OFFSETS_MAX 16

/* Offsets from UTC in seconds, as in struct mm_zone_span, each once. */
struct mm_zone_offsets {
	size_t count;
	int32_t offset_s[MM_ZONE_OFFSETS_MAX];
};

/*
 * Reads which offsets a zone has from a time on, as far as its rules go; ret can be NULL. 0; -EINVAL: no name of a zone, -ENOENT:
 * there is none of that name, -EBADMSG: what is there is no file of a zone, -errno of reading it. error then says it as what
 * follows a value.
 */
int mm_zone_file_offsets(const char *name, int64_t since_s, struct mm_zone_offsets *ret, struct mm_error *error);

/* The same of the bytes of a file (RFC 9636). 0, or -EBADMSG. */
int mm_zone_parse_file(const uint8_t *data, size_t size, int64_t since_s, struct mm_zone_offsets *ret);

/*
 * The zone of TZ where that is the name of one, else the machine's. Returns ret: a name, or "localtime" where the machine has a
 * zone and does not say which.
 */
const char *mm_zone_of_system(char ret[static MM_ZONE_NAME_MAX]);

/* Puts the process into a zone, by its name or what mm_zone_of_system() gave. Before there are threads. 0 or -ENOMEM. */
int mm_zone_enter(const char *name);

#endif
