/* SPDX-License-Identifier: MIT */
/* The diagnosis, cause by cause, from readings that are what that cause shows. tests/wiring.c has the combinations. */
#include <math.h>
#include <string.h>

#include "core/diagnosis.h"
#include "suite.h"

#define RAD (3.14159265358979323846 / 180)

static const struct mm_model dual = {.elements = 2, .rated_voltage_v = 120, .ct_primary_a = 200};
static const struct mm_model single = {.elements = 1, .rated_voltage_v = 120, .ct_primary_a = 200};

/* What one element is shown. */
struct shown {
	double volts, amperes, lag_deg;
};

static struct mm_evidence evidence;
static struct mm_diagnosis diagnosis;

static void begin(unsigned elements)
{
	mm_evidence_init(&evidence, elements);
}

static void add(struct shown one, struct shown two)
{
	static const struct mm_meter_config config = {.input = {0, 1}};
	const struct shown shown[] = {one, two};
	struct mm_measurement m = {.start_ns = 0, .end_ns = 1000000000, .latched = true, .input_count = 2};

	for (unsigned e = 0; e < 2; e++) {
		m.input[e] = (struct mm_input_reading){
			.voltage_v = shown[e].volts,
			.current_a = shown[e].amperes,
			.active_ws = shown[e].volts * shown[e].amperes * cos(shown[e].lag_deg * RAD),
			.reactive_vars = shown[e].volts * shown[e].amperes * sin(shown[e].lag_deg * RAD),
			.frequency_hz = 60,
		};
	}
	mm_evidence_add(&evidence, &config, &m);
}

static void steady(struct shown one, struct shown two)
{
	for (unsigned i = 0; i < 8; i++) {
		add(one, two);
	}
}

static void diagnose(const struct mm_model *model)
{
	mm_diagnose(&evidence, model, &(struct mm_circumstances){.health = MM_HEALTH_OK}, &diagnosis);
}

static const struct mm_finding *found(enum mm_cause cause, unsigned element)
{
	for (unsigned i = 0; i < diagnosis.count; i++) {
		if (diagnosis.finding[i].cause == cause && diagnosis.finding[i].element == element) {
			return &diagnosis.finding[i];
		}
	}
	return NULL;
}

static void ck_first(enum mm_cause cause, unsigned element)
{
	ck_assert_uint_ge(diagnosis.count, 1);
	ck_assert_str_eq(mm_cause_info(diagnosis.finding[0].cause)->name, mm_cause_info(cause)->name);
	ck_assert_uint_eq(diagnosis.finding[0].element, element);
}

static void ck_tied(enum mm_cause cause, unsigned element, bool tied)
{
	const struct mm_finding *finding = found(cause, element);

	ck_assert_msg(finding != NULL, "%s is not named", mm_cause_info(cause)->name);
	ck_assert_int_eq(finding->tied, tied);
}

START_TEST(front_end_comes_first)
{
	static const struct {
		enum mm_health health;
		enum mm_cause cause;
	} table[] = {
		{MM_HEALTH_STARTING, MM_CAUSE_NO_READING},
		{MM_HEALTH_ABSENT, MM_CAUSE_FRONT_END_ABSENT},
		{MM_HEALTH_STALE, MM_CAUSE_FRONT_END_STALE},
		{MM_HEALTH_FROZEN, MM_CAUSE_FRONT_END_FROZEN},
		{MM_HEALTH_IMPLAUSIBLE, MM_CAUSE_FRONT_END_IMPLAUSIBLE},
		{MM_HEALTH_NO_CHANNEL, MM_CAUSE_FRONT_END_NO_CHANNEL},
		{MM_HEALTH_NO_TRIGGER, MM_CAUSE_FRONT_END_NO_TRIGGER},
		{MM_HEALTH_WRONG_RATE, MM_CAUSE_FRONT_END_WRONG_RATE},
		{MM_HEALTH_STUCK, MM_CAUSE_FRONT_END_STUCK},
		{MM_HEALTH_SATURATED, MM_CAUSE_FRONT_END_SATURATED},
		{MM_HEALTH_SWAPPED, MM_CAUSE_FRONT_END_SWAPPED},
	};

	begin(2);
	diagnose(&dual);
	ck_first(MM_CAUSE_NO_READING, 0);
	steady((struct shown){0, 0, 0}, (struct shown){0, 0, 0});
	for (int i = 0; i < MM_COUNT_OF(table); i++) {
		mm_diagnose(&evidence, &dual, &(struct mm_circumstances){.health = table[i].health}, &diagnosis);
		ck_assert_uint_eq(diagnosis.count, 1);
		ck_first(table[i].cause, 0);
	}
}
END_TEST

