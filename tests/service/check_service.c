/* SPDX-License-Identifier: MIT */
/*
 * The service between its clients, what is metered and the store: calibrations while they measure and while they are stored, and
 * changes that come all at once. The procedures themselves are tested with the real programs, in tests/e2e.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/units.h"
#include "metering/metering.h"
#include "service/methods.h"
#include "service/service.h"
#include "service/session.h"
#include "fixture/service_fixture.h"
#include "fixture/suite.h"

/* Begins a session; its name goes into parameters that are like it. */
static void begin(struct service_fixture *f)
{
	call(f, "StartCalibration", "{\"meter\":\"m\",\"element\":1}");
	expect_success(f);
}

static void measure(struct service_fixture *f, int seconds)
{
	char parameters[160];

	snprintf(parameters, sizeof(parameters),
		 "{\"session\":\"%s\",\"stage\":\"found\",\"point\":\"full-load\",\"seconds\":%d}", f->service->session->name,
		 seconds);
	call(f, "MeasureCalibration", parameters);
}

static void refer(struct service_fixture *f, double power_w)
{
	char parameters[160];

	snprintf(parameters, sizeof(parameters),
		 "{\"session\":\"%s\",\"stage\":\"found\",\"point\":\"full-load\",\"power_w\":%.1f}", f->service->session->name,
		 power_w);
	call(f, "SetCalibrationReference", parameters);
}

static void accept_proposal(struct service_fixture *f)
{
	char parameters[160];

	snprintf(parameters, sizeof(parameters), "{\"session\":\"%s\",\"reason\":\"a test\"}", f->service->session->name);
	call(f, "AcceptCalibration", parameters);
}

/* ---- While it measures ---- */

START_TEST(a_front_end_in_order_is_measured_at_once)
{
	struct service_fixture *f = setup();
	begin(f);
	measure(f, 5);
	expect_error(f, "org.minimeter.CalibrationRefused", "starting");
	windows(f, 1);
	measure(f, 5);
	ck_assert_ptr_null(answer(f));
	windows(f, 5);
	expect_success(f);
	teardown(f);
}
END_TEST

START_TEST(only_whole_windows_after_the_request_count)
{
	struct service_fixture *f = setup();
	windows(f, 1);
	begin(f);
	f->now_ns += MM_NS_PER_S / 2;
	measure(f, 5);
	f->now_ns -= MM_NS_PER_S / 2;
	windows(f, 5); /* the first of them began before the request */
	ck_assert_ptr_null(answer(f));
	ck_assert_uint_eq(f->service->session->measurement->run.windows, 4);
	windows(f, 1);
	expect_success(f);
	ck_assert_uint_eq(f->service->session->run[MM_CALIBRATION_FOUND][MM_CALIBRATION_FULL_LOAD].windows, 5);
	teardown(f);
}
END_TEST

START_TEST(missed_windows_end_it)
{
	struct service_fixture *f = setup();
	windows(f, 1);
	begin(f);
	measure(f, 5);
	windows(f, 3);
	window_after(f, 3);
	expect_error(f, "org.minimeter.CalibrationRefused", "windows were missed");
	measure(f, 5);
	windows(f, 5);
	expect_success(f);
	teardown(f);
}
END_TEST

START_TEST(a_front_end_that_fails_ends_it)
{
	struct service_fixture *f = setup();
	struct mm_front_end_report report = {.error = -EIO};

	windows(f, 1);
	begin(f);
	measure(f, 60);
	windows(f, 3);
	f->now_ns += MM_NS_PER_S;
	report.at_ns = f->now_ns;
	ck_assert(mm_metering_report(f->metering, 0, &report));
	mm_service_publish(f->service, false);
	expect_error(f, "org.minimeter.CalibrationRefused", "absent");
	teardown(f);
}
END_TEST

START_TEST(a_front_end_that_goes_silent_ends_it)
{
	struct service_fixture *f = setup();
	windows(f, 1);
	begin(f);
	measure(f, 60);
	f->now_ns += 6 * MM_NS_PER_S;
	mm_metering_tick(f->metering);
	mm_service_publish(f->service, false);
	expect_error(f, "org.minimeter.CalibrationRefused", "stale");
	teardown(f);
}
END_TEST

START_TEST(a_client_that_hangs_up_leaves_the_session_to_another)
{
	struct service_fixture *f = setup();
	windows(f, 1);
	begin(f);
	measure(f, 60);
	hang_up(f);
	connect_client(f);
	measure(f, 5);
	expect_error(f, "org.minimeter.Busy", "under way");
	windows(f, 1);
	measure(f, 5);
	windows(f, 5);
	expect_success(f);
	teardown(f);
}
END_TEST

