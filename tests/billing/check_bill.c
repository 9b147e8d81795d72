/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "billing/bill.h"
#include "core/units.h"
#include "fixture/random.h"
#include "fixture/suite.h"

#define INTERVAL_S 900
#define PERIODS 12
#define ROWS 3000

/* Rows of a life: registers rise by what is in the interval, and now and then by what is in none; one preset. */
struct life {
	struct mm_profile_row row[ROWS];
	struct mm_bill_energy preset;
	int preset_at; /* the interval in which it was set */
	int64_t unknown_uwh;
};

static void live(struct life *life, uint64_t *chance)
{
	int64_t delivered = 0, received = 0, start_s = 1700000000 / INTERVAL_S * INTERVAL_S;

	memset(life, 0, sizeof(*life));
	life->preset = (struct mm_bill_energy){54321 * MM_UWH_PER_KWH, 12 * MM_UWH_PER_KWH};
	life->preset_at = (int)mm_random_below(chance, ROWS);
	for (int i = 0; i < ROWS; i++) {
		struct mm_profile_row *row = &life->row[i];

		if (mm_random_below(chance, 100) == 0) { /* a power cut: energy in no interval */
			delivered += 7 * MM_UWH_PER_WH;
			life->unknown_uwh += 7 * MM_UWH_PER_WH;
		}
		if (i == life->preset_at) {
			delivered += life->preset.delivered_uwh;
			received += life->preset.received_uwh;
		}
		*row = (struct mm_profile_row){
			.start_s = start_s,
			.duration_s = INTERVAL_S,
			.status = mm_random_below(chance, 10) == 0 ? MM_PROFILE_CLOCK_ADJUSTED : 0,
			.delivered_uwh = (int64_t)mm_random_between(chance, 0, 3e9),
			.received_uwh = (int64_t)mm_random_between(chance, 0, 1e9),
			.covered_ns = mm_random_below(chance, 10) == 0 ? 100 * MM_NS_PER_S : INTERVAL_S * MM_NS_PER_S,
		};
		delivered += row->delivered_uwh;
		received += row->received_uwh;
		row->register_delivered_uwh = delivered;
		row->register_received_uwh = received;
		start_s += INTERVAL_S;
		if (mm_random_below(chance, 50) == 0) { /* the clock is set, or there is a gap */
			start_s += ((int)mm_random_below(chance, 40) - 20) * INTERVAL_S;
		}
	}
}

/* Periods that follow one another: each begins where the one before ended, and they add up to the digit. */
START_TEST(periods_add_up)
{
	static struct life life;
	uint64_t chance = 11 + (uint64_t)_i;
	struct mm_bill_energy last, used, sum = {0};
	int64_t in_uwh = 0, unknown_uwh = 0;
	unsigned presets = 0;
	struct mm_bill bill;
	int row = 0;

	live(&life, &chance);
	for (int period = 0; period < PERIODS; period++) {
		int end = period == PERIODS - 1 ? ROWS : row + (int)mm_random_below(&chance, 2 * ROWS / PERIODS);

		struct mm_bill_energy of_rates = {0};

		mm_bill_begin(&bill, period > 0 ? &last : NULL, &life.preset);
		for (; row < end && row < ROWS; row++) {
			mm_bill_add(&bill, &life.row[row], (uint8_t)mm_random_below(&chance, MM_TARIFF_RATES_MAX));
		}
		last = bill.end;
		used = mm_bill_used(&bill);
		ck_assert_int_eq(used.delivered_uwh, bill.in.delivered_uwh + bill.unknown.delivered_uwh);
		ck_assert_int_eq(used.received_uwh, bill.in.received_uwh + bill.unknown.received_uwh);
		for (int r = 0; r < MM_TARIFF_RATES_MAX; r++) {
			of_rates.delivered_uwh += bill.rate[r].used.delivered_uwh;
			of_rates.received_uwh += bill.rate[r].used.received_uwh;
		}
		ck_assert_int_eq(of_rates.delivered_uwh, used.delivered_uwh);
		ck_assert_int_eq(of_rates.received_uwh, used.received_uwh);
		sum.delivered_uwh += used.delivered_uwh;
		sum.received_uwh += used.received_uwh;
		unknown_uwh += bill.unknown.delivered_uwh;
		presets += bill.preset_in;
	}
	for (int i = 0; i < ROWS; i++) {
		in_uwh += life.row[i].delivered_uwh;
	}
	/* What was there before the first interval is in no period. */
	ck_assert_int_eq(presets, life.preset_at > 0);
	ck_assert_int_eq(sum.delivered_uwh, in_uwh + unknown_uwh);
	ck_assert_int_le(life.unknown_uwh - unknown_uwh, 7 * MM_UWH_PER_WH);
	ck_assert_int_eq(last.delivered_uwh, life.row[ROWS - 1].register_delivered_uwh);
}
END_TEST

