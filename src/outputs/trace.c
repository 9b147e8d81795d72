/* SPDX-License-Identifier: MIT */

/* Outputs as lines of text in a file, for the demonstration and for tests. The format is described in outputs.h. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock/clock.h"
#include "outputs/outputs.h"

struct trace {
	struct mm_outputs base;
	struct mm_clock *clock;
	char *meter;
	int fd;
	bool torn;		     /* the file ends inside a line */
	bool level[MM_OUTPUT_COUNT]; /* as last recorded */
};

/* One line in one write, so that the lines of meters that share a file never mix. */
static int record(struct trace *trace, enum mm_output output, bool level, int64_t at_ns, const char *position)
{
	int64_t now_ns = mm_clock_boottime(trace->clock);
	char *line;
	int length = asprintf(&line, "%s%" PRId64 " %" PRId64 " %s %s %d %s\n", trace->torn ? "\n" : "", now_ns, at_ns,
			      trace->meter, mm_output_name(output), level, position);

	if (length < 0) {
		return -ENOMEM;
	}
	ssize_t written = write(trace->fd, line, (size_t)length);
	int error = written < 0 ? -errno : written < length ? -ENOSPC : 0;
	if (written > 0) {
		trace->torn = line[written - 1] != '\n';
	}
	free(line);
	if (error == 0) {
		trace->level[output] = level;
	}
	return error;
}

static int trace_set(struct mm_outputs *base, enum mm_output output, bool level, int64_t at_ns, int64_t position_uwh)
{
	struct trace *trace = (struct trace *)base;
	char position[24];

	if (position_uwh == 0 && trace->level[output] == level) {
		return 0;
	}
	snprintf(position, sizeof(position), "%" PRId64, position_uwh);
	return record(trace, output, level, at_ns, position);
}

static void trace_free(struct mm_outputs *base)
{
	struct trace *trace = (struct trace *)base;

	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		if (trace->level[i]) {
			record(trace, i, false, mm_clock_boottime(trace->clock), "safe");
		}
	}
	close(trace->fd);
	free(trace->meter);
	free(trace);
}

static const struct mm_outputs_ops trace_ops = {.set = trace_set, .free = trace_free};

int mm_outputs_trace_new(const char *path, const struct mm_outputs_config *config, struct mm_clock *clock, struct mm_error *error,
			 struct mm_outputs **ret)
{
	struct trace *trace = calloc(1, sizeof(*trace));
	int r;

	if (trace == NULL) {
		r = -ENOMEM;
		goto fail;
	}
	*trace = (struct trace){.base.ops = &trace_ops, .clock = clock, .meter = strdup(config->meter)};
	if (trace->meter == NULL) {
		r = -ENOMEM;
		goto fail;
	}
	/* Non-blocking for a pipe whose reader is gone or slow: the main loop writes here. */
	trace->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	if (trace->fd < 0) {
		r = -errno;
		goto fail_meter;
	}
	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		trace->base.held[i] = config->resumed;
		trace->base.level[i] = trace->level[i] = config->resumed && config->level[i];
	}
	*ret = &trace->base;
	return 0;

fail_meter:
	free(trace->meter);
fail:
	free(trace);
	return mm_error_set(error, r, "meter \"%s\": trace file %s: %s", config->meter, path, strerror(-r));
}