START_TEST(cancelling_ends_it)
{
	struct service_fixture *f = setup();
	struct mm_varlink_conn *first = f->conn;
	int first_client = f->client;

	windows(f, 1);
	begin(f);
	measure(f, 60);
	connect_client(f);
	call(f, "CancelCalibration", "{}");
	expect_success(f);
	ck_assert_ptr_null(f->service->session);
	hang_up(f);
	f->conn = first;
	f->client = first_client;
	expect_error(f, "org.minimeter.CalibrationRefused", "cancelled");
	teardown(f);
}
END_TEST

/* ---- While it is stored ---- */

START_TEST(a_register_that_fails_changes_nothing)
{
	struct service_fixture *f = setup();
	struct rlimit limit;
	const struct mm_calibration_version *calibration = &mm_view_meter(f->metering, 0).meter->registers.calibration;

	windows(f, 1);
	begin(f);
	measure(f, 5);
	windows(f, 5);
	expect_success(f);
	refer(f, 3636);
	expect_success(f);
	/* No file may grow: the disk is full. */
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 1, .rlim_max = limit.rlim_max}), 0);
	accept_proposal(f);
	settle(f);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_error(f, "org.minimeter.RegisterFailed", "");
	ck_assert_int_eq(calibration->number, 0);
	ck_assert_double_eq(calibration->constants[0].gain, 1);
	/* The session is still there, and so is what was measured. */
	accept_proposal(f);
	settle(f);
	expect_success(f);
	ck_assert_int_eq(calibration->number, 1);
	ck_assert_double_eq_tol(calibration->constants[0].gain, 1.01, 1e-12);
	teardown(f);
}
END_TEST

static int hold_the_thread(struct mm_store *store, void *userdata)
{
	(void)store;
	while (sem_wait(userdata) < 0) {
	}
	return 0;
}

static void ignore(int result, void *userdata)
{
	(void)result, (void)userdata;
}

/* Half an hour's work is not lost to the questions of others. */
START_TEST(queries_of_clients_do_not_keep_it_out)
{
	struct service_fixture *f = setup();
	unsigned queries = 0;
	sem_t gate;

	windows(f, 1);
	begin(f);
	measure(f, 5);
	windows(f, 5);
	expect_success(f);
	refer(f, 3636);
	expect_success(f);
	ck_assert_int_eq(sem_init(&gate, 0, 0), 0);
	while (mm_store_worker_query(f->worker, hold_the_thread, ignore, &gate) == 0) {
		queries++;
	}
	accept_proposal(f);
	while (queries-- > 0) {
		ck_assert_int_eq(sem_post(&gate), 0);
	}
	settle(f);
	expect_success(f);
	ck_assert_int_eq(mm_view_meter(f->metering, 0).meter->registers.calibration.number, 1);
	teardown(f);
	ck_assert_int_eq(sem_destroy(&gate), 0);
}
END_TEST

START_TEST(a_stop_while_it_is_stored_is_survived)
{
	struct service_fixture *f = setup();
	windows(f, 1);
	begin(f);
	measure(f, 5);
	windows(f, 5);
	expect_success(f);
	refer(f, 3636);
	expect_success(f);
	accept_proposal(f);
	teardown(f);
}
END_TEST

/* ---- Changes ---- */

START_TEST(every_change_is_answered_when_it_is_durable)
{
	struct service_fixture *f = setup();
	enum { CHANGES = 20 };
	struct pollfd p = {.fd = mm_store_worker_fd(f->worker), .events = POLLIN};
	struct mm_varlink_conn *conns[CHANGES];
	struct mm_store_status status;
	int clients[CHANGES];

	windows(f, 1);
	hang_up(f);
	for (int i = 0; i < CHANGES; i++) {
		connect_client(f);
		conns[i] = f->conn;
		clients[i] = f->client;
		call(f, "Correct", "{\"meter\":\"m\",\"corrections\":[]}");
		ck_assert_ptr_null(answer(f));
	}
	while (f->service->waiting) {
		(void)poll(&p, 1, 100);
		mm_store_worker_dispatch(f->worker);
		mm_store_worker_status(f->worker, &status);
		mm_metering_store_status(f->metering, &status);
		mm_service_store_status(f->service, &status);
	}
	for (int i = 0; i < CHANGES; i++) {
		f->conn = conns[i];
		f->client = clients[i];
		expect_success(f);
		hang_up(f);
	}
	connect_client(f);
	teardown(f);
}
END_TEST

/* ---- The configuration, read again ---- */

#define IN_ORDER "[front-end]\nvoltage_divider=1001\nburden_ohm=5.1\n[meter m]\nmodel=MMS-120-2001\nserial=1\nelement1=A\n"

