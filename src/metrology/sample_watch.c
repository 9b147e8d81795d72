/* SPDX-License-Identifier: MIT */
#include "metrology/sample_watch.h"

#include <math.h>

#include "core/units.h"

/* Of this many stamps in a row one is early enough. */
#define EARLIEST_OF 32
#define PARTS_MAX 128
/* The part of a period by which the earliest of them can be late. */
#define LATE_RATIO 0.6
/* And the time and the samples by which blocks can arrive late. */
#define ARRIVAL_LATE_NS (2 * MM_NS_PER_MS)
#define ARRIVAL_LATE_SAMPLES 4.0
/* Blocks in a row that make a rate wrong: one alone may have been stretched by a loss. */
#define WRONG_BLOCKS 2
/* Two machines' clocks drift apart by less. */
#define DRIFT_RATIO 100e-6

void mm_sample_watch_init(struct mm_sample_watch *watch, double nominal_hz)
{
	*watch = (struct mm_sample_watch){.nominal_hz = nominal_hz};
}

static void start_over(struct mm_sample_watch *watch)
{
	watch->following = false;
	watch->arrivals = 0;
}

/*
 * By the earliest of the EARLIEST_OF stamps from first on: how much later than at the nominal rate that part of the block is, ns
 * against the block's first stamp.
 */
static double part_late_ns(const struct mm_sample_watch *watch, const struct mm_sample_block *block, size_t first)
{
	const double period_ns = MM_NS_PER_S / watch->nominal_hz;
	double least_ns = INFINITY;

	for (size_t i = first; i < first + EARLIEST_OF && i < block->frames; i++) {
		least_ns = fmin(least_ns, (double)(block->stamps[i] - block->stamps[0]) - (double)i * period_ns);
	}
	return least_ns;
}

/* Of count values that of the given rank in ascending order, from 0; rank is below count. By counting: parts are few. */
static double value_of_rank(const double *values, size_t count, size_t rank)
{
	double found = NAN;

	for (size_t i = 0; i < count && isnan(found); i++) {
		size_t below = 0, same = 0;

		for (size_t j = 0; j < count; j++) {
			below += values[j] < values[i];
			same += values[j] == values[i];
		}
		if (rank >= below && rank < below + same) {
			found = values[i];
		}
	}
	return found;
}

/*
 * Samples a second by the stamps of a block: parts of it get later one by one as the rate has it, but for those few in which
 * samples are missing. 0: the block is too short, or the stamps are nonsense.
 */
static double stamped_rate(const struct mm_sample_watch *watch, const struct mm_sample_block *block)
{
	const double period_ns = MM_NS_PER_S / watch->nominal_hz;
	double late_ns[PARTS_MAX], growth_ns[PARTS_MAX], usual_ns, missing, seen_ns;
	size_t parts = block->frames / EARLIEST_OF < PARTS_MAX ? block->frames / EARLIEST_OF : PARTS_MAX;

	if (parts < 2) {
		return 0.0;
	}
	for (size_t i = 0; i < parts; i++) {
		late_ns[i] = part_late_ns(watch, block, i * EARLIEST_OF);
		growth_ns[i] = i > 0 ? late_ns[i] - late_ns[i - 1] : 0.0;
	}
	usual_ns = value_of_rank(growth_ns + 1, parts - 1, (parts - 1) / 2);
	missing = round((late_ns[parts - 1] - late_ns[0] - usual_ns * (double)(parts - 1)) / period_ns);
	seen_ns = period_ns + (late_ns[parts - 1] - late_ns[0] - missing * period_ns) / (double)((parts - 1) * EARLIEST_OF);
	return seen_ns > 0.0 ? MM_NS_PER_S / seen_ns : 0.0;
}

/* When the last sample was taken, by the earliest of the stamps at the block's end. */
static int64_t last_stamp(const struct mm_sample_watch *watch, const struct mm_sample_block *block)
{
	size_t first = block->frames > EARLIEST_OF ? block->frames - EARLIEST_OF : 0;
	double since_first_ns = part_late_ns(watch, block, first) + (double)(block->frames - 1) * MM_NS_PER_S / watch->nominal_hz;

	return block->stamps[0] + llround(since_first_ns);
}

/* By this arrival and the one some before; 0 where there is none yet. */
static double arriving_rate(struct mm_sample_watch *watch, const struct mm_sample_block *block)
{
	unsigned slot = watch->arrivals % MM_SAMPLE_WATCH_BLOCKS;
	double rate_hz = 0.0;

	if (!block->waited) {
		return 0.0;
	}
	if (watch->arrivals >= MM_SAMPLE_WATCH_BLOCKS && block->now_ns > watch->arrival_ns[slot]) {
		rate_hz = (double)(watch->index - watch->arrival_index[slot]) * MM_NS_PER_S /
			  (double)(block->now_ns - watch->arrival_ns[slot]);
	}
	watch->arrival_ns[slot] = block->now_ns;
	watch->arrival_index[slot] = watch->index;
	watch->arrivals++;
	return rate_hz;
}

