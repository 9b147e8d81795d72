/* SPDX-License-Identifier: MIT */
#include "store/transaction.h"

#include <errno.h>

#include "store/column.h"

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

int mm_registers_read(struct mm_db *db, int64_t boot, int64_t id, struct mm_registers *ret)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_REGISTER_LOAD];
	int r = mm_db_step(db, MM_STMT_REGISTER_LOAD, sqlite3_bind_int64(stmt, 1, id));

	if (r <= 0) {
		return r < 0 ? r : mm_db_fail(db, -EBADMSG, "a meter is stored without its registers");
	}
	*ret = (struct mm_registers){0};
	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		get_column(stmt, (int)i + 1, &mm_columns[i], ret);
	}
	if (sqlite3_column_int64(stmt, 0) != boot) {
		/* CLOCK_BOOTTIME of another run can't be compared; the wall clock still shows a leap into the past. */
		ret->profile.last_boot_ns = 0;
	}
	sqlite3_reset(stmt);
	return 0;
}

int mm_registers_write(struct mm_db *db, int64_t boot, int64_t id, int64_t boottime_ns, int64_t realtime_ns,
		       const struct mm_registers *registers)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_REGISTER_SAVE];
	int rc, r;

	rc = sqlite3_bind_int64(stmt, 1, id);
	rc |= sqlite3_bind_int64(stmt, 2, boot);
	rc |= sqlite3_bind_int64(stmt, 3, boottime_ns);
	rc |= sqlite3_bind_int64(stmt, 4, realtime_ns);
	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		rc |= bind_column(stmt, (int)i + 5, &mm_columns[i], registers);
	}
	r = mm_db_run(db, MM_STMT_REGISTER_SAVE, rc);
	if (r == 0 && sqlite3_changes(db->connection) != 1) {
		r = mm_db_fail(db, -EBADMSG, "the registers of a meter are gone");
	}
	return r;
}

int mm_registers_read_number(struct mm_db *db, uint64_t *ret)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_SEQUENCE];
	int r = mm_db_row(db, MM_STMT_SEQUENCE, SQLITE_OK);

	if (r == 0) {
		*ret = (uint64_t)sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return r;
}

int mm_registers_write_number(struct mm_db *db, uint64_t number)
{
	return mm_db_run(db, MM_STMT_SEQUENCE_SAVE, sqlite3_bind_int64(db->stmt[MM_STMT_SEQUENCE_SAVE], 1, (int64_t)number));
}

int mm_page_read(struct mm_db *db, int64_t *ret)
{
	sqlite3_stmt *stmt = db->stmt[MM_STMT_PAGE];
	int r = mm_db_row(db, MM_STMT_PAGE, SQLITE_OK);

	if (r == 0) {
		*ret = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return r;
}

int mm_page_write(struct mm_db *db, int64_t page)
{
	return mm_db_run(db, MM_STMT_PAGE_SAVE, sqlite3_bind_int64(db->stmt[MM_STMT_PAGE_SAVE], 1, page));
}

/* ---- A commit ---- */

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

int mm_transaction_check(const struct mm_roster *roster, const struct mm_store_commit *commit)
{
	if (commit->meter_count != roster->count) {
		return -EINVAL;
	}
	for (size_t i = 0; i < commit->event_count; i++) {
		if (commit->events[i].meter >= (int)roster->count) {
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < commit->row_count; i++) {
		const struct mm_store_profile_row *row = &commit->rows[i];

		if (row->meter < 0 || row->meter >= (int)roster->count || !row_valid(&row->row)) {
			return -EINVAL;
		}
	}
	return 0;
}

int mm_transaction_write(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
			 const struct mm_store_commit *commit, uint64_t number)
{
	int r = 0;

	for (unsigned i = 0; i < roster->count && r == 0; i++) {
		r = mm_registers_write(db, roster->boot, roster->id[i], commit->boottime_ns, commit->realtime_ns,
				       &commit->meter[i]);
	}
	for (size_t i = 0; i < commit->event_count && r == 0; i++) {
		r = mm_chain_add(db, roster, &commit->events[i], NULL);
	}
	for (size_t i = 0; i < commit->row_count && r == 0; i++) {
		r = mm_chain_add_row(db, roster, balance, &commit->rows[i]);
	}
	if (r == 0) {
		r = mm_chain_account(db, roster, balance, commit);
	}
	return r < 0 ? r : mm_registers_write_number(db, number);
}
