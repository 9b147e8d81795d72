/* SPDX-License-Identifier: MIT */
/*
 * Commits. A failed one leaves the connection without a transaction and the WAL at the last one that was acknowledged, so that
 * the next attempt writes over whatever it left behind.
 */
#include "store/mirroring.h"
#include "store/private.h"
#include "store/transaction.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int mm_store_load(struct mm_store *store, unsigned index, struct mm_registers *ret)
{
	if (index >= store->roster.count) {
		return -EINVAL;
	}
	*ret = store->committed[index];
	return 0;
}

uint64_t mm_store_number(const struct mm_store *store)
{
	return store->number;
}

/* ---- Commit ---- */

static int judge_commit(struct mm_store *store, const struct mm_store_commit *commit)
{
	int r = mm_transaction_check(&store->roster, commit);

	if (commit->number != 0 && (commit->number < store->number || commit->number <= store->database_number)) {
		r = -EINVAL;
	}
	for (unsigned i = 0; i < store->roster.count && r == 0; i++) {
		r = mm_registers_follow(&commit->meter[i], &store->committed[i]);
	}
	if (r < 0) {
		mm_db_fail(&store->db, r,
			   r == -ERANGE ? "a commit would lower a register" : "a commit holds what no meter gives");
	}
	return r;
}

/* Ends a transaction, and knows where the chains end then. */
static int end(struct mm_store *store, int r)
{
	struct mm_heads heads;

	if (r == 0) {
		r = mm_chain_heads(&store->db, &heads);
	}
	r = mm_db_end(&store->db, r);
	if (r == 0) {
		store->heads = heads;
	}
	return r;
}

static int commit_to_database(struct mm_store *store, const struct mm_store_commit *commit, uint64_t number)
{
	struct mm_balance balance = store->balance;
	int r = mm_db_run(&store->db, MM_STMT_BEGIN, SQLITE_OK);

	if (r < 0) {
		return r;
	}
	r = mm_transaction_write(&store->db, &store->roster, &store->balance, commit, number);
	r = end(store, r);
	if (r == 0) {
		store->database_number = number;
	} else {
		store->balance = balance;
	}
	return r;
}

/* The commit is durable somewhere. */
static void note_durable(struct mm_store *store, const struct mm_store_commit *commit, uint64_t number)
{
	store->number = number;
	memcpy(store->committed, commit->meter, store->roster.count * sizeof(store->committed[0]));
}

static uint64_t number_of(const struct mm_store *store, const struct mm_store_commit *commit)
{
	return commit->number != 0 ? commit->number : store->number + 1;
}

bool mm_store_commit_to_mirror(struct mm_store *store, const struct mm_store_commit *commit)
{
	uint64_t number = number_of(store, commit);

	if (judge_commit(store, commit) < 0 || !mm_mirroring_write(store, commit, number)) {
		return false;
	}
	note_durable(store, commit, number);
	return true;
}

int mm_store_commit(struct mm_store *store, const struct mm_store_commit *commit)
{
	uint64_t number = number_of(store, commit);
	int r = judge_commit(store, commit);
	bool mirrored;

	if (r < 0) {
		return r;
	}
	mirrored = mm_mirroring_write(store, commit, number);
	if (!mirrored || !commit->mirror_suffices) {
		r = commit_to_database(store, commit, number);
	}
	if (mirrored || r == 0) {
		note_durable(store, commit, number);
	}
	return r;
}

/* ---- Records ---- */

int mm_store_add_record(struct mm_store *store, const struct mm_store_event *event, int64_t page, const char *data)
{
	int r;

	if (event->meter >= (int)store->roster.count) {
		return mm_db_fail(&store->db, -EINVAL, "a record of a meter that is not there");
	}
	r = mm_db_run(&store->db, MM_STMT_BEGIN, SQLITE_OK);
	if (r < 0) {
		return r;
	}
	r = mm_chain_add(&store->db, &store->roster, event, data);
	if (r == 0 && page > 0) {
		r = mm_page_write(&store->db, page);
	}
	r = end(store, r);
	if (r == 0 && page > 0) {
		store->page = page;
	}
	return r;
}

int mm_store_record(struct mm_store *store, const struct mm_store_event *event, const char *data)
{
	return mm_store_add_record(store, event, 0, data);
}