/* Takes up expecting samples at the rate seen. */
static void follow(struct mm_sample_watch *watch, int64_t last_ns)
{
	mm_sample_clock_init(&watch->clock, watch->rate_hz);
	mm_sample_clock_update(&watch->clock, watch->index, last_ns);
	watch->late = 0;
	watch->following = true;
}

/* The block's end against what was expected. Late arrivals are believed when they stay late; then none of them was in time. */
static enum mm_samples judge(struct mm_sample_watch *watch, const struct mm_sample_block *block, int64_t last_ns)
{
	double period_ns = MM_NS_PER_S / mm_sample_clock_rate(&watch->clock);
	double limit_ns = block->stamps ? LATE_RATIO * period_ns : fmax(ARRIVAL_LATE_NS, ARRIVAL_LATE_SAMPLES * period_ns);
	int64_t late_ns = last_ns - mm_sample_clock_time(&watch->clock, watch->index, 0.0);

	if ((double)late_ns < -limit_ns) {
		start_over(watch); /* the expectation was wrong, or the stamps' clock was set */
		return MM_SAMPLES_FINE;
	}
	if ((double)late_ns <= limit_ns) {
		watch->late = 0;
		mm_sample_clock_update(&watch->clock, watch->index, last_ns);
		return MM_SAMPLES_FINE;
	}
	watch->least_late_ns = watch->late == 0 || late_ns < watch->least_late_ns ? late_ns : watch->least_late_ns;
	watch->late++;
	if (watch->late < (block->stamps ? 1 : MM_SAMPLE_WATCH_BLOCKS)) {
		return MM_SAMPLES_FINE;
	}
	watch->lost = llround((double)watch->least_late_ns / period_ns);
	start_over(watch);
	return MM_SAMPLES_LOST;
}

/* From stamps to CLOCK_BOOTTIME: the block that was there soonest after its last sample shows it best. */
static int64_t boottime_of(struct mm_sample_watch *watch, const struct mm_sample_block *block, int64_t stamp_ns)
{
	int64_t offset_ns = block->now_ns - stamp_ns;
	int64_t drifted_ns = watch->offset_ns + (int64_t)(DRIFT_RATIO * MM_NS_PER_S * (double)block->frames / watch->nominal_hz);

	if (!watch->offset_known || offset_ns < drifted_ns) {
		watch->offset_ns = offset_ns;
		watch->offset_known = true;
	} else {
		watch->offset_ns = drifted_ns;
	}
	return stamp_ns + watch->offset_ns;
}

enum mm_samples mm_sample_watch_block(struct mm_sample_watch *watch, const struct mm_sample_block *block)
{
	int64_t last_ns = block->now_ns;
	enum mm_samples verdict = MM_SAMPLES_FINE;
	double rate_hz = 0.0;

	watch->index += (int64_t)block->frames;
	if (block->stamps) {
		rate_hz = stamped_rate(watch, block);
		last_ns = last_stamp(watch, block);
	} else if (!watch->following) {
		rate_hz = arriving_rate(watch, block);
	}
	if ((block->stamps || rate_hz > 0.0) && fabs(rate_hz / watch->nominal_hz - 1.0) > MM_SAMPLE_RATE_TOLERANCE) {
		watch->wrong++;
		watch->lost = 0;
		watch->rate_hz = rate_hz;
		watch->following = watch->offset_known = false;
		verdict = watch->wrong < WRONG_BLOCKS ? MM_SAMPLES_LOST : MM_SAMPLES_WRONG_RATE;
	} else if (watch->following && (block->stamps || block->waited)) {
		verdict = judge(watch, block, last_ns);
	} else if (!watch->following && rate_hz > 0.0) {
		watch->rate_hz = rate_hz;
		follow(watch, last_ns);
	}
	if (rate_hz > 0.0 && verdict != MM_SAMPLES_WRONG_RATE &&
	    fabs(rate_hz / watch->nominal_hz - 1.0) <= MM_SAMPLE_RATE_TOLERANCE) {
		watch->wrong = 0;
	}
	if (watch->following) {
		last_ns = mm_sample_clock_time(&watch->clock, watch->index, 0.0);
	}
	watch->end_ns = block->stamps ? boottime_of(watch, block, last_ns) : last_ns;
	return verdict;
}
