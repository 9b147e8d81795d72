/* SPDX-License-Identifier: MIT */
/* The steps of a calibration, each a command for scripts. */
#include "ctl/calibrate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/count_of.h"
#include "core/model.h"
#include "ctl/reference.h"
#include "ctl/writer.h"

/* A window comes every second; the daemon notices after five that a front end is silent. */
#define PROGRESS_TIMEOUT_MS 20000
#define LINE_ROOM 160

static const struct mm_column measured_columns[] = {
	{MM_NUMBER("seconds", "SECONDS", "s", 1)},	 {MM_NUMBER("windows", "WINDOWS", NULL, 0)},
	{MM_NUMBER("voltage_v", "VOLTAGE", "V", 2)},	 {MM_NUMBER("current_a", "CURRENT", "A", 3)},
	{MM_NUMBER("power_w", "POWER", "W", 2)},	 {MM_NUMBER("power_factor", "PF", NULL, 4)},
	{MM_NUMBER("spread_percent", "SPREAD", "%", 3)},
};

static const struct mm_column point_columns[] = {
	{MM_COLUMN(TEXT, "point", "POINT")},
	{MM_NUMBER("found_percent", "AS FOUND", "%", 3)},
	{MM_NUMBER("left_percent", "AS LEFT", "%", 3)},
	{MM_COLUMN(YES, "left_measured", "LEFT MEASURED")},
};

static const struct mm_column average_columns[] = {
	{MM_NUMBER("found_average_percent", "weighted average as found", "%", 3)},
	{MM_NUMBER("left_average_percent", "weighted average as left", "%", 3)},
};

static const struct mm_column constants_columns[] = {
	{MM_NUMBER("gain", NULL, NULL, 6)},
	{MM_NUMBER("phase_deg", NULL, "deg", 4)},
	{MM_NUMBER("offset_w", NULL, "W", 3)},
};

/* ---- Asking ---- */

int mm_calibrate_call(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret)
{
	int r = mm_ctl_connect(ctl);

	if (r != MM_CTL_FINE) {
		json_decref(parameters);
		return r;
	}
	return mm_ctl_call(ctl, method, parameters, ret);
}

static void progress_text(struct mm_ctl *ctl, const json_t *measured, int64_t seconds)
{
	fprintf(ctl->out, "\r\033[K  %.0f of %d s: %.2f V, %.3f A, %.2f W",
		json_number_value(json_object_get(measured, "seconds")), (int)seconds,
		json_number_value(json_object_get(measured, "voltage_v")),
		json_number_value(json_object_get(measured, "current_a")),
		json_number_value(json_object_get(measured, "power_w")));
	fflush(ctl->out);
}

int mm_calibrate_measure(struct mm_ctl *ctl, const char *session, const char *stage, const char *point, int64_t seconds,
			 json_t **ret)
{
	bool live = ctl->option[MM_OPTION_JSON] == NULL && isatty(fileno(ctl->out)), more = true;
	json_t *measured = NULL;
	int r = mm_ctl_connect(ctl);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_send(ctl, "org.minimeter.MeasureCalibration",
				json_pack("{s:s, s:s, s:s, s:I}", "session", session, "stage", stage, "point", point, "seconds",
					  (json_int_t)seconds),
				true);
	}
	while (r == MM_CTL_FINE && more) {
		json_decref(measured);
		measured = NULL;
		r = mm_ctl_receive(ctl, PROGRESS_TIMEOUT_MS, &measured, &more);
		if (r == MM_CTL_FINE && live && more) {
			progress_text(ctl, measured, seconds);
		} else if (live) {
			fputs("\r\033[K", ctl->out);
		}
	}
	if (r == MM_CTL_FINE) {
		*ret = measured;
	}
	return r;
}

int mm_calibrate_refer(struct mm_ctl *ctl, const char *session, const char *stage, const char *point, double power_w,
		       json_t **ret)
{
	json_t *answer;
	int r = mm_calibrate_call(
		ctl, "org.minimeter.SetCalibrationReference",
		json_pack("{s:s, s:s, s:s, s:f}", "session", session, "stage", stage, "point", point, "power_w", power_w),
		&answer);

	if (r == MM_CTL_FINE) {
		*ret = json_incref(json_object_get(answer, "session"));
		json_decref(answer);
	}
	return r;
}

