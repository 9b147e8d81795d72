/* SPDX-License-Identifier: MIT */
/*
 * Several front ends in one daemon: eight chips of every kind, as their adapters and threads report them from simulated boards,
 * and sixteen meters on them. Whatever befalls one chip, the meters of the others register what they register without it, to the
 * last bit. And which chip serves which meter is on record.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture/afe_fixture.h"
#include "fixture/metering_fixture.h"

#include "config/inputs.h"
#include "core/units.h"
#include "fixture/suite.h"

#define CHIPS 8
#define METERS (2 * CHIPS)
#define SECONDS 26
#define REPORTS_MAX 256
/* Boards begin at 0; a fixture's clock here. */
#define BEGIN_NS (1000 * MM_NS_PER_S)

static const struct chip {
	const char *driver, *board;
	double burden_ohm, ppm;
	unsigned sample_rate;
} chips[CHIPS] = {
	{"ade9000", "", 5.1, -40, 0},
	{"mcp3912", "chip = mcp3912\n", 3.3, 30, 0},
	{"mcp3913", "chip = mcp3913\ngain = 2\n", 1.6, 0, 0},
	{"mcp3914", "chip = mcp3914\noffset_uv = 500\n", 3.3, -80, 0},
	{"mcp3919", "chip = mcp3919\n", 3.3, 10, 0},
	{"ads131e04", "chip = ads131e04\n", 5.1, 50, 4000},
	{"ads131e08", "chip = ads131e08\noffset_uv = -2000\n", 5.1, 20, 8000},
	{"ade9000", "chip = ade9000-minimeter\n", 5.1, 90, 0},
};

#define LATCHING 1u /* metering chips behind the mainline driver */
#define COUNTING 2u /* and behind ours, which reads nothing through a cache */
#define CONVERTER 4u
#define ALL (LATCHING | COUNTING | CONVERTER)

/* What befalls a chip, from the 8th to the 15th second, and the kinds that it can befall. */
static const struct fault {
	const char *name, *line, *end;
	unsigned kinds;
	unsigned unharmed; /* kinds that lose nothing by it, and show nothing */
} faults[] = {
	{"vanished", "fault = vanished", "fault = none", ALL},
	{"errors", "fault = eio", "fault = none", ALL},
	{"frozen", "fault = frozen", "fault = none", LATCHING},
	{"stuck", "fault = stuck", "fault = none", ALL},
	{"implausible", "fault = implausible", "fault = none", ALL},
	{"slow", "fault = stall 400", "fault = none", ALL, COUNTING},
	{"stalled", "fault = stall 9000", "fault = none", ALL},
	{"losing", "fault = losing 200", "fault = none", CONVERTER},
	{"rate", "fault = rate 50", "fault = none", CONVERTER},
	{"no trigger", "fault = no-trigger", "fault = none", CONVERTER},
	{"overloaded", "load_a = 90000 W\nload_b = 90000 W", "load_a = 3000 W\nload_b = 500 W", ALL},
	{"dead line", "voltage_a = 0", "voltage_a = 120", ALL},
};

/* What a front end's thread reported. */
struct recording {
	unsigned count;
	struct mm_front_end_report report[REPORTS_MAX];
	char chip[REPORTS_MAX][MM_AFE_CHIP_MAX]; /* where it was opened */
};