/* Readings of two elements at 10 A and what they mean. */
static const struct {
	struct shown one, two;
	enum mm_cause cause;
	unsigned element;
} table[] = {
	{{120, 10, 0}, {119, 6, 20}, MM_CAUSE_NONE, 0},
	{{0.4, 0, 0}, {0.2, 0, 0}, MM_CAUSE_NO_SUPPLY, 0},
	{{0.4, 9, 0}, {119, 6, 20}, MM_CAUSE_LINE_MISSING, 1},
	{{120, 9, 0}, {2.0, 6, 20}, MM_CAUSE_LINE_MISSING, 2},
	{{101.9, 9, 0}, {119, 6, 20}, MM_CAUSE_VOLTAGE_LOW, 1},
	{{120, 9, 0}, {138.1, 6, 20}, MM_CAUSE_VOLTAGE_HIGH, 2},
	/* The neutral lead on line 1, in a split phase and in a wye, with and without line 1's on the neutral. */
	{{120, 9, 180}, {239, 6, 20}, MM_CAUSE_NEUTRAL_SWAPPED, 1},
	{{207, 9, 30}, {119, 6, 180}, MM_CAUSE_NEUTRAL_SWAPPED, 2},
	{{0.1, 9, 0}, {240, 6, 20}, MM_CAUSE_NEUTRAL_SWAPPED, 1},
	{{96, 9, 0}, {143, 6, 20}, MM_CAUSE_NEUTRAL_LOST, 0},
	{{104, 9, 30}, {104, 6, -30}, MM_CAUSE_NEUTRAL_LEAD_OPEN, 0},
	{{120, 9, 180}, {119, 6, 20}, MM_CAUSE_CT_REVERSED, 1},
	{{120, 9, 10}, {119, 6, -150}, MM_CAUSE_CT_REVERSED, 2},
	{{120, 9, 190}, {119, 6, -150}, MM_CAUSE_CTS_CROSSED, 0},
	/* In a wye a current of the other line is 120 degrees off, the one way or the other. */
	{{120, 9, 122}, {119, 6, -118}, MM_CAUSE_CTS_CROSSED, 0},
	{{120, 9, -110}, {119, 6, 125}, MM_CAUSE_CTS_CROSSED, 0},
	{{120, 221, 0}, {119, 6, 20}, MM_CAUSE_OVER_RANGE, 1},
	{{120, 9, 0}, {119, 405, 20}, MM_CAUSE_CT_RATIO, 2},
	/* The lowest power factors that the meter is for raise no alarm, nor do loads between the lines of a wye. */
	{{120, 9, 60}, {119, 6, 60}, MM_CAUSE_NONE, 0},
	{{120, 9, -60}, {119, 6, -60}, MM_CAUSE_NONE, 0},
	{{120, 9, 60}, {119, 6, -60}, MM_CAUSE_NONE, 0},
	{{120, 9, -60}, {119, 6, 60}, MM_CAUSE_NONE, 0},
	{{120, 9, 90}, {120.5, 9, 30}, MM_CAUSE_REACTIVE_LOAD, 1},
	{{120, 9, 75}, {119, 6, 20}, MM_CAUSE_REACTIVE_LOAD, 1},
	{{120, 9, 0}, {119, 6, -80}, MM_CAUSE_REACTIVE_LOAD, 2},
	{{120, 0.3, 0}, {119, 6, 0}, MM_CAUSE_LOAD_SMALL, 1},
	{{120, 0.01, 0}, {119, 6, 0}, MM_CAUSE_CT_OPEN, 1},
	{{120, 9, 0}, {119, 0, 0}, MM_CAUSE_CT_OPEN, 2},
	{{120, 0.2, 20}, {119, 0.2, 20}, MM_CAUSE_LOAD_SMALL, 1},
};

