/* SPDX-License-Identifier: MIT */
/* The order of it all: what is there, the questions, the files, the start. */
#include "setup/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "setup/private.h"

struct setup {
	struct mm_setup_machine machine;
	struct mm_setup_options options;
	struct mm_setup_files files;
	struct mm_answers *answers;
};

static bool is_needed(enum mm_question question)
{
	return question < MM_ASK_OUTPUT && question != MM_ASK_COPY && question != MM_ASK_CT_SETS && question != MM_ASK_MULTIPLIER;
}

/* What the option says; NULL: it is not given. */
static const char *option_of(const struct setup *setup, enum mm_question question, unsigned meter)
{
	const char *value = meter < setup->options.meter_count ? setup->options.value[meter][question] : NULL;

	return value && question != MM_ASK_COPY && strcasecmp(value, "none") == 0 ? "" : value;
}

/* ---- Unattended ---- */

static int answer_unattended(struct setup *setup, enum mm_question question, unsigned meter)
{
	const struct mm_question_row *row = &mm_questions[question];
	const char *value = option_of(setup, question, meter);
	struct mm_proposal proposal = {0};
	struct mm_error error = {0};

	if (!value && !mm_question_applies(setup->answers, question, meter)) {
		return 0;
	}
	if (!value) {
		mm_propose(setup->answers, question, meter, &proposal);
		value = proposal.value;
	}
	if (value[0] == '\0') {
		if (!is_needed(question)) {
			return 0;
		}
		fprintf(setup->machine.err, "minimeter-setup: --%s is missing: %s%s%s\n", row->option, row->help,
			proposal.seen.text[0] != '\0' ? ". " : "", proposal.seen.text);
		return -EINVAL;
	}
	if (mm_answer_set(setup->answers, question, meter, value, &error) < 0) {
		fprintf(setup->machine.err, "minimeter-setup: --%s %s: %s\n", row->option, value, error.text);
		return -EINVAL;
	}
	return 0;
}

/* Says all that is wrong, not only the first of it. Without a right model it is not known what else must be answered. */
static int answer_all(struct setup *setup)
{
	int r = 0;

	for (unsigned m = 0; m < setup->options.meter_count; m++) {
		setup->answers->meter_count = m + 1;
		if (answer_unattended(setup, MM_ASK_MODEL, m) < 0) {
			(void)answer_unattended(setup, MM_ASK_SERIAL, m); /* it fails already: all that is missing is named */
			return MM_SETUP_USAGE;
		}
		for (enum mm_question q = MM_ASK_MODEL + 1; q < MM_ASK_COUNT; q++) {
			if ((m == 0 || !mm_questions[q].section) && answer_unattended(setup, q, m) < 0) {
				r = MM_SETUP_USAGE;
			}
		}
	}
	return r;
}

/* ---- With a person ---- */

static int ask(struct setup *setup, enum mm_question question, unsigned meter)
{
	const struct mm_question_row *row = &mm_questions[question];
	const char *given = option_of(setup, question, meter);
	FILE *out = setup->machine.out;
	struct mm_error error = {0};
	struct mm_proposal proposal;
	char answer[MM_ANSWER_MAX];
	int r;

	if (given) {
		if (mm_answer_set(setup->answers, question, meter, given, &error) == 0) {
			return 0;
		}
		fprintf(out, "\n--%s %s: %s\n", row->option, given, error.text);
	}
	if (!row->prompt) {
		return given ? -EINVAL : 0;
	}
	fputc('\n', out);
	mm_propose(setup->answers, question, meter, &proposal);
	if (row->asked[0] != '\0') {
		mm_dialog_say(out, "", row->asked);
	}
	if (proposal.seen.text[0] != '\0') {
		mm_dialog_say(out, "", proposal.seen.text);
	}
	for (;;) {
		r = mm_dialog_line(&setup->machine, row->prompt, proposal.value, answer);
		if (r < 0) {
			return r;
		}
		if (answer[0] == '\0' && is_needed(question)) {
			fprintf(out, "  The meter needs an answer here.\n");
		} else if (mm_answer_set(setup->answers, question, meter, answer, &error) == 0) {
			return 0;
		} else {
			mm_dialog_say(out, "  ", error.text);
		}
	}
}

