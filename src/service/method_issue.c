/* SPDX-License-Identifier: MIT */
/* IssueStatement: a statement that is signed and kept, so that it is the same for ever. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/events.h"
#include "base/log.h"
#include "base/time_text.h"
#include "service/call.h"
#include "service/deferred.h"
#include "service/methods.h"
#include "service/ocmf.h"
#include "service/peer.h"
#include "service/statement.h"
#include "store/audit/audit.h"

/* The last interval of a period is stored by then: none is longer than an hour. */
#define LATE_S 7200

/* Each stays for ever: a meter issues so many, and after that one an hour. */
#define ISSUES_MAX 100
#define ISSUE_COSTS_NS (3600 * MM_NS_PER_S)

struct issuing {
	struct mm_deferred deferred;
	struct mm_statement statement;
	struct mm_store_event event;
	char user[MM_PEER_NAME_MAX];
	char refusal[160]; /* why it can't be issued; "": it can */
	bool is_new;	   /* it was issued by this call */
};

static void release(struct mm_deferred *deferred)
{
	mm_statement_release(&((struct issuing *)deferred)->statement);
}

/* ---- On the store's thread ---- */

static bool take_interval(void *userdata, const struct mm_store_interval *interval)
{
	*(struct mm_store_interval *)userdata = *interval;
	return false;
}

/* A statement that is issued is of readings, and stays as it is: both have to be there. */
static int judge_readings(struct mm_store *store, struct issuing *issuing)
{
	const struct mm_statement *s = &issuing->statement;
	struct mm_store_interval first = {0};
	char time[MM_TIME_TEXT_MAX];
	int r = 0;

	if (s->start.id == 0) {
		r = mm_store_intervals(store, (unsigned)s->meter, 0, INT64_MAX, take_interval, &first);
		snprintf(issuing->refusal, sizeof(issuing->refusal),
			 first.id > 0
				 ? "the first reading of this meter is of %s: a statement that is issued begins then or later"
				 : "this meter has no reading yet",
			 mm_time_text(first.row.start_s + first.row.duration_s, time));
	} else if (s->end.row.start_s + s->end.row.duration_s < s->to &&
		   issuing->event.realtime_ns < (s->to + LATE_S) * MM_NS_PER_S) {
		snprintf(issuing->refusal, sizeof(issuing->refusal),
			 "the reading at the end of that period is not stored yet: try again in a few minutes, or, where the "
			 "meter "
			 "did not run then, in two hours");
	}
	return r;
}

static int describe(struct issuing *issuing, int64_t page)
{
	const struct mm_statement *s = &issuing->statement;
	char from[MM_TIME_TEXT_MAX], to[MM_TIME_TEXT_MAX], hash[MM_FINGERPRINT_MAX];
	int r = mm_audit_hash(s->issued.ocmf, hash);

	if (r == 0) {
		snprintf(issuing->event.text, sizeof(issuing->event.text), mm_event_text_STATEMENT_ISSUED, (long long)page,
			 issuing->user, mm_time_text(s->from, from), mm_time_text(s->to, to), hash);
	}
	return r;
}

/* Builds and signs the record of the next page, in the statement. */
static int sign(struct mm_store *store, struct issuing *issuing)
{
	struct mm_statement *s = &issuing->statement;
	const struct mm_config_meter *meter = mm_view_config(issuing->deferred.service->metering, (unsigned)s->meter);
	char signer[MM_FINGERPRINT_MAX], *payload = NULL;
	struct mm_signature signature;
	int r = mm_store_signer(store, signer);

	s->issued.page = mm_store_page(store) + 1;
	s->issued.time_ns = issuing->event.realtime_ns;
	if (r == 0) {
		r = mm_ocmf_payload_new(s, meter, s->issued.page, signer, &payload);
	}
	if (r == 0) {
		r = mm_store_sign(store, payload, &signature);
	}
	if (r == 0) {
		r = mm_ocmf_record_new(payload, signature.der, signature.size, &s->issued.ocmf);
	}
	free(payload);
	return r;
}

static int keep(struct mm_store *store, struct issuing *issuing, const struct mm_store_period *period)
{
	const struct mm_issued *issued = &issuing->statement.issued;
	char *data;
	int r = describe(issuing, issued->page);

	if (r < 0) {
		return r;
	}
	data = mm_issued_data(issued, period);
	r = data ? mm_store_issue(store, &issuing->event, period, issued->page, data) : -ENOMEM;
	free(data);
	return r;
}