/* Rows of before do not say what the meter read: the registers go on from those that are known. */
START_TEST(registers_that_are_not_known_follow_from_those_before)
{
	const struct mm_bill_energy begin = {1000, 10}, none = {0};
	const struct mm_profile_row old = {.duration_s = INTERVAL_S,
					   .delivered_uwh = 5,
					   .received_uwh = 1,
					   .register_delivered_uwh = -1,
					   .register_received_uwh = -1};
	const struct mm_profile_row known = {
		.duration_s = INTERVAL_S, .delivered_uwh = 7, .register_delivered_uwh = 1020, .register_received_uwh = 12};
	struct mm_bill bill;

	mm_bill_begin(&bill, &begin, &none);
	mm_bill_add(&bill, &old, 1);
	mm_bill_add(&bill, &old, 1);
	ck_assert_int_eq(mm_bill_used(&bill).delivered_uwh, 10);
	ck_assert_int_eq(bill.end.received_uwh, 12);
	mm_bill_add(&bill, &known, 2);
	ck_assert_int_eq(mm_bill_used(&bill).delivered_uwh, 20);
	ck_assert_int_eq(bill.unknown.delivered_uwh, 3);
	ck_assert_int_eq(bill.unknown.received_uwh, 0);
	ck_assert_int_eq(bill.rate[1].used.delivered_uwh, 10);
	ck_assert_int_eq(bill.rate[2].used.delivered_uwh, 10); /* what lies in no interval has come with this one */
	ck_assert_int_eq(bill.rate[1].duration_s, 2 * INTERVAL_S);
}
END_TEST

START_TEST(maximum_demand_is_of_intervals_that_were_measured_whole)
{
	struct mm_profile_row row = {.start_s = 900, .duration_s = INTERVAL_S, .covered_ns = INTERVAL_S * MM_NS_PER_S};
	const struct mm_bill_energy none = {0};
	struct mm_bill bill;

	mm_bill_begin(&bill, &none, &none);
	row.covered_ns /= 2;
	row.delivered_uwh = 1000 * MM_UWH_PER_WH;
	mm_bill_add(&bill, &row, 0);
	ck_assert_int_eq(bill.demand.peak.end_s, 0);
	ck_assert_int_eq(bill.incomplete, 1);
	row.covered_ns *= 2;
	row.delivered_uwh = 100 * MM_UWH_PER_WH;
	row.start_s = 1800;
	mm_bill_add(&bill, &row, 0);
	row.status = MM_PROFILE_CLOCK_ADJUSTED;
	row.delivered_uwh = 1000 * MM_UWH_PER_WH;
	mm_bill_add(&bill, &row, 0);
	ck_assert_double_eq(bill.demand.peak.w, 400);
	ck_assert_int_eq(bill.demand.peak.end_s, 2700);
	ck_assert_int_eq(bill.flagged[5], 1);
}
END_TEST

/* ---- Demand ---- */

#define MINUTES 3000

