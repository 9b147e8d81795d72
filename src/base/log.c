/* SPDX-License-Identifier: MIT */
/* Where messages go: the journal with fields under systemd, standard error otherwise. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

/* systemd sets JOURNAL_STREAM when standard error is the journal; then a native entry can say more than a line could. */
static void to_journal(int priority, const char *message_id, const char *meter, const char *text)
{
	char fields[4][640];
	struct iovec iov[4];
	int n = 0;

	snprintf(fields[n++], sizeof(fields[0]), "MESSAGE=%s", text);
	snprintf(fields[n++], sizeof(fields[1]), "PRIORITY=%d", priority);
	if (message_id) {
		snprintf(fields[n++], sizeof(fields[0]), "MESSAGE_ID=%s", message_id);
	}
	if (meter) {
		snprintf(fields[n++], sizeof(fields[0]), "METER=%s", meter);
	}
	for (int i = 0; i < n; i++) {
		iov[i].iov_base = fields[i];
		iov[i].iov_len = strlen(fields[i]);
	}
	if (sd_journal_sendv(iov, n) < 0) {
		fprintf(stderr, "%s\n", text);
	}
}

void mm_log(int priority, const char *message_id, const char *meter, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (getenv("JOURNAL_STREAM")) {
		to_journal(priority, message_id, meter, text);
	} else {
		fprintf(stderr, "minimeterd: %s%s%s%s\n", meter ? "meter \"" : "", meter ? meter : "", meter ? "\": " : "", text);
	}
}
