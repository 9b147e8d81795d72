/* SPDX-License-Identifier: MIT */
#ifndef MM_BASE_LOG_H
#define MM_BASE_LOG_H

#include <syslog.h>

/*
 * One line to the journal with its MESSAGE_ID (base/events.h, or NULL) and, where it concerns one, the meter's name (or NULL) as
 * field METER. Started by hand, it goes to standard error instead. priority: LOG_ERR, LOG_WARNING, LOG_NOTICE or LOG_INFO.
 */
void mm_log(int priority, const char *message_id, const char *meter, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
