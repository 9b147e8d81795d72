/* SPDX-License-Identifier: MIT */
/* Three elements on three phases and neutral: mistakes of wiring are named, and what is right is left alone. */
#include <check.h>
#include <complex.h>
#include <math.h>
#include <string.h>

#include "diagnosis/diagnosis.h"
#include "fixture/suite.h"

#define RATED_V 230.0
#define RAD (M_PI / 180)

static const struct mm_model wye = {
	.elements = 3, .wires = MM_WIRES_WYE, .generic = true, .rated_voltage_v = RATED_V, .ct_primary_a = 200, .kh_wh = 10};

/* What there is: the loads of the lines, and how the meter is wired to them. */
struct truth {
	double amperes[3], lag_deg[3];
	unsigned line[3];
	bool reversed[3];
	double sense; /* 1, or -1: the other rotation */
	unsigned lead[3];
	bool angles_unknown;
};

#define LOADS                                                                                                                    \
	{20, 12, 5},                                                                                                             \
	{                                                                                                                        \
		5, 20, -10                                                                                                       \
	}
#define RIGHT                                                                                                                    \
	{                                                                                                                        \
		0, 1, 2                                                                                                          \
	}

static void observe(struct mm_observation *observation, const struct truth *truth)
{
	const struct mm_meter_config config = {.model = wye, .input = {0, 1, 2}};
	struct mm_measurement m = {.end_ns = MM_NS_PER_S, .latched = true, .input_count = 3};

	mm_observation_init(observation, 3);
	for (unsigned e = 0; e < 3; e++) {
		const unsigned line = truth->line[e];
		double complex voltage = RATED_V * cexp(-I * truth->sense * 120 * truth->lead[e] * RAD);
		double complex current =
			truth->amperes[line] * cexp(-I * (truth->sense * 120 * line + truth->lag_deg[line]) * RAD);
		double complex power = voltage * conj(truth->reversed[e] ? -current : current);

		m.input[e] = (struct mm_input_reading){.voltage_v = RATED_V,
						       .current_a = truth->amperes[line],
						       .active_ws = creal(power),
						       .reactive_vars = cimag(power),
						       .frequency_hz = 50};
		if (!truth->angles_unknown) {
			m.phasors[e].voltage = (struct mm_phasor){creal(voltage), cimag(voltage)};
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		mm_observation_add(observation, &config, &m);
		m.start_ns += MM_NS_PER_S;
		m.end_ns += MM_NS_PER_S;
	}
}

static struct mm_diagnosis diagnose(const struct truth *truth, const struct mm_circumstances *circumstances)
{
	struct mm_observation observation;
	struct mm_diagnosis diagnosis;

	observe(&observation, truth);
	mm_diagnose(&observation, &wye, circumstances, &diagnosis);
	return diagnosis;
}

static const struct {
	struct truth truth;
	enum mm_cause cause;
	unsigned element;
} cases[] = {
	{{LOADS, RIGHT, {0}, 1, RIGHT}, MM_CAUSE_NONE, 0},
	{{LOADS, RIGHT, {0}, -1, RIGHT}, MM_CAUSE_NONE, 0},
	{{LOADS, RIGHT, {0}, 1, RIGHT, true}, MM_CAUSE_NONE, 0},
	{{LOADS, RIGHT, {true, false, false}, 1, RIGHT}, MM_CAUSE_CT_REVERSED, 1},
	{{LOADS, RIGHT, {false, true, false}, 1, RIGHT}, MM_CAUSE_CT_REVERSED, 2},
	{{LOADS, RIGHT, {false, false, true}, -1, RIGHT}, MM_CAUSE_CT_REVERSED, 3},
	{{LOADS, RIGHT, {false, false, true}, 1, RIGHT, true}, MM_CAUSE_CT_REVERSED, 3},
	{{LOADS, RIGHT, {true, true, true}, 1, RIGHT}, MM_CAUSE_CTS_REVERSED, 0},
	{{LOADS, {1, 2, 0}, {0}, 1, RIGHT}, MM_CAUSE_CTS_ROTATED, 0},
	{{LOADS, {2, 0, 1}, {0}, 1, RIGHT}, MM_CAUSE_CTS_ROTATED, 0},
	{{LOADS, {1, 2, 0}, {0}, -1, RIGHT}, MM_CAUSE_CTS_ROTATED, 0},
	{{LOADS, {2, 0, 1}, {0}, 1, RIGHT, true}, MM_CAUSE_CTS_ROTATED, 0},
	{{LOADS, {1, 0, 2}, {0}, 1, RIGHT}, MM_CAUSE_TWO_CTS_CROSSED, 0},
	{{LOADS, {0, 2, 1}, {0}, -1, RIGHT}, MM_CAUSE_TWO_CTS_CROSSED, 0},
	{{LOADS, {2, 1, 0}, {0}, 1, RIGHT}, MM_CAUSE_TWO_CTS_CROSSED, 0},
	{{LOADS, {0, 0, 2}, {0}, 1, RIGHT}, MM_CAUSE_CT_WRONG_LINE, 2},
	{{LOADS, RIGHT, {0}, 1, {0, 0, 2}}, MM_CAUSE_LEAD_WRONG_LINE, 2},
	{{LOADS, RIGHT, {0}, 1, {0, 1, 1}}, MM_CAUSE_LEAD_WRONG_LINE, 3},
	/* Balanced, and with the power factor of motors. */
	{{{10, 10, 10}, {30, 30, 30}, {1, 2, 0}, {0}, 1, RIGHT}, MM_CAUSE_CTS_ROTATED, 0},
	{{{10, 10, 10}, {30, 30, 30}, RIGHT, {0}, 1, RIGHT}, MM_CAUSE_NONE, 0},
	{{{10, 10, 10}, {40, 40, 40}, RIGHT, {false, true, false}, 1, RIGHT}, MM_CAUSE_CT_REVERSED, 2},
	/* A load between two lines: 30 degrees before one's voltage and behind the other's. */
	{{{10, 10, 4}, {-30, 30, 0}, RIGHT, {0}, 1, RIGHT}, MM_CAUSE_NONE, 0},
};

START_TEST(the_cause_is_named)
{
	const struct mm_circumstances none = {.health = MM_HEALTH_OK};
	struct mm_diagnosis diagnosis = diagnose(&cases[_i].truth, &none);

	ck_assert_str_eq(mm_cause_info(diagnosis.finding[0].cause)->name, mm_cause_info(cases[_i].cause)->name);
	ck_assert_uint_eq(diagnosis.finding[0].element, cases[_i].element);
}
END_TEST

/* What is right shows what a turned CT with generation would: nothing but generation is tied with a turned CT. */
START_TEST(a_turned_ct_is_tied_with_generation_alone)
{
	const struct mm_circumstances none = {.health = MM_HEALTH_OK};
	struct mm_diagnosis diagnosis = diagnose(&cases[4].truth, &none);

	for (unsigned i = 1; i < diagnosis.count; i++) {
		ck_assert_msg(diagnosis.finding[i].tie == 0 || diagnosis.finding[i].cause == MM_CAUSE_GENERATION, "%s of %u",
			      mm_cause_info(diagnosis.finding[i].cause)->name, diagnosis.finding[i].element);
	}
}
END_TEST

START_TEST(what_is_said_counts)
{
	const struct mm_circumstances solar = {.health = MM_HEALTH_OK, .generates = {false, true, false}};
	const struct mm_circumstances corrected = {.health = MM_HEALTH_OK, .correction = MM_CORRECTION_CT2_REVERSED};
	struct mm_diagnosis diagnosis = diagnose(&cases[4].truth, &solar);

	ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_GENERATION_CONFIGURED);
	ck_assert_uint_eq(diagnosis.finding[0].element, 2);
	diagnosis = diagnose(&cases[4].truth, &corrected);
	ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_CT_REVERSED);
	ck_assert(diagnosis.finding[0].corrected);
	diagnosis = diagnose(&cases[0].truth, &corrected);
	ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_CORRECTION_WRONG);
}
END_TEST

