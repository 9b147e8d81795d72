/* SPDX-License-Identifier: MIT */
/* Statements that are issued: signed, kept, the same for ever; and what OCMF says of what is wrong in a period. */
#include <check.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "client/ocmf.h"
#include "core/units.h"
#include "fixture/fault_vfs.h"
#include "fixture/service_fixture.h"
#include "fixture/suite.h"
#include "service/ocmf.h"
#include "service/private.h"
#include "store/audit/audit.h"

#define BEGIN_S INT64_C(1790812800) /* 2026-10-01 */

static json_t *ask(struct service_fixture *f, const char *method, int64_t from_s, int64_t to_s)
{
	char from[MM_TIME_TEXT_MAX], to[MM_TIME_TEXT_MAX], text[160];

	snprintf(text, sizeof(text), "{\"meter\":\"m\",\"from\":\"%s\",\"to\":\"%s\"}", mm_time_text(from_s, from),
		 mm_time_text(to_s, to));
	call(f, method, text);
	return next_answer(f);
}

static const json_t *issued_of(const json_t *answer)
{
	const json_t *statement = json_object_get(json_object_get(answer, "parameters"), "statement");

	ck_assert_msg(statement != NULL, "%s", json_string_value(json_object_get(answer, "error")));
	return json_object_get(statement, "issued");
}

/* What the main loop's start does, and what the trail has of statements. */
struct on_store {
	struct mm_clock *clock;
	char public_key[MM_PUBLIC_KEY_MAX];
	int64_t page;
	int64_t issued, events;
	bool done;
};

static bool count(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct on_store *on = userdata;

	(void)data;
	on->issued += strcmp(event->code, MM_STORE_ISSUED) == 0;
	on->events++;
	return true;
}

static int make_key(struct mm_store *store, void *userdata)
{
	struct mm_error error = {0};
	struct mm_signed_checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));

	ck_assert_msg(mm_store_key(store, ((struct on_store *)userdata)->clock, &error) == 0, "%s", error.text);
	ck_assert_int_eq(mm_store_sign_checkpoint(store, 1, checkpoint), 0);
	strcpy(((struct on_store *)userdata)->public_key, checkpoint->public_key);
	free(checkpoint);
	return 0;
}

static int look(struct mm_store *store, void *userdata)
{
	struct on_store *on = userdata;

	on->issued = on->events = 0;
	on->page = mm_store_page(store);
	return mm_store_events(store, 0, 1000, false, count, on);
}

static void on_done(int result, void *userdata)
{
	ck_assert_int_eq(result, 0);
	((struct on_store *)userdata)->done = true;
}

static void run(struct service_fixture *f, mm_store_query_fn query, struct on_store *on)
{
	on->clock = &f->clock;
	on->done = false;
	ck_assert_int_eq(mm_store_worker_query(f->worker, query, on_done, on), 0);
	while (!on->done) {
		work(f);
	}
}

/* A meter in October 2026 which has metered for so many intervals. */
static struct service_fixture *october(int count)
{
	struct service_fixture *f = setup();

	f->now_ns = (BEGIN_S - 1) * MM_NS_PER_S;
	intervals(f, count);
	return f;
}

