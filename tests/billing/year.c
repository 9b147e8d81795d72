/* SPDX-License-Identifier: MIT */
/*
 * A year of a meter, in windows of a second, through metering, the register and the service: twelve statements by the clocks of a
 * time zone, against what the load was. A household with panels on its roof; both changes of the clocks; a start reading on the
 * first day; three power cuts, after two of which the clock is not set for an hour; a calibration in August.
 *
 * year ZONE: a name of the IANA database. Files are in /dev/shm or TMPDIR, and go.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/count_of.h"
#include "core/units.h"
#include "metering/metering.h"
#include "service/private.h"
#include "service/service.h"

#define YEAR 2026
#define MONTHS 12
#define GAIN 1.004
#define BOUND 1e-4 /* of the truth; */
#define CUT_WH 10  /* and what a power cut may cost: commit_wh, 8 unless configured, and the windows until it is written */
#define OFF_S (37 * 60)
#define UNSET_S 3600
#define UNSET_BY_S (9 * 86400 + 5000) /* behind, as a clock that a service manager set to its own date */
#define START_W 60		      /* beyond what starts a meter of 200 A at 120 V, 24 W */
#define PRESET_WH INT64_C(12345000)
#define ANSWER_MAX (256 * 1024)

enum direction { DELIVERED, RECEIVED, DIRECTIONS };
static const char *const direction_keys[DIRECTIONS] = {"delivered_uwh", "received_uwh"};

enum rate { HIGH, LOW, RATES };
static const char *const rate_names[RATES] = {"high", "low"};

struct truth {
	unsigned cuts;
	double ws[DIRECTIONS];
	double rate_ws[RATES][DIRECTIONS];
};

struct year {
	struct mm_clock clock;
	const char *zone;
	int64_t now_s;	   /* what the time is, */
	int64_t boot_s;	   /* when the board was started, */
	int64_t wall_by_s; /* and how far its wall clock is behind */
	bool synchronized;
	unsigned boots;
	double gain; /* by calibration */
	char directory[64];
	struct mm_config *config;
	struct mm_metering *metering;
	struct mm_store_worker *worker;
	struct mm_service *service;
	struct mm_varlink_conn *conn;
	int client;
	struct truth month[MONTHS];
	int checks, failures;
	char answer[ANSWER_MAX];
};

__attribute__((format(printf, 3, 4))) static bool check(struct year *y, bool holds, const char *format, ...)
{
	va_list args;

	y->checks++;
	if (!holds) {
		y->failures++;
		printf("FAILED: ");
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
	}
	return holds;
}

__attribute__((noreturn)) static void give_up(const char *what, const char *why)
{
	printf("FAILED: %s: %s\n", what, why);
	exit(1);
}

/* ---- The clock ---- */

static int64_t year_boottime(struct mm_clock *clock)
{
	struct year *y = (struct year *)clock;

	return (y->now_s - y->boot_s + 10) * MM_NS_PER_S;
}

static int64_t year_realtime(struct mm_clock *clock, bool *ret_synchronized)
{
	struct year *y = (struct year *)clock;

	if (ret_synchronized) {
		*ret_synchronized = y->synchronized;
	}
	return (y->now_s - y->wall_by_s) * MM_NS_PER_S;
}

static int year_timer_arm(struct mm_clock *clock, int64_t t)
{
	(void)clock, (void)t;
	return 0;
}

static void year_hold(struct mm_clock *clock, int delta)
{
	(void)clock, (void)delta;
}

static const struct mm_clock_ops year_ops = {
	.boottime = year_boottime, .realtime = year_realtime, .timer_arm = year_timer_arm, .hold = year_hold};

static int64_t local_s(int month, int day, int hour, int minute)
{
	struct tm tm = {
		.tm_year = YEAR - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1};

	return mktime(&tm);
}

/* ---- The load, and what a bill should say of it ---- */

static bool is_new_year_or_labour_day(const struct tm *tm)
{
	return tm->tm_mday == 1 && (tm->tm_mon == 0 || tm->tm_mon == 4);
}

/* The rate by the house rules of this test, written apart from the configuration's. */
static enum rate rate_of(const struct tm *tm)
{
	bool working = tm->tm_wday >= 1 && tm->tm_wday <= 5 && !is_new_year_or_labour_day(tm);

	return working && tm->tm_hour >= 6 && tm->tm_hour < 22 ? HIGH : LOW;
}

