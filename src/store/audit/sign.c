/* SPDX-License-Identifier: MIT */
/* The key of the store, and the checkpoints that it signs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/time_text.h"
#include "store/audit/audit.h"
#include "store/audit/key.h"
#include "store/private.h"
#include "store/retire.h"

#define KEY_SUFFIX ".key"

/* ---- The key ---- */

/* Loads the key at path or makes it. */
static int obtain(struct mm_store *store, const char *path)
{
	int r = mm_key_load(path, &store->key);

	if (r == -EBADMSG) {
		r = mm_retire(path);
		r = r < 0 ? r : -ENOENT;
	}
	return r == -ENOENT ? mm_key_create(path, &store->key) : r;
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
static int record_key(struct mm_store *store, struct mm_clock *clock)
{
	struct mm_store_event event = mm_store_event_now(clock, -1, "key");
	char known[MM_FINGERPRINT_MAX] = "", fingerprint[MM_FINGERPRINT_MAX], data[MM_FINGERPRINT_MAX + 32];
	int r = mm_key_fingerprint(store->key, fingerprint);

	if (r == 0) {
		r = mm_store_records(store, event.code, -1, take_fingerprint, known);
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
	return mm_store_record(store, &event, data);
}

int mm_store_key(struct mm_store *store, struct mm_clock *clock, struct mm_error *error)
{
	char *path;
	int r;

	if (asprintf(&path, "%s" KEY_SUFFIX, store->db.path) < 0) {
		return -ENOMEM;
	}
	r = obtain(store, path);
	if (r < 0) {
		mm_error_set(
			error, r,
			"%.120s: %s: heads of the audit trail can't be signed; make it a file that the daemon's user can read "
			"and write, and restart",
			path, strerror(-r));
	} else {
		r = record_key(store, clock);
		mm_error_set(error, r, "%s", r < 0 ? store->db.error.text : "");
	}
	if (r < 0) {
		/* A key that the trail does not name signs nothing. */
		mm_key_free(store->key);
		store->key = NULL;
	}
	free(path);
	return r;
}

int mm_store_sign(struct mm_store *store, const char *text, struct mm_signature *ret)
{
	return store->key ? mm_key_sign(store->key, text, ret) : -ENOKEY;
}

int mm_store_signer(struct mm_store *store, char ret[static MM_FINGERPRINT_MAX])
{
	return store->key ? mm_key_fingerprint(store->key, ret) : -ENOKEY;
}

/* ---- Checkpoints ---- */

static void column_hex(sqlite3_stmt *stmt, int column, char ret[static MM_HASH_HEX_MAX])
{
	int size = sqlite3_column_bytes(stmt, column);

	mm_hex(sqlite3_column_blob(stmt, column), (size_t)(size < MM_HASH_SIZE ? size : MM_HASH_SIZE), ret);
}

/* Where the chains end and what the meters read. */
static int read_checkpoint(struct mm_db *db, struct mm_checkpoint *checkpoint)
{
	sqlite3_stmt *ends = db->stmt[MM_STMT_HEAD], *readings = db->stmt[MM_STMT_READINGS];
	int r = mm_db_row(db, MM_STMT_HEAD, SQLITE_OK);

	if (r < 0) {
		return r;
	}
	checkpoint->event = sqlite3_column_int64(ends, 0);
	column_hex(ends, 1, checkpoint->event_hash);
	checkpoint->interval = sqlite3_column_int64(ends, 2);
	column_hex(ends, 3, checkpoint->interval_hash);
	sqlite3_reset(ends);
	while ((r = mm_db_step(db, MM_STMT_READINGS, SQLITE_OK)) > 0) {
		struct mm_checkpoint_meter *meter = &checkpoint->meter[checkpoint->meter_count];

		if (checkpoint->meter_count < MM_CHECKPOINT_METERS_MAX) {
			mm_db_text(readings, 0, meter->serial, sizeof(meter->serial));
			mm_db_text(readings, 1, meter->model, sizeof(meter->model));
			for (int k = 0; k < MM_ENERGIES; k++) {
				meter->uwh[k] = sqlite3_column_int64(readings, 2 + k);
			}
			checkpoint->meter_count++;
		}
	}
	return r;
}

int mm_store_sign_checkpoint(struct mm_store *store, int64_t realtime_ns, struct mm_signed_checkpoint *ret)
{
	struct mm_checkpoint checkpoint = {0};
	struct mm_signature signature;
	int r;

	if (!store->key) {
		return -ENOKEY;
	}
	mm_time_text_ns(realtime_ns, checkpoint.time);
	r = read_checkpoint(&store->db, &checkpoint);
	if (r == 0) {
		mm_checkpoint_write(&checkpoint, ret->statement);
		r = mm_key_sign(store->key, ret->statement, &signature);
	}
	if (r == 0) {
		mm_signature_text(&signature, ret->signature);
		r = mm_key_public(store->key, ret->public_key);
	}
	return r < 0 ? r : mm_key_fingerprint(store->key, ret->fingerprint);
}