START_TEST(it_is_signed_and_stays)
{
	struct service_fixture *f = october(5);
	struct mm_error error = {0};
	struct on_store on = {0};
	struct mm_ocmf *ocmf;
	json_t *first, *again;
	struct mm_store_status status;
	const char *text;
	uint64_t commits;

	run(f, make_key, &on);
	first = ask(f, "GetStatement", BEGIN_S + INTERVAL_S, BEGIN_S + 3 * INTERVAL_S);
	ck_assert(json_is_null(issued_of(first)));
	json_decref(first);
	mm_store_worker_status(f->worker, &status);
	commits = status.commits;
	first = ask(f, "IssueStatement", BEGIN_S + INTERVAL_S, BEGIN_S + 3 * INTERVAL_S);
	/* A commit has taken the page to the second copy before anybody has seen it. */
	mm_store_worker_status(f->worker, &status);
	ck_assert_uint_gt(status.commits, commits);
	text = json_string_value(json_object_get(issued_of(first), "ocmf"));
	ck_assert_int_eq(json_integer_value(json_object_get(issued_of(first), "page")), 1);
	ck_assert_msg(mm_ocmf_new(text, strlen(text), &ocmf, &error) == 0, "%s", error.text);
	ck_assert_msg(mm_ocmf_verify(ocmf, on.public_key, strlen(on.public_key), &error) == 0, "%s", error.text);
	ck_assert_str_eq(json_string_value(json_object_get(mm_ocmf_payload(ocmf), "PG")), "T1");
	mm_ocmf_free(ocmf);
	run(f, look, &on);
	ck_assert_int_eq(on.issued, 1);
	/* Again, later, by either method: the same, and nothing is written. */
	intervals(f, 1);
	run(f, look, &on);
	for (int i = 0; i < 2; i++) {
		struct on_store then = {0};

		again = ask(f, i == 0 ? "GetStatement" : "IssueStatement", BEGIN_S + INTERVAL_S, BEGIN_S + 3 * INTERVAL_S);
		ck_assert(json_equal(issued_of(first), issued_of(again)));
		json_decref(again);
		run(f, look, &then);
		ck_assert_int_eq(then.events, on.events);
		ck_assert_int_eq(then.page, 1);
	}
	/* The next one has the next page. */
	again = ask(f, "IssueStatement", BEGIN_S + 3 * INTERVAL_S, BEGIN_S + 5 * INTERVAL_S);
	ck_assert_int_eq(json_integer_value(json_object_get(issued_of(again), "page")), 2);
	json_decref(again);
	json_decref(first);
	teardown(f);
}
END_TEST

static void expect_refused(struct service_fixture *f, int64_t from_s, int64_t to_s, const char *error, const char *words)
{
	json_t *got = ask(f, "IssueStatement", from_s, to_s), *reason;
	struct on_store on = {0};

	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), error);
	reason = json_object_get(json_object_get(got, "parameters"), "reason");
	ck_assert_msg(words == NULL || strstr(json_string_value(reason), words) != NULL, "%s", json_string_value(reason));
	json_decref(got);
	run(f, look, &on);
	ck_assert_int_eq(on.page, 0);
	ck_assert_int_eq(on.issued, 0);
}

START_TEST(what_has_no_readings_is_refused)
{
	struct service_fixture *f = october(3);
	struct on_store on = {0};

	/* Without a key nothing can be signed. */
	expect_refused(f, BEGIN_S + INTERVAL_S, BEGIN_S + 2 * INTERVAL_S, "org.minimeter.RegisterFailed", "no key to sign with");
	run(f, make_key, &on);
	expect_refused(f, BEGIN_S + INTERVAL_S, BEGIN_S + 9 * INTERVAL_S, "org.minimeter.NotYet", NULL);
	expect_refused(f, BEGIN_S - INTERVAL_S, BEGIN_S + INTERVAL_S, "org.minimeter.NotPermitted",
		       "the first reading of this meter is of 2026-10-01T00:00:00Z");
	expect_refused(f, BEGIN_S - 9 * INTERVAL_S, BEGIN_S - INTERVAL_S, "org.minimeter.NotPermitted", "begins then or later");
	/* Past, but its last interval is open: what would be issued now would be another an hour later. */
	windows(f, 60);
	expect_refused(f, BEGIN_S + INTERVAL_S, BEGIN_S + 3 * INTERVAL_S + 30, "org.minimeter.NotPermitted", "is not stored yet");
	expect_refused(f, BEGIN_S + 2 * INTERVAL_S, BEGIN_S + INTERVAL_S, "org.varlink.service.InvalidParameter", NULL);
	teardown(f);
}
END_TEST

