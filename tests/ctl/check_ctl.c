/* SPDX-License-Identifier: MIT */
/* minimeterctl against a scripted daemon: every command as text and JSON, and exit codes. */

#include "ctl/check_ctl.h"

#include <stdlib.h>
#include <time.h>
#include <string.h>

#include "base/count_of.h"
#include "fixture/suite.h"

#define WORDS_MAX 16

#define INTERVAL(start, delivered, flags)                                                                                        \
	"{\"start\":\"" start "\",\"duration_s\":900,\"status\":0,\"flags\":[" flags "],\"delivered_wh\":" delivered             \
	",\"received_wh\":0.0,\"lagging_varh\":1.5,\"leading_varh\":0.0,\"covered_s\":899.9}"

const struct fake_answer plain_answers[] = {
	{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
	{"Status", 0, REPLY(STATUS("true", HEALTHY, ""))},
	{"GetNameplate", 0, REPLY("{\"meters\":[" NAMEPLATE("main") "]}")},
	{"GetProfile", 0,
	 REPLY_MORE("{\"meter\":\"main\",\"serial\":\"00042\",\"intervals\":[" INTERVAL(
		 "2026-03-01T12:00:00Z", "601.25", "") "]}") "\n" REPLY("{\"meter\":\"main\",\"serial\":\"00042\",\"intervals\":"
									"[" INTERVAL("2026-03-01T12:15:00Z", "0.1",
										     "\"a\",\"power-down\"") "]}")},
	{"GetEvents", 0,
	 REPLY("{\"events\":[{\"id\":7,\"time\":\"2026-03-01T12:00:00Z\",\"boottime_s\":1.5,\"meter\":null,"
	       "\"code\":\"started\",\"text\":\"minimeterd \\u001b[2J started\"}]}")},
	{"GetReading", 0, REPLY("{\"readings\":[]}")},
	{"GetStatement", 0, REPLY("{\"statement\":{}}")},
	{"GetOutputs", 0, REPLY(OUTPUTS)},
	{"TestOutput", 0, REPLY("{}")},
	{"GetHarmonics", 0, REPLY("{}")},
	{"StartCalibration", 0, REPLY("{\"session\":{}}")},
	{NULL, 0, NULL},
};

struct outcome run_ctl(const struct fake_socket *fixture, const char *words)
{
	struct outcome outcome = {0};
	char *text = strdup(words), *path = strdup(fixture->path),
	     *argv[WORDS_MAX + 6] = {(char *)"minimeterctl", (char *)"--socket", path, (char *)"--admin-socket", path};
	size_t out_size, err_size;
	int argc = 5;
	FILE *out = open_memstream(&outcome.out, &out_size), *err = open_memstream(&outcome.err, &err_size);

	for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
		ck_assert_int_lt(argc, WORDS_MAX);
		argv[argc++] = word;
	}
	outcome.code = mm_ctl_run(argc, argv, out, err);
	fclose(out);
	fclose(err);
	free(text);
	free(path);
	return outcome;
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->out);
	free(outcome->err);
}

static void expect_text(const char *words, const char *stream, const char *text, const char *part)
{
	if (part != NULL && (*part == '\0' ? *text != '\0' : strstr(text, part) == NULL)) {
		ck_abort_msg("'%s' has to say '%s' on %s, not '%s'", words, part, stream, text);
	}
}

void expect_of(const struct fake_socket *fixture, const char *words, int code, const char *out, const char *err)
{
	struct outcome outcome = run_ctl(fixture, words);

	ck_assert_msg(outcome.code == code, "'%s' has to exit with %d, not %d: %s", words, code, outcome.code, outcome.err);
	expect_text(words, "stdout", outcome.out, out);
	expect_text(words, "stderr", outcome.err, err);
	outcome_free(&outcome);
}

void expect(const struct fake_answer *script, const char *words, int code, const char *out, const char *err)
{
	struct fake_socket fixture = fake_socket_new(script);

	expect_of(&fixture, words, code, out, err);
	fake_socket_free(&fixture);
}

