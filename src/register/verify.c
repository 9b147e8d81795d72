/* SPDX-License-Identifier: MIT */
/*
 * Every row is held against the hash it carries and the row before it, every snapshot against the one before it and the intervals
 * between the two, and what may change against the seal and the last snapshot.
 */
#include "register/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register/chain.h"

#define SLICE_EVENTS 100
#define SLICE_INTERVALS 500

struct mm_verify {
	struct mm_verify_result result;
	int64_t last_event, last_interval; /* ids */
	int64_t snapshot;		   /* event of the last one seen, 0: none */
	char *standing;			   /* its JSON */
};

int mm_verify_new(struct mm_verify **ret)
{
	struct mm_verify *verify = calloc(1, sizeof(*verify));

	if (!verify) {
		return -ENOMEM;
	}
	verify->last_event = verify->last_interval = INT64_MIN;
	*ret = verify;
	return 0;
}

void mm_verify_free(struct mm_verify *verify)
{
	if (verify) {
		free(verify->standing);
		free(verify);
	}
}

const struct mm_verify_result *mm_verify_result(const struct mm_verify *verify)
{
	return &verify->result;
}

__attribute__((format(printf, 4, 5))) static void found(struct mm_verify *verify, const char *part, int64_t id,
							const char *format, ...)
{
	struct mm_verify_result *result = &verify->result;
	va_list args;

	if (result->bad < MM_PROBLEMS_MAX) {
		struct mm_problem *problem = &result->problem[result->bad];

		problem->part = part;
		problem->id = id;
		va_start(args, format);
		vsnprintf(problem->text, sizeof(problem->text), format, args);
		va_end(args);
	}
	result->bad++;
}

/* Ids follow each other from 1 on; returns whether the row before this one, if it should have one, is there. */
static bool check_id(struct mm_verify *verify, const char *part, int64_t last, int64_t id)
{
	int64_t expected = last < 1 ? 1 : last + 1;

	if (id < 1) {
		found(verify, part, id, "none is numbered like that");
	} else if (id == expected + 1) {
		found(verify, part, expected, "it is missing");
	} else if (id > expected) {
		found(verify, part, expected, "it and those up to %" PRId64 " are missing", id - 1);
	}
	return id == expected;
}

