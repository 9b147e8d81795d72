/* SPDX-License-Identifier: MIT */
#include "ctl/rates.h"

#include "base/count_of.h"
#include "client/statement.h"
#include "ctl/writer.h"

static const struct mm_column columns[] = {
	{MM_COLUMN(TEXT, "name", "rate")},
	{MM_KILO("delivered_wh", "delivered", "kWh", 3)},
	{MM_KILO("received_wh", "received", "kWh", 3)},
	{MM_COLUMN(TEXT, "price", "a kWh")},
	{MM_COLUMN(TEXT, "cost", "cost")},
};

#define WITHOUT_PRICES (COUNT_OF(columns) - 2)

/* What is shown of one direction, rate by rate. */
struct shown {
	int64_t sum_uwh, shown_wh, total_wh;
};

/*
 * A rate's energy in whole Wh. They are counted one after the other: what is cut off at one is at the next, so that the lines add
 * up to the total, which is the difference of the readings as they are shown.
 */
static json_t *next(struct shown *shown, const json_t *uwh, bool last)
{
	int64_t wh;

	shown->sum_uwh += json_integer_value(uwh);
	wh = last ? shown->total_wh : mm_statement_whole_wh(shown->sum_uwh);
	wh -= shown->shown_wh;
	shown->shown_wh += wh;
	return json_integer(wh);
}

void mm_rates_print(struct mm_ctl *ctl, const json_t *statement, int64_t delivered_wh, int64_t received_wh)
{
	struct shown delivered = {.total_wh = delivered_wh}, received = {.total_wh = received_wh};
	const json_t *rates = json_object_get(statement, "rates");
	bool priced = json_is_string(json_object_get(statement, "cost"));
	json_t *rows = json_array(), *rate;
	size_t i;

	json_array_foreach(rates, i, rate)
	{
		json_t *row = json_copy(rate);
		bool last = i + 1 == json_array_size(rates);

		json_object_set_new(row, "delivered_wh", next(&delivered, json_object_get(rate, "delivered_uwh"), last));
		json_object_set_new(row, "received_wh", next(&received, json_object_get(rate, "received_uwh"), last));
		json_array_append_new(rows, row);
	}
	if (json_array_size(rows) > 1 || priced) {
		char tariff[MM_CELL_MAX];

		mm_cell_as(MM_FORMAT_TEXT, statement, "tariff", tariff);
		mm_ctl_say(ctl, false, "  tariff %s", tariff);
		mm_writer_table(ctl->out, ctl->width, columns, priced ? COUNT_OF(columns) : WITHOUT_PRICES, rows, true);
	}
	if (priced) {
		char cost[MM_CELL_MAX], currency[MM_CELL_MAX];

		mm_cell_as(MM_FORMAT_TEXT, statement, "cost", cost);
		mm_cell_as(MM_FORMAT_TEXT, statement, "currency", currency);
		mm_ctl_say(ctl, false,
			   "  cost of what was delivered: %s %s, without taxes and standing charges; this is no tax document",
			   cost, currency);
	}
	json_decref(rows);
}

void mm_rates_set(json_t *row, const json_t *statement)
{
	static const char *const keys[] = {"delivered_uwh", "received_uwh", "price", "cost"};
	json_t *rate;
	size_t i;

	json_array_foreach(json_object_get(statement, "rates"), i, rate)
	{
		char name[48];

		snprintf(name, sizeof(name), "rate_%zu", i + 1);
		json_object_set(row, name, json_object_get(rate, "name"));
		for (size_t k = 0; k < COUNT_OF(keys); k++) {
			snprintf(name, sizeof(name), "rate_%zu_%s", i + 1, keys[k]);
			json_object_set(row, name, json_object_get(rate, keys[k]));
		}
	}
}