char *mm_calibrate_line(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length = getline(&line, &room, stdin);

	if (length < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* ---- Showing ---- */

void mm_calibrate_measured_text(struct mm_ctl *ctl, const json_t *measured)
{
	json_t *rows = json_pack("[O]", measured);

	mm_writer_table(ctl->out, ctl->width, measured_columns, COUNT_OF(measured_columns), rows, true);
	json_decref(rows);
}

static void constants_text(struct mm_ctl *ctl, const char *heading, const json_t *constants)
{
	char cell[COUNT_OF(constants_columns)][MM_CELL_MAX];

	for (size_t c = 0; c < COUNT_OF(constants_columns); c++) {
		mm_cell(&constants_columns[c], constants, cell[c]);
	}
	mm_ctl_say(ctl, false, "%s: gain %s, phase %s, offset %s", heading, cell[0], cell[1], cell[2]);
}

/* What sessions and versions both have. */
static void registration_text(struct mm_ctl *ctl, const json_t *object)
{
	mm_writer_table(ctl->out, ctl->width, point_columns, COUNT_OF(point_columns), json_object_get(object, "points"), true);
	mm_writer_record(ctl->out, ctl->width, average_columns, COUNT_OF(average_columns), object);
}

void mm_calibrate_session_text(struct mm_ctl *ctl, const json_t *session)
{
	registration_text(ctl, session);
	constants_text(ctl, "constants in force", json_object_get(session, "constants"));
	if (json_is_object(json_object_get(session, "proposed"))) {
		constants_text(ctl, "constants proposed", json_object_get(session, "proposed"));
	}
}

void mm_calibrate_version_text(struct mm_ctl *ctl, const json_t *version)
{
	char number[MM_CELL_MAX], when[MM_CELL_MAX], who[MM_CELL_MAX], why[MM_CELL_MAX], heading[LINE_ROOM];
	const json_t *returns_to = json_object_get(version, "returns_to");
	size_t i;
	json_t *constants;

	mm_cell(&(struct mm_column){MM_NUMBER("version", NULL, NULL, 0)}, version, number);
	mm_cell_as(MM_FORMAT_TIME, version, "time", when);
	mm_cell_as(MM_FORMAT_TEXT, version, "who", who);
	mm_cell_as(MM_FORMAT_TEXT, version, "why", why);
	mm_ctl_say(ctl, false, "version %s  %s  by %s: %s", number, when, who, why);
	if (json_is_integer(returns_to)) {
		fprintf(ctl->out, "constants of version %d again\n", (int)json_integer_value(returns_to));
	} else {
		fprintf(ctl->out, "element %d calibrated\n", (int)json_integer_value(json_object_get(version, "element")));
		registration_text(ctl, version);
	}
	json_array_foreach(json_object_get(version, "constants"), i, constants)
	{
		snprintf(heading, sizeof(heading), "element %zu", i + 1);
		constants_text(ctl, heading, constants);
	}
}

/* ---- The steps ---- */

static void started_text(struct mm_ctl *ctl, const json_t *answer)
{
	char id[MM_CELL_MAX];

	mm_cell_as(MM_FORMAT_TEXT, json_object_get(answer, "session"), "session", id);
	fprintf(ctl->out, "session %s\n", id);
}

static void version_text(struct mm_ctl *ctl, const json_t *answer)
{
	mm_calibrate_version_text(ctl, json_object_get(answer, "version"));
}

int mm_calibrate_open(struct mm_ctl *ctl, json_t **ret)
{
	int64_t number = 1;
	int r = mm_ctl_number_option(ctl, MM_OPTION_ELEMENT, 1, MM_ELEMENTS_MAX, &number);

	return r != MM_CTL_FINE ? r
				: mm_ctl_call_meter(ctl, "org.minimeter.StartCalibration",
						    json_pack("{s:I}", "element", (json_int_t)number), ret);
}

int mm_calibrate_start(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = mm_calibrate_open(ctl, &answer);

	return mm_ctl_show(ctl, r, answer, started_text);
}

/* The session that a step belongs to. */
static int need_session(struct mm_ctl *ctl)
{
	return ctl->option[MM_OPTION_SESSION] != NULL
		       ? MM_CTL_FINE
		       : mm_ctl_fail(ctl, MM_CTL_USAGE,
				     "say of which session with --session: 'minimeterctl calibrate start' begins one");
}

/* Reads the reference from the arguments, or else from standard input: a program may read it while the daemon measures. */
static int read_reference(struct mm_ctl *ctl, double *ret_w)
{
	char joined[LINE_ROOM] = "", *line = ctl->argc == 1 ? mm_calibrate_line() : NULL;
	const char *text = line != NULL ? line : joined;
	int r = MM_CTL_FINE;

	for (int i = 1; i < ctl->argc && strlen(joined) + strlen(ctl->argv[i]) + 2 < sizeof(joined); i++) {
		strcat(strcat(joined, i > 1 ? " " : ""), ctl->argv[i]);
	}
	if (mm_reference_parse(text, ret_w) < 0) {
		r = mm_ctl_fail(ctl, MM_CTL_USAGE, "a reference is " MM_REFERENCE_EXAMPLES ", not '%s'", text);
	}
	free(line);
	return r;
}

static void point_text(struct mm_ctl *ctl, const json_t *answer)
{
	mm_calibrate_measured_text(ctl, json_object_get(answer, "measured"));
	mm_calibrate_session_text(ctl, json_object_get(answer, "session"));
}

int mm_calibrate_point(struct mm_ctl *ctl)
{
	const char *session = ctl->option[MM_OPTION_SESSION], *point = ctl->argv[0];
	const char *stage = ctl->option[MM_OPTION_LEFT] != NULL ? "left" : "found";
	int64_t duration_s = MM_CALIBRATION_SECONDS_DEFAULT;
	json_t *measured = NULL, *state = NULL;
	double reference_w = 0;
	int r = need_session(ctl);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_number_option(ctl, MM_OPTION_SECONDS, MM_CALIBRATION_SECONDS_MIN, MM_CALIBRATION_SECONDS_MAX,
					 &duration_s);
	}
	/* Refuse wrong arguments before the measurement takes its half minute. */
	if (r == MM_CTL_FINE && ctl->argc > 1) {
		r = read_reference(ctl, &reference_w);
	}
	if (r == MM_CTL_FINE) {
		r = mm_calibrate_measure(ctl, session, stage, point, duration_s, &measured);
	}
	if (r == MM_CTL_FINE && ctl->argc == 1) {
		r = read_reference(ctl, &reference_w);
	}
	if (r == MM_CTL_FINE) {
		r = mm_calibrate_refer(ctl, session, stage, point, reference_w, &state);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_show(ctl, r, json_pack("{s:O, s:O}", "measured", measured, "session", state), point_text);
	}
	json_decref(measured);
	json_decref(state);
	return r;
}

int mm_calibrate_accept(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = need_session(ctl);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_call(ctl, "org.minimeter.AcceptCalibration",
				json_pack("{s:s, s:s}", "session", ctl->option[MM_OPTION_SESSION], "reason", ctl->argv[0]),
				&answer);
	}
	return mm_ctl_show(ctl, r, answer, version_text);
}

