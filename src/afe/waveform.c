/* SPDX-License-Identifier: MIT */
/*
 * Waveform converters: blocks of samples from the driver's buffer go through metrology, and five of its windows of 10 or 12
 * cycles make one measurement of about a second. Samples that can't be trusted are reported with the reason, without energy.
 */
#include "afe/afe.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "afe/private.h"
#include "afe/waveform_chip.h"
#include "core/units.h"
#include "metrology/aggregate.h"
#include "metrology/metrology.h"
#include "metrology/sample_watch.h"
#include "metrology/sample_words.h"

#define BLOCK_S 0.2
/* Waiting begins on the clock and ends in the read, which knows best when the block is there. */
#define EARLY_NS (5 * MM_NS_PER_MS)
/* A read that took less has found its block waiting. */
#define AT_ONCE_NS MM_NS_PER_MS
/* Seconds in a row for which voltage and current must look swapped: a deep sag under load may look so for one. */
#define SWAPPED_SECONDS 3
/* While nothing can be measured there is a report so often. */
#define REPORT_NS MM_NS_PER_S

struct waveform {
	struct mm_afe afe;
	struct mm_afe_config config;
	char *uri, *device_name;
	const struct mm_waveform_chip *chip;
	struct mm_clock *clock;
	struct mm_iio_stream stream;
	unsigned slot_count; /* channels in use, each once, */
	unsigned channel[2 * MM_INPUTS_MAX];
	struct mm_metrology_config metering;
	double rate_hz;
	size_t block_frames;
	int32_t *codes;
	int64_t *stamps;
	atomic_int requested; /* input whose harmonics are asked for; -1: none */

	/* Since open: */
	enum mm_byte_order order; /* as declared until it is found */
	bool order_found;
	struct mm_sample_watch watch;
	enum mm_samples samples; /* of the last block */
	struct mm_metrology metrology;
	struct mm_aggregate aggregate;
	unsigned swapped;  /* seconds in a row */
	int64_t due_ns;	   /* the next block is expected; 0: it may wait already */
	int64_t report_ns; /* end of the last report */
};

static struct waveform *from_afe(struct mm_afe *afe)
{
	return (struct waveform *)afe;
}

/* Begins anew after a number of windows missed: nothing is known of the samples to come. */
static void start_measuring(struct waveform *w, uint32_t missed)
{
	int r = mm_metrology_init(&w->metrology, &w->metering);

	(void)r; /* seen to be right when created */
	mm_metrology_restart(&w->metrology, missed);
	mm_aggregate_reset(&w->aggregate);
	w->afe.harmonics = NULL;
}

/* Finds the order of the bytes as soon as a channel shows it; what was measured with the other one is void. */
static void look_at_order(struct waveform *w, const struct mm_iio_block *block)
{
	enum mm_byte_order found = MM_BYTE_ORDER_UNKNOWN;

	for (unsigned i = 0; i < w->slot_count && !w->order_found && found == MM_BYTE_ORDER_UNKNOWN; i++) {
		found = mm_sample_order(block->data + block->offset[i], block->frames, block->step, w->stream.shift);
	}
	if (found != MM_BYTE_ORDER_UNKNOWN) {
		w->order = found;
		w->order_found = true;
		start_measuring(w, 0);
	}
}

static void decode(struct waveform *w, const struct mm_iio_block *block)
{
	int32_t *code = w->codes;

	for (size_t frame = 0; frame < block->frames; frame++) {
		const unsigned char *words = block->data + frame * block->step;

		for (unsigned i = 0; i < w->slot_count; i++) {
			*code++ = mm_sample_word(words + block->offset[i], w->order, w->stream.shift);
		}
		if (block->stamped) {
			memcpy(&w->stamps[frame], words + block->stamp_offset, sizeof(w->stamps[frame]));
		}
	}
}

