/* SPDX-License-Identifier: MIT */
#include "afe/ade9000_watch.h"

#include <math.h>
#include <string.h>

#include "core/units.h"

/* The time that the angles between the voltages get, where nothing else is due. */
#define PHASORS_NS (20 * MM_NS_PER_MS)
/* By how much of the rms a phasor may differ from it: harmonics, and the frequency since the last window. */
#define PHASOR_TOLERANCE 0.25

/* Polls the active power for the check while there is time until t. */
static int poll_power(struct mm_ade9000_watch *w, int64_t t)
{
	while (w->polling && w->next_poll_ns < t) {
		double power_w;
		int r = mm_clock_sleep_until(w->chip->clock, w->next_poll_ns);

		if (r < 0) {
			return r;
		}
		r = mm_ade9000_chip_read_power(w->chip, w->polled_input, &power_w);
		if (r < 0) {
			return r;
		}
		mm_power_check_poll(&w->check, power_w);
		w->next_poll_ns = mm_clock_boottime(w->chip->clock) + MM_POWER_CHECK_STEP_NS;
	}
	return 0;
}

/*
 * Two instants of each voltage, a quarter of a cycle apart. Where one can't be had the angles are not known. That is no fault: a
 * bus that fails shows when the energy is read.
 */
static void read_phasors(struct mm_ade9000_watch *w, const struct mm_ade9000_reading *latest, int64_t now_ns)
{
	double hz = latest->frequency_hz;
	struct mm_instant instant[MM_INPUTS_MAX][2];

	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < w->chip->input_count; i++) {
			if (mm_ade9000_chip_read_instant(w->chip, i, &now_ns, &instant[i][turn]) < 0) {
				return;
			}
		}
		if (turn == 0) {
			int64_t quarter_ns = (int64_t)(MM_NS_PER_S / hz / 4);

			if (mm_clock_sleep_until(w->chip->clock, instant[0][0].at_ns + quarter_ns) < 0) {
				return;
			}
			now_ns = mm_clock_boottime(w->chip->clock);
		}
	}
	for (unsigned i = 0; i < w->chip->input_count; i++) {
		double rms_v = latest->voltage_v[i];
		struct mm_phasor voltage;

		if (mm_quadrature_phasor(instant[i], hz, instant[0][0].at_ns, &voltage) &&
		    fabs(hypot(voltage.re, voltage.im) - rms_v) <= PHASOR_TOLERANCE * rms_v) {
			w->phasors[i].voltage = voltage;
		}
	}
}

/* Once a window, while there is time until t: the angles between the voltages, for the diagnosis. */
static void take_phasors(struct mm_ade9000_watch *w, const struct mm_ade9000_reading *latest, int64_t t)
{
	int64_t now_ns;

	if (w->phasors_tried || w->chip->input_count < 2 || !(latest->frequency_hz > 0)) {
		return;
	}
	now_ns = mm_clock_boottime(w->chip->clock);
	if (t - now_ns < PHASORS_NS) {
		return;
	}
	w->phasors_tried = true;
	read_phasors(w, latest, now_ns);
}

int mm_ade9000_watch_until(struct mm_ade9000_watch *w, const struct mm_ade9000_reading *latest, int64_t t)
{
	take_phasors(w, latest, t);
	return poll_power(w, t);
}

void mm_ade9000_watch_end(struct mm_ade9000_watch *w, const struct mm_ade9000_reading *latest, struct mm_error *error)
{
	const struct mm_afe_input *config = &w->chip->input[w->polled_input].config;
	double mean_w = (double)latest->energy[w->polled_input][MM_ADE9000_ACTIVE] * mm_ade9000_watts_per_energy(config);
	double polled_w = mm_power_check_end(&w->check, mean_w, MM_ADE9000_LOADED_RATIO * mm_ade9000_full_scale_va(config));

	if (w->check.wrong) {
		mm_error_set(error, 0, "energy and power of %s phase %c disagree: %.1f W by its energy, %.1f W polled",
			     w->chip->name, 'A' + (char)config->phase, mean_w, polled_w);
	}
}

void mm_ade9000_watch_begin(struct mm_ade9000_watch *w, const struct mm_ade9000_reading *latest)
{
	double most_va = 0.0;

	w->polling = false;
	for (unsigned i = 0; i < w->chip->input_count && !w->check.done; i++) {
		double va = latest->voltage_v[i] * latest->current_a[i];

		if (mm_ade9000_is_loaded(&w->chip->input[i].config, va) && va > most_va) {
			most_va = va;
			w->polled_input = i;
			w->polling = true;
		}
	}
	w->next_poll_ns = latest->end_ns;
	mm_power_check_begin(&w->check);
	w->phasors_tried = false;
	memset(w->phasors, 0, sizeof(w->phasors));
}

void mm_ade9000_watch_init(struct mm_ade9000_watch *w, struct mm_ade9000_chip *chip)
{
	*w = (struct mm_ade9000_watch){.chip = chip};
}