/* The neutral's lead on a line, a dead line, and volts that are not this meter's. */
static const struct {
	double volts[3];
	enum mm_cause cause;
	unsigned element;
} supplies[] = {
	{{230, 230, 0}, MM_CAUSE_LINE_MISSING, 3},	{{0, 0, 0}, MM_CAUSE_NO_SUPPLY, 0},
	{{190, 230, 230}, MM_CAUSE_VOLTAGE_LOW, 1},	{{230, 270, 230}, MM_CAUSE_VOLTAGE_HIGH, 2},
	{{398, 230, 398}, MM_CAUSE_NEUTRAL_SWAPPED, 2}, {{210, 250, 230}, MM_CAUSE_LOAD_SMALL, 1},
};

START_TEST(the_supply_is_judged_by_the_rated_volts)
{
	const struct mm_circumstances none = {.health = MM_HEALTH_OK};
	const struct mm_meter_config config = {.model = wye, .input = {0, 1, 2}};
	struct mm_measurement m = {.end_ns = MM_NS_PER_S, .latched = true, .input_count = 3};
	struct mm_observation observation;
	struct mm_diagnosis diagnosis;

	mm_observation_init(&observation, 3);
	for (unsigned e = 0; e < 3; e++) {
		m.input[e] = (struct mm_input_reading){supplies[_i].volts[e], 0.5, 0.5 * supplies[_i].volts[e], 0, 50};
	}
	for (unsigned i = 0; i < 8; i++) {
		mm_observation_add(&observation, &config, &m);
	}
	mm_diagnose(&observation, &wye, &none, &diagnosis);
	ck_assert_str_eq(mm_cause_info(diagnosis.finding[0].cause)->name, mm_cause_info(supplies[_i].cause)->name);
	ck_assert_uint_eq(diagnosis.finding[0].element, supplies[_i].element);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("three");
	TCase *tcase = tcase_create("three");

	tcase_add_loop_test(tcase, the_cause_is_named, 0, MM_COUNT_OF(cases));
	tcase_add_test(tcase, a_turned_ct_is_tied_with_generation_alone);
	tcase_add_test(tcase, what_is_said_counts);
	tcase_add_loop_test(tcase, the_supply_is_judged_by_the_rated_volts, 0, MM_COUNT_OF(supplies));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
