/* SPDX-License-Identifier: MIT */
/*
 * Commits. A failed one leaves the connection without a transaction and the WAL at the last one that was acknowledged, so that
 * the next attempt writes over whatever it left behind.
 */
#include "store/chain.h"
#include "store/mirror.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/units.h"

/* What a result code of SQLite means. I/O errors are told by errno where it is one of the disk's. */
static const struct {
	int code;
	int error;
} sqlite_errors[] = {
	{SQLITE_ERROR, EBADMSG}, /* our SQL is constant: it only fails where the tables are not ours */
	{SQLITE_CORRUPT, EBADMSG},   {SQLITE_NOTADB, EBADMSG},	{SQLITE_FULL, ENOSPC},	 {SQLITE_READONLY, EROFS},
	{SQLITE_PERM, EACCES},	     {SQLITE_BUSY, EBUSY},	{SQLITE_LOCKED, EBUSY},	 {SQLITE_NOMEM, ENOMEM},
	{SQLITE_CONSTRAINT, EINVAL}, {SQLITE_MISMATCH, EINVAL}, {SQLITE_TOOBIG, EINVAL},
};

static const struct {
	int error;
	const char *advice;
} advices[] = {
	{EACCES, "give the user of the daemon the right to write the file and its directory"},
	{EPERM, "give the user of the daemon the right to write the file and its directory"},
	{EBADMSG, "move it away whole, with its -wal, and put back a backup, or start a new register"},
	{EBUSY, "stop the other process that has it open (fuser shows which)"},
	{EINVAL, "this is an error in the program: report it"},
	{EIO, "the disk fails: see the kernel's log, copy the register to a good disk"},
	{ENOENT, "create its directory"},
	{ENOTDIR, "correct the path"},
	{ENOSPC, "free some space on its file system"},
	{EPROTO, "install the newer version again"},
	{ERANGE, "registers never go back: restart the daemon so that it reads them again"},
	{EROFS, "its file system is read-only: mount it writable"},
	{EXDEV, "correct the configuration, or move the register away to start a new one at zero"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

int mm_store_fail(struct mm_store *reg, int r, const char *why)
{
	const char *advice = strerror(-r);

	for (size_t i = 0; i < COUNT_OF(advices); i++) {
		if (advices[i].error == -r) {
			advice = advices[i].advice;
		}
	}
	/* The end of a long path is worth less than the advice. */
	snprintf(reg->message, sizeof(reg->message), "%.80s: %.95s: %s", reg->path, why, advice);
	return r;
}

/* The errno behind an error, where that is one of the disk's and not left over from another call; else 0. */
static int system_error(sqlite3 *db, int code)
{
	int error = sqlite3_system_errno(db);

	switch (error) {
	case EDQUOT:
		return ENOSPC;
	case ENOSPC:
	case EROFS:
		return error;
	case EACCES:
	case EPERM:
		return code == SQLITE_CANTOPEN ? error : 0;
	default:
		return 0;
	}
}

int mm_store_fail_sql(struct mm_store *reg)
{
	int extended = sqlite3_extended_errcode(reg->db), code = extended & 0xff;
	int error = 0;

	for (size_t i = 0; i < COUNT_OF(sqlite_errors); i++) {
		if (sqlite_errors[i].code == code) {
			error = sqlite_errors[i].error;
		}
	}
	if (extended == SQLITE_CONSTRAINT_TRIGGER) {
		error = ERANGE;
	} else if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) {
		error = system_error(reg->db, code);
	}
	return mm_store_fail(reg, error ? -error : -EIO, sqlite3_errmsg(reg->db));
}

int mm_store_run(struct mm_store *reg, enum mm_stmt stmt, int bound)
{
	int r = bound == SQLITE_OK && sqlite3_step(reg->stmt[stmt]) == SQLITE_DONE ? 0 : mm_store_fail_sql(reg);

	/* The result of a reset repeats that of the step. */
	sqlite3_reset(reg->stmt[stmt]);
	return r;
}

int mm_store_end(struct mm_store *reg, int r)
{
	if (r == 0) {
		r = mm_store_run(reg, MM_STMT_SEAL, SQLITE_OK);
	}
	if (r == 0) {
		r = mm_store_run(reg, MM_STMT_COMMIT, SQLITE_OK);
	}
	/* Some errors have rolled back by themselves; the message stays that of the first. */
	if (r < 0 && !sqlite3_get_autocommit(reg->db)) {
		sqlite3_step(reg->stmt[MM_STMT_ROLLBACK]);
		sqlite3_reset(reg->stmt[MM_STMT_ROLLBACK]);
	}
	return r;
}

/* ---- Registers ---- */

static void get_column(sqlite3_stmt *stmt, int i, const struct mm_column *column, struct mm_registers *ret)
{
	if (mm_column_is_real(column)) {
		mm_column_set_real(column, ret, sqlite3_column_double(stmt, i));
	} else {
		mm_column_set_integer(column, ret, sqlite3_column_int64(stmt, i));
	}
}

static int bind_column(sqlite3_stmt *stmt, int i, const struct mm_column *column, const struct mm_registers *registers)
{
	return mm_column_is_real(column) ? sqlite3_bind_double(stmt, i, mm_column_real(column, registers))
					 : sqlite3_bind_int64(stmt, i, mm_column_integer(column, registers));
}

int mm_store_read_id(struct mm_store *reg, int64_t id, struct mm_registers *ret)
{
	sqlite3_stmt *stmt = reg->stmt[MM_STMT_REGISTER_LOAD];
	struct mm_registers registers = {0};
	int rc, r = 0;

	rc = sqlite3_bind_int64(stmt, 1, id);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(stmt);
	}
	if (rc == SQLITE_ROW) {
		for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
			get_column(stmt, (int)i + 1, &mm_columns[i], &registers);
		}
		if (sqlite3_column_int64(stmt, 0) != reg->boot) {
			/* CLOCK_BOOTTIME of another run can't be compared; the wall clock still tells of a leap into the past. */
			registers.profile.last_boot_ns = 0;
		}
	} else if (rc == SQLITE_DONE) {
		r = mm_store_fail(reg, -EBADMSG, "a meter is stored without its registers");
	} else {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_reset(stmt);
	if (r == 0) {
		*ret = registers;
	}
	return r;
}

