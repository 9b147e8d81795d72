/* SPDX-License-Identifier: MIT */
/* Wires that are put right under a diagnosis: what was evidence of the fault is none any more. Loads, in turn, stay evidence. */
#include <math.h>

#include "diagnosis/diagnosis.h"
#include "fixture/random.h"
#include "fixture/suite.h"
#include "sim/flow.h"

#define BEFORE_WINDOWS 70
#define AFTER_WINDOWS 120
/* The second of the change and the one after it can show both. */
#define CHANGE_WINDOWS 2
#define HEATER_W 1500.0
#define LINE_OHM 0.05
#define COMMON_NOISE_V 0.1
#define OWN_NOISE_V 0.03
#define MOMENTS 6

static const struct mm_meter_config config = {
	.model = {.elements = 2, .wires = MM_WIRES_3W, .rated_voltage_v = 120, .ct_primary_a = 200}, .input = {0, 1}};

/* Every wire can be wrong: of a CT its line and its sense, of a lead its conductor. */
struct wires {
	const char *name;
	unsigned lines; /* of a service where it can be */
	struct mm_sim_ct ct[2];
	struct mm_sim_lead lead[2], neutral;
};

#define CT_A                                                                                                                     \
	{                                                                                                                        \
		.line = 0                                                                                                        \
	}
#define CT_B                                                                                                                     \
	{                                                                                                                        \
		.line = 1                                                                                                        \
	}
#define LEADS .lead = {{.conductor = 0}, {.conductor = 1}}
#define NEUTRAL .neutral = {.conductor = MM_SIM_NEUTRAL}
#define RIGHT_CTS .ct = {CT_A, CT_B}

static const struct wires faults[] = {
	{"ct_a reversed", 2, .ct = {{.line = 0, .reversed = true}, CT_B}, LEADS, NEUTRAL},
	{"ct_b reversed", 2, .ct = {CT_A, {.line = 1, .reversed = true}}, LEADS, NEUTRAL},
	{"both reversed", 2, .ct = {{.line = 0, .reversed = true}, {.line = 1, .reversed = true}}, LEADS, NEUTRAL},
	{"CTs crossed", 2, .ct = {CT_B, CT_A}, LEADS, NEUTRAL},
	{"CTs crossed, one reversed", 2, .ct = {{.line = 1, .reversed = true}, CT_A}, LEADS, NEUTRAL},
	{"ct_a on b", 2, .ct = {CT_B, CT_B}, LEADS, NEUTRAL},
	{"ct_b on a", 2, .ct = {CT_A, CT_A}, LEADS, NEUTRAL},
	{"ct_a on c", 3, .ct = {{.line = 2}, CT_B}, LEADS, NEUTRAL},
	{"ct_b on c", 3, .ct = {CT_A, {.line = 2}}, LEADS, NEUTRAL},
	{"ct_a open", 2, .ct = {{.line = 0, .open = true}, CT_B}, LEADS, NEUTRAL},
	{"ct_b open", 2, .ct = {CT_A, {.line = 1, .open = true}}, LEADS, NEUTRAL},
	{"lead_a on b", 2, RIGHT_CTS, .lead = {{.conductor = 1}, {.conductor = 1}}, NEUTRAL},
	{"lead_b on a", 2, RIGHT_CTS, .lead = {{.conductor = 0}, {.conductor = 0}}, NEUTRAL},
	{"leads crossed", 2, RIGHT_CTS, .lead = {{.conductor = 1}, {.conductor = 0}}, NEUTRAL},
	{"lead_a open", 2, RIGHT_CTS, .lead = {{.conductor = 0, .open = true}, {.conductor = 1}}, NEUTRAL},
	{"lead_n open", 2, RIGHT_CTS, LEADS, .neutral = {.conductor = MM_SIM_NEUTRAL, .open = true}},
	{"lead_n and lead_a", 2, RIGHT_CTS, .lead = {{.conductor = MM_SIM_NEUTRAL}, {.conductor = 1}},
	 .neutral = {.conductor = 0}},
};

static const struct wires right = {"right", 2, RIGHT_CTS, LEADS, NEUTRAL},
			  ct_a_on_b = {"ct_a on b", 2, .ct = {CT_B, CT_B}, LEADS, NEUTRAL};

struct service {
	double lag_deg[3];
	unsigned lines;
};

static const struct service services[] = {{{0, 180, 0}, 2}, {{0, 120, 240}, 3}, {{0, 240, 120}, 3}};

struct scene {
	struct mm_sim_state state;
	struct mm_observation observation;
	const struct service *service;
	bool lag_known;
	uint64_t random;
	unsigned windows;
};

