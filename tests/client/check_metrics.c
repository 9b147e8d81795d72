/* SPDX-License-Identifier: MIT */
/* The figures for Prometheus: to the digit, nothing that is not of now, and as promtool wants them where it is installed. */

#include "client/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "fixture/suite.h"

#define ELEMENT(name, volts)                                                                                                     \
	"{'name':'" name "','voltage_v':" volts ",'current_a':10.02,'power_w':-0.25,'power_factor':0.998,"                       \
	"'frequency_hz':60.0,'durable_delivered_uwh':2499,'durable_received_uwh':0}"
#define METER(name, serial, valid, delivered)                                                                                    \
	"{'name':'" name "','serial':'" serial "','model':'M','valid':" valid ",'power_w':2406.4,'delivered_uwh':99,"            \
	"'durable_delivered_uwh':" delivered                                                                                     \
	",'durable_received_uwh':1,'elements':[" ELEMENT("L1", "120.100001") "," ELEMENT("L2", "null") "]}"
#define READ(meters) "{'meters':[" meters "]}"
#define FRONT_END(name, state) "{'name':'" name "','health':{'state':'" state "'},'missed_windows':3}"
#define STATUS                                                                                                                   \
	"{'version':'0.3.0','clock_synchronized':true,'front_ends':[" FRONT_END("", "ok") "," FRONT_END("roof", "quite new") "]" \
															     "}"
#define ODD "a\\\\b\\\"c\\nd"

static json_t *parse(const char *text)
{
	char *json = strdup(text);
	json_t *ret;

	for (char *at = json; *at != '\0'; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	ret = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(ret);
	free(json);
	return ret;
}

static char *write_form(enum mm_metrics_form form, const char *read_text, const char *status_text)
{
	json_t *read = parse(read_text), *status = parse(status_text);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	mm_metrics_write(out, form, read, status);
	fclose(out);
	json_decref(read);
	json_decref(status);
	return text;
}

static void expect(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in:\n%s", part, text);
}

START_TEST(figures_are_exact)
{
	static const char *const lines[] = {
		/* 9223372036854775807 uWh * 0.0036 J, which no double has, and which 64 bits of 0.0001 J do not either */
		"# TYPE minimeter_delivered_joules_total counter\n"
		"minimeter_delivered_joules_total{serial=\"00042\"} 33204139332677192.9052\n"
		"minimeter_delivered_joules_total{serial=\"7\"} 9.0036\n",
		"minimeter_received_joules_total{serial=\"7\"} 0.0036\n",
		"minimeter_element_delivered_joules_total{serial=\"7\",element=\"L2\"} 8.9964\n",
		"# TYPE minimeter_power_watts gauge\nminimeter_power_watts{serial=\"00042\"} 2406.4\n",
		"minimeter_element_power_watts{serial=\"7\",element=\"L1\"} -0.25\n",
		"minimeter_voltage_volts{serial=\"7\",element=\"L1\"} 120.100001\n",
		"minimeter_frequency_hertz{serial=\"7\",element=\"L1\"} 60\n",
		"minimeter_reading_valid{serial=\"7\"} 1\n",
		"minimeter_missed_windows_total{front_end=\"roof\"} 3\n",
		"minimeter_front_end_state{front_end=\"\",minimeter_front_end_state=\"ok\"} 1\n",
		"minimeter_front_end_state{front_end=\"roof\",minimeter_front_end_state=\"ok\"} 0\n",
		"minimeter_front_end_state{front_end=\"roof\",minimeter_front_end_state=\"quite new\"} 1\n",
		"minimeter_clock_synchronized 1\n",
		"minimeter_meter_info{serial=\"00042\",meter=\"" ODD "\",model=\"M\",version=\"0.3.0\"} 1\n",
	};
	char *text =
		write_form(MM_METRICS_PROMETHEUS,
			   READ(METER(ODD, "00042", "true", "9223372036854775807") "," METER("b", "7", "true", "2501")), STATUS);

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		expect(text, lines[i]);
	}
	ck_assert_ptr_null(strstr(text, "voltage_volts{serial=\"7\",element=\"L2\"}"));
	ck_assert_ptr_null(strstr(text, "# UNIT"));
	ck_assert_ptr_null(strstr(text, "# EOF"));
	free(text);
}
END_TEST

