/* SPDX-License-Identifier: MIT */
/* minimeter-sim: reads options and scenario, and runs the board's server until a signal. */
#include "config.h"

#include "sim/board.h"
#include "sim/number.h"
#include "sim/recording.h"
#include "sim/server.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define DEFAULT_PORT 30431
/* The start of a stepped board without a start_time, 2025-01-01T00:00:00Z: every run is the same. */
#define STEPPED_START_S INT64_C(1735689600)

struct options {
	const char *listen;
	uint16_t port;
	const char *scenario;
	const char *recording;
	double recording_hz;
	int ready_fd;
	bool stepped;
	bool check;
	bool print_truth;
};

static void print_help(void)
{
	puts("Usage: minimeter-sim [OPTION]...\n"
	     "Serve a simulated metering board over libiio's network protocol.\n\n"
	     "  --scenario FILE    play this scenario (default: 120 V split phase, no load)\n"
	     "  --recording FILE   play volts and amperes from this file at element A of a converter\n"
	     "  --recording-hz N   its samples a second\n"
	     "  --listen ADDR      listen at this numeric address (default 127.0.0.1)\n"
	     "  --port N           listen at this port (default 30431; 0: any)\n"
	     "  --stepped          time moves only when a client writes time_ns\n"
	     "  --check-scenario   read the scenario, say what is wrong with it, and exit\n"
	     "  --print-truth      print the energies of the scenario as JSON when stopped\n"
	     "  --ready-fd N       write \"PORT\\n\" to this file descriptor once listening\n"
	     "  --help             print this text and exit\n"
	     "  --version          print the version and exit\n\n"
	     "Clients reach it as ip:127.0.0.1 or ip:127.0.0.1:PORT; see minimeter-sim(1).");
}

static int usage_error(const char *option, const char *text, const char *reason)
{
	fprintf(stderr, "minimeter-sim: %s %s: %s\n", option, text, reason);
	return EXIT_USAGE;
}

enum {
	OPTION_SCENARIO = 256,
	OPTION_RECORDING,
	OPTION_RECORDING_HZ,
	OPTION_LISTEN,
	OPTION_PORT,
	OPTION_STEPPED,
	OPTION_CHECK,
	OPTION_TRUTH,
	OPTION_READY,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"scenario", required_argument, NULL, OPTION_SCENARIO},	  {"listen", required_argument, NULL, OPTION_LISTEN},
	{"recording", required_argument, NULL, OPTION_RECORDING}, {"recording-hz", required_argument, NULL, OPTION_RECORDING_HZ},
	{"port", required_argument, NULL, OPTION_PORT},		  {"stepped", no_argument, NULL, OPTION_STEPPED},
	{"check-scenario", no_argument, NULL, OPTION_CHECK},	  {"print-truth", no_argument, NULL, OPTION_TRUTH},
	{"ready-fd", required_argument, NULL, OPTION_READY},	  {"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},		  {NULL, 0, NULL, 0},
};

