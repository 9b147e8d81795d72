/* SPDX-License-Identifier: MIT */
/*
 * Analog Devices ADE9000 through the mainline Linux driver. Energy comes from the chip's own energy registers, which hold one
 * window each, 8000 samples at 8 kS/s of the chip's clock; the tracker in window.c finds each of them once. The chip gives no
 * sign of a latch, so all reads are timed, and its buffer is never enabled: the driver's handler of it locks itself up.
 */
#include "afe/afe.h"

#include <errno.h>
#include <stdlib.h>

#include "afe/ade9000_chip.h"
#include "afe/ade9000_watch.h"
#include "afe/private.h"
#include "core/units.h"
#include "metrology/window.h"

struct ade9000 {
	struct mm_afe afe;
	struct mm_ade9000_chip chip;
	struct mm_window window;
	struct mm_ade9000_reading latched; /* the energies in the registers, and what was read with them */
	unsigned probe_input;		   /* the register furthest from zero */
	enum mm_ade9000_energy probe_energy;
	struct mm_ade9000_watch watch;
	double reported_v[MM_INPUTS_MAX]; /* with the last latched window */
};

static struct ade9000 *from_afe(struct mm_afe *afe)
{
	return (struct ade9000 *)afe;
}

struct comparison {
	bool changed; /* from what was latched */
	bool mixed;   /* and others are still as they were, and not zero */
	bool live;    /* some are not zero */
};

static struct comparison compare(const struct ade9000 *a, const struct mm_ade9000_reading *reading)
{
	struct comparison result = {0};
	bool unchanged = false;

	for (unsigned i = 0; i < a->chip.input_count; i++) {
		for (enum mm_ade9000_energy kind = 0; kind < MM_ADE9000_ENERGY_COUNT; kind++) {
			bool same = reading->energy[i][kind] == a->latched.energy[i][kind];
			bool live = reading->energy[i][kind] != 0;

			result.changed |= !same;
			result.live |= live;
			unchanged |= same && live;
		}
	}
	result.mixed = result.changed && unchanged;
	return result;
}

/* The energies first: they are what has a time to be read in. */
static int read_all(struct ade9000 *a, struct mm_ade9000_reading *ret)
{
	int r = mm_ade9000_chip_read_energies(&a->chip, ret);

	if (r == 0 && compare(a, ret).mixed) {
		/* Caught in the act of latching; or else a small one has come out the same once more. */
		r = mm_ade9000_chip_read_energies(&a->chip, ret);
	}
	return r < 0 ? r : mm_ade9000_chip_read_rms(&a->chip, ret, compare(a, ret).changed);
}

static void keep(struct ade9000 *a, const struct mm_ade9000_reading *reading)
{
	int64_t furthest = 0;

	a->latched = *reading;
	for (unsigned i = 0; i < a->chip.input_count; i++) {
		for (enum mm_ade9000_energy kind = 0; kind < MM_ADE9000_ENERGY_COUNT; kind++) {
			int64_t magnitude = llabs(reading->energy[i][kind]);

			if (magnitude > furthest) {
				furthest = magnitude;
				a->probe_input = i;
				a->probe_energy = kind;
			}
		}
	}
}

/* One register where one is live, or else the apparent energies: they are there with every kind of load. */
static int probe(struct ade9000 *a)
{
	bool live = a->latched.energy[a->probe_input][a->probe_energy] != 0;
	unsigned first = live ? a->probe_input : 0, last = live ? a->probe_input : a->chip.input_count - 1;
	enum mm_ade9000_energy kind = live ? a->probe_energy : MM_ADE9000_APPARENT;
	int64_t begin_ns = mm_clock_boottime(a->chip.clock);
	bool changed = false;

	for (unsigned i = first; i <= last && !changed; i++) {
		int64_t energy;
		int r = mm_ade9000_chip_read_energy(&a->chip, i, kind, &energy);

		if (r < 0) {
			return r;
		}
		changed = energy != a->latched.energy[i][kind];
	}
	mm_window_probed(&a->window, begin_ns, changed ? mm_clock_boottime(a->chip.clock) : begin_ns, changed);
	return 0;
}

/* True where there was a load at both ends of the window: a live chip's energy registers are not zero then. */
static bool is_loaded_through(const struct ade9000 *a, const struct mm_ade9000_reading *before,
			      const struct mm_ade9000_reading *reading)
{
	for (unsigned i = 0; i < a->chip.input_count; i++) {
		const struct mm_afe_input *config = &a->chip.input[i].config;

		if (mm_ade9000_is_loaded(config, before->voltage_v[i] * before->current_a[i]) &&
		    mm_ade9000_is_loaded(config, reading->voltage_v[i] * reading->current_a[i])) {
			return true;
		}
	}
	return false;
}

