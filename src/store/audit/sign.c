/* SPDX-License-Identifier: MIT */
/* The register's key and the heads it signs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/units.h"
#include "store/audit/audit.h"
#include "store/chain.h"
#include "store/recover.h"

#define KEY_SUFFIX ".key"

/* ---- The key ---- */

/* Loads the key at path or makes it. */
static int obtain(struct mm_store *reg, const char *path)
{
	int r = mm_key_load(path, &reg->key);

	if (r == -EBADMSG) {
		r = mm_store_set_aside(reg, path);
		r = r < 0 ? r : -ENOENT;
	}
	return r == -ENOENT ? mm_key_create(path, &reg->key) : r;
}

/* The data of the last key's record is its fingerprint. */
static bool take_fingerprint(void *userdata, const struct mm_store_event *event, const char *data)
{
	(void)event;
	/* {"fingerprint":"..."} */
	if (sscanf(data, "{\"fingerprint\":\"%64[0-9a-f]\"}", (char *)userdata) != 1) {
		((char *)userdata)[0] = '\0';
	}
	return true;
}

/* A record says whose signatures are this register's from here on. */
static int tell_key(struct mm_store *reg, int64_t boottime_ns, int64_t realtime_ns)
{
	struct mm_store_event event = {.boottime_ns = boottime_ns, .realtime_ns = realtime_ns, .meter = -1, .code = "key"};
	char known[MM_FINGERPRINT_MAX] = "", fingerprint[MM_FINGERPRINT_MAX], data[MM_FINGERPRINT_MAX + 32];
	int r = mm_key_fingerprint(reg->key, fingerprint);

	if (r == 0) {
		r = mm_store_records(reg, event.code, -1, take_fingerprint, known);
	}
	if (r < 0 || strcmp(known, fingerprint) == 0) {
		return r;
	}
	if (known[0] == '\0') {
		snprintf(event.text, sizeof(event.text), "heads are signed with key %s", fingerprint);
	} else {
		snprintf(event.text, sizeof(event.text), "another signing key: was %s, is %s", known, fingerprint);
	}
	snprintf(data, sizeof(data), "{\"fingerprint\":\"%s\"}", fingerprint);
	return mm_store_record(reg, &event, data);
}

int mm_store_key(struct mm_store *reg, int64_t boottime_ns, int64_t realtime_ns, char message[static MM_STORE_MESSAGE_MAX])
{
	char *path;
	int r;

	if (asprintf(&path, "%s" KEY_SUFFIX, reg->path) < 0) {
		return -ENOMEM;
	}
	r = obtain(reg, path);
	if (r < 0) {
		snprintf(message, MM_STORE_MESSAGE_MAX,
			 "%.120s: %s: heads of the audit trail can't be signed; make it a file that the daemon's user can read "
			 "and write, "
			 "and restart",
			 path, strerror(-r));
	} else {
		r = tell_key(reg, boottime_ns, realtime_ns);
		snprintf(message, MM_STORE_MESSAGE_MAX, "%s", r < 0 ? reg->message : "");
	}
	if (r < 0) {
		/* A key that the trail does not name signs nothing. */
		mm_key_free(reg->key);
		reg->key = NULL;
	}
	free(path);
	return r;
}

/* ---- Heads ---- */

static void column_text(sqlite3_stmt *stmt, int column, char *ret, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	snprintf(ret, size, "%s", text ? text : "");
}

static void column_hex(sqlite3_stmt *stmt, int column, char ret[static MM_HASH_HEX_MAX])
{
	const unsigned char *hash = sqlite3_column_blob(stmt, column);
	int size = sqlite3_column_bytes(stmt, column);

	ret[0] = '\0';
	for (int i = 0; i < size && i < MM_HASH_SIZE; i++) {
		snprintf(ret + 2 * (size_t)i, 3, "%02x", hash[i]);
	}
}

/* Where the chains end and what the meters read. */
static int read_head(struct mm_store *reg, struct mm_head *head)
{
	sqlite3_stmt *ends = reg->stmt[MM_STMT_HEAD], *readings = reg->stmt[MM_STMT_READINGS];
	int rc, r = 0;

	if (sqlite3_step(ends) == SQLITE_ROW) {
		head->event = sqlite3_column_int64(ends, 0);
		column_hex(ends, 1, head->event_hash);
		head->interval = sqlite3_column_int64(ends, 2);
		column_hex(ends, 3, head->interval_hash);
	} else {
		r = mm_store_fail_sql(reg);
	}
	sqlite3_reset(ends);
	while (r == 0 && (rc = sqlite3_step(readings)) != SQLITE_DONE) {
		struct mm_head_meter *meter = &head->meter[head->meter_count];

		if (rc != SQLITE_ROW) {
			r = mm_store_fail_sql(reg);
		} else if (head->meter_count < MM_HEAD_METERS_MAX) {
			column_text(readings, 0, meter->serial, sizeof(meter->serial));
			column_text(readings, 1, meter->model, sizeof(meter->model));
			for (int k = 0; k < MM_ENERGIES; k++) {
				meter->uwh[k] = sqlite3_column_int64(readings, 2 + k);
			}
			head->meter_count++;
		}
	}
	sqlite3_reset(readings);
	return r;
}

int mm_store_sign_head(struct mm_store *reg, int64_t realtime_ns, struct mm_signed_head *ret)
{
	time_t seconds = (time_t)(realtime_ns / MM_NS_PER_S);
	struct mm_head head = {0};
	struct tm tm;
	int r;

	if (!reg->key) {
		return -ENOKEY;
	}
	if (!gmtime_r(&seconds, &tm) || strftime(head.time, sizeof(head.time), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		return -EINVAL;
	}
	r = read_head(reg, &head);
	if (r == 0) {
		mm_head_write(&head, ret->statement);
		r = mm_key_sign(reg->key, ret->statement, ret->signature);
	}
	if (r == 0) {
		r = mm_key_public(reg->key, ret->public_key);
	}
	return r < 0 ? r : mm_key_fingerprint(reg->key, ret->fingerprint);
}
