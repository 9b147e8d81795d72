/* SPDX-License-Identifier: MIT */
/* The inner loops; sums.h says what they compute. */
#include "metrology/sums.h"

#include <math.h>
#include <string.h>

typedef double pair __attribute__((vector_size(2 * sizeof(double))));
typedef double wide __attribute__((vector_size(4 * sizeof(double))));
typedef int32_t quad __attribute__((vector_size(4 * sizeof(int32_t))));

static inline pair load(const double *from)
{
	pair p;

	memcpy(&p, from, sizeof(p));
	return p;
}

static inline void store(double *to, pair p)
{
	memcpy(to, &p, sizeof(p));
}

void mm_sums_convert(const int32_t *codes, unsigned stride, unsigned count, const struct mm_sums_rails *rails, double *ret,
		     struct mm_sums_seen *seen)
{
	const int32_t before = (int32_t)ret[-1], low = rails->min + 1, high = rails->max - 1;
	quad differing = {0}, outside = {0};
	unsigned k;

	for (k = 0; k + 4 <= count; k += 4) {
		quad code = {codes[0], codes[stride], codes[2 * stride], codes[3 * stride]};
		wide converted = __builtin_convertvector(code, wide);

		codes += 4 * (size_t)stride;
		differing |= code ^ before;
		outside |= (code < low) | (code > high);
		memcpy(ret + k, &converted, sizeof(converted));
	}
	for (; k < count; k++, codes += stride) {
		differing[0] |= *codes ^ before;
		outside[0] |= -(*codes < low || *codes > high);
		ret[k] = *codes;
	}
	seen->change = seen->change || (differing[0] | differing[1] | differing[2] | differing[3]) != 0;
	seen->rail = seen->rail || (outside[0] | outside[1] | outside[2] | outside[3]) != 0;
}

/* One sample by itself: its products, times weight. */
static void add_one(struct mm_sums *sums, const struct mm_sums_samples *samples, unsigned at, double weight)
{
	double v = samples->v[at], i = samples->i[at];
	double weighted_v = weight * v, weighted_i = weight * i;

	sums->of[MM_SUM_V] += weighted_v;
	sums->of[MM_SUM_I] += weighted_i;
	sums->of[MM_SUM_VV] += weighted_v * v;
	sums->of[MM_SUM_II] += weighted_i * i;
	sums->of[MM_SUM_VI] += weighted_v * i;
	sums->of[MM_SUM_V_COS] += weighted_v * samples->cosine[at];
	sums->of[MM_SUM_V_SIN] += weighted_v * samples->sine[at];
	sums->of[MM_SUM_I_COS] += weighted_i * samples->cosine[at];
	sums->of[MM_SUM_I_SIN] += weighted_i * samples->sine[at];
}

void mm_sums_add(struct mm_sums *sums, const struct mm_sums_samples *samples, unsigned from, unsigned to)
{
	pair total[MM_SUM_COUNT] = {0};
	unsigned k;

	for (k = from; k + 2 <= to; k += 2) {
		pair v = load(samples->v + k), i = load(samples->i + k);
		pair cosine = load(samples->cosine + k), sine = load(samples->sine + k);

		total[MM_SUM_V] += v;
		total[MM_SUM_I] += i;
		total[MM_SUM_VV] += v * v;
		total[MM_SUM_II] += i * i;
		total[MM_SUM_VI] += v * i;
		total[MM_SUM_V_COS] += v * cosine;
		total[MM_SUM_V_SIN] += v * sine;
		total[MM_SUM_I_COS] += i * cosine;
		total[MM_SUM_I_SIN] += i * sine;
	}
	for (enum mm_sum sum = 0; sum < MM_SUM_COUNT; sum++) {
		sums->of[sum] += total[sum][0] + total[sum][1];
	}
	if (k < to) {
		add_one(sums, samples, k, 1.0);
	}
}

void mm_sums_subtract(struct mm_sums *sums, const struct mm_sums *less)
{
	for (enum mm_sum sum = 0; sum < MM_SUM_COUNT; sum++) {
		sums->of[sum] -= less->of[sum];
	}
}

void mm_sums_beyond(const struct mm_sums_samples *samples, unsigned at, double fraction, struct mm_sums *ret)
{
	*ret = (struct mm_sums){0};
	add_one(ret, samples, at - 1, 0.5 * (1.0 - fraction) * (1.0 - fraction));
	add_one(ret, samples, at, -0.5 * fraction * fraction);
}

void mm_sums_delay(const double *samples, double fraction, unsigned count, double *ret)
{
	const double u = fraction;
	const double tap[4] = {
		-u * (u - 1.0) * (u - 2.0) / 6.0,
		(u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0,
		-(u + 1.0) * u * (u - 2.0) / 2.0,
		(u + 1.0) * u * (u - 1.0) / 6.0,
	};
	unsigned k;

	for (k = 0; k + 2 <= count; k += 2) {
		const double *x = samples + k;

		store(ret + k, tap[0] * load(x - 1) + tap[1] * load(x) + tap[2] * load(x + 1) + tap[3] * load(x + 2));
	}
	if (k < count) {
		const double *x = samples + k;

		ret[k] = tap[0] * x[-1] + tap[1] * x[0] + tap[2] * x[1] + tap[3] * x[2];
	}
}

void mm_sums_oscillate(double phase, double step, unsigned count, double *ret_cosine, double *ret_sine)
{
	const double first = 2.0 * M_PI * phase, second = 2.0 * M_PI * (phase + step), turn = 4.0 * M_PI * step;
	const double turn_cosine = cos(turn), turn_sine = sin(turn);
	pair cosine = {cos(first), cos(second)}, sine = {sin(first), sin(second)};
	unsigned k;

	for (k = 0; k + 2 <= count; k += 2) {
		pair next = cosine * turn_cosine - sine * turn_sine;

		store(ret_cosine + k, cosine);
		store(ret_sine + k, sine);
		sine = sine * turn_cosine + cosine * turn_sine;
		cosine = next;
	}
	if (k < count) {
		ret_cosine[k] = cosine[0];
		ret_sine[k] = sine[0];
	}
}