/* A disk that takes nothing: no page is used up, and the next attempt has it. */
START_TEST(a_failing_disk_takes_no_page)
{
	static const struct {
		enum fault fault;
		const char *words;
	} table[] = {{FAULT_WRITE_FULL, "No space left on device"},
		     {FAULT_WRITE_EIO, "Input/output error"},
		     {FAULT_SYNC, "Input/output error"}};
	struct fault_vfs vfs;
	struct service_fixture *f;
	struct on_store on = {0};
	json_t *got;

	fault_vfs_install(&vfs);
	f = october(3);
	run(f, make_key, &on);
	fault_vfs_set(&vfs, table[_i].fault, 0, UINT_MAX);
	expect_refused(f, BEGIN_S + INTERVAL_S, BEGIN_S + 2 * INTERVAL_S, "org.minimeter.RegisterFailed", table[_i].words);
	ck_assert_uint_gt(fault_vfs_hits(&vfs), 0);
	fault_vfs_set(&vfs, FAULT_NONE, 0, 0);
	got = ask(f, "IssueStatement", BEGIN_S + INTERVAL_S, BEGIN_S + 2 * INTERVAL_S);
	ck_assert_int_eq(json_integer_value(json_object_get(issued_of(got), "page")), 1);
	json_decref(got);
	teardown(f);
	fault_vfs_remove(&vfs);
}
END_TEST

START_TEST(a_meter_issues_no_thousands)
{
	struct service_fixture *f = october(3);
	struct on_store on = {0};
	json_t *got;

	run(f, make_key, &on);
	f->service->issues_until_ns[0] = f->now_ns + 100 * 3600 * MM_NS_PER_S;
	got = ask(f, "IssueStatement", BEGIN_S + INTERVAL_S, BEGIN_S + 2 * INTERVAL_S);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.minimeter.Busy");
	json_decref(got);
	f->service->issues_until_ns[0] = f->now_ns + 99 * 3600 * MM_NS_PER_S;
	got = ask(f, "IssueStatement", BEGIN_S + INTERVAL_S, BEGIN_S + 2 * INTERVAL_S);
	ck_assert(json_is_object(issued_of(got)));
	json_decref(got);
	ck_assert_int_eq(f->service->issues_until_ns[0], f->now_ns + 100 * 3600 * MM_NS_PER_S);
	teardown(f);
}
END_TEST

/* ---- What OCMF says ---- */

#define HOUR 3600
#define START(uwh, received, status)                                                                                             \
	{                                                                                                                        \
		.id = 7, .row = { BEGIN_S - 900, 900, status, .register_delivered_uwh = uwh, .register_received_uwh = received } \
	}
#define END(uwh, received, status)                                                                                               \
	{                                                                                                                        \
		.id = 9,                                                                                                         \
		.row = { BEGIN_S + HOUR - 900,                                                                                   \
			 900,                                                                                                    \
			 status,                                                                                                 \
			 .register_delivered_uwh = uwh,                                                                          \
			 .register_received_uwh = received }                                                                     \
	}

static json_t *payload_of(const struct mm_statement *s)
{
	struct mm_config_meter meter = {.serial = "a|\"b\\"};
	struct mm_model_error error;
	char *payload, *record;
	json_t *read;

	ck_assert_int_eq(mm_model_parse("MMS-120-2001", &meter.model, &error), 0);
	ck_assert_int_eq(mm_ocmf_payload_new(s, &meter, 12, "0123abcd", &payload), 0);
	ck_assert_ptr_null(strchr(payload, '|'));
	read = json_loads(payload, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json_is_object(read), "%s", payload);
	ck_assert_int_eq(mm_ocmf_record_new(payload, "\x30\x06", 2, &record), 0);
	ck_assert_ptr_nonnull(strstr(record, "|{\"SA\":\"ECDSA-secp256r1-SHA256\",\"SD\":\"3006\"}"));
	free(record);
	free(payload);
	return read;
}

static void expect_text(const json_t *object, const char *key, const char *expected)
{
	const char *text = json_string_value(json_object_get(object, key));

	ck_assert_msg(text && strcmp(text, expected) == 0, "%s: %s", key, text ? text : "not there");
}