/* Are there lines to ask for? 1: yes, 0: no, -errno. */
static int has_lines(struct setup *setup, unsigned meter)
{
	bool seen = false;

	for (enum mm_question q = MM_ASK_OUTPUT; q < MM_ASK_LCD; q++) {
		struct mm_proposal proposal;

		if (option_of(setup, q, meter)) {
			return 1;
		}
		mm_propose(setup->answers, q, meter, &proposal);
		seen = seen || proposal.value[0] != '\0';
	}
	fputc('\n', setup->machine.out);
	return mm_dialog_yes(&setup->machine, "Are pulse outputs, a counter or LEDs connected to GPIO lines", seen);
}

static int ask_about_meter(struct setup *setup, unsigned meter)
{
	int lines = 0, r = 0;

	for (enum mm_question q = 0; q < MM_ASK_COUNT && r == 0; q++) {
		bool is_line = q >= MM_ASK_OUTPUT && q < MM_ASK_LCD;

		if (q == MM_ASK_OUTPUT) {
			lines = has_lines(setup, meter);
			r = lines < 0 ? lines : 0;
		}
		if (r == 0 && (meter == 0 || !mm_questions[q].section) && (!is_line || lines > 0) &&
		    (mm_question_applies(setup->answers, q, meter) || option_of(setup, q, meter))) {
			r = ask(setup, q, meter);
		}
	}
	return r;
}

static int ask_all(struct setup *setup)
{
	struct mm_answers *answers = setup->answers;
	int more, r;

	do {
		r = ask_about_meter(setup, answers->meter_count++);
		if (r < 0) {
			return r;
		}
		more = answers->meter_count < setup->options.meter_count;
		if (!more && answers->meter_count < MM_METERS_MAX) {
			fputc('\n', setup->machine.out);
			more = mm_dialog_yes(&setup->machine, "Is there another meter on this board",
					     answers->meter_count < mm_answer_model(answers, 0).meters);
		}
	} while (more > 0);
	return more;
}

/* ---- What is shown ---- */

/* Figures of minimeter.conf(5), WHAT A POWER CUT COSTS. */
static void recommend(FILE *out)
{
	fputc('\n', out);
	mm_dialog_say(out, "",
		      "At a constant 3 kW, keeping the register writes about 61 GB a year to the card, most of it for the file "
		      "system. Two things reduce that; this program changes neither.");
	mm_dialog_say(out, "- ",
		      "Mount the file system of /var/lib/minimeter with commit=300: about 19 GB a year. Cost: after a power cut, "
		      "other programs can lose five minutes of what they did not sync.");
	mm_dialog_say(out, "- ",
		      "Give the register's second copy a medium of its own (--copy): with a FRAM on I2C about 6 GB a year go to "
		      "the card, with a raw partition of 1 MB about 20 GB. Cost: a chip, or a card that is partitioned anew; and "
		      "the unit must be allowed to reach it.");
	mm_dialog_say(out, "", "minimeter.conf(5) has the figures, and how to do it.");
}

static void show_files(const struct setup *setup)
{
	FILE *out = setup->machine.out;
	char *text = mm_answers_text(setup->answers), *drop_in = mm_network_drop_in(mm_answer(setup->answers, MM_ASK_URI, 0));

	fprintf(out, "\n%s will be:\n\n%s", setup->files.config, text ? text : "");
	if (setup->files.drop_in && drop_in) {
		fprintf(out, "\n%s will be, so that the unit reaches the front end:\n\n%s", setup->files.drop_in, drop_in);
	} else if (setup->files.drop_in && access(setup->files.drop_in, F_OK) == 0) {
		fprintf(out, "\n%s will be removed: the front end needs no network.\n", setup->files.drop_in);
	}
	fputc('\n', out);
	free(text);
	free(drop_in);
}

static void say_errors(const struct setup *setup, const struct mm_config_errors *errors)
{
	for (unsigned i = 0; i < errors->count; i++) {
		fprintf(setup->machine.err, "minimeter-setup: %s\n", errors->error[i].text);
	}
}

