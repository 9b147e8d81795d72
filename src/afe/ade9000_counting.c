/* SPDX-License-Identifier: MIT */
/*
 * Analog Devices ADE9000 through minimeter's own Linux driver. The chip adds its energy up, and the driver hands out each window
 * in one piece: a window is the difference to the last one that was registered, however long ago that was.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "afe/ade9000_chip.h"
#include "afe/ade9000_watch.h"
#include "afe/ade9000_window.h"
#include "afe/private.h"
#include "base/count_of.h"
#include "core/units.h"

#define TEXT_MAX 1024
/* The driver has read a window by then, and how long to wait for one that it has not. */
#define READ_NS (15 * MM_NS_PER_MS)
#define AGAIN_NS (20 * MM_NS_PER_MS)
/* Without a new one for so long there is none. */
#define OVERDUE_NS (5 * MM_NS_PER_S)
/* A clock of another machine is followed; ours differs by what a reading takes. */
#define SAME_CLOCK_NS (50 * MM_NS_PER_MS)
/* The chip's second is measured over this many windows at least, and by so much it can differ from ours. */
#define MEASURED_WINDOWS 256
#define CLOCK_TOLERANCE 1e-3
/* Energy and power are compared again after this many windows: this use of the chip's registers is new. */
#define RECHECK_WINDOWS 600
/* With less than this there is no line to have a frequency. */
#define LINE_MIN_V 5.0

struct counting {
	struct mm_afe afe;
	struct mm_ade9000_chip chip;
	struct mm_ade9000_watch watch;
	struct mm_ade9000_reading latest; /* its energies are the means of a window */
	struct mm_counters last;	  /* up to where it is registered, by our clock; epoch 0: none yet */
	struct mm_counters before;	  /* the same before the last measurement */
	struct mm_counters seen;	  /* the newest */
	double reported_v[MM_INPUTS_MAX];
	double period_ns;   /* the chip's window */
	int64_t anchor_ns;  /* since when it is measured; 0: not yet */
	unsigned unchecked; /* windows */
	uint64_t number;    /* of the last window that this run has seen; 0: none */
};

static struct counting *from_afe(struct mm_afe *afe)
{
	return (struct counting *)afe;
}

/* What the driver's errors mean. */
static int explain(struct counting *c, int r)
{
	static const struct {
		int error;
		const char *words;
	} meanings[] = {
		{-EIO, "the SPI bus fails"},
		{-ENXIO, "no ADE9000 answers: look at its power, its clock and its wiring"},
		{-ESTALE, "the chip has restarted: its power failed, or something reset it"},
		{-ETIME, "the chip's windows do not end: its clock stands still, or its DSP does"},
		{-ENODATA, "no window has ended yet"},
		{-EAGAIN, "the bus is too slow to read a window before the next one ends"},
	};

	for (size_t i = 0; i < COUNT_OF(meanings); i++) {
		if (r == meanings[i].error) {
			return mm_error_set(&c->afe.error, r, "%s: %s", c->chip.name, meanings[i].words);
		}
	}
	return r;
}

/* Reads the driver's last window, its end by our clock. */
static int read_window(struct counting *c, struct mm_ade9000_window *ret)
{
	int64_t begin_ns = mm_clock_boottime(c->chip.clock), ours_ns;
	char text[TEXT_MAX];
	int r = mm_iio_device_read_text(&c->chip.device, &c->chip.window, text, sizeof(text));

	if (r < 0) {
		return explain(c, r);
	}
	if (mm_ade9000_window_parse(text, ret) < 0) {
		return mm_error_set(&c->afe.error, -EPROTO, "window of %s is of a driver that this program does not know: \"%s\"",
				    c->chip.name, text);
	}
	ours_ns = begin_ns + (mm_clock_boottime(c->chip.clock) - begin_ns) / 2;
	if (llabs(ours_ns - ret->now_ns) > SAME_CLOCK_NS) {
		ret->counters.end_ns += ours_ns - ret->now_ns;
	}
	return 0;
}

static bool is_new(const struct counting *c, const struct mm_ade9000_window *w)
{
	/* By a remote clock an end moves by some milliseconds. */
	return w->counters.epoch != c->seen.epoch || w->counters.end_ns - c->seen.end_ns > MM_NS_PER_S / 4;
}

/* The windows between two ends, which are known to some milliseconds. */
static int64_t windows_between(const struct counting *c, int64_t from_ns, int64_t to_ns)
{
	int64_t windows = llround((double)(to_ns - from_ns) / c->period_ns);

	return windows > 0 ? windows : 1;
}