/* ---- Answers ---- */

START_TEST(read_says_everything)
{
	expect(plain_answers, "read", MM_CTL_FINE,
	       "main  MMD-120-2001-T-SCC  serial 00042\n"
	       "  total              12345.679 kWh\n"
	       "  received           0.000 kWh\n"
	       "  power              2406.4 W\n"
	       "  maximum demand     4321.0 W\n"
	       "  reactive, lagging  12.500 kvarh\n"
	       "  reactive, leading  0.000 kvarh\n"
	       "  power LED          on\n"
	       "  load LED           off\n"
	       "  reverse LED        off\n"
	       "  time               2026-03-01 12:00:00\n"
	       "\n"
	       "ELEMENT  VOLTAGE   CURRENT     POWER     PF  FREQUENCY     DELIVERED   RECEIVED  FLAGS\n"
	       "L1       120.1 V  10.020 A  1203.2 W  0.998   60.01 Hz  6172.840 kWh  0.000 kWh  -\n"
	       "L2       120.1 V  10.020 A  1203.2 W  0.998   60.01 Hz  6172.840 kWh  0.000 kWh  -\n",
	       "");
}
END_TEST

START_TEST(read_reports_faults)
{
	static const struct fake_answer reversed[] = {
		{"Read", 0,
		 REPLY("{\"meters\":[" METER("one", "true", "", ELEMENT("L1", "5", "")) "," METER(
			 "two", "true", "\"element2-reversed\",\"outputs-failing\"",
			 ELEMENT("L2", "-1203.2", "\"reversed\",\"voltage-low\"")) "]}")},
		{NULL, 0, NULL},
	};
	static const struct fake_answer stale[] = {
		{"Read", 0, REPLY("{\"meters\":[" METER("main", "false", "", BOTH_ELEMENTS) "]}")},
		{NULL, 0, NULL},
	};

	expect(reversed, "read", MM_CTL_FAULT, "kWh  CT reversed or on wrong line, voltage low\n", "");
	expect(reversed, "read", MM_CTL_FAULT, "  fault: element2: CT reversed or on wrong line, outputs failing\n", "");
	expect(reversed, "--json read", MM_CTL_FAULT, "\"element2-reversed\"", "");
	expect(stale, "read", MM_CTL_FAULT, "not valid: the last right reading is 37 s old; see 'minimeterctl status'\n", "");
	expect(stale, "read", MM_CTL_FAULT,
	       "  total              12345.679 kWh\n  received           0.000 kWh\n  power              -\n", "");
	expect(stale, "read", MM_CTL_FAULT, "\nL1             -        -      -   -          -  6172.840 kWh  0.000 kWh  -\n",
	       "");
	expect(stale, "--json read", MM_CTL_FAULT, "\"valid\": false", "");
	expect(stale, "--json read", MM_CTL_FAULT, "\"power_w\": 2406.4", "");
}
END_TEST

START_TEST(a_profile_is_a_picture)
{
	static const struct fake_answer whole[] = {
		ONE_METER,
		{"GetProfile", 0,
		 REPLY("{\"meter\":\"main\",\"serial\":\"<1>\",\"from\":\"2026-03-01T00:00:00+00:00\",\"to\":\"2026-03-02T00:00:"
		       "00+00:00\","
		       "\"intervals\":[{\"start\":\"2026-03-01T12:00:00Z\",\"duration_s\":"
		       "900,"
		       "\"flags\":[],\"covered_s\":900.0,\"id\":7,\"delivered_uwh\":1000000000,\"received_uwh\":0,"
		       "\"register_delivered_uwh\":null,\"register_received_uwh\":null}]}")},
		{NULL, 0, NULL},
	};

	expect(whole, "profile --svg --from 2026-03-01 --to 2026-03-02", MM_CTL_FINE,
	       ">main, serial &lt;1&gt;: power by interval</text>", "");
	expect(whole, "profile --svg --from 2026-03-01 --to 2026-03-02", MM_CTL_FINE, "1 intervals, 1.000 kWh delivered", "");
	expect(whole, "profile --svg --csv", MM_CTL_USAGE, "", "--csv and --svg exclude each other");
	/* What an older daemon says less is no 0. */
	expect(plain_answers, "profile --svg", MM_CTL_FAILED, "", "'id' is missing");
}
END_TEST

