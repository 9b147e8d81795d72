/* SPDX-License-Identifier: MIT */
/*
 * The engine between its ports: a clock that is set by hand, output lines that can fail, and a real register. What is tested is
 * the policy that no other room has: when to commit, what a fault does, what is owed.
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <syslog.h>
#include <unistd.h>

#include "core/units.h"
#include "daemon/engine.h"
#include "suite.h"

#define ADC_V 0.70710678118654752

/* ---- A clock set by hand ---- */

static int64_t now_ns, wall_offset_ns, armed_ns;

static int64_t hand_boottime(struct mm_clock *clock)
{
	(void)clock;
	return now_ns;
}

static int64_t hand_realtime(struct mm_clock *clock)
{
	(void)clock;
	return now_ns + wall_offset_ns;
}

static int hand_timer_arm(struct mm_clock *clock, int64_t t)
{
	(void)clock;
	armed_ns = t;
	return 0;
}

static int holds;

static void hand_hold(struct mm_clock *clock, int delta)
{
	(void)clock;
	holds += delta;
}

static const struct mm_clock_ops hand_ops = {
	.boottime = hand_boottime, .realtime = hand_realtime, .timer_arm = hand_timer_arm, .hold = hand_hold};
static struct mm_clock hand_clock = {.ops = &hand_ops};

/* ---- Lines that can fail ---- */

static bool crashing;

static struct {
	bool level[MM_OUTPUT_COUNT];
	bool reverts; /* the kernel lets lines go dark with the process */
	unsigned rising[MM_OUTPUT_COUNT];
	int set_error, new_error;
	unsigned made, freed;
	struct mm_edge edge[512]; /* edges of energy outputs that were put out */
	unsigned edges;
} lines;

/* An instant inside the setting of a line, just before or after its effect: what a kill there would leave. */
static struct {
	unsigned countdown; /* of sets of energy outputs; 0: never */
	bool after;
	uint8_t *memory; /* what was handed over, then; NULL: the instant has not come */
	bool level[MM_OUTPUT_COUNT];
	unsigned rising[MM_OUTPUT_COUNT];
} instant;

static struct mm_handover *handover;

static void note_instant(void)
{
	size_t size = (size_t)lseek(mm_handover_fd(handover), 0, SEEK_END);

	instant.memory = malloc(size);
	ck_assert_ptr_nonnull(instant.memory);
	ck_assert_int_eq(pread(mm_handover_fd(handover), instant.memory, size, 0), (ssize_t)size);
	memcpy(instant.level, lines.level, sizeof(lines.level));
	memcpy(instant.rising, lines.rising, sizeof(lines.rising));
}

static int lines_set(struct mm_outputs *outputs, enum mm_output output, bool level, int64_t at_ns, int64_t position_uwh)
{
	bool now = output < MM_OUTPUT_ENERGY_COUNT && instant.countdown > 0 && --instant.countdown == 0;

	(void)outputs;
	if (lines.set_error) {
		return lines.set_error;
	}
	if (now && !instant.after) {
		note_instant();
	}
	if (output < MM_OUTPUT_ENERGY_COUNT && lines.edges < MM_COUNT_OF(lines.edge)) {
		lines.edge[lines.edges++] =
			(struct mm_edge){.at_ns = at_ns, .position_uwh = position_uwh, .output = output, .level = level};
	}
	lines.rising[output] += level && !lines.level[output];
	lines.level[output] = level;
	if (now && instant.after) {
		note_instant();
	}
	return 0;
}

static void lines_free(struct mm_outputs *outputs)
{
	if (!crashing || lines.reverts) {
		memset(lines.level, 0, sizeof(lines.level));
	}
	lines.freed++;
	free(outputs);
}

static int lines_new(const struct mm_config *config, const struct mm_outputs_config *wanted, struct mm_clock *clock,
		     char *message, struct mm_outputs **ret)
{
	static const struct mm_outputs_ops ops = {.set = lines_set, .free = lines_free};

	(void)config;
	(void)clock;
	if (lines.new_error) {
		snprintf(message, MM_OUTPUTS_MESSAGE_MAX, "the line is gone");
		return lines.new_error;
	}
	*ret = calloc(1, sizeof(**ret));
	ck_assert_ptr_nonnull(*ret);
	(*ret)->ops = &ops;
	for (unsigned o = 0; o < MM_OUTPUT_COUNT; o++) {
		(*ret)->held[o] = wanted->resumed && !lines.reverts;
		(*ret)->level[o] = (*ret)->held[o] && lines.level[o];
	}
	lines.made++;
	return 0;
}

