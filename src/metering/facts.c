/* SPDX-License-Identifier: MIT */
#include "metering/facts.h"

/* What follows "front end". */
static const char *health_text(enum mm_health health)
{
	static const char *const texts[MM_HEALTH_COUNT] = {
		[MM_HEALTH_OK] = " in order",
		[MM_HEALTH_STARTING] = " waiting for the first whole window",
		[MM_HEALTH_ABSENT] = " absent",
		[MM_HEALTH_STALE] = " stale: no new energy window",
		[MM_HEALTH_FROZEN] = " frozen: every figure repeats to the last digit, as read through a cache",
		[MM_HEALTH_IMPLAUSIBLE] = " implausible: figures that no line or load can produce",
		[MM_HEALTH_NO_CHANNEL] = " without a channel that is configured",
		[MM_HEALTH_NO_TRIGGER] = " without samples: its trigger does not fire",
		[MM_HEALTH_WRONG_RATE] = " at a wrong sample rate",
		[MM_HEALTH_STUCK] = " stuck: one code for ever",
		[MM_HEALTH_SATURATED] = " saturated: at its rails all the time",
		[MM_HEALTH_SWAPPED] = "'s voltage and current swapped",
	};

	return texts[health];
}

void mm_facts_note_verdict(struct mm_journal *journal, const char *name, const struct mm_verdict *v, const char *reason)
{
	bool changed = v->health != v->before, named = name[0] != '\0';

	if (changed && v->health == MM_HEALTH_OK && v->before != MM_HEALTH_STARTING) {
		mm_journal_add(journal, MM_JOURNAL_DAEMON, FRONT_END_RECOVERED, named ? " " : "", name,
			       mm_health_name(v->before));
	} else if (changed && v->health != MM_HEALTH_OK && v->health != MM_HEALTH_STARTING) {
		mm_journal_add_named(journal, MM_JOURNAL_DAEMON, FRONT_END_FAULT, mm_health_name(v->health), named ? " " : "",
				     name, health_text(v->health), reason[0] ? ": " : "", reason);
	}
	if (v->missed > 0) {
		mm_journal_add(journal, MM_JOURNAL_DAEMON, GAP, named ? "front end " : "", name, named ? ": " : "", v->missed,
			       (double)v->missed_ns / (double)MM_NS_PER_S);
	}
}

static void note_flag(struct mm_journal *journal, const struct mm_meter_point *point, const struct mm_fact *fact)
{
	const struct mm_element_reading *r = &point->meter.element[fact->element];
	const char *name = mm_element_flag_name(fact->flag);

	if (fact->kind == MM_FACT_RAISED) {
		mm_journal_add_named(journal, point->index, ELEMENT_RAISED, name, fact->element + 1, name, r->voltage_v,
				     r->current_a, r->power_w);
	} else {
		mm_journal_add_named(journal, point->index, ELEMENT_CLEARED, name, fact->element + 1, name, r->voltage_v,
				     r->current_a, r->power_w);
	}
}

static void note_voltage(struct mm_journal *journal, const struct mm_meter_point *point, const struct mm_fact *fact)
{
	static const char *const names[MM_VOLTAGE_EVENT_KIND_COUNT] = {
		[MM_VOLTAGE_SAG] = "sag",
		[MM_VOLTAGE_SWELL] = "swell",
		[MM_VOLTAGE_INTERRUPTION] = "interruption",
	};
	const struct mm_voltage_event *voltage = fact->voltage;
	const char *name = names[voltage->kind];

	mm_journal_add_named(journal, point->index, VOLTAGE, name, fact->element + 1, name,
			     (double)(voltage->end_ns - voltage->start_ns) / (double)MM_NS_PER_S, voltage->extreme_v);
}

void mm_facts_note_step(struct mm_journal *journal, const struct mm_meter_point *point, const struct mm_facts *facts)
{
	for (unsigned i = 0; i < facts->count; i++) {
		const struct mm_fact *fact = &facts->fact[i];

		switch (fact->kind) {
		case MM_FACT_RAISED:
		case MM_FACT_CLEARED:
			note_flag(journal, point, fact);
			break;
		case MM_FACT_VOLTAGE:
			note_voltage(journal, point, fact);
			break;
		case MM_FACT_RECEIVED:
			mm_journal_add(journal, point->index, RECEIVED, (double)fact->received_uwh / 1000 / MM_UWH_PER_WH);
			break;
		case MM_FACT_INTERVAL:
			mm_journal_add_interval(journal, point->index, fact->interval);
			break;
		}
	}
}