/* Do the registers of one snapshot (or now) follow from the one before and what lies between? */
static int check_account(struct mm_verify *verify, struct mm_register *reg, int64_t event, const char *standing)
{
	sqlite3_stmt *stmt = reg->stmt[MM_STMT_VERIFY_ACCOUNT];
	int rc, r = 0;

	rc = sqlite3_bind_int64(stmt, 1, verify->snapshot);
	rc |= sqlite3_bind_int64(stmt, 2, event);
	rc |= sqlite3_bind_text(stmt, 3, verify->standing ? verify->standing : "{}", -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(stmt, 4, standing, -1, SQLITE_STATIC);
	if (rc != SQLITE_OK) {
		r = mm_register_fail_sql(reg);
	}
	while (r == 0 && (rc = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (rc == SQLITE_ROW && event == MM_SNAPSHOT_NONE) {
			found(verify, "register", 0,
			      "meter %s does not follow from the snapshot in event %" PRId64 " and its intervals",
			      (const char *)sqlite3_column_text(stmt, 0), verify->snapshot);
		} else if (rc == SQLITE_ROW) {
			found(verify, "event", event,
			      "its registers of meter %s do not follow from the snapshot before and the intervals between",
			      (const char *)sqlite3_column_text(stmt, 0));
		} else if ((rc & 0xff) == SQLITE_ERROR) {
			/* Figures that can't be added up, JSON that is none: none of ours. */
			found(verify, event == MM_SNAPSHOT_NONE ? "register" : "event", event == MM_SNAPSHOT_NONE ? 0 : event,
			      "the registers or intervals up to here make no sense: %s", sqlite3_errmsg(reg->db));
			break;
		} else {
			r = mm_register_fail_sql(reg);
		}
	}
	sqlite3_reset(stmt);
	return r;
}

static int check_snapshot(struct mm_verify *verify, struct mm_register *reg, int64_t event, const char *standing)
{
	char *copy = strdup(standing);
	int r;

	if (!copy) {
		return -ENOMEM;
	}
	r = check_account(verify, reg, event, copy);
	free(verify->standing);
	verify->standing = copy;
	verify->snapshot = event;
	verify->result.snapshots++;
	return r;
}

static int check_event(struct mm_verify *verify, struct mm_register *reg, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	const char *standing = (const char *)sqlite3_column_text(stmt, 2), *code = (const char *)sqlite3_column_text(stmt, 4);
	bool follows = check_id(verify, "event", verify->last_event, id);

	verify->last_event = id;
	verify->result.events++;
	if (follows && sqlite3_column_int(stmt, 1) == 0) {
		found(verify, "event", id, "its hash is not that of its fields and the event before");
	}
	if (code && strcmp(code, "tampered") == 0) {
		found(verify, "event", id, "when the register was opened then, it had been changed from outside");
	}
	if (!standing) {
		return 0;
	}
	if (sqlite3_column_int(stmt, 3) == 0) {
		found(verify, "event", id, "the profile that ended when this snapshot was taken ends otherwise");
	}
	return check_snapshot(verify, reg, id, standing);
}

static int check_interval(struct mm_verify *verify, struct mm_register *reg, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	bool follows = check_id(verify, "interval", verify->last_interval, id);

	(void)reg;
	verify->last_interval = id;
	verify->result.intervals++;
	if (follows && sqlite3_column_int(stmt, 1) == 0) {
		found(verify, "interval", id, "its hash is not that of its fields and the interval before");
	}
	return 0;
}

/* Checks up to limit rows after an id. 1: there may be more. */
static int check_rows(struct mm_verify *verify, struct mm_register *reg, enum mm_stmt which, int64_t after, int limit,
		      int (*check)(struct mm_verify *, struct mm_register *, sqlite3_stmt *))
{
	sqlite3_stmt *stmt = reg->stmt[which];
	int rc, r = 0, rows = 0;

	rc = sqlite3_bind_int64(stmt, 1, after);
	rc |= sqlite3_bind_int64(stmt, 2, limit);
	while (r == 0 && rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = check(verify, reg, stmt);
		rows++;
		rc = SQLITE_OK;
	}
	if (r == 0 && rc != SQLITE_DONE) {
		r = mm_register_fail_sql(reg);
	}
	sqlite3_reset(stmt);
	return r < 0 ? r : rows == limit;
}

/* At the end, with no commit in between: what is there now. */
static int check_now(struct mm_verify *verify, struct mm_register *reg)
{
	char broken[MM_REGISTER_MESSAGE_MAX], *standing = NULL;
	int r = mm_chain_check(reg, broken);

	if (r == -EBADMSG) {
		found(verify, "register", 0, "%.150s", reg->message);
		return 0;
	}
	if (r == 0 && broken[0] != '\0') {
		found(verify, "register", 0, "%.150s", broken);
	}
	if (r == 0) {
		r = mm_chain_standing(reg, &standing);
	}
	if (r == 0) {
		r = check_account(verify, reg, MM_SNAPSHOT_NONE, standing);
	}
	free(standing);
	return r;
}

int mm_verify_step(struct mm_verify *verify, struct mm_register *reg)
{
	int r = check_rows(verify, reg, MM_STMT_VERIFY_EVENTS, verify->last_event, SLICE_EVENTS, check_event);

	if (r == 0) {
		r = check_rows(verify, reg, MM_STMT_VERIFY_PROFILE, verify->last_interval, SLICE_INTERVALS, check_interval);
	}
	return r != 0 ? r : check_now(verify, reg);
}
