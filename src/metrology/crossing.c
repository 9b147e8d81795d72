/* SPDX-License-Identifier: MIT */
/* The band-pass and what it crosses; crossing.h says what for. */
#include "metrology/crossing.h"

#include <math.h>

/* The middle of 45 to 65 Hz, and a width that passes all of it with little delay. */
#define CENTRE_HZ 54.0
#define QUALITY 0.5
/* A half cycle that is longer is none: 35 Hz. */
#define HALF_CYCLE_MAX_S 0.0142
/* One that is shorter is noise: 100 Hz. */
#define HALF_CYCLE_MIN_S 0.005

/* Bristow-Johnson's band-pass of second order with 0 dB at its centre (Audio EQ Cookbook). */
void mm_crossing_init(struct mm_crossing *crossing, double rate_hz, double level)
{
	double angle = 2.0 * M_PI * CENTRE_HZ / rate_hz;
	double alpha = sin(angle) / (2.0 * QUALITY);

	*crossing = (struct mm_crossing){
		.gain = alpha / (1.0 + alpha),
		.a1 = -2.0 * cos(angle) / (1.0 + alpha),
		.a2 = (1.0 - alpha) / (1.0 + alpha),
		.level = level,
		.longest = (unsigned)lround(HALF_CYCLE_MAX_S * rate_hz),
		.shortest = (unsigned)lround(HALF_CYCLE_MIN_S * rate_hz),
	};
}

/* Transposed direct form II; the feed-forward has only a first and, with the other sign, a third term. */
static inline double band_pass(struct mm_crossing *c, double x)
{
	double direct = c->gain * x;

	c->y = direct + c->z1;
	c->z1 = c->z2 - c->a1 * c->y;
	c->z2 = -c->a2 * c->y - direct;
	return c->y;
}

/* Goes on until the voltage is beyond the level, as side then says, or to the end. */
static unsigned pass_level(struct mm_crossing *c, const double *samples, unsigned end, unsigned i)
{
	double y = 0.0;

	while (i < end && fabs(y) <= c->level) {
		y = band_pass(c, samples[i++]);
	}
	c->side = fabs(y) <= c->level ? 0 : y > 0.0 ? 1 : -1;
	return i;
}

/* Goes on until the voltage, which is beyond the level, is zero or on the other side, or to the end. True: it is. */
static bool pass_zero(struct mm_crossing *c, const double *samples, unsigned end, unsigned *at, double *ret_fraction)
{
	double y = c->y, before = y;
	unsigned i = *at;

	if (c->side > 0) {
		for (; i < end && y > 0.0; i++) {
			before = y;
			y = band_pass(c, samples[i]);
		}
	} else {
		for (; i < end && y < 0.0; i++) {
			before = y;
			y = band_pass(c, samples[i]);
		}
	}
	*at = i;
	if ((c->side > 0) == (y > 0.0)) {
		return false;
	}
	c->side = 0;
	*ret_fraction = before / (before - y);
	return true;
}

enum mm_crossing_kind mm_crossing_find(struct mm_crossing *crossing, const double *samples, unsigned count, unsigned *at,
				       double *ret_fraction)
{
	struct mm_crossing c = *crossing; /* which a compiler can keep in registers */
	enum mm_crossing_kind kind = MM_CROSSING_NONE;

	while (*at < count && kind == MM_CROSSING_NONE) {
		unsigned left = c.longest - c.since;
		unsigned end = count - *at < left ? count : *at + left;
		unsigned from = *at;
		bool zero = false;

		if (c.side == 0) {
			*at = pass_level(&c, samples, end, *at);
		} else {
			zero = pass_zero(&c, samples, end, at, ret_fraction);
		}
		c.since += *at - from;
		if (zero && c.since >= c.shortest) {
			kind = MM_CROSSING_ZERO;
			c.since = 0;
		} else if (c.since == c.longest) {
			kind = MM_CROSSING_TIME;
			*ret_fraction = 0.0;
			c.since = 0;
		}
	}
	*crossing = c;
	return kind;
}
