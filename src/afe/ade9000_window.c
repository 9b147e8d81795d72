/* SPDX-License-Identifier: MIT */
#include "afe/ade9000_window.h"

#include <errno.h>

#include "core/units.h"

#define ENERGY_BITS 45
#define SAMPLE_HZ 8000.0
/* Of an int64_t; as many fit a uint64_t, whichever they are. */
#define DIGITS_MAX 19
/* No clock of a machine comes so far, and the difference of two that don't can be had. */
#define TIME_MAX_NS (INT64_MAX / 4)

/* Takes the next number off the text, and the blank before it. */
static int64_t take(const char **text, bool *bad)
{
	const char *at = *text + (**text == ' '), *first;
	bool negative = *at == '-';
	uint64_t value = 0;

	at += negative;
	for (first = at; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (uint64_t)(*at - '0');
	}
	*bad = *bad || at == first || at - first > DIGITS_MAX || value > INT64_MAX || (*at != ' ' && *at != '\0');
	*text = at;
	return (int64_t)(negative ? -value : value);
}

static uint32_t take_code(const char **text, bool *bad)
{
	int64_t value = take(text, bad);

	*bad = *bad || value < 0 || value > UINT32_MAX;
	return (uint32_t)value;
}

int mm_ade9000_window_parse(const char *text, struct mm_ade9000_window *ret)
{
	struct mm_ade9000_window w = {0};
	bool bad = false;

	w.number = (uint64_t)take(&text, &bad);
	w.counters.end_ns = take(&text, &bad);
	w.now_ns = take(&text, &bad);
	w.counters.epoch = take_code(&text, &bad);
	w.flags = take_code(&text, &bad);
	w.standstill_ns = (uint64_t)take(&text, &bad);
	for (unsigned phase = 0; phase < MM_COUNTER_PHASES; phase++) {
		for (unsigned i = 0; i < MM_COUNTERS; i++) {
			w.counters.count[phase][i] = take(&text, &bad);
		}
		w.voltage[phase] = take_code(&text, &bad);
		w.current[phase] = take_code(&text, &bad);
		w.period[phase] = take_code(&text, &bad);
	}
	/* A newer driver may say more. */
	if (bad || w.counters.epoch == 0 || w.counters.end_ns < 0 || w.now_ns < w.counters.end_ns || w.now_ns > TIME_MAX_NS) {
		return -EPROTO;
	}
	*ret = w;
	return 0;
}

int64_t mm_ade9000_window_counted(int64_t before, int64_t after)
{
	uint64_t difference = ((uint64_t)after - (uint64_t)before) << (64 - ENERGY_BITS);

	return (int64_t)difference >> (64 - ENERGY_BITS);
}

double mm_ade9000_window_hz(uint32_t period)
{
	double hz = SAMPLE_HZ * 65536.0 / ((double)period + 1.0);

	return hz >= 35.0 && hz <= 100.0 ? hz : 0.0;
}
