/* SPDX-License-Identifier: MIT */
#include "sim/wave.h"

#include "sim/number.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIRE_MAX_DEG 170.0
#define BURST_MAX 1000.0

static double ratio(const struct mm_sim_harmonic *part)
{
	return part->percent / 100.0;
}

static double radians(double degrees)
{
	return degrees * M_PI / 180.0;
}

/* "5:40" or "5:40:180". */
static bool parse_harmonic(char *word, struct mm_sim_harmonic *ret)
{
	char *rest = word;
	const char *order = strsep(&rest, ":"), *percent = strsep(&rest, ":"), *lead = rest ? rest : "0";
	double number;

	*ret = (struct mm_sim_harmonic){0};
	if (!percent || !mm_sim_number_parse(order, 2.0, MM_SIM_ORDER_MAX, &number) || number != floor(number)) {
		return false;
	}
	ret->order = (unsigned)number;
	return mm_sim_number_parse(percent, 0.0, 100.0, &ret->percent) &&
	       mm_sim_number_parse(lead, -360.0, 360.0, &ret->lead_deg);
}

bool mm_sim_harmonics_parse(char *const words[], unsigned count, struct mm_sim_harmonics *ret)
{
	*ret = (struct mm_sim_harmonics){0};
	if (count == 1 && strcmp(words[0], "none") == 0) {
		return true;
	}
	for (; ret->count < count; ret->count++) {
		if (ret->count == MM_SIM_HARMONICS_MAX || !parse_harmonic(words[ret->count], &ret->part[ret->count])) {
			return false;
		}
		for (unsigned i = 0; i < ret->count; i++) {
			if (ret->part[i].order == ret->part[ret->count].order) {
				return false;
			}
		}
	}
	return true;
}

void mm_sim_harmonics_format(const struct mm_sim_harmonics *harmonics, char *ret, size_t size)
{
	size_t len = (size_t)snprintf(ret, size, "%s", harmonics->count == 0 ? "none" : "");

	for (unsigned i = 0; i < harmonics->count && len < size; i++) {
		const struct mm_sim_harmonic *part = &harmonics->part[i];

		len += (size_t)snprintf(ret + len, size - len, "%s%u:%.4g:%.4g", i > 0 ? " " : "", part->order, part->percent,
					part->lead_deg);
	}
}

bool mm_sim_shape_parse(char *const words[], unsigned count, struct mm_sim_shape *ret)
{
	double on, off;

	*ret = (struct mm_sim_shape){0};
	if (count == 1 && strcmp(words[0], "half-wave") == 0) {
		ret->kind = MM_SIM_HALF_WAVE;
		return true;
	}
	if (count == 2 && strcmp(words[0], "phase-fired") == 0) {
		ret->kind = MM_SIM_PHASE_FIRED;
		return mm_sim_number_parse(words[1], 0.0, FIRE_MAX_DEG, &ret->fire_deg);
	}
	if (count == 3 && strcmp(words[0], "burst") == 0 && mm_sim_number_parse(words[1], 1.0, BURST_MAX, &on) &&
	    mm_sim_number_parse(words[2], 1.0, BURST_MAX, &off)) {
		*ret = (struct mm_sim_shape){.kind = MM_SIM_BURST, .on = (unsigned)on, .off = (unsigned)off};
		return on == floor(on) && off == floor(off);
	}
	return count == 1 && strcmp(words[0], "sine") == 0;
}

void mm_sim_shape_format(const struct mm_sim_shape *shape, char *ret, size_t size)
{
	switch (shape->kind) {
	case MM_SIM_SINE:
		snprintf(ret, size, "sine");
		break;
	case MM_SIM_HALF_WAVE:
		snprintf(ret, size, "half-wave");
		break;
	case MM_SIM_PHASE_FIRED:
		snprintf(ret, size, "phase-fired %.12g", shape->fire_deg);
		break;
	case MM_SIM_BURST:
		snprintf(ret, size, "burst %u %u", shape->on, shape->off);
		break;
	}
}

bool mm_sim_wave_is_sine(const struct mm_sim_wave *wave)
{
	return wave->voltage.count == 0 && wave->current.count == 0 && wave->shape.kind == MM_SIM_SINE;
}

/* The integral of cos(order * x + lead) from a to b. */
static double integral(double order, double lead, double a, double b)
{
	return order == 0.0 ? (b - a) * cos(lead) : (sin(order * b + lead) - sin(order * a + lead)) / order;
}

