/* SPDX-License-Identifier: MIT */
/* Times as people read them. */

#include "ctl/when.h"

#include <time.h>

#include "base/time_text.h"

int mm_when_read(const char *text, int64_t *ret_s)
{
	int32_t fraction_ns;

	return mm_time_parse(text, ret_s, &fraction_ns);
}

void mm_when_local(int64_t when_s, char ret[static MM_WHEN_MAX])
{
	time_t when = when_s;
	struct tm tm;

	strftime(ret, MM_WHEN_MAX, "%Y-%m-%d %H:%M:%S", localtime_r(&when, &tm));
}
