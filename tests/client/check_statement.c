/* SPDX-License-Identifier: MIT */
/*
 * Statements for people and for other programs: figures, what is uncertain, values that add up to the digit, and texts that hold
 * anything. Where xmllint and the schema are, each thing of a Green Button file is held to the schema.
 */

#include "client/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/count_of.h"
#include "fixture/suite.h"

#define INTERVAL_S 900
#define FROM_S INT64_C(1774738800) /* 2026-03-29 00:00 in Berlin, where this day has 23 h */
#define TO_S INT64_C(1774994400)   /* 2026-04-01 00:00 there */
#define COUNT ((TO_S - FROM_S) / INTERVAL_S)
#define NASTY "<a href=\"x\">&amp;'\033[2J\001\342\200\256]]>"
#define SUN_UWH 123456789 /* what is received in an interval of the morning */

/* A period that a test can change before it is put into a form. */
struct period {
	json_t *json;
	struct mm_statement_view view;
	size_t count;
	struct mm_interval interval[COUNT];
};

static int each(const struct mm_interval_source *source, mm_interval_fn fn, void *userdata, struct mm_error *error)
{
	const struct period *period = source->of;
	int r = 0;

	for (size_t i = 0; i < period->count && r == 0; i++) {
		r = fn(userdata, &period->interval[i], error);
	}
	return r;
}

/* From the begin on of uneven amounts of energy; the readings have fractions of a mWh. */
static void fill(struct period *period, int64_t delivered_uwh, int64_t received_uwh)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct mm_interval *interval = &period->interval[period->count++];

		*interval = (struct mm_interval){
			.id = 11 + 3 * (int64_t)i,
			.start_s = FROM_S + (int64_t)i * INTERVAL_S,
			.duration_s = INTERVAL_S,
			.covered_s = INTERVAL_S,
			.delivered_uwh = 100000333 + 7 * (int64_t)(i * i % 1000),
			.received_uwh = i % 96 > 30 && i % 96 < 40 ? SUN_UWH : 0,
			.has_registers = true,
		};
		delivered_uwh += interval->delivered_uwh;
		received_uwh += interval->received_uwh;
		interval->register_delivered_uwh = delivered_uwh;
		interval->register_received_uwh = received_uwh;
	}
}

static json_t *reading(int64_t time, int64_t interval, int64_t delivered_uwh, int64_t received_uwh)
{
	return json_pack("{s:s, s:I, s:s, s:I, s:I}", "time", time == FROM_S ? "2026-03-28T23:00:00Z" : "2026-03-31T22:00:00Z",
			 "interval", (json_int_t)interval, "hash", "00", "delivered_uwh", (json_int_t)delivered_uwh,
			 "received_uwh", (json_int_t)received_uwh);
}

static void read_view(struct period *period)
{
	struct mm_error error = {0};

	ck_assert_msg(mm_statement_view_read(period->json, &period->view, &error) == 0, "%s", error.text);
}

static struct period *period_new(void)
{
	struct period *period = calloc(1, sizeof(*period));
	const struct mm_interval *last;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	fill(period, INT64_C(1234567890123), 4999);
	last = &period->interval[COUNT - 1];
	period->json = json_pack(
		"{s:s, s:s, s:s, s:s, s:f, s:s, s:s, s:o, s:o, s:I, s:I, s:i, s:i, s:f, s:s, s:f, s:[]}", "meter", "flat 3",
		"serial", "00042", "model", "MMD-120", "version", "0.3.0", "multiplier", 1.0, "from", "2026-03-28T23:00:00Z",
		"to", "2026-03-31T22:00:00Z", "start", reading(FROM_S, 8, INT64_C(1234567890123), 4999), "end",
		reading(TO_S, last->id, last->register_delivered_uwh, last->register_received_uwh), "delivered_uwh",
		(json_int_t)(last->register_delivered_uwh - INT64_C(1234567890123)), "received_uwh",
		(json_int_t)(last->register_received_uwh - 4999), "preset_delivered_uwh", 0, "preset_received_uwh", 0,
		"maximum_demand_w", 400.5, "maximum_demand_time", "2026-03-30T10:00:00Z", "uncovered_s", 0.0, "remarks");
	ck_assert_ptr_nonnull(period->json);
	read_view(period);
	return period;
}

static void period_free(struct period *period)
{
	json_decref(period->json);
	free(period);
	unsetenv("TZ");
	tzset();
}

