/* SPDX-License-Identifier: MIT */
/* What is written when a register is opened: this run of the machine, meters that are new, what was found, all in one
 * transaction. */
#include "store/chain.h"
#include "store/recover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/units.h"

int mm_database_boot(struct mm_store *reg, const char *boot_id)
{
	sqlite3_stmt *add = reg->stmt[MM_STMT_BOOT_ADD], *find = reg->stmt[MM_STMT_BOOT_FIND];
	int r;

	r = mm_store_run(reg, MM_STMT_BOOT_ADD, sqlite3_bind_text(add, 1, boot_id, -1, SQLITE_STATIC));
	if (r < 0) {
		return r;
	}
	if (sqlite3_bind_text(find, 1, boot_id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(find) == SQLITE_ROW) {
		reg->boot = sqlite3_column_int64(find, 0);
	} else {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_reset(find);
	return r;
}

static int64_t now_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * MM_NS_PER_S + ts.tv_nsec;
}

static int add_meter(struct mm_store *reg, const struct mm_store_meter *meter, int64_t *ret_id)
{
	sqlite3_stmt *add = reg->stmt[MM_STMT_METER_ADD];
	int64_t id;
	int rc, r;

	rc = sqlite3_bind_text(add, 1, meter->serial, -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(add, 2, meter->model, -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(add, 3, meter->name, -1, SQLITE_STATIC);
	r = mm_store_run(reg, MM_STMT_METER_ADD, rc);
	if (r < 0) {
		return r;
	}
	id = sqlite3_last_insert_rowid(reg->db);
	rc = sqlite3_bind_int64(reg->stmt[MM_STMT_REGISTER_ADD], 1, id);
	r = mm_store_run(reg, MM_STMT_REGISTER_ADD, rc);
	if (r == 0) {
		*ret_id = id;
	}
	return r;
}

int mm_database_meter(struct mm_store *reg, const struct mm_store_meter *meter, int64_t *ret_id)
{
	sqlite3_stmt *stmt = reg->stmt[MM_STMT_METER_FIND];
	int rc, r = 0;

	rc = sqlite3_bind_text(stmt, 1, meter->serial, -1, SQLITE_STATIC);
	rc |= sqlite3_bind_text(stmt, 2, meter->model, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK) {
		rc = sqlite3_step(stmt);
	}
	if (rc == SQLITE_ROW) {
		*ret_id = sqlite3_column_int64(stmt, 0);
	} else if (rc != SQLITE_DONE) {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? add_meter(reg, meter, ret_id) : r;
}

static int rename_meter(struct mm_store *reg, int64_t id, const char *name)
{
	int rc;

	rc = sqlite3_bind_int64(reg->stmt[MM_STMT_METER_NAME], 1, id);
	rc |= sqlite3_bind_text(reg->stmt[MM_STMT_METER_NAME], 2, name, -1, SQLITE_STATIC);
	return mm_store_run(reg, MM_STMT_METER_NAME, rc);
}

/* What was found at opening is told by the trail for ever. */
static int tell(struct mm_store *reg, const char *code, const char *before, const char *what)
{
	struct mm_store_event event = {.boottime_ns = now_ns(CLOCK_BOOTTIME), .realtime_ns = now_ns(CLOCK_REALTIME), .meter = -1};

	if (what[0] == '\0') {
		return 0;
	}
	snprintf(event.code, sizeof(event.code), "%s", code);
	snprintf(event.text, sizeof(event.text), "%s%.*s", before, (int)(sizeof(event.text) - 1 - strlen(before)), what);
	return mm_chain_add(reg, &event, NULL);
}

static int read_all(struct mm_store *reg)
{
	sqlite3_stmt *stmt = reg->stmt[MM_STMT_SEQUENCE];
	int r = sqlite3_step(stmt) == SQLITE_ROW ? 0 : mm_store_fail_sql(reg);

	reg->database_number = r == 0 ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_reset(stmt);
	for (unsigned i = 0; i < reg->meter_count && r == 0; i++) {
		r = mm_store_read(reg, i);
	}
	return r;
}

int mm_database_enter(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters,
		      const struct mm_image *image)
{
	char broken[MM_STORE_MESSAGE_MAX];
	bool sealed = true;
	int r = mm_store_run(reg, MM_STMT_BEGIN, SQLITE_OK);

	if (r < 0) {
		return r;
	}
	r = mm_chain_check(reg, &sealed, broken);
	if (r == 0) {
		r = mm_database_boot(reg, boot_id);
	}
	for (unsigned i = 0; i < reg->meter_count && r == 0; i++) {
		if (reg->meter_id[i] == 0) {
			r = add_meter(reg, &meters[i], &reg->meter_id[i]);
		} else {
			r = rename_meter(reg, reg->meter_id[i], meters[i].name);
		}
	}
	if (r == 0) {
		r = mm_chain_load(reg);
	}
	if (r == 0) {
		/* The next seal would hide it. */
		r = tell(reg, "tampered", "the register was changed from outside: ", broken);
	}
	if (r == 0) {
		r = read_all(reg);
	}
	if (r == 0 && !sealed && image && mm_store_contradicts(reg, image)) {
		r = mm_store_fail(reg, -EBADMSG, "the registers were changed from outside or by a failing disk");
	}
	if (r == 0 && reg->copy_begins && reg->database_number > 0) {
		mm_store_tell(reg, "the copy was missing and begins anew");
	}
	if (r == 0 && image) {
		r = mm_store_adopt(reg, image);
	}
	if (r == 0 && !reg->told) {
		r = tell(reg, "recovered", "", reg->story);
	}
	if (r == 0) {
		r = read_all(reg);
	}
	r = mm_store_end(reg, r);
	reg->told = reg->told || r == 0;
	return r;
}
