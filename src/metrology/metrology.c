/* SPDX-License-Identifier: MIT */
/*
 * Chunk by chunk: convert, take delays out, find the crossings, sum up to each of them; and what becomes of the sums. The summed
 * samples are LATENCY frames behind those taken, so that a channel can be read later than the others.
 */
#include "metrology/metrology.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/units.h"

#define LATENCY 4
#define NO_INPUT UINT_MAX
/* From here on a voltage is a supply, of the declared voltage. */
#define SUPPLY_RATIO 0.05
#define REFERENCE_RATIO 0.10
/* Crossings until the band-pass has settled, of two of which the supply's frequency is known. */
#define WARM_UP 5
/* The supply's frequency as far as delays in degrees are turned into samples for it. */
#define FREQUENCY_MIN_HZ 35.0
#define FREQUENCY_MAX_HZ 80.0
#define FREQUENCY_LIMIT_HZ 45.0
/* Half cycles of a window: 10 cycles below 55 Hz, 12 above. */
#define HALF_CYCLES_50 20
#define HALF_CYCLES_60 24
#define FREQUENCY_SPLIT_HZ 55.0

/* Channel 2 i is the voltage of input i, 2 i + 1 its current. */
static const struct mm_metrology_channel *channel_config(const struct mm_metrology_config *config, unsigned channel)
{
	const struct mm_metrology_input *input = &config->input[channel / 2];

	return channel % 2 == 0 ? &input->voltage : &input->current;
}

/* ---- Starting ---- */

/* By how many samples a channel is late, at a frequency of the supply; only delays against each other matter. */
static double delay_samples(const struct mm_metrology_config *config, unsigned channel, double frequency_hz)
{
	const struct mm_metrology_channel *this = channel_config(config, channel), *first = channel_config(config, 0);

	return (this->delay_s - first->delay_s + (this->lag_deg - first->lag_deg) / 360.0 / frequency_hz) * config->rate_hz;
}

static bool channel_valid(const struct mm_metrology_config *config, unsigned channel)
{
	const struct mm_metrology_channel *this = channel_config(config, channel);

	return (this->slot == MM_METROLOGY_DEAD || this->slot < config->frame_channels) && isfinite(this->scale) &&
	       this->scale != 0.0 && fabs(delay_samples(config, channel, FREQUENCY_LIMIT_HZ)) <= MM_METROLOGY_DELAY_MAX;
}

static bool config_valid(const struct mm_metrology_config *config)
{
	bool valid = config->rate_hz >= MM_METROLOGY_RATE_MIN_HZ && config->rate_hz <= MM_METROLOGY_RATE_MAX_HZ &&
		     config->frame_channels >= 1 && config->frame_channels <= MM_METROLOGY_FRAME_MAX &&
		     config->rails.min < config->rails.max && config->input_count >= 1 && config->input_count <= MM_INPUTS_MAX;

	for (unsigned channel = 0; valid && channel < 2 * config->input_count; channel++) {
		double nominal_v = config->input[channel / 2].nominal_v;

		valid = channel_valid(config, channel) && nominal_v > 0.0 && isfinite(nominal_v);
	}
	return valid;
}

/* Takes up the crossings of another voltage, or of the same anew. */
static void search_crossings(struct mm_metrology *m, unsigned reference)
{
	const struct mm_metrology_input *input = &m->config.input[reference];

	m->reference = reference;
	mm_crossing_init(&m->crossing, m->config.rate_hz, SUPPLY_RATIO * input->nominal_v * M_SQRT2 / fabs(input->voltage.scale));
}

static void forget_seen(struct mm_metrology *m)
{
	memset(m->seen, 0, sizeof(m->seen));
}

int mm_metrology_init(struct mm_metrology *metrology, const struct mm_metrology_config *config)
{
	if (!config_valid(config)) {
		return -EINVAL;
	}
	*metrology = (struct mm_metrology){.config = *config, .cycle_length = config->rate_hz / FREQUENCY_SPLIT_HZ};
	mm_sample_clock_init(&metrology->clock, config->rate_hz);
	for (unsigned input = 0; input < config->input_count; input++) {
		mm_voltage_watch_init(&metrology->watch[input], config->input[input].nominal_v);
	}
	metrology->harmonics_input = metrology->harmonics_requested = NO_INPUT;
	mm_metrology_restart(metrology, 0);
	return 0;
}