static char *put(const struct mm_statement_form *form, const struct period *period)
{
	struct mm_interval_source source = {.each = each, .of = period};
	struct mm_error error = {0};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	form->begin(out, &period->view);
	ck_assert_msg(form->one(out, &period->view, &source, 1, &error) == 0, "%s", error.text);
	form->end(out);
	fclose(out);
	return text;
}

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
		count++;
	}
	return count;
}

/* ---- For people ---- */

START_TEST(a_page_has_the_figures)
{
	static const char *const parts[] = {
		"<td>2026-03-29 00:00 to 2026-04-01 00:00</td>",
		"<th scope=\"row\">Serial number</th><td>00042</td>",
		("<th scope=\"row\">Reading before (2026-03-29 00:00)</th><td class=\"number\">1234.568</td><td "
		 "class=\"number\">0.000</td>"),
		"0.401 kW, the mean of the interval up to 2026-03-30 12:00",
		"<p>Nothing: no gap, fault or change is on record in this period.</p>",
		"energy by day</text>",
	};
	struct period *period = period_new();
	char *text = put(&mm_statement_html, period);

	/* What is not shown to be of the day is of intervals: three days. */
	for (size_t i = 0; i + 1 < COUNT_OF(parts); i++) {
		expect(text, parts[i]);
	}
	expect(text, "mean power by hour</text>");
	ck_assert_ptr_null(strstr(text, "tax document"));
	ck_assert_ptr_null(strstr(text, "<h2>Rates"));
	free(text);
	period_free(period);
}
END_TEST

START_TEST(readings_and_rates_add_up_as_shown)
{
	struct period *period = period_new();
	int64_t delivered_uwh = period->view.delivered_uwh, third_uwh = delivered_uwh / 3;
	char *text, part[160];
	int64_t sum_wh = 0;

	json_object_set_new(period->json, "rates",
			    json_pack("[{s:s, s:I, s:I, s:s, s:s}, {s:s, s:I, s:i, s:s, s:s}, {s:s, s:I, s:i, s:n, s:n}]", "name",
				      "day", "delivered_uwh", (json_int_t)third_uwh, "received_uwh",
				      (json_int_t)period->view.received_uwh, "price", "0.30", "cost", "3.08", "name", "night",
				      "delivered_uwh", (json_int_t)third_uwh, "received_uwh", 0, "price", "0.20", "cost", "2.05",
				      "name", "free", "delivered_uwh", (json_int_t)(delivered_uwh - 2 * third_uwh),
				      "received_uwh", 0, "price", "cost"));
	json_object_set_new(period->json, "currency", json_string("EUR"));
	json_object_set_new(period->json, "demand_s", json_integer(1800));
	json_object_set_new(period->json, "cost", json_string("5.13"));
	read_view(period);
	text = put(&mm_statement_html, period);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {"day", "night", "free"};
		int whole, thousandth;
		const char *at;

		snprintf(part, sizeof(part), "<th scope=\"row\">%s</th><td class=\"number\">", names[i]);
		expect(text, part);
		at = strstr(text, part) + strlen(part);
		ck_assert_int_eq(sscanf(at, "%d.%d", &whole, &thousandth), 2);
		sum_wh += whole * 1000 + thousandth;
	}
	ck_assert_int_eq(sum_wh, mm_statement_delivered_wh(&period->view));
	expect(text, "<th scope=\"col\" class=\"number\">Cost, EUR</th>");
	expect(text, "<td class=\"number\">5.13</td>");
	expect(text, "This is no tax document.");
	expect(text, "0.401 kW, the mean of 30 min up to 2026-03-30 12:00");
	free(text);
	period_free(period);
}
END_TEST

START_TEST(a_page_says_what_is_uncertain)
{
	struct period *period = period_new();
	char *text;

	json_object_set_new(period->json, "remarks", json_pack("[{s:s, s:s}]", "code", "gap", "words", "58 s were not measured"));
	json_object_set_new(period->json, "start", json_null());
	json_object_set_new(period->json, "preset_delivered_uwh", json_integer(INT64_C(1000000000000)));
	json_object_set_new(period->json, "maximum_demand_w", json_null());
	json_object_set_new(period->json, "maximum_demand_time", json_null());
	json_object_set_new(period->json, "issued",
			    json_pack("{s:i, s:s, s:s}", "page", 7, "time", "2026-04-01T08:00:00Z", "ocmf", "OCMF|"));
	read_view(period);
	text = put(&mm_statement_html, period);
	expect(text, "<li>58 s were not measured</li>");
	expect(text, "Reading before</th><td class=\"number\">not known</td>");
	expect(text, "Start reading that was set in between, which nobody used</th><td class=\"number\">1000.000</td>");
	expect(text, "No interval was measured whole.");
	expect(text, "on 2026-04-01 10:00, as page 7");
	ck_assert_int_eq(mm_statement_delivered_wh(&period->view), (period->view.delivered_uwh + 500000) / 1000000);
	free(text);
	period_free(period);
}
END_TEST