START_TEST(readings_have_their_cause)
{
	begin(2);
	steady(table[_i].one, table[_i].two);
	diagnose(&dual);
	ck_first(table[_i].cause, table[_i].element);
}
END_TEST

START_TEST(frequency_is_judged)
{
	begin(2);
	steady((struct shown){120, 9, 0}, (struct shown){119, 6, 0});
	evidence.frequency_hz = 44.9;
	diagnose(&dual);
	ck_first(MM_CAUSE_FREQUENCY, 0);
	ck_assert_uint_eq(diagnosis.count, 1);
	evidence.frequency_hz = 0;
	diagnose(&dual);
	ck_first(MM_CAUSE_NONE, 0);
}
END_TEST

START_TEST(what_can_not_be_told_apart_is_said)
{
	begin(2);
	steady((struct shown){120, 9, 180}, (struct shown){119, 6, 20});
	diagnose(&dual);
	ck_tied(MM_CAUSE_CT_REVERSED, 1, true);
	ck_tied(MM_CAUSE_GENERATION, 1, true);

	/* One mistake before two: crossed before both turned round. */
	begin(2);
	steady((struct shown){120, 9, 180}, (struct shown){119, 6, 180});
	diagnose(&dual);
	ck_tied(MM_CAUSE_CTS_CROSSED, 0, true);
	ck_tied(MM_CAUSE_CTS_REVERSED, 0, true);
	ck_tied(MM_CAUSE_GENERATION, 0, true);
	ck_assert_double_gt(found(MM_CAUSE_CTS_CROSSED, 0)->confidence, found(MM_CAUSE_CTS_REVERSED, 0)->confidence);

	/* The same current in both: a CT on the other's line, or turned round while all loads are between the lines. */
	begin(2);
	steady((struct shown){120, 9, 190}, (struct shown){119, 9.01, 10});
	diagnose(&dual);
	ck_tied(MM_CAUSE_CT_WRONG_LINE, 1, true);
	ck_tied(MM_CAUSE_CT_REVERSED, 1, true);

	/* One voltage for both: two lines that are alike, or no neutral; with something else to say it is not worth a word. */
	begin(2);
	steady((struct shown){120, 9, 0}, (struct shown){120, 6, 0});
	diagnose(&dual);
	ck_tied(MM_CAUSE_NONE, 0, true);
	ck_tied(MM_CAUSE_NEUTRAL_LEAD_OPEN, 0, true);
	begin(2);
	steady((struct shown){120, 9, 0}, (struct shown){120, 0.3, 0});
	diagnose(&dual);
	ck_first(MM_CAUSE_LOAD_SMALL, 2);
	ck_assert_uint_eq(diagnosis.count, 1);

	/* No current at all: nothing runs, or the CT is open; unless somebody knows that something runs. */
	begin(2);
	steady((struct shown){120, 0, 0}, (struct shown){119, 6, 0});
	diagnose(&dual);
	ck_tied(MM_CAUSE_CT_OPEN, 1, true);
	ck_tied(MM_CAUSE_LOAD_SMALL, 1, true);
	mm_diagnose(&evidence, &dual, &(struct mm_circumstances){.health = MM_HEALTH_OK, .loaded = true}, &diagnosis);
	ck_tied(MM_CAUSE_CT_OPEN, 1, false);
	ck_assert_ptr_null(found(MM_CAUSE_LOAD_SMALL, 1));
}
END_TEST

/*
 * A load of 12 A comes and goes on line 1, then on line 2, with 0.05 ohm in every conductor. What flows on a line shows in
 * element ct[line] with that sign.
 */
static void switch_loads(double base_a, double other_a, const unsigned ct[2], const double sign[2])
{
	for (unsigned i = 0; i < 16; i++) {
		double line_a[2] = {base_a, other_a}, volts[2], shown_a[2];
		unsigned line = i / 8;
		double extra_a = i / 2 % 2 != 0 ? 12 : 0;
		double own_v = 0.01 * ((i * 7) % 5), common_v = 0.05 * ((i * 3) % 4);

		line_a[line] += extra_a;
		volts[line] = (line == 0 ? 121 : 119.5) - 0.1 * extra_a + common_v + own_v;
		volts[1 - line] = (line == 0 ? 119.5 : 121) + 0.05 * extra_a + common_v;
		shown_a[ct[0]] = sign[0] * line_a[0];
		shown_a[ct[1]] = sign[1] * line_a[1];
		add((struct shown){volts[0], fabs(shown_a[0]), shown_a[0] < 0 ? 180 : 0},
		    (struct shown){volts[1], fabs(shown_a[1]), shown_a[1] < 0 ? 180 : 0});
	}
}

