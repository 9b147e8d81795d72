/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_METROLOGY_BENCH_H
#define MM_TESTS_METROLOGY_BENCH_H

/*
 * A signal whose figures are known, sampled block by block and handed to metrology; a test is one process, so that there is one
 * of each.
 */

#include <check.h>

#include "dsp/metrology.h"

#define INPUTS 2
#define CHANNELS (2 * INPUTS) /* voltage and current of each input by turns */
#define BLOCK_MAX 1000
#define BOOT_NS (100 * MM_NS_PER_S)

/* What is sampled. The second line is opposite to the first; angles are in turns of the supply. */
struct signal {
	double rate_hz; /* true */
	double frequency_hz;
	double voltage_v[INPUTS];
	double current_a[INPUTS];			     /* of the sine */
	double lag_deg[INPUTS];				     /* and by how much it lags */
	double fifth_v, fifth_a, fifth_deg;		     /* ratios to the sines, and angle between the two of them */
	double (*shape)(double turns, double angle_current); /* of the current, from the sine that it would be */
	double offset[CHANNELS];			     /* codes */
	double noise;					     /* codes rms */
	double late[CHANNELS];				     /* samples by which a channel is late */
	double lag_channel_deg[CHANNELS];		     /* and by which it lags at any frequency */
	double jitter_ns;				     /* of the blocks' times, rms */
};
extern struct signal signal;

extern struct mm_metrology_config config;
extern struct mm_metrology metrology;
extern struct mm_metrology_window window; /* the last one */
extern unsigned block;			  /* frames in a block */
extern int64_t frame;			  /* the next one to be sampled */
extern double turns_begun;		  /* of the supply before the present stretch of constant frequency, */
extern int64_t frame_begun;		  /* which began with this frame */
extern int32_t codes[BLOCK_MAX * CHANNELS];
extern uint64_t random_state;

/* The fixture: 120 V, 60 Hz, 10 A and 5 A at unity power factor, 8000 samples a second. */
void setup(void);

/* Goes on at another frequency. */
void change_frequency(double hz);

/* In volts or amperes, as the channel will see it so many frames after frame_begun. */
double sample(unsigned channel, double since);

/* Samples a block. */
void play(void);

/* Plays until the next window is there. */
void next_window(void);
void skip(int windows);

/* How long the last window was, in seconds. */
double window_s(void);

void assert_near(double value, double expected, double tolerance);

/* All figures of the last window are finite. */
void assert_finite(void);

#endif