/* Is it a document, as far as xmllint knows? True where there is no xmllint. */
static bool is_well_formed(const char *text)
{
	FILE *xmllint;

	if (system("command -v xmllint >/dev/null") != 0) {
		puts("skipped: xmllint (Debian: libxml2-utils) is not installed");
		return true;
	}
	xmllint = popen("xmllint --nonet --noout - >&2", "w");
	ck_assert_ptr_nonnull(xmllint);
	fputs(text, xmllint);
	return pclose(xmllint) == 0;
}

/* Each text in turn: nothing of it gets out of its place, and no character that nobody sees gets in. */
START_TEST(texts_can_hold_anything)
{
	static const char *const keys[] = {"meter",    "serial", "model", "version", "time_zone", "tariff",
					   "currency", "cost",	 "words", "name",    "price",	  "hash"};
	static const struct mm_statement_form *const forms[] = {&mm_statement_html, &mm_statement_green_button};

	for (size_t i = 0; i < COUNT_OF(keys) * COUNT_OF(forms); i++) {
		struct period *period = period_new();
		const char *key = keys[i / COUNT_OF(forms)];
		json_t *rate = json_pack("{s:s, s:i, s:i}", "name", "day", "delivered_uwh", 0, "received_uwh", 0);
		json_t *remark = json_object();
		char *text;

		json_object_set_new(period->json, "cost", json_string("1"));
		json_object_set_new(period->json, "rates", json_pack("[o]", rate));
		json_object_set_new(period->json, "remarks", json_pack("[o]", remark));
		json_object_set_new(strcmp(key, "words") == 0				    ? remark
				    : strcmp(key, "name") == 0 || strcmp(key, "price") == 0 ? rate
				    : strcmp(key, "hash") == 0				    ? json_object_get(period->json, "end")
											    : period->json,
				    key, json_string(NASTY));
		read_view(period);
		text = put(forms[i % COUNT_OF(forms)], period);
		ck_assert_msg(strstr(text, "<a") == NULL || strstr(text, "<author>") != NULL, "%s", key);
		ck_assert_msg(strpbrk(text, "\001\033") == NULL && strstr(text, "\342\200\256") == NULL, "%s", key);
		ck_assert_msg(i % COUNT_OF(forms) != 0 || strstr(text, "&lt;a href=&quot;x&quot;&gt;&amp;amp;&#39;") != NULL ||
				      strcmp(key, "hash") == 0,
			      "%s", key);
		ck_assert_msg(is_well_formed(text), "%s", key);
		free(text);
		period_free(period);
	}
}
END_TEST

START_TEST(a_page_needs_nothing_from_elsewhere)
{
	struct period *period = period_new();
	char *text = put(&mm_statement_html, period);

	ck_assert_uint_eq(count_of(text, "http"), 1 + count_of(text, "http-equiv")); /* the name of SVG's namespace */
	ck_assert_uint_eq(count_of(text, "url("), count_of(text, "url(#"));
	ck_assert_ptr_null(strstr(text, "src="));
	ck_assert_ptr_null(strstr(text, "href="));
	ck_assert_ptr_null(strstr(text, "<script"));
	free(text);
	period_free(period);
}
END_TEST

START_TEST(half_an_answer_is_refused)
{
	static const char *const keys[] = {
		"meter",	   "serial", "from", "to", "start", "end", "delivered_uwh", "multiplier", "preset_delivered_uwh",
		"maximum_demand_w"};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct period *period = period_new();
		struct mm_error error = {0};

		json_object_del(period->json, keys[i]);
		ck_assert_int_eq(mm_statement_view_read(period->json, &period->view, &error), -EBADMSG);
		expect(error.text, keys[i]);
		period_free(period);
	}
}
END_TEST

/* ---- For programs ---- */

/* The values of the readings behind a text, up to another one. */
static int64_t sum_of(const char *text, const char *from, const char *to, size_t *ret_count)
{
	const char *at = strstr(text, from), *end = to != NULL ? strstr(text, to) : text + strlen(text);
	int64_t sum = 0;

	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_nonnull(end);
	for (*ret_count = 0; (at = strstr(at, "<value>")) != NULL && at < end; (*ret_count)++) {
		at += strlen("<value>");
		sum += strtoll(at, NULL, 10);
	}
	return sum;
}