static void configure(struct mm_config *config)
{
	struct mm_model_error wrong;

	config->front_end_count = CHIPS;
	config->meter_count = METERS;
	for (unsigned i = 0; i < CHIPS; i++) {
		struct mm_config_front_end *front_end = &config->front_end[i];

		*front_end = (struct mm_config_front_end){
			.afe = {.voltage_divider = 1001,
				.burden_ohm = chips[i].burden_ohm,
				.mclk_hz = 4e6,
				.osr = 256,
				.sample_rate = (int)chips[i].sample_rate,
				.voltage_channel = {1, strcmp(chips[i].driver, "mcp3919") == 0 ? 1 : 3, 5},
				.current_channel = {0, 2, 4}}};
		snprintf(front_end->name, sizeof(front_end->name), "chip %u", i);
		snprintf(front_end->driver, sizeof(front_end->driver), "%s", chips[i].driver);
	}
	for (unsigned i = 0; i < METERS; i++) {
		struct mm_config_meter *meter = &config->meter[i];

		snprintf(meter->name, sizeof(meter->name), "meter %u", i);
		snprintf(meter->serial, sizeof(meter->serial), "%u", i);
		ck_assert_int_eq(mm_model_parse(i % 2 == 0 ? "MMD-120-2001" : "MMS-120-2001", &meter->model, &wrong), 0);
		meter->ct_sets = 1;
		meter->multiplier = 1;
		meter->front_end = i / 2;
		meter->phase[0] = i % 2 == 0 ? 0 : 1;
		meter->phase[1] = i % 2 == 0 ? 1 : -1;
	}
}

static struct metering_fixture *setup_chips(void)
{
	struct metering_fixture *f = setup();

	stop(f);
	ck_assert_int_eq(unlink(f->register_path), 0);
	configure(&f->config);
	start(f);
	return f;
}

static void take(struct mm_front_end *thread, struct recording *ret)
{
	struct pollfd p = {.fd = mm_front_end_fd(thread), .events = POLLIN};
	struct mm_front_end_report *report = &ret->report[ret->count];

	ck_assert_uint_lt(ret->count, REPORTS_MAX);
	while (!mm_front_end_take(thread, report)) {
		(void)poll(&p, 1, 1000);
	}
	if (report->opened) {
		mm_front_end_chip(thread, ret->chip[ret->count]);
	}
	ret->count++;
}

/* What the thread of a chip reports while that befalls it; NULL: nothing does. */
static struct recording *record(const struct mm_config *config, unsigned chip, const struct fault *fault)
{
	struct recording *recording = calloc(1, sizeof(*recording));
	struct fixture *b = begin_scenario(chips[chip].ppm, chips[chip].board);
	struct mm_front_end *thread;
	struct mm_afe_config settings;
	int64_t at_ns;

	ck_assert_ptr_nonnull(recording);
	say(b, "burden_ohm = %g\n[at 0]\nload_a = 3000 W\nload_b = 500 W\n", chips[chip].burden_ohm);
	if (fault) {
		say(b, "[at 8]\n%s\n[at 15]\n%s\n", fault->line, fault->end);
	}
	mm_inputs_configure(config, chip, &settings);
	fixture_start(b, mm_afe_driver_find(chips[chip].driver), &settings);
	ck_assert_int_eq(mm_front_end_new(b->afe, b->clock, &thread), 0);
	do {
		take(thread, recording);
		at_ns = recording->report[recording->count - 1].at_ns;
		mm_clock_release(b->clock);
	} while (at_ns < SECONDS * MM_NS_PER_S);
	ck_assert(mm_front_end_free(thread));
	fixture_free(b);
	return recording;
}

/* What of a meter must not change, and how its front end fared. */
struct outcome {
	struct mm_registers registers;
	uint64_t windows, missed, edges[MM_OUTPUT_COUNT];
	unsigned disorder; /* how often its front end was out of order once it had been in order */
};

static void shift(struct mm_front_end_report *report)
{
	struct mm_measurement *m = &report->measurement;

	report->at_ns += BEGIN_NS;
	m->start_ns += BEGIN_NS;
	m->end_ns += BEGIN_NS;
	for (unsigned i = 0; i < m->event_count; i++) {
		m->event[i].start_ns += BEGIN_NS;
		m->event[i].end_ns += BEGIN_NS;
	}
}

/* The chip whose next report is the oldest; CHIPS: there is no further one. */
static unsigned next_of(struct recording *const recordings[CHIPS], const unsigned done[CHIPS])
{
	unsigned next = CHIPS;

	for (unsigned i = 0; i < CHIPS; i++) {
		if (done[i] < recordings[i]->count && recordings[i]->report[done[i]].at_ns < SECONDS * MM_NS_PER_S &&
		    (next == CHIPS || recordings[i]->report[done[i]].at_ns < recordings[next]->report[done[next]].at_ns)) {
			next = i;
		}
	}
	return next;
}

