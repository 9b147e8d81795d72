/* SPDX-License-Identifier: MIT */
/* Samples as drivers store them, and as they come: in which order their bytes are, whether all are there, and at which rate. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"
#include "fixture/suite.h"
#include "metrology/sample_watch.h"
#include "metrology/sample_words.h"

/* Words as three drivers might store them, of a sine and of a dead line's noise. */
START_TEST(byte_order_shows_in_the_samples)
{
	static const struct {
		enum mm_byte_order order;
		unsigned shift;
	} forms[] = {{MM_BYTE_ORDER_LITTLE, 0}, {MM_BYTE_ORDER_BIG, 0}, {MM_BYTE_ORDER_BIG, 8}};
	unsigned char words[600][4];

	for (unsigned form = 0; form < 3; form++) {
		for (double peak = 0; peak < 9e6; peak = peak * 10 + 30) {
			for (unsigned i = 0; i < 600; i++) {
				double noise = (double)(i * 7919 % 251) - 125;
				int32_t code = (int32_t)fmax(-8388608, fmin(8388607, peak * sin(i * 0.1) + noise));
				uint32_t word = (uint32_t)code << 8 >> 8 << forms[form].shift;

				for (unsigned byte = 0; byte < 4; byte++) {
					bool little = forms[form].order == MM_BYTE_ORDER_LITTLE;

					words[i][little ? byte : 3 - byte] = (unsigned char)(word >> 8 * byte);
				}
				ck_assert_int_eq(mm_sample_word(words[i], forms[form].order, forms[form].shift), code);
			}
			ck_assert_msg(mm_sample_order(words[0], 600, 4, forms[form].shift) == forms[form].order, "%u %g", form,
				      peak);
		}
	}
	memset(words, 7, sizeof(words));
	ck_assert_int_eq(mm_sample_order(words[0], 600, 4, 0), MM_BYTE_ORDER_UNKNOWN);
}
END_TEST

/* Blocks of 800 at 4 kS/s and 30 ppm, whose stamps and arrivals a busy machine makes late. */
struct arriving {
	struct mm_sample_watch watch;
	bool stamped;
	uint32_t seed;
	double time_ns; /* of the last sample */
};

static double lateness(struct arriving *a, double most_ns)
{
	a->seed = a->seed * 1664525u + 1013904223u;
	return most_ns * (a->seed >> 8) / 16777216.0 * ((a->seed >> 4) % 8 == 0 ? 1.0 : 0.05);
}

static enum mm_samples arrive(struct arriving *a, double period_ns, unsigned lost)
{
	int64_t stamps[800];

	for (unsigned i = 0; i < 800; i++) {
		a->time_ns += period_ns * (i == 400 ? 1 + lost : 1);
		stamps[i] = (int64_t)(a->time_ns + lateness(a, 400e3));
	}
	return mm_sample_watch_block(&a->watch, &(struct mm_sample_block){.stamps = a->stamped ? stamps : NULL,
									  .frames = 800,
									  .now_ns = (int64_t)(a->time_ns + lateness(a, 5e6)),
									  .waited = true});
}

START_TEST(a_busy_machine_is_no_loss)
{
	struct arriving a = {.stamped = _i};

	mm_sample_watch_init(&a.watch, 4000);
	for (unsigned i = 0; i < 5000; i++) {
		ck_assert_int_eq(arrive(&a, 250e3 * (1 - 30e-6), 0), MM_SAMPLES_FINE);
	}
	ck_assert_double_eq_tol(a.watch.rate_hz, 4000, 100);
}
END_TEST

START_TEST(losses_show)
{
	struct arriving a = {.stamped = _i};
	unsigned few = _i ? 1 : 30;

	mm_sample_watch_init(&a.watch, 4000);
	for (unsigned round = 0; round < 50; round++) {
		unsigned until = 0;

		for (unsigned i = 0; i < 20; i++) {
			ck_assert_int_eq(arrive(&a, 250e3, 0), MM_SAMPLES_FINE);
		}
		if (arrive(&a, 250e3, few) == MM_SAMPLES_FINE) {
			/* Without stamps within a second. */
			ck_assert(!a.stamped);
			while (arrive(&a, 250e3, 0) == MM_SAMPLES_FINE) {
				ck_assert_uint_lt(++until, MM_SAMPLE_WATCH_BLOCKS);
			}
		}
		ck_assert_int_ge(a.watch.lost, few / 5);
	}
}
END_TEST

START_TEST(a_wrong_rate_is_no_loss)
{
	struct arriving a = {.stamped = _i};
	unsigned blocks = 0;

	mm_sample_watch_init(&a.watch, 4000);
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(arrive(&a, 250e3, 0), MM_SAMPLES_FINE);
	}
	while (arrive(&a, 260e3, 0) != MM_SAMPLES_WRONG_RATE) {
		ck_assert_uint_lt(++blocks, 4 * MM_SAMPLE_WATCH_BLOCKS);
	}
	ck_assert_double_eq_tol(a.watch.rate_hz, 4000 * 25 / 26.0, 40);
	for (blocks = 0; arrive(&a, 250e3, 0) != MM_SAMPLES_FINE;) {
		ck_assert_uint_lt(++blocks, 4 * MM_SAMPLE_WATCH_BLOCKS);
	}
}
END_TEST

/* Stamps of a clock that is set, backwards or by years, are no samples lost for ever. */
START_TEST(stamps_that_jump)
{
	struct arriving a = {.stamped = true};
	unsigned lost = 0;

	mm_sample_watch_init(&a.watch, 4000);
	for (unsigned i = 0; i < 100; i++) {
		a.time_ns += i == 30 ? -3600e9 : i == 60 ? 9e17 : 0;
		lost += arrive(&a, 250e3, 0) != MM_SAMPLES_FINE;
		ck_assert_int_lt(llabs(a.watch.end_ns - (int64_t)a.time_ns), 10 * MM_NS_PER_MS);
	}
	ck_assert_uint_le(lost, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("samples");
	TCase *samples = tcase_create("samples");

	tcase_add_test(samples, byte_order_shows_in_the_samples);
	tcase_add_loop_test(samples, a_busy_machine_is_no_loss, 0, 2);
	tcase_add_loop_test(samples, losses_show, 0, 2);
	tcase_add_loop_test(samples, a_wrong_rate_is_no_loss, 0, 2);
	tcase_add_test(samples, stamps_that_jump);
	suite_add_tcase(suite, samples);
	return mm_run_suite(suite);
}