/* By as many windows as fit since the anchor: one that was dropped, and comes again with the next, counts once. */
static void measure_period(struct counting *c, int64_t end_ns)
{
	double elapsed_ns = (double)(end_ns - c->anchor_ns), windows = round(elapsed_ns / c->period_ns);

	if (c->anchor_ns == 0) {
		c->anchor_ns = end_ns;
	} else if (windows >= MEASURED_WINDOWS && fabs(elapsed_ns / windows / MM_NS_PER_S - 1.0) <= CLOCK_TOLERANCE) {
		c->period_ns = elapsed_ns / windows;
	}
}

/* Volts, amperes and frequency of the window's end, and its energies as means of one window. */
static void take_reading(struct counting *c, const struct mm_ade9000_window *w, const struct mm_counters *from, int64_t windows)
{
	c->latest.begin_ns = c->latest.end_ns = w->counters.end_ns;
	c->latest.frequency_hz = 0.0;
	for (unsigned i = 0; i < c->chip.input_count; i++) {
		const struct mm_afe_input *config = &c->chip.input[i].config;
		unsigned phase = config->phase;

		c->latest.voltage_v[i] = mm_ade9000_rms(w->voltage[phase], config->full_scale_v);
		c->latest.current_a[i] = mm_ade9000_rms(w->current[phase], config->full_scale_a);
		if (c->latest.frequency_hz == 0.0 && c->latest.voltage_v[i] >= LINE_MIN_V) {
			c->latest.frequency_hz = mm_ade9000_window_hz(w->period[phase]);
		}
		for (enum mm_ade9000_energy kind = 0; kind < MM_ADE9000_ENERGY_COUNT; kind++) {
			int64_t counted = mm_ade9000_window_counted(from->count[phase][kind], w->counters.count[phase][kind]);

			c->latest.energy[i][kind] = counted / windows;
		}
	}
}

static void fill(struct counting *c, const struct mm_ade9000_window *w, const struct mm_counters *from, int64_t windows,
		 struct mm_measurement *ret)
{
	double window_s = c->period_ns / MM_NS_PER_S;

	*ret = (struct mm_measurement){
		.start_ns = c->last.end_ns,
		.end_ns = w->counters.end_ns,
		.length_s = (double)windows * window_s,
		.missed = w->counters.epoch != c->last.epoch, /* how long it was without power nobody knows */
		.health = c->watch.check.wrong ? MM_HEALTH_IMPLAUSIBLE : MM_HEALTH_OK,
		.latched = true,
		.input_count = c->chip.input_count,
		.counters = w->counters,
		.interrupt_silent = (w->flags & MM_ADE9000_INTERRUPT_SILENT) != 0,
	};
	for (unsigned i = 0; i < c->chip.input_count; i++) {
		const struct mm_afe_input *config = &c->chip.input[i].config;
		const int64_t *before = from->count[config->phase], *after = w->counters.count[config->phase];
		double watts = mm_ade9000_watts_per_energy(config);
		struct mm_input_reading *input = &ret->input[i];
		double usual_v = c->reported_v[i] > 0.0 ? c->reported_v[i] : config->nominal_v;

		input->voltage_v = c->latest.voltage_v[i];
		input->current_a = c->latest.current_a[i];
		input->frequency_hz = c->latest.frequency_hz;
		ret->phasors[i] = c->watch.phasors[i];
		input->active_ws =
			(double)mm_ade9000_window_counted(before[MM_ADE9000_ACTIVE], after[MM_ADE9000_ACTIVE]) * watts * window_s;
		input->reactive_vars =
			(double)mm_ade9000_window_counted(before[MM_ADE9000_REACTIVE], after[MM_ADE9000_REACTIVE]) * watts *
			window_s;
		/* The volts of its end say nothing of the many before it: its energy is right, whatever they are. */
		if (windows > 1 && input->voltage_v < usual_v / 2.0) {
			input->voltage_v = usual_v;
		}
		mm_ade9000_volt_amperes(config, (double)c->latest.energy[i][MM_ADE9000_APPARENT] * watts, usual_v, input);
		c->reported_v[i] = input->voltage_v;
	}
}

/*
 * From where this window's energy is counted. A chip of another epoch counts from 0, and that can be long ago where it is another
 * chip. It is after the last window where the driver has read that one before it, by the same count of windows. NULL: not known.
 */
static const struct mm_counters *counted_from(const struct counting *c, const struct mm_ade9000_window *w, int64_t windows)
{
	static const struct mm_counters zero = {0};

	if (w->counters.epoch == c->last.epoch) {
		return &c->last;
	}
	return c->number != 0 && w->number > c->number && w->number - c->number <= (uint64_t)windows + 1 ? &zero : NULL;
}

/*
 * Makes a measurement of what was counted since the last one. False where that can't be known: there was none before, it is
 * another chip, or its counters may have gone round since.
 */