/* Has the daemon deal with all reports in the order of their time. */
static void play(struct recording *const recordings[CHIPS], struct outcome ret[METERS])
{
	struct metering_fixture *f = setup_chips();
	unsigned done[CHIPS] = {0}, chip;

	memset(ret, 0, METERS * sizeof(*ret));
	while ((chip = next_of(recordings, done)) < CHIPS) {
		struct mm_front_end_report report = recordings[chip]->report[done[chip]];

		shift(&report);
		run_timer_until(f, report.at_ns);
		if (report.opened) {
			mm_metering_chip(f->metering, chip, recordings[chip]->chip[done[chip]]);
		}
		done[chip]++;
		(void)mm_metering_report(f->metering, chip, &report);
		settle(f);
		for (unsigned m = 0; m < METERS; m++) {
			struct mm_view_front_end front_end = mm_view_front_end_of(f->metering, m);

			ret[m].disorder += front_end.health != MM_HEALTH_OK && front_end.windows > 0;
		}
	}
	run_timer_until(f, BEGIN_NS + (SECONDS + 3) * MM_NS_PER_S);
	for (unsigned m = 0; m < METERS; m++) {
		struct mm_view_meter view = mm_view_meter(f->metering, m);

		ret[m].registers = view.meter->registers;
		ret[m].windows = mm_view_front_end_of(f->metering, m).windows;
		ret[m].missed = mm_view_front_end_of(f->metering, m).missed;
		memcpy(ret[m].edges, view.edges, sizeof(ret[m].edges));
	}
	stop(f);
	teardown(f);
}

static bool is_same_energy(const struct mm_energy *a, const struct mm_energy *b)
{
	return a->uwh == b->uwh && a->carry == b->carry;
}

static bool is_same(const struct outcome *one, const struct outcome *other)
{
	const struct mm_registers *a = &one->registers, *b = &other->registers;
	bool same = is_same_energy(&a->delivered, &b->delivered) && is_same_energy(&a->received, &b->received) &&
		    is_same_energy(&a->lagging, &b->lagging) && is_same_energy(&a->leading, &b->leading) &&
		    a->max_demand_w == b->max_demand_w && one->windows == other->windows && one->missed == other->missed &&
		    one->disorder == other->disorder && memcmp(one->edges, other->edges, sizeof(one->edges)) == 0;

	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		same = same && is_same_energy(&a->element_delivered[e], &b->element_delivered[e]) &&
		       is_same_energy(&a->element_received[e], &b->element_received[e]);
	}
	return same;
}

static unsigned kind_of(unsigned chip)
{
	return strcmp(chips[chip].driver, "ade9000") != 0 ? CONVERTER
	       : strstr(chips[chip].board, "minimeter")	  ? COUNTING
							  : LATCHING;
}

/* All that can befall a chip, beside the others as they are without it. */
static void befall(const struct mm_config *config, struct recording *recordings[CHIPS], const struct outcome fine[METERS],
		   unsigned chip)
{
	struct recording *right = recordings[chip];
	struct outcome now[METERS];

	for (size_t k = 0; k < COUNT_OF(faults); k++) {
		if (!(faults[k].kinds & kind_of(chip))) {
			continue;
		}
		recordings[chip] = record(config, chip, &faults[k]);
		play(recordings, now);
		for (unsigned m = 0; m < METERS; m++) {
			ck_assert_msg(m / 2 == chip || is_same(&now[m], &fine[m]),
				      "meter %u is another with chip %u %s: %" PRId64 " uWh, not %" PRId64, m, chip,
				      faults[k].name, now[m].registers.delivered.uwh, fine[m].registers.delivered.uwh);
		}
		ck_assert_msg((faults[k].unharmed & kind_of(chip)) || !is_same(&now[2 * chip], &fine[2 * chip]),
			      "nothing befalls chip %u when it is %s", chip, faults[k].name);
		free(recordings[chip]);
	}
	recordings[chip] = right;
}

