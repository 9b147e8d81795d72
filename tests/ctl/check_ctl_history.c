/* SPDX-License-Identifier: MIT */
/* events and profile: which rows come, in which form, and in how little memory. */

#include "ctl/check_ctl.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/history.h"
#include "ctl/plot.h"

#define INTERVAL(start, delivered, received, flags)                                                                              \
	"{\"start\":\"" start "\",\"duration_s\":900,\"status\":0,\"flags\":[" flags "],\"delivered_wh\":" delivered             \
	",\"received_wh\":" received ",\"lagging_varh\":1.5,\"leading_varh\":0.0,\"covered_s\":899.9}"
#define INTERVALS(rows) "{\"meter\":\"main\",\"serial\":\"00,42\",\"intervals\":[" rows "]}"
#define EVENT(id, text)                                                                                                          \
	"{\"id\":" id                                                                                                            \
	",\"time\":\"2026-03-01T12:00:00Z\",\"boottime_s\":1.5,\"meter\":null,\"code\":\"started\",\"text\":\"" text "\"}"
#define EVENTS(rows, hidden) "{\"events\":[" rows "],\"hidden_snapshots\":" hidden "}"
#define ANSWER_NAMEPLATE                                                                                                         \
	{                                                                                                                        \
		"GetNameplate", 0, REPLY("{\"meters\":[{\"name\":\"main\"}]}")                                                   \
	}

static const struct fake_answer two_pages[] = {
	ANSWER_NAMEPLATE,
	{"GetProfile", 0,
	 REPLY_MORE(INTERVALS(INTERVAL("2026-03-01T12:00:00Z", "601.25", "0.0", ""))) "\n" REPLY(
		 INTERVALS(INTERVAL("2026-03-01T12:15:00Z", "0.1", "2.5", "\"a\",\"power-down\"")))},
	{"GetEvents", 0,
	 REPLY_MORE(EVENTS(EVENT("7", "one") "," EVENT("9", "two, three"), "1")) "\n" REPLY(EVENTS(EVENT("1000", "four"), "2"))},
	{NULL, 0, NULL},
};

START_TEST(the_profile_has_a_sum)
{
	expect(two_pages, "profile", MM_CTL_FINE,
	       "START                LENGTH    DELIVERED     RECEIVED      LAGGING      LEADING  COVERED  FLAGS\n"
	       "2026-03-01 12:00:00   900 s   601.250 Wh     0.000 Wh   1.500 varh   0.000 varh  899.9 s  -\n"
	       "2026-03-01 12:15:00   900 s     0.100 Wh     2.500 Wh   1.500 varh   0.000 varh  899.9 s  a, power down\n"
	       "sum of 2             1800 s   601.350 Wh     2.500 Wh   3.000 varh   0.000 varh  1799.8 s  -\n",
	       "");
	expect(two_pages, "profile --csv", MM_CTL_FINE,
	       "start,duration_s,status,flags,delivered_wh,received_wh,lagging_varh,leading_varh,covered_s,start_local,meter,"
	       "serial,id,previous,register_delivered_uwh,register_received_uwh,hash,delivered_uwh,received_uwh\n"
	       "2026-03-01T12:00:00Z,900,0,,601.25,0.0,1.5,0.0,899.9,2026-03-01 12:00:00,main,\"00,42\",,,,,,,\n"
	       "2026-03-01T12:15:00Z,900,0,a power-down,0.1,2.5,1.5,0.0,899.9,2026-03-01 12:15:00,main,\"00,42\",,,,,,,\n",
	       "");
}
END_TEST

