/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_PRIVATE_H
#define MM_CTL_PRIVATE_H

/*
 * What the files of minimeterctl share. It is a table of commands, each of which asks the daemon and shows the answer. The table
 * drives dispatch and --help; the tests hold the man page and the shell completion to it.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "client/client.h"

#define MM_CTL_SOCKET_ENVIRONMENT "MINIMETER_SOCKET"
#define MM_CTL_ADMIN_SOCKET_ENVIRONMENT "MINIMETER_ADMIN_SOCKET"

/* Exit codes: scripts rely on them. All functions here that return int return one of these. */
enum mm_ctl_exit {
	MM_CTL_FINE = 0,
	MM_CTL_FAILED = 1,
	MM_CTL_USAGE = 2,
	MM_CTL_UNREACHABLE = 3,
	MM_CTL_FAULT = 4, /* the answer came, and says that the meter has a fault */
};

enum mm_ctl_option {
	MM_OPTION_SOCKET,
	MM_OPTION_ADMIN_SOCKET,
	MM_OPTION_JSON,
	MM_OPTION_HELP,
	MM_OPTION_VERSION,
	MM_OPTION_METER,
	MM_OPTION_FROM,
	MM_OPTION_TO,
	MM_OPTION_MONTH,
	MM_OPTION_CSV,
	MM_OPTION_PLOT,
	MM_OPTION_SVG,
	MM_OPTION_HTML,
	MM_OPTION_GREEN_BUTTON,
	MM_OPTION_CODE,
	MM_OPTION_ALL,
	MM_OPTION_AFTER,
	MM_OPTION_LIMIT,
	MM_OPTION_SECONDS,
	MM_OPTION_LABEL,
	MM_OPTION_RECEIVED,
	MM_OPTION_CONFIRM,
	MM_OPTION_ELEMENT,
	MM_OPTION_SESSION,
	MM_OPTION_LEFT,
	MM_OPTION_HEAD,
	MM_OPTION_LOADED,
	MM_OPTION_LOAD,
	MM_OPTION_RECORD,
	MM_OPTION_INSTALLER,
	MM_OPTION_SEALS,
	MM_OPTION_SEEN,
	MM_OPTION_WAIT,
	MM_OPTION_AT,
	MM_OPTION_ISSUE,
	MM_OPTION_OCMF,
	MM_OPTION_STATEMENT,
	MM_OPTION_KEY,
	MM_OPTION_COUNT,
};

/* Options from this one on belong to the commands that name them. */
#define MM_OPTION_OWN MM_OPTION_METER
#define MM_OPTION_BIT(option) (UINT64_C(1) << (option))
_Static_assert(MM_OPTION_COUNT <= 64, "an option is a bit");

struct mm_ctl;

/* What can stand for an argument: what a shell offers there. */
enum mm_values {
	MM_VALUES_ANY, /* nothing that could be listed */
	MM_VALUES_FILE,
	MM_VALUES_METER,
	MM_VALUES_TIME,
	MM_VALUES_MONTH,
	MM_VALUES_ELEMENT,
	MM_VALUES_LED,
	MM_VALUES_CORRECTION,
	MM_VALUES_POINT,
	MM_VALUES_CODE,
	MM_VALUES_COMMAND,
	MM_VALUES_SEEN,
};

enum mm_ctl_socket { MM_CTL_SOCKET_NONE, MM_CTL_SOCKET_READ, MM_CTL_SOCKET_ADMIN };

struct mm_ctl_command {
	const char *name;	   /* one word or two: "outputs test" */
	const char *arguments;	   /* as --help shows them; those in brackets may be absent */
	const char *help;	   /* one line; NULL: for the completions of shells, not for people */
	uint64_t options;	   /* MM_OPTION_BIT()s beside the global ones */
	enum mm_ctl_socket socket; /* what is connected before it runs */
	int (*run)(struct mm_ctl *ctl);
	enum mm_values values; /* of its arguments */
};

/* Ends with a row without a name. */
extern const struct mm_ctl_command mm_ctl_commands[];