#define STATEMENT_OF(start)                                                                                                      \
	"{\"statement\":{\"meter\":\"main\",\"serial\":\"<1>\",\"model\":\"M\",\"version\":\"0.3.0\",\"multiplier\":1.0,"        \
	"\"from\":\"2026-03-01T00:00:00Z\",\"to\":\"2026-04-01T00:00:00Z\",\"start\":" start                                     \
	",\"end\":{\"time\":\"2026-04-01T00:00:00Z\",\"interval\":8,\"hash\":\"bb\",\"delivered_uwh\":3000000499,"               \
	"\"received_uwh\":0},\"delivered_uwh\":2000000499,\"received_uwh\":0,\"preset_delivered_uwh\":0,"                        \
	"\"preset_received_uwh\":0,\"intervals\":1,\"seconds\":2678400,\"uncovered_s\":0.0,\"maximum_demand_w\":null,"           \
	"\"maximum_demand_time\":null,\"remarks\":[]}}"
#define STATEMENT                                                                                                                \
	STATEMENT_OF("{\"time\":\"2026-03-01T00:00:00Z\",\"interval\":6,\"hash\":\"aa\",\"delivered_uwh\":1000000000,"           \
		     "\"received_uwh\":0}")
#define ROW(id, registers)                                                                                                       \
	"{\"start\":\"2026-03-01T12:00:00Z\",\"duration_s\":900,\"flags\":[],\"covered_s\":900.0,\"id\":" id                     \
	",\"delivered_uwh\":1000000000,\"received_uwh\":0,\"register_delivered_uwh\":" registers                                 \
	",\"register_received_uwh\":" registers "}"

/* It asks for the intervals between the readings, and for those that the hash of the first reading is of. */
START_TEST(a_statement_is_a_document)
{
	static const struct fake_answer whole[] = {
		ONE_METER,
		{"GetStatement", 0, REPLY(STATEMENT)},
		{"GetProfile", 0,
		 REPLY("{\"meter\":\"main\",\"serial\":\"1\",\"intervals\":[" ROW("7", "null") "," ROW("8", "0") "," ROW(
			 "9", "1") "]}")},
		{NULL, 0, NULL},
	};
	static const struct fake_answer forked[] = {
		ONE_METER,
		{"GetStatement", 0, REPLY(STATEMENT)},
		{"GetProfile", 0, ERROR("org.minimeter.Forked", "{\"meter\":\"main\",\"last\":3}")},
		{NULL, 0, NULL},
	};
	struct fake_socket fixture = fake_socket_new(whole);
	json_t *answer, *request;

	expect_of(&fixture, "statement --month 2026-03 --green-button", MM_CTL_FINE, "<value>1000000</value>", "");
	answer = fake_daemon_request(fixture.daemon, "GetProfile");
	request = json_object_get(answer, "parameters");
	ck_assert_int_eq(json_integer_value(json_object_get(request, "after")), 6);
	ck_assert_str_eq(json_string_value(json_object_get(request, "after_hash")), "aa");
	json_decref(answer);
	expect_of(&fixture, "statement --month 2026-03 --html", MM_CTL_FINE, "<td>&lt;1&gt;</td>", "");
	expect_of(&fixture, "statement --month 2026-03 --html", MM_CTL_FINE, "</html>\n", "");
	expect_of(&fixture, "statement --html --csv", MM_CTL_USAGE, "", "exclude each other");
	fake_socket_free(&fixture);
	/* A part passes for the whole nowhere. */
	expect(forked, "statement --month 2026-03 --green-button", MM_CTL_FAILED, NULL, "another history");
}
END_TEST

