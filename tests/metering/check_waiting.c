/* SPDX-License-Identifier: MIT */
/* Energy that waits in a chip that counts on, over silence or a restart of metering: to whom it belongs, and what is never
 * registered. */
#include "fixture/metering_fixture.h"

#include <string.h>

#include "core/units.h"
#include "fixture/suite.h"

#define WATTS 7200
/* As long as nobody meters. */
#define AWAY_S 30

struct waiting {
	struct metering_fixture *f;
	struct mm_counters counters; /* of the chip, at its last window */
};

/* A window of WATTS on each of two inputs from where the chip was read last, bringing its counters. */
static void counted(struct waiting *w, int seconds, enum mm_health health)
{
	struct mm_front_end_report report = {.at_ns = w->f->now_ns + seconds * MM_NS_PER_S};
	struct mm_measurement *m = &report.measurement;

	w->f->now_ns = report.at_ns;
	*m = (struct mm_measurement){
		.start_ns = w->counters.end_ns, .end_ns = report.at_ns, .health = health, .latched = true, .input_count = 2};
	for (unsigned i = 0; i < m->input_count; i++) {
		m->input[i] =
			(struct mm_input_reading){.voltage_v = 120 + (double)(report.at_ns / MM_NS_PER_S % 97) * 1e-6,
						  .current_a = WATTS / 120.0,
						  .active_ws = (double)WATTS * (double)(m->end_ns - m->start_ns) / MM_NS_PER_S,
						  .frequency_hz = 60};
	}
	w->counters.end_ns = m->end_ns;
	m->counters = w->counters;
	(void)mm_metering_report(w->f->metering, 0, &report);
}

static struct waiting begin(void)
{
	struct waiting w = {.f = setup()};

	keep_memory(w.f);
	stop(w.f);
	w.f->config.meter[0].phase[0] = 0;
	w.f->config.meter[1] = w.f->config.meter[0];
	strcpy(w.f->config.meter[1].name, "n");
	strcpy(w.f->config.meter[1].serial, "2");
	w.f->config.meter[1].phase[0] = 1;
	w.f->config.meter_count = 2;
	start(w.f);
	w.counters = (struct mm_counters){.epoch = 7, .end_ns = w.f->now_ns};
	for (int i = 0; i < 5; i++) {
		counted(&w, 1, MM_HEALTH_OK);
	}
	return w;
}

static void end(struct waiting *w)
{
	stop(w->f);
	teardown(w->f);
}

static int64_t delivered(const struct waiting *w, unsigned meter)
{
	return w->f->metering->meters[meter].meter.registers.delivered.uwh;
}

static uint32_t resumed_epoch(const struct waiting *w)
{
	struct mm_counters counters;

	mm_metering_counters(w->f->metering, 0, &counters);
	return counters.epoch;
}

#define SECONDS_UWH(s) ((int64_t)(s)*WATTS * MM_UWH_PER_WH / 3600)

START_TEST(what_waits_is_registered)
{
	struct waiting w = begin();

	stop(w.f);
	start(w.f);
	ck_assert_uint_eq(resumed_epoch(&w), 7);
	counted(&w, AWAY_S, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 0), SECONDS_UWH(5 + AWAY_S));
	ck_assert_int_eq(delivered(&w, 1), SECONDS_UWH(5 + AWAY_S));
	ck_assert_uint_eq(count(w.f).gap, 0);
	end(&w);
}
END_TEST

/* The same within a run: a front end that is stale registers nothing, and then all that its chip has counted. */
START_TEST(what_is_counted_in_silence_is_registered)
{
	struct waiting w = begin();

	run_timer_until(w.f, w.f->now_ns + AWAY_S * MM_NS_PER_S);
	ck_assert_int_eq(mm_view_front_end(w.f->metering, 0).health, MM_HEALTH_STALE);
	ck_assert_int_eq(delivered(&w, 0), SECONDS_UWH(5));
	counted(&w, 1, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 0), SECONDS_UWH(5 + AWAY_S + 1));
	ck_assert_uint_eq(count(w.f).gap, 0);
	end(&w);
}
END_TEST

static void other_multiplier(struct mm_config *config)
{
	config->meter[0].multiplier = 100;
}