/* Checks options that need each other. Returns as below. */
static int check_options(const struct options *options)
{
	if (options->check && !options->scenario) {
		fputs("minimeter-sim: --check-scenario needs --scenario FILE\n", stderr);
		return EXIT_USAGE;
	}
	if ((options->recording != NULL) != (options->recording_hz > 0.0)) {
		fputs("minimeter-sim: --recording FILE and --recording-hz N need each other\n", stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* Returns -1 to go on, or the exit status. */
static int parse_options(int argc, char *argv[], struct options *ret)
{
	uint64_t number;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_SCENARIO:
			ret->scenario = optarg;
			break;
		case OPTION_RECORDING:
			ret->recording = optarg;
			break;
		case OPTION_RECORDING_HZ:
			if (!mm_sim_number_parse(optarg, 1.0, 1e6, &ret->recording_hz)) {
				return usage_error("--recording-hz", optarg, "not hertz from 1 to 1000000");
			}
			break;
		case OPTION_LISTEN:
			ret->listen = optarg;
			break;
		case OPTION_PORT:
			if (!mm_sim_whole_parse(optarg, UINT16_MAX, &number)) {
				return usage_error("--port", optarg, "not a port from 0 to 65535");
			}
			ret->port = (uint16_t)number;
			break;
		case OPTION_STEPPED:
			ret->stepped = true;
			break;
		case OPTION_CHECK:
			ret->check = true;
			break;
		case OPTION_TRUTH:
			ret->print_truth = true;
			break;
		case OPTION_READY:
			if (!mm_sim_whole_parse(optarg, 65535, &number)) {
				return usage_error("--ready-fd", optarg, "not a file descriptor");
			}
			ret->ready_fd = (int)number;
			break;
		case OPTION_HELP:
			print_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("minimeter-sim " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		default: /* getopt_long() has printed the error */
			return EXIT_USAGE;
		}
	}
	return optind < argc ? usage_error("argument", argv[optind], "not understood; see --help") : check_options(ret);
}

static int load_recording(const struct options *options, struct mm_error *error, struct mm_sim_recording **ret)
{
	FILE *file = fopen(options->recording, "re");
	int r;

	if (!file) {
		r = -errno;
		return mm_error_set(error, r, "%.128s: %s", options->recording, strerror(-r));
	}
	r = mm_sim_recording_read(file, options->recording, options->recording_hz, error, ret);
	fclose(file);
	return r;
}

/* Loads the scenario with its recording. */
static int load(const struct options *options, struct mm_error *error, struct mm_sim_scenario **ret,
		struct mm_sim_recording **ret_recording)
{
	int r = options->scenario ? mm_sim_scenario_load(options->scenario, error, ret) : mm_sim_scenario_new(ret);

	if (r == 0 && options->recording) {
		r = load_recording(options, error, ret_recording);
		(*ret)->board.recording = *ret_recording;
	}
	return r;
}

static void print_truth(const struct mm_sim_board *board)
{
	struct mm_sim_truth truth;

	mm_sim_board_truth(board, &truth);
	printf("{\"time_ns\": %" PRId64 ", \"windows\": %" PRIu64, mm_sim_board_time(board), mm_sim_board_windows(board));
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		printf(", \"load_%c_uwh\": %" PRId64 ", \"seen_%c_uwh\": %" PRId64, 'a' + (char)i, truth.load_uwh[i],
		       'a' + (char)i, truth.seen_uwh[i]);
	}
	printf(", \"load_total_uwh\": %" PRId64 "}\n", truth.load_total_uwh);
}

/* Blocks SIGTERM and SIGINT. Returns a descriptor that they make readable, or -errno. */
static int open_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0 || (fd = signalfd(-1, &signals, SFD_CLOEXEC)) < 0) {
		return -errno;
	}
	return fd;
}

static int announce(const struct options *options, uint16_t port)
{
	printf("minimeter-sim: listening on %s port %u\n", options->listen, port);
	if (fflush(stdout) != 0 || (options->ready_fd >= 0 && dprintf(options->ready_fd, "%u\n", port) < 0)) {
		return -errno;
	}
	/* A systemd that does not hear of it ends the program by its own limit. */
	(void)sd_notify(0, "READY=1");
	return 0;
}

static int serve(const struct options *options, struct mm_sim_board *board)
{
	struct mm_sim_server *server = NULL;
	int stop_fd, r;

	stop_fd = open_signals();
	if (stop_fd < 0) {
		fprintf(stderr, "minimeter-sim: signals: %s\n", strerror(-stop_fd));
		return EXIT_FAILURE;
	}
	r = mm_sim_server_new(board, options->listen, options->port, &server);
	if (r < 0) {
		fprintf(stderr, "minimeter-sim: can't listen on %s port %u: %s\n", options->listen, options->port,
			r == -EINVAL ? "not a numeric address" : strerror(-r));
		goto out;
	}
	r = announce(options, mm_sim_server_port(server));
	if (r == 0) {
		r = mm_sim_server_run(server, stop_fd);
	}
	if (r < 0) {
		fprintf(stderr, "minimeter-sim: %s\n", strerror(-r));
		goto out;
	}
	if (options->print_truth) {
		print_truth(board);
	}
out:
	mm_sim_server_free(server);
	close(stop_fd);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	struct options options = {.listen = "127.0.0.1", .port = DEFAULT_PORT, .ready_fd = -1};
	struct mm_sim_scenario *scenario = NULL;
	struct mm_sim_recording *recording = NULL;
	struct mm_sim_board *board = NULL;
	struct mm_error error = {"out of memory"};
	int64_t start_s;
	int r = parse_options(argc, argv, &options);

	if (r >= 0) {
		return r;
	}
	r = load(&options, &error, &scenario, &recording);
	if (r < 0) {
		fprintf(stderr, "minimeter-sim: %s\n", error.text);
		r = EXIT_FAILURE;
		goto out;
	}
	if (options.check) {
		goto out;
	}
	start_s = scenario->board.has_start ? scenario->board.start_s : options.stepped ? STEPPED_START_S : (int64_t)time(NULL);
	r = mm_sim_board_new(scenario, options.stepped, start_s, &board);
	if (r < 0) {
		fprintf(stderr, "minimeter-sim: %s\n", strerror(-r));
		r = EXIT_FAILURE;
	} else {
		r = serve(&options, board);
	}
out:
	mm_sim_board_free(board);
	mm_sim_scenario_free(scenario);
	mm_sim_recording_free(recording);
	return r;
}