void mm_metrology_restart(struct mm_metrology *metrology, uint32_t missed)
{
	mm_sample_clock_unlock(&metrology->clock);
	search_crossings(metrology, metrology->reference);
	forget_seen(metrology);
	memset(metrology->sums, 0, sizeof(metrology->sums));
	memset(metrology->half, 0, sizeof(metrology->half));
	metrology->frames = 0;
	metrology->chunk_index += metrology->filled;
	metrology->filled = 0;
	metrology->searched = metrology->summed = 1 + MM_METROLOGY_CHUNK;
	metrology->zeros = 0;
	metrology->synchronous = false;
	metrology->warm_up = WARM_UP;
	metrology->missed += missed;
}

/* ---- Taking samples ---- */

void mm_metrology_feed(struct mm_metrology *metrology, const int32_t *codes, size_t frames, int64_t end_ns)
{
	metrology->codes = codes;
	metrology->frames = frames;
	if (frames > 0) {
		mm_sample_clock_update(&metrology->clock, metrology->chunk_index + metrology->filled + (int64_t)frames - 1,
				       end_ns);
	}
}

/* Converts as many frames as there are and go into the chunk, anew where the last one is full. True: it is full. */
static bool fill_chunk(struct mm_metrology *m)
{
	size_t room;
	unsigned count;

	if (m->filled == MM_METROLOGY_CHUNK) {
		m->chunk_index += MM_METROLOGY_CHUNK;
		m->filled = 0;
	}
	if (m->frames == 0) {
		return false;
	}
	room = MM_METROLOGY_CHUNK - m->filled;
	count = (unsigned)(m->frames < room ? m->frames : room);
	for (unsigned channel = 0; channel < 2 * m->config.input_count; channel++) {
		uint32_t slot = channel_config(&m->config, channel)->slot;
		double *raw = m->raw[channel];

		if (slot == MM_METROLOGY_DEAD) {
			continue;
		}
		if (m->filled == 0) {
			memcpy(raw, raw + MM_METROLOGY_CHUNK, MM_METROLOGY_HISTORY * sizeof(*raw));
		}
		mm_sums_convert(m->codes + slot, m->config.frame_channels, count, &m->config.rails,
				raw + MM_METROLOGY_HISTORY + m->filled, &m->seen[channel]);
	}
	m->codes += (size_t)count * m->config.frame_channels;
	m->frames -= count;
	m->filled += count;
	return m->filled == MM_METROLOGY_CHUNK;
}

/* Sets the oscillator from a sample of the chunk to its end. */
static void oscillate(struct mm_metrology *m, unsigned from)
{
	double since = (double)(m->chunk_index - 1 - LATENCY + from - m->start.index) - m->start.fraction;
	double phase = m->phase + since * m->frequency;

	mm_sums_oscillate(phase - floor(phase), m->frequency, 1 + MM_METROLOGY_CHUNK - from, m->cosine + from, m->sine + from);
}

static void align_chunk(struct mm_metrology *m)
{
	for (unsigned channel = 0; channel < 2 * m->config.input_count; channel++) {
		double whole = floor(m->shift[channel]);
		double fraction = m->shift[channel] - whole;
		const double *from = m->raw[channel] + MM_METROLOGY_HISTORY - 1 - LATENCY + (int)whole;

		if (fraction > 0.0) {
			mm_sums_delay(from, fraction, 1 + MM_METROLOGY_CHUNK, m->delayed[channel]);
			from = m->delayed[channel];
		}
		m->aligned[channel] = from;
	}
	oscillate(m, 0);
	m->searched = 1;
	m->summed = 1;
}

/* The same without delays taken out: a fractional one costs the highest orders some of their size. */
static struct mm_sums_samples raw_samples_of(const struct mm_metrology *m, unsigned input)
{
	const unsigned first = MM_METROLOGY_HISTORY - 1 - LATENCY;

	return (struct mm_sums_samples){m->raw[2 * input] + first, m->raw[2 * input + 1] + first, m->cosine, m->sine};
}

static struct mm_sums_samples samples_of(const struct mm_metrology *m, unsigned input)
{
	return (struct mm_sums_samples){m->aligned[2 * input], m->aligned[2 * input + 1], m->cosine, m->sine};
}

/* ---- Windows ---- */

static double length(const struct mm_metrology_instant *from, const struct mm_metrology_instant *to)
{
	return (double)(to->index - from->index) + to->fraction - from->fraction;
}