int mm_store_read(struct mm_store *reg, unsigned index)
{
	return mm_store_read_id(reg, reg->meter_id[index], &reg->committed[index]);
}

int mm_store_load(struct mm_store *reg, unsigned index, struct mm_registers *ret)
{
	if (index >= reg->meter_count) {
		return -EINVAL;
	}
	*ret = reg->committed[index];
	return 0;
}

uint64_t mm_store_number(const struct mm_store *reg)
{
	return reg->number;
}

/* ---- Commit ---- */

/* 9 GWh in an interval is no meter's; a thousand of them can still be added up. */
#define ROW_ENERGY_MAX_UWH (INT64_C(1) << 53)

static bool energy_valid(int64_t uwh)
{
	return uwh >= 0 && uwh <= ROW_ENERGY_MAX_UWH;
}

static bool row_valid(const struct mm_profile_row *row)
{
	return energy_valid(row->delivered_uwh) && energy_valid(row->received_uwh) && energy_valid(row->lagging_uvarh) &&
	       energy_valid(row->leading_uvarh);
}

int mm_store_check(const struct mm_store *reg, const struct mm_store_commit *commit)
{
	if (commit->meter_count != reg->meter_count) {
		return -EINVAL;
	}
	for (size_t i = 0; i < commit->event_count; i++) {
		if (commit->events[i].meter >= (int)reg->meter_count) {
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < commit->row_count; i++) {
		const struct mm_store_profile_row *row = &commit->rows[i];

		if (row->meter < 0 || row->meter >= (int)reg->meter_count || !row_valid(&row->row)) {
			return -EINVAL;
		}
	}
	return 0;
}

static int judge_commit(struct mm_store *reg, const struct mm_store_commit *commit)
{
	int r = mm_store_check(reg, commit);

	if (commit->number != 0 && (commit->number < reg->number || commit->number <= reg->database_number)) {
		r = -EINVAL;
	}
	for (unsigned i = 0; i < reg->meter_count && r == 0; i++) {
		r = mm_registers_follow(&commit->meter[i], &reg->committed[i]);
	}
	if (r < 0) {
		mm_store_fail(reg, r, r == -ERANGE ? "a commit would lower a register" : "a commit holds what no meter gives");
	}
	return r;
}

int mm_store_save(struct mm_store *reg, int64_t id, int64_t boottime_ns, int64_t realtime_ns,
		  const struct mm_registers *registers)
{
	sqlite3_stmt *stmt = reg->stmt[MM_STMT_REGISTER_SAVE];
	int rc, r;

	rc = sqlite3_bind_int64(stmt, 1, id);
	rc |= sqlite3_bind_int64(stmt, 2, reg->boot);
	rc |= sqlite3_bind_int64(stmt, 3, boottime_ns);
	rc |= sqlite3_bind_int64(stmt, 4, realtime_ns);
	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		rc |= bind_column(stmt, (int)i + 5, &mm_columns[i], registers);
	}
	r = mm_store_run(reg, MM_STMT_REGISTER_SAVE, rc);
	if (r == 0 && sqlite3_changes(reg->db) != 1) {
		r = mm_store_fail(reg, -EBADMSG, "the registers of a meter are gone");
	}
	return r;
}

