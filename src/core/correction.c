/* SPDX-License-Identifier: MIT */
#include "core/correction.h"

#include <stddef.h>

/* Lines of one supply are alike. */
#define RATIO_MAX 2.0
#define COS_120 -0.5
#define SIN_120 0.86602540378443864676

bool mm_correction_valid(uint32_t correction, unsigned elements)
{
	uint32_t angle = correction & (MM_CORRECTION_LINES_180 | MM_CORRECTION_LINES_120 | MM_CORRECTION_LINES_240);
	uint32_t rest = correction & ~angle;
	bool crossed = (rest & MM_CORRECTION_CT_CROSSED) != 0;

	if (elements < 2) {
		return (correction & ~MM_CORRECTION_CT1_REVERSED) == 0;
	}
	if (elements > 2) {
		return (correction & ~(MM_CORRECTION_CT1_REVERSED | MM_CORRECTION_CT2_REVERSED | MM_CORRECTION_CT3_REVERSED)) ==
		       0;
	}
	if (crossed ? angle != MM_CORRECTION_LINES_180 && angle != MM_CORRECTION_LINES_120 && angle != MM_CORRECTION_LINES_240
		    : angle != 0) {
		return false;
	}
	return (rest & ~(MM_CORRECTION_CT1_REVERSED | MM_CORRECTION_CT2_REVERSED | MM_CORRECTION_CT_CROSSED)) == 0;
}

const char *mm_correction_name(uint32_t bit)
{
	switch (bit) {
	case MM_CORRECTION_CT1_REVERSED:
		return "ct1-reversed";
	case MM_CORRECTION_CT2_REVERSED:
		return "ct2-reversed";
	case MM_CORRECTION_CT_CROSSED:
		return "ct-crossed";
	case MM_CORRECTION_CT3_REVERSED:
		return "ct3-reversed";
	case MM_CORRECTION_LINES_180:
		return "lines-180";
	case MM_CORRECTION_LINES_120:
		return "lines-120";
	case MM_CORRECTION_LINES_240:
		return "lines-240";
	default:
		return NULL;
	}
}

double mm_correction_lag_deg(uint32_t correction)
{
	return correction & MM_CORRECTION_LINES_180   ? 180
	       : correction & MM_CORRECTION_LINES_120 ? 120
	       : correction & MM_CORRECTION_LINES_240 ? 240
						      : 0;
}

/* Multiplies the complex energy. */
static void turn(struct mm_input_reading *reading, double real, double imaginary)
{
	double active_ws = reading->active_ws;

	reading->active_ws = real * active_ws - imaginary * reading->reactive_vars;
	reading->reactive_vars = imaginary * active_ws + real * reading->reactive_vars;
}

struct mm_input_reading mm_correction_apply(uint32_t correction, const struct mm_measurement *measurement,
					    const unsigned input[static MM_ELEMENTS_MAX], unsigned element)
{
	static const uint32_t reversed[] = {MM_CORRECTION_CT1_REVERSED, MM_CORRECTION_CT2_REVERSED, MM_CORRECTION_CT3_REVERSED};
	const struct mm_input_reading *own = &measurement->input[input[element]];
	struct mm_input_reading reading = *own;
	unsigned ct = element;

	if (correction & MM_CORRECTION_CT_CROSSED) {
		const struct mm_input_reading *other;
		double ratio, sine = element == 0 ? SIN_120 : -SIN_120; /* L1 leads L2 by what L2 lags */

		ct = 1 - element;
		other = &measurement->input[input[ct]];
		ratio = own->voltage_v / other->voltage_v;
		if (!(ratio > 1 / RATIO_MAX && ratio < RATIO_MAX)) {
			ratio = 0; /* false for NaN: one of the lines is dead */
		}
		reading.current_a = other->current_a;
		reading.active_ws = ratio * other->active_ws;
		reading.reactive_vars = ratio * other->reactive_vars;
		if (correction & MM_CORRECTION_LINES_180) {
			turn(&reading, -1, 0);
		} else {
			turn(&reading, COS_120, correction & MM_CORRECTION_LINES_120 ? sine : -sine);
		}
	}
	if (correction & reversed[ct]) {
		turn(&reading, -1, 0);
	}
	return reading;
}
