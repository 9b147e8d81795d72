/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_CTL_CHECK_CTL_H
#define MM_TESTS_CTL_CHECK_CTL_H

/* What the parts of check_ctl share: minimeterctl run inside the test, and answers in the daemon's words. */

#include <check.h>
#include <stdbool.h>

#include "ctl/ctl.h"
#include "fixture/fake_daemon.h"

#define REPLY(parameters) "{\"parameters\":" parameters "}"
#define REPLY_MORE(parameters) "{\"parameters\":" parameters ",\"continues\":true}"
#define ERROR(name, parameters) "{\"error\":\"" name "\",\"parameters\":" parameters "}"

#define ELEMENT(name, power, flags)                                                                                              \
	"{\"name\":\"" name "\",\"input\":\"A\",\"voltage_v\":120.1,\"current_a\":10.02,\"power_w\":" power                      \
	",\"reactive_var\":12.0,\"apparent_va\":1205.0,\"power_factor\":0.998,\"frequency_hz\":60.01,"                           \
	"\"registering\":true,\"flags\":[" flags "],\"delivered_wh\":6172839.5,\"received_wh\":0.0}"

#define METER(name, valid, faults, elements)                                                                                     \
	"{\"name\":\"" name "\",\"serial\":\"00042\",\"model\":\"MMD-120-2001-T-SCC\",\"valid\":" valid                          \
	",\"age_s\":37.4,\"time\":\"2026-03-01T12:00:00Z\",\"delivered_wh\":12345678.9,\"delivered_uwh\":12345678900000,"        \
	"\"received_wh\":0.0,\"received_uwh\":0,\"lagging_varh\":12500.0,\"leading_varh\":0.0,\"max_demand_w\":4321.0,"          \
	"\"max_demand_time\":null,\"power_w\":2406.4,\"display\":\"012345.6\",\"power_led\":true,\"load_led\":false,"            \
	"\"reverse_led\":false,\"faults\":[" faults "],\"elements\":[" elements "]}"

#define BOTH_ELEMENTS ELEMENT("L1", "1203.2", "") "," ELEMENT("L2", "1203.2", "")
#define MAIN METER("main", "true", "", BOTH_ELEMENTS)

struct outcome {
	int code;
	char *out, *err;
};

/* The socket that tests listen on, in a directory of their own. */
extern const char *const test_socket;

/* Runs "minimeterctl --socket (test_socket) ...": the words of the command line, split at blanks. */
struct outcome run_ctl(const char *words);
void outcome_free(struct outcome *outcome);

/* Runs it against a script and checks exit code and a part of each text; NULL: don't care, "": nothing at all. */
void expect(const struct fake_answer *script, const char *words, int code, const char *out, const char *err);

TCase *check_tcase(void);
TCase *texts_tcase(void);
TCase *watch_tcase(void);

#endif