/* Time without an interval is a row of its own, for people. */
START_TEST(a_gap_in_the_profile_is_shown)
{
	static const struct fake_answer gap[] = {
		ANSWER_NAMEPLATE,
		{"GetProfile", 0,
		 REPLY_MORE(INTERVALS(INTERVAL("2026-03-01T12:00:00Z", "601.25", "0.0", "\"incomplete\""))) "\n" REPLY(
			 INTERVALS(INTERVAL("2026-03-01T14:00:00Z", "0.1", "2.5", "")))},
		{NULL, 0, NULL},
	};

	expect(gap, "profile", MM_CTL_FINE,
	       "899.9 s  incomplete\n2026-03-01 12:15:00  6300 s            -            -            -            -        -  "
	       "no interval\n2026-03-01 14:00:00   900 s ",
	       "");
	expect(gap, "profile", MM_CTL_FINE, "\nsum of 2             1800 s ", "");
	expect(gap, "profile --csv", MM_CTL_FINE, ",main,\"00,42\",,,,,,,\n2026-03-01T14:00:00Z,900,", "");
}
END_TEST

/* One table for a bill of all tenants; a meter without an interval has no row. */
START_TEST(csv_is_of_all_meters)
{
	static const struct fake_answer three[] = {
		{"GetNameplate", 0, REPLY("{\"meters\":[{\"name\":\"main\"},{\"name\":\"flat\"},{\"name\":\"shop\"}]}")},
		{"GetProfile", 1, REPLY("{\"meter\":\"main\",\"serial\":\"1\",\"intervals\":[]}")},
		{"GetProfile", 1,
		 REPLY("{\"meter\":\"flat\",\"serial\":\"2\",\"intervals\":[" INTERVAL("2026-03-01T12:00:00Z", "2.0", "0.0",
										       "") "]}")},
		{"GetProfile", 1,
		 REPLY("{\"meter\":\"shop\",\"serial\":\"3\",\"intervals\":[" INTERVAL("2026-03-01T12:00:00Z", "3.0", "0.0",
										       "") "]}")},
		{NULL, 0, NULL},
	};

	expect(three, "profile --csv", MM_CTL_FINE,
	       "start,duration_s,status,flags,delivered_wh,received_wh,lagging_varh,leading_varh,covered_s,start_local,meter,"
	       "serial,id,previous,register_delivered_uwh,register_received_uwh,hash,delivered_uwh,received_uwh\n"
	       "2026-03-01T12:00:00Z,900,0,,2.0,0.0,1.5,0.0,899.9,2026-03-01 12:00:00,flat,2,,,,,,,\n"
	       "2026-03-01T12:00:00Z,900,0,,3.0,0.0,1.5,0.0,899.9,2026-03-01 12:00:00,shop,3,,,,,,,\n",
	       "");
}
END_TEST

#define STATEMENT(from, to, start, end, used)                                                                                    \
	"{\"statement\":{\"meter\":\"main\",\"serial\":\"1\",\"model\":\"MMS-120-2001\",\"multiplier\":1.0,\"from\":\"" from     \
	"\",\"to\":\"" to "\",\"start\":{\"time\":\"" from "\",\"delivered_uwh\":" start                                         \
	",\"received_uwh\":0},\"end\":{\"time\":\"" to "\",\"delivered_uwh\":" end                                               \
	",\"received_uwh\":0},\"delivered_uwh\":" used ",\"received_uwh\":0,\"preset_delivered_uwh\":0,"                         \
	"\"preset_received_uwh\":0,\"seconds\":3600,\"uncovered_s\":0.0,\"maximum_demand_w\":null,\"maximum_demand_time\":null," \
	"\"remarks\":[{\"code\":\"preset\",\"words\":\"the start reading was set (1 event)\",\"count\":1}]}}"