/* Below 0 the roof gives more than the house takes. It changes by the minute. */
static double load_w(const struct tm *tm)
{
	double w = 280 + 35 * ((tm->tm_hour * 7 + tm->tm_mday * 3 + tm->tm_min) % 11);
	double noon = 1 - fabs(tm->tm_hour + tm->tm_min / 60.0 - 12.5) / 6;
	double season = 0.55 - 0.45 * cos(2 * 3.14159265 * (tm->tm_yday + 10) / 365);

	if (tm->tm_hour >= 17 && tm->tm_hour < 23) {
		w += 1400;
	}
	if (noon > 0) {
		w -= floor(4200 * noon * season);
	}
	/* A meter does not start below a thousandth of its current, as its standard says: there is no such load here. */
	return fabs(w) < START_W ? copysign(START_W, w) : w;
}

/* ---- Start and end of the programs ---- */

static int no_outputs(const struct mm_config *config, const struct mm_outputs_config *lines, struct mm_clock *clock,
		      struct mm_error *error, struct mm_outputs **ret)
{
	(void)config, (void)lines, (void)clock, (void)error;
	*ret = NULL;
	return 0;
}

static int check_store(const struct mm_config *config, struct mm_error *error)
{
	(void)config, (void)error;
	return 0;
}

static void make_directory(char ret[static 64])
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";

	snprintf(ret, 64, "%.40s/minimeter-year.XXXXXX", base);
	if (!mkdtemp(ret)) {
		give_up(ret, strerror(errno));
	}
}

static void write_config(const struct year *y, const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file) {
		give_up(path, strerror(errno));
	}
	fprintf(file,
		"[daemon]\nsocket = %1$s/sock\nadmin_socket = %1$s/admin\nregister = %1$s/register.db\ntime_zone = %2$s\n"
		"[front-end]\nuri = ip:127.0.0.1:1\nburden_ohm = 5.1\n"
		"[outputs]\ndriver = none\n"
		"[tariff house]\ncurrency = EUR\nholidays = jan 1, may 1\n"
		"[rate house high]\nprice = 0.3012\nwhen = mon-fri 06:00-22:00\n"
		"[rate house low]\nprice = 0.1234\nwhen = otherwise\n"
		"[meter m]\ntariff = house\nmodel = MMS-120-2001\nserial = 1\nelement1 = A\ngeneration = yes\n",
		y->directory, y->zone);
	if (fclose(file) != 0) {
		give_up(path, strerror(errno));
	}
}

static void load_config(struct year *y)
{
	struct mm_config_errors errors = {0};
	char path[96];

	snprintf(path, sizeof(path), "%s/minimeter.conf", y->directory);
	write_config(y, path);
	if (mm_config_load(path, &errors, &y->config) < 0) {
		give_up("configuration", errors.error[0].text);
	}
}

static void start(struct year *y)
{
	struct mm_store_meter meter = {.name = "m", .serial = "1"};
	struct mm_error error = {0};
	struct mm_store *store;
	char boot[32], path[96];
	int fds[2];

	load_config(y);
	strcpy(meter.model, y->config->meter[0].model.canonical);
	snprintf(boot, sizeof(boot), "boot %u", ++y->boots);
	snprintf(path, sizeof(path), "%s/register.db", y->directory);
	if (mm_store_open(path, NULL, boot, &meter, 1, &error, &store) < 0 ||
	    mm_metering_new(
		    &(struct mm_metering_parts){
			    .config = y->config, .clock = &y->clock, .store = store, .outputs_new = no_outputs},
		    &y->metering, &error) < 0) {
		give_up("start", error.text);
	}
	if (mm_store_worker_new(store, &y->worker) < 0) {
		give_up("start", "no thread");
	}
	mm_metering_start(y->metering, y->worker);
	if (mm_service_new(&(struct mm_service_parts){.metering = y->metering,
						      .worker = y->worker,
						      .config_path = path,
						      .config = y->config,
						      .check_store = check_store},
			   &y->service) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 ||
	    mm_varlink_conn_new(fds[0], &y->service->admin, &y->conn) < 0) {
		give_up("start", "no service");
	}
	y->client = fds[1];
}

/* What the main loop does where the register's thread has answered. */
static void serve_store(struct year *y, int timeout_ms)
{
	struct pollfd p = {.fd = mm_store_worker_fd(y->worker), .events = POLLIN};
	struct mm_store_status status;

	if (poll(&p, 1, timeout_ms) > 0) {
		mm_store_worker_dispatch(y->worker);
		mm_store_worker_status(y->worker, &status);
		mm_metering_store_status(y->metering, &status);
		mm_service_store_status(y->service, &status);
	}
}

