/* SPDX-License-Identifier: MIT */
/* Leads a person through the three-point procedure: as found, the proposal, as left, and the decision. */
#include "ctl/calibrate.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/reference.h"
#include "ctl/writer.h"

struct leading {
	struct mm_ctl *ctl;
	json_t *session; /* as the daemon last reported it */
	const char *id;	 /* in it */
	int64_t seconds;
};

/* What a person decides at a prompt. */
enum answer { ANSWER_GO, ANSWER_SKIP, ANSWER_QUIT };

/* Asks. With ret_text any line is an answer, and *ret_text takes it. Without, Enter goes on and other text is asked again. */
static enum answer ask(struct leading *l, const char *prompt, char **ret_text)
{
	enum answer answer = ANSWER_GO;
	char *line = NULL;

	do {
		free(line);
		fprintf(l->ctl->out, "%s ", prompt);
		fflush(l->ctl->out);
		line = mm_calibrate_line();
	} while (ret_text == NULL && line != NULL && strlen(line) > 0 && strcmp(line, "s") != 0 && strcmp(line, "q") != 0);
	if (line == NULL || strcmp(line, "q") == 0) {
		answer = ANSWER_QUIT;
	} else if (strcmp(line, "s") == 0) {
		answer = ANSWER_SKIP;
	}
	if (ret_text != NULL && answer == ANSWER_GO) {
		*ret_text = line;
	} else {
		free(line);
	}
	return answer;
}

static void introduce(struct leading *l)
{
	int element = (int)json_integer_value(json_object_get(l->session, "element"));
	char meter[MM_CELL_MAX];

	mm_cell_as(MM_FORMAT_TEXT, l->session, "meter", meter);
	mm_ctl_say(l->ctl, false,
		   "Calibration of element %d of meter %s. Nothing changes before you accept it.\n"
		   "\n"
		   "Connect the reference standard so that it measures what element %d measures: its voltage leads at this "
		   "element's line and neutral, its clamp on the conductor inside this element's CT.\n"
		   "After each measurement type what the reference showed meanwhile, as mean power or as energy over a time:\n"
		   "\n"
		   "    12003.5 W\n"
		   "    100.03 Wh in 30 s\n"
		   "    20 pulses of 5 Wh in 30.01 s\n"
		   "\n"
		   "A time by hand is good to 0.2 s: that is 0.3 %% of a minute, and 0.03 %% of ten.\n"
		   "At every question: s skips the point, q ends without any change.",
		   element, meter, element);
}

static void describe_point(struct leading *l, const char *stage, const json_t *point)
{
	const char *name = json_string_value(json_object_get(point, "point"));
	double factor_max = json_number_value(json_object_get(point, "power_factor_max"));

	mm_ctl_say(l->ctl, false, "\n%s, %s: a steady load of %g to %g A, power factor %g to %g%s.", stage,
		   name != NULL ? name : "?", json_number_value(json_object_get(point, "current_min_a")),
		   json_number_value(json_object_get(point, "current_max_a")),
		   json_number_value(json_object_get(point, "power_factor_min")), factor_max, factor_max < 1 ? " lagging" : "");
}

/* Keeps the session, which is stolen, as the daemon reports it after a step. */
static void keep(struct leading *l, json_t *session)
{
	const char *id = json_string_value(json_object_get(session, "session"));

	json_decref(l->session);
	l->session = session;
	l->id = id != NULL ? id : "";
}

/* After a refusal: true while the session is open. A restart of the daemon ends it, and so does anybody's cancel. */
static bool goes_on(struct leading *l)
{
	json_t *answer;
	const char *id;
	bool open;

	if (mm_calibrate_call(l->ctl, "org.minimeter.GetCalibration",
			      json_pack("{s:O}", "meter", json_object_get(l->session, "meter")), &answer) != MM_CTL_FINE) {
		return false;
	}
	id = json_string_value(json_object_get(json_object_get(answer, "session"), "session"));
	open = id != NULL && strcmp(id, l->id) == 0;
	json_decref(answer);
	return open;
}

/* The reference of a point that was measured. *ret_taken: the daemon has it; else, at ANSWER_GO, measure again. */
static int lead_reference(struct leading *l, const char *stage, const char *name, enum answer *ret, bool *ret_taken)
{
	int r = MM_CTL_FAILED;

	*ret_taken = false;
	while (r == MM_CTL_FAILED) {
		char *text = NULL;
		double reference_w;
		json_t *session;
		bool again;

		*ret = ask(l, "The reference showed (Enter: measure again):", &text);
		again = *ret == ANSWER_GO && text[0] == '\0';
		if (*ret != ANSWER_GO || again) {
			free(text);
			return MM_CTL_FINE;
		}
		r = mm_reference_parse(text, &reference_w);
		free(text);
		if (r < 0) {
			r = mm_ctl_fail(l->ctl, MM_CTL_FAILED, "say " MM_REFERENCE_EXAMPLES);
			continue;
		}
		r = mm_calibrate_refer(l->ctl, l->id, stage, name, reference_w, &session);
		if (r == MM_CTL_FINE) {
			keep(l, session);
			*ret_taken = true;
		} else if (!goes_on(l)) {
			return r;
		}
	}
	return r;
}