START_TEST(a_fault_of_one_chip_is_its_own)
{
	struct mm_config *config = calloc(1, sizeof(*config));
	struct recording *recordings[CHIPS];
	struct outcome fine[METERS];

	ck_assert_ptr_nonnull(config);
	configure(config);
	for (unsigned i = 0; i < CHIPS; i++) {
		recordings[i] = record(config, i, NULL);
	}
	play(recordings, fine);
	for (unsigned m = 0; m < METERS; m++) {
		ck_assert_uint_eq(fine[m].disorder, 0);
		ck_assert_uint_ge(fine[m].windows, SECONDS - 4);
		ck_assert_int_gt(fine[m].registers.delivered.uwh + fine[m].registers.received.uwh, 2000000);
	}
	for (unsigned i = 0; i < CHIPS; i++) {
		befall(config, recordings, fine, i);
	}
	for (unsigned i = 0; i < CHIPS; i++) {
		free(recordings[i]);
	}
	free(config);
}
END_TEST

/* ---- By hand ---- */

/* One good window of a chip with that load on each of its elements. */
static void good_window(struct metering_fixture *f, unsigned chip, double watts)
{
	struct mm_front_end_report report = {.at_ns = f->now_ns};
	struct mm_measurement *m = &report.measurement;

	*m = (struct mm_measurement){.start_ns = f->now_ns - MM_NS_PER_S, .end_ns = f->now_ns, .latched = true, .input_count = 2};
	for (unsigned e = 0; e < m->input_count; e++) {
		m->input[e] = (struct mm_input_reading){.voltage_v = 120 + (double)(f->now_ns / MM_NS_PER_S % 97) * 1e-6,
							.current_a = watts / 120,
							.active_ws = watts,
							.frequency_hz = 60};
	}
	ck_assert(mm_metering_report(f->metering, chip, &report));
}

START_TEST(who_is_silent_is_stale_alone)
{
	struct metering_fixture *f = setup_chips();
	struct mm_front_end_report failed = {.error = -ENODEV};
	uint64_t changes;

	for (unsigned i = 0; i < 10; i++) {
		f->now_ns += MM_NS_PER_S;
		failed.at_ns = f->now_ns;
		good_window(f, 1, 3600);
		(void)mm_metering_report(f->metering, 2, &failed);
	}
	ck_assert_int_eq(f->metering->meters[2].meter.registers.delivered.uwh, 20000000);
	ck_assert_int_eq(f->metering->meters[3].meter.registers.delivered.uwh, 10000000);
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 0);
	ck_assert_int_eq(f->metering->meters[4].meter.registers.delivered.uwh, 0);
	ck_assert_int_eq(mm_view_front_end(f->metering, 0).health, MM_HEALTH_STALE);
	ck_assert_int_eq(mm_view_front_end(f->metering, 1).health, MM_HEALTH_OK);
	ck_assert_int_eq(mm_view_front_end(f->metering, 2).health, MM_HEALTH_ABSENT);
	ck_assert_int_eq(mm_view_front_end_of(f->metering, 3).health, MM_HEALTH_OK);
	ck_assert_uint_eq(mm_view_worst_front_end(f->metering), 0);
	changes = mm_view_health_changes(f->metering);
	good_window(f, 0, 3600);
	ck_assert_uint_eq(mm_view_health_changes(f->metering), changes + 1);
	ck_assert_uint_eq(mm_view_worst_front_end(f->metering), 2);
	stop(f);
	teardown(f);
}
END_TEST