/* Intervals of a minute to an hour, with gaps and some that do not count. */
static int make_profile(struct mm_profile_row rows[static MINUTES], int minutes, uint64_t *chance)
{
	int64_t start_s = 1700000000 / 3600 * 3600;
	int count = 0;

	while (count < MINUTES / minutes) {
		if (mm_random_below(chance, 200) > 0) {
			rows[count++] = (struct mm_profile_row){
				.start_s = start_s,
				.duration_s = minutes * 60,
				.status = mm_random_below(chance, 400) == 0 ? MM_PROFILE_CLOCK_ADJUSTED : 0,
				.delivered_uwh = (int64_t)mm_random_between(chance, 0, 1e9),
				.covered_ns = (mm_random_below(chance, 400) == 0 ? 10 : minutes * 60) * MM_NS_PER_S,
			};
		}
		start_s += minutes * 60;
	}
	return count;
}

/* The highest sum of so many intervals, looked for in the plainest way. rate: 0 to 3, or -1 for any. */
static struct mm_demand_peak plain_peak(const struct mm_profile_row *rows, const uint8_t *rates, int count, int parts,
					bool sliding, int rate)
{
	struct mm_demand_peak peak = {0};

	for (int last = parts - 1; last < count; last++) {
		const struct mm_profile_row *end = &rows[last], *begin = &rows[last - parts + 1];
		int64_t end_s = end->start_s + end->duration_s, sum = 0;
		bool right =
			end_s - begin->start_s == parts * end->duration_s && (sliding || end_s % (parts * end->duration_s) == 0);

		for (int i = last - parts + 1; i <= last; i++) {
			right = right && mm_profile_demand_counts(&rows[i]) && (rate < 0 || rates[i] == rate);
			sum += rows[i].delivered_uwh;
		}
		if (right && (peak.end_s == 0 || (double)sum / MM_UWH_PER_WH * 3600 / (parts * end->duration_s) > peak.w)) {
			peak.w = (double)sum / MM_UWH_PER_WH * 3600 / (parts * end->duration_s);
			peak.end_s = end_s;
		}
	}
	return peak;
}

static const struct {
	int minutes, parts;
	bool sliding;
} demands[] = {{1, 15, false}, {1, 60, true},  {1, 60, false}, {5, 3, true},
	       {5, 6, false},  {15, 1, false}, {15, 2, true},  {60, 1, false}};

START_TEST(demand_is_the_highest_mean_of_its_time)
{
	uint64_t chance = 21 + (uint64_t)_i;
	static struct mm_profile_row rows[MINUTES];
	static uint8_t rates[MINUTES];
	int length_s = demands[_i].minutes * demands[_i].parts * 60, count = make_profile(rows, demands[_i].minutes, &chance);
	struct mm_demand_peak expected;
	struct mm_demand demand;

	mm_demand_begin(&demand, length_s, demands[_i].sliding);
	for (int i = 0; i < count; i++) {
		rates[i] = i > 0 && mm_random_below(&chance, 40) > 0 ? rates[i - 1] : (uint8_t)mm_random_below(&chance, 4);
		mm_demand_add(&demand, &rows[i], rates[i]);
	}
	for (int rate = -1; rate < MM_TARIFF_RATES_MAX; rate++) {
		expected = plain_peak(rows, rates, count, demands[_i].parts, demands[_i].sliding, rate);
		ck_assert_int_eq((rate < 0 ? &demand.peak : &demand.of_rate[rate])->end_s, expected.end_s);
		ck_assert_double_eq((rate < 0 ? &demand.peak : &demand.of_rate[rate])->w, expected.w);
	}
	ck_assert_int_gt(demand.peak.end_s, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bill");
	TCase *tcase = tcase_create("bill");

	tcase_add_loop_test(tcase, periods_add_up, 0, 50);
	tcase_add_test(tcase, registers_that_are_not_known_follow_from_those_before);
	tcase_add_test(tcase, maximum_demand_is_of_intervals_that_were_measured_whole);
	tcase_add_loop_test(tcase, demand_is_the_highest_mean_of_its_time, 0, MM_COUNT_OF(demands));
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
