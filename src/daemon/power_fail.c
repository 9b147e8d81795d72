/* SPDX-License-Identifier: MIT */
/* From edges to a debounced level. Nothing here is needed for the register to be right: it only makes a power cut cost less. */
#include "daemon/power_fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"

struct mm_power_fail {
	struct mm_metering *metering;
	struct mm_input *input;
	uint64_t debounce_us;
	sd_event_source *io, *timer;
	bool failing;
	int64_t edge_ns; /* CLOCK_MONOTONIC of the first change that has not been judged */
};

/* A chip that is gone takes its line along. */
static int give_up(struct mm_power_fail *pf, int error)
{
	mm_log(LOG_ERR, NULL, NULL, "power-fail line: %s; a power cut now costs what it costs without", strerror(-error));
	(void)sd_event_source_set_enabled(pf->timer, SD_EVENT_OFF);
	return sd_event_source_set_enabled(pf->io, SD_EVENT_OFF);
}

static int on_change(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct mm_power_fail *pf = userdata;
	int r = mm_input_take(pf->input, &pf->edge_ns);

	(void)fd;
	(void)revents;
	if (r < 0) {
		return give_up(pf, r);
	}
	/* Whatever else it does meanwhile, it is asked when the time is over. */
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(pf->timer, pf->debounce_us);
	return sd_event_source_set_enabled(pf->timer, SD_EVENT_ONESHOT);
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct mm_power_fail *pf = userdata;
	int64_t later_ns;
	int r = mm_input_take(pf->input, &later_ns);
	int level = r < 0 ? r : mm_input_level(pf->input);

	(void)source;
	(void)usec;
	if (level < 0) {
		return give_up(pf, level);
	}
	if (pf->failing != (level != 0)) {
		pf->failing = level != 0;
		if (pf->failing) {
			mm_metering_power_fail(pf->metering, pf->edge_ns);
		} else {
			mm_metering_power_returned(pf->metering);
		}
	}
	return sd_event_source_set_enabled(pf->io, SD_EVENT_ON);
}

int mm_power_fail_new(sd_event *event, struct mm_metering *metering, struct mm_input *input, int debounce_ms,
		      struct mm_power_fail **ret)
{
	struct mm_power_fail *pf = calloc(1, sizeof(*pf));
	int level = mm_input_level(input);
	int r = pf ? level : -ENOMEM;

	if (r >= 0) {
		*pf = (struct mm_power_fail){
			.metering = metering, .failing = level != 0, .debounce_us = (uint64_t)debounce_ms * 1000};
		r = sd_event_add_io(event, &pf->io, mm_input_fd(input), EPOLLIN, on_change, pf);
	}
	if (r >= 0) {
		r = sd_event_add_time_relative(event, &pf->timer, CLOCK_MONOTONIC, 0, 1, on_settled, pf);
	}
	if (r >= 0) {
		r = sd_event_source_set_enabled(pf->timer, SD_EVENT_OFF);
	}
	if (r < 0) {
		mm_power_fail_free(pf);
		return r;
	}
	/* Before edges of outputs: it may be the last that is done. */
	(void)sd_event_source_set_priority(pf->io, SD_EVENT_PRIORITY_IMPORTANT - 1);
	(void)sd_event_source_set_priority(pf->timer, SD_EVENT_PRIORITY_IMPORTANT - 1);
	pf->input = input;
	if (pf->failing) {
		mm_log(LOG_WARNING, NULL, NULL,
		       "power-fail line: it is active at the start; is its polarity right (active-low)?");
	}
	*ret = pf;
	return 0;
}

void mm_power_fail_free(struct mm_power_fail *pf)
{
	if (!pf) {
		return;
	}
	sd_event_source_disable_unref(pf->io);
	sd_event_source_disable_unref(pf->timer);
	mm_input_free(pf->input);
	free(pf);
}
