/* SPDX-License-Identifier: MIT */
#ifndef MM_DAEMON_POWER_FAIL_H
#define MM_DAEMON_POWER_FAIL_H

/*
 * The line that says that the supply fails: active means failing. A change counts when the line is still there after the debounce
 * time; a line that never rests is looked at no more often than that.
 */

#include <systemd/sd-event.h>

#include "metering/metering.h"

struct mm_power_fail;

/* Takes over input on success. debounce_ms: 1 or more. 0 or -errno. */
int mm_power_fail_new(sd_event *event, struct mm_metering *metering, struct mm_input *input, int debounce_ms,
		      struct mm_power_fail **ret);

/* NULL-safe. */
void mm_power_fail_free(struct mm_power_fail *power_fail);

#endif