static void write_config(const struct service_fixture *f, const char *text)
{
	FILE *file = fopen(f->config_path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_reload_is_in_force_when_it_is_answered)
{
	struct service_fixture *f = setup();
	json_t *got, *needed;

	write_config(f, IN_ORDER "[daemon]\ncommit_wh=9\nprofile_interval_min=30\n");
	call(f, "Reload", "{}");
	ck_assert_double_eq(f->config.commit_wh, 9);
	ck_assert_int_eq(f->config.profile_interval_min, 15);
	got = answer(f);
	needed = json_object_get(json_object_get(got, "parameters"), "restart_needed");
	ck_assert_ptr_nonnull(needed);
	for (size_t i = 0; i < json_array_size(needed); i++) {
		ck_assert_msg(!strchr(json_string_value(json_array_get(needed, i)), ','), "a name each");
	}
	ck_assert_uint_gt(json_array_size(needed), 1); /* the fixture leaves out what has a default in a file */
	json_decref(got);
	teardown(f);
}
END_TEST

START_TEST(a_file_with_errors_changes_nothing)
{
	struct service_fixture *f = setup();
	json_t *got, *errors;

	write_config(f, IN_ORDER "[daemon]\ncommit_wh=9\nnonsense=1\nidle_timeout_s=x\n");
	call(f, "Reload", "{}");
	ck_assert_double_eq(f->config.commit_wh, 1000);
	got = answer(f);
	ck_assert_str_eq(json_string_value(json_object_get(got, "error")), "org.minimeter.ConfigurationRefused");
	errors = json_object_get(json_object_get(got, "parameters"), "errors");
	ck_assert_uint_eq(json_array_size(errors), 2);
	ck_assert_ptr_nonnull(strstr(json_string_value(json_array_get(errors, 0)), "minimeter.conf:10: "));
	json_decref(got);
	teardown(f);
}
END_TEST

/* ---- The table of methods ---- */

static bool is_described(const char *method)
{
	char line[96];

	snprintf(line, sizeof(line), "\nmethod %s(", strrchr(method, '.') + 1);
	return strstr(mm_varlink_minimeter_interface, line) != NULL;
}

START_TEST(the_table_has_the_methods_of_the_interface)
{
	size_t described = 0;

	for (const char *at = mm_varlink_minimeter_interface; (at = strstr(at, "\nmethod ")) != NULL; at++) {
		described++;
	}
	ck_assert_uint_eq(described, mm_method_count);
	for (size_t i = 0; i < mm_method_count; i++) {
		ck_assert_msg(is_described(mm_methods[i].name), "%s", mm_methods[i].name);
	}
}
END_TEST

/* But for what stands above the first blank line: the licence. */
START_TEST(the_interface_is_the_file_that_is_installed)
{
	const char *source = getenv("MM_SRCDIR"), *served = mm_varlink_minimeter_interface;
	char path[256], line[512];
	bool begun = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/src/varlink/org.minimeter.varlink", source ? source : ".");
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (begun) {
			ck_assert_msg(strncmp(served, line, strlen(line)) == 0, "%s", line);
			served += strlen(line);
		}
		begun = begun || line[0] == '\n';
	}
	ck_assert_str_eq(served, "");
	ck_assert_int_eq(fclose(file), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("service");
	TCase *measuring = tcase_create("measuring"), *storing = tcase_create("storing"), *changing = tcase_create("changing"),
	      *reloading = tcase_create("reloading"), *table = tcase_create("table");

	tcase_add_test(measuring, a_front_end_in_order_is_measured_at_once);
	tcase_add_test(measuring, only_whole_windows_after_the_request_count);
	tcase_add_test(measuring, missed_windows_end_it);
	tcase_add_test(measuring, a_front_end_that_fails_ends_it);
	tcase_add_test(measuring, a_front_end_that_goes_silent_ends_it);
	tcase_add_test(measuring, a_client_that_hangs_up_leaves_the_session_to_another);
	tcase_add_test(measuring, cancelling_ends_it);
	suite_add_tcase(suite, measuring);
	tcase_add_test(storing, a_register_that_fails_changes_nothing);
	tcase_add_test(storing, queries_of_clients_do_not_keep_it_out);
	tcase_add_test(storing, a_stop_while_it_is_stored_is_survived);
	suite_add_tcase(suite, storing);
	tcase_add_test(changing, every_change_is_answered_when_it_is_durable);
	suite_add_tcase(suite, changing);
	tcase_add_test(reloading, a_reload_is_in_force_when_it_is_answered);
	tcase_add_test(reloading, a_file_with_errors_changes_nothing);
	suite_add_tcase(suite, reloading);
	tcase_add_test(table, the_table_has_the_methods_of_the_interface);
	tcase_add_test(table, the_interface_is_the_file_that_is_installed);
	suite_add_tcase(suite, table);
	return mm_run_suite(suite);
}
