/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_STREAM_H
#define MM_SIM_STREAM_H

/*
 * The samples of a waveform converter: its rate, the trigger that its data-ready output fires, and the driver's triggered buffer.
 * Frames wait in the buffer's queue; when it is full they are lost. It has no clock: the board moves its time.
 */

#include <stddef.h>

#include "sim/adc.h"

#define MM_SIM_SAMPLES_MAX 16384 /* of one block */
#define MM_SIM_BLOCKS_MAX 64

struct mm_sim_stream {
	struct mm_sim_adc adc;
	bool cpu_order; /* the byte order of the stored samples */
	double clock_ratio;
	double mclk_hz;
	double gain;
	unsigned osr;		 /* of an MCP39xx: 32 to 4096, a power of two */
	unsigned rate;		 /* in the unit of a converter that has one */
	int64_t stamp_offset_ns; /* the time stamps' clock less the board's */
	bool triggered;		 /* a trigger is set */
	unsigned blocks;	 /* in the queue */

	bool enabled;
	const void *owner; /* the client of the buffer; NULL: none, though it can be enabled */
	uint32_t mask;	   /* of the channels in the buffer; the time stamp is behind them */
	double period_ns;
	double base_ns;	   /* sample n is at base_ns + n * period_ns */
	uint64_t taken;	   /* samples since base_ns */
	uint64_t number;   /* samples in all */
	uint64_t lost;	   /* of them */
	size_t frame_size; /* bytes */
	size_t capacity;   /* frames; 0: no client has the buffer */
	size_t first, waiting;
	uint8_t *frames;
};

void mm_sim_stream_init(struct mm_sim_stream *stream, const struct mm_sim_board_config *board);

/* Frees the queue. */
void mm_sim_stream_stop(struct mm_sim_stream *stream);

/* Sets the rate, as an oversampling ratio or in the converter's unit. -EINVAL, or -EBUSY while the buffer is enabled. */
int mm_sim_stream_set_osr(struct mm_sim_stream *stream, unsigned osr);
int mm_sim_stream_set_rate(struct mm_sim_stream *stream, unsigned rate);

/*
 * Opens the buffer for an owner at board time now_ns, for blocks of that number of samples. -EBUSY: it is enabled; -EINVAL: no
 * trigger is set, or mask or samples are impossible; -ENOMEM.
 */
int mm_sim_stream_start(struct mm_sim_stream *stream, const void *owner, uint32_t mask, size_t samples, int64_t now_ns);

/* Closes the buffer of an owner; -EBADF: it has none. stream can be NULL: a chip without a stream. */
int mm_sim_stream_close(struct mm_sim_stream *stream, const void *owner);

/* Takes the samples up to until_ns, while the board stays in this state. */
void mm_sim_stream_run(struct mm_sim_stream *stream, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
		       int64_t until_ns);

/* The board time at which the queue will have that number of frames. 0: it has; INT64_MAX: never in this state. */
int64_t mm_sim_stream_ready(const struct mm_sim_stream *stream, const struct mm_sim_state *state, size_t frames);

/* Takes frames from the queue, which must have them. */
void mm_sim_stream_take(struct mm_sim_stream *stream, size_t frames, void *ret);

#endif