static void begin(struct scene *scene, const struct service *service, bool lag_known, uint64_t random)
{
	*scene = (struct scene){.service = service, .lag_known = lag_known, .random = random};
	mm_sim_state_init(&scene->state);
	mm_observation_init(&scene->observation, 2);
	scene->state.line_ohm = LINE_OHM;
	for (unsigned i = 0; i < 3; i++) {
		scene->state.lag_deg[i] = service->lag_deg[i];
	}
	scene->state.load[0] = (struct mm_sim_load){.active_w = 1200};
	scene->state.load[1] = (struct mm_sim_load){.active_w = 700, .reactive_var = 150};
	scene->state.load[2].active_w = service->lines > 2 ? 1000 : 0;
}

static void wire(struct mm_sim_state *state, const struct wires *wires)
{
	for (unsigned e = 0; e < 2; e++) {
		state->ct[e] = wires->ct[e];
		state->lead[e] = wires->lead[e];
	}
	state->lead[MM_SIM_NEUTRAL] = wires->neutral;
}

/* For a part of the window the wires are as they were, and then as they are. */
static void mix(const struct mm_sim_flow *was, const struct mm_sim_flow *is, double part, struct mm_measurement *ret)
{
	*ret = (struct mm_measurement){.end_ns = MM_NS_PER_S, .latched = true, .input_count = 2};
	for (unsigned e = 0; e < 2; e++) {
		ret->input[e] = (struct mm_input_reading){
			.voltage_v = sqrt(part * pow(was->voltage_v[e], 2) + (1 - part) * pow(is->voltage_v[e], 2)),
			.current_a = sqrt(part * pow(was->current_a[e], 2) + (1 - part) * pow(is->current_a[e], 2)),
			.active_ws = (part * (double)was->active_uw[e] + (1 - part) * (double)is->active_uw[e]) / 1e6,
			.reactive_vars = (part * (double)was->reactive_uvar[e] + (1 - part) * (double)is->reactive_uvar[e]) / 1e6,
			.frequency_hz = 60,
		};
		ret->phasors[e].voltage = (struct mm_phasor){is->voltage_v[e] * cos(is->voltage_lag_rad[e]),
							     -is->voltage_v[e] * sin(is->voltage_lag_rad[e])};
	}
}

/* A heater comes and goes on one line, then on the other. */
static void step(struct scene *scene, const struct wires *was, const struct wires *is, double part)
{
	double together = mm_random_noise(&scene->random, COMMON_NOISE_V);
	struct mm_sim_state state = scene->state;
	struct mm_sim_flow before, after;
	struct mm_measurement measurement;
	unsigned phase = scene->windows++ / 5 % 8;

	for (unsigned i = 0; i < scene->service->lines; i++) {
		state.voltage_v[i] = 120.4 - 0.7 * i + together + mm_random_noise(&scene->random, OWN_NOISE_V);
	}
	state.load[0].active_w += phase == 1 || phase == 3 ? HEATER_W : 0;
	state.load[1].active_w += phase == 4 || phase == 6 ? HEATER_W : 0;
	wire(&state, was);
	mm_sim_flow_compute(&state, &before);
	wire(&state, is);
	mm_sim_flow_compute(&state, &after);
	mix(&before, &after, part, &measurement);
	if (!scene->lag_known) {
		measurement.phasors[0].voltage = (struct mm_phasor){0, 0};
	}
	mm_observation_add(&scene->observation, &config, &measurement);
}

static void diagnose(const struct scene *scene, struct mm_diagnosis *ret)
{
	mm_diagnose(&scene->observation, &config.model, &(struct mm_circumstances){.health = MM_HEALTH_OK}, ret);
}

static void try_repair(const struct service *service, const struct wires *fault, bool lag_known, unsigned moment)
{
	struct scene *scene = &(struct scene){0};
	double part = moment % 3 / 3.0;

	begin(scene, service, lag_known, moment + 1);
	for (unsigned w = 0; w < BEFORE_WINDOWS + 7 * moment; w++) {
		step(scene, fault, fault, 1);
	}
	step(scene, fault, &right, part);
	for (unsigned w = 0; w < AFTER_WINDOWS; w++) {
		struct mm_diagnosis diagnosis;

		step(scene, &right, &right, 1);
		if (w + 1 < CHANGE_WINDOWS || (w > 12 && w % 5 != 0)) {
			continue;
		}
		diagnose(scene, &diagnosis);
		ck_assert_msg(!mm_cause_info(diagnosis.finding[0].cause)->fault,
			      "%s at %g degrees, put right at moment %u, %u s later: %s of element %u (%.2f)", fault->name,
			      service->lag_deg[1], moment, w, mm_cause_info(diagnosis.finding[0].cause)->name,
			      diagnosis.finding[0].element, diagnosis.finding[0].confidence);
	}
}

