/* SPDX-License-Identifier: MIT */
#ifndef MM_METROLOGY_METROLOGY_H
#define MM_METROLOGY_METROLOGY_H

/*
 * From the samples of a simultaneously sampling converter to measurements. Frames of integer codes go in, windows come out: 10
 * cycles of a 50 Hz supply or 12 of a 60 Hz one (IEC 61000-4-30, 4.4), from one zero crossing of the reference voltage to
 * another. Their ends lie between samples: a quantity is taken as a straight line there, and what flows up to the crossing
 * belongs to one window and the rest to the next. So windows join without gap or overlap, and every sample counts exactly once.
 * Without a supply windows go by time; they never stop coming while samples come.
 *
 * What is measured how, for one input over one window, with v and i taken about their means over the window (a supply has no
 * direct component, so the converter's offset drops out, and the direct current of a half-wave load carries no power):
 * - rms: V = sqrt(mean v²), I = sqrt(mean i²); active power P = mean v·i; apparent power S = V·I; power factor P / S;
 * - fundamentals: phasors by synchronous demodulation; reactive power Q1 = Im(V1 · conj I1); non-active power
 *   N = sqrt(S² - P²), which is the reactive and the distorted together (IEEE 1459-2010, 3.1.2);
 * - frequency: whole cycles over the time between crossings (IEC 61000-4-30, 5.1);
 * - energy: power times the window's duration by CLOCK_BOOTTIME, so that the converter's crystal has no say in a bill.
 *
 * The reference is the voltage of the first input with a supply; it changes only when that supply goes.
 */

#include <stddef.h>

#include "core/measurement.h"
#include "metrology/crossing.h"
#include "metrology/harmonics.h"
#include "metrology/sample_clock.h"
#include "metrology/sums.h"
#include "metrology/voltage_event.h"

/* Sample rates that can be measured with, Hz. */
#define MM_METROLOGY_RATE_MIN_HZ 2000.0
#define MM_METROLOGY_RATE_MAX_HZ 64000.0
#define MM_METROLOGY_FRAME_MAX 32
/* By how many samples a channel may be late or early against the first input's voltage, at most, from 45 Hz on. */
#define MM_METROLOGY_DELAY_MAX 2.0
/* The slot of a channel that is not there: it reads zero. */
#define MM_METROLOGY_DEAD UINT32_MAX

struct mm_metrology_channel {
	uint32_t slot;	/* its place in the frame, from 0; or MM_METROLOGY_DEAD */
	double scale;	/* volts or primary amperes per code, not 0; negative: connected the wrong way round */
	double delay_s; /* by which its samples are late (filter, multiplexer): corrected alike at all frequencies */
	double lag_deg; /* by which it lags at the fundamental, whatever its frequency (a CT leads: negative) */
};

struct mm_metrology_input {
	struct mm_metrology_channel voltage;
	struct mm_metrology_channel current;
	double nominal_v; /* declared supply voltage, line to neutral */
};

struct mm_metrology_config {
	double rate_hz;		    /* samples a second by the chip's nominal clock; the true rate is within 2 % */
	unsigned frame_channels;    /* codes in a frame, 1 to MM_METROLOGY_FRAME_MAX */
	struct mm_sums_rails rails; /* the converter's lowest and highest code */
	unsigned input_count;	    /* 1 to MM_INPUTS_MAX; inputs may share a voltage's slot */
	struct mm_metrology_input input[MM_INPUTS_MAX];
};

/* What a channel did in a window. The caller judges it: it knows what it means for the bill. */
#define MM_CHANNEL_STUCK 0x1u	/* one code all through: a converter that lives has noise */
#define MM_CHANNEL_CLIPPED 0x2u /* at a rail at least once: what was beyond is missing from all figures */

/* What is known of an input beyond its reading. */
struct mm_metrology_detail {
	double active_w; /* means over the window */
	double apparent_va;
	double nonactive_var;		       /* 0 or more */
	double power_factor;		       /* -1 to 1; 0 where there is no apparent power */
	uint32_t voltage_flags, current_flags; /* MM_CHANNEL_* */
};

struct mm_metrology_window {
	struct mm_measurement measurement; /* health OK, latched; missed as given to mm_metrology_restart() */
	struct mm_metrology_detail detail[MM_INPUTS_MAX];
	const struct mm_harmonics *harmonics; /* that were asked for, until others are; NULL: none */
	bool synchronous; /* between zero crossings all through; else frequency and phasors are 0, not known */
	double rate_hz;	  /* samples a second by CLOCK_BOOTTIME, as far as known by now */
};