static void other_burden(struct mm_config *config)
{
	config->front_end[0].afe.burden_ohm = 1;
}

static void other_divider(struct mm_config *config)
{
	config->front_end[0].afe.voltage_divider = 2000;
}

static void other_uri(struct mm_config *config)
{
	strcpy(config->front_end[0].afe.uri, "ip:192.0.2.1");
}

static void other_device(struct mm_config *config)
{
	strcpy(config->front_end[0].afe.device, "flat");
}

static void other_phase(struct mm_config *config)
{
	config->meter[0].phase[0] = 2;
}

/* Of meter 0, or of both. */
static const struct {
	void (*change)(struct mm_config *config);
	bool both;
} other_settings[] = {{other_multiplier, false}, {other_burden, true}, {other_divider, true},
		      {other_uri, true},	 {other_device, true}, {other_phase, false}};

START_TEST(another_scale_is_a_gap)
{
	struct waiting w = begin();
	bool both = other_settings[_i].both;
	int64_t before = delivered(&w, 0);

	stop(w.f);
	other_settings[_i].change(&w.f->config);
	start(w.f);
	ck_assert_uint_eq(resumed_epoch(&w), both ? 0 : 7);
	counted(&w, AWAY_S, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 0), before);
	ck_assert_int_eq(delivered(&w, 1), both ? before : SECONDS_UWH(5 + AWAY_S));
	ck_assert_uint_eq(count(w.f).gap, both ? 2 : 1);
	counted(&w, 1, MM_HEALTH_OK);
	ck_assert_int_gt(delivered(&w, 0), before);
	end(&w);
}
END_TEST

/* The calibration that was in force when the run before ended is the same one. */
START_TEST(a_calibration_of_before_stays)
{
	struct waiting w = begin();
	struct mm_calibration_version version = mm_calibration_none;
	int64_t before = delivered(&w, 0);

	version.number = 1;
	ck_assert_int_eq(mm_metering_calibrate(w.f->metering, 0, &version), 0);
	counted(&w, 1, MM_HEALTH_OK);
	before = delivered(&w, 0);
	stop(w.f);
	start(w.f);
	counted(&w, AWAY_S, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 0), before + SECONDS_UWH(AWAY_S));
	end(&w);
}
END_TEST

START_TEST(a_meter_that_is_new_takes_nothing)
{
	struct waiting w = begin();
	int64_t before = delivered(&w, 0);

	stop(w.f);
	w.f->config.meter[2] = w.f->config.meter[1];
	strcpy(w.f->config.meter[2].name, "o");
	strcpy(w.f->config.meter[2].serial, "3");
	w.f->config.meter_count = 3;
	start(w.f);
	ck_assert_uint_eq(resumed_epoch(&w), 7);
	counted(&w, AWAY_S, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 0), before + SECONDS_UWH(AWAY_S));
	ck_assert_int_eq(delivered(&w, 1), before + SECONDS_UWH(AWAY_S));
	ck_assert_int_eq(delivered(&w, 2), 0);
	counted(&w, 1, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 2), SECONDS_UWH(1));
	end(&w);
}
END_TEST

START_TEST(a_refused_window_stays_refused)
{
	struct waiting w = begin();
	struct mm_counters counters;

	counted(&w, 1, MM_HEALTH_IMPLAUSIBLE);
	stop(w.f);
	start(w.f);
	mm_metering_counters(w.f->metering, 0, &counters);
	ck_assert_int_eq(counters.end_ns, w.counters.end_ns);
	counted(&w, 10, MM_HEALTH_OK);
	ck_assert_int_eq(delivered(&w, 0), SECONDS_UWH(5 + 10));
	ck_assert_uint_eq(count(w.f).gap, 1);
	end(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("waiting");
	TCase *tcase = tcase_create("waiting");

	tcase_add_test(tcase, what_waits_is_registered);
	tcase_add_test(tcase, what_is_counted_in_silence_is_registered);
	tcase_add_loop_test(tcase, another_scale_is_a_gap, 0, MM_COUNT_OF(other_settings));
	tcase_add_test(tcase, a_calibration_of_before_stays);
	tcase_add_test(tcase, a_meter_that_is_new_takes_nothing);
	tcase_add_test(tcase, a_refused_window_stays_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
