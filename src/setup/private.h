/* SPDX-License-Identifier: MIT */
#ifndef MM_SETUP_PRIVATE_H
#define MM_SETUP_PRIVATE_H

/*
 * What the files of this room share. From bottom to top: network (what the unit must allow), answers (what is known, as a
 * configuration), dialog (lines of a terminal), proposals (what the machine shows), options; register (what is stored already),
 * install and start (what is done with the answers); setup, the order of it all.
 */

#include "base/error.h"
#include "config/config.h"
#include "setup/setup.h"

/* ---- answers.c ---- */

/* What is asked, in this order. */
enum mm_question {
	MM_ASK_MODEL,
	MM_ASK_SERVICE, /* of a generic meter, and what follows */
	MM_ASK_ELEMENTS,
	MM_ASK_VOLTS,
	MM_ASK_CT,
	MM_ASK_KH,
	MM_ASK_SERIAL,
	MM_ASK_NAME,
	MM_ASK_URI,
	MM_ASK_DRIVER,
	MM_ASK_DIVIDER,
	MM_ASK_BURDEN,
	MM_ASK_COPY,
	MM_ASK_ELEMENT1,
	MM_ASK_ELEMENT2,
	MM_ASK_ELEMENT3,
	MM_ASK_CT_SETS,
	MM_ASK_MULTIPLIER,
	MM_ASK_GENERATION,
	MM_ASK_OUTPUT, /* and those of the other lines, as enum mm_output has them */
	MM_ASK_LCD = MM_ASK_OUTPUT + MM_OUTPUT_COUNT,
	MM_ASK_COUNT,
};

struct mm_question_row {
	const char *section; /* NULL: of a meter */
	const char *key;     /* NULL: the meter's name */
	const char *option;  /* that answers it: "burden-ohm" */
	const char *argument;
	const char *help;   /* of the option, one line */
	const char *asked;  /* what the dialog says before it; NULL: it does not ask */
	const char *prompt; /* and at the line to type in */
};

extern const struct mm_question_row mm_questions[MM_ASK_COUNT];

#define MM_ANSWER_MAX 128

/* Texts as they are in the configuration; "" is no answer. Every answer has passed the check beside those before it. */
struct mm_answers {
	const char *path; /* of the configuration that they will be */
	bool look;	  /* at the lines of this machine */
	char common[MM_ASK_COUNT][MM_ANSWER_MAX];
	unsigned meter_count;
	char meter[MM_METERS_MAX][MM_ASK_COUNT][MM_ANSWER_MAX];
};

/* The answer to a question, about that meter where it is one of a meter. */
const char *mm_answer(const struct mm_answers *answers, enum mm_question question, unsigned meter);

/* Takes an answer. -EINVAL with the reason where it is wrong, by itself or beside the others; then nothing is changed. */
int mm_answer_set(struct mm_answers *answers, enum mm_question question, unsigned meter, const char *value,
		  struct mm_error *error);

/* The model of a meter, once that is answered. */
struct mm_model mm_answer_model(const struct mm_answers *answers, unsigned meter);

/* Does this meter have what is asked for? */
bool mm_question_applies(const struct mm_answers *answers, enum mm_question question, unsigned meter);

/* The configuration as a new string; NULL: no memory. */
char *mm_answers_text(const struct mm_answers *answers);

/* ---- dialog.c ---- */

/* A paragraph, broken into lines that fit a terminal; begin ("- ") is before the first, and as many blanks before the others. */
void mm_dialog_say(FILE *out, const char *begin, const char *text);

/* Asks for a line. An empty one is the proposal, "none" is "". 0; -ENODATA: the input has ended. */
int mm_dialog_line(const struct mm_setup_machine *machine, const char *prompt, const char *proposal,
		   char ret[static MM_ANSWER_MAX]);

/* Asks until it is yes (1) or no (0); -ENODATA as above. */
int mm_dialog_yes(const struct mm_setup_machine *machine, const char *question, bool proposal);

/* ---- proposals.c ---- */

/* What is seen and proposed; seen says what was seen, for people, "" where there is nothing to say. */
struct mm_proposal {
	char value[MM_ANSWER_MAX];
	struct mm_error seen;
};

void mm_propose(const struct mm_answers *answers, enum mm_question question, unsigned meter, struct mm_proposal *ret);

/* ---- options.c ---- */

struct mm_setup_options {
	bool unattended, replace, discard, no_start, help, version;
	const char *config, *root, *add_user;
	int wait_s;
	const char *value[MM_METERS_MAX][MM_ASK_COUNT]; /* of answers; common ones: of meter 0 */
	unsigned meter_count;
};

/* Returns an exit code; what is wrong is on err. */
int mm_setup_options(int argc, char *argv[], FILE *err, struct mm_setup_options *ret);
void mm_setup_usage(FILE *to);

/* ---- network.c ---- */

#define MM_HOST_MAX 64

/* Is it an address that systemd can allow? -EINVAL with the reason; 0 too where the front end is not on the network. */
int mm_network_check(const char *uri, struct mm_error *error);

/* The unit's drop-in for a front end on the network, a new string. NULL: it is not on the network, or there is no memory. */
char *mm_network_drop_in(const char *uri);

/* ---- install.c ---- */

/* Paths as they are with the root before them; new strings. */
struct mm_setup_files {
	char *config;
	char *units_config; /* that the unit reads */
	char *drop_in;	    /* of the unit; NULL: it reads another configuration, so it stays as it is */
};

/* config is what an option says; NULL: the unit's. */
int mm_setup_files(const struct mm_setup_machine *machine, const char *config, struct mm_setup_files *ret);
void mm_setup_files_free(struct mm_setup_files *files); /* NULL-safe */

/* -EXDEV with error where a file would not be below the root, out of which a link in an image can lead. */
int mm_setup_stay_below(const char *root, const struct mm_setup_files *files, struct mm_error *error);

/* May a file be written there, or a directory for it? To be asked before the questions. 0 or -errno with error. */
int mm_setup_may_write(const char *path, struct mm_error *error);

/* Writes both files, whole or not at all; one that is replaced is kept with .old (.old-2, ...) behind its name. */
int mm_setup_write(const struct mm_setup_files *files, const struct mm_answers *answers, bool replace, FILE *out,
		   struct mm_error *error);

/* ---- register.c ---- */

/*
 * Compares the answers with the register that is there, below root, without changing it, and says on out what it has. 1: the
 * daemon would refuse them; 0: it would not, or there is none, or it cannot be read now.
 */
int mm_setup_look_at_register(const struct mm_answers *answers, const char *root, FILE *out);

/* ---- start.c ---- */

/* Adds a user to the group of those who may read the meter. */
int mm_setup_add_user(const struct mm_setup_machine *machine, const char *user);

/* Is the user in that group, or is there no such user or group to speak of? */
bool mm_setup_may_read(const char *user);

/* Starts the meter; an exit code. */
int mm_setup_start(const struct mm_setup_machine *machine);

/* Waits for the first reading of every meter and shows it; an exit code. */
int mm_setup_wait(const struct mm_setup_machine *machine, int wait_s);

#endif