/* A frame, counted from the start, and the part of the way to the next one. */
struct mm_metrology_instant {
	int64_t index;
	double fraction;
};

/* A voltage's sums at the last crossing, and those of the half cycle before it. */
struct mm_metrology_half {
	double mark_v, mark_vv;
	double v, vv;
};

#define MM_METROLOGY_CHANNELS (2 * MM_INPUTS_MAX)
#define MM_METROLOGY_CHUNK 64  /* frames worked on at a time */
#define MM_METROLOGY_HISTORY 8 /* samples kept from before them, for delays */

/* One instance: about 40 KB, whatever it is fed. Its owner provides the memory; nothing in it is for others. */
struct mm_metrology {
	struct mm_metrology_config config;
	struct mm_sample_clock clock;
	struct mm_crossing crossing;
	unsigned reference; /* the input whose voltage the crossings are of */

	const int32_t *codes; /* of the block that is being taken: */
	size_t frames;	      /* frames not yet taken */

	/* A chunk: as converted; and with the delays taken out, sample 0 being the last one before it. */
	unsigned filled;
	int64_t chunk_index; /* of its first frame, counted from the start */
	double raw[MM_METROLOGY_CHANNELS][MM_METROLOGY_HISTORY + MM_METROLOGY_CHUNK];
	double shift[MM_METROLOGY_CHANNELS]; /* delays, in samples */
	double delayed[MM_METROLOGY_CHANNELS][1 + MM_METROLOGY_CHUNK];
	const double *aligned[MM_METROLOGY_CHANNELS];
	double cosine[1 + MM_METROLOGY_CHUNK], sine[1 + MM_METROLOGY_CHUNK];
	unsigned searched, summed; /* up to which of its samples */

	/* The half cycle under way. */
	struct mm_metrology_instant half_start;
	double half_length, cycle_length; /* the last ones seen, in samples */
	unsigned zeros;			  /* zero crossings in a row */
	unsigned warm_up;		  /* crossings until the first window begins; 0: it has begun */

	/* The window under way. */
	struct mm_metrology_instant start;
	int64_t start_ns;
	unsigned half_cycles, half_cycles_due;
	bool synchronous;
	double frequency; /* of the oscillator, in turns a sample */
	double phase;	  /* and where it stood at the start, in turns */
	uint32_t missed;
	unsigned harmonics_input, harmonics_requested; /* whose harmonics are being summed, and whose in the next window */
	struct mm_harmonic_sums harmonic_sums;
	struct mm_harmonics harmonics; /* the latest that were read */
	struct mm_sums sums[MM_INPUTS_MAX];
	struct mm_sums_seen seen[MM_METROLOGY_CHANNELS];
	struct mm_metrology_half half[MM_INPUTS_MAX];
	struct mm_voltage_watch watch[MM_INPUTS_MAX];
};

/*
 * Starts. The configuration is copied. -EINVAL where it can't be measured with: rates or counts out of range, slots outside the
 * frame, scales that are 0 or not finite, delays beyond MM_METROLOGY_DELAY_MAX at 45 Hz.
 */
int mm_metrology_init(struct mm_metrology *metrology, const struct mm_metrology_config *config);

/*
 * Samples were lost, or the converter was stopped: gives up the window under way and begins anew at the crossings to come (some
 * 50 ms). missed: windows to count as lost, in the next window's measurement. The rate learnt so far is kept.
 */
void mm_metrology_restart(struct mm_metrology *metrology, uint32_t missed);

/*
 * Gives a block: frames times frame_channels codes, the last of which was sampled at end_ns of CLOCK_BOOTTIME (late by whatever
 * is usual, now and then by more: it is smoothed). The codes must stay until mm_metrology_next() has returned false.
 */
void mm_metrology_feed(struct mm_metrology *metrology, const int32_t *codes, size_t frames, int64_t end_ns);

/*
 * Asks for the harmonics of an input: they come with the first window that begins after this and is synchronous; another one
 * asked for before then takes its place. Their volts and amperes are those at the converter: delays don't matter to them.
 */
void mm_metrology_request_harmonics(struct mm_metrology *metrology, unsigned input);

/* The next window that the block completes; false: there is none, the block is used up. */
bool mm_metrology_next(struct mm_metrology *metrology, struct mm_metrology_window *ret);

#endif