/* ---- The engine under test ---- */

static char directory[] = "/tmp/check_engine.XXXXXX";
static char register_path[64], copy_path[80]; /* copy "": none */
static struct mm_config config;
static struct mm_engine engine;
static struct mm_register_worker *worker;

static void start(void)
{
	struct mm_register_meter meter = {.name = "m"};
	char message[MM_CONFIG_MESSAGE_MAX];
	struct mm_register *reg;

	strcpy(meter.serial, config.meter[0].serial);
	strcpy(meter.model, config.meter[0].model.canonical);
	ck_assert_int_eq(mm_register_open(register_path, copy_path[0] ? copy_path : NULL, "boot", &meter, 1, message, &reg), 0);
	ck_assert_int_eq(mm_engine_init(&engine, &config, &hand_clock, reg, handover, lines_new, ADC_V, message), 0);
	ck_assert_int_eq(mm_register_worker_new(reg, &worker), 0);
	mm_engine_start(&engine, worker);
}

static void stop(void)
{
	mm_engine_stop(&engine, "the test is over");
	ck_assert_int_eq(mm_register_worker_free(worker), 0);
	mm_engine_done(&engine);
}

/* What a kill leaves: commits that the register's thread has, and the memory. */
static void crash(void)
{
	ck_assert_int_eq(mm_register_worker_free(worker), 0);
	crashing = true;
	mm_engine_done(&engine);
	crashing = false;
}

static void setup(void)
{
	struct mm_model_error error;

	strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(register_path, sizeof(register_path), "%s/register.db", directory);
	memset(&lines, 0, sizeof(lines));
	memset(&config, 0, sizeof(config));
	config.commit_wh = 8;
	config.database_wh = 250;
	config.commit_interval_s = 60;
	config.profile_interval_min = 15;
	config.voltage_divider = 1001;
	config.burden_ohm = 5.1;
	config.meter_count = 1;
	strcpy(config.meter[0].name, "m");
	strcpy(config.meter[0].serial, "1");
	config.meter[0].phase[1] = -1;
	ck_assert_int_eq(mm_model_parse("MMS-120-2001", &config.meter[0].model, &error), 0);
	copy_path[0] = '\0';
	now_ns = 1000 * MM_NS_PER_S;
	wall_offset_ns = INT64_C(1780000000) * MM_NS_PER_S;
	start();
}

static void teardown(void)
{
	char command[128];

	mm_handover_free(handover);
	handover = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

/* From the next start on there is memory that outlives a crash. */
static void keep_memory(void)
{
	ck_assert_int_eq(mm_handover_new(-1, "boot", &handover), 0);
}

static struct mm_voltage_event voltage_event; /* which the next good window brings where it has a length */

/* One good window of watts at 120 V. Each differs in its last digits, as live figures do. */
static bool window(double watts)
{
	struct mm_front_end_report report = {0};
	struct mm_measurement *m = &report.measurement;

	*m = (struct mm_measurement){.start_ns = now_ns, .end_ns = now_ns + MM_NS_PER_S, .latched = true, .input_count = 1};
	now_ns += MM_NS_PER_S;
	m->input[0] = (struct mm_input_reading){.voltage_v = 120 + (double)(now_ns / MM_NS_PER_S % 97) * 1e-6,
						.current_a = watts / 120,
						.active_ws = watts,
						.frequency_hz = 60};
	m->event[0] = voltage_event;
	m->event_count = voltage_event.end_ns > voltage_event.start_ns;
	voltage_event = (struct mm_voltage_event){0};
	report.at_ns = now_ns;
	return mm_engine_report(&engine, &report);
}

static void failed_report(int error)
{
	struct mm_front_end_report report = {.error = error};

	now_ns += MM_NS_PER_S;
	report.at_ns = now_ns;
	(void)mm_engine_report(&engine, &report);
}

/* Waits until the register's thread has nothing left to do, and hands its status to the engine. */
static struct mm_register_status settle(void)
{
	struct pollfd p = {.fd = mm_register_worker_fd(worker), .events = POLLIN};
	struct mm_register_status status;

	for (;;) {
		mm_register_worker_dispatch(worker);
		mm_register_worker_status(worker, &status);
		if (!status.busy) {
			break;
		}
		(void)poll(&p, 1, 100);
	}
	mm_engine_register_status(&engine, &status);
	return status;
}

/* The timer as the main loop would run it, up to an instant. */
static void run_timer_until(int64_t until_ns)
{
	while (armed_ns <= until_ns) {
		now_ns = armed_ns > now_ns ? armed_ns : now_ns;
		mm_engine_tick(&engine);
	}
	now_ns = until_ns;
	mm_engine_tick(&engine);
}

START_TEST(what_waits_stays_below_the_bound)
{
	/* 7200 W are 2 Wh a window. */
	for (int i = 0; i < 100; i++) {
		struct mm_register_status status;

		window(7200);
		status = settle();
		ck_assert_int_lt(mm_engine_uncommitted_uwh(&engine, &status), 8 * MM_UWH_PER_WH);
	}
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 200 * MM_UWH_PER_WH);
	ck_assert_uint_lt(settle().commits, 40);
	stop();
}
END_TEST