/* Waits for a block and judges whether it is one to measure with. */
static int read_block(struct waveform *w)
{
	struct mm_iio_block block;
	int64_t before_ns, now_ns;
	int r = mm_clock_sleep_until(w->clock, w->due_ns);

	if (r < 0) {
		return r;
	}
	before_ns = mm_clock_boottime(w->clock);
	r = mm_iio_stream_read(&w->stream, &block);
	if (r < 0) {
		w->afe.fault = r == -ETIMEDOUT ? MM_HEALTH_NO_TRIGGER : MM_HEALTH_OK;
		return r;
	}
	now_ns = mm_clock_boottime(w->clock);
	if (block.frames < 2 || block.frames > w->block_frames) {
		return mm_iio_device_error(&w->stream.device, -EPROTO, "%zu samples of %s in a block of %zu", block.frames,
					   w->device_name, w->block_frames);
	}
	w->due_ns = now_ns - before_ns < AT_ONCE_NS
			    ? 0
			    : now_ns + (int64_t)(MM_NS_PER_S * (double)block.frames / w->rate_hz) - EARLY_NS;
	look_at_order(w, &block);
	decode(w, &block);
	w->samples = mm_sample_watch_block(&w->watch, &(struct mm_sample_block){
							      .stamps = block.stamped ? w->stamps : NULL,
							      .frames = block.frames,
							      .now_ns = now_ns,
							      .waited = w->due_ns > 0,
						      });
	if (w->samples == MM_SAMPLES_FINE) {
		mm_metrology_feed(&w->metrology, w->codes, block.frames, w->watch.end_ns);
	}
	return 0;
}

/* A report without energy, where there is a doubt and it is time for one. */
static bool report_doubt(struct waveform *w, struct mm_measurement *ret)
{
	int64_t now_ns = mm_clock_boottime(w->clock);
	bool wrong = w->samples == MM_SAMPLES_WRONG_RATE;

	if (now_ns - w->report_ns < REPORT_NS) {
		return false;
	}
	if (wrong) {
		mm_error_set(&w->afe.error, 0, "%s takes %.0f samples a second, not %.0f", w->device_name, w->watch.rate_hz,
			     w->rate_hz);
	} else {
		mm_error_set(&w->afe.error, 0, "samples of %s get lost", w->device_name);
	}
	*ret = (struct mm_measurement){
		.start_ns = w->report_ns,
		.end_ns = now_ns,
		.health = wrong ? MM_HEALTH_WRONG_RATE : MM_HEALTH_OK,
		.input_count = w->config.input_count,
	};
	return true;
}

static void describe_fault(struct waveform *w, enum mm_health health, const struct mm_aggregate_fault *fault)
{
	const struct mm_afe_input *input = &w->config.input[fault->input];
	unsigned channel = fault->voltage ? input->voltage_channel : input->current_channel;
	struct mm_error *error = &w->afe.error;

	if (health == MM_HEALTH_SWAPPED) {
		mm_error_set(error, 0,
			     "channel voltage%u of %s has what looks like the supply, voltage%u does not: are they swapped?",
			     channel, w->device_name, input->voltage_channel);
	} else {
		mm_error_set(error, 0, "channel voltage%u of %s %s", channel, w->device_name,
			     health == MM_HEALTH_STUCK ? "stands still" : "is at its rails");
	}
}

/*
 * Takes the second, if there is anything in it. Until voltage and current have looked swapped for long enough it counts: their
 * product is the same either way.
 */
static bool take_second(struct waveform *w, struct mm_measurement *ret)
{
	struct mm_aggregate_fault fault;

	if (!mm_aggregate_take(&w->aggregate, ret, &fault)) {
		return false;
	}
	w->swapped = ret->health == MM_HEALTH_SWAPPED ? w->swapped + 1 : 0;
	if (w->swapped > 0 && w->swapped < SWAPPED_SECONDS) {
		ret->health = MM_HEALTH_OK;
	}
	if (ret->health != MM_HEALTH_OK) {
		describe_fault(w, ret->health, &fault);
	}
	return true;
}

/* What became of the block: true where that ends in a report. */
static bool judge_block(struct waveform *w, struct mm_measurement *ret)
{
	bool any = false;

	switch (w->samples) {
	case MM_SAMPLES_FINE:
		break;
	case MM_SAMPLES_LOST:
		/* Whole windows from before it count; the one that it broke is missed. */
		any = take_second(w, ret);
		mm_metrology_restart(&w->metrology, 1);
		break;
	case MM_SAMPLES_WRONG_RATE:
		start_measuring(w, 1);
		break;
	}
	return any || (w->samples != MM_SAMPLES_FINE && report_doubt(w, ret));
}