static void cancelled_text(struct mm_ctl *ctl, const json_t *answer)
{
	(void)answer;
	fputs("no calibration is open; the constants are as they were\n", ctl->out);
}

int mm_calibrate_cancel(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = mm_ctl_call(ctl, "org.minimeter.CancelCalibration", NULL, &answer);

	return mm_ctl_show(ctl, r, answer, cancelled_text);
}

int mm_calibrate_return(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int64_t version;
	int r = mm_ctl_number(ctl, "VERSION", ctl->argv[0], 0, INT64_MAX, &version);

	if (r == MM_CTL_FINE) {
		r = mm_ctl_call_meter(ctl, "org.minimeter.ReturnCalibration",
				      json_pack("{s:I, s:s}", "version", (json_int_t)version, "reason", ctl->argv[1]), &answer);
	}
	return mm_ctl_show(ctl, r, answer, version_text);
}

static void history_text(struct mm_ctl *ctl, const json_t *answer)
{
	const json_t *versions = json_object_get(answer, "versions"), *session = json_object_get(answer, "session");
	char who[MM_CELL_MAX], since[MM_CELL_MAX];
	size_t i;
	json_t *version;

	if (json_array_size(versions) == 0) {
		fputs("this meter has never been calibrated\n", ctl->out);
	}
	json_array_foreach(versions, i, version)
	{
		fputs(i > 0 ? "\n" : "", ctl->out);
		mm_calibrate_version_text(ctl, version);
	}
	if (json_is_object(session)) {
		mm_cell_as(MM_FORMAT_TEXT, session, "who", who);
		mm_cell_as(MM_FORMAT_TIME, session, "since", since);
		mm_ctl_say(ctl, false, "element %d is being calibrated by %s since %s",
			   (int)json_integer_value(json_object_get(session, "element")), who, since);
	}
}

int mm_calibrate_history(struct mm_ctl *ctl)
{
	json_t *answer = NULL;
	int r = mm_ctl_call_meter(ctl, "org.minimeter.GetCalibration", NULL, &answer);

	return mm_ctl_show(ctl, r, answer, history_text);
}