START_TEST(switching_a_load_settles_it)
{
	/* In a split phase a CT on the other line shows its current backwards, one that is turned round as well. */
	static const struct {
		double base_a, other_a;
		unsigned ct[2];
		double sign[2];
		enum mm_cause cause;
		unsigned element;
	} cases[] = {
		{5, 8, {0, 1}, {1, 1}, MM_CAUSE_NONE, 0},	    {5, 8, {0, 1}, {-1, 1}, MM_CAUSE_CT_REVERSED, 1},
		{-30, 8, {0, 1}, {1, 1}, MM_CAUSE_GENERATION, 1},   {5, 8, {1, 0}, {-1, -1}, MM_CAUSE_CTS_CROSSED, 0},
		{5, 8, {0, 1}, {-1, -1}, MM_CAUSE_CTS_REVERSED, 0}, {-30, -25, {0, 1}, {1, 1}, MM_CAUSE_GENERATION, 0},
		{5, 8, {1, 0}, {1, -1}, MM_CAUSE_SEVERAL, 0},
	};

	for (int i = 0; i < MM_COUNT_OF(cases); i++) {
		begin(2);
		evidence.lag_known = true;
		evidence.lag_deg = 180;
		switch_loads(cases[i].base_a, cases[i].other_a, cases[i].ct, cases[i].sign);
		diagnose(&dual);
		ck_assert_msg(diagnosis.finding[0].cause == cases[i].cause && !diagnosis.finding[0].tied, "case %d: %s%s", i,
			      mm_cause_info(diagnosis.finding[0].cause)->name, diagnosis.finding[0].tied ? ", tied" : "");
		ck_assert_uint_eq(diagnosis.finding[0].element, cases[i].element);
		ck_assert(diagnosis.finding[0].cause == MM_CAUSE_NONE || diagnosis.finding[0].as.sagged);
	}
}
END_TEST

START_TEST(angle_between_the_lines_settles_leads)
{
	begin(2);
	steady((struct shown){120, 9, 0}, (struct shown){120.01, 6, 180});
	diagnose(&dual);
	ck_tied(MM_CAUSE_CT_REVERSED, 2, true);
	ck_tied(MM_CAUSE_LEAD_WRONG_LINE, 2, true);
	evidence.lag_known = true;
	evidence.lag_deg = 1;
	diagnose(&dual);
	ck_first(MM_CAUSE_LEAD_WRONG_LINE, 2);
	ck_assert_ptr_null(found(MM_CAUSE_CT_REVERSED, 2));
	evidence.lag_deg = 180;
	diagnose(&dual);
	ck_first(MM_CAUSE_CT_REVERSED, 2);
	ck_assert_ptr_null(found(MM_CAUSE_LEAD_WRONG_LINE, 2));
}
END_TEST

/* Adds so many windows in which element 2's voltage lags by deg, give or take scatter. */
static void add_lags(unsigned windows, double deg, double scatter_deg)
{
	static const struct mm_meter_config config = {.input = {2, 0}};

	for (unsigned i = 0; i < windows; i++) {
		struct mm_measurement m = {.end_ns = 1000000000, .input_count = 3};
		double angle = (90 - deg + (i % 2 ? scatter_deg : -scatter_deg)) * RAD;

		m.input[0].voltage_v = m.input[2].voltage_v = 120;
		m.phasors[2].voltage = (struct mm_phasor){.re = 0, .im = 120};
		m.phasors[0].voltage = (struct mm_phasor){.re = 120 * cos(angle), .im = 120 * sin(angle)};
		mm_evidence_add(&evidence, &config, &m);
	}
}