static void settle(struct year *y)
{
	struct mm_store_status status;

	do {
		serve_store(y, 10);
		mm_store_worker_status(y->worker, &status);
	} while (status.busy);
}

static void remove_directory(const char *directory)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	if (system(command) != 0) {
		give_up("rm", directory);
	}
}

static void stop(struct year *y, const char *reason)
{
	mm_metering_stop(y->metering, reason);
	mm_service_stop(y->service);
	close(y->client);
	mm_varlink_conn_free(y->conn);
	(void)mm_store_worker_free(y->worker);
	mm_service_free(y->service);
	mm_metering_free(y->metering);
	free(y->config);
}

struct copy {
	const char *from;
	char to[64];
	bool done;
};

/* On the register's thread, so that nothing is being written. */
static int run_copy(struct mm_store *store, void *userdata)
{
	struct copy *copy = userdata;
	char command[256];

	(void)store;
	snprintf(command, sizeof(command), "cp -a '%s/.' '%s'", copy->from, copy->to);
	return system(command) == 0 ? 0 : -EIO;
}

static void copy_done(int result, void *userdata)
{
	struct copy *copy = userdata;

	if (result < 0) {
		give_up("cp", copy->from);
	}
	copy->done = true;
}

/* What is on the disk is all that the next start finds. */
static void cut_power(struct year *y, int64_t wall_by_s)
{
	struct copy copy = {.from = y->directory};

	make_directory(copy.to);
	if (mm_store_worker_own_query(y->worker, run_copy, copy_done, &copy) < 0) {
		give_up("cp", "no thread");
	}
	while (!copy.done) {
		serve_store(y, 10);
	}
	stop(y, "never said");
	remove_directory(y->directory);
	strcpy(y->directory, copy.to);
	y->now_s += OFF_S;
	y->boot_s = y->now_s;
	y->wall_by_s = wall_by_s;
	y->synchronized = wall_by_s == 0;
	start(y);
}

/* ---- A client ---- */

/* The parameters of the answer; a new reference. */
static json_t *call(struct year *y, const char *method, const char *parameters)
{
	size_t used = 0;
	char text[1024];
	int length = snprintf(text, sizeof(text), "{\"method\":\"org.minimeter.%s\",\"parameters\":%s}", method, parameters);
	json_t *answer, *got;

	if (send(y->client, text, (size_t)length + 1, MSG_NOSIGNAL) != length + 1) {
		give_up("send", strerror(errno));
	}
	while (used == 0 || y->answer[used - 1] != '\0') {
		ssize_t n;

		if (mm_varlink_conn_process(y->conn, POLLIN) < 0) {
			give_up(method, "the connection ended");
		}
		serve_store(y, 1);
		n = recv(y->client, y->answer + used, sizeof(y->answer) - used, 0);
		used += n > 0 ? (size_t)n : 0;
	}
	answer = json_loads(y->answer, 0, NULL);
	got = json_incref(json_object_get(answer, "parameters"));
	if (!got || json_object_get(answer, "error")) {
		give_up(method, y->answer);
	}
	json_decref(answer);
	return got;
}

struct record {
	struct mm_store_event event;
	bool done;
};

static int run_record(struct mm_store *store, void *userdata)
{
	return mm_store_record(store, &((struct record *)userdata)->event,
			       "{\"version\":1,\"constants\":[{\"gain\":1.004,\"phase_deg\":0,\"offset_w\":0}],"
			       "\"before\":[{\"gain\":1,\"phase_deg\":0,\"offset_w\":0}]}");
}

static void record_done(int result, void *userdata)
{
	if (result < 0) {
		give_up("calibration", strerror(-result));
	}
	((struct record *)userdata)->done = true;
}

/* As the method of the service does: the record first, and then it counts. */
static void calibrate(struct year *y)
{
	struct record record = {.event = mm_store_event_now(&y->clock, 0, MM_CALIBRATION_RECORD)};
	struct mm_calibration_version version = mm_calibration_none;

	version.number = 1;
	version.constants[0].gain = GAIN;
	strcpy(record.event.text, "version 1 by a test");
	if (mm_store_worker_own_query(y->worker, run_record, record_done, &record) < 0) {
		give_up("calibration", "no thread");
	}
	while (!record.done) {
		serve_store(y, 10);
	}
	if (mm_metering_calibrate(y->metering, 0, &version) < 0) {
		give_up("calibration", "refused");
	}
	y->gain = GAIN;
}