START_TEST(a_small_load_is_committed_by_the_clock)
{
	uint64_t commits;

	window(120);
	commits = settle().commits;
	for (int i = 0; i < 300; i++) {
		window(120);
		settle();
	}
	ck_assert_uint_ge(settle().commits - commits, 5);
	ck_assert_uint_le(settle().commits - commits, 6 + 1); /* every 60 s, and one for the profile's interval */
	stop();
}
END_TEST

START_TEST(a_meter_without_load_does_not_write)
{
	uint64_t commits;

	window(0);
	for (int i = 0; i < 120; i++) {
		window(0);
	}
	commits = settle().commits;
	for (int i = 0; i < 300; i++) {
		window(0);
	}
	ck_assert_uint_le(settle().commits - commits, 1); /* the profile's interval */
	stop();
}
END_TEST

START_TEST(a_restart_goes_on_where_it_stopped)
{
	int64_t before;

	for (int i = 0; i < 10; i++) {
		window(7200);
	}
	before = engine.meters[0].meter.registers.delivered.uwh;
	stop();
	start();
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, before);
	stop();
}
END_TEST

START_TEST(edges_that_were_not_played_are_owed_after_a_restart)
{
	/* 36 Wh in nine windows: the edge at 35 Wh lies within the delay when the stop comes. */
	for (int i = 0; i < 9; i++) {
		window(14400);
		run_timer_until(now_ns);
	}
	ck_assert_uint_lt(lines.rising[MM_OUTPUT_10], 4);
	stop();
	start();
	for (int i = 0; i < 5; i++) {
		window(0);
		run_timer_until(now_ns);
	}
	ck_assert_uint_eq(lines.rising[MM_OUTPUT_10], 4);
	stop();
}
END_TEST

START_TEST(faults_stop_registration_and_a_gap_is_counted)
{
	int64_t before;

	window(7200);
	before = engine.meters[0].meter.registers.delivered.uwh;
	for (int i = 0; i < 5; i++) {
		failed_report(-ENODEV);
	}
	ck_assert_int_eq(engine.health, MM_HEALTH_ABSENT);
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, before);
	ck_assert_uint_eq(engine.missed, 0);
	window(7200);
	ck_assert_int_eq(engine.health, MM_HEALTH_OK);
	ck_assert_uint_eq(engine.missed, 5);
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 2 * before);
	stop();
}
END_TEST

START_TEST(silence_is_stale)
{
	window(7200);
	run_timer_until(now_ns + 4 * MM_NS_PER_S);
	ck_assert_int_eq(engine.health, MM_HEALTH_OK);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	run_timer_until(now_ns + 2 * MM_NS_PER_S);
	ck_assert_int_eq(engine.health, MM_HEALTH_STALE);
	ck_assert(!lines.level[MM_OUTPUT_LED_POWER]);
	stop();
}
END_TEST

START_TEST(lines_that_fail_are_made_again)
{
	window(7200);
	lines.set_error = -ENODEV;
	lines.new_error = -ENODEV;
	for (int i = 0; i < 20; i++) {
		window(7200);
		run_timer_until(now_ns);
	}
	ck_assert(engine.meters[0].outputs_failing);
	ck_assert_uint_eq(lines.freed, 1);
	lines.set_error = lines.new_error = 0;
	for (int i = 0; i < 20; i++) {
		window(7200);
		run_timer_until(now_ns);
	}
	ck_assert(!engine.meters[0].outputs_failing);
	ck_assert_uint_eq(lines.made, 2);
	/* 82 Wh, of which the outputs have played up to 79 Wh: every pulse of the time without lines was paid out. */
	ck_assert_uint_eq(lines.rising[MM_OUTPUT_10], 8);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	stop();
}
END_TEST