/* An energy stays true while the meter is off; a power of an hour ago looks like one of now. */
START_TEST(what_is_not_of_now_is_left_out)
{
	static const char *const gone[] = {"power_watts{", "volts{", "amperes{", "hertz{", "ratio{"};
	char *text = write_form(MM_METRICS_PROMETHEUS, READ(METER("a", "1", "false", "2501")), STATUS);

	expect(text, "\nminimeter_delivered_joules_total{serial=\"1\"} 9.0036\n");
	expect(text, "\nminimeter_element_received_joules_total{serial=\"1\",element=\"L1\"} 0.0000\n");
	expect(text, "\nminimeter_reading_valid{serial=\"1\"} 0\n");
	for (size_t i = 0; i < COUNT_OF(gone); i++) {
		ck_assert_msg(strstr(text, gone[i]) == NULL, "%s", gone[i]);
	}
	free(text);
}
END_TEST

/* What nobody said is no 0: a counter of 0 would say that a new one began. */
START_TEST(what_the_answers_lack_is_no_series)
{
	static const char *const totals[] = {"null", "-1", "1.5", "'1'"};
	char *text;

	for (size_t i = 0; i < COUNT_OF(totals); i++) {
		char read[512];

		snprintf(read, sizeof(read), READ("{'name':'a','serial':'1','valid':true,'durable_delivered_uwh':%s}"),
			 totals[i]);
		text = write_form(MM_METRICS_PROMETHEUS, read, "{}");
		ck_assert_ptr_null(strstr(text, "joules_total{"));
		expect(text, "minimeter_reading_valid{serial=\"1\"} 1\n");
		free(text);
	}
}
END_TEST

START_TEST(openmetrics_names_families_its_way)
{
	static const char *const lines[] = {
		("# TYPE minimeter_delivered_joules counter\n# UNIT minimeter_delivered_joules joules\n"
		 "minimeter_delivered_joules_total{serial=\"1\"} 9.0036\n"),
		"# TYPE minimeter_missed_windows counter\nminimeter_missed_windows_total{",
		"# TYPE minimeter_front_end_state stateset\nminimeter_front_end_state{",
		"# TYPE minimeter_meter info\nminimeter_meter_info{",
	};
	char *text = write_form(MM_METRICS_OPENMETRICS, READ(METER("a", "1", "true", "2501")), STATUS);

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		expect(text, lines[i]);
	}
	ck_assert_str_eq(text + strlen(text) - 6, "# EOF\n");
	free(text);
}
END_TEST

START_TEST(promtool_finds_nothing)
{
	char *text;
	FILE *promtool;

	if (system("command -v promtool >/dev/null") != 0) {
		puts("skipped: promtool (Debian: prometheus) is not installed");
		return;
	}
	text = write_form(MM_METRICS_PROMETHEUS, READ(METER(ODD, "00042", "true", "2501") "," METER("b", "7", "false", "1")),
			  STATUS);
	promtool = popen("promtool check metrics 2>&1", "w");
	ck_assert_ptr_nonnull(promtool);
	fputs(text, promtool);
	ck_assert_int_eq(pclose(promtool), 0);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = tcase_create("metrics");

	tcase_add_test(tcase, figures_are_exact);
	tcase_add_test(tcase, what_is_not_of_now_is_left_out);
	tcase_add_test(tcase, what_the_answers_lack_is_no_series);
	tcase_add_test(tcase, openmetrics_names_families_its_way);
	tcase_add_test(tcase, promtool_finds_nothing);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