/* The readings are 1.4 and 2.6 Wh, on paper 1 and 3, and so what was used is 2 Wh there, not 1. */
START_TEST(statements_chain_on_paper_too)
{
	static const struct fake_answer one[] = {
		ANSWER_NAMEPLATE,
		{"GetStatement", 0,
		 REPLY(STATEMENT("2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z", "1400000", "2600000", "1200000"))},
		{NULL, 0, NULL},
	};

	expect(one, "statement --from 2026-03-01T12:00:00Z --to 2026-03-01T13:00:00Z", MM_CTL_FINE,
	       "main  MMS-120-2001  serial 1\n"
	       "  from             2026-03-01 12:00:00\n"
	       "  to               2026-03-01 13:00:00\n"
	       "  reading before   0.001 kWh\n"
	       "  reading after    0.003 kWh\n"
	       "  delivered        0.002 kWh\n",
	       "");
	expect(one, "statement", MM_CTL_FINE, "  * the start reading was set (1 event)\n", "");
	expect(one, "statement --csv", MM_CTL_FINE,
	       "\nmain,1,MMS-120-2001,1.0,2026-03-01T12:00:00Z,2026-03-01 12:00:00,2026-03-01T13:00:00Z,2026-03-01 13:00:00,"
	       "2026-03-01T12:00:00Z,1400000,0,2026-03-01T13:00:00Z,2600000,0,1200000,0,0,0,,,3600,0.0,preset,,,,,,,,,,,,,,,,,,,,"
	       ",,,,,,\n",
	       "");
	expect(one, "statement --json --meter main", MM_CTL_FINE, "\"statements\": [", "");
	expect(one, "statement --to 2026-03-01", MM_CTL_USAGE, "", "needs --from");
}
END_TEST

#define RATES                                                                                                                    \
	"\"tariff\":\"economy7\",\"currency\":\"GBP\",\"cost\":\"0.42\",\"demand_s\":1800,\"demand_sliding\":true,\"rates\":["   \
	"{\"name\":\"night\",\"delivered_uwh\":400000,\"received_uwh\":0,\"seconds\":900,\"price\":\"0.1245\",\"cost\":\"0."     \
	"12\"},"                                                                                                                 \
	"{\"name\":\"day\",\"delivered_uwh\":800000,\"received_uwh\":0,\"seconds\":2700,\"price\":\"0.3\",\"cost\":\"0.30\"}],"

/* What is shown of the rates adds up to what is shown of the whole. */
START_TEST(rates_add_up_on_paper_too)
{
	static char text[2048];
	const char *plain = REPLY(STATEMENT("2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z", "1400000", "2600000", "1200000"));
	const char *at = strstr(plain, "\"seconds\"");
	const struct fake_answer one[] = {ANSWER_NAMEPLATE, {"GetStatement", 0, text}, {NULL, 0, NULL}};

	snprintf(text, sizeof(text), "%.*s" RATES "%s", (int)(at - plain), plain, at);
	expect(one, "statement", MM_CTL_FINE, "tariff economy7\n", "");
	expect(one, "statement", MM_CTL_FINE, "night", "");
	expect(one, "statement", MM_CTL_FINE, "cost of what was delivered: 0.42 GBP", "");
	expect(one, "statement --csv", MM_CTL_FINE,
	       ",preset,,1800,true,economy7,night,400000,0,0.1245,0.12,day,800000,0,0.3,0.30,,,,,,,,,,,GBP,0.42\n", "");
}
END_TEST

/* Pieces come out as one object; the counts beside the rows are added up. */
START_TEST(pieces_are_one_object)
{
	expect(two_pages, "profile --json", MM_CTL_FINE, "{\n  \"intervals\": [\n    {\"start\": \"2026-03-01T12:00:00Z\", ", "");
	expect(two_pages, "profile --json", MM_CTL_FINE,
	       "\"covered_s\": 899.9}\n  ],\n  \"meter\": \"main\",\n  \"serial\": \"00,42\"\n}\n", "");
	expect(two_pages, "events --all --json", MM_CTL_FINE, "\"four\"}\n  ],\n  \"hidden_snapshots\": 3\n}\n", "");
}
END_TEST

