/* SPDX-License-Identifier: MIT */
#include "metering/private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/units.h"
#include "metering/facts.h"
#include "metering/settings.h"

/* ---- Chips ---- */

static void chips_recorded(int result, void *chips)
{
	if (result < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "the chips of the meters are not in the audit trail: %s", strerror(-result));
	} else {
		mm_chips_log(chips);
	}
	mm_chips_free(chips);
}

static void record_chip(struct mm_metering *metering, unsigned front_end)
{
	struct mm_chips *chips = NULL;
	int r = mm_chips_new(metering->config, front_end, metering->chip[front_end], metering->clock, &chips);

	if (r == 0) {
		r = mm_store_worker_own_query(metering->worker, mm_chips_record, chips_recorded, chips);
	}
	if (r < 0) {
		chips_recorded(r, chips);
	}
}

/* The name of the other front end that has the same chip, and had it first; NULL: none has. */
static const char *owner_of_chip(const struct mm_metering *metering, unsigned front_end)
{
	for (unsigned f = 0; f < metering->front_end_count; f++) {
		if (f != front_end && !metering->second[f] && strcmp(metering->chip[f], metering->chip[front_end]) == 0) {
			return metering->config->front_end[f].name;
		}
	}
	return NULL;
}

void mm_metering_chip(struct mm_metering *metering, unsigned front_end, const char *chip)
{
	if (strcmp(metering->chip[front_end], chip) == 0) {
		return;
	}
	snprintf(metering->chip[front_end], sizeof(metering->chip[front_end]), "%s", chip);
	metering->second[front_end] = owner_of_chip(metering, front_end) != NULL;
	if (!metering->second[front_end]) {
		record_chip(metering, front_end);
	}
}

/* ---- The order of a window ---- */

static void step(struct mm_metering *metering, struct mm_meter_point *point, const struct mm_measurement *m,
		 enum mm_health health)
{
	int64_t end_real_ns = mm_wall_clock_at(&metering->wall_clock, m->end_ns);
	uint32_t clock_status = mm_wall_clock_status(&metering->wall_clock, end_real_ns);
	struct mm_meter_step step;
	struct mm_facts facts;

	mm_meter_point_step(point, m, health, end_real_ns, clock_status, &step, &facts);
	mm_facts_note_step(&metering->journal, point, &facts);
	mm_metering_show(point);
}

static void note_verdict(struct mm_metering *metering, unsigned front_end, const struct mm_verdict *verdict)
{
	metering->health_changes += verdict->health != verdict->before;
	mm_facts_note_verdict(&metering->journal, metering->config->front_end[front_end].name, verdict,
			      mm_supervisor_state(metering->supervisor[front_end])->reason);
}

/* A chip that the configuration names in two ways serves the one front end that found it first, while that has it. */
static void refuse_second(struct mm_metering *metering, unsigned front_end, struct mm_front_end_report *report)
{
	const char *owner = metering->second[front_end] ? owner_of_chip(metering, front_end) : NULL;

	if (metering->second[front_end] && !owner) {
		metering->second[front_end] = false;
		record_chip(metering, front_end);
	}
	if (owner && report->error == 0) {
		report->error = mm_error_set(&report->reason, -EBUSY, "front end %s has this chip already: %s", owner,
					     metering->chip[front_end]);
	}
}

bool mm_metering_report(struct mm_metering *metering, unsigned front_end, struct mm_front_end_report *report)
{
	const struct mm_counters counters = report->measurement.counters; /* which a report that is refused loses */
	struct mm_verdict verdict;

	mm_wall_clock_look(&metering->wall_clock);
	refuse_second(metering, front_end, report);
	verdict = mm_supervisor_report(metering->supervisor[front_end], report);
	note_verdict(metering, front_end, &verdict);
	for (unsigned i = 0; i < metering->meter_count; i++) {
		if (metering->meters[i].config->front_end == front_end) {
			step(metering, &metering->meters[i], &report->measurement, verdict.health);
		}
	}
	/* What was counted in a window that is refused is never registered, by the next run neither. */
	if (counters.epoch != 0) {
		mm_carryover_note_counters(metering->carryover, front_end, &counters);
	}
	/* Before any edge of this window can be played. */
	mm_carryover_write(metering->carryover, metering->meters, metering->meter_count);
	if (report->at_ns > metering->report_ns) {
		metering->report_ns = report->at_ns; /* one that waited while another's was dealt with may be older */
	}
	mm_committer_window(metering->committer, metering->report_ns);
	mm_backup_schedule_run_if_due(&metering->backup, metering->worker, metering->report_ns);
	mm_metering_tick(metering);
	return verdict.window || verdict.health != verdict.before;
}

void mm_metering_tick(struct mm_metering *metering)
{
	int64_t now = mm_clock_boottime(metering->clock), next, silence = MM_CLOCK_NEVER;

	for (unsigned f = 0; f < metering->front_end_count; f++) {
		struct mm_verdict verdict = mm_supervisor_tick(metering->supervisor[f], now);
		int64_t deadline = mm_supervisor_deadline(metering->supervisor[f]);

		note_verdict(metering, f, &verdict);
		silence = deadline > now && deadline < silence ? deadline : silence;
	}
	next = mm_metering_play(metering, now);
	mm_committer_edges(metering->committer, now);
	(void)mm_clock_timer_arm(metering->clock, silence < next ? silence : next);
}

/* ---- Store and supply ---- */

void mm_metering_store_status(struct mm_metering *metering, const struct mm_store_status *status)
{
	mm_committer_note_status(metering->committer, status);
	mm_power_supply_durable(&metering->power, status->durable);
}