static void fill(struct ade9000 *a, const struct mm_ade9000_reading *reading, bool latched, struct mm_measurement *ret)
{
	double seconds = a->window.period_ns / (double)MM_NS_PER_S;

	*ret = (struct mm_measurement){
		.start_ns = a->window.start_ns,
		.end_ns = a->window.end_ns,
		.length_s = seconds, /* its ends are estimates, the more so just after a start */
		.missed = a->window.missed,
		.health = a->watch.check.wrong ? MM_HEALTH_IMPLAUSIBLE : MM_HEALTH_OK,
		.latched = latched,
		.input_count = a->chip.input_count,
	};
	for (unsigned i = 0; i < a->chip.input_count; i++) {
		const struct mm_afe_input *config = &a->chip.input[i].config;
		double watts = mm_ade9000_watts_per_energy(config);
		struct mm_input_reading *input = &ret->input[i];

		input->voltage_v = reading->voltage_v[i];
		input->current_a = reading->current_a[i];
		input->frequency_hz = reading->frequency_hz;
		ret->phasors[i] = a->watch.phasors[i];
		if (!latched) {
			continue;
		}
		input->active_ws = (double)reading->energy[i][MM_ADE9000_ACTIVE] * watts * seconds;
		input->reactive_vars = (double)reading->energy[i][MM_ADE9000_REACTIVE] * watts * seconds;
		mm_ade9000_volt_amperes(config, (double)reading->energy[i][MM_ADE9000_APPARENT] * watts, a->reported_v[i], input);
		a->reported_v[i] = input->voltage_v;
	}
}

static int ade9000_next(struct mm_afe *afe, struct mm_measurement *ret)
{
	struct ade9000 *a = from_afe(afe);
	enum mm_window_verdict verdict = MM_WINDOW_AGAIN;
	struct mm_ade9000_reading reading = {0};
	struct comparison result = {0};
	bool dead;

	while (verdict == MM_WINDOW_AGAIN) {
		int64_t at_ns;
		enum mm_window_step step = mm_window_plan(&a->window, &at_ns);
		int r;

		r = mm_ade9000_watch_until(&a->watch, &a->latched, at_ns);
		if (r == 0) {
			r = mm_clock_sleep_until(a->chip.clock, at_ns);
		}
		if (r == 0) {
			r = step == MM_WINDOW_PROBE ? probe(a) : read_all(a, &reading);
		}
		if (r < 0) {
			return r;
		}
		/* Nothing can fail from here on: a window that was counted is returned. */
		if (step == MM_WINDOW_READ) {
			result = compare(a, &reading);
			verdict = mm_window_read(&a->window, reading.begin_ns, reading.end_ns, result.changed, result.live);
		}
	}
	dead = !result.live && is_loaded_through(a, &a->latched, &reading);
	keep(a, &reading);
	if (verdict == MM_WINDOW_LATCHED && a->window.missed == 0 && !dead) {
		mm_ade9000_watch_end(&a->watch, &a->latched, &a->afe.error);
	}
	fill(a, &reading, verdict == MM_WINDOW_LATCHED && !dead, ret);
	mm_ade9000_watch_begin(&a->watch, &a->latched);
	return 0;
}

static void ade9000_close(struct mm_afe *afe)
{
	mm_ade9000_chip_close(&from_afe(afe)->chip);
}

static int ade9000_open(struct mm_afe *afe)
{
	struct ade9000 *a = from_afe(afe);
	struct mm_ade9000_reading reading = {0};
	int r;

	ade9000_close(afe);
	r = mm_ade9000_chip_open(&a->chip, &afe->error);
	if (r < 0) {
		return r;
	}
	r = read_all(a, &reading);
	if (r < 0) {
		ade9000_close(afe);
		return r;
	}
	mm_iio_device_chip(&a->chip.device, a->chip.uri, afe->chip, sizeof(afe->chip));
	mm_ade9000_watch_init(&a->watch, &a->chip);
	keep(a, &reading);
	mm_window_restart(&a->window, reading.begin_ns, reading.end_ns, compare(a, &reading).live);
	return 0;
}

static void ade9000_free(struct mm_afe *afe)
{
	struct ade9000 *a = from_afe(afe);

	mm_ade9000_chip_free(&a->chip);
	free(a);
}

int mm_afe_ade9000_latching_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
				struct mm_error *error, struct mm_afe **ret)
{
	static const struct mm_afe_ops ops = {
		.open = ade9000_open,
		.next = ade9000_next,
		.close = ade9000_close,
		.free = ade9000_free,
	};
	struct ade9000 *a;
	int r;

	(void)driver;
	a = calloc(1, sizeof(*a));
	if (!a) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	r = mm_ade9000_chip_init(&a->chip, config, clock, error);
	if (r < 0) {
		free(a);
		return r;
	}
	a->afe.ops = &ops;
	mm_window_init(&a->window, MM_NS_PER_S);
	*ret = &a->afe;
	return 0;
}