/* What the daemon will read: drop-ins that are there count too. 1: they replace answers; 0: they do not; -errno: it is wrong. */
static int check(const struct setup *setup)
{
	struct mm_config_errors errors = {0};
	char *text = mm_answers_text(setup->answers);
	int r = text ? mm_config_overridden(setup->files.config, text, &errors) : -ENOMEM;

	say_errors(setup, &errors);
	if (r > 0) {
		fprintf(setup->machine.err, "minimeter-setup: a drop-in counts more than an answer: change one of them\n");
	}
	free(text);
	return r;
}

/* ---- The order ---- */

/* May a configuration be written here? 1: yes; 0: no, and nothing was done; -errno. */
static int may_replace(const struct setup *setup)
{
	const char *path = setup->files.config;
	char question[MM_ERROR_TEXT_MAX];

	if (access(path, F_OK) < 0 || setup->options.replace) {
		return 1;
	}
	if (setup->options.unattended) {
		fprintf(setup->machine.err,
			"minimeter-setup: %s is there already: with --replace it is kept as .old and replaced\n", path);
		return -EEXIST;
	}
	snprintf(question, sizeof(question), "%s is there already. Replace it at the end (it is kept as .old)", path);
	return mm_dialog_yes(&setup->machine, question, false);
}

/*
 * Did an option or a person answer for this key, or does the model not have it? What is only proposed, unattended, is no answer.
 */
static bool is_decided(void *userdata, const char *section, int meter, const char *key)
{
	const struct setup *setup = userdata;
	unsigned of = meter < 0 ? 0 : (unsigned)meter;

	for (enum mm_question q = 0; q < MM_ASK_COUNT; q++) {
		const struct mm_question_row *row = &mm_questions[q];

		if (row->key && strcmp(row->key, key) == 0 &&
		    (row->section ? meter < 0 && strcmp(row->section, section) == 0 : meter >= 0)) {
			bool applies = mm_question_applies(setup->answers, q, of), plate = q >= MM_ASK_SERVICE && q <= MM_ASK_KH;

			return option_of(setup, q, of) || (!applies && !plate) ||
			       (applies && !setup->options.unattended && row->prompt);
		}
	}
	return false;
}

/* Says what the answers would lose of the file that is there. 1: they would, and no --discard permits it; 0; -errno. */
static int look_at_old(struct setup *setup)
{
	struct mm_config_errors errors = {0};
	char *text = mm_answers_text(setup->answers);
	int r = text ? mm_config_lost(setup->files.config, text, is_decided, setup, &errors) : -ENOMEM;

	say_errors(setup, &errors);
	if (r > 0 && !setup->options.discard) {
		fprintf(setup->machine.err,
			"minimeter-setup: give an option for what must stay as it is, such as --multiplier; a file in %s.d keeps "
			"other keys than a meter's. --discard takes the rest as it is said here\n",
			setup->files.config);
	}
	free(text);
	return r > 0 && setup->options.discard ? 0 : r;
}

static int look_at_register(const struct setup *setup, FILE *out)
{
	return mm_setup_look_at_register(setup->answers, setup->machine.root, out);
}

static int collect(struct setup *setup)
{
	int old, other, r;

	if (setup->options.unattended) {
		r = answer_all(setup);
		if (r != MM_SETUP_FINE) {
			return r;
		}
		return check(setup) != 0 || look_at_old(setup) != 0 || look_at_register(setup, setup->machine.err) != 0
			       ? MM_SETUP_USAGE
			       : MM_SETUP_FINE;
	}
	mm_dialog_say(setup->machine.out, "",
		      "minimeter-setup asks what the meter must know. What is in brackets is proposed: Enter takes it. "
		      "Nothing is written before the end.");
	r = ask_all(setup);
	if (r == 0) {
		recommend(setup->machine.out);
		show_files(setup);
		r = check(setup);
		old = look_at_old(setup);
		other = look_at_register(setup, setup->machine.out);
		r = r == 0 ? old : r;
		r = r == 0 ? other : r;
		if (r >= 0) {
			r = mm_dialog_yes(&setup->machine, r > 0 ? "Write this all the same" : "Write this", r == 0);
		}
	}
	if (r <= 0) {
		fprintf(setup->machine.err, "minimeter-setup: nothing was written\n");
		return MM_SETUP_FAILED;
	}
	return MM_SETUP_FINE;
}