START_TEST(an_output_test_inverts_an_indicator_and_nothing_else)
{
	window(7200);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	ck_assert_int_eq(mm_engine_test_output(&engine, 0, MM_OUTPUT_10, 3, "anna (uid 1000)"), -EINVAL);
	ck_assert_int_eq(mm_engine_test_output(&engine, 0, MM_OUTPUT_LED_LOAD, 3, "anna (uid 1000)"), -EINVAL);
	ck_assert_int_eq(mm_engine_test_output(&engine, 0, MM_OUTPUT_LED_POWER, 3, "anna (uid 1000)"), 0);
	ck_assert(!lines.level[MM_OUTPUT_LED_POWER]);
	run_timer_until(now_ns + 3 * MM_NS_PER_S);
	ck_assert(lines.level[MM_OUTPUT_LED_POWER]);
	stop();
}
END_TEST

struct counts {
	unsigned unrecorded, power_fail, power_returned, clock_step, gap, absent, sag, resumed, refused, uncertain, rows;
	int64_t rows_uwh;
	bool done;
};

static bool count_code(void *userdata, const struct mm_register_event *event, const char *data)
{
	struct counts *counts = userdata;

	(void)data;
	counts->clock_step += strcmp(event->code, "clock-step") == 0;
	counts->gap += strcmp(event->code, "gap") == 0;
	counts->absent += strcmp(event->code, "absent") == 0;
	counts->sag += strcmp(event->code, "sag") == 0 && strcmp(event->text, "element 1: sag of 0.25 s, to 84.0 V") == 0;
	counts->power_fail += strcmp(event->code, "power-fail") == 0;
	counts->power_returned += strcmp(event->code, "power-returned") == 0;
	counts->resumed += strcmp(event->code, "resumed") == 0;
	counts->uncertain += strcmp(event->code, "outputs-uncertain") == 0;
	counts->unrecorded += strcmp(event->code, "calibration-unrecorded") == 0;
	counts->refused += strcmp(event->code, "handover-refused") == 0;
	return true;
}

static bool count_row(void *userdata, const struct mm_profile_row *row)
{
	struct counts *counts = userdata;

	counts->rows++;
	counts->rows_uwh += row->delivered_uwh;
	return true;
}

static int query_all(struct mm_register *reg, void *userdata)
{
	int r = mm_register_events(reg, 0, 1000, false, count_code, userdata);

	return r < 0 ? r : mm_register_profile(reg, 0, INT64_MIN, INT64_MAX, count_row, userdata);
}

static void query_done(int result, void *userdata)
{
	struct counts *counts = userdata;

	ck_assert_int_eq(result, 0);
	counts->done = true;
}

/* What the database has once all commits are done. */
static struct counts count(void)
{
	struct counts counts = {0};

	settle();
	ck_assert_int_eq(mm_register_worker_query(worker, query_all, query_done, &counts), 0);
	while (!counts.done) {
		struct pollfd p = {.fd = mm_register_worker_fd(worker), .events = POLLIN};

		(void)poll(&p, 1, 100);
		mm_register_worker_dispatch(worker);
	}
	return counts;
}

START_TEST(daylight_saving_is_that_of_the_time_zone)
{
	/* The last minutes before and the first after the changes of 2026 in Germany, and of a zone without. */
	static const struct {
		const char *zone;
		int64_t at_s;
		bool saving;
	} instants[] = {
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774745940, false},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774746060, true},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792889940, true},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792890060, false},
		{"UTC0", 1780315200, false},
	};

	for (int i = 0; i < MM_COUNT_OF(instants); i++) {
		setenv("TZ", instants[i].zone, 1);
		tzset();
		ck_assert_int_eq(mm_engine_daylight_saving(instants[i].at_s * MM_NS_PER_S), instants[i].saving);
	}
	stop();
}
END_TEST

static int record(struct mm_register *reg, void *userdata)
{
	const struct mm_register_event event = {
		.boottime_ns = now_ns, .realtime_ns = now_ns + wall_offset_ns, .code = "calibration"};
	for (const char *const *data = userdata; *data; data++) {
		ck_assert_int_eq(mm_register_record(reg, &event, *data), 0);
	}
	return 0;
}

static bool recorded;

static void record_done(int result, void *userdata)
{
	(void)userdata;
	ck_assert_int_eq(result, 0);
	recorded = true;
}