int mm_store_write_commit(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number)
{
	int rc, r = 0;

	for (unsigned i = 0; i < reg->meter_count && r == 0; i++) {
		r = mm_store_save(reg, reg->meter_id[i], commit->boottime_ns, commit->realtime_ns, &commit->meter[i]);
	}
	for (size_t i = 0; i < commit->event_count && r == 0; i++) {
		r = mm_chain_add(reg, &commit->events[i], NULL);
	}
	for (size_t i = 0; i < commit->row_count && r == 0; i++) {
		r = mm_chain_add_row(reg, &commit->rows[i], &reg->balance);
	}
	if (r == 0) {
		r = mm_chain_account(reg, commit, &reg->balance);
	}
	if (r == 0) {
		rc = sqlite3_bind_int64(reg->stmt[MM_STMT_SEQUENCE_SAVE], 1, (int64_t)number);
		r = mm_store_run(reg, MM_STMT_SEQUENCE_SAVE, rc);
	}
	return r;
}

static int commit_to_database(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number)
{
	struct mm_balance balance = reg->balance;
	int r = mm_store_run(reg, MM_STMT_BEGIN, SQLITE_OK);

	if (r < 0) {
		return r;
	}
	r = mm_store_end(reg, mm_store_write_commit(reg, commit, number));
	if (r == 0) {
		reg->database_number = number;
	} else {
		reg->balance = balance;
	}
	return r;
}

void mm_store_image(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number)
{
	struct mm_image *image = reg->image;

	image->state = reg->who;
	image->state.sequence = number;
	image->state.boottime_ns = commit->boottime_ns;
	image->state.realtime_ns = commit->realtime_ns;
	memcpy(image->state.meter, commit->meter, reg->meter_count * sizeof(commit->meter[0]));
	image->database = reg->database_number;
	image->row_count = commit->row_count < MM_IMAGE_ROWS_MAX ? commit->row_count : MM_IMAGE_ROWS_MAX;
	image->event_count = commit->event_count < MM_IMAGE_EVENTS_MAX ? commit->event_count : MM_IMAGE_EVENTS_MAX;
	for (size_t i = 0; i < image->row_count; i++) {
		image->row[i] = commit->rows[i];
	}
	for (size_t i = 0; i < image->event_count; i++) {
		image->event[i] = commit->events[i];
	}
}

/* A copy that could not be opened is looked for again after so long. */
#define COPY_RETRY_NS (300 * MM_NS_PER_S)

/* It stands so now, somewhere durable. */
static void stand(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number)
{
	reg->number = number;
	memcpy(reg->committed, commit->meter, reg->meter_count * sizeof(reg->committed[0]));
}

static uint64_t number_of(const struct mm_store *reg, const struct mm_store_commit *commit)
{
	return commit->number != 0 ? commit->number : reg->number + 1;
}

static bool copy(struct mm_store *reg, const struct mm_store_commit *commit, uint64_t number)
{
	const struct mm_image *newest;

	if (!reg->copy && reg->copy_path && commit->boottime_ns - reg->copy_tried_ns >= COPY_RETRY_NS) {
		reg->copy_tried_ns = commit->boottime_ns;
		mm_store_reopen_copy(reg);
	}
	if (!reg->copy) {
		return false;
	}
	newest = mm_copy_newest(reg->copy);
	if (newest && newest->state.sequence == number) {
		return true; /* tried again, since the database lacks it */
	}
	mm_store_image(reg, commit, number);
	reg->copy_error = mm_copy_write(reg->copy, reg->image);
	return reg->copy_error == 0;
}

bool mm_store_commit_to_copy(struct mm_store *reg, const struct mm_store_commit *commit)
{
	uint64_t number = number_of(reg, commit);

	if (judge_commit(reg, commit) < 0 || !copy(reg, commit, number)) {
		return false;
	}
	stand(reg, commit, number);
	return true;
}

int mm_store_commit(struct mm_store *reg, const struct mm_store_commit *commit)
{
	uint64_t number = number_of(reg, commit);
	int r = judge_commit(reg, commit);
	bool copied;

	if (r < 0) {
		return r;
	}
	copied = copy(reg, commit, number);
	if (!copied || !commit->copy_suffices) {
		r = commit_to_database(reg, commit, number);
	}
	if (copied || r == 0) {
		stand(reg, commit, number);
	}
	return r;
}

int mm_store_record(struct mm_store *reg, const struct mm_store_event *event, const char *data)
{
	int r;

	if (event->meter >= (int)reg->meter_count) {
		return mm_store_fail(reg, -EINVAL, "a record of a meter that is not there");
	}
	r = mm_store_run(reg, MM_STMT_BEGIN, SQLITE_OK);
	if (r < 0) {
		return r;
	}
	return mm_store_end(reg, mm_chain_add(reg, event, data));
}
