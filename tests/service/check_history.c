/* SPDX-License-Identifier: MIT */
/* The profile and the events as a reader follows them, and readings. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/time_text.h"
#include "service/private.h"
#include "fixture/service_fixture.h"
#include "fixture/suite.h"
#include "fixture/zone.h"

static void call_more(struct service_fixture *f, const char *method, const char *parameters)
{
	char text[1024];
	int length = snprintf(text, sizeof(text), "{\"method\":\"org.minimeter.%s\",\"more\":true,\"parameters\":%s}", method,
			      parameters);

	ck_assert_int_eq(send(f->client, text, (size_t)length + 1, MSG_NOSIGNAL), length + 1);
	ck_assert_int_eq(mm_varlink_conn_process(f->conn, POLLIN), 0);
}

static const json_t *row_of(const json_t *answer, const char *array, size_t i)
{
	const json_t *rows = json_object_get(json_object_get(answer, "parameters"), array);

	ck_assert_msg(i < json_array_size(rows), "%zu %s", json_array_size(rows), array);
	return json_array_get(rows, i);
}

static int64_t integer(const json_t *row, const char *key)
{
	ck_assert_msg(json_is_integer(json_object_get(row, key)), "%s", key);
	return json_integer_value(json_object_get(row, key));
}

static size_t size_of(const json_t *answer, const char *array)
{
	return json_array_size(json_object_get(json_object_get(answer, "parameters"), array));
}

START_TEST(intervals_have_their_place_and_registers)
{
	struct service_fixture *f = setup();
	json_t *got;
	int64_t before_uwh = 0, before_id = 0;

	intervals(f, 3);
	call(f, "GetProfile", "{}");
	got = next_answer(f);
	ck_assert_uint_ge(size_of(got, "intervals"), 2);
	for (size_t i = 0; i < size_of(got, "intervals"); i++) {
		const json_t *row = row_of(got, "intervals", i);

		ck_assert_int_eq(integer(row, "previous"), before_id);
		before_id = integer(row, "id");
		before_uwh += integer(row, "delivered_uwh");
		ck_assert_int_eq(integer(row, "register_delivered_uwh"), before_uwh);
		ck_assert_uint_eq(strlen(json_string_value(json_object_get(row, "hash"))), 64);
		ck_assert_uint_eq(json_array_size(json_object_get(row, "elements")),
				  mm_view_config(f->metering, 0)->model.elements);
	}
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(a_reader_that_follows_gets_each_interval_when_it_is_there)
{
	struct service_fixture *f = setup();
	json_t *got;
	int64_t id;

	intervals(f, 2);
	call_more(f, "GetProfile", "{\"follow\":true}");
	got = next_answer(f);
	ck_assert(json_is_true(json_object_get(got, "continues")));
	id = integer(row_of(got, "intervals", size_of(got, "intervals") - 1), "id");
	json_decref(got);
	work(f);
	ck_assert_ptr_null(answer(f));
	for (int i = 0; i < 3; i++) {
		intervals(f, 1);
		got = next_answer(f);
		ck_assert_uint_eq(size_of(got, "intervals"), 1);
		ck_assert_int_eq(integer(row_of(got, "intervals", 0), "previous"), id);
		id = integer(row_of(got, "intervals", 0), "id");
		ck_assert(json_is_true(json_object_get(got, "continues")));
		json_decref(got);
	}
	/* Without follow it ends with what there is. */
	hang_up(f);
	intervals(f, 1);
	connect_client(f);
	call_more(f, "GetProfile", "{\"after\":1}");
	got = next_answer(f);
	ck_assert(!json_is_true(json_object_get(got, "continues")));
	json_decref(got);
	teardown(f);
}
END_TEST