/* A record on the disk counts even where the registers with its constants are not there; what is no record does not. */
START_TEST(the_last_calibration_on_record_is_in_force)
{
	static const char *const records[] = {
		"{\"version\":1,\"constants\":[{\"gain\":1.02,\"phase_deg\":0,\"offset_w\":0}]}",
		"{\"version\":2,\"constants\":[{\"gain\":1.01,\"phase_deg\":0.5,\"offset_w\":-1}]}",
		"{\"version\":3,\"constants\":[{\"gain\":7,\"phase_deg\":0,\"offset_w\":0}]}",
		"{\"version\":3,\"constants\":[]}",
		"{\"version\":\"3\"}",
		"[]",
		NULL,
	};
	const struct mm_calibration_version *calibration;

	window(7200);
	ck_assert_double_eq(engine.meters[0].meter.element[0].power_w, 7200);
	recorded = false;
	ck_assert_int_eq(mm_register_worker_query(worker, record, record_done, (void *)records), 0);
	while (!recorded) {
		settle();
	}
	stop();
	start();
	calibration = &engine.meters[0].meter.registers.calibration;
	ck_assert_int_eq(calibration->number, 2);
	ck_assert_double_eq(calibration->constants[0].gain, 1.01);
	ck_assert_double_eq(calibration->constants[0].phase_deg, 0.5);
	ck_assert_double_eq(calibration->constants[0].offset_w, -1);
	window(7200);
	ck_assert_double_eq_tol(engine.meters[0].meter.element[0].power_w, 7271 - 0.277, 1e-3);
	ck_assert_uint_eq(count().unrecorded, 0);
	stop();
}
END_TEST

START_TEST(constants_outlive_the_audit_trail)
{
	const struct mm_calibration_version calibration = {.number = 2, .constants = {{1.01, 0, 0}}};

	window(7200);
	ck_assert_int_eq(mm_meter_calibrate(&engine.meters[0].meter, &calibration), 0);
	window(7200);
	stop();
	start();
	ck_assert_int_eq(engine.meters[0].meter.registers.calibration.number, 2);
	window(7200);
	ck_assert_double_eq_tol(engine.meters[0].meter.element[0].power_w, 7272, 1e-9);
	(void)mm_engine_commit(&engine);
	ck_assert_uint_eq(count().unrecorded, 1);
	stop();
}
END_TEST

START_TEST(what_matters_to_a_bill_is_in_the_log_once)
{
	struct counts counts;

	window(7200);
	wall_offset_ns += 3600 * MM_NS_PER_S;
	window(7200);
	window(7200);
	voltage_event = (struct mm_voltage_event){.start_ns = now_ns, .end_ns = now_ns + MM_NS_PER_S / 4, .extreme_v = 84};
	window(7200);
	voltage_event = (struct mm_voltage_event){.end_ns = 1, .input = 1}; /* of no element */
	window(7200);
	failed_report(-EIO);
	failed_report(-EIO);
	window(7200);
	now_ns += 61 * MM_NS_PER_S;
	window(7200);
	counts = count();
	ck_assert_uint_eq(counts.clock_step, 1);
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.absent, 1);
	ck_assert_uint_eq(counts.sag, 1);
	stop();
}
END_TEST

/* Windows of many powers; after each one a crash, or none. */
static void run_windows(unsigned count, bool crashes)
{
	for (unsigned i = 0; i < count; i++) {
		window(500 + (i * 7919 % 13) * 1777.7);
		run_timer_until(now_ns);
		if (crashes) {
			crash();
			start();
		}
	}
	for (int i = 0; i < 5; i++) {
		window(0);
		run_timer_until(now_ns);
	}
}

START_TEST(a_crash_after_any_window_changes_nothing)
{
	struct mm_registers expected;
	struct mm_edge edges[MM_COUNT_OF(lines.edge)];
	unsigned count;

	run_windows(60, false);
	expected = engine.meters[0].meter.registers;
	expected.profile = (struct mm_profile){0}; /* marked as interrupted */
	count = lines.edges;
	memcpy(edges, lines.edge, sizeof(edges));
	ck_assert_uint_gt(count, 40);
	stop();
	teardown();
	setup();
	stop();
	keep_memory();
	start();
	run_windows(60, true);
	engine.meters[0].meter.registers.profile = (struct mm_profile){0};
	ck_assert_mem_eq(&engine.meters[0].meter.registers, &expected, sizeof(expected));
	ck_assert_uint_eq(lines.edges, count);
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(lines.edge[i].at_ns, edges[i].at_ns);
		ck_assert_int_eq(lines.edge[i].position_uwh, edges[i].position_uwh);
		ck_assert_uint_eq(lines.edge[i].output, edges[i].output);
		ck_assert(lines.edge[i].level == edges[i].level);
	}
	ck_assert_uint_eq(engine.missed, 0);
	stop();
}
END_TEST