START_TEST(metrics_are_for_a_program)
{
	static const struct fake_answer invalid[] = {
		{"Read", 0, REPLY("{\"meters\":[" METER("main", "false", "", BOTH_ELEMENTS) "]}")},
		{"Status", 0, REPLY(STATUS("false", FROZEN, ""))},
		{NULL, 0, NULL},
	};

	expect(plain_answers, "metrics", MM_CTL_FINE, "\nminimeter_power_watts{serial=\"00042\"} 2406.4\n", "");
	expect(invalid, "metrics --meter main", MM_CTL_FINE, "\nminimeter_reading_valid{serial=\"00042\"} 0\n", "");
	expect(plain_answers, "metrics --json", MM_CTL_USAGE, "", "'minimeterctl --json read'");
	expect(invalid + 1, "metrics", MM_CTL_FAILED, "", "does not know 'metrics'");
}
END_TEST

#define READING "\"name\":\"m\",\"model\":\"M\",\"serial\":\"1\",\"age_s\":1.2,\"faults\":[],\"corrections\":[],\"elements\":[]"

/* What is not of one CT alone, and a meter that has not measured yet, whose age is that of the daemon. */
START_TEST(read_says_what_to_know)
{
	static const struct fake_answer multiplied[] = {
		{"Read", 0, REPLY("{\"meters\":[{" READING ",\"valid\":true,\"multiplier\":2.0,\"measured\":true}]}")},
		{NULL, 0, NULL},
	};
	static const struct fake_answer beginning[] = {
		{"Read", 0, REPLY("{\"meters\":[{" READING ",\"valid\":false,\"multiplier\":1.0,\"measured\":false}]}")},
		{NULL, 0, NULL},
	};

	expect(multiplied, "read", MM_CTL_FINE, "serial 1\n  energy and power are multiplied by 2\n", "");
	expect(beginning, "read", MM_CTL_FAULT,
	       "serial 1\n  not valid: no right reading since the start; see 'minimeterctl status'\n", "");
}
END_TEST

START_TEST(status_says_why)
{
	static const struct fake_answer frozen[] = {
		{"Status", 0, REPLY(STATUS("false", FROZEN, "\"front-end-frozen\""))},
		{NULL, 0, NULL},
	};
	static const struct fake_answer refused[] = {
		{"Status", 0,
		 REPLY("{\"version\":\"0.1.0\",\"uptime_s\":9.0,\"ok\":true,\"front_end\":" HEALTHY ",\"register\":" HEALTHY
		       ",\"meters\":[],\"configuration\":{\"state\":\"refused\",\"since_s\":12.0,\"reason\":\"a:1: "
		       "no\",\"advice\":"
		       "\"put it right\"}}")},
		{NULL, 0, NULL},
	};

	static const struct fake_answer unsynchronized[] = {
		{"Status", 0,
		 REPLY("{\"version\":\"0.1.0\",\"uptime_s\":9.0,\"ok\":true,\"front_end\":" HEALTHY ",\"register\":" HEALTHY
		       ",\"meters\":[],\"clock_synchronized\":false}")},
		{NULL, 0, NULL},
	};

	expect(plain_answers, "status", MM_CTL_FINE,
	       "minimeterd 0.1.0: everything is in order\n  front end       ok for 1 min 37 s\n", "");
	expect(plain_answers, "status", MM_CTL_FINE, "  meter main      ok\n  running for     3 d 4 h\n", "");
	expect(frozen, "status", MM_CTL_FAULT, "there is a fault\n  front end       frozen for 37 s: figures repeat\n", "");
	expect(frozen, "status", MM_CTL_FAULT, "                  set cache_bypass\n", "");
	expect(frozen, "status", MM_CTL_FAULT, "  meter main      front end frozen\n", "");
	/* A file that was refused is no fault of the meter. */
	expect(refused, "status", MM_CTL_FINE,
	       "everything is in order\n  front end       ok for 1 min 37 s\n  register        ok for 1 min 37 s\n"
	       "  configuration   refused for 12 s: a:1: no\n                  put it right\n",
	       "");
	/* Nor is a clock that nothing keeps right. */
	expect(unsynchronized, "status", MM_CTL_FINE,
	       "  register        ok for 1 min 37 s\n  clock           not synchronised: times of intervals and events may be "
	       "wrong",
	       "");
	expect(frozen, "status --json", MM_CTL_FAULT, "\"advice\": \"set cache_bypass\"", "");
}
END_TEST

