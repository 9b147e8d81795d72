/* SPDX-License-Identifier: MIT */
#include "engine_bench.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/units.h"
#include "suite.h"

#define ADC_V 0.70710678118654752

/* ---- A clock set by hand ---- */

int64_t now_ns, wall_offset_ns;
static int64_t armed_ns;

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

static void hand_hold(struct mm_clock *clock, int delta)
{
	(void)clock;
	(void)delta;
}

static const struct mm_clock_ops hand_ops = {
	.boottime = hand_boottime, .realtime = hand_realtime, .timer_arm = hand_timer_arm, .hold = hand_hold};
static struct mm_clock hand_clock = {.ops = &hand_ops};

/* ---- Lines that can fail ---- */

static bool crashing;
struct lines lines;
struct instant instant;
struct mm_handover *handover;

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
	if (output < MM_OUTPUT_ENERGY_COUNT && lines.edges < EDGES_MAX) {
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

static int lines_new(const struct mm_config *meters, const struct mm_outputs_config *wanted, struct mm_clock *clock,
		     char *message, struct mm_outputs **ret)
{
	static const struct mm_outputs_ops ops = {.set = lines_set, .free = lines_free};

	(void)meters;
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

char directory[] = "/tmp/check_engine.XXXXXX";
char register_path[64], copy_path[80];
struct mm_config config;
struct mm_engine engine;
struct mm_register_worker *worker;

void start(void)
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

void stop(void)
{
	mm_engine_stop(&engine, "the test is over");
	ck_assert_int_eq(mm_register_worker_free(worker), 0);
	mm_engine_done(&engine);
}

void crash(void)
{
	ck_assert_int_eq(mm_register_worker_free(worker), 0);
	crashing = true;
	mm_engine_done(&engine);
	crashing = false;
}

void setup(void)
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
	supply_v = 120;
	now_ns = 1000 * MM_NS_PER_S;
	wall_offset_ns = INT64_C(1780000000) * MM_NS_PER_S;
	start();
}

void teardown(void)
{
	char command[128];

	mm_handover_free(handover);
	handover = NULL;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

void keep_memory(void)
{
	ck_assert_int_eq(mm_handover_new(-1, "boot", &handover), 0);
}

double supply_v;
struct mm_voltage_event voltage_event;

bool window(double watts)
{
	struct mm_front_end_report report = {0};
	struct mm_measurement *m = &report.measurement;

	*m = (struct mm_measurement){.start_ns = now_ns,
				     .end_ns = now_ns + MM_NS_PER_S,
				     .latched = true,
				     .input_count = config.meter[0].model.elements};
	now_ns += MM_NS_PER_S;
	for (unsigned e = 0; e < m->input_count; e++) {
		m->input[e] = (struct mm_input_reading){.voltage_v = supply_v + (double)(now_ns / MM_NS_PER_S % 97) * 1e-6,
							.current_a = fabs(watts) / m->input_count / supply_v,
							.active_ws = watts / m->input_count,
							.frequency_hz = 60};
	}
	m->event[0] = voltage_event;
	m->event_count = voltage_event.end_ns > voltage_event.start_ns;
	voltage_event = (struct mm_voltage_event){0};
	report.at_ns = now_ns;
	return mm_engine_report(&engine, &report);
}

void failed_report(int error)
{
	struct mm_front_end_report report = {.error = error};

	now_ns += MM_NS_PER_S;
	report.at_ns = now_ns;
	(void)mm_engine_report(&engine, &report);
}

struct mm_register_status settle(void)
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

void run_timer_until(int64_t until_ns)
{
	while (armed_ns <= until_ns) {
		now_ns = armed_ns > now_ns ? armed_ns : now_ns;
		mm_engine_tick(&engine);
	}
	now_ns = until_ns;
	mm_engine_tick(&engine);
}

static bool count_code(void *userdata, const struct mm_register_event *event, const char *data)
{
	struct counts *counts = userdata;

	(void)data;
	counts->clock_step += strcmp(event->code, "clock-step") == 0;
	counts->received += strcmp(event->code, "received") == 0;
	counts->voltage_low += strcmp(event->code, "voltage-low") == 0;
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

struct counts count(void)
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