/* Windows of 5 Wh, with one kill within a set; returns how many pulses of 10 Wh a counter on the line has seen. */
static unsigned pulses_after_kill_in_set(unsigned number, bool after, bool reverts)
{
	teardown();
	setup();
	stop();
	keep_memory();
	lines.reverts = reverts;
	start();
	memset(&instant, 0, sizeof(instant));
	instant.countdown = number;
	instant.after = after;
	for (int i = 0; i < 24; i++) {
		window(i < 20 ? 18000 : 0);
		run_timer_until(now_ns);
		if (instant.memory) {
			size_t size = (size_t)lseek(mm_handover_fd(handover), 0, SEEK_END);

			crash();
			ck_assert_int_eq(pwrite(mm_handover_fd(handover), instant.memory, size, 0), (ssize_t)size);
			memcpy(lines.level, instant.level, sizeof(lines.level));
			memcpy(lines.rising, instant.rising, sizeof(lines.rising));
			if (reverts) {
				memset(lines.level, 0, sizeof(lines.level));
			}
			free(instant.memory);
			instant.memory = NULL;
			start();
			/* And another right after what was due has been put out. */
			run_timer_until(now_ns + 50 * MM_NS_PER_MS);
			now_ns -= 50 * MM_NS_PER_MS;
			crash();
			start();
		}
	}
	ck_assert_uint_eq(instant.countdown, 0);
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 100 * MM_UWH_PER_WH);
	number = lines.rising[MM_OUTPUT_10];
	stop();
	return number;
}

START_TEST(a_kill_while_a_line_is_set_loses_and_repeats_no_pulse)
{
	unsigned lost = 0;

	stop();
	for (unsigned number = 1; number <= 22; number += 3) {
		ck_assert_uint_eq(pulses_after_kill_in_set(number, false, false), 10);
		ck_assert_uint_eq(pulses_after_kill_in_set(number, true, false), 10);
		ck_assert_uint_eq(pulses_after_kill_in_set(number, true, true), 10);
		/* Noted, not made, and the line went dark: nothing on the machine knows. */
		lost += 10 - pulses_after_kill_in_set(number, false, true);
	}
	ck_assert_uint_le(lost, 4);
	start();
	stop();
}
END_TEST

START_TEST(without_memory_outputs_get_ahead_once_and_it_is_logged)
{
	int64_t ahead = -1;
	unsigned before;

	/* 36 Wh in nine windows, the last of which are not committed. */
	for (int i = 0; i < 9; i++) {
		window(14400);
		run_timer_until(now_ns);
	}
	ck_assert_uint_eq(count().uncertain, 0);
	before = lines.rising[MM_OUTPUT_10];
	crash();
	start();
	for (int i = 0; i < 60; i++) {
		int64_t position;

		window(14400);
		run_timer_until(now_ns);
		position = mm_player_position(&engine.meters[0].player, engine.meters[0].meter.registers.output_uwh);
		if (i > 1) {
			int64_t now_ahead = lines.rising[MM_OUTPUT_10] - (position + 5 * MM_UWH_PER_WH) / (10 * MM_UWH_PER_WH);

			ck_assert(ahead < 0 || now_ahead == ahead);
			ahead = now_ahead;
		}
	}
	ck_assert_int_le(ahead, 1);
	ck_assert_int_ge(ahead, 0);
	ck_assert_uint_gt(lines.rising[MM_OUTPUT_10], before);
	ck_assert_uint_eq(count().uncertain, 1);
	stop();
	start();
	window(14400);
	ck_assert_uint_eq(count().uncertain, 1);
	stop();
}
END_TEST

/* The same register with a copy. */
static void start_with_copy(void)
{
	stop();
	snprintf(copy_path, sizeof(copy_path), "%s.copy", register_path);
	start();
	config.commit_interval_s = 300;
}

/* What is durable lacks commit_wh at most whenever a window has been dealt with; the window itself is all that can be lost
 * besides. */
START_TEST(loss_is_bound_at_any_load)
{
	static const double loads_w[] = {40, 3000, 14000, 25000, 48000};

	start_with_copy();
	for (int i = 0; i < MM_COUNT_OF(loads_w); i++) {
		for (int n = 0; n < 60; n++) {
			struct mm_register_status status;

			/* Loads come and go from one window to the next. */
			window(n % 17 == 16 ? 48000 : loads_w[i]);
			status = settle();
			ck_assert_msg(mm_engine_uncommitted_uwh(&engine, &status) <= 8 * MM_UWH_PER_WH, "%g W: %lld uWh",
				      loads_w[i], (long long)mm_engine_uncommitted_uwh(&engine, &status));
		}
	}
	stop();
}
END_TEST