START_TEST(tables_are_aligned)
{
	static const struct fake_answer none[] = {
		{"GetEvents", 0, REPLY("{\"events\":[]}")},
		{"GetNameplate", 0, REPLY("{\"meters\":[" NAMEPLATE("main") "]}")},
		{"GetProfile", 0, REPLY("{\"meter\":\"main\",\"intervals\":[]}")},
		{NULL, 0, NULL},
	};

	expect(plain_answers, "nameplate", MM_CTL_FINE, "main\n  model          MMD-120-2001-T-SCC\n", "");
	expect(plain_answers, "nameplate", MM_CTL_FINE, "  start current  0.200 A\n  display        yes\n", "");
	expect(plain_answers, "nameplate --json --label", MM_CTL_USAGE, "",
	       "minimeterctl: --json and --label exclude each other\n");
	expect(plain_answers, "nameplate", MM_CTL_FINE, "\nOUTPUT  PER PULSE\n10          10 Wh\n", "");
	expect(plain_answers, "events", MM_CTL_FINE,
	       "ID  TIME                 METER  CODE     WHAT HAPPENED\n"
	       " 7  2026-03-01 12:00:00  -      started  minimeterd ?[2J started\n",
	       "");
	expect(none, "events", MM_CTL_FINE, "no events\n", "");
	expect(none, "profile", MM_CTL_FINE, "no intervals\n", "");
	expect(plain_answers, "outputs", MM_CTL_FINE,
	       "METER  OUTPUT     LEVEL  PER PULSE  EDGES  LINE\n"
	       "main   10         on         10 Wh   2469  GPIO17\n"
	       "main   led_power  off            -      1  -\n",
	       "");
}
END_TEST

#define LABELLED(calibration, serial)                                                                                            \
	REPLY("{\"meters\":[{\"name\":\"house\",\"model\":\"MMD-120-2001\",\"serial\":\"" serial                                 \
	      "\",\"calibration_version\":" calibration ",\"outputs\":[]}]}")
#define FORTY "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"

START_TEST(the_label_says_only_what_is_known)
{
	static const struct fake_answer uncalibrated[] = {{"GetNameplate", 0, LABELLED("0", "42")}, {NULL, 0, NULL}};
	static const struct fake_answer calibrated[] = {{"GetNameplate", 0, LABELLED("3", FORTY)}, {NULL, 0, NULL}};
	struct fake_socket fixture = fake_socket_new(uncalibrated);
	struct outcome outcome = run_ctl(&fixture, "nameplate --label");

	ck_assert_ptr_nonnull(strstr(outcome.out, ">Meter house</text>"));
	ck_assert_ptr_nonnull(strstr(outcome.out, ">kWh meter, not calibrated</text>"));
	ck_assert_ptr_null(strstr(outcome.out, "0.5 %"));
	ck_assert_ptr_null(strstr(outcome.out, "textLength"));
	outcome_free(&outcome);
	fake_socket_free(&fixture);
	expect(calibrated, "nameplate --label", MM_CTL_FINE, ">kWh meter, \302\2610.5 % at pf 1, ", "");
	/* What could run over the frame is made to end before it, whatever typeface there is. */
	expect(calibrated, "nameplate --label", MM_CTL_FINE,
	       " font-size=\"1.87\" textLength=\"82\" lengthAdjust=\"spacingAndGlyphs\">Serial " FORTY, "");
}
END_TEST

