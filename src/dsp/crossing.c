/* SPDX-License-Identifier: MIT */
/* The band-pass and what it crosses; crossing.h says what for. */
#include "dsp/crossing.h"

#include <math.h>

/* The middle of 45 to 65 Hz, and a width that passes all of it with little delay. */
#define CENTRE_HZ 54.0
#define QUALITY 1.0
/* A half cycle that is longer is none: 35 Hz. */
#define HALF_CYCLE_MAX_S 0.0142
/* One that is shorter is noise: 100 Hz. */
#define HALF_CYCLE_MIN_RATIO 0.35

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
	};
}

static double band_pass(struct mm_crossing *c, double x)
{
	double y = c->gain * (x - c->x2) - c->a1 * c->y1 - c->a2 * c->y2;

	c->x2 = c->x1;
	c->x1 = x;
	c->y2 = c->y1;
	c->y1 = y;
	return y;
}

enum mm_crossing_kind mm_crossing_find(struct mm_crossing *crossing, const double *samples, unsigned count, unsigned *at,
				       double *ret_fraction)
{
	/* On a copy, which a compiler keeps in registers. */
	struct mm_crossing c = *crossing;
	enum mm_crossing_kind kind = MM_CROSSING_NONE;
	unsigned i = *at;

	while (i < count && kind == MM_CROSSING_NONE) {
		double before = c.y1;
		double y = band_pass(&c, samples[i++]);

		c.since++;
		if (c.side != 0 && (c.side > 0) != (y > 0.0)) {
			c.side = 0;
			if (c.since >= HALF_CYCLE_MIN_RATIO * c.longest) {
				c.since = 0;
				*ret_fraction = before / (before - y);
				kind = MM_CROSSING_ZERO;
			}
		} else if (c.since >= c.longest) {
			c.since = 0;
			*ret_fraction = 0.0;
			kind = MM_CROSSING_TIME;
		}
		if (fabs(y) > c.level) {
			c.side = y > 0.0 ? 1 : -1;
		}
	}
	*crossing = c;
	*at = i;
	return kind;
}
