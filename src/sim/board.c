/* SPDX-License-Identifier: MIT */
/*
 * Time moves from boundary to boundary: the next event of the scenario, the next end of an energy window, the requested time.
 * Between two boundaries every power is constant, so integrals are products of whole numbers: they are exact, and do not depend
 * on the number of steps.
 */
#include "sim/board.h"

#include "core/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_HOUR (3600 * MM_NS_PER_S)
/* The driver gives up a window that has not ended by then. */
#define COUNTS_LATE_NS (5 * MM_NS_PER_S / 2)

/* An exact energy: whole micro-watt-hours, and a rest in micro-watts times nanoseconds, of which NS_PER_HOUR make one. */
struct energy {
	int64_t uwh;
	int64_t rest;
};

struct mm_sim_board {
	const struct mm_sim_scenario *scenario;
	bool stepped;
	int64_t start_s;
	int64_t now_ns;
	int64_t round_ns; /* the start of the present round of the scenario */
	size_t next_event;
	struct mm_sim_state scripted; /* what the scenario alone says */
	struct mm_sim_state state;    /* the same with the overrides */
	unsigned overridden;	      /* bits of enum mm_sim_key */
	union mm_sim_value override[MM_SIM_KEY_COUNT];
	struct mm_sim_flow flow;
	struct mm_sim_ade9000 chip;
	struct mm_sim_stream stream; /* of the other chips */
	int64_t clock_ppb;	     /* positive: the chip's clock is fast */
	int64_t window;		     /* number of the one under way */
	int64_t window_start_ns, window_end_ns;
	struct energy window_sum[MM_SIM_ENERGIES][MM_SIM_LINES];
	struct energy load_sum[MM_SIM_LINES];
	struct energy seen_sum[MM_SIM_LINES];
	struct energy total[MM_SIM_ENERGIES][MM_SIM_LINES];   /* since the chip began to count */
	struct energy counted[MM_SIM_ENERGIES][MM_SIM_LINES]; /* of it, up to the end of a window: */
	int64_t counted_ns;
	uint32_t epoch;				/* from 1 */
	bool setting_up;			/* the driver does, and misses the end of the window under way */
	unsigned frozen[MM_SIM_REGISTER_COUNT]; /* bits of the phases whose register the frozen cache holds */
	int64_t frozen_code[MM_SIM_REGISTER_COUNT][MM_SIM_LINES];
};

/* Power, up to MM_SIM_POWER_MAX_UW, times time. The product exceeds 64 bits, so hours, milliseconds and nanoseconds are apart. */
static void add(struct energy *energy, int64_t power_uw, int64_t span_ns)
{
	int64_t ms = span_ns % NS_PER_HOUR / MM_NS_PER_MS;
	int64_t uw_ms = power_uw * ms;
	int64_t rest = energy->rest + uw_ms % (NS_PER_HOUR / MM_NS_PER_MS) * MM_NS_PER_MS + power_uw * (span_ns % MM_NS_PER_MS);

	energy->uwh += power_uw * (span_ns / NS_PER_HOUR) + uw_ms / (NS_PER_HOUR / MM_NS_PER_MS) + rest / NS_PER_HOUR;
	energy->rest = rest % NS_PER_HOUR;
	if (energy->rest < 0) {
		energy->rest += NS_PER_HOUR;
		energy->uwh--;
	}
}

/* Window n ends when the chip has counted n + 1 times 8000 samples: after (n + 1) · 1e18 / (1e9 + ppb) ns. */
static int64_t window_end(const struct mm_sim_board *board, int64_t window)
{
	const int64_t ns2 = MM_NS_PER_S * MM_NS_PER_S, rate = MM_NS_PER_S + board->clock_ppb;

	return (window + 1) * (ns2 / rate) + (window + 1) * (ns2 % rate) / rate;
}

static void apply_state(struct mm_sim_board *board)
{
	enum mm_sim_fault_kind before = board->state.fault.kind;

	board->state = board->scripted;
	for (enum mm_sim_key key = 0; key < MM_SIM_KEY_COUNT; key++) {
		if (board->overridden & (1u << key)) {
			mm_sim_state_set(&board->state, key, &board->override[key]);
		}
	}
	if (board->state.fault.kind != before) {
		memset(board->frozen, 0, sizeof(board->frozen));
		if (board->state.fault.kind == MM_SIM_FAULT_RESTARTED) {
			memset(board->total, 0, sizeof(board->total));
			memset(board->counted, 0, sizeof(board->counted));
			board->counted_ns = 0;
			board->epoch++;
			board->setting_up = true;
		}
	}
	mm_sim_flow_compute(&board->state, &board->flow);
	if (board->scenario->board.recording) {
		mm_sim_flow_record(&board->flow, board->scenario->board.recording);
	}
}

/* When the next event comes or the scenario starts again. */
static int64_t next_change(const struct mm_sim_board *board)
{
	const struct mm_sim_scenario *scenario = board->scenario;
	int64_t repeat_ns = scenario->board.repeat_ns;
	int64_t event_ns = INT64_MAX;

	if (board->next_event < scenario->event_count) {
		event_ns = scenario->events[board->next_event].time_ns;
	}
	if (repeat_ns > 0 && repeat_ns <= event_ns) {
		event_ns = repeat_ns;
	}
	return event_ns == INT64_MAX ? event_ns : board->round_ns + event_ns;
}

