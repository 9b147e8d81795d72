/* SPDX-License-Identifier: MIT */
#include "sim/recording.h"

#include "core/units.h"
#include "sim/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 1e6

static bool parse_line(char *line, double ret[2])
{
	char *rest = line, *first = strsep(&rest, ",");

	if (!rest) {
		return false;
	}
	rest[strcspn(rest, "\r\n")] = '\0';
	return mm_sim_number_parse(first, -VALUE_MAX, VALUE_MAX, &ret[0]) &&
	       mm_sim_number_parse(rest, -VALUE_MAX, VALUE_MAX, &ret[1]);
}

static int add(struct mm_sim_recording *recording, size_t *room, const double sample[2])
{
	if (recording->count == *room) {
		size_t more = *room > 0 ? 2 * *room : 1024;
		void *samples = reallocarray(recording->samples, more, sizeof(*recording->samples));

		if (!samples) {
			return -ENOMEM;
		}
		recording->samples = samples;
		*room = more;
	}
	memcpy(recording->samples[recording->count++], sample, sizeof(*recording->samples));
	return 0;
}

int mm_sim_recording_read(FILE *file, const char *name, double rate_hz, struct mm_error *error, struct mm_sim_recording **ret)
{
	struct mm_sim_recording *recording = calloc(1, sizeof(*recording));
	const char *reason = NULL;
	unsigned number = 0;
	size_t room = 0;
	char line[128];
	double sample[2];
	int r = recording ? 0 : -ENOMEM;

	while (r == 0 && fgets(line, sizeof(line), file)) {
		number++;
		if (line[0] == '#') {
			continue;
		}
		if (!parse_line(line, sample)) {
			reason = "not VOLTS,AMPERES";
		} else if (recording->count == MM_SIM_RECORDING_MAX) {
			reason = "too many samples";
		}
		r = reason ? -EINVAL : add(recording, &room, sample);
	}
	if (r == 0 && ferror(file)) {
		r = -EIO;
	} else if (r == 0 && recording->count < 2) {
		reason = "fewer than two samples";
		r = -EINVAL;
	}
	if (r < 0) {
		mm_sim_recording_free(recording);
		return mm_error_set(error, r, "%.128s:%u: %s", name, number, reason ? reason : strerror(-r));
	}
	recording->rate_hz = rate_hz;
	*ret = recording;
	return 0;
}

void mm_sim_recording_free(struct mm_sim_recording *recording)
{
	if (recording) {
		free(recording->samples);
		free(recording);
	}
}

/* The cubic through the four nearest samples (Lagrange), at a fraction of the way from sample before to the next. */
static double between(const struct mm_sim_recording *recording, unsigned which, size_t before, double fraction)
{
	const size_t count = recording->count;
	const double u = fraction;
	const double tap[4] = {-u * (u - 1.0) * (u - 2.0) / 6.0, (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0,
			       -(u + 1.0) * u * (u - 2.0) / 2.0, (u + 1.0) * u * (u - 1.0) / 6.0};
	double value = 0.0;

	for (size_t i = 0; i < 4; i++) {
		value += tap[i] * recording->samples[(before + count - 1 + i) % count][which];
	}
	return value;
}

double mm_sim_recording_at(const struct mm_sim_recording *recording, unsigned which, double time_ns)
{
	double at = fmod(time_ns * recording->rate_hz / MM_NS_PER_S, (double)recording->count);

	return between(recording, which, (size_t)at, at - floor(at));
}

/*
 * The mean of the product of two curves about their means. The product of two cubics has the sixth power, and four points of
 * Gauss-Legendre are exact up to the seventh (Abramowitz and Stegun, 25.4.29).
 */
static double covariance(const struct mm_sim_recording *recording, unsigned a, unsigned b)
{
	static const double node[] = {0.3399810435848563, 0.8611363115940526},
			    weight[] = {0.6521451548625461, 0.3478548451374538};
	double product = 0.0, sum_a = 0.0, sum_b = 0.0, count = (double)recording->count;

	for (size_t i = 0; i < recording->count; i++) {
		for (unsigned k = 0; k < 4; k++) {
			double fraction = 0.5 + (k % 2 ? 0.5 : -0.5) * node[k / 2];
			double value_a = between(recording, a, i, fraction), value_b = between(recording, b, i, fraction);

			product += 0.5 * weight[k / 2] * value_a * value_b;
			sum_a += 0.5 * weight[k / 2] * value_a;
			sum_b += 0.5 * weight[k / 2] * value_b;
		}
	}
	return product / count - sum_a / count * (sum_b / count);
}

void mm_sim_recording_power(const struct mm_sim_recording *recording, struct mm_sim_power *ret)
{
	*ret = (struct mm_sim_power){
		.voltage_v = sqrt(fmax(0.0, covariance(recording, 0, 0))),
		.current_a = sqrt(fmax(0.0, covariance(recording, 1, 1))),
		.active_w = covariance(recording, 0, 1),
	};
}