/* 3 kW for a quarter of an hour: the copy takes a write every nine seconds, the database one in five minutes and one an interval.
 */
START_TEST(the_database_is_spared)
{
	uint64_t commits;

	start_with_copy();
	window(3000);
	commits = settle().commits;
	for (int n = 0; n < 900; n++) {
		window(3000);
		(void)settle();
	}
	commits = settle().commits - commits;
	ck_assert_msg(commits >= 3 && commits <= 5, "%llu commits", (unsigned long long)commits);
	stop();
}
END_TEST

START_TEST(an_event_reaches_the_database_soon)
{
	uint64_t commits;

	start_with_copy();
	for (int n = 0; n < 20; n++) {
		window(100);
	}
	commits = settle().commits;
	mm_engine_event(&engine, NULL, LOG_INFO, NULL, "test", "something that matters");
	window(100);
	ck_assert_uint_eq(settle().commits, commits + 1);
	/* One after the other wears nothing. */
	for (int n = 0; n < 30; n++) {
		mm_engine_event(&engine, NULL, LOG_INFO, NULL, "test", "again");
		window(100);
		(void)settle();
	}
	ck_assert_uint_le(settle().commits, commits + 5);
	stop();
}
END_TEST

START_TEST(a_backup_is_made_when_it_is_due)
{
	char backup[80];

	snprintf(backup, sizeof(backup), "%s.backup", register_path);
	config.backup_interval_h = 24;
	for (int n = 0; n < 590; n++) {
		window(100);
	}
	(void)settle();
	ck_assert_int_ne(access(backup, F_OK), 0);
	for (int n = 0; n < 20; n++) {
		window(100);
	}
	while (engine.backup_runs) {
		(void)settle();
	}
	ck_assert_int_eq(access(backup, F_OK), 0);
	ck_assert(!engine.backup_failed);
	ck_assert_int_gt(engine.backup_ns, now_ns + 23 * 3600 * MM_NS_PER_S);
	/* One that is an hour old is not made again at a start; nor does a clock that is not set yet put it off. */
	mm_engine_plan_backup(&engine, mm_clock_realtime(engine.clock) / MM_NS_PER_S - 3600);
	ck_assert_int_gt(engine.backup_ns, now_ns + 22 * 3600 * MM_NS_PER_S);
	mm_engine_plan_backup(&engine, mm_clock_realtime(engine.clock) / MM_NS_PER_S + 3600);
	ck_assert_int_lt(engine.backup_ns, now_ns + 3600 * MM_NS_PER_S);
	stop();
}
END_TEST

START_TEST(a_failing_supply_is_written_for_at_once)
{
	struct mm_register_status status;
	int64_t stored_uwh;

	window(3600); /* the event of the start takes this one along */
	(void)settle();
	window(3600);
	status = settle();
	ck_assert_int_gt(mm_engine_uncommitted_uwh(&engine, &status), 0);
	mm_engine_power_fail(&engine, 0);
	status = settle();
	ck_assert_int_eq(mm_engine_uncommitted_uwh(&engine, &status), 0);
	stored_uwh = status.committed[0].profile.row.delivered_uwh;
	ck_assert_int_eq(stored_uwh, 2 * MM_UWH_PER_WH);
	/* And metering goes on, whether it comes back or not. */
	window(3600);
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 3 * MM_UWH_PER_WH);
	mm_engine_power_returned(&engine);
	for (int i = 0; i < 5; i++) {
		window(7200);
	}
	ck_assert_uint_eq(count().power_fail, 1);
	ck_assert_uint_eq(count().power_returned, 1);
	stop();
}
END_TEST

START_TEST(a_supply_that_flickers_for_ever_does_not_wear_the_medium)
{
	uint64_t commits = settle().commits;

	/* A day of it, ten times a second; no load that would commit by itself. */
	for (int i = 0; i < 864000; i++) {
		now_ns += 100 * MM_NS_PER_MS;
		mm_engine_power_fail(&engine, 0);
		mm_engine_power_returned(&engine);
		if (i % 1000 == 0) {
			settle();
		}
	}
	ck_assert_uint_le(settle().commits - commits, 288 + 8);
	ck_assert_uint_ge(settle().commits - commits, 288 - 8);
	stop();
}
END_TEST