static void apply_changes(struct mm_sim_board *board)
{
	const struct mm_sim_scenario *scenario = board->scenario;
	int64_t repeat_ns = scenario->board.repeat_ns;
	int64_t since_ns = board->now_ns - board->round_ns;

	if (repeat_ns > 0 && since_ns >= repeat_ns) {
		board->round_ns += repeat_ns;
		since_ns -= repeat_ns;
		board->next_event = 0;
		mm_sim_state_init(&board->scripted);
	}
	while (board->next_event < scenario->event_count && scenario->events[board->next_event].time_ns <= since_ns) {
		const struct mm_sim_event *event = &scenario->events[board->next_event++];

		mm_sim_state_set(&board->scripted, event->key, &event->value);
	}
	apply_state(board);
}

static void integrate(struct mm_sim_board *board, int64_t until_ns)
{
	const struct mm_sim_flow *flow = &board->flow;
	int64_t span_ns = until_ns - board->now_ns;

	mm_sim_stream_run(&board->stream, &board->state, flow, until_ns);
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		add(&board->load_sum[i], flow->load_uw[i], span_ns);
		add(&board->seen_sum[i], flow->active_uw[i], span_ns);
		add(&board->window_sum[0][i], flow->active_uw[i], span_ns);
		add(&board->window_sum[1][i], flow->reactive_uvar[i], span_ns);
		add(&board->window_sum[2][i], flow->apparent_uva[i], span_ns);
		add(&board->total[0][i], flow->active_uw[i], span_ns);
		add(&board->total[1][i], flow->reactive_uvar[i], span_ns);
		add(&board->total[2][i], flow->apparent_uva[i], span_ns);
	}
	board->now_ns = until_ns;
}

static void start_window(struct mm_sim_board *board, int64_t window)
{
	board->window = window;
	board->window_start_ns = window > 0 ? window_end(board, window - 1) : 0;
	board->window_end_ns = window_end(board, window);
	memset(board->window_sum, 0, sizeof(board->window_sum));
}

static void end_window(struct mm_sim_board *board)
{
	double mean[MM_SIM_ENERGIES][MM_SIM_LINES];
	double span_ns = (double)(board->window_end_ns - board->window_start_ns);

	if (board->state.fault.kind != MM_SIM_FAULT_STUCK) {
		for (unsigned energy = 0; energy < MM_SIM_ENERGIES; energy++) {
			for (unsigned i = 0; i < MM_SIM_LINES; i++) {
				const struct energy *sum = &board->window_sum[energy][i];

				mean[energy][i] = ((double)sum->uwh * NS_PER_HOUR + (double)sum->rest) / span_ns;
			}
		}
		mm_sim_ade9000_latch(&board->chip, (uint64_t)board->window, (const double(*)[MM_SIM_LINES])mean);
		if (!board->setting_up) {
			memcpy(board->counted, board->total, sizeof(board->counted));
			board->counted_ns = board->now_ns;
		}
		board->setting_up = false;
	}
	start_window(board, board->window + 1);
}

/* Without a change, windows within a long span cannot be seen: only the last one is latched. The integral is the same. */
static void skip_windows(struct mm_sim_board *board, int64_t until_ns)
{
	int64_t rate = MM_NS_PER_S + board->clock_ppb; /* the nanoseconds that the chip counts in a second */
	int64_t window = (until_ns / MM_NS_PER_S * rate + until_ns % MM_NS_PER_S * rate / MM_NS_PER_S) / MM_NS_PER_S;

	if (window - board->window > 2) {
		integrate(board, window_end(board, window - 3));
		start_window(board, window - 2);
	}
}

int mm_sim_board_advance(struct mm_sim_board *board, int64_t time_ns)
{
	if (time_ns <= board->now_ns) {
		return 0;
	}
	if (time_ns - board->now_ns > MM_SIM_ADVANCE_MAX_NS) {
		return -ERANGE;
	}
	while (board->now_ns < time_ns) {
		int64_t change_ns = next_change(board);
		int64_t until_ns = time_ns < change_ns ? time_ns : change_ns;

		skip_windows(board, until_ns);
		integrate(board, until_ns < board->window_end_ns ? until_ns : board->window_end_ns);
		if (board->now_ns == board->window_end_ns) {
			end_window(board);
		}
		if (board->now_ns == change_ns) {
			apply_changes(board);
		}
	}
	return 0;
}

int mm_sim_board_new(const struct mm_sim_scenario *scenario, bool stepped, int64_t start_s, struct mm_sim_board **ret)
{
	struct mm_sim_board *board = calloc(1, sizeof(*board));

	if (!board) {
		return -ENOMEM;
	}
	board->scenario = scenario;
	board->stepped = stepped;
	board->start_s = start_s;
	board->clock_ppb = (int64_t)(scenario->board.ppm * 1000.0);
	mm_sim_ade9000_init(&board->chip, &scenario->board);
	mm_sim_stream_init(&board->stream, &scenario->board);
	board->stream.stamp_offset_ns = start_s * MM_NS_PER_S; /* CLOCK_REALTIME, unless a client chooses */
	board->epoch = 1;
	mm_sim_state_init(&board->scripted);
	start_window(board, 0);
	apply_changes(board);
	*ret = board;
	return 0;
}

