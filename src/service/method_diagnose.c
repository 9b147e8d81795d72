/* SPDX-License-Identifier: MIT */
/* What the diagnosis finds, in words, beside what the event log has of it. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "diagnosis/diagnosis.h"
#include "service/advice.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/json.h"
#include "service/methods.h"

/* The newest events, which are looked through. */
#define EVENTS_MAX 100
#define TEXT_MAX 192
/* How long a pulse takes is said in seconds up to this. */
#define PULSE_SECONDS_MAX 120.0

struct asked {
	int meter; /* -1: all */
	bool loaded;
	double load_w; /* NAN: not known */
};

struct query {
	struct mm_deferred deferred;
	struct asked asked;
	unsigned event_count;
	struct mm_store_event event[EVENTS_MAX];
};

/* What the log says of one condition: how often it came, and when last. */
struct past {
	unsigned count;
	int64_t last_ns;
};

static void say(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(json_t *lines, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(lines, json_string(text));
}

static json_t *hundredths(double figure)
{
	return json_real(round(figure * 100) / 100);
}

/* null for 0. */
static json_t *number_or_null(unsigned number)
{
	return number > 0 ? json_integer((json_int_t)number) : json_null();
}

/* ---- The event log ---- */

/* Is it an event of another front end than the meter's? Events of one that has a name begin with it. */
static bool is_of_another_chip(const struct mm_metering *metering, const struct mm_store_event *event, int meter)
{
	static const char begin[] = "front end ";
	const char *text = event->text + strlen(begin);
	unsigned own = mm_view_config(metering, (unsigned)meter)->front_end, found = own;
	size_t longest = 0;

	for (unsigned f = 0; strncmp(event->text, begin, strlen(begin)) == 0 && f < mm_view_front_end_count(metering); f++) {
		const char *name = mm_view_front_end(metering, f).name;
		size_t length = strlen(name);

		if (length > longest && strncmp(text, name, length) == 0 && strchr(" :'", text[length])) {
			longest = length;
			found = f;
		}
	}
	return found != own;
}

/* Conditions of an element are logged as "element 1: reversed raised (...)", and cleared likewise. */
static bool is_about(const struct mm_store_event *event, const char *code, int meter, unsigned element)
{
	unsigned of = 0;
	bool numbered = sscanf(event->text, "element %u:", &of) == 1;

	if (strcmp(event->code, code) != 0 || (event->meter != meter && event->meter != -1)) {
		return false;
	}
	return !numbered || (strstr(event->text, " cleared ") == NULL && (element == 0 || of == element));
}

static struct past look_back(const struct query *query, const char *code, int meter, unsigned element)
{
	struct past past = {0};

	for (unsigned i = 0; code != NULL && i < query->event_count; i++) {
		if (is_about(&query->event[i], code, meter, element) &&
		    !is_of_another_chip(query->deferred.service->metering, &query->event[i], meter)) {
			past.count++;
			past.last_ns = query->event[i].realtime_ns;
		}
	}
	return past;
}

/* Conditions that causes have to do with, as far as the log has them. */
static json_t *past_json(const struct query *query, int meter)
{
	json_t *array = json_array();

	for (enum mm_cause cause = 0; cause < MM_CAUSE_COUNT; cause++) {
		const char *code = mm_cause_info(cause)->event;
		struct past past = look_back(query, code, meter, 0);
		bool listed = false;

		for (enum mm_cause before = 0; before < cause && code != NULL; before++) {
			const char *other = mm_cause_info(before)->event;

			listed = listed || (other != NULL && strcmp(other, code) == 0);
		}
		if (past.count > 0 && !listed) {
			json_array_append_new(array, json_pack("{s:s, s:i, s:o}", "code", code, "count", (int)past.count, "last",
							       mm_json_time(past.last_ns)));
		}
	}
	return array;
}

/* ---- Evidence in words ---- */

/* Watts are shown as they register: the windows are not multiplied. */
static void say_element(json_t *lines, const struct mm_observation_window *present, double multiplier, unsigned e)
{
	double lag_deg = atan2(present->reactive_var[e], present->active_w[e]) * 180 / M_PI;
	char angle[64] = "in phase with its voltage";

	if (fabs(lag_deg) >= 0.5) {
		snprintf(angle, sizeof(angle), "%s its voltage by %.0f degrees", lag_deg < 0 ? "leads" : "lags", fabs(lag_deg));
	}
	say(lines, "element %u: %.1f V, %.3f A, %.1f W; the current %s%s", e + 1, present->voltage_v[e], present->current_a[e],
	    multiplier * present->active_w[e], fabs(lag_deg) < 0.5 ? "is " : "", angle);
}

/* What is not as it should be. */
static void say_wiring(json_t *lines, const struct mm_wiring *wiring, unsigned e)
{
	static const char *const lines_of[] = {"line 1", "line 2", "a line that is not the meter's"};
	static const char *const lines_of_three[] = {"line 1", "line 2", "line 3"};
	const struct mm_ct_state *ct = &wiring->ct[e];

	if (ct->line != e) {
		say(lines, "supposes CT%u on %s%s", e + 1, (wiring->elements > 2 ? lines_of_three : lines_of)[ct->line],
		    ct->reversed ? " and turned round" : "");
	} else if (ct->reversed) {
		say(lines, "supposes CT%u turned round", e + 1);
	}
	if (wiring->lead[e] != e) {
		say(lines, "supposes voltage lead L%u on line %u", e + 1, wiring->lead[e] + 1);
	}
	if (wiring->generates[e]) {
		say(lines, "supposes that something on line %u generates", e + 1);
	}
}

static void say_phasing(json_t *lines, const struct mm_finding *finding, const struct mm_observation *observation,
			double multiplier)
{
	struct mm_observation_window present = mm_observation_present(observation);

	for (unsigned e = 0; e < observation->elements; e++) {
		if (finding->element == 0 || finding->element == e + 1 || finding->cause == MM_CAUSE_CT_WRONG_LINE) {
			say_element(lines, &present, multiplier, e);
		}
		say_wiring(lines, &finding->as.wiring, e);
	}
	if (finding->as.sagged) {
		say(lines, "when loads came and went, the voltages sagged as they would then");
	}
}

static void say_voltages(json_t *lines, const struct mm_finding *finding, const struct mm_observation *observation)
{
	struct mm_observation_window present = mm_observation_present(observation);

	for (unsigned e = 0; e < observation->elements; e++) {
		say(lines, "L%u to N %.1f V, CT%u %.3f A", e + 1, present.voltage_v[e], e + 1, present.current_a[e]);
	}
	if (finding->cause == MM_CAUSE_LINE_MISSING && present.current_a[finding->element - 1] >= MM_PHASING_CURRENT_A) {
		say(lines, "current flows on line %u: the line is alive, so it is the lead or its fuse", finding->element);
	}
	if (finding->cause == MM_CAUSE_FREQUENCY) {
		say(lines, "%.2f Hz", observation->frequency_hz);
	}
}

/* A little energy that registers all the time. */
static void say_creep(json_t *lines, const struct mm_view_meter *view, unsigned e)
{
	const struct mm_observation *observation = view->observation;
	double power_w = fabs(mm_observation_present(observation).active_w[e]), least_w = power_w, most_w = power_w;
	double multiplier = view->meter->config.multiplier, pulse_s;
	int kh_wh = view->meter->config.model.kh_wh;
	bool slow;

	for (unsigned i = 0; i < observation->count; i++) {
		double window_w = fabs(mm_observation_back(observation, i)->active_w[e]);

		least_w = fmin(least_w, window_w);
		most_w = fmax(most_w, window_w);
	}
	pulse_s = kh_wh * 3600 / (multiplier * power_w);
	slow = pulse_s > PULSE_SECONDS_MAX;
	say(lines, "element %u registers %.1f W, a pulse of %d Wh in %.0f %s; %.1f to %.1f W over these windows", e + 1,
	    multiplier * power_w, kh_wh, slow ? pulse_s / 60 : pulse_s, slow ? "minutes" : "seconds", multiplier * least_w,
	    multiplier * most_w);
}

/* Faults that the meter reports while the windows have no cause for them. */
static void say_reported(json_t *lines, const struct mm_view_meter *view)
{
	for (unsigned e = 0; e < view->meter->config.model.elements; e++) {
		for (unsigned bit = 0; bit < MM_ELEMENT_FLAG_COUNT; bit++) {
			if (view->meter->element[e].flags & (1u << bit)) {
				say(lines, "element %u: %s", e + 1, mm_element_flag_name(1u << bit));
			}
		}
	}
	if (view->outputs_failing) {
		say(lines, "an output or the display fails");
	}
}

static void say_readings(json_t *lines, const struct mm_finding *finding, const struct mm_view_front_end *front_end,
			 const struct mm_view_meter *view)
{
	const struct mm_observation *observation = view->observation;

	if (front_end->health != MM_HEALTH_OK) {
		say(lines, "%s%s%s", mm_health_name(front_end->health), front_end->reason[0] ? ": " : "", front_end->reason);
	} else if (finding->phasing) {
		say_phasing(lines, finding, observation, view->meter->config.multiplier);
	} else if (observation->count > 0) {
		say_voltages(lines, finding, observation);
	}
	if (finding->cause == MM_CAUSE_CREEP) {
		say_creep(lines, view, finding->element - 1);
	}
	if (finding->cause == MM_CAUSE_UNEXPLAINED) {
		say_reported(lines, view);
	}
}

/* What else is known of a finding. */
static void say_more(json_t *lines, const struct query *query, const struct mm_view_meter *view, const struct mm_finding *finding,
		     const struct past *past)
{
	bool miswired = finding->phasing && mm_wiring_mistakes(&finding->as.wiring) > 0;

	if (finding->corrected && miswired) {
		say(lines, "corrected in the configuration: it registers as if the wires were right. Once they are, remove the "
			   "correction: minimeterctl correct none --confirm");
	} else if (miswired && view->meter->registers.correction != 0) {
		say(lines, "a correction is in force, which is not for this");
	}
	if (finding->shown_w > 0) {
		double shown_w = view->meter->config.multiplier * finding->shown_w;

		say(lines, "shows %.1f W of the %.1f W that are said to run, %.2f times as much", shown_w, query->asked.load_w,
		    shown_w / query->asked.load_w);
	}
	if (past->count > 0) {
		say(lines, "the newest events have \"%s\" %u time%s", mm_cause_info(finding->cause)->event, past->count,
		    past->count == 1 ? "" : "s");
	}
}

#define WORDS_MAX 160

/* What it is called; limits of voltage are the model's. */
static void name_cause(const struct mm_finding *finding, const struct mm_model *model, char ret[static WORDS_MAX])
{
	const struct mm_advice_cause *advice = mm_advice_cause(finding->cause);

	if (finding->cause == MM_CAUSE_VOLTAGE_LOW) {
		snprintf(ret, WORDS_MAX, "voltage below %.5g V", mm_model_supply_min_v(model));
	} else if (finding->cause == MM_CAUSE_VOLTAGE_HIGH) {
		snprintf(ret, WORDS_MAX, "voltage above %.5g V", mm_model_supply_max_v(model));
	} else {
		snprintf(ret, WORDS_MAX, "%s", finding->tie > 0 && advice->beside ? advice->beside : advice->words);
	}
}

static json_t *finding_json(const struct query *query, const struct mm_view_meter *view, int meter,
			    const struct mm_finding *finding)
{
	struct mm_view_front_end front_end = mm_view_front_end_of(query->deferred.service->metering, (unsigned)meter);
	const struct mm_cause_info *info = mm_cause_info(finding->cause);
	struct past past = look_back(query, info->event, meter, finding->element);
	bool miswired = finding->phasing && mm_wiring_mistakes(&finding->as.wiring) > 0, tied = finding->tie > 0;
	json_t *lines = json_array();
	char words[WORDS_MAX];

	name_cause(finding, &view->meter->config.model, words);
	say_readings(lines, finding, &front_end, view);
	say_more(lines, query, view, finding, &past);
	return json_pack("{s:s, s:o, s:b, s:b, s:o, s:b, s:o, s:s, s:o, s:s, s:o}", "cause", info->name, "element",
			 number_or_null(finding->element), "fault", (int)info->fault, "corrected",
			 (int)(finding->corrected && miswired), "confidence", hundredths(finding->confidence), "tied", (int)tied,
			 "tie", number_or_null(finding->tie), "words", words, "evidence", lines, "next",
			 mm_advice_next(finding->cause, !tied, front_end.health, front_end.config->afe.uri), "mended_w",
			 miswired ? hundredths(view->meter->config.multiplier * finding->as.repaired_w) : json_null());
}

/* ---- The call ---- */

static struct mm_circumstances circumstances_of(const struct query *query, int meter, const struct mm_config_meter *config,
						const struct mm_view_meter *view)
{
	struct mm_circumstances circumstances = {
		.health = mm_view_front_end_of(query->deferred.service->metering, (unsigned)meter).health,
		.correction = view->meter->registers.correction,
		.failing = view->outputs_failing,
		.loaded = query->asked.loaded,
		.load_known = !isnan(query->asked.load_w),
		.load_w = query->asked.load_w / config->multiplier, /* the windows are not multiplied */
	};

	for (unsigned e = 0; e < config->model.elements; e++) {
		circumstances.generates[e] = config->generates[e];
		circumstances.flags |= view->meter->element[e].flags;
	}
	return circumstances;
}

static json_t *meter_json(const struct query *query, int meter)
{
	const struct mm_metering *metering = query->deferred.service->metering;
	const struct mm_config_meter *config = mm_view_config(metering, (unsigned)meter);
	struct mm_view_meter view = mm_view_meter(metering, (unsigned)meter);
	struct mm_observation_window present = mm_observation_present(view.observation);
	struct mm_circumstances circumstances = circumstances_of(query, meter, config, &view);
	struct mm_diagnosis diagnosis;
	json_t *findings = json_array();
	double power_w = 0;

	for (unsigned e = 0; e < config->model.elements; e++) {
		power_w += present.active_w[e];
	}
	mm_diagnose(view.observation, &config->model, &circumstances, &diagnosis);
	for (unsigned i = 0; i < diagnosis.count; i++) {
		json_array_append_new(findings, finding_json(query, &view, meter, &diagnosis.finding[i]));
	}
	return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "name", config->name, "windows", (int)view.observation->count,
			 "lines_lag_deg", view.observation->lag_known ? hundredths(view.observation->lag_deg) : json_null(),
			 "lines_lag_error_deg",
			 view.observation->lag_known ? hundredths(view.observation->lag_error_deg) : json_null(), "power_w",
			 hundredths(config->multiplier * power_w), "findings", findings, "events", past_json(query, meter));
}

