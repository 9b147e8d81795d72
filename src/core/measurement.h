/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_MEASUREMENT_H
#define MM_CORE_MEASUREMENT_H

/*
 * What a front end yields once a window: a window is the stretch of time over which the front end summed energy
 * (1 s by the ADE9000's own clock). Everything the core knows of the world comes in through this struct.
 */

#include <stdbool.h>
#include <stdint.h>

#include "core/units.h"

#define MM_INPUTS_MAX 12

/* How far a measurement can be trusted. Energy is registered from MM_HEALTH_OK only. */
enum mm_health {
	MM_HEALTH_OK,
	MM_HEALTH_STARTING,    /* no window has been seen to its end yet */
	MM_HEALTH_ABSENT,      /* the device is not there or does not answer */
	MM_HEALTH_STALE,       /* it answers, but no new window has come for too long */
	MM_HEALTH_FROZEN,      /* it answers with the same figures to the last digit for ever */
	MM_HEALTH_IMPLAUSIBLE, /* figures that no line or load can produce */
	/* Of waveform converters: */
	MM_HEALTH_NO_CHANNEL, /* it lacks a channel that is needed */
	MM_HEALTH_NO_TRIGGER, /* its samples never become ready */
	MM_HEALTH_WRONG_RATE, /* they come faster or slower than they should */
	MM_HEALTH_STUCK,      /* one code for ever */
	MM_HEALTH_SATURATED,  /* at its rails all the time */
	MM_HEALTH_SWAPPED,    /* voltage and current have changed places */
	MM_HEALTH_COUNT,
};

/* A fundamental's rms and angle, against a reference common to all of a measurement's; 0, 0: not known. */
struct mm_phasor {
	double re, im;
};

/* V conj(I): active power in W, and reactive power in var, positive where the current lags. */
static inline struct mm_phasor mm_phasor_power(struct mm_phasor voltage, struct mm_phasor current)
{
	return (struct mm_phasor){
		voltage.re * current.re + voltage.im * current.im,
		voltage.im * current.re - voltage.re * current.im,
	};
}

/* One voltage and current pair of the front end, in primary units (the line's volts, the load's amperes). */
struct mm_input_reading {
	double voltage_v;     /* rms, 0 or more */
	double current_a;     /* rms, 0 or more */
	double active_ws;     /* active energy of the window in watt-seconds; negative: received */
	double reactive_vars; /* reactive energy of the window in var-seconds; positive: inductive at delivered energy */
	double frequency_hz;  /* 0: not known */
};

/*
 * Fundamentals of an input. Of an ADE9000 the voltages alone are known, roughly and not in every window; see mm_observation for
 * their use. mm_phasor_power() of one input's voltage and another's current is the power they would give
 * together; of two voltages its angle is that between the lines.
 */
struct mm_input_phasors {
	struct mm_phasor voltage, current;
};

/* What happened to a supply's voltage, by IEC 61000-4-30, 5.4 and 5.5; from front ends that sample. */
enum mm_voltage_event_kind {
	MM_VOLTAGE_SAG,
	MM_VOLTAGE_SWELL,
	MM_VOLTAGE_INTERRUPTION,
	MM_VOLTAGE_EVENT_KIND_COUNT,
};

struct mm_voltage_event {
	enum mm_voltage_event_kind kind;
	unsigned input;
	int64_t start_ns, end_ns; /* CLOCK_BOOTTIME */
	double extreme_v;	  /* the lowest or, of a swell, highest rms of a cycle */
};

#define MM_HARMONICS_MAX 40

/*
 * Of one input over one window: rms of order n at [n - 1], 0 beyond half the sample rate; THD as ratios. They are measured on
 * request, and come beside the measurement.
 */
struct mm_harmonics {
	unsigned input;
	double voltage_v[MM_HARMONICS_MAX];
	double current_a[MM_HARMONICS_MAX];
	double voltage_thd, current_thd;
};

#define MM_COUNTER_PHASES 3
#define MM_COUNTERS 3

/* Where the counters of a front end stand that adds energy up by itself, so that the next run can go on from there. */
struct mm_counters {
	uint32_t epoch; /* a number for as long as they count on; 0: the front end has none */
	int64_t end_ns; /* CLOCK_BOOTTIME when they stood there */
	int64_t count[MM_COUNTER_PHASES][MM_COUNTERS];
};

struct mm_measurement {
	int64_t start_ns; /* CLOCK_BOOTTIME of the window's begin; the end of the one before unless windows were missed */
	int64_t end_ns;	  /* CLOCK_BOOTTIME of its end, > start_ns */
	double length_s;  /* over which its energies were summed, where that is known better than its ends; 0: as these say */
	uint32_t missed;  /* windows lost just before this one: a gap in what was metered, never filled */
	enum mm_health health; /* other than OK: no energy counts, and start/end bound the reading attempt */
	bool latched;	       /* false: the rms figures are fresh but the energy register did not move on */
	unsigned input_count;  /* 1 to MM_INPUTS_MAX */
	struct mm_input_reading input[MM_INPUTS_MAX];
	struct mm_input_phasors phasors[MM_INPUTS_MAX];
	struct mm_counters counters; /* at its end */
	bool interrupt_silent;	     /* an interrupt is wired and does not come: a timer found its end */
	unsigned event_count;
	struct mm_voltage_event event[MM_INPUTS_MAX]; /* that have ended since the window before */
};

/* What turns the window's energies into power, in s; above 0 where end_ns is after start_ns. */
static inline double mm_measurement_seconds(const struct mm_measurement *measurement)
{
	return measurement->length_s > 0 ? measurement->length_s
					 : (double)(measurement->end_ns - measurement->start_ns) / MM_NS_PER_S;
}

#endif