START_TEST(every_field_is_there)
{
	static const struct {
		const char *key, *text;
	} fields[] = {{"FV", "1.0"},	       {"GI", "minimeter"}, {"GS", "0123abcd"},	    {"GV", PACKAGE_VERSION},
		      {"PG", "T12"},	       {"MV", "minimeter"}, {"MM", "MMS-120-2001"}, {"MS", "a|\"b\\"},
		      {"MF", PACKAGE_VERSION}, {"IL", "NONE"},	    {"IT", "NONE"}};
	const struct mm_statement s = {.from = BEGIN_S,
				       .to = BEGIN_S + HOUR,
				       .start = START(1, 0, 0),
				       .end = END(2, 0, 0),
				       .bill.covered_ns = HOUR * MM_NS_PER_S};
	json_t *payload = payload_of(&s);
	const json_t *reading = json_array_get(json_object_get(payload, "RD"), 0);

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		expect_text(payload, fields[i].key, fields[i].text);
	}
	ck_assert(json_is_false(json_object_get(payload, "IS")));
	ck_assert(json_is_array(json_object_get(payload, "IF")));
	ck_assert_uint_eq(json_array_size(json_object_get(payload, "RD")), 2);
	expect_text(reading, "TM", "2026-10-01T00:00:00,000+0000 S");
	expect_text(reading, "TX", "B");
	expect_text(reading, "RI", "1-0:1.8.0*255");
	expect_text(reading, "RU", "kWh");
	expect_text(reading, "RT", "AC");
	expect_text(reading, "EF", "");
	expect_text(reading, "ST", "G");
	reading = json_array_get(json_object_get(payload, "RD"), 1);
	expect_text(reading, "TM", "2026-10-01T01:00:00,000+0000 S");
	expect_text(reading, "TX", "E");
	expect_text(reading, "ST", "G");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(json_object_get(payload, "XR"), "end"), "interval")),
			 9);
	json_decref(payload);
}
END_TEST

/* What each rate comes to is signed, too: the tariff may be another when somebody asks. */
START_TEST(rates_are_signed)
{
	struct mm_statement s = {.from = BEGIN_S, .to = BEGIN_S + HOUR, .start = START(1, 0, 0), .end = END(2000000, 0, 0)};
	json_t *payload;
	const json_t *bill, *rate;

	s.rates.terms.tariff.rate_count = 2;
	strcpy(s.rates.terms.rate[1].name, "night|x");
	s.bill.rate[1].used.delivered_uwh = 1999999;
	payload = payload_of(&s);
	bill = json_object_get(json_object_get(payload, "XR"), "bill");
	ck_assert_uint_eq(json_array_size(json_object_get(bill, "rates")), 2);
	rate = json_array_get(json_object_get(bill, "rates"), 1);
	expect_text(rate, "name", "night|x");
	ck_assert_int_eq(json_integer_value(json_object_get(rate, "delivered_uwh")), 1999999);
	ck_assert(json_is_null(json_object_get(bill, "cost")));
	json_decref(payload);
}
END_TEST

/* Readings are whole Wh to the digit, also where a double would not have them. */
START_TEST(readings_are_exact)
{
	static const struct {
		int64_t uwh;
		const char *kwh;
	} table[] = {{0, "0.000"},
		     {499999, "0.000"},
		     {500000, "0.001"},
		     {999499999, "0.999"},
		     {1000000000, "1.000"},
		     {123456789012345678, "123456789.012"},
		     {INT64_C(9007199254740993000), "9007199254.741"}};
	struct mm_statement s = {.from = BEGIN_S, .to = BEGIN_S + HOUR, .start = START(0, 0, 0), .end = END(0, 1, 0)};
	struct mm_config_meter meter = {.serial = "1"};
	char expected[64], *payload;

	s.end.row.register_delivered_uwh = table[_i].uwh;
	ck_assert_int_eq(mm_ocmf_payload_new(&s, &meter, 1, "", &payload), 0);
	snprintf(expected, sizeof(expected), "\"TX\":\"E\",\"RV\":%s,", table[_i].kwh);
	ck_assert_msg(strstr(payload, expected) != NULL, "%s", payload);
	free(payload);
}
END_TEST

/* Received energy is a pair of its own, whose reason is that of the reading before it: so each reason is there once. */
START_TEST(received_energy_is_beside_it)
{
	const struct mm_statement s = {.from = BEGIN_S, .to = BEGIN_S + HOUR, .start = START(1, 0, 0), .end = END(2, 5000000, 0)};
	json_t *payload = payload_of(&s), *readings = json_object_get(payload, "RD");

	ck_assert_uint_eq(json_array_size(readings), 4);
	for (size_t i = 0; i < 4; i++) {
		const json_t *reading = json_array_get(readings, i);

		expect_text(reading, "RI", i % 2 == 0 ? "1-0:1.8.0*255" : "1-0:2.8.0*255");
		ck_assert_int_eq(json_object_get(reading, "TX") != NULL, i % 2 == 0);
		ck_assert_int_eq(json_object_get(reading, "TM") != NULL, i % 2 == 0);
		ck_assert(json_is_real(json_object_get(reading, "RV")));
		ck_assert(json_is_string(json_object_get(reading, "RU")) && json_is_string(json_object_get(reading, "ST")));
	}
	json_decref(payload);
}
END_TEST