static bool on_event(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct query *query = userdata;

	(void)data;
	query->event[query->event_count++] = *event;
	return query->event_count < EVENTS_MAX;
}

static int run_query(struct mm_store *reg, void *userdata)
{
	return mm_store_events(reg, 0, EVENTS_MAX, true, on_event, userdata);
}

/* A store that can't be read is a fault of its own (Status has it): the readings are diagnosed all the same. */
static void query_done(struct mm_deferred *deferred, int result)
{
	struct query *query = (struct query *)deferred;
	json_t *meters = json_array();

	(void)result;
	for (int i = 0; i < (int)mm_view_meter_count(deferred->service->metering); i++) {
		if (query->asked.meter < 0 || query->asked.meter == i) {
			json_array_append_new(meters, meter_json(query, i));
		}
	}
	mm_deferred_reply(deferred, json_pack("{s:o}", "meters", meters));
}

void mm_method_diagnose(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_parameter table[] = {
		{MM_PARAMETER(struct asked, meter, METERS)},
		{MM_PARAMETER(struct asked, loaded, BOOLEAN)},
		{MM_PARAMETER(struct asked, load_w, NUMBER), .max = INFINITY},
	};
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE, .size = sizeof(struct query)};
	struct asked asked = {.meter = -1, .load_w = NAN};
	struct mm_service *service = userdata;
	struct query *query;

	if (!mm_call_parameters(call, parameters, service->metering, table, COUNT_OF(table), &asked)) {
		return;
	}
	query = mm_deferred_new(service, call, &kind);
	if (query) {
		query->asked = asked;
		mm_deferred_query(&query->deferred, run_query, query_done);
	}
}