/* Intervals close while a page waits to be taken: they come when it was. */
START_TEST(a_slow_reader_that_follows_misses_nothing)
{
	struct service_fixture *f = setup();
	json_t *got;
	int64_t id;

	intervals(f, 1);
	call_more(f, "GetProfile", "{\"follow\":true}");
	got = next_answer(f);
	id = integer(row_of(got, "intervals", size_of(got, "intervals") - 1), "id");
	json_decref(got);
	for (int i = 0; i < 4; i++) {
		intervals(f, 1);
	}
	for (int64_t last = id + 4; id < last;) {
		got = next_answer(f);
		for (size_t i = 0; i < size_of(got, "intervals"); i++) {
			ck_assert_int_eq(integer(row_of(got, "intervals", i), "previous"), id);
			id = integer(row_of(got, "intervals", i), "id");
		}
		json_decref(got);
	}
	teardown(f);
}
END_TEST

START_TEST(events_are_followed_too)
{
	struct service_fixture *f = setup();
	json_t *got;
	size_t before;

	intervals(f, 1);
	call_more(f, "GetEvents", "{\"follow\":true,\"snapshots\":true}");
	got = next_answer(f);
	before = size_of(got, "events");
	ck_assert_uint_gt(before, 0);
	json_decref(got);
	ck_assert_int_eq(mm_metering_preset(f->metering, 0, 1000 * MM_UWH_PER_KWH, 0, "old", "somebody"), 0);
	(void)mm_metering_commit(f->metering);
	got = next_answer(f);
	ck_assert(json_is_true(json_object_get(row_of(got, "events", 0), "clock_synchronized")));
	ck_assert_str_eq(json_string_value(json_object_get(row_of(got, "events", 0), "code")), "preset");
	ck_assert_int_ge(integer(row_of(got, "events", 0), "register_delivered_uwh"), 1000 * MM_UWH_PER_KWH);
	json_decref(got);
	f->unsynchronized = true;
	ck_assert_int_eq(mm_metering_test_output(f->metering, 0, MM_OUTPUT_LED_POWER, 5, "somebody"), 0);
	(void)mm_metering_commit(f->metering);
	got = next_answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(row_of(got, "events", 0), "code")), "output-test");
	ck_assert(json_is_false(json_object_get(row_of(got, "events", 0), "clock_synchronized")));
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(another_history_is_told_apart)
{
	struct service_fixture *f = setup();
	char text[256], hash[65];
	json_t *got;

	intervals(f, 3);
	call(f, "GetProfile", "{\"after\":1,\"limit\":1}");
	got = next_answer(f);
	ck_assert_uint_eq(size_of(got, "intervals"), 1);
	ck_assert_int_eq(integer(row_of(got, "intervals", 0), "id"), 2);
	snprintf(hash, sizeof(hash), "%s", json_string_value(json_object_get(row_of(got, "intervals", 0), "hash")));
	json_decref(got);
	snprintf(text, sizeof(text), "{\"after\":2,\"after_hash\":\"%s\"}", hash);
	call(f, "GetProfile", text);
	got = next_answer(f);
	ck_assert_ptr_null(json_object_get(got, "error"));
	ck_assert_int_eq(integer(row_of(got, "intervals", 0), "previous"), 2);
	json_decref(got);
	hash[0] = hash[0] == '0' ? '1' : '0';
	snprintf(text, sizeof(text), "{\"after\":2,\"after_hash\":\"%s\"}", hash);
	call(f, "GetProfile", text);
	got = next_answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.minimeter.Forked");
	ck_assert_int_eq(integer(json_object_get(got, "parameters"), "last"), 1);
	json_decref(got);
	call(f, "GetEvents", text);
	got = next_answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.minimeter.Forked");
	ck_assert(json_is_null(json_object_get(json_object_get(got, "parameters"), "meter")));
	json_decref(got);
	teardown(f);
}
END_TEST

static const struct {
	const char *method, *parameters, *wrong;
} senseless[] = {
	{"GetProfile", "{\"after_hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"}", "after_hash"},
	{"GetProfile", "{\"after\":1,\"after_hash\":\"00\"}", "after_hash"},
	{"GetProfile", "{\"after\":-1}", "after"},
	{"GetProfile", "{\"follow\":true}", "follow"}, /* without more */
	{"GetProfile", "{\"limit\":201}", "limit"},
	{"GetEvents", "{\"follow\":true}", "follow"},
	{"GetReading", "{}", "at"},
	{"GetReading", "{\"at\":\"1970-01-01T00:00:00Z\"}", "at"}, /* which stands for no time */
	{"GetReading", "{\"at\":\"noon\"}", "at"},
	{"GetStatement", "{\"to\":\"1970-01-01T00:00:01Z\"}", "from"},
	{"GetStatement", "{\"from\":\"1970-01-01T00:00:02Z\",\"to\":\"1970-01-01T00:00:01Z\"}", "from"},
};

