/* SPDX-License-Identifier: MIT */
/*
 * The real daemon under a service manager that holds its memory, stopped, killed and upgraded; the board is simulated and its
 * time steps, so that a kill falls anywhere in the metering of minutes. Pulses are counted on the wires of emulated GPIO chips.
 * MM_KILLS sets how often it is killed in each of the ways (default 30; make check-register: 10,002 in all).
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/units.h"
#include "daemon/handover.h"
#include "gpio_shim.h"
#include "manager.h"
#include "random.h"
#include "suite.h"

#define WAIT_MS 60000
#define COMMIT_WH 8
/* Both elements of a 400 A model at its limits, 440 A and 138 V, in one window of a second. */
#define FULL_W (440 * 138)
#define WINDOW_UWH (INT64_C(2) * FULL_W * MM_UWH_PER_WH / 3600)

static char directory[64], build[280], program[300], sim_program[300], shim[300];
static char configuration[96], register_path[96], copy_path[96], wires_path[96], log_path[96], boot_id[40];
static char preload[400], shim_directory[128];
/* The thread sanitizer doesn't know pthread_clockjoin_np(): what follows the end of the front end's thread looks like a race. */
static const char *const environment[] = {preload, shim_directory, "TSAN_OPTIONS=exitcode=0", NULL};
static const char *const daemon_argv[] = {program, "--config", configuration, NULL};
static const struct mm_register_meter meter = {.name = "house", .serial = "1001", .model = "MMD-120-4001-T"};
static struct mm_model model;
static struct manager manager;
static pid_t sim;
static struct gpio_shim_wires *wires;
static uint64_t chance;

/* A sanitizer's own library has to be the first: then no chips are preloaded, and pulses are not counted. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const char driver[] = "none";
#else
static const char driver[] = "gpiod";
#endif

/* The lines of the outputs that pulse, by offset. */
static const enum mm_output on_line[] = {MM_OUTPUT_10, MM_OUTPUT_100, MM_OUTPUT_COUNTER, MM_OUTPUT_LED_LOAD};

/* ---- The bench ---- */

__attribute__((format(printf, 2, 3))) static void write_text(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list args;

	ck_assert_ptr_nonnull(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	ck_assert_int_eq(fclose(file), 0);
}

static void path_in(char *ret, size_t size, const char *name)
{
	ck_assert_int_lt(snprintf(ret, size, "%s/%s", directory, name), (int)size);
}

/* Loads from a few watts to the limit, another every minute for days. */
static void write_scenario(const char *path)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs("[board]\nct_primary_a = 400\nppm = 37\n[at 0]\nvoltage_a = 138\nvoltage_b = 138\n", file);
	for (int minute = 0; minute < 2000; minute++) {
		double full = minute % 3 == 0 ? FULL_W : minute % 3 == 1 ? 3000 : 150;

		fprintf(file, "[at %d]\nload_a = %.0f W\nload_b = %.0f W\n", 1 + minute * 60, mm_random_between(&chance, 0, full),
			mm_random_between(&chance, 0, full));
	}
	ck_assert_int_eq(fclose(file), 0);
}

