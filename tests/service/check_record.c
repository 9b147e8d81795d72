/* SPDX-License-Identifier: MIT */
/* Installation tests that are put on record. */
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/service_fixture.h"
#include "fixture/suite.h"

#define ITEM(name, state, text)                                                                                                  \
	"{\"item\":\"" name "\",\"element\":null,\"state\":\"" state "\",\"text\":\"" text "\",\"more\":1}"
#define ITEM_OF(element) "{\"item\":\"a\",\"element\":" element ",\"state\":\"ok\",\"text\":\"b\"}"
#define CHECK_OF(installer, seals, items)                                                                                        \
	"{\"meter\":\"m\",\"installer\":\"" installer "\",\"seals\":[" seals "],\"items\":[" items "]}"

struct search {
	json_t *record; /* the last one; of the register thread until found is set */
	bool found;
};

static bool take_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct search *search = userdata;

	json_decref(search->record);
	search->record =
		json_pack("{s:s, s:I, s:o}", "text", event->text, "id", (json_int_t)event->id, "data", json_loads(data, 0, NULL));
	return true;
}

static int find_record(struct mm_store *store, void *userdata)
{
	return mm_store_records(store, "check", 0, take_record, userdata);
}

static void found_record(int result, void *userdata)
{
	struct search *search = userdata;

	ck_assert_int_eq(result, 0);
	search->found = true;
}

/* The last record of a test. */
static json_t *last_record(struct service_fixture *f)
{
	struct pollfd p = {.fd = mm_store_worker_fd(f->worker), .events = POLLIN};
	struct search search = {0};

	ck_assert_int_eq(mm_store_worker_query(f->worker, find_record, found_record, &search), 0);
	while (!search.found) {
		(void)poll(&p, 1, -1);
		mm_store_worker_dispatch(f->worker);
	}
	ck_assert_ptr_nonnull(search.record);
	return search.record;
}

START_TEST(an_installation_test_is_put_on_record)
{
	struct service_fixture *f = setup();
	json_t *got, *parameters, *record, *data;
	const char *text;

	windows(f, 2);
	call(f, "RecordCheck",
	     CHECK_OF("Anna N\u00f6ther", "\"S-1\",\"S-2\"",
		      ITEM("voltage", "ok", "120 V") "," ITEM("ct", "fault", "turned") "," ITEM("display", "not-done", "-")));
	settle(f);
	got = answer(f);
	parameters = json_object_get(got, "parameters");
	ck_assert_msg(json_object_get(got, "error") == NULL, "%s", json_string_value(json_object_get(got, "error")));
	record = last_record(f);
	data = json_object_get(record, "data");
	text = json_string_value(json_object_get(record, "text"));
	ck_assert_int_gt(json_integer_value(json_object_get(record, "id")), 0);
	ck_assert(json_equal(json_object_get(parameters, "event"), json_object_get(record, "id")));
	ck_assert(json_equal(json_object_get(parameters, "delivered_uwh"), json_object_get(data, "delivered_uwh")));
	ck_assert_int_gt(json_integer_value(json_object_get(data, "delivered_uwh")), 0);
	ck_assert(json_equal(json_object_get(parameters, "who"), json_object_get(data, "who")));
	ck_assert_ptr_nonnull(strstr(text, "1 fault, 0 undecided, 1 not done; installer Anna N\u00f6ther; seals S-1, S-2"));
	ck_assert_uint_eq(json_array_size(json_object_get(data, "items")), 3);
	/* What an item has beside what it is to have is left out; what the meter says of itself is there whatever the items say.
	 */
	ck_assert_ptr_null(json_object_get(json_array_get(json_object_get(data, "items"), 0), "more"));
	ck_assert(json_is_array(json_object_get(data, "reported")));
	json_decref(record);
	json_decref(got);
	teardown(f);
}
END_TEST

static const struct {
	const char *parameters, *wrong;
} no_records[] = {
	{CHECK_OF("", "", ITEM("a", "ok", "b")), "installer"},
	{CHECK_OF("   ", "", ITEM("a", "ok", "b")), "installer"},
	{CHECK_OF("Anna\\u001b[2J", "", ITEM("a", "ok", "b")), "installer"},
	{CHECK_OF("Anna\\u0085", "", ITEM("a", "ok", "b")), "installer"},
	{CHECK_OF("1234567890123456789012345678901234567890123456789", "", ITEM("a", "ok", "b")), "installer"},
	{CHECK_OF("Anna", "\"S\\n1\"", ITEM("a", "ok", "b")), "seals"},
	{CHECK_OF("Anna", "1", ITEM("a", "ok", "b")), "seals"},
	{CHECK_OF("Anna", "\"1234567890123456789012345\"", ITEM("a", "ok", "b")), "seals"},
	{CHECK_OF("Anna",
		  "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"",
		  ITEM("a", "ok", "b")),
	 "seals"},
	{CHECK_OF("Anna", "", ""), "items"},
	{CHECK_OF("Anna", "", "1"), "items"},
	{CHECK_OF("Anna", "", ITEM("a", "fine", "b")), "items"},
	{CHECK_OF("Anna", "", ITEM("a", "ok", "")), "items"},
	{CHECK_OF("Anna", "", ITEM("a\\u0007", "ok", "b")), "items"},
	{CHECK_OF("Anna\\u202e", "", ITEM("a", "ok", "b")), "installer"},
	{CHECK_OF("Anna", "\"S\\u200b1\"", ITEM("a", "ok", "b")), "seals"},
	{CHECK_OF("Anna", "", ITEM("a", "ok", "b\\u2028")), "items"},
	{CHECK_OF("Anna", "", ITEM_OF("3")), "items"},
	{CHECK_OF("Anna", "", ITEM_OF("0")), "items"},
	{CHECK_OF("Anna", "", ITEM_OF("1.5")), "items"},
	{CHECK_OF("Anna", "", ITEM_OF("\"1\"")), "items"},
	{CHECK_OF("Anna", "", ITEM_OF("true")), "items"},
};

