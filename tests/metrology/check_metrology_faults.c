/* SPDX-License-Identifier: MIT */
/* Supplies that sag, go and come back, channels that fail, and codes that no converter gives. */
#include "fixture/metrology_fixture.h"

#include <errno.h>
#include <math.h>

#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

/* ---- Supplies that fail ---- */

/* Without any supply windows go by time, and with it they are between crossings again. */
START_TEST(no_supply)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	for (unsigned i = 0; i < INPUTS; i++) {
		f->signal.voltage_v[i] = _i == 0 ? 0 : 120;
		f->signal.current_a[i] = 0;
	}
	f->signal.noise = 20;
	skip(f, 3);
	f->signal.voltage_v[0] = f->signal.voltage_v[1] = 0;
	skip(f, 2);
	for (int i = 0; i < 20; i++) {
		int64_t end_ns = f->window.measurement.end_ns;

		next_window(f);
		assert_finite(f);
		ck_assert_int_eq(f->window.measurement.start_ns, end_ns);
		ck_assert(!f->window.synchronous && f->window.measurement.input[0].frequency_hz == 0);
		ck_assert(f->window.measurement.phasors[0].voltage.re == 0);
		assert_near(window_s(f), 0.3, 0.06);
	}
	f->signal.voltage_v[0] = 120;
	skip(f, 3);
	ck_assert(f->window.synchronous);
	assert_near(f->window.measurement.input[0].frequency_hz, 60, 1e-3);
}
END_TEST

/* The reference loses its supply: the other line takes over. Only the first line's energy ends. */
START_TEST(reference_lost)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	skip(f, 3);
	ck_assert(f->window.synchronous);
	f->signal.voltage_v[0] = 0;
	skip(f, 4);
	for (int i = 0; i < 5; i++) {
		next_window(f);
		ck_assert(f->window.synchronous);
		assert_near(f->window.detail[1].active_w / 600, 1, 1e-5);
		assert_near(f->window.measurement.input[1].frequency_hz, 60, 1e-3);
	}
}
END_TEST

/* Steps of frequency no supply makes: windows keep joining, and are right again at once. */
START_TEST(frequency_steps)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	static const double steps[] = {45, 65, 50, 60, 65, 45};

	for (int s = 0; s < MM_COUNT_OF(steps); s++) {
		change_frequency(f, steps[s]);
		for (int i = 0; i < 4; i++) {
			int64_t end_ns = f->window.measurement.end_ns;

			next_window(f);
			assert_finite(f);
			if (s > 0) {
				ck_assert_int_eq(f->window.measurement.start_ns, end_ns);
				assert_near(f->window.detail[0].active_w / 1200, 1, 0.02);
			}
		}
		assert_near(f->window.measurement.input[0].frequency_hz, steps[s], 1e-3);
		assert_near(f->window.measurement.input[0].reactive_vars, 0, 0.1);
		assert_near(f->window.detail[0].active_w / 1200, 1, 1e-5);
	}
}
END_TEST

/* Plays so many cycles at a voltage, collecting the events of the first input. */
static int play_voltage(struct metrology_fixture *f, double voltage_v, double cycles, struct mm_voltage_event *ret)
{
	int64_t until = f->frame + llround(cycles / f->signal.frequency_hz * f->signal.rate_hz);
	int count = 0;

	f->signal.voltage_v[0] = voltage_v;
	f->block = 10;
	while (f->frame < until) {
		play(f);
		while (mm_metrology_next(&f->metrology, &f->window)) {
			for (unsigned e = 0; e < f->window.measurement.event_count; e++) {
				if (f->window.measurement.event[e].input == 0) {
					*ret = f->window.measurement.event[e];
					count++;
				}
			}
		}
	}
	return count;
}

static const struct {
	double voltage_v, cycles;
	int events;
	enum mm_voltage_event_kind kind;
} dips[] = {
	{84, 5, 1, MM_VOLTAGE_SAG},	    {84, 1.5, 1, MM_VOLTAGE_SAG},	 {138, 8, 1, MM_VOLTAGE_SWELL},
	{0, 4, 1, MM_VOLTAGE_INTERRUPTION}, {3, 40, 1, MM_VOLTAGE_INTERRUPTION}, {109, 5, 0, MM_VOLTAGE_SAG},
	{131, 5, 0, MM_VOLTAGE_SWELL},
};

/* IEC 61000-4-30: a sag is found by the rms of a cycle, its depth true and its length to a cycle. */
START_TEST(voltage_events)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	struct mm_voltage_event event = {0};

	ck_assert_int_eq(play_voltage(f, 120, 40, &event), 0);
	ck_assert_int_eq(play_voltage(f, dips[_i].voltage_v, dips[_i].cycles, &event) + play_voltage(f, 120, 60, &event),
			 dips[_i].events);
	if (dips[_i].events > 0) {
		ck_assert_int_eq(event.kind, dips[_i].kind);
		assert_near((double)(event.end_ns - event.start_ns) * 60e-9, dips[_i].cycles, 1.1);
		if (dips[_i].cycles >= 2) {
			assert_near(event.extreme_v, dips[_i].voltage_v, 0.6); /* class S may be off by 1.2 V */
		}
	}
}
END_TEST