static bool register_window(struct counting *c, const struct mm_ade9000_window *w, struct mm_measurement *ret)
{
	int64_t windows = windows_between(c, c->last.end_ns, w->counters.end_ns);
	const struct mm_counters *from = counted_from(c, w, windows);
	bool sure = c->last.epoch != 0 && from && w->counters.end_ns - c->last.end_ns <= MM_ADE9000_SURE_NS &&
		    w->counters.end_ns > c->last.end_ns;

	if (!sure) {
		from = &w->counters;
		windows = 1;
	}
	if (from != &c->last) {
		c->anchor_ns = 0; /* a chip that has restarted ends its windows at other times */
	}
	measure_period(c, w->counters.end_ns);
	take_reading(c, w, from, windows);
	if (sure && windows == 1 && from == &c->last) {
		mm_ade9000_watch_end(&c->watch, &c->latest, &c->afe.error);
	}
	if (sure) {
		fill(c, w, from, windows, ret);
	}
	if (++c->unchecked >= RECHECK_WINDOWS) {
		c->unchecked = 0;
		mm_power_check_again(&c->watch.check);
	}
	mm_ade9000_watch_begin(&c->watch, &c->latest);
	c->before = c->last;
	c->last = c->seen = w->counters;
	c->number = w->number;
	return sure;
}

/* No new window has come for too long. */
static void fill_overdue(struct counting *c, struct mm_measurement *ret)
{
	int64_t now_ns = mm_clock_boottime(c->chip.clock);

	*ret = (struct mm_measurement){
		.start_ns = now_ns - MM_NS_PER_S, .end_ns = now_ns, .health = MM_HEALTH_OK, .input_count = c->chip.input_count};
	for (unsigned i = 0; i < c->chip.input_count; i++) {
		ret->input[i].voltage_v = c->latest.voltage_v[i];
		ret->input[i].current_a = c->latest.current_a[i];
		ret->input[i].frequency_hz = c->latest.frequency_hz;
	}
}

static int counting_next(struct mm_afe *afe, struct mm_measurement *ret)
{
	struct counting *c = from_afe(afe);
	int64_t now_ns = mm_clock_boottime(c->chip.clock), give_up_ns = now_ns + OVERDUE_NS;
	int64_t at_ns = c->seen.end_ns + (int64_t)c->period_ns + READ_NS;

	if (afe->dropped) {
		c->last = c->before;
	}
	afe->dropped = false;
	for (;;) {
		struct mm_ade9000_window w;
		int r = mm_ade9000_watch_until(&c->watch, &c->latest, at_ns);

		if (r == 0) {
			r = mm_clock_sleep_until(c->chip.clock, at_ns);
		}
		if (r == 0) {
			r = read_window(c, &w);
		}
		if (r == 0 && is_new(c, &w)) {
			if (register_window(c, &w, ret)) {
				return 0;
			}
			at_ns = c->last.end_ns + (int64_t)c->period_ns + READ_NS;
			continue;
		}
		now_ns = mm_clock_boottime(c->chip.clock);
		if (r < 0 && (r != -ENODATA || now_ns >= give_up_ns)) {
			return r;
		}
		if (now_ns >= give_up_ns) {
			fill_overdue(c, ret);
			return 0;
		}
		at_ns = now_ns + AGAIN_NS;
	}
}

static void counting_close(struct mm_afe *afe)
{
	mm_ade9000_chip_close(&from_afe(afe)->chip);
}

static int counting_open(struct mm_afe *afe)
{
	struct counting *c = from_afe(afe);
	int r;

	counting_close(afe);
	r = mm_ade9000_chip_open_counting(&c->chip, &afe->error);
	if (r < 0) {
		return r;
	}
	if (c->last.epoch == 0) {
		c->last = c->before = c->seen = afe->resume;
	}
	mm_iio_device_chip(&c->chip.device, c->chip.uri, afe->chip, sizeof(afe->chip));
	mm_ade9000_watch_init(&c->watch, &c->chip);
	return 0;
}

static void counting_free(struct mm_afe *afe)
{
	struct counting *c = from_afe(afe);

	mm_ade9000_chip_free(&c->chip);
	free(c);
}

int mm_afe_ade9000_counting_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
				struct mm_error *error, struct mm_afe **ret)
{
	static const struct mm_afe_ops ops = {
		.open = counting_open,
		.next = counting_next,
		.close = counting_close,
		.free = counting_free,
	};
	struct counting *c;
	int r;

	(void)driver;
	c = calloc(1, sizeof(*c));
	if (!c) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	r = mm_ade9000_chip_init(&c->chip, config, clock, error);
	if (r < 0) {
		free(c);
		return r;
	}
	c->afe.ops = &ops;
	c->period_ns = MM_NS_PER_S;
	*ret = &c->afe;
	return 0;
}