static int waveform_next(struct mm_afe *afe, struct mm_measurement *ret)
{
	struct waveform *w = from_afe(afe);
	int requested = atomic_exchange(&w->requested, -1);
	bool done = false;

	if (requested >= 0 && (unsigned)requested < w->config.input_count) {
		mm_metrology_request_harmonics(&w->metrology, (unsigned)requested);
	}
	afe->harmonics = NULL;
	while (!done) {
		struct mm_metrology_window window;

		if (mm_metrology_next(&w->metrology, &window)) {
			afe->harmonics = window.harmonics ? window.harmonics : afe->harmonics;
			done = mm_aggregate_add(&w->aggregate, &window) && take_second(w, ret);
		} else {
			int r = read_block(w);

			if (r < 0) {
				return r;
			}
			done = judge_block(w, ret);
		}
	}
	w->report_ns = ret->end_ns;
	return 0;
}

static void waveform_close(struct mm_afe *afe)
{
	mm_iio_stream_close(&from_afe(afe)->stream);
}

/* Volts or amperes a code, by the channel's gain. */
static int set_scales(struct waveform *w)
{
	for (unsigned i = 0; i < w->config.input_count; i++) {
		const struct mm_afe_input *input = &w->config.input[i];
		double voltage_gain, current_gain;
		int r = mm_waveform_chip_gain(w->chip, &w->stream.device, input->voltage_channel, &voltage_gain);

		if (r == 0) {
			r = mm_waveform_chip_gain(w->chip, &w->stream.device, input->current_channel, &current_gain);
		}
		if (r < 0) {
			return r;
		}
		w->metering.input[i].voltage.scale = M_SQRT2 * input->full_scale_v / w->chip->full_scale_code / voltage_gain;
		w->metering.input[i].current.scale = M_SQRT2 * input->full_scale_a / w->chip->full_scale_code / current_gain;
	}
	return 0;
}

static int waveform_open(struct mm_afe *afe)
{
	struct waveform *w = from_afe(afe);
	int r;

	waveform_close(afe);
	r = mm_iio_stream_open(&w->stream, w->uri, w->device_name, w->channel, w->slot_count, &afe->error);
	if (r < 0) {
		afe->fault = r == -ECHRNG ? MM_HEALTH_NO_CHANNEL : MM_HEALTH_OK;
		return r;
	}
	r = mm_waveform_chip_set_rate(w->chip, &w->config, &w->stream.device);
	if (r == 0) {
		r = set_scales(w);
	}
	if (r == 0) {
		r = mm_iio_stream_start(&w->stream, w->block_frames);
		afe->fault = r == -ENXIO ? MM_HEALTH_NO_TRIGGER : MM_HEALTH_OK;
	}
	if (r < 0) {
		waveform_close(afe);
		return r;
	}
	mm_iio_device_chip(&w->stream.device, w->uri, afe->chip, sizeof(afe->chip));
	w->order = w->stream.declared_be ? MM_BYTE_ORDER_BIG : MM_BYTE_ORDER_LITTLE;
	w->order_found = false;
	w->swapped = 0;
	w->due_ns = 0;
	w->report_ns = mm_clock_boottime(w->clock);
	mm_sample_watch_init(&w->watch, w->rate_hz);
	start_measuring(w, 0);
	return 0;
}

static void waveform_cancel(struct mm_afe *afe)
{
	mm_iio_stream_cancel(&from_afe(afe)->stream);
}

static void waveform_request_harmonics(struct mm_afe *afe, unsigned input)
{
	atomic_store(&from_afe(afe)->requested, (int)input);
}

static void waveform_free(struct mm_afe *afe)
{
	struct waveform *w = from_afe(afe);

	mm_iio_stream_destroy(&w->stream);
	free(w->uri);
	free(w->device_name);
	free(w->codes);
	free(w->stamps);
	free(w);
}

/* The slot of a channel: inputs that share one read it once. */
static uint32_t slot_of(struct waveform *w, unsigned channel)
{
	for (unsigned i = 0; i < w->slot_count; i++) {
		if (w->channel[i] == channel) {
			return i;
		}
	}
	w->channel[w->slot_count] = channel;
	return w->slot_count++;
}

