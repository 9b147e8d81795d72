/* SPDX-License-Identifier: MIT */
#include "afe_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/units.h"

#define SCENARIO_MAX (1024 * 1024)

static char scenario[SCENARIO_MAX];
static size_t scenario_len;

void begin_scenario(double ppm, const char *rest)
{
	scenario_len = 0;
	say("[board]\nppm = %g\n%s\n", ppm, rest);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	scenario_len += (size_t)vsnprintf(scenario + scenario_len, sizeof(scenario) - scenario_len, format, args);
	va_end(args);
	ck_assert_uint_lt(scenario_len, sizeof(scenario));
}

static pid_t start_board(int ready_fd, const char *file)
{
	const char *build = getenv("MM_BUILDDIR");
	char program[4096], fd[16];
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(program, sizeof(program), "%s/minimeter-sim", build ? build : ".");
		snprintf(fd, sizeof(fd), "%d", ready_fd);
		execl(program, program, "--stepped", "--port", "0", "--ready-fd", fd, "--scenario", file, (char *)NULL);
		_exit(127);
	}
	return pid;
}

struct mm_afe *bench_new_afe(struct bench *b, const char *device)
{
	const struct mm_afe_config config = {
		.uri = b->uri,
		.device = device,
		.input_count = 2,
		.input = {b->front_end.input[0], b->front_end.input[1]},
		.mclk_hz = b->front_end.mclk_hz,
		.osr = b->front_end.osr,
		.sample_rate = b->front_end.sample_rate,
	};
	char message[MM_AFE_MESSAGE_MAX];
	struct mm_afe *afe;

	ck_assert_int_eq(b->driver->create(b->driver, &config, b->clock, message, &afe), 0);
	return afe;
}

struct bench *bench_new(const struct mm_afe_driver *driver, const struct mm_afe_config *front_end)
{
	struct mm_health_limits limits[2];
	struct bench *b = calloc(1, sizeof(*b));
	char file[] = "/tmp/afe_bench.XXXXXX", port[16] = "";
	int fd = mkstemp(file), ready[2];
	ssize_t len;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, scenario, scenario_len), (ssize_t)scenario_len);
	close(fd);
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(fcntl(ready[0], F_SETFD, FD_CLOEXEC), 0);
	b->pid = start_board(ready[1], file);
	close(ready[1]);
	len = read(ready[0], port, sizeof(port) - 1);
	close(ready[0]);
	unlink(file);
	ck_assert_msg(len > 0, "minimeter-sim does not start");
	snprintf(b->uri, sizeof(b->uri), "ip:127.0.0.1:%d", atoi(port));
	ck_assert_int_eq(mm_afe_board_clock_new(b->uri, &b->clock), 0);
	ck_assert_int_eq(mm_iio_device_open(&b->board, b->uri, "minimeter-sim", NULL, 0), 0);
	/* The client's own socket to a board that hangs up. */
	(void)signal(SIGPIPE, SIG_IGN);
	b->driver = driver;
	b->front_end = *front_end;
	for (unsigned i = 0; i < 2; i++) {
		limits[i] = (struct mm_health_limits){front_end->input[i].full_scale_v, front_end->input[i].full_scale_a};
	}
	mm_health_init(&b->judge, limits, 2);
	b->afe = bench_new_afe(b, driver->device);
	ck_assert_msg(b->afe->ops->open(b->afe) == 0, "%s", b->afe->message);
	b->open = true;
	return b;
}

void bench_free(struct bench *b)
{
	mm_afe_free(b->afe);
	mm_iio_device_close(&b->board);
	mm_clock_free(b->clock);
	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
	free(b);
}

void bench_reset(struct bench *b)
{
	b->windows = 0;
	b->missed = 0;
	memset(b->health, 0, sizeof(b->health));
	memset(b->active_ws, 0, sizeof(b->active_ws));
}

int64_t ask(struct bench *b, const char *attribute)
{
	struct mm_iio_attr attr;
	int64_t value;

	ck_assert_int_eq(mm_iio_device_find(&b->board, attribute, &attr), 0);
	ck_assert_int_eq(mm_iio_device_read_s64(&b->board, &attr, &value), 0);
	return value;
}

int bench_write(struct bench *b, const char *attribute, const char *text)
{
	struct mm_iio_attr attr;

	ck_assert_int_eq(mm_iio_device_find(&b->board, attribute, &attr), 0);
	return mm_iio_device_write_text(&b->board, &attr, text);
}

enum mm_health step(struct bench *b)
{
	struct mm_measurement m;
	int64_t before_ns = b->last.end_ns;
	enum mm_health health;
	int r = b->afe->ops->next(b->afe, &m);

	ck_assert_msg(r == 0, "%s", b->afe->message);
	if (m.end_ns <= m.start_ns) {
		ck_abort_msg("window ends before it starts");
	}
	if (m.latched && b->last.latched && m.missed == 0 && m.start_ns != before_ns) {
		ck_abort_msg("window does not start where the last one ended");
	}
	for (unsigned i = 0; i < m.input_count; i++) {
		const struct mm_input_reading *input = &m.input[i];

		/* Energy has to have a current that it can come from. */
		if (m.latched && fabs(input->active_ws) > 1 + 1.02 * input->voltage_v * input->current_a) {
			ck_abort_msg("%.1f Ws at %.1f V and %.3f A", input->active_ws, input->voltage_v, input->current_a);
		}
	}
	health = mm_health_judge(&b->judge, &m);
	b->health[health]++;
	b->missed += m.missed;
	if (health == MM_HEALTH_OK && m.latched) {
		b->windows++;
		b->active_ws[0] += m.input[0].active_ws;
		b->active_ws[1] += m.input[1].active_ws;
	}
	b->last = m;
	return health;
}

void run_until(struct bench *b, double seconds)
{
	while (mm_clock_boottime(b->clock) < (int64_t)(seconds * 1e9)) {
		(void)step(b);
	}
}

unsigned reopen(struct bench *b)
{
	unsigned tries = 0;

	do {
		b->afe->ops->close(b->afe);
		ck_assert_int_eq(mm_clock_sleep_until(b->clock, mm_clock_boottime(b->clock) + MM_NS_PER_S), 0);
		ck_assert_uint_lt(++tries, 1000);
	} while (b->afe->ops->open(b->afe) < 0);
	return tries;
}

void assert_energy(double ws, int64_t truth_uwh, double tolerance)
{
	double uwh = ws * MM_UWH_PER_WS;

	ck_assert_msg(fabs(uwh - (double)truth_uwh) <= tolerance * fabs((double)truth_uwh), "%.0f uWh of %" PRId64 ": %+.4f %%",
		      uwh, truth_uwh, (uwh / (double)truth_uwh - 1) * 100);
}