/* Whatever was wrong, and whenever it is put right: nobody is sent to turn it wrong again. */
START_TEST(what_is_put_right_is_no_fault_any_more)
{
	const struct wires *fault = &faults[_i];

	for (unsigned s = 0; s < 3; s++) {
		for (unsigned moment = 0; moment < MOMENTS && services[s].lines >= fault->lines; moment++) {
			try_repair(&services[s], fault, (moment + s) % 2, moment);
		}
	}
}
END_TEST

/* A wire that comes off counts from there as well. */
START_TEST(what_goes_wrong_is_named)
{
	struct scene *scene = &(struct scene){0};
	struct mm_diagnosis diagnosis;

	begin(scene, &services[1], false, 3);
	for (unsigned w = 0; w < 90; w++) {
		step(scene, w < 50 ? &right : &faults[0], w < 50 ? &right : &faults[0], 1);
	}
	diagnose(scene, &diagnosis);
	ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_CT_REVERSED);
	ck_assert_uint_eq(diagnosis.finding[0].element, 1);
}
END_TEST

START_TEST(loads_and_generation_stay_evidence)
{
	struct scene *scene = &(struct scene){0};
	struct mm_diagnosis diagnosis;

	for (unsigned s = 0; s < 3; s++) {
		begin(scene, &services[s], false, s + 1);
		for (unsigned w = 0; w < MM_OBSERVATION_WINDOWS; w++) {
			step(scene, &right, &right, 1);
		}
		ck_assert_uint_eq(scene->observation.count, MM_OBSERVATION_WINDOWS);
		/* A cloud goes, at noon. */
		scene->state.load[0].active_w = -2600;
		for (unsigned w = 0; w < 8; w++) {
			step(scene, &right, &right, 1);
		}
		ck_assert_uint_eq(scene->observation.count, MM_OBSERVATION_WINDOWS);
		diagnose(scene, &diagnosis);
		ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_GENERATION);
	}
}
END_TEST

/*
 * A heater turns the power of a line round that something generates on. The voltages answer to it beside another one that comes
 * or goes in the same second, and by that answer it is no load; but what it leaves was there before.
 */
START_TEST(a_load_that_goes_was_no_wire)
{
	static const double watts[] = {-130, -240, -700, -1100};
	struct scene *scene = &(struct scene){0};

	for (unsigned i = 0; i < MM_COUNT_OF(watts); i++) {
		begin(scene, &services[_i], false, i + 1);
		scene->state.load[0].active_w = watts[i];
		for (unsigned w = 0; w < MM_OBSERVATION_WINDOWS; w++) {
			step(scene, &right, &right, 1);
			ck_assert_msg(scene->observation.count == w + 1, "%g W: %u of %u windows", watts[i],
				      scene->observation.count, w + 1);
		}
	}
}
END_TEST

/* Where the conductors are so thick that no voltage answers, either. */
START_TEST(a_load_that_goes_was_none_when_it_came)
{
	struct scene *scene = &(struct scene){0};
	unsigned least = MM_OBSERVATION_WINDOWS;

	begin(scene, &services[_i], false, (uint64_t)_i + 1);
	scene->state.line_ohm = 0.002;
	scene->state.load[0].active_w = -700;
	for (unsigned w = 0; w < MM_OBSERVATION_WINDOWS; w++) {
		step(scene, &right, &right, 1);
		least = w > 1 && scene->observation.count < least ? scene->observation.count : least;
	}
	ck_assert_uint_le(least, 1); /* it was doubted */
	ck_assert_uint_eq(scene->observation.count, MM_OBSERVATION_WINDOWS);
}
END_TEST

/*
 * Where a heater turns the power of a line round behind a CT that is turned, the voltages answer the first time as to no load.
 * When it goes, or comes again, that was no wire: what was before it counts.
 */
START_TEST(a_load_that_comes_again_was_no_wire)
{
	struct scene *scene = &(struct scene){0};
	unsigned least = MM_OBSERVATION_WINDOWS;
	struct mm_diagnosis diagnosis;

	begin(scene, &services[_i], false, (uint64_t)_i + 1);
	for (unsigned w = 0; w < MM_OBSERVATION_WINDOWS; w++) {
		scene->state.load[0].active_w = -300 - 12.0 * w; /* the sun rises: no current is there again */
		step(scene, &faults[0], &faults[0], 1);
		least = w > 1 && scene->observation.count < least ? scene->observation.count : least;
	}
	ck_assert_uint_le(least, 1); /* it was doubted */
	ck_assert_uint_eq(scene->observation.count, MM_OBSERVATION_WINDOWS);
	diagnose(scene, &diagnosis);
	ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_CT_REVERSED);
	ck_assert_uint_eq(diagnosis.finding[0].element, 1);
}
END_TEST