void mm_sim_board_free(struct mm_sim_board *board)
{
	if (board) {
		mm_sim_stream_stop(&board->stream);
		free(board);
	}
}

const struct mm_sim_chip *mm_sim_board_chip(const struct mm_sim_board *board)
{
	return board->scenario->board.chip;
}

struct mm_sim_stream *mm_sim_board_stream(struct mm_sim_board *board)
{
	return mm_sim_board_chip(board)->converter ? &board->stream : NULL;
}

int64_t mm_sim_board_time(const struct mm_sim_board *board)
{
	return board->now_ns;
}

int64_t mm_sim_board_start(const struct mm_sim_board *board)
{
	return board->start_s;
}

const struct mm_sim_board_config *mm_sim_board_config(const struct mm_sim_board *board)
{
	return &board->scenario->board;
}

bool mm_sim_board_stepped(const struct mm_sim_board *board)
{
	return board->stepped;
}

uint64_t mm_sim_board_windows(const struct mm_sim_board *board)
{
	return (uint64_t)board->window;
}

const struct mm_sim_state *mm_sim_board_state(const struct mm_sim_board *board)
{
	return &board->state;
}

/* Rounds to the nearest. */
static int64_t rounded_uwh(const struct energy *energy)
{
	return energy->uwh + (energy->rest >= NS_PER_HOUR / 2);
}

void mm_sim_board_truth(const struct mm_sim_board *board, struct mm_sim_truth *ret)
{
	struct energy total = {0};

	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		ret->load_uwh[i] = rounded_uwh(&board->load_sum[i]);
		ret->seen_uwh[i] = rounded_uwh(&board->seen_sum[i]);
		total.uwh += board->load_sum[i].uwh;
		add(&total, 1, board->load_sum[i].rest); /* the rest is 1 uW for that number of ns */
	}
	ret->load_total_uwh = rounded_uwh(&total);
}

void mm_sim_board_override(struct mm_sim_board *board, enum mm_sim_key key, const union mm_sim_value *value)
{
	if (value) {
		board->override[key] = *value;
		board->overridden |= 1u << key;
	} else {
		board->overridden &= ~(1u << key);
	}
	apply_state(board);
}

static int bus_error(const struct mm_sim_board *board)
{
	enum mm_sim_fault_kind fault = board->state.fault.kind;

	return fault == MM_SIM_FAULT_VANISHED ? -ENODEV : fault == MM_SIM_FAULT_EIO ? -EIO : 0;
}

int mm_sim_board_counts(const struct mm_sim_board *board, struct mm_sim_counts *ret)
{
	int r = bus_error(board);

	if (r < 0) {
		return r;
	}
	if (board->counted_ns == 0) {
		return board->epoch > 1 ? -ESTALE : -ENODATA;
	}
	if (board->now_ns - board->counted_ns > COUNTS_LATE_NS) {
		return -ETIME;
	}
	*ret = (struct mm_sim_counts){.epoch = board->epoch, .windows = (uint64_t)board->window, .end_ns = board->counted_ns};
	for (unsigned energy = 0; energy < MM_SIM_ENERGIES; energy++) {
		for (unsigned i = 0; i < MM_SIM_LINES; i++) {
			const struct energy *sum = &board->counted[energy][i];

			ret->count[energy][i] = mm_sim_ade9000_count(&board->chip, sum->uwh, sum->rest);
		}
	}
	return 0;
}

int mm_sim_board_convert(struct mm_sim_board *board, unsigned channel, int32_t *ret)
{
	int32_t codes[MM_SIM_ADC_CHANNELS_MAX];
	int r = bus_error(board);

	if (r < 0) {
		return r;
	}
	mm_sim_adc_convert(&board->stream.adc, &board->state, &board->flow,
			   &(struct mm_sim_frames){(uint64_t)board->now_ns, (double)board->now_ns, 0.0, 1}, codes);
	*ret = codes[channel];
	return 0;
}

int mm_sim_board_read(struct mm_sim_board *board, enum mm_sim_register which, unsigned phase, int64_t *ret)
{
	enum mm_sim_fault_kind fault = board->state.fault.kind;
	int64_t code;
	int r = bus_error(board);

	if (r < 0) {
		return r;
	}
	if (board->frozen[which] & (1u << phase)) {
		*ret = board->frozen_code[which][phase];
		return 0;
	}
	code = mm_sim_ade9000_read(&board->chip, &board->flow, board->now_ns, which, phase, fault == MM_SIM_FAULT_IMPLAUSIBLE);
	if (fault == MM_SIM_FAULT_FROZEN) {
		board->frozen[which] |= 1u << phase;
		board->frozen_code[which][phase] = code;
	}
	*ret = code;
	return 0;
}
