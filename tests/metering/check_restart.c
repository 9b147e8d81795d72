/* SPDX-License-Identifier: MIT */
/* The real daemon under a service manager that holds its memory, stopped, upgraded, and with a supply that fails. */
#include "fixture/restart_fixture.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "fixture/let_run.h"
#include "fixture/suite.h"

START_TEST(a_stop_keeps_everything)
{
	struct restart_fixture *f = setup();
	int64_t last = 0;

	manager_begin(&f->manager, true);
	for (int round = 0; round < 5; round++) {
		struct left left;
		struct mm_registers stored;

		run_until_metering(f);
		meter_beyond(f, last);
		ck_assert_int_eq(manager_stop(&f->manager, SIGTERM), 0);
		left = read_memory(f);
		stored = read_register(f);
		ck_assert_int_eq(stored.delivered.uwh, left.registers.delivered.uwh);
		ck_assert_double_eq(stored.delivered.carry, left.registers.delivered.carry);
		ck_assert_int_eq(stored.output_uwh, left.played_uwh);
		assert_pulses(f, &left, round);
		for (unsigned i = 0; i < 5; i++) {
			ck_assert(!f->wires->wire[0][i].high);
		}
		last = stored.delivered.uwh;
	}
	teardown(f);
}
END_TEST

/* Whether it meters is a state; a boot or an upgrade that waited for a chip would wait for ever. */
START_TEST(it_is_ready_where_no_chip_answers)
{
	struct restart_fixture *f = setup();

	write_text(f->configuration,
		   "[daemon]\nsocket=%s/sock\nadmin_socket=%s/admin\nregister=%s\n[front-end]\nuri=ip:127.0.0.1:1\n"
		   "[outputs]\ndriver=none\n[meter house]\nmodel=MMD-120-4001-T\nserial=1001\nelement1=A\nelement2=B\n",
		   f->directory, f->directory, f->register_path);
	manager_begin(&f->manager, true);
	run(f);
	ck_assert(manager_wait_ready(&f->manager, WAIT_MS));
	ck_assert(manager_wait_status(&f->manager, "Not metering: the front end is absent: ", WAIT_MS));
	ck_assert_int_eq(manager_stop(&f->manager, SIGTERM), 0);
	teardown(f);
}
END_TEST

/* The total as a client reads it, energy that is still to be written included. */
static int64_t seen_by_client(const struct restart_fixture *f)
{
	char command[700], answer[4096];
	const char *at;
	FILE *pipe;

	snprintf(command, sizeof(command), "%.280s/minimeterctl --socket %s/sock --json read", f->build, f->directory);
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	answer[fread(answer, 1, sizeof(answer) - 1, pipe)] = '\0';
	ck_assert_int_eq(pclose(pipe) & ~0x400, 0); /* 4: the load may be beyond a limit just then */
	at = strstr(answer, "\"delivered_uwh\":");
	ck_assert_ptr_nonnull(at);
	return atoll(at + strlen("\"delivered_uwh\":"));
}

START_TEST(a_client_sees_no_total_fall)
{
	struct restart_fixture *f = setup();
	int64_t last = 0;

	manager_begin(&f->manager, true);
	for (int round = 0; round < 5; round++) {
		run_until_metering(f);
		ck_assert_int_ge(seen_by_client(f), last);
		last = seen_by_client(f);
		(void)manager_stop(&f->manager, round % 2 == 0 ? SIGKILL : SIGTERM);
	}
	teardown(f);
}
END_TEST

/* Counts a text in what the daemon has said. */
static unsigned said(const struct restart_fixture *f, const char *text)
{
	size_t size = 1 << 20;
	char *all = calloc(1, size);
	FILE *file = fopen(f->log_path, "r");
	unsigned count = 0;

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(all);
	ck_assert_uint_lt(fread(all, 1, size, file), size);
	fclose(file);
	for (const char *at = all; (at = strstr(at, text)); at++) {
		count++;
	}
	free(all);
	return count;
}

static void wait_until_said(const struct restart_fixture *f, const char *text)
{
	struct pollfd p = {.fd = inotify_init1(IN_CLOEXEC), .events = POLLIN};

	ck_assert_int_ge(inotify_add_watch(p.fd, f->log_path, IN_MODIFY), 0);
	while (said(f, text) == 0) {
		char events[4096];

		ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
		ck_assert_int_gt(read(p.fd, events, sizeof(events)), 0);
	}
	close(p.fd);
}

START_TEST(an_upgrade_that_knows_another_layout_goes_on_from_the_register)
{
	struct restart_fixture *f = setup();
	struct mm_registers stored;
	uint64_t layout = 99;

	manager_begin(&f->manager, true);
	run_until_metering(f);
	meter_beyond(f, 0);
	(void)manager_stop(&f->manager, SIGKILL);
	ck_assert_int_eq(pwrite(manager_held(&f->manager, "handover"), &layout, sizeof(layout), 8), sizeof(layout));
	stored = read_register(f);
	run_until_metering(f);
	(void)manager_stop(&f->manager, SIGKILL);
	ck_assert_uint_eq(said(f, "of a version that this program does not know"), 1);
	ck_assert_int_ge(read_memory(f).registers.delivered.uwh, stored.delivered.uwh);
	run_until_metering(f);
	ck_assert_uint_eq(said(f, "goes on from memory"), 1);
	teardown(f);
}
END_TEST

START_TEST(the_power_fail_line_is_debounced)
{
	struct restart_fixture *f = setup();

	manager_begin(&f->manager, true);
	if (strcmp(driver, "gpiod") != 0) {
		teardown(f);
		return; /* no chips here */
	}
	run_until_metering(f);
	/* A glitch: over before the daemon gets to look. */
	ck_assert_int_eq(kill(f->manager.child, SIGSTOP), 0);
	for (int i = 0; i < 20; i++) {
		ck_assert(gpio_shim_put(f->directory, f->wires, 0, 5, i % 2 == 0));
	}
	ck_assert_int_eq(kill(f->manager.child, SIGCONT), 0);
	let_run(f->manager.child, 50 * MM_NS_PER_MS);
	ck_assert_uint_eq(said(f, "the supply fails"), 0);
	/* And one that stays. */
	ck_assert(gpio_shim_put(f->directory, f->wires, 0, 5, true));
	wait_until_said(f, "everything was durable");
	ck_assert_uint_eq(said(f, "everything was durable"), 1);
	ck_assert(gpio_shim_put(f->directory, f->wires, 0, 5, false));
	wait_until_said(f, "the supply is back");
	ck_assert_uint_eq(said(f, "the supply fails"), 1);
	ck_assert_uint_eq(said(f, "the supply is back"), 1);
	ck_assert_int_eq(manager_stop(&f->manager, SIGTERM), 0);
	teardown(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restart");
	TCase *tc = tcase_create("restart");

	tcase_set_timeout(tc, 120);
	tcase_set_tags(tc, "slow");
	tcase_add_test(tc, a_stop_keeps_everything);
	tcase_add_test(tc, it_is_ready_where_no_chip_answers);
	tcase_add_test(tc, a_client_sees_no_total_fall);
	tcase_add_test(tc, an_upgrade_that_knows_another_layout_goes_on_from_the_register);
	tcase_add_test(tc, the_power_fail_line_is_debounced);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