/* JSON is the daemon's answer, whatever the command; a stream comes out as one answer. */
START_TEST(json_is_the_answer)
{
	static const struct {
		const char *words, *method, *key;
		size_t size;
	} table[] = {
		{"read --json", "Read", "meters", 1},
		{"status --json", "Status", "meters", 1},
		{"nameplate --json", "GetNameplate", "meters", 1},
		{"events --json", "GetEvents", "events", 1},
		{"outputs --json", "GetOutputs", "outputs", 2},
		{"profile --json", "GetProfile", "intervals", 2},
	};
	struct fake_socket fixture = fake_socket_new(plain_answers);

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct outcome outcome = run_ctl(&fixture, table[i].words);
		json_t *got = json_loads(outcome.out, 0, NULL), *sent = NULL;

		ck_assert_int_eq(outcome.code, MM_CTL_FINE);
		ck_assert_msg(json_array_size(json_object_get(got, table[i].key)) == table[i].size, "%s", table[i].words);
		for (const struct fake_answer *row = plain_answers; row->method != NULL; row++) {
			if (strcmp(row->method, table[i].method) == 0) {
				sent = json_loads(row->messages, JSON_DISABLE_EOF_CHECK, NULL);
			}
		}
		if (strcmp(table[i].method, "GetProfile") != 0) {
			ck_assert_msg(json_equal(got, json_object_get(sent, "parameters")), "%s", table[i].words);
		}
		ck_assert_ptr_null(strstr(outcome.out, "00000000"));
		json_decref(got);
		json_decref(sent);
		outcome_free(&outcome);
	}
	fake_socket_free(&fixture);
}
END_TEST

/* ---- Questions ---- */

static void expect_request(const char *words, const char *method, const char *parameters)
{
	struct fake_socket fixture = fake_socket_new(plain_answers);
	struct outcome outcome = run_ctl(&fixture, words);
	json_t *request = fake_daemon_request(fixture.daemon, method), *wanted = json_loads(parameters, 0, NULL);
	char *got = json_dumps(json_object_get(request, "parameters"), 0);

	ck_assert_msg(outcome.code == MM_CTL_FINE, "%s: %s", words, outcome.err);
	ck_assert_msg(json_equal(wanted, json_object_get(request, "parameters")), "'%s' asks %s", words, got);
	free(got);
	json_decref(wanted);
	json_decref(request);
	outcome_free(&outcome);
	fake_socket_free(&fixture);
}

START_TEST(options_reach_the_daemon)
{
	expect_request("--admin-socket /nowhere read", "Read", "{}");
	expect_request("read --meter main", "Read", "{\"meter\":\"main\"}");
	expect_request("--meter=main nameplate", "GetNameplate", "{\"meter\":\"main\"}");
	expect_request("events --limit 100 --after 12", "GetEvents", "{\"after\":12,\"limit\":100}");
	expect_request("events --meter main --code gap --from 2026-03-01", "GetEvents",
		       "{\"meter\":\"main\",\"code\":\"gap\",\"from\":\"2026-03-01\"}");
	expect_request("events --all --to 2026-03-01T06:00:00+02:00", "GetEvents",
		       "{\"snapshots\":true,\"to\":\"2026-03-01T06:00:00+02:00\"}");
	expect_request("profile --month 2026-02", "GetProfile", "{\"meter\":\"main\",\"from\":\"2026-02\"}");
	expect_request("profile", "GetProfile", "{\"meter\":\"main\"}");
	expect_request("harmonics --element 3", "GetHarmonics", "{\"meter\":\"main\",\"element\":3}");
	expect_request("calibrate start --element 3", "StartCalibration", "{\"meter\":\"main\",\"element\":3}");
	expect_request("profile --from 2026-03-01 --to 2026-03-01T06:00:00+02:00 --meter main", "GetProfile",
		       "{\"meter\":\"main\",\"from\":\"2026-03-01\",\"to\":\"2026-03-01T06:00:00+02:00\"}");
	expect_request("--socket /nowhere outputs test led_load 7", "TestOutput",
		       "{\"meter\":\"main\",\"output\":\"led_load\",\"seconds\":7}");
	expect_request("--socket /nowhere outputs test led_power --meter b", "TestOutput",
		       "{\"meter\":\"b\",\"output\":\"led_power\",\"seconds\":5}");
}
END_TEST

