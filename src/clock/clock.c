/* SPDX-License-Identifier: MIT */
/* What every clock shares: cancelling and freeing. */
#include "clock/clock.h"

#include <sys/eventfd.h>

void mm_clock_cancel(struct mm_clock *clock)
{
	/* The descriptor is never read, so one write keeps it readable for every sleeper to come; it can't fail below 2^64
	 * writes. */
	(void)eventfd_write(clock->cancel_fd, 1);
}

void mm_clock_free(struct mm_clock *clock)
{
	if (clock) {
		clock->ops->free(clock);
	}
}