/* The frequency, of the supply by the converter's nominal clock, as far as delays hang on it. */
static void set_shifts(struct mm_metrology *m)
{
	double frequency_hz = fmin(FREQUENCY_MAX_HZ, fmax(FREQUENCY_MIN_HZ, m->frequency * m->config.rate_hz));

	for (unsigned channel = 0; channel < 2 * m->config.input_count; channel++) {
		double delay = delay_samples(&m->config, channel, frequency_hz);

		m->shift[channel] = fmin(MM_METROLOGY_DELAY_MAX, fmax(-MM_METROLOGY_DELAY_MAX, delay));
	}
}

void mm_metrology_request_harmonics(struct mm_metrology *metrology, unsigned input)
{
	assert(input < metrology->config.input_count);
	metrology->harmonics_requested = input;
}

/* Adds what of the harmonics has flowed beyond a crossing, or with sign -1 takes it away; mm_sums_beyond() says what it is. */
static void add_harmonics_beyond(struct mm_metrology *m, double fraction, double sign)
{
	struct mm_sums_samples samples = raw_samples_of(m, m->harmonics_input);

	mm_harmonics_add(&m->harmonic_sums, &samples, m->summed - 1, m->summed, sign * 0.5 * (1.0 - fraction) * (1.0 - fraction));
	mm_harmonics_add(&m->harmonic_sums, &samples, m->summed, m->summed + 1, -sign * 0.5 * fraction * fraction);
}

static void start_harmonics(struct mm_metrology *m, double fraction)
{
	m->harmonics_input = m->harmonics_requested;
	if (m->harmonics_input != NO_INPUT) {
		m->harmonic_sums = (struct mm_harmonic_sums){0};
		add_harmonics_beyond(m, fraction, 1.0);
	}
}

/* Those of the window that ends; NULL: none were asked for, or it is not synchronous. */
static const struct mm_harmonics *end_harmonics(struct mm_metrology *m, double fraction, double samples)
{
	const unsigned input = m->harmonics_input;

	if (input == NO_INPUT || !m->synchronous) {
		return NULL;
	}
	add_harmonics_beyond(m, fraction, -1.0);
	mm_harmonics_read(&m->harmonic_sums, samples, m->frequency, m->config.input[input].voltage.scale,
			  m->config.input[input].current.scale, &m->harmonics);
	m->harmonics.input = input;
	if (m->harmonics_requested == input) {
		m->harmonics_requested = NO_INPUT;
	}
	return &m->harmonics;
}

/* A window begins at the present crossing with what flowed beyond it; the oscillator goes on from where it is. */
static void start_window(struct mm_metrology *m, const struct mm_metrology_instant *at, bool synchronous,
			 const struct mm_sums *beyond)
{
	m->phase += length(&m->start, at) * m->frequency;
	m->phase -= floor(m->phase);
	m->frequency = 1.0 / m->cycle_length;
	m->start = *at;
	m->half_cycles = 0;
	m->half_cycles_due = m->frequency * m->config.rate_hz < FREQUENCY_SPLIT_HZ ? HALF_CYCLES_50 : HALF_CYCLES_60;
	m->synchronous = synchronous;
	memcpy(m->sums, beyond, m->config.input_count * sizeof(*beyond));
	for (unsigned input = 0; input < m->config.input_count; input++) {
		m->half[input].mark_v = 0.0;
		m->half[input].mark_vv = 0.0;
	}
	forget_seen(m);
	set_shifts(m);
	oscillate(m, m->summed - 1);
	start_harmonics(m, at->fraction);
}

/* The rms of each voltage over the cycle that ends with a half cycle of this length. */
static void watch_voltages(struct mm_metrology *m, double half_length, const struct mm_sums *beyond)
{
	double cycle = m->half_length + half_length;
	int64_t middle_ns = mm_sample_clock_time(&m->clock, m->half_start.index, m->half_start.fraction);

	for (unsigned input = 0; input < m->config.input_count; input++) {
		struct mm_metrology_half *half = &m->half[input];
		double v = m->sums[input].of[MM_SUM_V] - beyond[input].of[MM_SUM_V];
		double vv = m->sums[input].of[MM_SUM_VV] - beyond[input].of[MM_SUM_VV];
		struct mm_metrology_half now = {v, vv, v - half->mark_v, vv - half->mark_vv};
		double mean = (half->v + now.v) / cycle;
		double square = fmax(0.0, (half->vv + now.vv) / cycle - mean * mean);

		if (m->warm_up == 0) {
			mm_voltage_watch_step(&m->watch[input], sqrt(square) * fabs(m->config.input[input].voltage.scale),
					      middle_ns);
		}
		*half = now;
	}
}