static void preset(struct year *y)
{
	char parameters[128];

	snprintf(parameters, sizeof(parameters), "{\"meter\":\"m\",\"old_serial\":\"77\",\"delivered_wh\":%" PRId64 "}",
		 PRESET_WH);
	json_decref(call(y, "Preset", parameters));
}

/* ---- The year ---- */

static void window(struct year *y, double w)
{
	struct mm_front_end_report report = {0};
	int64_t end_ns;

	y->now_s++;
	end_ns = year_boottime(&y->clock);
	report.at_ns = end_ns;
	report.measurement =
		(struct mm_measurement){.start_ns = end_ns - MM_NS_PER_S, .end_ns = end_ns, .latched = true, .input_count = 1};
	report.measurement.input[0] = (struct mm_input_reading){.voltage_v = 120 + (double)(y->now_s % 97) * 1e-6,
								.current_a = fabs(w) / 120,
								.active_ws = w,
								.frequency_hz = 60};
	if (mm_metering_report(y->metering, 0, &report)) {
		mm_service_publish(y->service, false);
	}
	if (y->now_s % 8 == 0) {
		serve_store(y, 0);
	}
}

static void account(struct year *y, const struct tm *tm, double ws)
{
	enum direction direction = ws > 0 ? DELIVERED : RECEIVED;

	if (tm->tm_year == YEAR - 1900) {
		y->month[tm->tm_mon].ws[direction] += fabs(ws) * y->gain;
		y->month[tm->tm_mon].rate_ws[rate_of(tm)][direction] += fabs(ws) * y->gain;
	}
}

static void happen(struct year *y)
{
	static const struct {
		int month, day, hour;
		int64_t wall_by_s;
	} cuts[] = {{2, 11, 13, 0}, {4, 17, 18, UNSET_BY_S}, {10, 9, 2, UNSET_BY_S}};

	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		int64_t cut_s = local_s(cuts[i].month, cuts[i].day, cuts[i].hour, 7);

		if (y->now_s == cut_s) {
			y->month[cuts[i].month - 1].cuts++;
			cut_power(y, cuts[i].wall_by_s);
		} else if (y->now_s == cut_s + OFF_S + UNSET_S) {
			y->wall_by_s = 0;
			y->synchronized = true;
		}
	}
	if (y->now_s == local_s(1, 1, 8, 0)) {
		preset(y);
	}
	if (y->now_s == local_s(8, 20, 10, 0)) {
		calibrate(y);
	}
}

static void pass(struct year *y, int64_t until_s)
{
	while (y->now_s < until_s) {
		time_t now;
		struct tm tm;
		double w;

		happen(y);
		now = (time_t)y->now_s;
		localtime_r(&now, &tm);
		w = load_w(&tm);
		for (int i = 0; i < 60; i++) {
			account(y, &tm, w);
			window(y, w);
		}
		mm_metering_tick(y->metering);
	}
}

/* ---- Statements ---- */

static int64_t integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void judge_energy(struct year *y, const struct truth *truth, const char *what, const char *key, int64_t uwh,
			 double truth_ws)
{
	double wh = (double)uwh / MM_UWH_PER_WH, error_wh = wh - truth_ws / 3600;
	double percent = truth_ws > 0 ? error_wh / (truth_ws / 3600) * 100 : 0;

	printf("  %-10s %-14s %15.6f kWh  %+.5f %%  %+.6f Wh\n", what, key, wh / 1000, percent, error_wh);
	(void)check(y, fabs(error_wh) <= truth_ws / 3600 * BOUND || (error_wh < 0 && -error_wh <= truth->cuts * CUT_WH),
		    "%s of %s is %+.5f %% from the truth", key, what, percent);
}

static void judge_rates(struct year *y, const char *what, const json_t *statement, const struct truth *truth)
{
	int64_t sum[DIRECTIONS] = {0};
	json_t *rate;
	size_t i;

	json_array_foreach(json_object_get(statement, "rates"), i, rate)
	{
		const char *name = json_string_value(json_object_get(rate, "name"));

		for (int d = 0; d < DIRECTIONS; d++) {
			sum[d] += integer(rate, direction_keys[d]);
			for (int r = 0; r < RATES; r++) {
				if (strcmp(name, rate_names[r]) == 0) {
					judge_energy(y, truth, name, direction_keys[d], integer(rate, direction_keys[d]),
						     truth->rate_ws[r][d]);
				}
			}
		}
	}
	(void)check(y, i == RATES, "%s has %zu rates", what, i);
	for (int d = 0; d < DIRECTIONS; d++) {
		(void)check(y, sum[d] == integer(statement, direction_keys[d]), "%s: rates sum to %" PRId64 " %s", what, sum[d],
			    direction_keys[d]);
	}
}

