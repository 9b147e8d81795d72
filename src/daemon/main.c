/* SPDX-License-Identifier: MIT */
/* minimeterd: reads the command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "base/log.h"
#include "core/units.h"
#include "store/store.h"

/* Has the daemon been refused its configuration, and logged why, before this runs as ExecStopPost=? */
static bool was_refused(void)
{
	const char *status = getenv("EXIT_STATUS");

	return status && strcmp(status, "2") == 0;
}

/*
 * Will systemd, which runs this program as ExecStopPost=, start the daemon again? Its unit does after every failure but a wrong
 * configuration. systemd.exec(5) has the variables.
 */
static bool starts_again(void)
{
	const char *result = getenv("SERVICE_RESULT");

	return result && strcmp(result, "success") != 0 && !was_refused();
}

/*
 * The lines go dark even though no process holds them any more. After a crash only indicators do: outputs that follow energy stay
 * where they are for the few seconds, or a counter would see a pulse cut off and perhaps another begin.
 */
static int make_outputs_safe(const struct mm_config *config)
{
	const struct mm_outputs_driver *driver = mm_outputs_driver_find(config->outputs_driver);
	enum mm_output first = starts_again() ? MM_OUTPUT_LED_POWER : 0;
	struct mm_error error = {0};
	int status = 0;

	for (unsigned i = 0; i < config->meter_count && driver->make_safe; i++) {
		struct mm_outputs_config lines = {.consumer = "minimeterd", .meter = config->meter[i].name};

		memcpy(lines.line + first, config->meter[i].line + first, sizeof(lines.line) - first * sizeof(lines.line[0]));
		if (driver->make_safe(&lines, &error) < 0) {
			mm_log(LOG_ERR, NULL, NULL, "%s", error.text);
			status = 1;
		}
	}
	return status;
}

static void print_register(void *userdata, const struct mm_store_meter *meter, int64_t delivered_uwh, int64_t received_uwh)
{
	(void)userdata;
	printf("serial %s (%s): %.3f kWh", meter->serial, meter->name, (double)delivered_uwh / MM_UWH_PER_KWH);
	if (received_uwh > 0) {
		printf(", received %.3f kWh", (double)received_uwh / MM_UWH_PER_KWH);
	}
	putchar('\n');
}

static int list_registers(const char *path)
{
	struct mm_error error = {0};

	if (mm_store_list(path, print_register, NULL, &error) < 0) {
		fprintf(stderr, "minimeterd: %s\n", error.text);
		return 1;
	}
	return 0;
}

static void log_errors(const char *path, const struct mm_config_errors *errors)
{
	for (unsigned i = 0; i < errors->count; i++) {
		mm_log(LOG_ERR, NULL, NULL, "%s", errors->error[i].text);
	}
	if (errors->more) {
		mm_log(LOG_ERR, NULL, NULL, "%s: more errors than these", path);
	}
}

static int print_config(const char *path)
{
	struct mm_config_errors errors = {0};

	if (mm_config_print(path, stdout, &errors) < 0) {
		log_errors(path, &errors);
		return MM_DAEMON_REFUSED;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

static void usage(FILE *to)
{
	fputs("Usage: minimeterd [--config FILE] [--check-config | --print-config | --safe-outputs]\n"
	      "       minimeterd --list-registers DATABASE\n"
	      "A kWh meter as a daemon; see minimeterd(8).\n"
	      "\n"
	      "  -c, --config FILE   configuration (default " SYSCONFDIR "/minimeter/minimeter.conf)\n"
	      "      --check-config  check the configuration, also against the register, then exit\n"
	      "      --print-config  print the settings in force and where each is from, then exit\n"
	      "      --list-registers DATABASE\n"
	      "                      print serial numbers and readings, then exit\n"
	      "      --safe-outputs  drive all output lines to their safe level, then exit\n"
	      "  -h, --help          this text\n"
	      "  -V, --version       the version\n",
	      to);
}

/* What is done instead of metering. */
enum action { METER, CHECK_CONFIG = 256, LIST_REGISTERS, PRINT_CONFIG, SAFE_OUTPUTS };

/* A register that can't be looked at refuses nothing: the start will know. */
static int check_register(const struct mm_config *config)
{
	struct mm_error error = {0};
	int r = mm_daemon_check_store(config, &error);

	if (r < 0) {
		mm_log(LOG_ERR, NULL, NULL, "%s", error.text);
		return MM_DAEMON_REFUSED;
	}
	if (r > 0) {
		fprintf(stderr, "minimeterd: can't compare the register with the configuration now: %s\n", error.text);
	}
	return MM_DAEMON_FINE;
}

static void say_in_order(const char *path, const struct mm_config *config)
{
	struct mm_error unused;

	for (unsigned i = 0; i < config->front_end_count; i++) {
		if (mm_config_has_unused(&config->front_end[i], &unused)) {
			fprintf(stderr, "%s: warning: %s\n", path, unused.text);
		}
	}
	printf("%s: in order\n", path);
}

static int run(int action, const char *path)
{
	struct mm_config_errors errors = {0};
	struct mm_config *config;
	int status = MM_DAEMON_FINE;

	if (action == PRINT_CONFIG) {
		return print_config(path);
	}
	if (mm_config_load(path, &errors, &config) < 0) {
		if (action != SAFE_OUTPUTS || !was_refused()) {
			log_errors(path, &errors);
		}
		return MM_DAEMON_REFUSED;
	}
	if (action == METER) {
		return (int)mm_daemon_run(path, config);
	}
	if (action == SAFE_OUTPUTS) {
		status = make_outputs_safe(config);
	} else {
		status = check_register(config);
		if (status == MM_DAEMON_FINE) {
			say_in_order(path, config);
		}
	}
	free(config);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, CHECK_CONFIG},
		{"list-registers", required_argument, NULL, LIST_REGISTERS},
		{"print-config", no_argument, NULL, PRINT_CONFIG},
		{"safe-outputs", no_argument, NULL, SAFE_OUTPUTS},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	const char *path = SYSCONFDIR "/minimeter/minimeter.conf";
	int action = METER, c;

	while ((c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case LIST_REGISTERS:
			return list_registers(optarg);
		case CHECK_CONFIG:
		case PRINT_CONFIG:
		case SAFE_OUTPUTS:
			action = c;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("minimeterd " PACKAGE_VERSION);
			return 0;
		default:
			usage(stderr);
			return MM_DAEMON_REFUSED;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "minimeterd: unexpected argument \"%s\"\n", argv[optind]);
		usage(stderr);
		return MM_DAEMON_REFUSED;
	}
	return run(action, path);
}