START_TEST(angle_comes_with_the_windows)
{
	static const struct mm_meter_config config = {.input = {2, 0}};
	struct mm_measurement m = {.end_ns = 1000000000, .input_count = 3};

	begin(2);
	mm_evidence_add(&evidence, &config, &m);
	add_lags(MM_LAG_WINDOWS_MIN - 1, 120, 0);
	ck_assert(!evidence.lag_known);
	add_lags(1, 120, 0);
	ck_assert(evidence.lag_known);
	ck_assert_double_eq_tol(evidence.lag_deg, 120, 1e-9);
	ck_assert_double_eq_tol(evidence.lag_error_deg, 0, 1e-5);
	/* A lead that was moved with the power off counts from there. */
	mm_evidence_add(&evidence, &config, &m);
	add_lags(MM_LAG_WINDOWS_MIN, -2, 0);
	ck_assert(evidence.lag_known);
	ck_assert_double_eq_tol(evidence.lag_deg, -2, 1e-9);
}
END_TEST

START_TEST(angle_has_its_uncertainty)
{
	begin(2);
	add_lags(16, 180, 12);
	ck_assert(evidence.lag_known);
	ck_assert_double_eq_tol(fabs(evidence.lag_deg), 180, 1e-6);
	ck_assert_double_eq_tol(evidence.lag_error_deg, 6, 0.1); /* twice 12 degrees over the root of 16 */
	begin(2);
	add_lags(16, 180, 25);
	ck_assert(!evidence.lag_known);
	begin(2);
	add_lags(20, 180, 0);
	add_lags(20, 0, 0);
	ck_assert(!evidence.lag_known);
}
END_TEST

static void diagnose_with(const struct mm_circumstances *circumstances)
{
	mm_diagnose(&evidence, &dual, circumstances, &diagnosis);
}

/* Somebody has said what is wrong and corrects it by arithmetic: so long as the wires show that, it is settled. */
START_TEST(correction_settles_what_it_is_for)
{
	struct mm_circumstances turned = {.correction = MM_CORRECTION_CT2_REVERSED};
	struct mm_circumstances crossed = {.correction = MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_180};

	begin(2);
	steady((struct shown){120, 9, 10}, (struct shown){119, 6, 185});
	diagnose_with(&turned);
	ck_first(MM_CAUSE_CT_REVERSED, 2);
	ck_assert(diagnosis.finding[0].corrected);
	ck_assert_ptr_null(found(MM_CAUSE_GENERATION, 2));
	diagnose(&dual);
	ck_first(MM_CAUSE_CT_REVERSED, 2);
	ck_assert(!diagnosis.finding[0].corrected);
	/* Of what fits two mistakes in a split phase, it is the one that was said. */
	begin(2);
	steady((struct shown){120, 9, 180}, (struct shown){119, 6, 180});
	diagnose_with(&crossed);
	ck_first(MM_CAUSE_CTS_CROSSED, 0);
	ck_assert(diagnosis.finding[0].corrected);
	turned.correction |= MM_CORRECTION_CT1_REVERSED;
	diagnose_with(&turned);
	ck_first(MM_CAUSE_CTS_REVERSED, 0);
	ck_assert(diagnosis.finding[0].corrected);
	/* It is for another angle. */
	evidence.lag_known = true;
	evidence.lag_deg = 180;
	crossed.correction = MM_CORRECTION_CT_CROSSED | MM_CORRECTION_LINES_120;
	diagnose_with(&crossed);
	ck_assert(mm_cause_info(diagnosis.finding[0].cause)->fault && !diagnosis.finding[0].corrected);
}
END_TEST

START_TEST(correction_that_is_wrong_is_named)
{
	const struct mm_circumstances turned = {.correction = MM_CORRECTION_CT2_REVERSED};
	static const unsigned own[] = {0, 1};
	static const double turned_sign[] = {1, -1}, right_sign[] = {1, 1};

	begin(2);
	steady((struct shown){120, 9, 10}, (struct shown){119, 6, 5});
	diagnose_with(&turned);
	ck_first(MM_CAUSE_CORRECTION_WRONG, 0);
	ck_tied(MM_CAUSE_CT_REVERSED, 2, true); /* with generation: it reads the same */
	/* Switched loads tell which. */
	begin(2);
	switch_loads(5, 8, own, right_sign);
	diagnose_with(&turned);
	ck_first(MM_CAUSE_CORRECTION_WRONG, 0);
	ck_assert(!diagnosis.finding[0].tied);
	begin(2);
	switch_loads(5, 8, own, turned_sign);
	diagnose_with(&turned);
	ck_first(MM_CAUSE_CT_REVERSED, 2);
	ck_assert(diagnosis.finding[0].corrected);
	/* Without a load on the CT it is for, nothing speaks against it. */
	begin(2);
	steady((struct shown){120, 9, 10}, (struct shown){119, 0.5, 5});
	diagnose_with(&turned);
	ck_first(MM_CAUSE_LOAD_SMALL, 2);
	ck_assert_ptr_null(found(MM_CAUSE_CORRECTION_WRONG, 0));
}
END_TEST