/* One point at one stage. ANSWER_GO: taken. */
static int lead_point(struct leading *l, const char *stage, const char *heading, size_t index, enum answer *ret)
{
	const json_t *point = json_array_get(json_object_get(l->session, "points"), index);
	const char *text = json_string_value(json_object_get(point, "point"));
	char *name = strdup(text != NULL ? text : ""); /* the session changes under way */
	bool taken = false;
	int r = name != NULL ? MM_CTL_FINE : MM_CTL_FAILED;

	while (r == MM_CTL_FINE && !taken) {
		json_t *measured;

		describe_point(l, heading, json_array_get(json_object_get(l->session, "points"), index));
		*ret = ask(l, "Enter when the load is on and steady (s, q):", NULL);
		if (*ret != ANSWER_GO) {
			break;
		}
		r = mm_calibrate_measure(l->ctl, l->id, stage, name, l->seconds, &measured);
		if (r != MM_CTL_FINE) {
			r = r == MM_CTL_FAILED && goes_on(l) ? MM_CTL_FINE : r;
			continue;
		}
		mm_calibrate_measured_text(l->ctl, measured);
		json_decref(measured);
		r = lead_reference(l, stage, name, ret, &taken);
		if (*ret != ANSWER_GO) {
			break;
		}
	}
	free(name);
	return r;
}

/* All points at one stage. Full load as found can't be skipped; a point that was skipped as found is not asked for as left. */
static int lead_stage(struct leading *l, const char *stage, const char *heading, enum answer *ret)
{
	size_t count = json_array_size(json_object_get(l->session, "points"));
	bool left = strcmp(stage, "left") == 0;
	int r = MM_CTL_FINE;

	for (size_t i = 0; i < count && r == MM_CTL_FINE; i++) {
		const json_t *point = json_array_get(json_object_get(l->session, "points"), i);

		if (left && !json_is_real(json_object_get(point, "found_percent"))) {
			continue;
		}
		do {
			r = lead_point(l, stage, heading, i, ret);
		} while (r == MM_CTL_FINE && *ret == ANSWER_SKIP && !left && i == 0 &&
			 fputs("Full load can't be skipped: gain and all the rest hang on it.\n", l->ctl->out) >= 0);
		if (*ret == ANSWER_QUIT) {
			return r;
		}
	}
	*ret = ANSWER_GO;
	return r;
}

/* The decision. *ret is QUIT where the constants must stay as they are. */
static int lead_acceptance(struct leading *l, enum answer *ret)
{
	json_t *answer;
	char *why = NULL;
	int r = MM_CTL_FAILED;

	while (r == MM_CTL_FAILED) {
		*ret = ask(l, "\nTo accept, say why (name, job number); q leaves everything as it was:", &why);
		if (*ret != ANSWER_GO) {
			*ret = ANSWER_QUIT;
			return MM_CTL_FINE;
		}
		r = mm_calibrate_call(l->ctl, "org.minimeter.AcceptCalibration",
				      json_pack("{s:s, s:s}", "session", l->id, "reason", why), &answer);
		free(why);
		if (r == MM_CTL_FINE) {
			fputs("\nIn force from now on:\n", l->ctl->out);
			mm_calibrate_version_text(l->ctl, json_object_get(answer, "version"));
			json_decref(answer);
		} else if (!goes_on(l)) {
			return r;
		}
	}
	return r;
}

static int lead(struct leading *l, enum answer *ret)
{
	int r;

	introduce(l);
	r = lead_stage(l, "found", "As found", ret);
	if (r != MM_CTL_FINE || *ret == ANSWER_QUIT) {
		return r;
	}
	fputc('\n', l->ctl->out);
	mm_calibrate_session_text(l->ctl, l->session);
	r = lead_stage(l, "left", "As left, with the constants proposed", ret);
	if (r != MM_CTL_FINE || *ret == ANSWER_QUIT) {
		return r;
	}
	fputc('\n', l->ctl->out);
	mm_calibrate_session_text(l->ctl, l->session);
	return lead_acceptance(l, ret);
}

int mm_ctl_calibrate(struct mm_ctl *ctl)
{
	struct leading l = {.ctl = ctl, .seconds = MM_CALIBRATION_SECONDS_DEFAULT};
	enum answer answer = ANSWER_GO;
	json_t *started, *ended = NULL;
	int r;

	if (ctl->option[MM_OPTION_JSON] != NULL) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "a person is led in words; scripts take 'calibrate start' and its steps");
	}
	r = mm_ctl_number_option(ctl, MM_OPTION_SECONDS, MM_CALIBRATION_SECONDS_MIN, MM_CALIBRATION_SECONDS_MAX, &l.seconds);
	if (r == MM_CTL_FINE) {
		r = mm_calibrate_open(ctl, &started);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	keep(&l, json_incref(json_object_get(started, "session")));
	json_decref(started);
	r = lead(&l, &answer);
	if (answer == ANSWER_QUIT || r != MM_CTL_FINE) {
		/* Ends the session if it is still open, and if it is the one that began here. */
		if (goes_on(&l) && mm_calibrate_call(ctl, "org.minimeter.CancelCalibration", NULL, &ended) == MM_CTL_FINE) {
			json_decref(ended);
		}
		fputs("\nNothing has been changed.\n", ctl->out);
	}
	json_decref(l.session);
	return r;
}
