/* SPDX-License-Identifier: MIT */
/* What a statement says in words: what is uncertain about it, and what happened in its period. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/count_of.h"
#include "base/zone.h"
#include "core/units.h"
#include "service/statement.h"

const struct mm_statement_happening mm_statement_happenings[MM_STATEMENT_HAPPENINGS] = {
	{"preset", "the start reading was set"},
	{"correction", "the wiring was corrected by arithmetic, or that was ended"},
	{"calibration", "the meter was calibrated"},
	{"calibration-unrecorded", "a calibration is in force whose record is lost"},
	{"multiplier", "the multiplier was recorded or changed"},
	{"chip", "it was recorded that another chip serves the meter"},
	{"serial-corrected", "the serial number was put right"},
	{"recovered", "the register was recovered from its copy or a backup"},
	{"time-zone", "the time zone was changed, and with it when days and months begin"},
	{"tampered", "the register was changed from outside"},
};

__attribute__((format(printf, 4, 5))) static void remark(json_t *remarks, const char *code, int64_t count, const char *format,
							 ...)
{
	char words[256];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	if (count > 0) {
		json_array_append_new(remarks,
				      json_pack("{s:s, s:s, s:I}", "code", code, "words", words, "count", (json_int_t)count));
	}
}

#define DURATION_MAX 32

static const char *duration_text(double seconds, char ret[static DURATION_MAX])
{
	if (seconds < 2 * 60) {
		snprintf(ret, DURATION_MAX, "%.0f s", seconds);
	} else if (seconds < 2 * 3600) {
		snprintf(ret, DURATION_MAX, "%.0f min", seconds / 60);
	} else {
		snprintf(ret, DURATION_MAX, "%.1f h", seconds / 3600);
	}
	return ret;
}

static double kwh(int64_t uwh)
{
	return (double)uwh / (double)MM_UWH_PER_KWH;
}

static int64_t end_s(const struct mm_store_interval *interval)
{
	return interval->row.start_s + interval->row.duration_s;
}

double mm_statement_uncovered_s(const struct mm_statement *s)
{
	double missing = (double)(s->to - s->from) - (double)s->bill.covered_ns / MM_NS_PER_S;

	return missing > 0 ? missing : 0;
}

static void remarks_of_readings(const struct mm_statement *s, json_t *remarks)
{
	char text[MM_ZONE_TEXT_MAX];

	if (s->end.id == s->start.id) {
		remark(remarks, "no-interval", 1, "the meter registered nothing that is known in this period");
		return;
	}
	if (s->start.id == 0) {
		remark(remarks, "first", 1,
		       "the meter began in this period: the reading at the begin is that before its first interval");
	} else if (end_s(&s->start) != s->from) {
		remark(remarks, "begin", 1, "the reading at the begin is of %s: no interval ends at the begin of the period",
		       mm_zone_text(end_s(&s->start), text));
	}
	if (end_s(&s->end) != s->to) {
		remark(remarks, "end", 1, "the reading at the end is of %s: no interval ends at the end of the period",
		       mm_zone_text(end_s(&s->end), text));
	}
}

static void remarks_of_intervals(const struct mm_statement *s, json_t *remarks)
{
	static const struct {
		uint32_t bit;
		const char *code, *words;
	} flags[] = {
		{MM_PROFILE_ERROR, "error", "the front end gave no right reading for some of the time"},
		{MM_PROFILE_POWER_DOWN, "power-down", "the meter had no power or did not run for some of the time"},
		{MM_PROFILE_CLOCK_INVALID, "clock-invalid", "the clock was not synchronised at the begin"},
		{MM_PROFILE_CLOCK_ADJUSTED, "clock-adjusted", "the clock was set"},
	};
	char missing[DURATION_MAX], whole[DURATION_MAX];
	const struct mm_bill *bill = &s->bill;

	if (mm_statement_uncovered_s(s) > (double)(s->to - s->from) / 1000) {
		remark(remarks, "gap", bill->incomplete > 0 ? bill->incomplete : 1,
		       "%s of %s were not measured: energy that flowed then is in no reading",
		       duration_text(mm_statement_uncovered_s(s), missing), duration_text((double)(s->to - s->from), whole));
	}
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		int64_t count = bill->flagged[__builtin_ctz(flags[i].bit)];

		remark(remarks, flags[i].code, count, "in %" PRId64 " of %" PRId64 " intervals %s", count, bill->intervals,
		       flags[i].words);
	}
	remark(remarks, "clock-known", s->clock.found,
	       "of %" PRId64
	       " intervals whose clock was not synchronised the time became known later: they have the rate of that time",
	       s->clock.found);
	if (bill->preset_in) {
		remark(remarks, "start-reading", 1,
		       "the readings have the start reading of the meter before, %.3f kWh, which is not in what was used",
		       kwh(bill->preset.delivered_uwh));
	}
	if (bill->unknown.delivered_uwh != 0 || bill->unknown.received_uwh != 0) {
		remark(remarks, "unprofiled", 1,
		       "%.6f kWh delivered and %.6f kWh received are in the readings, but in no interval",
		       kwh(bill->unknown.delivered_uwh), kwh(bill->unknown.received_uwh));
	}
}

json_t *mm_statement_remarks(const struct mm_statement *s)
{
	json_t *remarks = json_array();

	remarks_of_readings(s, remarks);
	remarks_of_intervals(s, remarks);
	for (size_t i = 0; i < MM_STATEMENT_HAPPENINGS; i++) {
		remark(remarks, mm_statement_happenings[i].code, s->happened[i], "%s (%" PRId64 " event%s)",
		       mm_statement_happenings[i].words, s->happened[i], s->happened[i] == 1 ? "" : "s");
	}
	return remarks;
}