/* Keeps the register's file aside, or puts it back: then what was committed since is not durable. */
static void copy_register(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s/%s* && cp %s/%s %s/%s", directory, to, directory, from, directory, to);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(rows_and_events_that_were_on_their_way_are_there_once)
{
	struct counts counts;

	stop();
	keep_memory();
	start();
	/* Two intervals are closed; a gap in each. */
	for (int i = 0; i < 40; i++) {
		if (i == 20) {
			stop();
			copy_register("register.db", "aside");
			start();
		}
		window(3600);
		now_ns += i % 20 == 10 ? 900 * MM_NS_PER_S : 0;
	}
	crash();
	copy_register("aside", "register.db");
	start();
	window(3600);
	counts = count();
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.rows, 2);
	ck_assert_uint_eq(counts.resumed, 2); /* that of the crash, and the one before, which was not durable */
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 41 * MM_UWH_PER_WH);
	ck_assert_int_eq(counts.rows_uwh + engine.meters[0].meter.registers.profile.row.delivered_uwh, 41 * MM_UWH_PER_WH);
	/* What is durable by now is not written again. */
	crash();
	start();
	for (int i = 0; i < 10; i++) {
		window(3600);
	}
	counts = count();
	ck_assert_uint_eq(counts.gap, 2);
	ck_assert_uint_eq(counts.rows, 2);
	ck_assert_uint_eq(counts.resumed, 3);
	stop();
}
END_TEST

START_TEST(memory_that_is_behind_the_register_is_refused)
{
	struct mm_handover *kept;

	stop();
	keep_memory();
	start();
	window(7200);
	stop();
	/* A run without it, as by hand. */
	kept = handover;
	handover = NULL;
	start();
	window(7200);
	stop();
	handover = kept;
	start();
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 4 * MM_UWH_PER_WH);
	for (int i = 0; i < 5; i++) {
		window(7200);
	}
	ck_assert_uint_eq(count().refused, 1);
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 14 * MM_UWH_PER_WH);
	stop();
}
END_TEST

START_TEST(memory_of_another_meter_is_not_taken)
{
	stop();
	keep_memory();
	start();
	window(7200);
	stop();
	strcpy(config.meter[0].serial, "2");
	strcat(register_path, "2");
	start();
	ck_assert_int_eq(engine.meters[0].meter.registers.delivered.uwh, 0);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine"), *slow = tcase_create("kills");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_waits_stays_below_the_bound);
	tcase_add_test(tc, a_small_load_is_committed_by_the_clock);
	tcase_add_test(tc, a_meter_without_load_does_not_write);
	tcase_add_test(tc, a_restart_goes_on_where_it_stopped);
	tcase_add_test(tc, edges_that_were_not_played_are_owed_after_a_restart);
	tcase_add_test(tc, faults_stop_registration_and_a_gap_is_counted);
	tcase_add_test(tc, silence_is_stale);
	tcase_add_test(tc, lines_that_fail_are_made_again);
	tcase_add_test(tc, an_output_test_inverts_an_indicator_and_nothing_else);
	tcase_add_test(tc, the_last_calibration_on_record_is_in_force);
	tcase_add_test(tc, constants_outlive_the_audit_trail);
	tcase_add_test(tc, what_matters_to_a_bill_is_in_the_log_once);
	tcase_add_test(tc, daylight_saving_is_that_of_the_time_zone);
	tcase_add_test(tc, without_memory_outputs_get_ahead_once_and_it_is_logged);
	tcase_add_test(tc, loss_is_bound_at_any_load);
	tcase_add_test(tc, the_database_is_spared);
	tcase_add_test(tc, an_event_reaches_the_database_soon);
	tcase_add_test(tc, a_backup_is_made_when_it_is_due);
	tcase_add_test(tc, a_failing_supply_is_written_for_at_once);
	tcase_add_test(tc, rows_and_events_that_were_on_their_way_are_there_once);
	tcase_add_test(tc, memory_that_is_behind_the_register_is_refused);
	tcase_add_test(tc, memory_of_another_meter_is_not_taken);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(slow, 60);
	tcase_set_tags(slow, "slow");
	tcase_add_checked_fixture(slow, setup, teardown);
	tcase_add_test(slow, a_crash_after_any_window_changes_nothing);
	tcase_add_test(slow, a_kill_while_a_line_is_set_loses_and_repeats_no_pulse);
	tcase_add_test(slow, a_supply_that_flickers_for_ever_does_not_wear_the_medium);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