/* A wrong ratio reads in proportion, as a smaller or larger load would: only what is known of the load shows it. */
START_TEST(known_load_shows_a_wrong_ratio)
{
	struct mm_circumstances known = {.load_known = true, .load_w = 1500};

	begin(2);
	steady((struct shown){120, 6.2, 0}, (struct shown){119, 0.3, 0});
	diagnose(&dual);
	ck_assert_ptr_null(found(MM_CAUSE_CT_RATIO, 0));
	diagnose_with(&known);
	ck_first(MM_CAUSE_CT_RATIO, 0);
	ck_assert_double_eq_tol(diagnosis.finding[0].shown_w, 6.2 * 120 + 0.3 * 119, 1e-6);
	known.load_w = 800;
	diagnose_with(&known);
	ck_assert_ptr_null(found(MM_CAUSE_CT_RATIO, 0));
	known.load_w = 200;
	diagnose_with(&known);
	ck_first(MM_CAUSE_CT_RATIO, 0);
	/* With a CT turned round it is what would be shown with the CT mended. */
	begin(2);
	steady((struct shown){120, 6, 0}, (struct shown){119, 6, 180});
	known.load_w = 12 * 120;
	diagnose_with(&known);
	ck_first(MM_CAUSE_CT_REVERSED, 2);
	ck_assert_ptr_null(found(MM_CAUSE_CT_RATIO, 0));
	known.load_w = 24 * 120;
	diagnose_with(&known);
	ck_first(MM_CAUSE_CT_REVERSED, 2);
	ck_assert_ptr_nonnull(found(MM_CAUSE_CT_RATIO, 0));
	/* Without a voltage there is no power to compare. */
	begin(2);
	steady((struct shown){120, 6, 0}, (struct shown){0, 6, 0});
	diagnose_with(&known);
	ck_assert_ptr_null(found(MM_CAUSE_CT_RATIO, 0));
}
END_TEST

START_TEST(creep_is_what_registers_without_load)
{
	const struct mm_circumstances none = {.load_known = true};

	begin(2);
	steady((struct shown){120, 0.2, 20}, (struct shown){119, 0.2, 20});
	diagnose(&dual);
	ck_first(MM_CAUSE_LOAD_SMALL, 1);
	ck_tied(MM_CAUSE_CREEP, 1, true);
	diagnose_with(&none);
	ck_first(MM_CAUSE_CREEP, 1);
	ck_assert_uint_eq(diagnosis.count, 2);
	ck_tied(MM_CAUSE_CREEP, 1, false);
	ck_tied(MM_CAUSE_CREEP, 2, false);
	begin(2);
	steady((struct shown){120, 0.1, 20}, (struct shown){119, 0, 0});
	diagnose_with(&none);
	ck_first(MM_CAUSE_NONE, 0);
	ck_assert_uint_eq(diagnosis.count, 1);
}
END_TEST

START_TEST(voltages_in_lockstep_are_one)
{
	begin(2);
	for (unsigned i = 0; i < 12; i++) {
		double volts = 119 + 0.2 * (i / 2 % 2);

		add((struct shown){volts, i % 2 ? 12 : 3, 0}, (struct shown){volts, 4, 0});
	}
	diagnose(&dual);
	ck_first(MM_CAUSE_NEUTRAL_LEAD_OPEN, 0);
	/* Of two lines, one goes its own way. */
	add((struct shown){119, 12, 0}, (struct shown){119.2, 4, 0});
	diagnose(&dual);
	ck_first(MM_CAUSE_NONE, 0);
}
END_TEST