START_TEST(what_makes_no_sense_is_named)
{
	struct service_fixture *f = setup();
	json_t *got;

	call(f, senseless[_i].method, senseless[_i].parameters);
	got = next_answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.varlink.service.InvalidParameter");
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(got, "parameters"), "parameter")),
			 senseless[_i].wrong);
	json_decref(got);
	teardown(f);
}
END_TEST

/* The reading at the end of an interval is the register then; before the first one there is none, and none to come. */
START_TEST(a_reading_is_what_the_meter_read)
{
	struct service_fixture *f = setup();
	char text[128];
	json_t *profile, *got;
	const json_t *row, *reading;

	intervals(f, 3);
	call(f, "GetProfile", "{}");
	profile = next_answer(f);
	row = row_of(profile, "intervals", 1);
	snprintf(text, sizeof(text), "{\"at\":\"%s\"}",
		 json_string_value(json_object_get(row_of(profile, "intervals", 2), "start")));
	call(f, "GetReading", text);
	got = next_answer(f);
	reading = json_object_get(row_of(got, "readings", 0), "reading");
	ck_assert_int_eq(integer(reading, "interval"), integer(row, "id"));
	ck_assert_int_eq(integer(reading, "delivered_uwh"), integer(row, "register_delivered_uwh"));
	ck_assert(json_equal(json_object_get(reading, "hash"), json_object_get(row, "hash")));
	ck_assert(json_equal(json_object_get(reading, "time"), json_object_get(row_of(profile, "intervals", 2), "start")));
	json_decref(got);
	json_decref(profile);
	call(f, "GetReading", "{\"at\":\"1970-01-01T00:00:01Z\"}");
	got = next_answer(f);
	ck_assert(json_is_null(json_object_get(row_of(got, "readings", 0), "reading")));
	json_decref(got);
	call(f, "GetReading", "{\"at\":\"2199-01-01T00:00:00Z\"}");
	got = next_answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.minimeter.NotYet");
	json_decref(got);
	teardown(f);
}
END_TEST

/* A statement of a period; the caller's. */
static json_t *statement(struct service_fixture *f, int64_t from_s, int64_t to_s)
{
	char from[MM_TIME_TEXT_MAX], to[MM_TIME_TEXT_MAX], text[128];

	snprintf(text, sizeof(text), "{\"from\":\"%s\",\"to\":\"%s\"}", mm_time_text(from_s, from), mm_time_text(to_s, to));
	call(f, "GetStatement", text);
	return next_answer(f);
}

static bool has_remark(const json_t *statement, const char *code)
{
	bool has = false;
	size_t i;
	json_t *remark;

	json_array_foreach(json_object_get(statement, "remarks"), i, remark)
	{
		has = has || strcmp(json_string_value(json_object_get(remark, "code")), code) == 0;
	}
	return has;
}

/* Hours that follow one another chain, add up to what the meter has registered, and a preset is in none of them. */
START_TEST(statements_chain_and_add_up)
{
	struct service_fixture *f = setup();
	int64_t sum_uwh = 0, last_uwh = -1, preset_uwh = 0;
	const struct mm_registers *registers = &mm_view_meter(f->metering, 0).meter->registers;
	json_t *got;

	intervals(f, 3);
	ck_assert_int_eq(mm_metering_preset(f->metering, 0, 4000 * MM_UWH_PER_KWH, 0, "old", "somebody"), 0);
	intervals(f, 6);
	/* The first interval of all ends in the first of them. */
	for (int64_t from_s = INTERVAL_S / 2; from_s + 2 * INTERVAL_S <= f->now_ns / MM_NS_PER_S; from_s += 2 * INTERVAL_S) {
		const json_t *s;

		got = statement(f, from_s, from_s + 2 * INTERVAL_S);
		s = json_object_get(json_object_get(got, "parameters"), "statement");
		ck_assert_ptr_nonnull(s);
		if (last_uwh >= 0) {
			ck_assert_int_eq(integer(json_object_get(s, "start"), "delivered_uwh"), last_uwh);
			ck_assert(!has_remark(s, "first"));
		}
		if (!json_is_null(json_object_get(s, "end"))) {
			last_uwh = integer(json_object_get(s, "end"), "delivered_uwh");
		}
		sum_uwh += integer(s, "delivered_uwh");
		preset_uwh += integer(s, "preset_delivered_uwh");
		json_decref(got);
	}
	ck_assert_int_eq(preset_uwh, 4000 * MM_UWH_PER_KWH);
	ck_assert_int_eq(sum_uwh + preset_uwh, last_uwh);
	ck_assert_int_ge(registers->delivered.uwh, last_uwh);
	teardown(f);
}
END_TEST