static void configure(struct waveform *w, const struct mm_afe_config *config)
{
	w->config = *config;
	w->config.uri = w->uri;
	w->config.device = w->device_name;
	w->rate_hz = mm_waveform_chip_rate(w->chip, config);
	w->block_frames = (size_t)ceil(w->rate_hz * BLOCK_S);
	w->metering = (struct mm_metrology_config){
		.rate_hz = w->rate_hz,
		.rails = {-MM_WAVEFORM_CODE_MAX - 1, MM_WAVEFORM_CODE_MAX},
		.input_count = config->input_count,
	};
	for (unsigned i = 0; i < config->input_count; i++) {
		const struct mm_afe_input *input = &config->input[i];

		w->aggregate.nominal_v[i] = w->metering.input[i].nominal_v = input->nominal_v;
		w->aggregate.volts_per_ampere[i] = input->full_scale_v / input->full_scale_a;
		w->metering.input[i].voltage =
			(struct mm_metrology_channel){.slot = slot_of(w, input->voltage_channel), .scale = 1.0};
		w->metering.input[i].current = (struct mm_metrology_channel){
			.slot = slot_of(w, input->current_channel), .scale = 1.0, .lag_deg = -input->phase_deg};
	}
	for (unsigned channel = 0; w->chip->whole_frames && channel < w->chip->channels; channel++) {
		slot_of(w, channel);
	}
	w->metering.frame_channels = w->slot_count;
}

/* What the configuration must say: 0 or -EINVAL. */
static int check_config(const struct mm_waveform_chip *chip, const struct mm_afe_config *config, struct mm_error *error)
{
	double rate_hz = mm_waveform_chip_rate(chip, config);
	uint32_t currents = 0, voltages = 0;

	if (!(rate_hz >= MM_METROLOGY_RATE_MIN_HZ && rate_hz <= MM_METROLOGY_RATE_MAX_HZ)) {
		return mm_error_set(
			error, -EINVAL,
			"mclk_hz = %.0f / (4 * osr = %u) gives %.0f samples a second; %.0f to %.0f can be measured with",
			config->mclk_hz, config->osr, rate_hz, MM_METROLOGY_RATE_MIN_HZ, MM_METROLOGY_RATE_MAX_HZ);
	}
	if (chip->channels < 2) {
		return mm_error_set(error, -EINVAL, "%s has a single channel: energy needs a voltage and a current", chip->name);
	}
	for (unsigned i = 0; i < config->input_count; i++) {
		const struct mm_afe_input *input = &config->input[i];
		uint32_t current = UINT32_C(1) << input->current_channel;

		if (input->voltage_channel >= chip->channels || input->current_channel >= chip->channels) {
			return mm_error_set(
				error, -EINVAL,
				"phase %c has channels %u (voltage_channel_%c) and %u (current_channel_%c): %s has 0 to %u",
				'A' + (char)input->phase, input->voltage_channel, 'a' + (char)input->phase,
				input->current_channel, 'a' + (char)input->phase, chip->name, chip->channels - 1);
		}
		if (currents & current) {
			return mm_error_set(error, -EINVAL, "channel %u is the current of two phases", input->current_channel);
		}
		currents |= current;
		voltages |= UINT32_C(1) << input->voltage_channel;
	}
	if (currents & voltages) {
		return mm_error_set(error, -EINVAL, "channel %d is both a voltage and a current",
				    __builtin_ctz(currents & voltages));
	}
	return 0;
}

int mm_afe_waveform_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
			struct mm_error *error, struct mm_afe **ret)
{
	static const struct mm_afe_ops ops = {
		.open = waveform_open,
		.next = waveform_next,
		.close = waveform_close,
		.free = waveform_free,
		.cancel = waveform_cancel,
		.request_harmonics = waveform_request_harmonics,
	};
	struct waveform *w;
	int r = check_config(driver->chip, config, error);

	if (r < 0) {
		return r;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	w->afe.ops = &ops;
	w->clock = clock;
	w->chip = driver->chip;
	atomic_init(&w->requested, -1);
	mm_iio_stream_init(&w->stream);
	w->uri = strdup(config->uri);
	w->device_name = strdup(config->device);
	if (!w->uri || !w->device_name) {
		r = mm_error_set(error, -ENOMEM, "out of memory");
		goto fail;
	}
	configure(w, config);
	r = mm_metrology_init(&w->metrology, &w->metering);
	if (r < 0) {
		mm_error_set(error, r, "phase_deg is more than can be corrected at this rate");
		goto fail;
	}
	w->codes = malloc(w->block_frames * w->slot_count * sizeof(*w->codes));
	w->stamps = malloc(w->block_frames * sizeof(*w->stamps));
	if (!w->codes || !w->stamps) {
		r = mm_error_set(error, -ENOMEM, "out of memory");
		goto fail;
	}
	*ret = &w->afe;
	return 0;
fail:
	waveform_free(&w->afe);
	return r;
}