START_TEST(every_id_is_accounted_for)
{
	static const struct fake_answer none[] = {{"GetEvents", 0, REPLY(EVENTS("", "4"))}, {NULL, 0, NULL}};
	static const struct fake_answer one[] = {{"GetEvents", 0, REPLY(EVENTS(EVENT("7", "one"), "0"))}, {NULL, 0, NULL}};

	expect(two_pages, "events --from 2026-03-01", MM_CTL_FINE,
	       "ID  TIME                 METER  CODE     WHAT HAPPENED\n"
	       " 7  2026-03-01 12:00:00  -      started  one\n"
	       " 9  2026-03-01 12:00:00  -      started  two, three\n"
	       "1000  2026-03-01 12:00:00  -      started  four\n"
	       "not shown: 3 daily snapshots of the registers (--code snapshot)\n",
	       "");
	expect(none, "events", MM_CTL_FINE, "no events\nnot shown: 4 daily snapshots of the registers (--code snapshot)\n", "");
	expect(one, "events --limit 1", MM_CTL_FINE, "one\nthese are the newest 1; there may be older ones (--all)\n", "");
	expect(one, "events --limit 1 --after 6", MM_CTL_FINE, "one\nthere may be more: --after 7\n", "");
	expect(one, "events --limit 2", MM_CTL_FINE, "started  one\n", "");
	expect(two_pages, "events --all --csv", MM_CTL_FINE,
	       "id,time,boottime_s,meter,code,text,time_local,register_delivered_uwh,register_received_uwh,hash,previous,clock_"
	       "synchronized,serial\n"
	       "7,2026-03-01T12:00:00Z,1.5,,started,one,2026-03-01 12:00:00,,,,,,\n"
	       "9,2026-03-01T12:00:00Z,1.5,,started,\"two, three\",2026-03-01 12:00:00,,,,,,\n"
	       "1000,2026-03-01T12:00:00Z,1.5,,started,four,2026-03-01 12:00:00,,,,,,\n",
	       "");
}
END_TEST

/* A name can be given to another meter, a serial number can not. */
START_TEST(events_for_a_spreadsheet_have_the_serial)
{
	static const struct fake_answer two[] = {
		{"GetNameplate", 0,
		 REPLY("{\"meters\":[{\"name\":\"main\",\"serial\":\"1\"},{\"name\":\"flat\",\"serial\":\"00,42\"}]}")},
		{"GetEvents", 0,
		 REPLY(EVENTS(
			 "{\"id\":7,\"time\":\"2026-03-01T12:00:00Z\",\"boottime_s\":1.5,\"meter\":\"flat\",\"code\":\"preset\","
			 "\"text\":\"t\",\"previous\":6,\"hash\":\"aa\",\"register_delivered_uwh\":5,\"register_received_uwh\":"
			 "null,"
			 "\"clock_synchronized\":true}",
			 "0"))},
		{NULL, 0, NULL},
	};

	expect(two, "events --csv", MM_CTL_FINE,
	       "\n7,2026-03-01T12:00:00Z,1.5,flat,preset,t,2026-03-01 12:00:00,5,,aa,6,true,\"00,42\"\n", "");
	expect(two + 1, "events", MM_CTL_FINE, "flat", "");
}
END_TEST

/* ---- Plots ---- */

static char *plot(int64_t from_s, int64_t to_s, const int64_t *start_s, const double *wh, size_t count)
{
	struct mm_plot *plot;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(mm_plot_new(from_s, to_s, 1772539200, &plot), 0);
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(mm_plot_add(plot, start_s[i], wh[i]), 0);
	}
	mm_plot_draw(plot, out, 44);
	mm_plot_free(plot);
	fclose(out);
	return text;
}

