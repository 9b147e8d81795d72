/* SPDX-License-Identifier: MIT */
#include "metering/supervisor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"

/* A front end that has not reported for this long is stale, whatever its thread is stuck in. */
#define SILENCE_NS (5 * MM_NS_PER_S)
/* Windows follow each other to within their jitter; more than half a window between two is a gap. */
#define GAP_RATIO 0.5
#define SILENT_TEXT                                                                                                              \
	"its interrupt does not come, and a timer does its work: look at the wire of IRQ0, and at irq in the device tree"

struct mm_supervisor {
	struct mm_health_judge judge;
	struct mm_supervisor_state state;
	int64_t last_report_ns;
	int64_t last_window_end_ns; /* 0: none yet */
};

int mm_supervisor_new(const struct mm_health_limits *limits, unsigned input_count, struct mm_supervisor **ret)
{
	struct mm_supervisor *s = calloc(1, sizeof(*s));

	if (!s) {
		return -ENOMEM;
	}
	mm_health_init(&s->judge, limits, input_count);
	s->state.health = MM_HEALTH_STARTING;
	*ret = s;
	return 0;
}

void mm_supervisor_free(struct mm_supervisor *s)
{
	free(s);
}

void mm_supervisor_resume(struct mm_supervisor *s, int64_t window_end_ns)
{
	if (window_end_ns > s->last_window_end_ns) {
		s->last_window_end_ns = window_end_ns;
	}
}

void mm_supervisor_start(struct mm_supervisor *s, int64_t now_ns)
{
	s->last_report_ns = s->state.since_ns = now_ns;
}

static struct mm_verdict note_health(struct mm_supervisor *s, enum mm_health health, const char *reason, int64_t now_ns)
{
	struct mm_verdict verdict = {.health = health, .before = s->state.health};

	snprintf(s->state.reason, sizeof(s->state.reason), "%s", reason);
	if (verdict.health != verdict.before) {
		s->state.since_ns = now_ns;
		s->state.health = health;
	}
	return verdict;
}

/* Windows lost before this one: those that the adapter counted, and those that an absent front end took with it. */
static void note_window(struct mm_supervisor *s, struct mm_measurement *m, struct mm_verdict *verdict)
{
	/* A chip that counts on gives one long window after a while: what was missed is counted in windows of a second. */
	int64_t length = m->end_ns - m->start_ns, window = length < MM_NS_PER_S ? length : MM_NS_PER_S;
	int64_t hole = s->last_window_end_ns ? m->start_ns - s->last_window_end_ns : 0;

	if (window > 0 && (double)hole > GAP_RATIO * (double)window) {
		uint32_t windows = (uint32_t)llround((double)hole / (double)window);

		m->missed = m->missed > windows ? m->missed : windows;
	}
	verdict->window = true;
	verdict->missed = m->missed;
	verdict->missed_ns = hole > 0 ? hole : m->missed * window;
	s->state.missed += m->missed;
	s->state.windows++;
	s->state.window = *m;
	s->last_window_end_ns = m->end_ns;
}

struct mm_verdict mm_supervisor_report(struct mm_supervisor *s, struct mm_front_end_report *report)
{
	enum mm_health health = report->fault == MM_HEALTH_OK ? MM_HEALTH_ABSENT : report->fault;
	struct mm_measurement *m = &report->measurement;
	const char *reason = report->reason.text;
	struct mm_verdict verdict;

	/* One that was taken late was not late. */
	s->last_report_ns = report->taken_ns > report->at_ns ? report->taken_ns : report->at_ns;
	if (report->error == 0) {
		health = mm_health_judge(&s->judge, m);
	} else {
		*m = (struct mm_measurement){.start_ns = report->at_ns - MM_NS_PER_S, .end_ns = report->at_ns, .health = health};
		if (reason[0] == '\0') {
			reason = strerror(-report->error);
		}
	}
	if (health == MM_HEALTH_OK) {
		reason = m->interrupt_silent ? SILENT_TEXT : "";
	}
	verdict = note_health(s, health, reason, report->at_ns);
	if (health == MM_HEALTH_OK && m->latched) {
		note_window(s, m, &verdict);
	}
	return verdict;
}

struct mm_verdict mm_supervisor_tick(struct mm_supervisor *s, int64_t now_ns)
{
	enum mm_health health = s->state.health;

	if (now_ns < mm_supervisor_deadline(s) || health == MM_HEALTH_STALE || health == MM_HEALTH_ABSENT) {
		return (struct mm_verdict){.health = health, .before = health};
	}
	return note_health(s, MM_HEALTH_STALE, "it has not answered for 5 s: a read is stuck on the bus or the link", now_ns);
}

int64_t mm_supervisor_deadline(const struct mm_supervisor *s)
{
	return s->last_report_ns + SILENCE_NS;
}

const struct mm_supervisor_state *mm_supervisor_state(const struct mm_supervisor *s)
{
	return &s->state;
}