/* A window that waited while another's was dealt with is older than that, and counts all the same. */
START_TEST(windows_end_at_different_times)
{
	struct metering_fixture *f = setup_chips();

	for (unsigned i = 0; i < 10; i++) {
		f->now_ns += MM_NS_PER_S;
		good_window(f, 1, 3600);
		f->now_ns -= MM_NS_PER_S / 3;
		good_window(f, 0, 3600);
		f->now_ns += MM_NS_PER_S / 3;
	}
	ck_assert_int_eq(f->metering->meters[0].meter.registers.delivered.uwh, 20000000);
	ck_assert_int_eq(f->metering->meters[2].meter.registers.delivered.uwh, 20000000);
	ck_assert_uint_eq(mm_view_front_end(f->metering, 0).missed, 0);
	stop(f);
	teardown(f);
}
END_TEST

/* ---- Which chip serves which meter ---- */

struct trail {
	unsigned count;
	int meter;
	char text[192];
};

static bool take_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct trail *trail = userdata;

	ck_assert_ptr_nonnull(strstr(data, "\"front_end\":"));
	trail->count++;
	trail->meter = event->meter;
	snprintf(trail->text, sizeof(trail->text), "%s", event->text);
	return true;
}

static int query_trail(struct mm_store *store, void *userdata)
{
	return mm_store_records(store, "chip", 0, take_record, userdata);
}

static struct trail read_trail(struct metering_fixture *f)
{
	struct trail trail = {0};

	settle(f);
	ask_store(f, query_trail, &trail);
	return trail;
}

START_TEST(one_chip_serves_one_front_end)
{
	struct metering_fixture *f = setup_chips();
	struct mm_front_end_report report = {.at_ns = f->now_ns};

	mm_metering_chip(f->metering, 0, "ade9000 at spi0.0");
	mm_metering_chip(f->metering, 1, "ade9000 at spi0.0");
	good_window(f, 0, 3600);
	report.measurement = *mm_view_front_end(f->metering, 0).window;
	(void)mm_metering_report(f->metering, 1, &report);
	ck_assert_int_eq(mm_view_front_end(f->metering, 1).health, MM_HEALTH_ABSENT);
	ck_assert_str_eq(mm_view_front_end(f->metering, 1).reason, "front end chip 0 has this chip already: ade9000 at spi0.0");
	ck_assert_int_gt(f->metering->meters[0].meter.registers.delivered.uwh, 0);
	ck_assert_int_eq(f->metering->meters[2].meter.registers.delivered.uwh, 0);
	/* Until it finds another. */
	mm_metering_chip(f->metering, 1, "ade9000 at spi0.1");
	f->now_ns += MM_NS_PER_S;
	good_window(f, 1, 3600);
	ck_assert_int_eq(f->metering->meters[2].meter.registers.delivered.uwh, 2000000);
	stop(f);
	teardown(f);
}
END_TEST

/* The first front end has registered it: a run in which the second one comes first must not do so again. */
START_TEST(what_a_second_front_end_counts_is_not_its_own)
{
	struct metering_fixture *f = setup_chips();
	struct mm_front_end_report report = {.at_ns = f->now_ns};
	struct mm_counters stood;

	mm_metering_chip(f->metering, 0, "ade9000 at spi0.0");
	mm_metering_chip(f->metering, 1, "ade9000 at spi0.0");
	good_window(f, 0, 3600);
	report.measurement = *mm_view_front_end(f->metering, 0).window;
	report.measurement.counters = (struct mm_counters){.epoch = 7, .end_ns = f->now_ns};
	(void)mm_metering_report(f->metering, 1, &report);
	ck_assert_int_eq(mm_view_front_end(f->metering, 1).health, MM_HEALTH_ABSENT);
	mm_metering_counters(f->metering, 1, &stood);
	ck_assert_uint_eq(stood.epoch, 7);
	ck_assert_int_eq(stood.end_ns, f->now_ns);
	stop(f);
	teardown(f);
}
END_TEST