/* What is durable is behind what is registered until the commit, and never above it. */
START_TEST(what_is_durable_is_what_the_register_has)
{
	struct service_fixture *f = setup();
	json_t *got;
	const json_t *meter;

	(void)mm_metering_commit(f->metering);
	work(f);
	windows(f, 5);
	call(f, "Read", "{}");
	got = next_answer(f);
	meter = row_of(got, "meters", 0);
	ck_assert_int_eq(integer(meter, "durable_delivered_uwh"), 0);
	ck_assert_int_gt(integer(meter, "delivered_uwh"), 0);
	json_decref(got);
	(void)mm_metering_commit(f->metering);
	work(f);
	call(f, "Read", "{}");
	got = next_answer(f);
	meter = row_of(got, "meters", 0);
	ck_assert_int_eq(integer(meter, "durable_delivered_uwh"), integer(meter, "delivered_uwh"));
	ck_assert_int_gt(integer(json_array_get(json_object_get(meter, "elements"), 0), "durable_delivered_uwh"), 0);
	json_decref(got);
	teardown(f);
}
END_TEST

/* A tariff of half an hour in the meter's first one, by the clocks of Berlin, and of the rest of the day. */
static void give_tariff(struct service_fixture *f)
{
	struct mm_config_terms *terms = &f->config.tariff[0].terms;

	f->config.tariff_count = 1;
	strcpy(f->config.tariff[0].name, "t");
	strcpy(f->config.meter[0].tariff, "t");
	*terms = (struct mm_config_terms){
		.name = "t",
		.currency = "EUR",
		.rate = {{"first", true, 300000}, {"rest", true, 100000}},
		.tariff = {.rate_count = 2,
			   .rule_count = 2,
			   .rule = {{.rate = 0,
				     .days = MM_TARIFF_EVERY_DAY,
				     .first = 101,
				     .last = 1231,
				     .times_count = 1,
				     .times = {{75, 105}}},
				    {.rate = 1, .otherwise = true, .days = MM_TARIFF_EVERY_DAY, .first = 101, .last = 1231}}},
		.demand_s = 1800,
		.sliding = true,
	};
}

/* What the intervals of a profile delivered which begin from a time on and before another one. */
static int64_t delivered_between(struct service_fixture *f, int64_t from_s, int64_t to_s)
{
	char from[MM_TIME_TEXT_MAX], to[MM_TIME_TEXT_MAX], text[128];
	int64_t sum_uwh = 0;
	json_t *got, *row;
	size_t i;

	snprintf(text, sizeof(text), "{\"from\":\"%s\",\"to\":\"%s\"}", mm_time_text(from_s, from), mm_time_text(to_s, to));
	call(f, "GetProfile", text);
	got = next_answer(f);
	json_array_foreach(json_object_get(json_object_get(got, "parameters"), "intervals"), i, row)
	{
		sum_uwh += integer(row, "delivered_uwh");
	}
	json_decref(got);
	return sum_uwh;
}