static void expect_wrong(struct service_fixture *f, const char *parameter)
{
	json_t *got = answer(f);
	json_t *parameters = json_object_get(got, "parameters");

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.varlink.service.InvalidParameter");
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "parameter")), parameter);
	ck_assert(!f->service->storing);
	json_decref(got);
}

START_TEST(what_is_no_record_is_refused)
{
	struct service_fixture *f = setup();

	call(f, "RecordCheck", no_records[_i].parameters);
	expect_wrong(f, no_records[_i].wrong);
	teardown(f);
}
END_TEST

START_TEST(one_record_is_stored_at_a_time)
{
	struct service_fixture *f = setup();

	f->service->storing = true;
	call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
	expect_error(f, "org.minimeter.Busy", "another record is being stored");
	ck_assert(f->service->storing);
	f->service->storing = false;
	teardown(f);
}
END_TEST

/* Refused ones don't count. */
START_TEST(a_meter_has_a_record_every_ten_seconds)
{
	struct service_fixture *f = setup();

	call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "fine", "b")));
	expect_wrong(f, "items");
	for (int i = 0; i < 2; i++) {
		call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
		settle(f);
		expect_success(f);
		f->now_ns += 10 * MM_NS_PER_S - 1;
		call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
		expect_error(f, "org.minimeter.Busy", "every 10 seconds");
		ck_assert(!f->service->storing);
		f->now_ns += 1;
	}
	teardown(f);
}
END_TEST

/* Nothing may delete a record: what a client with no end of them can store is bounded. */
START_TEST(records_are_counted_by_the_day)
{
	struct service_fixture *f = setup();

	for (int i = 0; i < 24; i++) {
		call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
		settle(f);
		expect_success(f);
		f->now_ns += 10 * MM_NS_PER_S;
	}
	call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
	expect_error(f, "org.minimeter.Busy", "takes 24 records of a check, and after that one an hour");
	f->now_ns += 3600 * MM_NS_PER_S;
	call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
	settle(f);
	expect_success(f);
	f->now_ns += 10 * MM_NS_PER_S;
	call(f, "RecordCheck", CHECK_OF("Anna", "", ITEM("a", "ok", "b")));
	expect_error(f, "org.minimeter.Busy", "one an hour");
	teardown(f);
}
END_TEST

/* Count items with a text of that length in a call of its own. */
static void call_with_items(struct service_fixture *f, int count, int length)
{
	json_t *items = json_array(), *parameters;
	char text[257] = "", *dumped;

	memset(text, 'x', (size_t)length);
	for (int i = 0; i < count; i++) {
		json_array_append_new(items,
				      json_pack("{s:s, s:n, s:s, s:s}", "item", "a", "element", "state", "ok", "text", text));
	}
	parameters = json_pack("{s:s, s:s, s:o}", "meter", "m", "installer", "Anna", "items", items);
	dumped = json_dumps(parameters, JSON_COMPACT);
	call(f, "RecordCheck", dumped);
	free(dumped);
	json_decref(parameters);
}

/* An item takes 50 bytes beside its text, and a comma; the array two. */
START_TEST(a_long_record_is_refused)
{
	struct service_fixture *f = setup();

	call_with_items(f, 65, 1);
	expect_wrong(f, "items");
	call_with_items(f, 27, 256);
	expect_wrong(f, "items");
	call_with_items(f, 26, 256);
	settle(f);
	expect_success(f);
	teardown(f);
}
END_TEST

/* The longest of each leave room for what is said of them. */
START_TEST(a_record_is_described_in_whole_words)
{
	struct service_fixture *f = setup();
	json_t *record;

	call(f, "RecordCheck",
	     CHECK_OF("123456789012345678901234567890123456789012345678",
		      "\"aaaaaaaaaaaaaaaaaaaaaaa1\",\"aaaaaaaaaaaaaaaaaaaaaaa2\",\"aaaaaaaaaaaaaaaaaaaaaaa3\","
		      "\"aaaaaaaaaaaaaaaaaaaaaaa4\"",
		      ITEM("a", "ok", "b")));
	settle(f);
	expect_success(f);
	record = last_record(f);
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(record, "text")), "in order; installer 1234"));
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(record, "text")), "; seals aaaaaaaaaaaaaaaaaaaaaaa1, "));
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(record, "text")), ", ..."));
	ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(record, "data"), "seals")), 4);
	json_decref(record);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *records = tcase_create("records");

	tcase_add_test(records, an_installation_test_is_put_on_record);
	tcase_add_loop_test(records, what_is_no_record_is_refused, 0, MM_COUNT_OF(no_records));
	tcase_add_test(records, one_record_is_stored_at_a_time);
	tcase_add_test(records, a_meter_has_a_record_every_ten_seconds);
	tcase_add_test(records, records_are_counted_by_the_day);
	tcase_add_test(records, a_long_record_is_refused);
	tcase_add_test(records, a_record_is_described_in_whole_words);
	suite_add_tcase(suite, records);
	return mm_run_suite(suite);
}
