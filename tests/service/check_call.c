/* SPDX-License-Identifier: MIT */
/* Parameters by a table: what fits goes to its field, and the first that does not is named in the answer. */
#include <check.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/count_of.h"
#include "fixture/suite.h"
#include "service/call.h"

struct fields {
	int64_t count, start;
	double power_w;
	bool dry_run;
	const char *name;
	int side;
	const json_t *list, *head;
};

static const char *side_name(int side)
{
	return side == 0 ? "left" : "right";
}

static const struct mm_parameter table[] = {
	{MM_PARAMETER(struct fields, count, INTEGER), .mandatory = true, .min = 1, .max = 9},
	{MM_PARAMETER(struct fields, start, TIME)},
	{MM_PARAMETER(struct fields, power_w, NUMBER), .max = INFINITY},
	{MM_PARAMETER(struct fields, dry_run, BOOLEAN)},
	{MM_PARAMETER(struct fields, name, TEXT), .min = 1, .max = 3},
	{MM_PARAMETER(struct fields, side, CHOICE), .max = 2, .choice = side_name},
	{MM_PARAMETER(struct fields, list, ARRAY)},
	{MM_PARAMETER(struct fields, head, OBJECT)},
};

static void handle(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct fields *fields = userdata;

	if (mm_call_parameters(call, parameters, NULL, table, COUNT_OF(table), fields)) {
		mm_call_reply(call, json_object());
	}
}

/* Calls with these parameters; the name of the one that is refused goes into ret, or "". */
static void try(const char *parameters, struct fields *fields, char *ret)
{
	static const struct mm_varlink_method method = {"org.minimeter.Try", handle, MM_VARLINK_READ};
	const struct mm_varlink_service service = {
		.interface = "org.minimeter", .methods = &method, .method_count = 1, .userdata = fields};
	struct mm_varlink_conn *conn;
	char text[512];
	json_t *answer;
	ssize_t length;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	ck_assert_int_eq(mm_varlink_conn_new(fds[0], &service, &conn), 0);
	length = snprintf(text, sizeof(text), "{\"method\":\"org.minimeter.Try\",\"parameters\":%s}", parameters);
	ck_assert_int_eq(write(fds[1], text, (size_t)length + 1), length + 1);
	ck_assert_int_eq(mm_varlink_conn_process(conn, POLLIN), 0);
	length = read(fds[1], text, sizeof(text));
	ck_assert_int_gt(length, 0);
	answer = json_loads(text, 0, NULL);
	strcpy(ret, "");
	if (json_object_get(answer, "error")) {
		ck_assert_str_eq(json_string_value(json_object_get(answer, "error")), "org.varlink.service.InvalidParameter");
		strcpy(ret, json_string_value(json_object_get(json_object_get(answer, "parameters"), "parameter")));
	}
	json_decref(answer);
	mm_varlink_conn_free(conn);
	close(fds[1]);
}

START_TEST(what_fits_goes_to_its_field)
{
	struct fields f = {0};
	char refused[64];

	try("{\"count\":9, \"start\":\"1970-01-01T01:00:00.5+00:30\", \"power_w\":2, \"dry_run\":true, \"name\":\"abc\","
	    " \"side\":\"right\", \"list\":[], \"head\":{}}",
	    &f, refused);
	ck_assert_str_eq(refused, "");
	ck_assert_int_eq(f.count, 9);
	ck_assert_int_eq(f.start, 1800);
	ck_assert_double_eq(f.power_w, 2);
	ck_assert(f.dry_run);
	ck_assert_int_eq(f.side, 1);
}
END_TEST

START_TEST(what_is_absent_or_null_leaves_its_field)
{
	struct fields f = {.start = 7, .power_w = 8, .dry_run = true, .name = "x", .side = 1};
	char refused[64];

	try("{\"count\":1, \"start\":null, \"name\":null, \"unknown\":1}", &f, refused);
	ck_assert_str_eq(refused, "");
	ck_assert_int_eq(f.start, 7);
	ck_assert_double_eq(f.power_w, 8);
	ck_assert(f.dry_run);
	ck_assert_str_eq(f.name, "x");
	ck_assert_int_eq(f.side, 1);
}
END_TEST

static const struct {
	const char *parameters, *refused;
} wrong[] = {
	{"{}", "count"},
	{"{\"count\":null}", "count"},
	{"{\"count\":0}", "count"},
	{"{\"count\":10}", "count"},
	{"{\"count\":1.5}", "count"},
	{"{\"count\":\"1\"}", "count"},
	{"{\"count\":1, \"start\":\"noon\", \"power_w\":-1}", "start"},
	{"{\"count\":1, \"start\":5}", "start"},
	{"{\"count\":1, \"power_w\":-1e-9}", "power_w"},
	{"{\"count\":1, \"dry_run\":\"yes\"}", "dry_run"},
	{"{\"count\":1, \"dry_run\":1}", "dry_run"},
	{"{\"count\":1, \"name\":\"\"}", "name"},
	{"{\"count\":1, \"name\":\"abcd\"}", "name"},
	{"{\"count\":1, \"side\":\"up\"}", "side"},
	{"{\"count\":1, \"list\":{}}", "list"},
	{"{\"count\":1, \"head\":[]}", "head"},
};

START_TEST(what_does_not_fit_is_named)
{
	struct fields f = {0};
	char refused[64];

	try(wrong[_i].parameters, &f, refused);
	ck_assert_str_eq(refused, wrong[_i].refused);
}
END_TEST

/* Of the kind, so that no method can forget it. */
START_TEST(a_text_with_a_hidden_character_is_refused)
{
	static const char *const texts[] = {"a\\u0007",	    "a\\n",	    "\\u007f",	    "a\xc2\x85",
					    "\xe2\x80\x8b", "\xe2\x80\xae", "\xef\xbb\xbf", "  "};
	struct fields f = {0};
	json_t *joined = json_string("\xd9\x85\xe2\x80\x8c\xd8\xae");
	char parameters[64], refused[64];

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		snprintf(parameters, sizeof(parameters), "{\"count\":1, \"name\":\"%s\"}", texts[i]);
		try(parameters, &f, refused);
		ck_assert_msg(strcmp(refused, "name") == 0, "%s", parameters);
	}
	try("{\"count\":1, \"name\":\"a \xc3\xa9\"}", &f, refused);
	ck_assert_str_eq(refused, "name"); /* four bytes */
	ck_assert(mm_call_is_text(joined, 7));
	json_decref(joined);
	try("{\"count\":1, \"name\":\" \xc3\xa9\"}", &f, refused);
	ck_assert_str_eq(refused, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("call");
	TCase *parameters = tcase_create("parameters");

	tcase_add_test(parameters, what_fits_goes_to_its_field);
	tcase_add_test(parameters, what_is_absent_or_null_leaves_its_field);
	tcase_add_loop_test(parameters, what_does_not_fit_is_named, 0, COUNT_OF(wrong));
	tcase_add_test(parameters, a_text_with_a_hidden_character_is_refused);
	suite_add_tcase(suite, parameters);
	return mm_run_suite(suite);
}