/* Of another jump before it that says nothing: a wire that was moved then stays so. */
START_TEST(what_was_before_a_wire_stays_forgotten)
{
	struct scene *scene = &(struct scene){0};
	unsigned seen = 0;

	for (unsigned moment = 0; moment < 10; moment++) {
		begin(scene, &services[_i], false, moment + 1);
		scene->state.load[0].active_w = -700;
		for (unsigned w = 0; w < MM_OBSERVATION_WINDOWS + 4 * moment; w++) {
			step(scene, &ct_a_on_b, &ct_a_on_b, 1);
		}
		for (unsigned w = 0; w < MM_OBSERVATION_WINDOWS / 2; w++) {
			step(scene, &faults[0], &faults[0], 1);
			if (w == 0 && scene->observation.count > 1) {
				break;
			}
			seen += w == 0;
			ck_assert_msg(scene->observation.count <= w + 1, "moment %u: %u windows after %u", moment,
				      scene->observation.count, w + 1);
		}
	}
	ck_assert_uint_gt(seen, 0);
}
END_TEST

/* Though the voltages seem to speak for it: a right meter would run backwards. */
START_TEST(nobody_is_told_to_make_power_negative)
{
	struct mm_observation observation;
	struct mm_circumstances circumstances = {.health = MM_HEALTH_OK};
	struct mm_diagnosis diagnosis;

	mm_observation_init(&observation, 2);
	for (unsigned i = 0; i < 40; i++) {
		/* Generation behind two CTs that are turned: the voltages rise with what is shown as load. */
		double a = i / 4 % 2 ? 20 : 8, b = i / 8 % 2 ? 16 : 6, volts[] = {118 + 0.1 * a, 118 + 0.1 * b};
		struct mm_measurement m = {.end_ns = MM_NS_PER_S, .latched = true, .input_count = 2};

		m.input[0] = (struct mm_input_reading){volts[0], a, .active_ws = volts[0] * a, .frequency_hz = 60};
		m.input[1] = (struct mm_input_reading){volts[1], b, .active_ws = volts[1] * b, .frequency_hz = 60};
		mm_observation_add(&observation, &config, &m);
	}
	mm_diagnose(&observation, &config.model, &circumstances, &diagnosis);
	ck_assert_int_eq(diagnosis.finding[0].cause, MM_CAUSE_NONE);
	for (unsigned i = 0; i < diagnosis.count; i++) {
		ck_assert_int_ne(diagnosis.finding[i].cause, MM_CAUSE_CTS_REVERSED);
	}
}
END_TEST

/* 119.1 and 119.6 V are of two lines; only halves of one voltage are exactly alike. */
START_TEST(a_neutral_lead_is_open_only_where_voltages_are_alike)
{
	for (unsigned alike = 0; alike < 2; alike++) {
		struct mm_observation observation;
		struct mm_diagnosis diagnosis;
		bool said = false;

		mm_observation_init(&observation, 2);
		for (unsigned i = 0; i < 20; i++) {
			struct mm_measurement m = {.end_ns = MM_NS_PER_S, .latched = true, .input_count = 2};

			m.input[0] = (struct mm_input_reading){119.1, 9, .active_ws = 1070, .frequency_hz = 60};
			m.input[1] = (struct mm_input_reading){alike ? 119.1 : 119.6, 6, .active_ws = 712, .frequency_hz = 60};
			mm_observation_add(&observation, &config, &m);
		}
		mm_diagnose(&observation, &config.model, &(struct mm_circumstances){.health = MM_HEALTH_OK}, &diagnosis);
		for (unsigned i = 0; i < diagnosis.count; i++) {
			said = said || diagnosis.finding[i].cause == MM_CAUSE_NEUTRAL_LEAD_OPEN;
		}
		ck_assert_int_eq(said, alike);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rewiring");
	TCase *tcase = tcase_create("rewiring"), *slow = tcase_create("slow");

	tcase_set_timeout(tcase, 60);
	tcase_set_timeout(slow, 60);
	tcase_add_loop_test(slow, what_is_put_right_is_no_fault_any_more, 0, MM_COUNT_OF(faults));
	tcase_set_tags(slow, "slow");
	suite_add_tcase(suite, slow);
	tcase_add_test(tcase, what_goes_wrong_is_named);
	tcase_add_test(tcase, loads_and_generation_stay_evidence);
	tcase_add_loop_test(tcase, a_load_that_goes_was_no_wire, 0, MM_COUNT_OF(services));
	tcase_add_loop_test(tcase, a_load_that_goes_was_none_when_it_came, 0, MM_COUNT_OF(services));
	tcase_add_loop_test(tcase, a_load_that_comes_again_was_no_wire, 0, MM_COUNT_OF(services));
	tcase_add_loop_test(tcase, what_was_before_a_wire_stays_forgotten, 0, MM_COUNT_OF(services));
	tcase_add_test(tcase, a_neutral_lead_is_open_only_where_voltages_are_alike);
	tcase_add_test(tcase, nobody_is_told_to_make_power_negative);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