START_TEST(bars_are_hours_days_or_months)
{
	static const struct fake_answer of_an_hour[] = {
		ANSWER_NAMEPLATE,
		{"GetProfile", 0,
		 REPLY("{\"meter\":\"main\",\"from\":\"2026-03-01T12:00:00+00:00\",\"to\":\"2026-03-01T13:00:00+00:00\","
		       "\"intervals\":[" INTERVAL("2026-03-01T12:00:00Z", "601.25", "0.0", "") "]}")},
		{NULL, 0, NULL},
	};
	/* 2026-03-01T00:00:00Z is 1772323200, and the plot is of the third. The second start is a step back. */
	static const int64_t start_s[] = {1772323200, 1772322300, 1772330400};
	static const double wh[] = {1000, 500, 375};
	char *text;

	setlocale(LC_CTYPE, "C.UTF-8");
	text = plot(1772323200, 1772330401, start_s, wh, 3);
	ck_assert_str_eq(text, "2026-03-01 00:00  ████████████     1.500 kWh\n"
			       "2026-03-01 01:00  no interval\n"
			       "2026-03-01 02:00  ███              0.375 kWh\n");
	free(text);
	text = plot(INT64_MIN, INT64_MAX, start_s, wh, 3);
	ck_assert_str_eq(text, "2026-03-01  ██████████████████     1.875 kWh\n");
	free(text);
	text = plot(1769904000, INT64_MAX, start_s, wh, 3);
	ck_assert_ptr_nonnull(strstr(text, "2026-02-01  no interval\n2026-02-02  no interval\n"));
	ck_assert_ptr_nonnull(strstr(text, "2026-02-28  ██████▌                0.500 kWh\n"
					   "2026-03-01  ██████████████████     1.375 kWh\n"));
	free(text);
	setlocale(LC_CTYPE, "C");
	text = plot(1759276800, INT64_MAX, start_s, wh, 3);
	ck_assert_ptr_nonnull(strstr(text, "2026-02  ########                  0.500 kWh\n"
					   "2026-03  #####################     1.375 kWh\n"));
	free(text);
	/* What was asked for is what the daemon says that it was. */
	expect(of_an_hour, "profile --plot --from 2026-03-01T12:00:00Z --to 2026-03-01T13:00:00Z", MM_CTL_FINE,
	       "2026-03-01 12:00  ########", "");
	expect(two_pages, "profile --plot", MM_CTL_FINE, "\nsum: 0.601 kWh delivered, 0.003 kWh received\n", "");
}
END_TEST

/* ---- What the panel says of the last days ---- */

static int take(struct mm_history *history, const char *rows)
{
	char text[2048];
	json_t *answer;
	int r;

	snprintf(text, sizeof(text), "{\"meter\":\"main\",\"intervals\":[%s]}", rows);
	answer = json_loads(text, 0, NULL);
	r = mm_history_take(history, answer);
	json_decref(answer);
	return r;
}

/* The second of March, half past ten. */
START_TEST(the_panel_adds_up_days_and_hours)
{
	static const int64_t now_s = 1772447400;
	struct mm_history_open open = {.start_s = now_s, .until_s = now_s + 299, .delivered_wh = 32};
	struct mm_history *history;
	struct mm_history_sums sums;
	json_t *parameters, *other = json_pack("{s:s, s:[]}", "meter", "flat", "intervals");

	ck_assert_int_eq(mm_history_new("main", now_s, &history), 0);
	ck_assert(mm_history_is_of(history, "main") && !mm_history_is_of(history, "flat") && !mm_history_is_of(NULL, "main"));
	parameters = mm_history_parameters(history);
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "from")), "2026-03-01T00:00:00Z");
	json_decref(parameters);
	/* Before an interval is closed, what is known is that of the open one. */
	sums = mm_history_sum(history, now_s + 300, &open);
	ck_assert(sums.today_wh == 32 && sums.hour_wh[23] == 32 && sums.most_wh == 32);
	ck_assert_int_eq(sums.until_s, now_s + 299);
	ck_assert_int_eq(mm_history_take(history, other), -EBADMSG);
	ck_assert_int_eq(take(history, "{}"), -EBADMSG);
	ck_assert_int_eq(take(history, INTERVAL("2026-03-01T10:45:00Z", "1.0", "0", "") "," INTERVAL("2026-03-01T11:00:00Z",
												     "2.0", "0", "")),
			 2);
	parameters = mm_history_parameters(history);
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "from")), "2026-03-01T11:00:01Z");
	json_decref(parameters);
	ck_assert_int_eq(take(history, INTERVAL("2026-03-02T00:00:00Z", "4.0", "0",
						"") "," INTERVAL("2026-03-02T10:00:00Z", "8.0", "0",
								 "") "," INTERVAL("2026-03-02T10:15:00Z", "16.0", "0", "")),
			 3);
	sums = mm_history_sum(history, now_s + 300, &open);
	ck_assert(sums.today_wh == 60 && sums.yesterday_wh == 3 && sums.month_wh == 63 && sums.hour_wh[23] == 56);
	ck_assert_int_eq(sums.until_s, now_s + 299);
	/* One that is among the closed ones already counts once. */
	open.start_s -= 900;
	sums = mm_history_sum(history, now_s, &open);
	ck_assert(sums.today_wh == 28);
	sums = mm_history_sum(history, now_s, NULL);
	ck_assert(sums.today_wh == 28 && sums.yesterday_wh == 3 && sums.month_wh == 31);
	ck_assert(sums.hour_wh[23] == 24 && sums.hour_wh[13] == 4 && sums.hour_wh[0] == 2 && sums.most_wh == 24);
	ck_assert_int_eq(sums.until_s, now_s);
	mm_history_free(history);
	json_decref(other);

	/* On the first of a month, yesterday is in the one before. */
	ck_assert_int_eq(mm_history_new("main", 1772323200, &history), 0);
	parameters = mm_history_parameters(history);
	ck_assert_str_eq(json_string_value(json_object_get(parameters, "from")), "2026-02-28T00:00:00Z");
	json_decref(parameters);
	mm_history_free(history);
}
END_TEST