static void judge_month(struct year *y, int month, const json_t *statement, const json_t *before)
{
	const json_t *begin = json_object_get(statement, "start"), *end = json_object_get(statement, "end");
	char what[16], key[40];
	json_t *remark;
	size_t i;

	snprintf(what, sizeof(what), "%d-%02d", YEAR, month + 1);
	printf("%s  %s to %s\n", what, json_string_value(json_object_get(statement, "from")),
	       json_string_value(json_object_get(statement, "to")));
	for (int d = 0; d < DIRECTIONS; d++) {
		int64_t used = integer(statement, direction_keys[d]);

		judge_energy(y, &y->month[month], what, direction_keys[d], used, y->month[month].ws[d]);
		snprintf(key, sizeof(key), "preset_%s", direction_keys[d]);
		(void)check(y,
			    integer(end, direction_keys[d]) - integer(begin, direction_keys[d]) == used + integer(statement, key),
			    "%s: %s is not the difference of the readings", what, direction_keys[d]);
	}
	judge_rates(y, what, statement, &y->month[month]);
	(void)check(y, !before || json_equal(json_object_get(before, "end"), begin),
		    "%s does not begin where the month before ended", what);
	json_array_foreach(json_object_get(statement, "remarks"), i, remark)
	{
		printf("  * %s\n", json_string_value(json_object_get(remark, "words")));
	}
}

static json_t *statement_of(struct year *y, const char *from)
{
	char parameters[64];
	json_t *answer, *statement;

	snprintf(parameters, sizeof(parameters), "{\"from\":\"%s\"}", from);
	answer = call(y, "GetStatement", parameters);
	statement = json_incref(json_object_get(answer, "statement"));
	json_decref(answer);
	return statement;
}

static double seconds_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void judge_year(struct year *y)
{
	json_t *statement, *before = NULL, *whole;
	int64_t sum[DIRECTIONS] = {0};
	double process_s = seconds_of(CLOCK_PROCESS_CPUTIME_ID), thread_s = seconds_of(CLOCK_THREAD_CPUTIME_ID);
	char from[16];

	snprintf(from, sizeof(from), "%d", YEAR);
	whole = statement_of(y, from);
	printf("the year's statement took %.1f ms of processor time, %.1f of them of the main loop\n",
	       (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - process_s) * 1e3, (seconds_of(CLOCK_THREAD_CPUTIME_ID) - thread_s) * 1e3);
	for (int m = 0; m < MONTHS; m++) {
		snprintf(from, sizeof(from), "%d-%02d", YEAR, m + 1);
		statement = statement_of(y, from);
		judge_month(y, m, statement, before);
		for (int d = 0; d < DIRECTIONS; d++) {
			sum[d] += integer(statement, direction_keys[d]);
		}
		if (m == 0) {
			(void)check(y, json_equal(json_object_get(whole, "start"), json_object_get(statement, "start")),
				    "the year does not begin with January");
		}
		json_decref(before);
		before = statement;
	}
	(void)check(y, json_equal(json_object_get(whole, "end"), json_object_get(before, "end")),
		    "the year does not end with December");
	for (int d = 0; d < DIRECTIONS; d++) {
		(void)check(y, sum[d] == integer(whole, direction_keys[d]), "the months sum to %" PRId64 " %s, not to %" PRId64,
			    sum[d], direction_keys[d], integer(whole, direction_keys[d]));
	}
	(void)check(y, integer(whole, "preset_delivered_uwh") == PRESET_WH * MM_UWH_PER_WH,
		    "the start reading is not in the year");
	json_decref(before);
	json_decref(whole);
}

int main(int argc, char **argv)
{
	static struct year y = {.clock.ops = &year_ops, .synchronized = true, .gain = 1};

	if (argc != 2) {
		fprintf(stderr, "usage: year ZONE\n");
		return 2;
	}
	y.zone = argv[1];
	if (setenv("TZ", y.zone, 1) < 0) {
		give_up("TZ", strerror(errno));
	}
	tzset();
	make_directory(y.directory);
	y.now_s = local_s(1, 1, 0, 0) - 3600;
	y.boot_s = y.now_s;
	start(&y);
	pass(&y, local_s(12, 31, 23, 59) + 3600);
	settle(&y);
	judge_year(&y);
	stop(&y, "the year is over");
	remove_directory(y.directory);
	printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", 100 * (y.checks - y.failures) / y.checks, y.checks, y.failures);
	return y.failures == 0 ? 0 : 1;
}