static uint32_t channel_flags(const struct mm_metrology *m, unsigned channel)
{
	const struct mm_sums_seen *seen = &m->seen[channel];
	uint32_t flags = 0;

	if (channel_config(&m->config, channel)->slot == MM_METROLOGY_DEAD) {
		return 0;
	}
	if (!seen->change) {
		flags |= MM_CHANNEL_STUCK;
	}
	if (seen->rail) {
		flags |= MM_CHANNEL_CLIPPED;
	}
	return flags;
}

/* Everything of one input, from its sums over a window of this many samples and seconds. */
static void read_input(const struct mm_metrology *m, unsigned input, double samples, double seconds,
		       struct mm_metrology_window *ret)
{
	const struct mm_metrology_input *config = &m->config.input[input];
	const double v_scale = config->voltage.scale, i_scale = config->current.scale;
	struct mm_input_reading *reading = &ret->measurement.input[input];
	struct mm_input_phasors *phasors = &ret->measurement.phasors[input];
	struct mm_metrology_detail *detail = &ret->detail[input];
	double mean[MM_SUM_COUNT];

	for (enum mm_sum sum = 0; sum < MM_SUM_COUNT; sum++) {
		mean[sum] = m->sums[input].of[sum] / samples;
	}
	reading->voltage_v = sqrt(fmax(0.0, mean[MM_SUM_VV] - mean[MM_SUM_V] * mean[MM_SUM_V])) * fabs(v_scale);
	reading->current_a = sqrt(fmax(0.0, mean[MM_SUM_II] - mean[MM_SUM_I] * mean[MM_SUM_I])) * fabs(i_scale);
	phasors->voltage = (struct mm_phasor){M_SQRT2 * v_scale * mean[MM_SUM_V_COS], -M_SQRT2 * v_scale * mean[MM_SUM_V_SIN]};
	phasors->current = (struct mm_phasor){M_SQRT2 * i_scale * mean[MM_SUM_I_COS], -M_SQRT2 * i_scale * mean[MM_SUM_I_SIN]};
	detail->active_w = (mean[MM_SUM_VI] - mean[MM_SUM_V] * mean[MM_SUM_I]) * v_scale * i_scale;
	detail->apparent_va = reading->voltage_v * reading->current_a;
	detail->nonactive_var = sqrt(fmax(0.0, detail->apparent_va * detail->apparent_va - detail->active_w * detail->active_w));
	if (detail->apparent_va > 0.0) {
		detail->power_factor = fmin(1.0, fmax(-1.0, detail->active_w / detail->apparent_va));
	}
	detail->voltage_flags = channel_flags(m, 2 * input);
	detail->current_flags = channel_flags(m, 2 * input + 1);
	reading->active_ws = detail->active_w * seconds;
	reading->reactive_vars = mm_phasor_power(phasors->voltage, phasors->current).im * seconds;
}

static void take_events(struct mm_metrology *m, struct mm_measurement *ret)
{
	for (unsigned input = 0; input < m->config.input_count; input++) {
		struct mm_voltage_event *event = &ret->event[ret->event_count];

		if (mm_voltage_watch_take(&m->watch[input], event)) {
			event->input = input;
			ret->event_count++;
		}
	}
}

/* The window that ends at a crossing. */
static void end_window(struct mm_metrology *m, const struct mm_metrology_instant *at, const struct mm_sums *beyond,
		       struct mm_metrology_window *ret)
{
	int64_t end_ns = mm_sample_clock_time(&m->clock, at->index, at->fraction);
	double samples = length(&m->start, at);
	double cycles = m->half_cycles / 2.0;

	*ret = (struct mm_metrology_window){
		.synchronous = m->synchronous,
		.rate_hz = mm_sample_clock_rate(&m->clock),
	};
	ret->measurement = (struct mm_measurement){
		.start_ns = m->start_ns,
		.end_ns = end_ns > m->start_ns ? end_ns : m->start_ns + 1,
		.missed = m->missed,
		.health = MM_HEALTH_OK,
		.latched = true,
		.input_count = m->config.input_count,
	};
	for (unsigned input = 0; input < m->config.input_count; input++) {
		mm_sums_subtract(&m->sums[input], &beyond[input]);
		read_input(m, input, samples, (double)(ret->measurement.end_ns - m->start_ns) / (double)MM_NS_PER_S, ret);
		if (m->synchronous) {
			ret->measurement.input[input].frequency_hz = cycles / samples * ret->rate_hz;
		} else {
			ret->measurement.phasors[input] = (struct mm_input_phasors){0};
		}
	}
	take_events(m, &ret->measurement);
	ret->harmonics = end_harmonics(m, at->fraction, samples);
	m->start_ns = ret->measurement.end_ns;
	m->missed = 0;
	if (m->synchronous) {
		m->cycle_length = samples / cycles;
	}
}