/* A preset and an hour without windows are between the intervals. */
START_TEST(energy_is_by_rate_as_local_clocks_go)
{
	struct service_fixture *f;
	const json_t *s, *first, *rest;
	int64_t end_s;
	json_t *got;

	mm_set_zone("Europe/Berlin");
	f = setup();
	give_tariff(f);
	intervals(f, 3);
	ck_assert_int_eq(mm_metering_preset(f->metering, 0, 4000 * MM_UWH_PER_KWH, 0, "old", "somebody"), 0);
	f->now_ns += 3600 * MM_NS_PER_S;
	intervals(f, 6);
	end_s = f->now_ns / MM_NS_PER_S / INTERVAL_S * INTERVAL_S;
	got = statement(f, 1, end_s);
	s = json_object_get(json_object_get(got, "parameters"), "statement");
	ck_assert_ptr_nonnull(s);
	first = json_array_get(json_object_get(s, "rates"), 0);
	rest = json_array_get(json_object_get(s, "rates"), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(s, "rates")), 2);
	ck_assert_str_eq(json_string_value(json_object_get(s, "tariff")), "t");
	ck_assert_str_eq(json_string_value(json_object_get(first, "name")), "first");
	ck_assert_int_eq(integer(first, "delivered_uwh"), delivered_between(f, INTERVAL_S, 3 * INTERVAL_S));
	ck_assert_int_eq(integer(first, "seconds"), 2 * INTERVAL_S);
	ck_assert_int_eq(integer(first, "delivered_uwh") + integer(rest, "delivered_uwh"), integer(s, "delivered_uwh"));
	ck_assert_int_eq(integer(first, "received_uwh") + integer(rest, "received_uwh"), integer(s, "received_uwh"));
	ck_assert_int_eq(integer(s, "preset_delivered_uwh"), 4000 * MM_UWH_PER_KWH);
	ck_assert_str_eq(json_string_value(json_object_get(first, "price")), "0.3");
	ck_assert_str_eq(json_string_value(json_object_get(s, "currency")), "EUR");
	ck_assert_double_eq_tol(strtod(json_string_value(json_object_get(s, "cost")), NULL),
				strtod(json_string_value(json_object_get(first, "cost")), NULL) +
					strtod(json_string_value(json_object_get(rest, "cost")), NULL),
				1e-9);
	ck_assert_int_eq(integer(s, "demand_s"), 1800);
	ck_assert(json_is_true(json_object_get(s, "demand_sliding")));
	ck_assert_double_eq_tol(json_real_value(json_object_get(s, "maximum_demand_w")), 3600, 1);
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(without_a_tariff_there_is_one_rate)
{
	struct service_fixture *f = setup();
	const json_t *s, *rate;
	json_t *got;

	intervals(f, 4);
	got = statement(f, 1, f->now_ns / MM_NS_PER_S);
	s = json_object_get(json_object_get(got, "parameters"), "statement");
	rate = json_array_get(json_object_get(s, "rates"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(s, "rates")), 1);
	ck_assert_int_eq(integer(rate, "delivered_uwh"), integer(s, "delivered_uwh"));
	ck_assert(json_is_null(json_object_get(s, "tariff")) && json_is_null(json_object_get(s, "cost")));
	ck_assert(json_is_null(json_object_get(rate, "price")) && json_is_null(json_object_get(rate, "cost")));
	ck_assert_int_eq(integer(s, "demand_s"), INTERVAL_S);
	ck_assert(json_is_false(json_object_get(s, "demand_sliding")));
	json_decref(got);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tcase = tcase_create("reader");

	tcase_add_test(tcase, intervals_have_their_place_and_registers);
	tcase_add_test(tcase, a_reader_that_follows_gets_each_interval_when_it_is_there);
	tcase_add_test(tcase, a_slow_reader_that_follows_misses_nothing);
	tcase_add_test(tcase, events_are_followed_too);
	tcase_add_test(tcase, another_history_is_told_apart);
	tcase_add_loop_test(tcase, what_makes_no_sense_is_named, 0, (int)(sizeof(senseless) / sizeof(senseless[0])));
	tcase_add_test(tcase, a_reading_is_what_the_meter_read);
	tcase_add_test(tcase, statements_chain_and_add_up);
	tcase_add_test(tcase, energy_is_by_rate_as_local_clocks_go);
	tcase_add_test(tcase, without_a_tariff_there_is_one_rate);
	tcase_add_test(tcase, what_is_durable_is_what_the_register_has);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
