/* SPDX-License-Identifier: MIT */
#include "billing/demand.h"

#include "core/units.h"

void mm_demand_begin(struct mm_demand *demand, int32_t length_s, bool sliding)
{
	*demand = (struct mm_demand){.length_s = length_s, .sliding = sliding};
}

static void begin_anew(struct mm_demand *demand)
{
	demand->count = 0;
	demand->sum_uwh = 0;
	demand->sum_s = 0;
	demand->same_rate_s = 0;
}

static void drop_first(struct mm_demand *demand)
{
	demand->sum_uwh -= demand->part[demand->first].delivered_uwh;
	demand->sum_s -= demand->part[demand->first].duration_s;
	demand->first = (demand->first + 1) % MM_DEMAND_PARTS_MAX;
	demand->count--;
}

/* Adds an interval at the end, and takes those away that are too long ago. */
static void append(struct mm_demand *demand, const struct mm_profile_row *row, int32_t length_s)
{
	unsigned at;

	if (demand->count == MM_DEMAND_PARTS_MAX) {
		drop_first(demand);
	}
	at = (demand->first + demand->count++) % MM_DEMAND_PARTS_MAX;
	demand->part[at].duration_s = row->duration_s;
	demand->part[at].delivered_uwh = row->delivered_uwh;
	demand->sum_uwh += row->delivered_uwh;
	demand->sum_s += row->duration_s;
	demand->end_s = row->start_s + row->duration_s;
	while (demand->sum_s > length_s) {
		drop_first(demand);
	}
}

static void raise_peak(struct mm_demand_peak *peak, double w, int64_t end_s)
{
	if (peak->end_s == 0 || w > peak->w) {
		*peak = (struct mm_demand_peak){w, end_s};
	}
}

void mm_demand_add(struct mm_demand *demand, const struct mm_profile_row *row, uint8_t rate)
{
	int32_t length_s = demand->length_s > 0 ? demand->length_s : row->duration_s;
	double w;

	if (!mm_profile_demand_counts(row)) {
		begin_anew(demand);
		return;
	}
	if (demand->count > 0 && row->start_s != demand->end_s) {
		begin_anew(demand);
	}
	if (rate != demand->rate) {
		demand->same_rate_s = 0;
	}
	demand->rate = rate;
	demand->same_rate_s += demand->same_rate_s < length_s ? row->duration_s : 0;
	append(demand, row, length_s);
	if (demand->sum_s != length_s || (!demand->sliding && demand->end_s % length_s != 0)) {
		return;
	}
	w = (double)demand->sum_uwh / MM_UWH_PER_WH * 3600 / length_s;
	raise_peak(&demand->peak, w, demand->end_s);
	if (demand->same_rate_s >= length_s) {
		raise_peak(&demand->of_rate[rate], w, demand->end_s);
	}
}