static int issue(struct mm_store *store, void *userdata)
{
	struct issuing *issuing = userdata;
	struct mm_statement *s = &issuing->statement;
	const struct mm_store_period period = {s->from, s->to};
	int r = mm_issued_find(store, (unsigned)s->meter, &period, &s->issued); /* another caller's can have come first */

	if (r < 0 || s->issued.ocmf) {
		return r;
	}
	r = judge_readings(store, issuing);
	if (r < 0 || issuing->refusal[0] != '\0') {
		return r;
	}
	r = sign(store, issuing);
	if (r == 0) {
		r = keep(store, issuing, &period);
	}
	issuing->is_new = r == 0;
	return r;
}

static int run_slice(struct mm_store *store, void *userdata)
{
	return mm_statement_slice(store, &((struct issuing *)userdata)->statement);
}

/* ---- On the main loop ---- */

static void refuse(struct issuing *issuing)
{
	char refusal[sizeof(issuing->refusal)];

	memcpy(refusal, issuing->refusal, sizeof(refusal));
	mm_call_not_permitted(mm_deferred_take(&issuing->deferred), refusal);
}

/*
 * The answer waits for a commit, which the second copy has first: with it the page that this one has taken. So nobody sees a page
 * that could be given out again.
 */
static void answer_when_copied(struct issuing *issuing, json_t *reply)
{
	struct mm_service *service = issuing->deferred.service;
	const struct mm_event_row *row = mm_event_row(MM_EVENT_STATEMENT_ISSUED);
	int meter = issuing->statement.meter;
	int64_t *until_ns = &service->issues_until_ns[meter];
	struct mm_deferred *change;

	if (*until_ns < issuing->event.boottime_ns) {
		*until_ns = issuing->event.boottime_ns;
	}
	*until_ns += ISSUE_COSTS_NS;
	mm_log(row->priority, row->message_id, mm_view_config(service->metering, (unsigned)meter)->name, "%s",
	       issuing->event.text);
	change = mm_deferred_change(service, mm_deferred_take(&issuing->deferred));
	if (change) {
		mm_deferred_commit(change, reply);
	} else {
		json_decref(reply);
	}
}

static void issue_done(struct mm_deferred *deferred, int result)
{
	struct issuing *issuing = (struct issuing *)deferred;
	json_t *reply;

	if (result == -ENOKEY) {
		mm_call_store_failed(mm_deferred_take(deferred),
				     "there is no key to sign with; the journal says why, as of the last start");
		return;
	}
	if (result < 0) {
		mm_deferred_failed(deferred, result);
		return;
	}
	if (issuing->refusal[0] != '\0') {
		refuse(issuing);
		return;
	}
	reply = json_pack("{s:o}", "statement", mm_statement_json(&issuing->statement, deferred->service->metering));
	if (issuing->is_new) {
		answer_when_copied(issuing, reply);
	} else {
		mm_deferred_reply(deferred, reply);
	}
}

static void slice_done(struct mm_deferred *deferred, int result)
{
	const struct mm_statement *s = &((struct issuing *)deferred)->statement;

	if (mm_varlink_call_gone(deferred->call)) {
		mm_varlink_call_unref(mm_deferred_take(deferred));
	} else if (result < 0) {
		mm_deferred_failed(deferred, result);
	} else if (s->stage != MM_STATEMENT_DONE) {
		mm_deferred_query(deferred, run_slice, slice_done);
	} else {
		mm_deferred_record(deferred, issue, issue_done);
	}
}

void mm_method_issue(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	static const struct mm_deferred_kind kind = {.wait = MM_WAIT_STORE,
						     .size = sizeof(struct issuing),
						     .max = 1,
						     .why = "another statement is being issued",
						     .release = release};
	struct mm_service *service = userdata;
	struct mm_clock *clock = mm_view_clock(service->metering);
	struct mm_statement asked = {0};
	struct issuing *issuing;

	if (!mm_statement_parameters(call, parameters, service->metering, &asked)) {
		return;
	}
	if (service->issues_until_ns[asked.meter] > mm_clock_boottime(clock) + (ISSUES_MAX - 1) * ISSUE_COSTS_NS) {
		mm_call_busy(call, "a meter issues 100 statements, and after that one an hour");
		return;
	}
	issuing = mm_deferred_new(service, call, &kind);
	if (!issuing) {
		return;
	}
	issuing->statement = asked;
	issuing->event = mm_store_event_now(clock, asked.meter, MM_STORE_ISSUED);
	mm_peer_name(mm_varlink_call_peer(call), MM_PEER_PASSWD, issuing->user);
	mm_deferred_query(&issuing->deferred, run_slice, slice_done);
}