/* What is wrong in a period, and what the reading at its end says of that. */
START_TEST(what_is_wrong_is_said)
{
	static const struct {
		const char *happened;
		uint32_t flag, end_status;
		bool preset, incomplete, uncovered;
		const char *state, *errors;
		char clock;
	} table[] = {
		{.state = "G", .errors = "", .clock = 'S'},
		{.happened = "calibration", .state = "G", .errors = "", .clock = 'S'},
		{.flag = MM_PROFILE_CLOCK_ADJUSTED, .state = "G", .errors = "", .clock = 'S'},
		{.flag = MM_PROFILE_ERROR, .state = "E", .errors = "", .clock = 'S'},
		{.incomplete = true, .state = "E", .errors = "", .clock = 'S'},
		{.uncovered = true, .state = "E", .errors = "", .clock = 'S'},
		{.flag = MM_PROFILE_CLOCK_INVALID, .state = "G", .errors = "t", .clock = 'S'},
		{.flag = MM_PROFILE_CLOCK_INVALID,
		 .end_status = MM_PROFILE_CLOCK_INVALID,
		 .state = "G",
		 .errors = "t",
		 .clock = 'U'},
		{.preset = true, .incomplete = true, .state = "X", .errors = "", .clock = 'S'},
		{.happened = "tampered", .preset = true, .state = "M", .errors = "", .clock = 'S'},
	};
	struct mm_statement s = {.from = BEGIN_S,
				 .to = BEGIN_S + HOUR,
				 .start = START(1, 0, 0),
				 .end = END(2, 0, table[_i].end_status),
				 .bill = {.covered_ns = table[_i].uncovered ? 0 : HOUR * MM_NS_PER_S,
					  .preset_in = table[_i].preset,
					  .incomplete = table[_i].incomplete}};
	const json_t *reading;
	json_t *payload;
	char time[64];

	if (table[_i].flag != 0) {
		s.bill.flagged[__builtin_ctz(table[_i].flag)] = 1;
	}
	for (size_t i = 0; i < MM_STATEMENT_HAPPENINGS; i++) {
		s.happened[i] = table[_i].happened && strcmp(mm_statement_happenings[i].code, table[_i].happened) == 0;
	}
	payload = payload_of(&s);
	reading = json_array_get(json_object_get(payload, "RD"), 1);
	snprintf(time, sizeof(time), "2026-10-01T01:00:00,000+0000 %c", table[_i].clock);
	expect_text(reading, "TM", time);
	expect_text(reading, "ST", table[_i].state);
	expect_text(reading, "EF", table[_i].errors);
	expect_text(json_array_get(json_object_get(payload, "RD"), 0), "ST", "G");
	json_decref(payload);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("issue");
	TCase *issue = tcase_create("issue"), *ocmf = tcase_create("ocmf");

	tcase_add_test(issue, it_is_signed_and_stays);
	tcase_add_test(issue, what_has_no_readings_is_refused);
	tcase_add_loop_test(issue, a_failing_disk_takes_no_page, 0, 3);
	tcase_add_test(issue, a_meter_issues_no_thousands);
	tcase_set_timeout(issue, 120);
	tcase_add_test(ocmf, every_field_is_there);
	tcase_add_loop_test(ocmf, readings_are_exact, 0, 7);
	tcase_add_test(ocmf, rates_are_signed);
	tcase_add_test(ocmf, received_energy_is_beside_it);
	tcase_add_loop_test(ocmf, what_is_wrong_is_said, 0, 10);
	suite_add_tcase(suite, issue);
	suite_add_tcase(suite, ocmf);
	return mm_run_suite(suite);
}