/* (1 / pi) times the integral over a cycle, where the shape lets through, of sin(x) sin(order * x + lead). */
static double overlap(const struct mm_sim_shape *shape, double order, double lead)
{
	double from[2] = {0.0, M_PI}, to[2] = {M_PI, 2.0 * M_PI}, sum = 0.0, duty = 1.0;
	unsigned halves = 2;

	switch (shape->kind) {
	case MM_SIM_SINE:
		break;
	case MM_SIM_HALF_WAVE:
		halves = 1;
		break;
	case MM_SIM_PHASE_FIRED:
		from[0] += radians(shape->fire_deg);
		from[1] += radians(shape->fire_deg);
		break;
	case MM_SIM_BURST:
		duty = (double)shape->on / (double)(shape->on + shape->off);
		break;
	}
	for (unsigned i = 0; i < halves; i++) {
		/* sin x sin y = (cos(y - x) - cos(y + x)) / 2 */
		sum += integral(order - 1.0, lead, from[i], to[i]) - integral(order + 1.0, lead, from[i], to[i]);
	}
	return duty * sum / (2.0 * M_PI);
}

void mm_sim_wave_power(const struct mm_sim_wave *wave, double voltage_v, double current_a, double lag_rad,
		       struct mm_sim_power *ret)
{
	const struct mm_sim_harmonics *voltage = &wave->voltage, *current = &wave->current;
	double gain = 1.0 / overlap(&wave->shape, 1.0, 0.0);
	double quadrature = gain * overlap(&wave->shape, 1.0, M_PI_2); /* of the current's fundamental, leading */
	double power = cos(lag_rad) + quadrature * sin(lag_rad);
	double voltage_square = 1.0, current_square = gain;

	for (unsigned i = 0; i < voltage->count; i++) {
		const struct mm_sim_harmonic *v = &voltage->part[i];
		double lead = radians(v->lead_deg) + v->order * lag_rad; /* as seen from the current's angle */

		voltage_square += ratio(v) * ratio(v);
		power += ratio(v) * gain * overlap(&wave->shape, v->order, lead);
		for (unsigned k = 0; k < current->count; k++) {
			const struct mm_sim_harmonic *c = &current->part[k];

			power += c->order == v->order ? ratio(v) * ratio(c) * cos(lead - radians(c->lead_deg)) : 0.0;
		}
	}
	for (unsigned k = 0; k < current->count; k++) {
		const struct mm_sim_harmonic *c = &current->part[k];

		current_square += ratio(c) * (ratio(c) + 2.0 * gain * overlap(&wave->shape, c->order, radians(c->lead_deg)));
	}
	*ret = (struct mm_sim_power){
		.voltage_v = voltage_v * sqrt(voltage_square),
		.current_a = current_a * sqrt(current_square),
		.active_w = voltage_v * current_a * power,
		.reactive_var = voltage_v * current_a * (sin(lag_rad) - quadrature * cos(lag_rad)),
	};
}

static double harmonics(const struct mm_sim_harmonics *harmonics, double complex angle)
{
	double sum = 0.0;

	for (unsigned i = 0; i < harmonics->count; i++) {
		const struct mm_sim_harmonic *part = &harmonics->part[i];
		double complex power = 1.0, square = angle;

		for (unsigned order = part->order; order > 0; order >>= 1, square *= square) {
			power *= order & 1u ? square : 1.0;
		}
		sum += ratio(part) * cimag(power * cexp(radians(part->lead_deg) * I));
	}
	return sum;
}

double mm_sim_wave_voltage(const struct mm_sim_wave *wave, double sine, double cosine)
{
	return sine + harmonics(&wave->voltage, cosine + sine * I);
}

static bool lets_through(const struct mm_sim_shape *shape, double sine, double cosine, double turns)
{
	switch (shape->kind) {
	case MM_SIM_SINE:
		break;
	case MM_SIM_HALF_WAVE:
		return sine > 0.0;
	case MM_SIM_PHASE_FIRED:
		return (sine >= 0.0 ? cosine : -cosine) <= cos(radians(shape->fire_deg));
	case MM_SIM_BURST:
		turns /= shape->on + shape->off;
		return turns - floor(turns) < (double)shape->on / (shape->on + shape->off);
	}
	return true;
}

double mm_sim_wave_current(const struct mm_sim_wave *wave, double sine, double cosine, double turns)
{
	double value = harmonics(&wave->current, cosine + sine * I);

	if (lets_through(&wave->shape, sine, cosine, turns)) {
		value += sine / overlap(&wave->shape, 1.0, 0.0);
	}
	return value;
}
