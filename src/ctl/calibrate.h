/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_CALIBRATE_H
#define MM_CTL_CALIBRATE_H

/*
 * The steps of a calibration, for scripts and for the dialog. The functions print what went wrong and return an exit code, as all
 * of minimeterctl do.
 */

#include <jansson.h>

#include "ctl/private.h"

#define MM_CALIBRATION_SECONDS_MIN 5
#define MM_CALIBRATION_SECONDS_DEFAULT 30
#define MM_CALIBRATION_SECONDS_MAX 3600

/* Starts the session of --meter and --element, 1 unless given. *ret is the answer. */
int mm_calibrate_open(struct mm_ctl *ctl, json_t **ret);

/* A call on a connection of its own: a person thinks for longer than the daemon lets a client be silent. */
int mm_calibrate_call(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret);

/* Measures a point, with progress where out is a terminal. *ret is what was measured, a new reference. */
int mm_calibrate_measure(struct mm_ctl *ctl, const char *session, const char *stage, const char *point, int64_t seconds,
			 json_t **ret);

/* Gives the reference's mean power for a point. *ret is the session after it. */
int mm_calibrate_refer(struct mm_ctl *ctl, const char *session, const char *stage, const char *point, double power_w,
		       json_t **ret);

/* Percent registration, averages and constants of a session; what was measured of a point. */
void mm_calibrate_session_text(struct mm_ctl *ctl, const json_t *session);
void mm_calibrate_measured_text(struct mm_ctl *ctl, const json_t *measured);

/* What has come into force. */
void mm_calibrate_version_text(struct mm_ctl *ctl, const json_t *version);

/* Reads a line of standard input without its end, NULL at the end of input. Freed by the caller. */
char *mm_calibrate_line(void);

#endif