static void expect_sums(const char *text, int64_t delivered_mwh, int64_t received_mwh, size_t intervals)
{
	size_t count;

	ck_assert_int_eq(sum_of(text, "<flowDirection>1<", "<flowDirection>19<", &count), delivered_mwh);
	ck_assert_uint_eq(count, intervals);
	ck_assert_int_eq(sum_of(text, "<flowDirection>19<", NULL, &count), received_mwh);
	ck_assert_uint_eq(count, intervals);
}

static int64_t mwh(int64_t uwh)
{
	return (uwh + 500) / 1000;
}

START_TEST(values_add_up_to_the_digit)
{
	struct period *period = period_new();
	const struct mm_statement_reading *start = &period->view.start, *end = &period->view.end;
	char *text = put(&mm_statement_green_button, period), *again = put(&mm_statement_green_button, period);

	expect_sums(text, mwh(end->delivered_uwh) - mwh(start->delivered_uwh), mwh(end->received_uwh) - mwh(start->received_uwh),
		    COUNT);
	ck_assert_str_eq(text, again);
	ck_assert_uint_eq(count_of(text, "<IntervalBlock "), 2 * 3);
	expect(text, "<duration>82800</duration>\n<start>1774738800</start>"); /* 23 h */
	expect(text, "<dstEndRule>AE0E3000</dstEndRule>\n<dstOffset>3600</dstOffset>\n<dstStartRule>3E0E2000</dstStartRule>\n"
		     "<tzOffset>3600</tzOffset>");
	ck_assert_ptr_null(strstr(text, "<quality>"));
	free(text);
	free(again);
	period_free(period);
}
END_TEST

/* An id is of a thing, whatever the period: who imports March and then the year has March once. */
START_TEST(ids_name_things)
{
	struct period *period = period_new();
	char *whole = put(&mm_statement_green_button, period), *part, *other, *at;
	size_t shared = 0, count = 0;

	period->count = COUNT / 2;
	part = put(&mm_statement_green_button, period);
	for (at = part; (at = strstr(at, "<id>urn:uuid:")) != NULL; at++) {
		char id[64];

		snprintf(id, sizeof(id), "%.*s", (int)strlen("<id>urn:uuid:12345678-1234-1234-1234-123456789abc</id>"), at);
		ck_assert_int_eq(id[27], '5');
		ck_assert_uint_eq(count_of(part, id), 1);
		shared += count_of(whole, id);
		count++;
	}
	ck_assert_uint_eq(shared, count);
	json_object_set_new(period->json, "serial", json_string("00043"));
	read_view(period);
	other = put(&mm_statement_green_button, period);
	for (at = other; (at = strstr(at, "<id>urn:uuid:")) != NULL; at++) {
		char id[64];

		snprintf(id, sizeof(id), "%.*s", (int)strlen("<id>urn:uuid:12345678-1234-1234-1234-123456789abc</id>"), at);
		ck_assert_ptr_null(strstr(whole, id));
	}
	free(whole);
	free(part);
	free(other);
	period_free(period);
}
END_TEST

/* A start reading set in the middle was used by nobody; where a register was not kept the energies count; the clock went back. */
START_TEST(values_add_up_whatever_happened)
{
	struct period *period = period_new();
	const int64_t preset_uwh = INT64_C(12345600000000);
	char *text;

	for (size_t i = COUNT / 2; i < COUNT; i++) {
		period->interval[i].register_delivered_uwh += preset_uwh;
	}
	json_object_set_new(period->json, "preset_delivered_uwh", json_integer(preset_uwh));
	json_object_set_new(period->json, "end",
			    reading(TO_S, period->interval[COUNT - 1].id, period->view.end.delivered_uwh + preset_uwh,
				    period->view.end.received_uwh));
	for (size_t i = 10; i < 20; i++) {
		period->interval[i].has_registers = false;
	}
	period->interval[COUNT / 2 + 3].start_s -= 86400;
	period->interval[5].flags = (struct mm_names){.count = 1, .name = {"clock-invalid"}};
	period->interval[6].covered_s = 450;
	read_view(period);
	text = put(&mm_statement_green_button, period);
	expect_sums(text, mwh(period->view.end.delivered_uwh) - mwh(preset_uwh) - mwh(period->view.start.delivered_uwh),
		    mwh(period->view.end.received_uwh) - mwh(period->view.start.received_uwh), COUNT);
	ck_assert_ptr_null(strstr(text, "<value>12345600"));
	ck_assert_uint_eq(count_of(text, "<quality>10<"), 2 * 2);
	ck_assert_uint_eq(count_of(text, "<quality>11<"), 2 * 10);
	free(text);
	period_free(period);
}
END_TEST