/* Two chips change places: the front end that says so first finds its new one still taken. */
START_TEST(a_chip_that_is_left_can_be_had)
{
	static const char *const chips_found[] = {"ade9000 at spi0.0", "ade9000 at spi0.1"};
	struct metering_fixture *f = setup_chips();
	struct trail trail;

	for (unsigned i = 0; i < 2; i++) {
		mm_metering_chip(f->metering, i, chips_found[i]);
		good_window(f, i, 3600);
	}
	f->now_ns += MM_NS_PER_S;
	mm_metering_chip(f->metering, 0, chips_found[1]);
	mm_metering_chip(f->metering, 1, chips_found[0]);
	for (unsigned i = 0; i < 2; i++) {
		good_window(f, i, 3600);
		ck_assert_int_eq(f->metering->meters[2 * i].meter.registers.delivered.uwh, 4000000);
	}
	trail = read_trail(f);
	ck_assert_uint_eq(trail.count, 2);
	ck_assert_str_eq(trail.text, "metered by another chip: ade9000 at spi0.1; before by ade9000 at spi0.0");
	stop(f);
	teardown(f);
}
END_TEST

/* One good window of each chip, one after the other, until an instant. */
static void run_without_load(struct metering_fixture *f, int64_t until_ns)
{
	while (f->now_ns < until_ns) {
		for (unsigned chip = 0; chip < CHIPS; chip++) {
			f->now_ns += MM_NS_PER_S / CHIPS;
			good_window(f, chip, 0);
			settle(f);
		}
	}
}

/* Eight front ends close their intervals within a second: one commit takes all of them. */
START_TEST(intervals_of_all_go_together)
{
	struct metering_fixture *f = setup_chips();
	int64_t quarter_ns = 900 * MM_NS_PER_S;
	int64_t end_ns = f->now_ns + quarter_ns - (f->now_ns + f->wall_offset_ns) % quarter_ns;
	uint64_t commits;

	run_without_load(f, end_ns - 5 * MM_NS_PER_S);
	commits = settle(f).commits;
	run_without_load(f, end_ns + 5 * MM_NS_PER_S);
	ck_assert_uint_eq(settle(f).commits, commits + 1);
	ck_assert_uint_eq(count(f).rows, 1); /* of the first meter */
	stop(f);
	teardown(f);
}
END_TEST

START_TEST(another_chip_is_an_event)
{
	static const char first[] = "ade9000 at platform/soc/fe204000.spi/spi_master/spi0/spi0.0";
	static const char other[] = "ade9000, label flat, at platform/soc/fe204000.spi/spi_master/spi0/spi0.1";
	struct metering_fixture *f = setup();
	struct trail trail;

	mm_metering_chip(f->metering, 0, first);
	mm_metering_chip(f->metering, 0, first);
	trail = read_trail(f);
	ck_assert_uint_eq(trail.count, 1);
	ck_assert_int_eq(trail.meter, 0);
	ck_assert_str_eq(trail.text, "metered by ade9000 at spi0.0");
	stop(f);
	start(f);
	mm_metering_chip(f->metering, 0, first);
	ck_assert_uint_eq(read_trail(f).count, 1);
	ck_assert_str_eq(mm_view_front_end(f->metering, 0).chip, first);
	stop(f);
	start(f);
	mm_metering_chip(f->metering, 0, other);
	trail = read_trail(f);
	ck_assert_uint_eq(trail.count, 2);
	ck_assert_str_eq(trail.text, "metered by another chip: ade9000, label flat, at spi0.1; before by ade9000 at spi0.0");
	stop(f);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("front_ends");
	TCase *tcase = tcase_create("chips"), *slow = tcase_create("faults");

	tcase_add_test(tcase, who_is_silent_is_stale_alone);
	tcase_add_test(tcase, windows_end_at_different_times);
	tcase_add_test(tcase, one_chip_serves_one_front_end);
	tcase_add_test(tcase, what_a_second_front_end_counts_is_not_its_own);
	tcase_add_test(tcase, a_chip_that_is_left_can_be_had);
	tcase_add_test(tcase, intervals_of_all_go_together);
	tcase_add_test(tcase, another_chip_is_an_event);
	suite_add_tcase(suite, tcase);
	tcase_set_timeout(slow, 600);
	tcase_set_tags(slow, "slow");
	tcase_add_test(slow, a_fault_of_one_chip_is_its_own);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
