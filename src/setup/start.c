/* SPDX-License-Identifier: MIT */
/* The unit is started, and its first reading is waited for. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/count_of.h"
#include "base/now.h"
#include "base/text.h"
#include "client/client.h"
#include "client/reading.h"
#include "core/units.h"
#include "setup/private.h"

#define READERS "minimeter"

/* ---- Programs ---- */

/* Says what it runs, and what came of it. */
static int run(const struct mm_setup_machine *machine, const char *const argv[])
{
	int status;

	for (int i = 0; argv[i]; i++) {
		fprintf(machine->out, "%s%s", i > 0 ? " " : "+ ", argv[i]);
	}
	fputc('\n', machine->out);
	fflush(machine->out);
	status = machine->run(machine->userdata, argv);
	if (status < 0) {
		fprintf(machine->err, "minimeter-setup: %s: %s\n", argv[0], strerror(-status));
	} else if (status > 0) {
		fprintf(machine->err, "minimeter-setup: %s failed with status %d\n", argv[0], status);
	}
	return status == 0 ? 0 : -EIO;
}

bool mm_setup_may_read(const char *user)
{
	const struct group *group = getgrnam(READERS);
	const struct passwd *passwd;
	gid_t wanted, groups[256];
	int count = COUNT_OF(groups);

	if (!group) {
		return true;
	}
	wanted = group->gr_gid;
	passwd = getpwnam(user);
	if (!passwd || getgrouplist(user, passwd->pw_gid, groups, &count) < 0) {
		return true;
	}
	for (int i = 0; i < count; i++) {
		if (groups[i] == wanted) {
			return true;
		}
	}
	return false;
}

int mm_setup_add_user(const struct mm_setup_machine *machine, const char *user)
{
	const char *const argv[] = {"usermod", "-aG", READERS, user, NULL};
	int r = run(machine, argv);

	if (r == 0) {
		fprintf(machine->out, "%s can read the meter after the next login.\n", user);
	}
	return r;
}

int mm_setup_start(const struct mm_setup_machine *machine)
{
	static const char *const commands[][4] = {
		{"systemctl", "daemon-reload", NULL},
		{"systemctl", "enable", "minimeterd.service", NULL},
		{"systemctl", "restart", "minimeterd.service", NULL},
	};

	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (run(machine, commands[i]) < 0) {
			fprintf(machine->err, "The meter is not started; journalctl -u minimeterd says more.\n");
			return MM_SETUP_FAILED;
		}
	}
	return MM_SETUP_FINE;
}

/* ---- The first reading ---- */

/* What is wrong with a meter, in the words of its faults. */
static void show_faults(FILE *out, const struct mm_names *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", faults->name[i]);
		for (char *at = text; *at != '\0'; at++) {
			*at = *at == '-' ? ' ' : *at;
		}
		mm_text_clean(text);
		fprintf(out, "    fault: %s\n", text);
	}
}

static bool has_faults(const struct mm_readings *readings)
{
	bool faults = false;

	for (size_t i = 0; i < readings->count; i++) {
		faults = faults || readings->meter[i].faults.count > 0;
	}
	return faults;
}

static void show(FILE *out, const struct mm_readings *readings)
{
	fprintf(out, has_faults(readings) ? "It reads, but not all is in order:\n" : "It meters:\n");
	for (size_t i = 0; i < readings->count; i++) {
		const struct mm_reading *meter = &readings->meter[i];
		char text[160];

		snprintf(text, sizeof(text), "%s (serial %s)", meter->name, meter->serial);
		mm_text_clean(text);
		fprintf(out, "  %s: %.3f kWh\n", text, (double)meter->delivered_uwh / MM_UWH_PER_KWH);
		for (size_t e = 0; e < meter->element_count; e++) {
			const struct mm_reading_element *element = &meter->element[e];

			snprintf(text, sizeof(text), "%s", element->name);
			mm_text_clean(text);
			fprintf(out, "    %s %.1f V, %.2f A, %.0f W\n", text, element->voltage_v, element->current_a,
				element->power_w);
		}
		show_faults(out, &meter->faults);
	}
}

static bool all_valid(const struct mm_readings *readings)
{
	bool valid = readings->count > 0;

	for (size_t i = 0; i < readings->count; i++) {
		valid = valid && readings->meter[i].valid;
	}
	return valid;
}

/* Why there is no reading yet: what the front end says. */
static void ask_why(struct mm_client *client, struct mm_error *ret)
{
	struct mm_daemon_status *status = NULL;
	json_t *answer = NULL;

	if (mm_client_call(client, "org.minimeter.Status", NULL, &answer, ret) == 0 &&
	    mm_daemon_status_new(answer, &status, ret) == 0) {
		const struct mm_condition *front_end = &status->front_end;

		mm_error_say(ret, "front end %s%s%s%s%s", front_end->state, front_end->reason ? ": " : "",
			     front_end->reason ? front_end->reason : "", front_end->advice ? "; " : "",
			     front_end->advice ? front_end->advice : "");
	}
	mm_daemon_status_free(status);
	json_decref(answer);
}

/* 1: there is a reading of every meter, and it is shown; 2: the same, with a fault; 0: not yet, and why. */
static int look_once(const struct mm_setup_machine *machine, struct mm_error *ret_why)
{
	struct mm_client *client = NULL;
	struct mm_readings *readings = NULL;
	json_t *answer = NULL;
	int valid = 0;

	if (mm_client_connect(MM_CLIENT_READ, machine->socket_path, &client, ret_why) < 0) {
		return 0;
	}
	if (mm_client_call(client, "org.minimeter.Read", NULL, &answer, ret_why) == 0 &&
	    mm_readings_new(answer, &readings, ret_why) == 0) {
		valid = all_valid(readings);
		if (valid) {
			show(machine->out, readings);
			valid += has_faults(readings);
		} else {
			ask_why(client, ret_why);
		}
	}
	mm_readings_free(readings);
	json_decref(answer);
	mm_client_free(client);
	return valid;
}

static int say_fault(FILE *out)
{
	fprintf(out, "The meter is set up and goes on; 'minimeterctl diagnose' names the cause and what to measure.\n");
	return MM_SETUP_FAULT;
}

int mm_setup_wait(const struct mm_setup_machine *machine, int wait_s)
{
	const int64_t until_ns = mm_now(CLOCK_MONOTONIC) + wait_s * MM_NS_PER_S;
	const struct timespec pause = mm_timespec(machine->retry_ms * MM_NS_PER_MS);
	struct mm_error why = {0}, said = {0};
	int r;

	if (wait_s == 0) {
		return MM_SETUP_FINE;
	}
	fprintf(machine->out, "Waiting for the first reading ...\n");
	for (;;) {
		r = look_once(machine, &why);
		if (r > 0) {
			return r > 1 ? say_fault(machine->out) : MM_SETUP_FINE;
		}
		mm_text_clean(why.text);
		if (strcmp(why.text, said.text) != 0) {
			fprintf(machine->out, "  %s\n", why.text);
			said = why;
		}
		fflush(machine->out);
		if (mm_now(CLOCK_MONOTONIC) >= until_ns) {
			break;
		}
		(void)nanosleep(&pause, NULL); /* ended early by a signal, it only looks sooner */
	}
	fprintf(machine->err,
		"minimeter-setup: no reading in %d s: %s\nThe meter is set up and goes on trying; 'minimeterctl status' says how "
		"it is.\n",
		wait_s, why.text);
	return MM_SETUP_FAULT;
}