/* Whatever zone the client is in, the daemon gets the text, and clocks of its own zone decide. */
START_TEST(times_are_sent_as_they_are_written)
{
	static const char *const zones[] = {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+1245>-12:45"};

	setenv("TZ", zones[_i], 1);
	tzset();
	expect_request("read --at 2026-10-25T02:30", "GetReading", "{\"at\":\"2026-10-25T02:30\"}");
	expect_request("read --at yesterday", "GetReading", "{\"at\":\"yesterday\"}");
	expect_request("events --from -24h --to now", "GetEvents", "{\"from\":\"-24h\",\"to\":\"now\"}");
	expect_request("profile --from 2026", "GetProfile", "{\"meter\":\"main\",\"from\":\"2026\"}");
	expect_request("profile --month this", "GetProfile", "{\"meter\":\"main\",\"from\":\"this month\"}");
	expect_request("profile --month last", "GetProfile", "{\"meter\":\"main\",\"from\":\"last month\"}");
	expect_request("statement", "GetStatement", "{\"meter\":\"main\",\"from\":\"last month\"}");
	expect_request("statement --month this", "GetStatement", "{\"meter\":\"main\",\"from\":\"this month\",\"to\":\"now\"}");
	expect_request("statement --from 2026-10-01", "GetStatement", "{\"meter\":\"main\",\"from\":\"2026-10-01\"}");
	/* Which is after which depends on the zone: that is the daemon's to say. */
	expect_request("profile --from 2026-10-01 --to 2026-09-30T23:00:00Z", "GetProfile",
		       "{\"meter\":\"main\",\"from\":\"2026-10-01\",\"to\":\"2026-09-30T23:00:00Z\"}");
	setenv("TZ", "UTC0", 1);
	tzset();
}
END_TEST

/* Answers of the daemon are shown in its zone, not in the client's. */
START_TEST(times_are_shown_in_the_daemons_zone)
{
	static const struct fake_answer script[] = {
		{"GetReading", 0,
		 REPLY("{\"time_zone\":\"Asia/Kathmandu\",\"readings\":[{\"meter\":\"main\",\"serial\":\"1\",\"at\":"
		       "\"2026-03-01T12:00:00Z\",\"reading\":{\"time\":\"2026-03-01T12:00:00.000Z\",\"delivered_uwh\":0,"
		       "\"received_uwh\":0}}]}")},
		{NULL, 0, NULL},
	};

	setenv("TZ", "America/New_York", 1);
	tzset();
	expect(script, "read --at 2026-03-01T17:45", MM_CTL_FINE, "2026-03-01 17:45:00", "");
	setenv("TZ", "UTC0", 1);
	tzset();
}
END_TEST

START_TEST(a_time_that_means_two_is_explained)
{
	static const struct fake_answer script[] = {
		{"GetReading", 0,
		 "{\"error\":\"org.minimeter.AmbiguousTime\",\"parameters\":{\"parameter\":\"at\",\"reason\":"
		 "\"2026-10-25T02:30 comes twice\",\"readings\":[\"a\",\"b\"]}}"},
		{NULL, 0, NULL},
	};

	expect(script, "read --at 2026-10-25T02:30", MM_CTL_FAILED, "", "minimeterctl: 2026-10-25T02:30 comes twice\n");
}
END_TEST

START_TEST(environment_names_the_socket)
{
	char *argv[] = {(char *)"minimeterctl", (char *)"read", NULL}, *test[] = {(char *)"minimeterctl",
										  (char *)"outputs",
										  (char *)"test",
										  (char *)"led_power",
										  (char *)"--meter",
										  (char *)"main",
										  NULL};
	struct fake_socket fixture = fake_socket_new(plain_answers);
	FILE *sink = fopen("/dev/null", "w");

	setenv("MINIMETER_SOCKET", fixture.path, 1);
	ck_assert_int_eq(mm_ctl_run(2, argv, sink, sink), MM_CTL_FINE);
	setenv("MINIMETER_SOCKET", "/nowhere", 1);
	ck_assert_int_eq(mm_ctl_run(2, argv, sink, sink), MM_CTL_UNREACHABLE);
	expect_of(&fixture, "read", MM_CTL_FINE, "main", "");
	unsetenv("MINIMETER_SOCKET");
	setenv("MINIMETER_ADMIN_SOCKET", fixture.path, 1);
	ck_assert_int_eq(mm_ctl_run(6, test, sink, sink), MM_CTL_FINE);
	setenv("MINIMETER_ADMIN_SOCKET", "/nowhere", 1);
	ck_assert_int_eq(mm_ctl_run(6, test, sink, sink), MM_CTL_UNREACHABLE);
	expect_of(&fixture, "outputs test led_power", MM_CTL_FINE, "led_power", "");
	unsetenv("MINIMETER_ADMIN_SOCKET");
	fclose(sink);
	fake_socket_free(&fixture);
}
END_TEST

START_TEST(help_knows_every_command)
{
	for (const struct mm_ctl_command *command = mm_ctl_commands; command->name != NULL; command++) {
		char words[64];

		if (command->help == NULL) {
			continue;
		}
		expect(NULL, "help", MM_CTL_FINE, command->help, "");
		snprintf(words, sizeof(words), "help %s", command->name);
		expect(NULL, words, MM_CTL_FINE, command->help, "");
	}
	expect(NULL, "--help", MM_CTL_FINE, "Commands:\n  read ", "");
	expect(NULL, "profile --help", MM_CTL_FINE, "  --csv ", "");
	expect(NULL, "--version", MM_CTL_FINE, "minimeterctl ", "");
	expect(NULL, "-V", MM_CTL_FINE, "minimeterctl ", "");
	expect(NULL, "-h", MM_CTL_FINE, "\n  -h, --help ", "");
	expect(NULL, "profile -h", MM_CTL_FINE, "Usage: minimeterctl [OPTION]... profile\n", "");
}
END_TEST

static void set_up(void)
{
	setenv("TZ", "UTC0", 1);
	unsetenv("MINIMETER_SOCKET");
	unsetenv("MINIMETER_ADMIN_SOCKET");
}

int main(void)
{
	Suite *suite = suite_create("ctl");
	TCase *commands = tcase_create("commands");

	set_up();
	tcase_set_timeout(commands, PATIENCE_S);
	suite_add_tcase(suite, commands);
	tcase_add_test(commands, read_says_everything);
	tcase_add_test(commands, read_reports_faults);
	tcase_add_test(commands, read_says_what_to_know);
	tcase_add_test(commands, status_says_why);
	tcase_add_test(commands, tables_are_aligned);
	tcase_add_test(commands, the_label_says_only_what_is_known);
	tcase_add_test(commands, json_is_the_answer);
	tcase_add_test(commands, a_profile_is_a_picture);
	tcase_add_test(commands, a_statement_is_a_document);
	tcase_add_test(commands, metrics_are_for_a_program);
	tcase_add_loop_test(commands, times_are_sent_as_they_are_written, 0, 3);
	tcase_add_test(commands, times_are_shown_in_the_daemons_zone);
	tcase_add_test(commands, a_time_that_means_two_is_explained);
	tcase_add_test(commands, options_reach_the_daemon);
	tcase_add_test(commands, environment_names_the_socket);
	tcase_add_test(commands, help_knows_every_command);
	suite_add_tcase(suite, check_tcase());
	suite_add_tcase(suite, dialog_tcase());
	suite_add_tcase(suite, errors_tcase());
	suite_add_tcase(suite, script_tcase());
	suite_add_tcase(suite, service_tcase());
	suite_add_tcase(suite, sizes_tcase());
	suite_add_tcase(suite, texts_tcase());
	suite_add_tcase(suite, hidden_tcase());
	suite_add_tcase(suite, history_tcase());
	suite_add_tcase(suite, proof_tcase());
	suite_add_tcase(suite, watch_tcase());
	suite_add_tcase(suite, width_tcase());
	return mm_run_suite(suite);
}