static bool has_supply(const struct mm_metrology *m, const struct mm_measurement *measurement, unsigned input)
{
	return measurement->input[input].voltage_v >= REFERENCE_RATIO * m->config.input[input].nominal_v;
}

/* Where the reference has lost its supply, another input's voltage takes over. Returns whether one did. */
static bool change_reference(struct mm_metrology *m, const struct mm_measurement *measurement)
{
	unsigned input = 0;

	if (has_supply(m, measurement, m->reference)) {
		return false;
	}
	while (input < m->config.input_count && !has_supply(m, measurement, input)) {
		input++;
	}
	if (input == m->config.input_count) {
		return false;
	}
	search_crossings(m, input);
	return true;
}

/* What has flowed beyond the crossing: it belongs to the next window. */
static void compute_beyond(const struct mm_metrology *m, double fraction, struct mm_sums *ret)
{
	for (unsigned input = 0; input < m->config.input_count; input++) {
		struct mm_sums_samples samples = samples_of(m, input);

		mm_sums_beyond(&samples, m->summed, fraction, &ret[input]);
	}
}

/* Watches the voltages over the last cycle, and keeps the lengths of half cycle and cycle. */
static void end_half_cycle(struct mm_metrology *m, const struct mm_metrology_instant *at, enum mm_crossing_kind kind,
			   const struct mm_sums *beyond)
{
	double half_length = length(&m->half_start, at);

	watch_voltages(m, half_length, beyond);
	m->zeros = kind == MM_CROSSING_ZERO ? m->zeros + 1 : 0;
	/* Of a cycle three crossings are seen. */
	if (m->zeros >= 3 && !m->synchronous) {
		m->cycle_length = m->half_length + half_length;
	}
	m->half_length = half_length;
	m->half_start = *at;
}

/* The crossing lies before sample summed. True: a window ends with it. */
static bool cross(struct mm_metrology *m, enum mm_crossing_kind kind, double fraction, struct mm_metrology_window *ret)
{
	const struct mm_metrology_instant at = {m->chunk_index + m->summed - 2 - LATENCY, fraction};
	struct mm_sums beyond[MM_INPUTS_MAX];
	bool zero = kind == MM_CROSSING_ZERO;

	compute_beyond(m, fraction, beyond);
	end_half_cycle(m, &at, kind, beyond);
	if (m->warm_up > 0) {
		m->warm_up--;
		if (m->warm_up == 0) {
			m->start_ns = mm_sample_clock_time(&m->clock, at.index, at.fraction);
			start_window(m, &at, zero, beyond);
		}
		return false;
	}
	m->synchronous = m->synchronous && zero;
	m->half_cycles++;
	if (m->half_cycles < m->half_cycles_due) {
		return false;
	}
	end_window(m, &at, beyond, ret);
	zero = !change_reference(m, &ret->measurement) && zero;
	start_window(m, &at, zero, beyond);
	return true;
}

/* Sums on, to the next crossing or the end of the chunk. True: a window has ended. */
static bool sum_up(struct mm_metrology *m, struct mm_metrology_window *ret)
{
	double fraction;
	enum mm_crossing_kind kind =
		mm_crossing_find(&m->crossing, m->aligned[2 * m->reference], 1 + MM_METROLOGY_CHUNK, &m->searched, &fraction);
	unsigned to = kind == MM_CROSSING_NONE ? m->searched : m->searched - 1;

	for (unsigned input = 0; input < m->config.input_count; input++) {
		struct mm_sums_samples samples = samples_of(m, input);

		mm_sums_add(&m->sums[input], &samples, m->summed, to);
	}
	if (m->warm_up == 0 && m->harmonics_input != NO_INPUT) {
		struct mm_sums_samples samples = raw_samples_of(m, m->harmonics_input);

		mm_harmonics_add(&m->harmonic_sums, &samples, m->summed, to, 1.0);
	}
	m->summed = to;
	return kind != MM_CROSSING_NONE && cross(m, kind, fraction, ret);
}

bool mm_metrology_next(struct mm_metrology *metrology, struct mm_metrology_window *ret)
{
	for (;;) {
		if (metrology->summed > MM_METROLOGY_CHUNK) {
			if (!fill_chunk(metrology)) {
				return false;
			}
			align_chunk(metrology);
		}
		if (sum_up(metrology, ret)) {
			return true;
		}
	}
}