/* Asks the person; unattended, otherwise is the answer. */
static bool wants(const struct setup *setup, const char *question, bool otherwise)
{
	return setup->options.unattended ? otherwise : mm_dialog_yes(&setup->machine, question, true) > 0;
}

static int begin_metering(const struct setup *setup)
{
	const struct mm_setup_machine *machine = &setup->machine;
	const char *user = setup->options.add_user ? setup->options.add_user : machine->caller;
	char question[MM_ERROR_TEXT_MAX];
	int status = MM_SETUP_FINE;

	if (user) {
		snprintf(question, sizeof(question), "Add %s to the group minimeter, to read the meter without being root", user);
		if (setup->options.add_user || (!mm_setup_may_read(user) && wants(setup, question, false))) {
			status = mm_setup_add_user(machine, user) < 0 ? MM_SETUP_FAILED : MM_SETUP_FINE;
		}
	}
	if (!setup->files.drop_in) {
		return status; /* the unit reads another configuration */
	}
	if (setup->options.no_start || !wants(setup, "Start the meter now, and at every boot", true)) {
		fprintf(machine->out, "Not started; 'systemctl enable --now minimeterd' does it.\n");
		return status;
	}
	if (status == MM_SETUP_FINE) {
		status = mm_setup_start(machine);
	}
	if (status == MM_SETUP_FINE) {
		status = mm_setup_wait(machine, setup->options.wait_s);
	}
	if (status == MM_SETUP_FINE) {
		fprintf(machine->out, "Next: 'minimeterctl check' leads through the test of the installation.\n");
	}
	return status;
}

static int run(struct setup *setup)
{
	struct mm_error error = {0};
	int r, status;

	if (mm_setup_stay_below(setup->machine.root, &setup->files, &error) < 0 ||
	    mm_setup_may_write(setup->files.config, &error) < 0) {
		fprintf(setup->machine.err, "minimeter-setup: %s\n", error.text);
		return MM_SETUP_FAILED;
	}
	r = may_replace(setup);
	if (r <= 0) {
		if (r == 0 || r == -ENODATA) {
			fprintf(setup->machine.err, "minimeter-setup: nothing was changed\n");
		}
		return r == -EEXIST ? MM_SETUP_USAGE : MM_SETUP_FAILED;
	}
	status = collect(setup);
	if (status != MM_SETUP_FINE) {
		return status;
	}
	if (mm_setup_write(&setup->files, setup->answers, access(setup->files.config, F_OK) == 0, setup->machine.out, &error) <
	    0) {
		fprintf(setup->machine.err, "minimeter-setup: %s\n", error.text);
		return MM_SETUP_FAILED;
	}
	if (!setup->files.drop_in) {
		fprintf(setup->machine.out, "The unit reads %s: it was not changed and is not started.\n",
			setup->files.units_config);
	}
	return setup->machine.root[0] != '\0' ? MM_SETUP_FINE : begin_metering(setup);
}

int mm_setup_run(const struct mm_setup_machine *machine, int argc, char *argv[])
{
	struct setup *setup = calloc(1, sizeof(*setup));
	int status = setup ? mm_setup_options(argc, argv, machine->err, &setup->options) : MM_SETUP_FAILED;

	if (status != MM_SETUP_FINE) {
		free(setup);
		return status;
	}
	if (setup->options.help) {
		mm_setup_usage(machine->out);
	} else if (setup->options.version) {
		fputs("minimeter-setup " PACKAGE_VERSION "\n", machine->out);
	} else {
		setup->machine = *machine;
		setup->machine.root = setup->options.root ? setup->options.root : machine->root;
		setup->answers = calloc(1, sizeof(*setup->answers));
		if (setup->answers && mm_setup_files(&setup->machine, setup->options.config, &setup->files) == 0) {
			setup->answers->path = setup->files.config;
			setup->answers->look = setup->machine.root[0] == '\0';
			status = run(setup);
		} else {
			status = MM_SETUP_FAILED;
		}
	}
	mm_setup_files_free(&setup->files);
	free(setup->answers);
	free(setup);
	if (fflush(machine->out) != 0 || ferror(machine->out)) {
		return MM_SETUP_FAILED;
	}
	return status;
}