uint64_t mm_metering_commit(struct mm_metering *metering)
{
	return mm_committer_commit(metering->committer);
}

void mm_metering_power_fail(struct mm_metering *metering, int64_t edge_ns)
{
	if (mm_power_supply_fails(&metering->power, edge_ns)) {
		mm_power_supply_committing(&metering->power, mm_committer_commit(metering->committer));
	}
}

void mm_metering_power_returned(struct mm_metering *metering)
{
	mm_power_supply_returned(&metering->power);
}

/* ---- What clients ask for ---- */

int mm_metering_preset(struct mm_metering *metering, unsigned meter, int64_t delivered_uwh, int64_t received_uwh,
		       const char *old_serial, const char *user)
{
	struct mm_meter_point *point = &metering->meters[meter];
	double before_kwh = (double)point->meter.registers.delivered.uwh / 1000 / MM_UWH_PER_WH;
	int r = mm_meter_point_preset(point, delivered_uwh, received_uwh, mm_clock_realtime(metering->clock) / MM_NS_PER_S);

	if (r < 0) {
		return r;
	}
	mm_journal_add(&metering->journal, point->index, PRESET, user, (double)delivered_uwh / 1000 / MM_UWH_PER_WH,
		       (double)received_uwh / 1000 / MM_UWH_PER_WH, old_serial, before_kwh);
	mm_metering_show(point);
	return 0;
}

static const char *correction_text(uint32_t correction, char *ret, size_t size)
{
	size_t used = 0;

	snprintf(ret, size, "as wired");
	for (unsigned i = 0; i < MM_CORRECTION_BITS; i++) {
		if (correction & (1u << i) && used < size) {
			used += (size_t)snprintf(ret + used, size - used, "%s%s", used > 0 ? ", " : "",
						 mm_correction_name(1u << i));
		}
	}
	return ret;
}

int mm_metering_correct(struct mm_metering *metering, unsigned meter, uint32_t correction, const char *user)
{
	struct mm_meter_point *point = &metering->meters[meter];
	uint32_t was = point->meter.registers.correction;
	int r = mm_meter_correct(&point->meter, correction);
	char now_text[64], was_text[64];

	if (r < 0) {
		return r;
	}
	mm_journal_add(&metering->journal, point->index, CORRECTION, user,
		       correction_text(correction, now_text, sizeof(now_text)), correction_text(was, was_text, sizeof(was_text)));
	return 0;
}

int mm_metering_calibrate(struct mm_metering *metering, unsigned meter, const struct mm_calibration_version *version)
{
	return mm_meter_calibrate(&metering->meters[meter].meter, version);
}

int mm_metering_test_output(struct mm_metering *metering, unsigned meter, enum mm_output output, int seconds, const char *user)
{
	struct mm_meter_point *point = &metering->meters[meter];
	int r = mm_point_outputs_test(point->outputs, output, mm_clock_boottime(metering->clock) + seconds * MM_NS_PER_S);

	if (r < 0) {
		return r;
	}
	mm_journal_add(&metering->journal, point->index, OUTPUT_TEST, mm_output_name(output), seconds, user);
	mm_metering_tick(metering);
	return 0;
}

/* ---- Beginning and end ---- */

void mm_metering_counters(const struct mm_metering *metering, unsigned front_end, struct mm_counters *ret)
{
	mm_carryover_counters(metering->carryover, front_end, ret);
}

void mm_metering_start(struct mm_metering *metering, struct mm_store_worker *worker)
{
	int64_t now = mm_clock_boottime(metering->clock);

	metering->worker = worker;
	metering->started_ns = now;
	mm_committer_start(metering->committer, worker, now);
	for (unsigned f = 0; f < metering->front_end_count; f++) {
		mm_supervisor_start(metering->supervisor[f], now);
	}
	if (mm_program_checksum(metering->program) < 0) {
		metering->program[0] = '\0';
	}
	mm_journal_add(&metering->journal, MM_JOURNAL_DAEMON, START, metering->program[0] ? metering->program : "unknown",
		       metering->meter_count, metering->meter_count == 1 ? "" : "s");
	mm_wall_clock_note_last_run(&metering->wall_clock, mm_carryover_last_run(metering->carryover));
	for (unsigned i = 0; i < metering->meter_count; i++) {
		mm_metering_show(&metering->meters[i]);
	}
	/* So that the next run can know how this one ended. */
	mm_committer_commit(metering->committer);
	mm_metering_tick(metering);
}

void mm_metering_stop(struct mm_metering *metering, const char *reason)
{
	mm_journal_add(&metering->journal, MM_JOURNAL_DAEMON, STOP, reason);
	for (unsigned i = 0; i < metering->meter_count; i++) {
		mm_point_outputs_stop(metering->meters[i].outputs);
	}
	mm_committer_commit(metering->committer);
}

/* ---- Settings ---- */

static void settings_recorded(int result, void *settings)
{
	if (result < 0) {
		mm_log(LOG_WARNING, NULL, NULL, "the settings are not in the audit trail: %s", strerror(-result));
	}
	mm_settings_free(settings);
}

void mm_metering_record_settings(struct mm_metering *metering)
{
	struct mm_settings *settings = NULL;
	int r = mm_settings_new(metering->config, metering->clock, &settings);

	if (r == 0) {
		r = mm_store_worker_own_query(metering->worker, mm_settings_record, settings_recorded, settings);
	}
	if (r < 0) {
		settings_recorded(r, settings);
	}
}