struct mm_ctl {
	FILE *out, *err;
	const char *config_path;	     /* of the daemon: without it nothing runs */
	bool colour;			     /* out is a terminal, and its user accepts colour */
	int width;			     /* columns of the terminal that out is; 0: it is none */
	const char *option[MM_OPTION_COUNT]; /* its argument, "" for a flag, NULL where absent */
	const struct mm_ctl_command *commands, *command;
	int argc; /* the command's arguments */
	char **argv;
	struct mm_client *client; /* to the command's socket */
};

/* Runs minimeterctl with main()'s arguments; out and err are stdout and stderr, or take their places. Returns the exit code. */
int mm_ctl_run(int argc, char *argv[], FILE *out, FILE *err);

/* ---- Messages (message.c) ---- */

/* Says "minimeterctl: ..." on err, in one line without hidden characters, and returns code. */
int mm_ctl_fail(struct mm_ctl *ctl, enum mm_ctl_exit code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Prints lines for people on out, in the colour of a warning if paint is true. In a terminal a line that is too long goes on in
 * the next one, indented as it is itself. The last line needs no newline. No hidden character passes.
 */
void mm_ctl_say(struct mm_ctl *ctl, bool paint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads a whole number of an argument or option called what, min to max; a usage error otherwise. */
int mm_ctl_number(struct mm_ctl *ctl, const char *what, const char *text, int64_t min, int64_t max, int64_t *ret);

/* The same of an option; *ret stays as it is where the option is absent. */
int mm_ctl_number_option(struct mm_ctl *ctl, enum mm_ctl_option option, int64_t min, int64_t max, int64_t *ret);

/* Of the candidates that somebody can have meant by word, the nearest. Start with {NULL, SIZE_MAX}. */
struct mm_suggestion {
	const char *best; /* or NULL */
	size_t distance;
};
void mm_suggest(const char *word, const char *candidate, struct mm_suggestion *suggestion);

/* The escape sequences around a warning on out; "" unless paint is true and the user accepts colour. */
const char *mm_paint(const struct mm_ctl *ctl, bool paint);
const char *mm_unpaint(const struct mm_ctl *ctl, bool paint);

/* ---- Options (options.c) ---- */

struct mm_ctl_option_row {
	const char *name;
	const char *argument; /* NULL: a flag */
	const char *help;
	enum mm_values values; /* of the argument */
	char letter;	       /* its short form; 0: none */
};

extern const struct mm_ctl_option_row mm_ctl_options[MM_OPTION_COUNT];

/* Does the option go with the command? NULL: is it one that goes with every command? */
bool mm_ctl_takes(const struct mm_ctl_command *command, int option);

/* Takes the options out of argv; what remains starts at *ret_first. */
int mm_ctl_read_options(struct mm_ctl *ctl, int argc, char *argv[], int *ret_first);

/* Refuses options that do not go with the command or with each other. */
int mm_ctl_check_options(struct mm_ctl *ctl);

/* Ends a line of --help that is width columns long with what it is about. */
void mm_ctl_help_line(struct mm_ctl *ctl, int width, const char *help);

/* The lines of --help about the options that go with a command; NULL: all. */
void mm_ctl_help_options(struct mm_ctl *ctl, const struct mm_ctl_command *command);

/* ---- Commands by name (help.c) ---- */

/* The command that the words start with, and how many words its name takes. NULL: there is none, which has been printed. */
const struct mm_ctl_command *mm_ctl_find_command(struct mm_ctl *ctl, int argc, char *argv[], int *ret_words);

/* The "help" command: of everything, or of the command named by the arguments. */
int mm_ctl_help(struct mm_ctl *ctl);

/* ---- Asking the daemon (call.c) ---- */

/* The path of a socket by option, environment and default. */
const char *mm_ctl_socket_path(const struct mm_ctl *ctl, enum mm_ctl_socket socket);

/* Connects to a socket, READ or ADMIN, as mm_client_connect(). */
int mm_ctl_open(const struct mm_ctl *ctl, enum mm_ctl_socket socket, struct mm_client **ret, struct mm_error *error);

/*
 * Closes the connection, if there is one, and connects to the command's socket, or prints why not and what to do: where there is
 * no configuration yet, how to make one.
 */
int mm_ctl_connect(struct mm_ctl *ctl);

/* Prints the error of a function of the client that returned r < 0. Returns the exit code for it. */
int mm_ctl_fail_client(struct mm_ctl *ctl, int r, const struct mm_error *error);

/* As mm_client_send(), mm_client_receive() and mm_client_call() with ctl->client; an error is printed. */
int mm_ctl_send(struct mm_ctl *ctl, const char *method, json_t *parameters, bool more);
int mm_ctl_receive(struct mm_ctl *ctl, int timeout_ms, json_t **ret, bool *ret_more);
int mm_ctl_call(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret);

/* Prints an answer as it came where --json asks for that; false: the caller must put it in words. */
bool mm_ctl_json(struct mm_ctl *ctl, const json_t *answer);

/* Prints an answer, which is stolen, as JSON or by text, if r is MM_CTL_FINE; else answer may be NULL. Returns r. */
int mm_ctl_show(struct mm_ctl *ctl, int r, json_t *answer, void (*text)(struct mm_ctl *, const json_t *));

/* {"meter": NAME} where --meter was given, else {}. */
json_t *mm_ctl_meter_parameter(const struct mm_ctl *ctl);

/* {"meter": NAME} of --meter or of the only meter there is; a usage error where there are several. *ret is a new reference. */
int mm_ctl_one_meter(struct mm_ctl *ctl, json_t **ret);

/* As mm_ctl_call() with that meter among the parameters. */
int mm_ctl_call_meter(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret);

/* What prints the rows of one piece of an answer; piece is all of it. */
typedef void (*mm_ctl_rows_fn)(struct mm_ctl *ctl, const json_t *piece, const json_t *rows, void *userdata);

/*
 * Receives an answer that comes in pieces, each with some of the rows under key, and gives them to text one by one; or prints all
 * of it as one JSON object, a row a line, with --json. However long it is, one piece of it is in memory. Of the other members it
 * keeps the last, and of counts the sum.
 */
int mm_ctl_receive_rows(struct mm_ctl *ctl, const char *key, mm_ctl_rows_fn text, void *userdata);

/* ---- Spans of time (span.c) ---- */

/* The time of an option goes as it is written to that key of the parameters; nothing does where the option is absent. */
int mm_ctl_time_option(struct mm_ctl *ctl, enum mm_ctl_option option, json_t *parameters, const char *key);

/* The same of --from and --to, or of --month, to "from" and "to"; neither where nothing was said. */
int mm_ctl_span(struct mm_ctl *ctl, json_t *parameters);

/* Shows times from now on in the zone of the daemon, where the answer says which that is. True: it is another than before. */
bool mm_ctl_enter_zone(const json_t *answer);

/* ---- Commands with files of their own ---- */

int mm_ctl_events(struct mm_ctl *ctl);
int mm_ctl_statement(struct mm_ctl *ctl);
int mm_ctl_metrics(struct mm_ctl *ctl);

int mm_ctl_check(struct mm_ctl *ctl);
int mm_ctl_diagnose(struct mm_ctl *ctl);
int mm_ctl_profile(struct mm_ctl *ctl);
int mm_ctl_correct(struct mm_ctl *ctl);
/* What somebody can have looked at for check, from 0 on; NULL: there is no more. */
const char *mm_check_seen_word(size_t number);
/* The name of a correction, from 0 on; NULL: there are no more. */
const char *mm_correction_word(size_t number);
int mm_ctl_names(struct mm_ctl *ctl);
int mm_ctl_preset(struct mm_ctl *ctl);
int mm_ctl_calibrate(struct mm_ctl *ctl);
int mm_calibrate_start(struct mm_ctl *ctl);
int mm_calibrate_point(struct mm_ctl *ctl);
int mm_calibrate_accept(struct mm_ctl *ctl);
int mm_calibrate_cancel(struct mm_ctl *ctl);
int mm_calibrate_history(struct mm_ctl *ctl);
int mm_calibrate_return(struct mm_ctl *ctl);
int mm_ctl_verify(struct mm_ctl *ctl);
/* verify --statement */
int mm_ctl_proof(struct mm_ctl *ctl);
int mm_ctl_head(struct mm_ctl *ctl);
int mm_ctl_watch(struct mm_ctl *ctl);
int mm_ctl_status(struct mm_ctl *ctl);
int mm_ctl_reload(struct mm_ctl *ctl);

#endif
