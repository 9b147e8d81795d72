/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_WHEN_H
#define MM_CTL_WHEN_H

/* Times as people read them: local (TZ), which is made that of the daemon where that is known. */

#include <stddef.h>
#include <stdint.h>

#define MM_WHEN_MAX 32

/* Reads a time as the daemon writes it, without its fraction of a second: seconds of CLOCK_REALTIME. 0 or -EINVAL. */
int mm_when_read(const char *text, int64_t *ret_s);

/* "2026-03-01 13:00:00", local. */
void mm_when_local(int64_t when_s, char ret[static MM_WHEN_MAX]);

#endif
