/* SPDX-License-Identifier: MIT */
#include "sim/stream.h"

#include "core/units.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 64
#define OSR_DEFAULT 256 /* after the driver has started */
#define PRESCALE 1
#define BLOCKS_DEFAULT 4

void mm_sim_stream_init(struct mm_sim_stream *stream, const struct mm_sim_board_config *board)
{
	const struct mm_sim_converter *converter = board->chip->converter;

	*stream = (struct mm_sim_stream){
		.cpu_order = converter && converter->cpu_order && !board->stores_as_declared,
		.clock_ratio = 1.0 + board->ppm * 1e-6,
		.mclk_hz = board->mclk_hz,
		.gain = board->gain,
		.osr = OSR_DEFAULT,
		.rate = converter ? converter->rate_default : 0,
		.triggered = converter && converter->sets_trigger,
		.blocks = BLOCKS_DEFAULT,
	};
	mm_sim_adc_init(&stream->adc, board);
}

void mm_sim_stream_stop(struct mm_sim_stream *stream)
{
	free(stream->frames);
	stream->frames = NULL;
	stream->capacity = stream->waiting = 0;
	stream->owner = NULL;
	stream->enabled = false;
}

static int set(struct mm_sim_stream *stream, unsigned *setting, unsigned value, unsigned min, unsigned max, bool doubling)
{
	if (value < min || value > max || (doubling && (value & (value - 1)) != 0)) {
		return -EINVAL;
	}
	if (stream->enabled) {
		return -EBUSY;
	}
	*setting = value;
	return 0;
}

int mm_sim_stream_set_osr(struct mm_sim_stream *stream, unsigned osr)
{
	return set(stream, &stream->osr, osr, 32, 4096, true);
}

int mm_sim_stream_set_rate(struct mm_sim_stream *stream, unsigned rate)
{
	const struct mm_sim_converter *converter = stream->adc.chip->converter;

	return set(stream, &stream->rate, rate, 1, converter->rate_max, converter->rate_unit > 1);
}

/* Samples in a true second. MCP39xx: MCLK / (4 * prescale * OSR), by the data sheets. */
static double rate_hz(const struct mm_sim_stream *stream)
{
	unsigned unit = stream->adc.chip->converter->rate_unit;
	double nominal_hz = unit > 0 ? (double)stream->rate * unit : stream->mclk_hz / (4.0 * PRESCALE * stream->osr);

	return nominal_hz * stream->clock_ratio;
}

static bool has_stamp(const struct mm_sim_stream *stream)
{
	return (stream->mask >> stream->adc.chip->channels) & 1u;
}

static unsigned words(const struct mm_sim_stream *stream)
{
	return (unsigned)__builtin_popcount(stream->mask) - has_stamp(stream);
}

int mm_sim_stream_start(struct mm_sim_stream *stream, const void *owner, uint32_t mask, size_t samples, int64_t now_ns)
{
	bool stamps = stream->adc.chip->converter->face.timestamp;

	if (stream->enabled) {
		return -EBUSY;
	}
	if (!stream->triggered || mask == 0 || mask >> (stream->adc.chip->channels + stamps) != 0 || samples == 0 ||
	    samples > MM_SIM_SAMPLES_MAX) {
		return -EINVAL;
	}
	stream->mask = mask;
	stream->frame_size = sizeof(uint32_t) * words(stream);
	if (has_stamp(stream)) {
		stream->frame_size = (stream->frame_size + 7) / 8 * 8 + sizeof(int64_t);
	}
	stream->capacity = samples * stream->blocks;
	stream->frames = malloc(stream->capacity * stream->frame_size);
	if (!stream->frames) {
		stream->capacity = 0;
		return -ENOMEM;
	}
	stream->owner = owner;
	stream->enabled = true;
	stream->first = stream->waiting = 0;
	stream->period_ns = MM_NS_PER_S / rate_hz(stream);
	stream->base_ns = (double)now_ns;
	stream->taken = 0;
	return 0;
}

int mm_sim_stream_close(struct mm_sim_stream *stream, const void *owner)
{
	if (!stream || stream->owner != owner) {
		return -EBADF;
	}
	mm_sim_stream_stop(stream);
	return 0;
}

/* A sample as the driver stores it: 24 bits of a word, in either byte order, shifted left where the format says so. */
static uint32_t stored(const struct mm_sim_stream *stream, unsigned channel, int32_t code)
{
	const struct mm_sim_converter *converter = stream->adc.chip->converter;
	uint32_t bits = ((uint32_t)code & 0xffffff) << converter->shift;

	if (converter->headers) {
		/* The channel's number, and a checksum's stand-in. */
		bits |= channel << 28 | ((uint32_t)code & 0xf) << 24;
	}
	return stream->cpu_order ? bits : htobe32(bits);
}