START_TEST(mended_power_is_what_flows)
{
	begin(2);
	steady((struct shown){120, 10, 180}, (struct shown){120, 5, 60});
	diagnose(&dual);
	ck_first(MM_CAUSE_CT_REVERSED, 1);
	ck_assert_double_eq_tol(diagnosis.finding[0].as.mended_w, 1200 + 300, 1e-6);
	begin(2);
	steady((struct shown){121, 10, 180}, (struct shown){119, 5, 180});
	diagnose(&dual);
	ck_first(MM_CAUSE_CTS_CROSSED, 0);
	ck_assert_double_eq_tol(diagnosis.finding[0].as.mended_w, 119 * 10 + 121 * 5, 1e-6);
}
END_TEST

START_TEST(one_element_has_its_own_ties)
{
	begin(1);
	steady((struct shown){120, 10, 20}, (struct shown){0});
	diagnose(&single);
	ck_first(MM_CAUSE_NONE, 0);
	begin(1);
	steady((struct shown){120, 10, 200}, (struct shown){0});
	diagnose(&single);
	ck_first(MM_CAUSE_CT_REVERSED, 1);
	ck_tied(MM_CAUSE_CT_REVERSED, 1, true);
	ck_tied(MM_CAUSE_NEUTRAL_SWAPPED, 1, true);
	begin(1);
	steady((struct shown){1, 10, 200}, (struct shown){0});
	diagnose(&single);
	ck_first(MM_CAUSE_NO_SUPPLY, 0);
}
END_TEST

START_TEST(every_cause_is_described)
{
	for (enum mm_cause cause = 0; cause < MM_CAUSE_COUNT; cause++) {
		const struct mm_cause_info *info = mm_cause_info(cause);

		ck_assert(info->name != NULL && info->words != NULL && info->next != NULL);
		for (enum mm_cause other = 0; other < cause; other++) {
			ck_assert_str_ne(info->name, mm_cause_info(other)->name);
		}
	}
}
END_TEST

/* Anything at all that a front end may say: a finding comes of it, and nothing breaks. */
START_TEST(any_reading_is_answered)
{
	static const double volts[] = {0, 9.9, 10, 60, 104, 120, 207, 240, 1e6};
	static const double amperes[] = {0, 0.1, 0.16, 1, 1.01, 200, 221, 500, 1e6};

	for (unsigned i = 0; i < 9 * 9 * 9 * 9; i++) {
		begin(1 + i % 2);
		add((struct shown){volts[i % 9], amperes[i / 9 % 9], (double)(i % 360)},
		    (struct shown){volts[i / 81 % 9], amperes[i / 729], (double)(i % 357)});
		evidence.lag_known = i % 2 == 1 && i % 3 == 0;
		evidence.lag_deg = (double)(i % 361) - 180;
		diagnose(i % 2 ? &dual : &single);
		ck_assert_uint_ge(diagnosis.count, 1);
		ck_assert_uint_le(diagnosis.count, MM_FINDINGS_MAX);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diagnosis");
	TCase *causes = tcase_create("causes");
	TCase *all = tcase_create("slow");

	tcase_add_test(causes, front_end_comes_first);
	tcase_add_loop_test(causes, readings_have_their_cause, 0, MM_COUNT_OF(table));
	tcase_add_test(causes, frequency_is_judged);
	tcase_add_test(causes, what_can_not_be_told_apart_is_said);
	tcase_add_test(causes, switching_a_load_settles_it);
	tcase_add_test(causes, angle_between_the_lines_settles_leads);
	tcase_add_test(causes, correction_settles_what_it_is_for);
	tcase_add_test(causes, correction_that_is_wrong_is_named);
	tcase_add_test(causes, known_load_shows_a_wrong_ratio);
	tcase_add_test(causes, creep_is_what_registers_without_load);
	tcase_add_test(causes, angle_comes_with_the_windows);
	tcase_add_test(causes, angle_has_its_uncertainty);
	tcase_add_test(causes, voltages_in_lockstep_are_one);
	tcase_add_test(causes, mended_power_is_what_flows);
	tcase_add_test(causes, one_element_has_its_own_ties);
	tcase_add_test(causes, every_cause_is_described);
	suite_add_tcase(suite, causes);
	tcase_set_tags(all, "slow");
	tcase_set_timeout(all, 120);
	tcase_add_test(all, any_reading_is_answered);
	suite_add_tcase(suite, all);
	return mm_run_suite(suite);
}