/* ---- Memory ---- */

/* What jansson holds: all that grows with an answer. Its functions take no userdata, so that the counts must be static. */
static atomic_size_t held, most;

static void *count_in(size_t size)
{
	void *block = malloc(size);
	size_t now = atomic_fetch_add(&held, malloc_usable_size(block)) + malloc_usable_size(block);

	for (size_t seen = most; now > seen && !atomic_compare_exchange_weak(&most, &seen, now);) {
	}
	return block;
}

static void count_out(void *block)
{
	atomic_fetch_sub(&held, malloc_usable_size(block));
	free(block);
}

/* The most that it takes to show a profile of so many pages of 200 intervals. */
static size_t memory_for(const char *words, int pages)
{
	static const char row[] = INTERVAL("2026-03-01T12:00:00Z", "601.25", "0.0", "");
	char *messages, *page;
	size_t size;
	FILE *text = open_memstream(&page, &size);

	for (int i = 0; i < 200; i++) {
		fprintf(text, "%s%s", i > 0 ? "," : "", row);
	}
	fclose(text);
	text = open_memstream(&messages, &size);
	for (int i = 1; i <= pages; i++) {
		fprintf(text, "{\"parameters\":{\"meter\":\"main\",\"serial\":\"1\",\"intervals\":[%s]}%s}%s", page,
			i < pages ? ",\"continues\":true" : "", i < pages ? "\n" : "");
	}
	fclose(text);
	struct fake_answer script[] = {ANSWER_NAMEPLATE, {"GetProfile", 0, messages}, {NULL, 0, NULL}};
	held = most = 0;
	json_set_alloc_funcs(count_in, count_out);
	expect(script, words, MM_CTL_FINE, NULL, "");
	json_set_alloc_funcs(malloc, free);
	free(messages);
	free(page);
	return most;
}

START_TEST(a_long_profile_takes_the_memory_of_a_page)
{
	static const char *const words[] = {"profile --json", "profile --csv", "profile", "profile --plot"};
	size_t one = memory_for(words[_i], 2), many = memory_for(words[_i], 50);

	ck_assert_msg(many < one * 2, "'%s': %zu bytes for 2 pages, %zu for 50", words[_i], one, many);
}
END_TEST

TCase *history_tcase(void)
{
	TCase *history = tcase_create("history");

	tcase_set_timeout(history, 120);
	tcase_add_test(history, the_profile_has_a_sum);
	tcase_add_test(history, a_gap_in_the_profile_is_shown);
	tcase_add_test(history, csv_is_of_all_meters);
	tcase_add_test(history, events_for_a_spreadsheet_have_the_serial);
	tcase_add_test(history, statements_chain_on_paper_too);
	tcase_add_test(history, rates_add_up_on_paper_too);
	tcase_add_test(history, pieces_are_one_object);
	tcase_add_test(history, every_id_is_accounted_for);
	tcase_add_test(history, the_panel_adds_up_days_and_hours);
	tcase_add_test(history, bars_are_hours_days_or_months);
	tcase_add_loop_test(history, a_long_profile_takes_the_memory_of_a_page, 0, 4);
	return history;
}
