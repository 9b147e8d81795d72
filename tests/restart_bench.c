/* SPDX-License-Identifier: MIT */
#include "restart_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/handover.h"
#include "let_run.h"
#include "random.h"

char directory[64], build[280], log_path[96];
static char program[300], sim_program[300], shim[300];
static char configuration[96], register_path[96], copy_path[96], wires_path[96], boot_id[40];
static char preload[400], shim_directory[128];
/* The thread sanitizer doesn't know pthread_clockjoin_np(): what follows the end of the front end's thread looks like a race. */
static const char *const environment[] = {preload, shim_directory, "TSAN_OPTIONS=exitcode=0", NULL};
static const char *const daemon_argv[] = {program, "--config", configuration, NULL};
static const struct mm_register_meter meter = {.name = "house", .serial = "1001", .model = "MMD-120-4001-T"};
struct mm_model model;
struct manager manager;
static pid_t sim;
struct gpio_shim_wires *wires;
uint64_t chance;

/* A sanitizer's own library has to be the first: then no chips are preloaded, and pulses are not counted. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const char driver[] = "none";
#else
const char driver[] = "gpiod";
#endif

const enum mm_output on_line[ON_LINE_COUNT] = {MM_OUTPUT_10, MM_OUTPUT_100, MM_OUTPUT_COUNTER, MM_OUTPUT_LED_LOAD};

void write_text(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list args;

	ck_assert_ptr_nonnull(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	ck_assert_int_eq(fclose(file), 0);
}

void path_in(char *ret, size_t size, const char *name)
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

void setup(void)
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

void teardown(void)
{
	char command[128];

	manager_end(&manager);
	kill(sim, SIGKILL);
	waitpid(sim, NULL, 0);
	munmap(wires, sizeof(*wires));
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

void run(void)
{
	manager_start(&manager, daemon_argv, environment, log_path);
}

void run_until_ready(void)
{
	run();
	if (!manager_wait_ready(&manager, WAIT_MS)) {
		char command[128];

		snprintf(command, sizeof(command), "tail -n 5 %s", log_path);
		(void)!system(command);
		ck_abort_msg("the daemon is not ready");
	}
}

static int64_t rising(enum mm_output output, int64_t position_uwh)
{
	int64_t kh = mm_output_kh_uwh(&model, output);

	return (position_uwh + kh / 2) / kh;
}

struct left read_memory(void)
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
	for (int o = 0; o < ON_LINE_COUNT; o++) {
		left.expected[o] = (uint32_t)rising(on_line[o], left.registers.output_uwh);
		for (unsigned e = 0; e < player[0].count; e++) {
			const struct mm_edge *edge = &player[0].queue[(player[0].head + e) % MM_PLAYER_LENGTH];

			left.expected[o] -= edge->output == on_line[o] && edge->level;
		}
	}
	mm_handover_free(handover);
	return left;
}

struct mm_registers read_register(void)
{
	char message[MM_REGISTER_MESSAGE_MAX];
	struct mm_registers registers;
	struct mm_register *reg;

	ck_assert_msg(mm_register_open(register_path, copy_path, boot_id, &meter, 1, message, &reg) == 0, "%s", message);
	ck_assert_int_eq(mm_register_load(reg, 0, &registers), 0);
	mm_register_close(reg);
	return registers;
}

void assert_pulses(const struct left *left, int round)
{
	for (int o = 0; o < ON_LINE_COUNT && strcmp(driver, "gpiod") == 0; o++) {
		ck_assert_msg(wires->wire[0][o].pulses == left->expected[o], "round %d, output %s: %u pulses for %u", round,
			      mm_output_name(on_line[o]), wires->wire[0][o].pulses, left->expected[o]);
	}
}

void meter_beyond(int64_t uwh)
{
	for (int i = 0; i < WAIT_MS && read_memory().registers.delivered.uwh <= uwh; i++) {
		let_run(manager.child, MM_NS_PER_MS);
	}
	ck_assert_int_gt(read_memory().registers.delivered.uwh, uwh);
}
