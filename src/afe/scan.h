/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_SCAN_H
#define MM_AFE_SCAN_H

/* Which of the chips that there are drivers for are seen, for whoever sets a meter up. */

#include "afe/drivers.h"
#include "base/error.h"

#define MM_AFE_SEEN_MAX 16

struct mm_afe_seen {
	unsigned count;
	const struct mm_afe_driver *driver[MM_AFE_SEEN_MAX]; /* in the order of the table */
};

/* Looks at the IIO context at uri. 0, also where none is seen; -errno of connecting, with error. */
int mm_afe_scan(const char *uri, struct mm_afe_seen *ret, struct mm_error *error);

#endif
