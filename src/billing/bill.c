/* SPDX-License-Identifier: MIT */
#include "billing/bill.h"

#include "core/units.h"

void mm_bill_begin(struct mm_bill *bill, const struct mm_bill_energy *begin, const struct mm_bill_energy *preset)
{
	*bill = (struct mm_bill){.begun = begin != NULL, .preset = *preset};
	if (begin) {
		bill->begin = bill->end = *begin;
	}
}

/* The registers before the first interval of a meter's life: it may have been preset before it ended. */
static void begin_with(struct mm_bill *bill, const struct mm_profile_row *row)
{
	bill->begun = true;
	if (row->register_delivered_uwh >= 0) {
		bill->begin.delivered_uwh = row->register_delivered_uwh - row->delivered_uwh;
		bill->begin.received_uwh = row->register_received_uwh - row->received_uwh;
	}
	bill->end = bill->begin;
}

/* The energy between two intervals that is in neither: a preset, or what lies in no interval. Returns the latter. */
static struct mm_bill_energy add_between(struct mm_bill *bill, const struct mm_profile_row *row)
{
	struct mm_bill_energy between = {0};

	if (row->register_delivered_uwh < 0) {
		return between;
	}
	between.delivered_uwh = row->register_delivered_uwh - row->delivered_uwh - bill->end.delivered_uwh;
	between.received_uwh = row->register_received_uwh - row->received_uwh - bill->end.received_uwh;
	if (!bill->preset_in && bill->preset.delivered_uwh + bill->preset.received_uwh > 0 &&
	    between.delivered_uwh >= bill->preset.delivered_uwh && between.received_uwh >= bill->preset.received_uwh) {
		bill->preset_in = true;
		between.delivered_uwh -= bill->preset.delivered_uwh;
		between.received_uwh -= bill->preset.received_uwh;
	}
	bill->unknown.delivered_uwh += between.delivered_uwh;
	bill->unknown.received_uwh += between.received_uwh;
	return between;
}

static void add_to_end(struct mm_bill *bill, const struct mm_profile_row *row)
{
	if (row->register_delivered_uwh >= 0) {
		bill->end.delivered_uwh = row->register_delivered_uwh;
		bill->end.received_uwh = row->register_received_uwh;
	} else {
		bill->end.delivered_uwh += row->delivered_uwh;
		bill->end.received_uwh += row->received_uwh;
	}
}

/* What the interval brought: energy that is in none has come with this one, and has its rate. */
static void add_to_rate(struct mm_bill_rate *rate, const struct mm_profile_row *row, struct mm_bill_energy between)
{
	rate->used.delivered_uwh += row->delivered_uwh + between.delivered_uwh;
	rate->used.received_uwh += row->received_uwh + between.received_uwh;
	rate->duration_s += row->duration_s;
}

void mm_bill_add(struct mm_bill *bill, const struct mm_profile_row *row, uint8_t rate)
{
	if (!bill->begun) {
		begin_with(bill, row);
	}
	add_to_rate(&bill->rate[rate], row, add_between(bill, row));
	add_to_end(bill, row);
	bill->in.delivered_uwh += row->delivered_uwh;
	bill->in.received_uwh += row->received_uwh;
	bill->intervals++;
	bill->covered_ns += row->covered_ns;
	bill->incomplete += !mm_profile_is_covered(row);
	for (unsigned bit = 0; bit < MM_BILL_FLAGS; bit++) {
		bill->flagged[bit] += row->status >> bit & 1;
	}
	mm_demand_add(&bill->demand, row, rate);
}

struct mm_bill_energy mm_bill_used(const struct mm_bill *bill)
{
	struct mm_bill_energy used = {bill->end.delivered_uwh - bill->begin.delivered_uwh,
				      bill->end.received_uwh - bill->begin.received_uwh};

	if (bill->preset_in) {
		used.delivered_uwh -= bill->preset.delivered_uwh;
		used.received_uwh -= bill->preset.received_uwh;
	}
	return used;
}