/* ---- Channels that fail ---- */

static double frozen(struct metrology_fixture *f, double turns, double sine)
{
	(void)f;
	(void)turns;
	(void)sine;
	return 1.25;
}

START_TEST(channel_flags)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->signal.noise = 10;
	skip(f, 2);
	for (unsigned i = 0; i < INPUTS; i++) {
		ck_assert_uint_eq(f->window.detail[i].voltage_flags | f->window.detail[i].current_flags, 0);
	}
	f->signal.current_a[0] = 149; /* 210.7 A peak, beyond the rail */
	f->signal.noise = 0;
	f->signal.voltage_v[1] = 0;
	skip(f, 3);
	ck_assert_uint_eq(f->window.detail[0].current_flags, MM_CHANNEL_CLIPPED);
	ck_assert_uint_eq(f->window.detail[1].voltage_flags, MM_CHANNEL_STUCK);
	ck_assert_uint_eq(f->window.detail[1].current_flags, 0);
	f->signal.shape = frozen;
	skip(f, 3);
	ck_assert_uint_eq(f->window.detail[0].current_flags, MM_CHANNEL_STUCK);
	ck_assert_uint_eq(f->window.detail[0].voltage_flags, 0);
}
END_TEST

/* A channel that is not there reads zero, whatever the frames hold. */
START_TEST(dead_channel)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});

	f->config.input[1].voltage.slot = MM_METROLOGY_DEAD;
	f->config.input[1].current.slot = MM_METROLOGY_DEAD;
	ck_assert_int_eq(mm_metrology_init(&f->metrology, &f->config), 0);
	skip(f, 3);
	ck_assert(f->window.measurement.input[1].voltage_v == 0 && f->window.measurement.input[1].current_a == 0);
	ck_assert_uint_eq(f->window.detail[1].voltage_flags | f->window.detail[1].current_flags, 0);
	assert_near(f->window.detail[0].active_w / 1200, 1, 1e-5);
	assert_finite(f);
}
END_TEST

/* Whatever the codes: finite figures, and windows that join. */
START_TEST(any_codes)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	int64_t end_ns = 0, at_ns = BOOT_NS;
	int windows = 0;

	for (int b = 0; b < 400; b++) {
		unsigned mode = (unsigned)(mm_random(&f->random_state) % 4);

		for (unsigned k = 0; k < BLOCK_MAX * CHANNELS; k++) {
			f->codes[k] = mode == 0	  ? (int32_t)mm_random(&f->random_state)
				      : mode == 1 ? INT32_MIN
				      : mode == 2 ? INT32_MAX * (int32_t)(mm_random(&f->random_state) % 2)
						  : 0;
		}
		at_ns += (int64_t)(mm_random(&f->random_state) % (10 * MM_NS_PER_S));
		mm_metrology_feed(&f->metrology, f->codes, BLOCK_MAX, at_ns);
		while (mm_metrology_next(&f->metrology, &f->window)) {
			assert_finite(f);
			ck_assert(end_ns == 0 || f->window.measurement.start_ns == end_ns);
			end_ns = f->window.measurement.end_ns;
			windows++;
		}
	}
	ck_assert_int_gt(windows, 100);
}
END_TEST

START_TEST(refused)
{
	struct metrology_fixture *f = setup(&(struct metrology_fixture){0});
	const struct mm_metrology_config good = f->config;

	for (int i = 0; i < 12; i++) {
		f->config = good;
		switch (i) {
		case 0:
			f->config.rate_hz = NAN;
			break;
		case 1:
			f->config.rate_hz = 1000;
			break;
		case 2:
			f->config.rate_hz = 1e6;
			break;
		case 3:
			f->config.frame_channels = 0;
			break;
		case 4:
			f->config.frame_channels = MM_METROLOGY_FRAME_MAX + 1;
			break;
		case 5:
			f->config.rails.max = f->config.rails.min;
			break;
		case 6:
			f->config.input[0].nominal_v = 0;
			break;
		case 7:
			f->config.input_count = 0;
			break;
		case 8:
			f->config.input_count = MM_INPUTS_MAX + 1;
			break;
		case 9:
			f->config.input[1].current.slot = CHANNELS;
			break;
		case 10:
			f->config.input[1].current.scale = 0;
			break;
		case 11:
			f->config.input[1].current.lag_deg = 6;
			break; /* 2.96 samples at 45 Hz */
		}
		ck_assert_int_eq(mm_metrology_init(&f->metrology, &f->config), -EINVAL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrology: faults");
	TCase *failures = tcase_create("failures");

	tcase_add_loop_test(failures, no_supply, 0, 2);
	tcase_add_test(failures, reference_lost);
	tcase_add_test(failures, frequency_steps);
	tcase_add_loop_test(failures, voltage_events, 0, MM_COUNT_OF(dips));
	tcase_add_test(failures, channel_flags);
	tcase_add_test(failures, dead_channel);
	tcase_add_test(failures, any_codes);
	tcase_add_test(failures, refused);
	suite_add_tcase(suite, failures);
	return mm_run_suite(suite);
}
