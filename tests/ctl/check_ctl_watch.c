/* SPDX-License-Identifier: MIT */
/* watch: the lines it prints into a pipe, and the panel on a terminal of a fixed size. */

#include "ctl/check_ctl.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCREEN_MAX (256 * 1024)
#define PATIENCE_MS 10000 /* a test that waits so long has failed */

#define TAKES_MAX 30 /* so does one that sees so many updates without what it waits for */

#define READING REPLY_MORE("{\"meters\":[" MAIN "]}")
#define END_OF_STREAM ERROR("org.minimeter.Busy", "{\"reason\":\"over\"}")
#define LINE                                                                                                                     \
	"2026-03-01 12:00:00  main  12345.679 kWh  2406.4 W  L1 120.1 V 10.020 A 1203.2 W 0.998  L2 120.1 V 10.020 A 1203.2 W "  \
	"0.998\n"

START_TEST(a_window_is_a_line)
{
	static const struct fake_answer script[] = {
		{"Read", 0, READING "\n" READING "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};
	static const struct fake_answer faulty[] = {
		{"Read", 0,
		 REPLY_MORE("{\"meters\":[" METER("main", "false", "\"front-end-frozen\"", "") "]}") "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};

	expect(script, "watch", MM_CTL_FAILED, LINE LINE, "minimeterd is busy: over");
	expect(faulty, "watch", MM_CTL_FAILED, " 2406.4 W  not valid  fault: front end frozen\n", NULL);
}
END_TEST

START_TEST(a_window_is_an_object)
{
	static const struct fake_answer script[] = {
		{"Read", 0, READING "\n" READING "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};
	struct fake_daemon *daemon = fake_daemon_new(test_socket, script);
	struct outcome outcome = run_ctl("watch --json");
	int lines = 0;

	for (char *line = strtok(outcome.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		json_t *object = json_loads(line, 0, NULL);
		ck_assert_uint_eq(json_array_size(json_object_get(object, "meters")), 1);
		json_decref(object);
		lines++;
	}
	ck_assert_int_eq(lines, 2);
	outcome_free(&outcome);
	fake_daemon_free(daemon);
}
END_TEST

START_TEST(a_restart_is_survived)
{
	static const struct fake_answer script[] = {
		{"Read", 1, READING "\nclose"},
		{"Read", 0, READING "\n" END_OF_STREAM},
		{NULL, 0, NULL},
	};

	expect(script, "watch", MM_CTL_FAILED, LINE LINE, "daemon gone, reconnecting\n");
}
END_TEST

START_TEST(seconds_end_it)
{
	static const struct fake_answer script[] = {{"Read", 0, READING}, {NULL, 0, NULL}};

	expect(script, "watch --seconds 0.01", MM_CTL_FINE, LINE, "");
}
END_TEST

START_TEST(a_first_error_ends_it)
{
	static const struct fake_answer script[] = {
		{"Read", 0, ERROR("org.minimeter.NoSuchMeter", "{\"meter\":\"x\"}")},
		{NULL, 0, NULL},
	};

	expect(script, "watch --meter x", MM_CTL_FAILED, "", "there is no meter 'x'\n");
}
END_TEST

/* ---- The panel ---- */

#define LAMP(name, level)                                                                                                        \
	"{\"meter\":\"main\",\"name\":\"" name "\",\"line\":null,\"level\":" level ",\"kh_wh\":null,\"edges\":0}"

#define FRONT_END(state)                                                                                                         \
	REPLY("{\"front_end\":{\"state\":\"" state                                                                               \
	      "\",\"since_s\":1.0},\"register\":{\"state\":\"ok\",\"since_s\":1.0},\"ok\":true}")

static const struct fake_answer panel_script[] = {
	{"Read", 0, READING},
	{"Status", 0, FRONT_END("ok")},
	{"GetOutputs", 0,
	 REPLY("{\"outputs\":[" LAMP("10", "true") "," LAMP("counter", "false") "," LAMP("led_power", "true") "," LAMP(
		 "led_load", "false") "," LAMP("led_reverse", "true") "]}")},
	{NULL, 0, NULL},
};

struct terminal {
	pid_t pid;
	int fd;
	size_t length, mark; /* what came, and from where on text is waited for */
	char screen[SCREEN_MAX];
};

static void start_panel(struct terminal *terminal, const char *locale, unsigned short columns, unsigned short rows)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};
	char program[4096];

	snprintf(program, sizeof(program), "%s/minimeterctl", getenv("MM_BUILDDIR"));
	memset(terminal, 0, sizeof(*terminal));
	terminal->pid = forkpty(&terminal->fd, NULL, NULL, &size);
	ck_assert_int_ge(terminal->pid, 0);
	if (terminal->pid == 0) {
		setenv("TERM", "screen", 1); /* it has no way to repeat a character: text comes whole */
		setenv("LC_ALL", locale, 1);
		unsetenv("NO_COLOR");
		unsetenv("LINES");
		unsetenv("COLUMNS");
		execl(program, "minimeterctl", "--socket", test_socket, "watch", (char *)NULL);
		_exit(127);
	}
}

/* Takes what comes for a while; false once the terminal is closed. */
static bool take(struct terminal *terminal)
{
	struct pollfd fd = {.fd = terminal->fd, .events = POLLIN};

	ck_assert_msg(poll(&fd, 1, PATIENCE_MS) == 1, "nothing more comes after '%s'", terminal->screen + terminal->mark);
	ssize_t got = read(terminal->fd, terminal->screen + terminal->length, SCREEN_MAX - 1 - terminal->length);
	if (got <= 0) {
		return false;
	}
	terminal->length += (size_t)got;
	terminal->screen[terminal->length] = '\0';
	return true;
}

/* Waits for text behind the mark, in whatever order things come. */
static void wait_text(struct terminal *terminal, const char *text)
{
	int takes = 0;

	while (strstr(terminal->screen + terminal->mark, text) == NULL) {
		ck_assert_msg(takes++ < TAKES_MAX && take(terminal), "ended before '%s' came: %s", text,
			      terminal->screen + terminal->mark);
	}
}

static void resize(struct terminal *terminal, unsigned short columns, unsigned short rows)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	terminal->mark = terminal->length;
	ck_assert_int_eq(ioctl(terminal->fd, TIOCSWINSZ, &size), 0);
}

/* Waits for the end: the exit code is 0 and the terminal is left as it was (alternate screen off, cursor on). */
static void expect_end(struct terminal *terminal)
{
	struct termios modes;
	int status;

	ck_assert_int_eq(tcgetattr(terminal->fd, &modes), 0);
	wait_text(terminal, "\033[?1049l");
	while (take(terminal)) {
	}
	ck_assert_int_eq(waitpid(terminal->pid, &status, 0), terminal->pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == MM_CTL_FINE, "status %d", status);
	ck_assert_ptr_nonnull(strstr(terminal->screen, "\033[?25h"));
	close(terminal->fd);
}

START_TEST(the_panel_follows_the_terminal)
{
	struct fake_daemon *daemon = fake_daemon_new(test_socket, panel_script);
	struct terminal *terminal = malloc(sizeof(*terminal));

	start_panel(terminal, "C", 80, 24);
	wait_text(terminal, "MMD-120-2001-T-SCC  serial 00042");
	wait_text(terminal, "+---");
	wait_text(terminal, "| |");
	wait_text(terminal, "pulse outputs");
	wait_text(terminal, "watts");
	resize(terminal, 40, 10);
	wait_text(terminal, "012345.6 kWh");
	wait_text(terminal, "reverse");
	wait_text(terminal, "counter");
	wait_text(terminal, "1203.2");
	wait_text(terminal, "q quit");
	resize(terminal, 30, 8);
	wait_text(terminal, "needs 40x10 or more");
	resize(terminal, 2, 1);
	wait_text(terminal, "\033[J"); /* all is drawn anew, in two cells */
	resize(terminal, 100, 40);
	wait_text(terminal, "pulse outputs");
	ck_assert_int_eq(write(terminal->fd, "q", 1), 1);
	expect_end(terminal);
	free(terminal);
	fake_daemon_free(daemon);
}
END_TEST

START_TEST(the_panel_shows_lamps_in_colour)
{
	struct fake_daemon *daemon = fake_daemon_new(test_socket, panel_script);
	struct terminal *terminal = malloc(sizeof(*terminal));

	start_panel(terminal, "C.UTF-8", 80, 24);
	wait_text(terminal, "┏━┓");
	wait_text(terminal, "\033[32m● ");
	wait_text(terminal, "\033[31m● ");
	wait_text(terminal, "ok · reading");
	ck_assert_int_eq(kill(terminal->pid, _i == 0 ? SIGTERM : _i == 1 ? SIGINT : SIGHUP), 0);
	expect_end(terminal);
	free(terminal);
	fake_daemon_free(daemon);
}
END_TEST

START_TEST(the_panel_outlives_the_daemon)
{
	static const struct fake_answer restarted[] = {
		{"Read", 0, READING},
		{"Status", 0, FRONT_END("frozen")},
		{NULL, 0, NULL},
	};
	struct fake_daemon *daemon = fake_daemon_new(test_socket, panel_script);
	struct terminal *terminal = malloc(sizeof(*terminal));

	start_panel(terminal, "C", 80, 24);
	wait_text(terminal, "ok, reading");
	fake_daemon_free(daemon);
	wait_text(terminal, "daemon gone, reconnecting");
	terminal->mark = terminal->length;
	daemon = fake_daemon_new(test_socket, restarted);
	wait_text(terminal, "front end frozen");
	ck_assert_int_eq(write(terminal->fd, "q", 1), 1);
	expect_end(terminal);
	free(terminal);
	fake_daemon_free(daemon);
}
END_TEST

TCase *watch_tcase(void)
{
	TCase *watch = tcase_create("watch");

	tcase_set_timeout(watch, 120);
	tcase_add_test(watch, a_window_is_a_line);
	tcase_add_test(watch, a_window_is_an_object);
	tcase_add_test(watch, a_restart_is_survived);
	tcase_add_test(watch, seconds_end_it);
	tcase_add_test(watch, a_first_error_ends_it);
	tcase_add_test(watch, the_panel_follows_the_terminal);
	tcase_add_loop_test(watch, the_panel_shows_lamps_in_colour, 0, 3);
	tcase_add_test(watch, the_panel_outlives_the_daemon);
	return watch;
}
