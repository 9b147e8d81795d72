/* SPDX-License-Identifier: MIT */
#ifndef MM_REGISTER_AUDIT_H
#define MM_REGISTER_AUDIT_H

/*
 * Proving the audit trail: checking all of it online, and signed statements of its head that are kept elsewhere. The functions
 * that take a register are for mm_register_worker_query(), or for before the worker has it.
 */

#include "register/register.h"

#define MM_PROBLEMS_MAX 8
#define MM_PROBLEM_MAX 160

struct mm_problem {
	const char *part;	   /* "event", "interval" or "register" */
	int64_t id;		   /* of the row; 0: of no one row */
	char text[MM_PROBLEM_MAX]; /* what is wrong, in one line */
};

struct mm_verify_result {
	int64_t events, intervals, snapshots;	    /* checked */
	int64_t bad;				    /* problems found; 0: all is as it was written */
	struct mm_problem problem[MM_PROBLEMS_MAX]; /* the first of them, those of events before those of intervals */
};

struct mm_verify;

int mm_verify_new(struct mm_verify **ret);
void mm_verify_free(struct mm_verify *verify); /* NULL-safe */

/*
 * Checks a slice of some hundred rows, so that a commit that waits is not kept for longer than that takes. 1: go on; 0: all is
 * checked, what was committed meanwhile too; -EIO, -EBADMSG, -ENOMEM: it can't be read.
 */
int mm_verify_step(struct mm_verify *verify, struct mm_register *reg);

const struct mm_verify_result *mm_verify_result(const struct mm_verify *verify);

#endif
