/* SPDX-License-Identifier: MIT */
/* The rates of a statement: which one an interval has, by the clocks of the zone, and what each comes to. */
#include "base/zone.h"
#include "core/units.h"
#include "service/json.h"
#include "service/statement.h"

/* The zone is looked at for so long at once: that takes a millisecond. */
#define ZONE_S (400 * INT64_C(86400))

void mm_statement_set_terms(struct mm_statement *s, const struct mm_metering *metering)
{
	const struct mm_config *config = mm_view_configuration(metering);

	s->rates = (struct mm_statement_rates){.terms = *mm_config_terms(config, (unsigned)s->meter)};
	s->rates.demand_s = s->rates.terms.demand_s > 0 ? s->rates.terms.demand_s : config->profile_interval_min * 60;
}

static void find_spans(struct mm_statement_rates *rates, int64_t at_s)
{
	rates->span_count = mm_zone_spans(at_s, at_s + ZONE_S, rates->span, MM_STATEMENT_SPANS);
	rates->spans_end_s = at_s + ZONE_S;
	if (rates->span_count <= 0) { /* a zone with so many changes: one at a time */
		rates->span[0] = mm_zone_at(at_s);
		rates->span_count = 1;
		rates->spans_end_s = at_s + 1;
	}
}

static int32_t offset_at(struct mm_statement_rates *rates, int64_t at_s)
{
	int i;

	if (rates->span_count == 0 || at_s < rates->span[0].from_s || at_s >= rates->spans_end_s) {
		find_spans(rates, at_s);
	}
	i = rates->span_count - 1;
	while (rates->span[i].from_s > at_s) {
		i--;
	}
	return rates->span[i].offset_s;
}

uint8_t mm_statement_rate(struct mm_statement *s, int64_t at_s)
{
	struct mm_statement_rates *rates = &s->rates;
	uint8_t rate = mm_tariff_rate(&rates->terms.tariff, at_s, offset_at(rates, at_s), &rates->day);

	return rate < MM_TARIFF_RATES_MAX ? rate : 0; /* a tariff that was checked has one */
}

static json_t *money(int64_t amount, unsigned decimals, bool there)
{
	char text[MM_MONEY_TEXT_MAX];

	return there ? json_string(mm_money_text(amount, decimals, text)) : json_null();
}

static json_t *price_json(const struct mm_config_terms *terms, unsigned rate)
{
	char text[MM_MONEY_TEXT_MAX];

	return terms->rate[rate].has_price ? json_string(mm_price_text(terms->rate[rate].price, text)) : json_null();
}

/* The rate as a StatementRate; cost: what it comes to. A new reference. */
static json_t *rate_json(const struct mm_statement *s, unsigned rate, int64_t cost)
{
	const struct mm_config_terms *terms = &s->rates.terms;
	const struct mm_bill_rate *billed = &s->bill.rate[rate];
	const struct mm_demand_peak *peak = &s->bill.demand.of_rate[rate];

	return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "name", terms->rate[rate].name, "delivered_uwh",
			 (json_int_t)billed->used.delivered_uwh, "received_uwh", (json_int_t)billed->used.received_uwh, "seconds",
			 (json_int_t)billed->duration_s, "price", price_json(terms, rate), "cost",
			 money(cost, mm_currency_decimals(terms->currency), terms->rate[rate].has_price), "maximum_demand_w",
			 peak->end_s > 0 ? json_real(peak->w) : json_null(), "maximum_demand_time",
			 mm_json_time(peak->end_s * MM_NS_PER_S));
}

void mm_statement_put_rates(json_t *statement, const struct mm_statement *s)
{
	const struct mm_config_terms *terms = &s->rates.terms;
	unsigned decimals = mm_currency_decimals(terms->currency);
	json_t *rates = json_array();
	bool priced = terms->currency[0] != '\0';
	int64_t sum = 0;

	for (unsigned r = 0; r < terms->tariff.rate_count; r++) {
		int64_t cost = mm_cost(s->bill.rate[r].used.delivered_uwh, terms->rate[r].price, decimals);

		sum += cost;
		json_array_append_new(rates, rate_json(s, r, cost));
	}
	json_object_set_new(statement, "tariff", terms->name[0] != '\0' ? json_string(terms->name) : json_null());
	json_object_set_new(statement, "rates", rates);
	json_object_set_new(statement, "currency", priced ? json_string(terms->currency) : json_null());
	json_object_set_new(statement, "cost", money(sum, decimals, priced));
	json_object_set_new(statement, "demand_s", json_integer(s->rates.demand_s));
	json_object_set_new(statement, "demand_sliding", json_boolean(terms->sliding));
}