START_TEST(a_period_of_nothing_is_a_file_too)
{
	struct period *period = period_new();
	char *text;

	period->count = 0;
	json_object_set_new(period->json, "start", json_null());
	json_object_set_new(period->json, "end", json_null());
	read_view(period);
	text = put(&mm_statement_green_button, period);
	ck_assert_ptr_null(strstr(text, "<IntervalBlock "));
	ck_assert_ptr_null(strstr(text, "intervalLength"));
	expect(text, "</feed>\n");
	free(text);
	text = put(&mm_statement_html, period);
	expect(text, ">no intervals<");
	free(text);
	period_free(period);
}
END_TEST

/* Each child of a <content>, in a file of its own, against espi.xsd with an empty schema for what it imports. */
static const char validate[] = "set -eu; cd \"$MM_SCRATCH\"; cp \"$MM_ESPI\" espi.xsd; "
			       "printf '<schema xmlns=\"http://www.w3.org/2001/XMLSchema\" "
			       "targetNamespace=\"http://www.w3.org/2005/Atom\"/>' >atom.xsd; "
			       "n=$(xmllint --xpath 'count(//*[local-name()=\"content\"]/*)' feed.xml); i=1; "
			       "while [ $i -le $n ]; do xmllint --xpath \"(//*[local-name()='content']/*)[$i]\" feed.xml "
			       ">part-$i.xml; i=$((i + 1)); done; "
			       "xmllint --nonet --noout --schema espi.xsd part-*.xml >log 2>&1 || { grep -v ' validates$' log; "
			       "exit 1; }; echo \"$n parts\"";

static bool have(const char *path)
{
	return access(path, R_OK) == 0 && system("command -v xmllint >/dev/null") == 0;
}

START_TEST(the_schema_has_nothing_against_it)
{
	const char *data = getenv("MM_SHARED_DATA"), *top = getenv("MM_SRCDIR");
	char path[512], directory[] = "/tmp/minimeter-espi-XXXXXX", command[64];
	struct period *period;
	FILE *file;
	char *text, *schema;

	snprintf(path, sizeof(path), "%s%s/greenbutton_espi/espi.xsd",
		 data != NULL  ? data
		 : top != NULL ? top
			       : ".",
		 data != NULL ? "" : "/../shared/data");
	if (!have(path)) {
		printf("skipped: no %s, or no xmllint\n", path);
		return;
	}
	period = period_new();
	period->interval[5].flags = (struct mm_names){.count = 1, .name = {"clock-invalid"}};
	text = put(&mm_statement_green_button, period);
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(command, sizeof(command), "rm -r '%s'", directory);
	setenv("MM_SCRATCH", directory, 1);
	schema = realpath(path, NULL);
	ck_assert_ptr_nonnull(schema);
	setenv("MM_ESPI", schema, 1);
	free(schema);
	ck_assert_int_eq(chdir(directory), 0);
	file = fopen("feed.xml", "w");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(system(validate), 0);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system(command), 0);
	free(text);
	period_free(period);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("statement");
	TCase *people = tcase_create("people"), *programs = tcase_create("programs");

	tcase_set_timeout(people, 60);
	tcase_set_timeout(programs, 60);
	tcase_add_test(people, a_page_has_the_figures);
	tcase_add_test(people, readings_and_rates_add_up_as_shown);
	tcase_add_test(people, a_page_says_what_is_uncertain);
	tcase_add_test(people, texts_can_hold_anything);
	tcase_add_test(people, a_page_needs_nothing_from_elsewhere);
	tcase_add_test(people, half_an_answer_is_refused);
	tcase_add_test(programs, values_add_up_to_the_digit);
	tcase_add_test(programs, ids_name_things);
	tcase_add_test(programs, values_add_up_whatever_happened);
	tcase_add_test(programs, a_period_of_nothing_is_a_file_too);
	tcase_add_test(programs, the_schema_has_nothing_against_it);
	suite_add_tcase(suite, people);
	suite_add_tcase(suite, programs);
	return mm_run_suite(suite);
}
