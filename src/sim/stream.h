/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_STREAM_H
#define MM_SIM_STREAM_H

/*
 * A waveform converter at work: its rate, the trigger that its data-ready output fires, and the driver's triggered buffer with
 * the queue behind it, in which frames wait to be read and beyond which they are lost. It has no clock: the board moves it on.
 */

#include <stddef.h>

#include "sim/adc.h"

#define MM_SIM_SAMPLES_MAX 16384 /* of one block that a client opens the buffer with */
#define MM_SIM_BLOCKS_MAX 64

struct mm_sim_stream {
	struct mm_sim_adc adc;
	bool cpu_order; /* what the driver stores in */
	double clock_ratio;
	double mclk_hz;
	double gain;
	unsigned osr;		 /* of an MCP39xx: 32 to 4096, a power of two */
	unsigned rate_khz;	 /* of an ADS131E: 1 to 16, a power of two; above, its codes have 16 bits */
	int64_t stamp_offset_ns; /* of the time stamps' clock to the board's */
	bool triggered;		 /* a trigger is set */
	unsigned blocks;	 /* that the queue has room for */

	bool enabled;
	const void *owner; /* whose the buffer is; NULL: nobody's, left over */
	uint32_t mask;	   /* the channels in it, the time stamp behind them */
	double period_ns;
	double base_ns;	   /* samples lie at base_ns + n * period_ns */
	uint64_t taken;	   /* samples since then */
	uint64_t number;   /* samples in all */
	uint64_t lost;	   /* of them */
	size_t frame_size; /* bytes */
	size_t capacity;   /* frames; 0 while it is no client's */
	size_t first, waiting;
	uint8_t *frames;
};

void mm_sim_stream_init(struct mm_sim_stream *stream, const struct mm_sim_board_config *board);

/* Frees the queue. */
void mm_sim_stream_stop(struct mm_sim_stream *stream);

/* Sets the rate: an oversampling ratio, or thousands of samples a second. -EINVAL, or -EBUSY while the buffer is enabled. */
int mm_sim_stream_set_osr(struct mm_sim_stream *stream, unsigned osr);
int mm_sim_stream_set_rate(struct mm_sim_stream *stream, unsigned khz);

/*
 * Opens the buffer for an owner at board time now_ns, for blocks of that number of samples. -EBUSY: it is enabled already;
 * -EINVAL: no trigger is set, or mask or samples are none that it could have; -ENOMEM.
 */
int mm_sim_stream_start(struct mm_sim_stream *stream, const void *owner, uint32_t mask, size_t samples, int64_t now_ns);

/* Closes the buffer that owner has opened; -EBADF: it has none (stream NULL: no chip with one). */
int mm_sim_stream_close(struct mm_sim_stream *stream, const void *owner);

/* Samples up to until_ns, during which the board stays as it is. */
void mm_sim_stream_run(struct mm_sim_stream *stream, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
		       int64_t until_ns);

/* When that number of frames will wait in the queue (0: they do); INT64_MAX: never, as things are. */
int64_t mm_sim_stream_ready(const struct mm_sim_stream *stream, const struct mm_sim_state *state, size_t frames);

/* Takes frames from the queue, at most those that wait. */
void mm_sim_stream_take(struct mm_sim_stream *stream, size_t frames, void *ret);

#endif
