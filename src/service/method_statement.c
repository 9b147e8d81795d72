/* SPDX-License-Identifier: MIT */
/* GetStatement: what was used in a period. */
#include "base/count_of.h"
#include "core/units.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/methods.h"
#include "service/statement.h"

struct waiting {
	struct mm_deferred deferred;
	struct mm_statement statement;
};

static int run_slice(struct mm_store *store, void *userdata)
{
	return mm_statement_slice(store, &((struct waiting *)userdata)->statement);
}

static void slice_done(struct mm_deferred *deferred, int result)
{
	const struct mm_statement *s = &((struct waiting *)deferred)->statement;

	if (mm_varlink_call_gone(deferred->call)) {
		mm_varlink_call_unref(mm_deferred_take(deferred));
	} else if (result < 0) {
		mm_deferred_failed(deferred, result);
	} else if (s->stage != MM_STATEMENT_DONE) {
		mm_deferred_query(deferred, run_slice, slice_done);
	} else {
		mm_deferred_reply(deferred, json_pack("{s:o}", "statement", mm_statement_json(s, deferred->service->metering)));
	}
}

static void release(struct mm_deferred *deferred)
{
	mm_statement_release(&((struct waiting *)deferred)->statement);
}

bool mm_statement_parameters(struct mm_varlink_call *call, const json_t *parameters, const struct mm_metering *metering,
			     struct mm_statement *ret)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct mm_statement, meter, ONE_METER)},
		{MM_PARAMETER(struct mm_statement, from, SPAN), .mandatory = true},
		{MM_PARAMETER(struct mm_statement, to, TIME)},
	};

	ret->to = mm_clock_realtime(mm_view_clock(metering)) / MM_NS_PER_S;
	if (!mm_call_parameters(call, parameters, metering, table, COUNT_OF(table), ret) ||
	    !mm_call_has_come(call, metering, "to", ret->to)) {
		return false;
	}
	if (ret->from <= 0 || ret->from >= ret->to) {
		mm_call_invalid(call, "from");
		return false;
	}
	mm_statement_set_terms(ret, metering);
	return true;
}

void mm_method_statement(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct waiting), .release = release};
	struct mm_service *service = userdata;
	struct mm_statement asked = {0};
	struct waiting *s;

	if (!mm_statement_parameters(call, parameters, service->metering, &asked)) {
		return;
	}
	s = mm_deferred_new(service, call, &kind);
	if (s) {
		s->statement = asked;
		mm_deferred_query(&s->deferred, run_slice, slice_done);
	}
}