static void push(struct mm_sim_stream *stream, const int32_t *codes, double time_ns)
{
	uint8_t *frame = stream->frames + (stream->first + stream->waiting) % stream->capacity * stream->frame_size;
	int64_t stamp_ns = llround(time_ns) + stream->stamp_offset_ns;
	unsigned place = 0;

	memset(frame, 0, stream->frame_size);
	if (has_stamp(stream)) {
		memcpy(frame + stream->frame_size - sizeof(stamp_ns), &stamp_ns, sizeof(stamp_ns));
	}
	for (unsigned channel = 0; channel < stream->adc.chip->channels; channel++) {
		if (stream->mask & (1u << channel)) {
			/* A driver that stores whole frames shows their beginning, whatever was asked for. */
			unsigned source = stream->adc.chip->converter->whole_frames ? place : channel;
			uint32_t word = stored(stream, source, codes[source]);

			memcpy(frame + sizeof(word) * place++, &word, sizeof(word));
		}
	}
	stream->waiting++;
}

static double sample_ns(const struct mm_sim_stream *stream, uint64_t n)
{
	return stream->base_ns + (double)n * stream->period_ns;
}

/* True when samples come. The driver drops a sample whose transfer fails, and the reader gets no error. */
static bool runs(const struct mm_sim_state *state)
{
	return state->fault.kind != MM_SIM_FAULT_NO_TRIGGER && state->fault.kind != MM_SIM_FAULT_EIO &&
	       state->fault.kind != MM_SIM_FAULT_VANISHED;
}

static double period_ns(const struct mm_sim_stream *stream, const struct mm_sim_state *state)
{
	double percent = state->fault.kind == MM_SIM_FAULT_RATE ? state->fault.number : 100.0;

	return MM_NS_PER_S / (rate_hz(stream) * percent / 100.0);
}

void mm_sim_stream_run(struct mm_sim_stream *stream, const struct mm_sim_state *state, const struct mm_sim_flow *flow,
		       int64_t until_ns)
{
	const unsigned channels = stream->adc.chip->channels;
	double period;
	uint64_t end;

	if (!stream->enabled || stream->capacity == 0) {
		return;
	}
	period = period_ns(stream, state);
	if (period != stream->period_ns) {
		stream->base_ns = sample_ns(stream, stream->taken);
		stream->taken = 0;
		stream->period_ns = period;
	}
	end = (double)until_ns < stream->base_ns ? 0 : (uint64_t)(((double)until_ns - stream->base_ns) / period);
	while (stream->taken < end) {
		unsigned count = end - stream->taken < CHUNK ? (unsigned)(end - stream->taken) : CHUNK;
		int32_t codes[CHUNK * MM_SIM_ADC_CHANNELS_MAX];

		if (!runs(state) || stream->waiting == stream->capacity) {
			stream->lost += end - stream->taken;
			stream->number += end - stream->taken;
			stream->taken = end;
			break;
		}
		mm_sim_adc_convert(&stream->adc, state, flow,
				   &(struct mm_sim_frames){stream->number, sample_ns(stream, stream->taken + 1), period, count},
				   codes);
		for (unsigned i = 0; i < count; i++) {
			bool loses = state->fault.kind == MM_SIM_FAULT_LOSING && (stream->number + i) % state->fault.number == 0;

			if (loses || stream->waiting == stream->capacity) {
				stream->lost++;
			} else {
				push(stream, codes + i * channels, sample_ns(stream, stream->taken + 1 + i));
			}
		}
		stream->taken += count;
		stream->number += count;
	}
}

int64_t mm_sim_stream_ready(const struct mm_sim_stream *stream, const struct mm_sim_state *state, size_t frames)
{
	assert(frames <= stream->capacity);
	if (stream->waiting >= frames) {
		return 0;
	}
	if (!runs(state)) {
		return INT64_MAX;
	}
	return (int64_t)ceil(sample_ns(stream, stream->taken + frames - stream->waiting)) + 1;
}

void mm_sim_stream_take(struct mm_sim_stream *stream, size_t frames, void *ret)
{
	uint8_t *to = ret;

	assert(frames <= stream->waiting);
	for (size_t i = 0; i < frames; i++) {
		memcpy(to + i * stream->frame_size, stream->frames + stream->first * stream->frame_size, stream->frame_size);
		stream->first = (stream->first + 1) % stream->capacity;
	}
	stream->waiting -= frames;
}
