/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_CTL_CHECK_CTL_H
#define MM_TESTS_CTL_CHECK_CTL_H

/* What the parts of check_ctl share: minimeterctl run inside the test, against a daemon that answers from a script. */

#include <check.h>

#include "ctl/private.h"
#include "fixture/answers.h"
#include "fixture/fake_daemon.h"

#define PATIENCE_S 60 /* for a loaded machine under valgrind */

#define NAMEPLATE(name)                                                                                                          \
	"{\"name\":\"" name "\",\"serial\":\"00042\",\"model\":\"MMD-120-2001-T-SCC\",\"elements\":2,"                           \
	"\"rated_voltage_v\":120.0,\"rated_current_a\":200.0,\"ct_ratio\":\"200:0.1\",\"ct_sets\":1,\"display\":true,"           \
	"\"frequency_hz\":\"50-60\",\"start_current_a\":0.2,\"outputs\":[{\"name\":\"10\",\"kh_wh\":10.0}],"                     \
	"\"version\":\"0.1.0\"}"
#define OUTPUTS                                                                                                                  \
	"{\"outputs\":[" OUTPUT("10", "\"GPIO17\"", "true", "10.0", "2469") "," OUTPUT("led_power", "null", "false", "null",     \
										       "1") "]}"

/* Of one meter with nothing wrong: an answer for each of the plain commands. */
extern const struct fake_answer plain_answers[];

struct outcome {
	int code;
	char *out, *err;
};

/* Runs minimeterctl with the fixture as both sockets, and the words of the command line, split at blanks. */
struct outcome run_ctl(const struct fake_socket *fixture, const char *words);
void outcome_free(struct outcome *outcome);

/* Runs it and checks exit code and a part of each text; NULL: don't care, "": nothing at all. */
void expect_of(const struct fake_socket *fixture, const char *words, int code, const char *out, const char *err);

/* The same with a fixture of its own. */
void expect(const struct fake_answer *script, const char *words, int code, const char *out, const char *err);

TCase *check_tcase(void);
TCase *dialog_tcase(void);
TCase *errors_tcase(void);
TCase *script_tcase(void);
TCase *service_tcase(void);
TCase *hidden_tcase(void);
TCase *history_tcase(void);
TCase *proof_tcase(void);
TCase *sizes_tcase(void);
TCase *texts_tcase(void);
TCase *watch_tcase(void);
TCase *width_tcase(void);

#endif