static unsigned start_sim(const char *scenario)
{
	int ready[2];
	char text[16] = "";

	ck_assert_int_eq(pipe(ready), 0);
	sim = fork();
	ck_assert_int_ge(sim, 0);
	if (sim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], 3);
		execl(sim_program, sim_program, "--stepped", "--port", "0", "--ready-fd", "3", "--scenario", scenario,
		      (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	ck_assert_int_gt(read(ready[0], text, sizeof(text) - 1), 0);
	close(ready[0]);
	return (unsigned)atoi(text);
}

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[96], boot[40] = "";
	struct mm_model_error error;
	unsigned port;
	FILE *file;
	int fd;

	chance = 4711;
	/* What is killed leaves its page cache behind, on whatever medium: memory is the fastest. */
	snprintf(directory, sizeof(directory), "%s/check_restart.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm"
		 : tmp			       ? tmp
					       : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(build, sizeof(build), "%s", getenv("MM_BUILDDIR") ? getenv("MM_BUILDDIR") : ".");
	snprintf(program, sizeof(program), "%s/minimeterd", build);
	snprintf(sim_program, sizeof(sim_program), "%s/minimeter-sim", build);
	snprintf(shim, sizeof(shim), "%s/tests/gpio_shim.so", build);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", strcmp(driver, "gpiod") == 0 ? shim : "");
	snprintf(shim_directory, sizeof(shim_directory), "MM_GPIO_SHIM=%s", directory);
	path_in(configuration, sizeof(configuration), "minimeter.conf");
	path_in(register_path, sizeof(register_path), "register.db");
	path_in(copy_path, sizeof(copy_path), "register.db.copy");
	path_in(wires_path, sizeof(wires_path), "wires");
	path_in(log_path, sizeof(log_path), "stderr");
	file = fopen("/proc/sys/kernel/random/boot_id", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%39s", boot), 1);
	fclose(file);
	boot_id[0] = '\0';
	for (char *part = strtok(boot, "-"); part; part = strtok(NULL, "-")) {
		strcat(boot_id, part);
	}
	ck_assert_int_eq(mm_model_parse(meter.model, &model, &error), 0);
	path_in(path, sizeof(path), "scenario.ini");
	write_scenario(path);
	port = start_sim(path);
	write_text(configuration,
		   "[daemon]\nsocket=%s/sock\nadmin_socket=%s/admin\nregister=%s\nclock=board\ncommit_wh=%d\n"
		   "[front-end]\nuri=ip:127.0.0.1:%u\n[outputs]\ndriver=%s\n%s"
		   "[meter house]\nmodel=%s\nserial=%s\nelement1=A\nelement2=B\n"
		   "output_10=P0\noutput_100=P1\ncounter=P2\nled_load=P3\nled_power=P4\n",
		   directory, directory, register_path, COMMIT_WH, port, driver,
		   strcmp(driver, "gpiod") == 0 ? "[power-fail]\nline=P5\n" : "", meter.model, meter.serial);
	path_in(path, sizeof(path), "gpiochip0");
	write_text(path, "test\nP0\nP1\nP2\nP3\nP4\nP5\n");
	fd = open(wires_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(ftruncate(fd, sizeof(*wires)), 0);
	wires = mmap(NULL, sizeof(*wires), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(wires, MAP_FAILED);
	close(fd);
}

static void teardown(void)
{
	char command[128];

	manager_end(&manager);
	kill(sim, SIGKILL);
	waitpid(sim, NULL, 0);
	munmap(wires, sizeof(*wires));
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

static void run(void)
{
	manager_start(&manager, daemon_argv, environment, log_path);
}

static void run_until_ready(void)
{
	run();
	if (!manager_wait_ready(&manager, WAIT_MS)) {
		char command[128];

		snprintf(command, sizeof(command), "tail -n 5 %s", log_path);
		(void)!system(command);
		ck_abort_msg("the daemon is not ready");
	}
}

/* ---- What a run has left ---- */

/* In the memory that the manager holds. */
struct left {
	struct mm_registers registers;
	int64_t played_uwh;			 /* energy up to which edges were played */
	uint32_t expected[MM_COUNT_OF(on_line)]; /* pulses that the wires should have seen */
	bool in_doubt;
};

static int64_t rising(enum mm_output output, int64_t position_uwh)
{
	int64_t kh = mm_output_kh_uwh(&model, output);

	return (position_uwh + kh / 2) / kh;
}

static struct left read_memory(void)
{
	static struct mm_player player[MM_REGISTER_METERS_MAX];
	static struct mm_pending pending;
	struct mm_handover_content content = {.pending = &pending};
	struct mm_handover *handover;
	struct left left = {0};
	int fd = manager_held(&manager, "handover"), r;

	if (fd < 0) {
		return left; /* ended before it could hand anything to anybody */
	}
	memset(player, 0, sizeof(player));
	for (unsigned i = 0; i < MM_REGISTER_METERS_MAX; i++) {
		content.meter[i].player = &player[i];
	}
	ck_assert_int_eq(mm_handover_new(fcntl(fd, F_DUPFD_CLOEXEC, 0), boot_id, &handover), 0);
	r = mm_handover_read(handover, &content);
	if (r == -ENODATA) {
		mm_handover_free(handover);
		return left;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(content.state.meter_count, 1);
	left.registers = content.state.meter[0];
	left.played_uwh = mm_player_position(&player[0], left.registers.output_uwh);
	left.in_doubt = content.meter[0].in_doubt;
	for (int o = 0; o < MM_COUNT_OF(on_line); o++) {
		left.expected[o] = (uint32_t)rising(on_line[o], left.registers.output_uwh);
		for (unsigned e = 0; e < player[0].count; e++) {
			const struct mm_edge *edge = &player[0].queue[(player[0].head + e) % MM_PLAYER_LENGTH];

			left.expected[o] -= edge->output == on_line[o] && edge->level;
		}
	}
	mm_handover_free(handover);
	return left;
}

/* In the register, by its own way to open it. */
static struct mm_registers read_register(void)
{
	char message[MM_REGISTER_MESSAGE_MAX];
	struct mm_registers registers;
	struct mm_register *reg;

	ck_assert_msg(mm_register_open(register_path, copy_path, boot_id, &meter, 1, message, &reg) == 0, "%s", message);
	ck_assert_int_eq(mm_register_load(reg, 0, &registers), 0);
	mm_register_close(reg);
	return registers;
}

static void assert_pulses(const struct left *left, int round)
{
	for (int o = 0; o < MM_COUNT_OF(on_line) && strcmp(driver, "gpiod") == 0; o++) {
		ck_assert_msg(wires->wire[0][o].pulses == left->expected[o], "round %d, output %s: %u pulses for %u", round,
			      mm_output_name(on_line[o]), wires->wire[0][o].pulses, left->expected[o]);
	}
}

/* Lets the daemon run until it has registered more than that. */
static void meter_beyond(int64_t uwh)
{
	for (int i = 0; i < WAIT_MS && read_memory().registers.delivered.uwh <= uwh; i++) {
		usleep(1000);
	}
	ck_assert_int_gt(read_memory().registers.delivered.uwh, uwh);
}

/* ---- Stops and upgrades ---- */

START_TEST(a_stop_keeps_everything)
{
	int64_t last = 0;

	manager_begin(&manager, true);
	for (int round = 0; round < 5; round++) {
		struct left left;
		struct mm_registers stored;

		run_until_ready();
		meter_beyond(last);
		ck_assert_int_eq(manager_stop(&manager, SIGTERM), 0);
		left = read_memory();
		stored = read_register();
		ck_assert_int_eq(stored.delivered.uwh, left.registers.delivered.uwh);
		ck_assert_double_eq(stored.delivered.carry, left.registers.delivered.carry);
		ck_assert_int_eq(stored.output_uwh, left.played_uwh);
		assert_pulses(&left, round);
		for (unsigned i = 0; i < 5; i++) {
			ck_assert(!wires->wire[0][i].high);
		}
		last = stored.delivered.uwh;
	}
}
END_TEST

/* The total as a client reads it, energy that is still to be written included. */
static int64_t seen_by_client(void)
{
	char command[700], answer[4096];
	const char *at;
	FILE *pipe;

	snprintf(command, sizeof(command), "%.280s/minimeterctl --socket %s/sock --json read", build, directory);
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
	int64_t last = 0;

	manager_begin(&manager, true);
	for (int round = 0; round < 5; round++) {
		run_until_ready();
		ck_assert_int_ge(seen_by_client(), last);
		last = seen_by_client();
		(void)manager_stop(&manager, round % 2 == 0 ? SIGKILL : SIGTERM);
	}
}
END_TEST

/* Counts a text in what the daemon has said. */
static unsigned said(const char *text)
{
	static char all[1 << 20];
	FILE *file = fopen(log_path, "r");
	unsigned count = 0;

	ck_assert_ptr_nonnull(file);
	all[fread(all, 1, sizeof(all) - 1, file)] = '\0';
	fclose(file);
	for (const char *at = all; (at = strstr(at, text)); at++) {
		count++;
	}
	return count;
}

START_TEST(an_upgrade_that_knows_another_layout_goes_on_from_the_register)
{
	struct mm_registers stored;
	uint64_t layout = 99;

	manager_begin(&manager, true);
	run_until_ready();
	meter_beyond(0);
	(void)manager_stop(&manager, SIGKILL);
	ck_assert_int_eq(pwrite(manager_held(&manager, "handover"), &layout, sizeof(layout), 8), sizeof(layout));
	stored = read_register();
	run_until_ready();
	(void)manager_stop(&manager, SIGKILL);
	ck_assert_uint_eq(said("of a version that this program does not know"), 1);
	ck_assert_int_ge(read_memory().registers.delivered.uwh, stored.delivered.uwh);
	run_until_ready();
	ck_assert_uint_eq(said("goes on from memory"), 1);
}
END_TEST

START_TEST(the_power_fail_line_is_debounced)
{
	manager_begin(&manager, true);
	if (strcmp(driver, "gpiod") != 0) {
		return; /* no chips here */
	}
	run_until_ready();
	/* A glitch: over before the daemon gets to look. */
	ck_assert_int_eq(kill(manager.child, SIGSTOP), 0);
	for (int i = 0; i < 20; i++) {
		ck_assert(gpio_shim_put(directory, wires, 0, 5, i % 2 == 0));
	}
	ck_assert_int_eq(kill(manager.child, SIGCONT), 0);
	usleep(50000);
	ck_assert_uint_eq(said("the supply fails"), 0);
	/* And one that stays. */
	ck_assert(gpio_shim_put(directory, wires, 0, 5, true));
	for (int i = 0; i < 6000 && said("everything was durable") == 0; i++) {
		usleep(10000);
	}
	ck_assert_uint_eq(said("everything was durable"), 1);
	ck_assert(gpio_shim_put(directory, wires, 0, 5, false));
	for (int i = 0; i < 6000 && said("the supply is back") == 0; i++) {
		usleep(10000);
	}
	ck_assert_uint_eq(said("the supply fails"), 1);
	ck_assert_uint_eq(said("the supply is back"), 1);
	ck_assert_int_eq(manager_stop(&manager, SIGTERM), 0);
}
END_TEST

/* ---- Kills ---- */

struct toll {
	unsigned doubts;
	int64_t lost_uwh, worst_uwh; /* registered, but not in the register at a kill */
	int64_t repeated_uwh;	     /* played, but not noted in the register */
};

/* What the kernel does to lines whose process is gone, where it does not leave them as they are. */
static void let_go(void)
{
	for (int i = 0; i < GPIO_SHIM_LINES; i++) {
		struct gpio_shim_wire *wire = &wires->wire[0][i];

		wire->high = wire->output = 0;
	}
}

/* Runs the daemon and kills it: mostly at a random moment of its metering, at times of its start, at times within a call. */
static void run_and_kill(int round)
{
	char path[96];

	if (round % 8 == 3 && strcmp(driver, "gpiod") == 0) {
		path_in(path, sizeof(path), "kill-set");
		write_text(path, "%" PRIu64 " %s\n", 1 + mm_random(&chance) % 50, round % 16 == 3 ? "before" : "after");
		run();
		(void)manager_stop(&manager, 0);
		unlink(path);
	} else if (round % 8 == 7) {
		run();
		usleep((useconds_t)(mm_random(&chance) % 30000));
		(void)manager_stop(&manager, SIGKILL);
	} else {
		run_until_ready();
		usleep((useconds_t)(mm_random(&chance) % 12000));
		(void)manager_stop(&manager, SIGKILL);
	}
}

static struct toll kill_often(int kills, bool reverts)
{
	struct mm_registers last_stored = {0}, last_held = {0};
	struct toll toll = {0};

	for (int round = 0; round < kills; round++) {
		struct mm_registers stored;
		struct left left;
		int64_t lost_uwh;

		run_and_kill(round);
		left = read_memory();
		stored = read_register();
		lost_uwh = left.registers.delivered.uwh - stored.delivered.uwh;
		ck_assert_msg(mm_registers_follow(&stored, &last_stored) == 0, "round %d: the register went back", round);
		last_stored = stored;
		if (lost_uwh < 0 && !manager.store) {
			continue; /* a run that ended before it had any memory: this is the one before it */
		}
		ck_assert_msg(lost_uwh >= 0, "round %d: memory is behind the register", round);
		toll.lost_uwh += lost_uwh;
		toll.worst_uwh = lost_uwh > toll.worst_uwh ? lost_uwh : toll.worst_uwh;
		toll.repeated_uwh += left.played_uwh - stored.output_uwh;
		if (manager.store) {
			ck_assert_msg(mm_registers_follow(&left.registers, &last_held) == 0, "round %d: memory went back", round);
			last_held = left.registers;
		}
		toll.doubts += left.in_doubt;
		if (manager.store && !left.in_doubt && !(reverts && toll.doubts > 0)) {
			assert_pulses(&left, round);
		}
		if (reverts) {
			let_go();
		}
	}
	return toll;
}

static int kills_wanted(void)
{
	return getenv("MM_KILLS") ? atoi(getenv("MM_KILLS")) : 30;
}

/* The last run is stopped properly; then the register says how many pulses there should be. */
static struct left stop_properly(void)
{
	struct left left;
	struct mm_registers stored;

	run_until_ready();
	ck_assert_int_eq(manager_stop(&manager, SIGTERM), 0);
	left = read_memory();
	stored = read_register();
	ck_assert_int_eq(stored.delivered.uwh, left.registers.delivered.uwh);
	/* Owed is what the outputs are behind by, a window and a bit. */
	ck_assert_int_le(stored.delivered.uwh - stored.output_uwh, 3 * WINDOW_UWH);
	return left;
}

static void print(const char *how, const struct toll *toll, const struct left *left)
{
	printf("%-34s %6d kills, %u of them amid an edge; %.1f Wh registered, at a kill at most %.3f Wh, on average %.3f Wh not "
	       "in the "
	       "register; %u pulses of 10 Wh for %u\n",
	       how, kills_wanted(), toll->doubts, (double)left->registers.delivered.uwh / MM_UWH_PER_WH,
	       (double)toll->worst_uwh / MM_UWH_PER_WH, (double)toll->lost_uwh / MM_UWH_PER_WH / kills_wanted(),
	       wires->wire[0][0].pulses, left->expected[0]);
}

START_TEST(kills_lose_nothing_where_memory_is_held)
{
	struct toll toll;
	struct left left;

	manager_begin(&manager, true);
	toll = kill_often(kills_wanted(), false);
	left = stop_properly();
	assert_pulses(&left, kills_wanted());
	ck_assert_int_gt(left.registers.delivered.uwh, 0);
	print("memory held, lines keep their level", &toll, &left);
}
END_TEST

START_TEST(kills_lose_nothing_where_lines_go_dark)
{
	struct toll toll;
	struct left left;
	char path[96];

	path_in(path, sizeof(path), "revert");
	write_text(path, "1\n");
	manager_begin(&manager, true);
	toll = kill_often(kills_wanted(), true);
	left = stop_properly();
	for (int o = 0; o < MM_COUNT_OF(on_line) && strcmp(driver, "gpiod") == 0; o++) {
		ck_assert_uint_le(wires->wire[0][o].pulses, left.expected[o]);
		ck_assert_uint_le(left.expected[o] - wires->wire[0][o].pulses, toll.doubts);
	}
	print("memory held, lines go dark", &toll, &left);
}
END_TEST

START_TEST(kills_lose_no_more_than_the_bound_without)
{
	struct toll toll;
	struct left left;

	manager_begin(&manager, false);
	toll = kill_often(kills_wanted(), false);
	ck_assert_int_le(toll.worst_uwh, COMMIT_WH * MM_UWH_PER_WH + WINDOW_UWH);
	left = stop_properly();
	/* What the register lost of the outputs' position they repeat, and no more. */
	for (int o = 0; o < MM_COUNT_OF(on_line) && strcmp(driver, "gpiod") == 0; o++) {
		int64_t kh = mm_output_kh_uwh(&model, on_line[o]);

		ck_assert_uint_ge(wires->wire[0][o].pulses, left.expected[o]);
		ck_assert_int_le((wires->wire[0][o].pulses - left.expected[o]) * kh, toll.repeated_uwh + kh * kills_wanted());
	}
	print("no memory held", &toll, &left);
}
END_TEST

int main(void)
{
	const struct {
		const char *name;
		const TTest *test;
	} kills[] = {
		{"kills,held", kills_lose_nothing_where_memory_is_held},
		{"kills,dark", kills_lose_nothing_where_lines_go_dark},
		{"kills,bare", kills_lose_no_more_than_the_bound_without},
	};
	Suite *suite = suite_create("restart");
	TCase *tc = tcase_create("restart");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_set_tags(tc, "slow");
	tcase_add_test(tc, a_stop_keeps_everything);
	tcase_add_test(tc, a_client_sees_no_total_fall);
	tcase_add_test(tc, an_upgrade_that_knows_another_layout_goes_on_from_the_register);
	tcase_add_test(tc, the_power_fail_line_is_debounced);
	suite_add_tcase(suite, tc);
	/* Each a case of its own, so that they can run beside each other. */
	for (int i = 0; i < MM_COUNT_OF(kills); i++) {
		tc = tcase_create(kills[i].name);
		tcase_add_checked_fixture(tc, setup, teardown);
		tcase_set_timeout(tc, 120 + kills_wanted());
		tcase_set_tags(tc, "slow");
		tcase_add_test(tc, kills[i].test);
		suite_add_tcase(suite, tc);
	}
	return mm_run_suite(suite);
}
