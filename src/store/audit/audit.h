/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_AUDIT_AUDIT_H
#define MM_STORE_AUDIT_AUDIT_H

/*
 * Proving the audit trail: checking all of it online, and checkpoints: signed statements of where it ends, that are kept
 * elsewhere. The functions that take a store are for mm_store_worker_query(), or for before the worker has it.
 */

#include "base/error.h"
#include "store/audit/checkpoint.h"
#include "store/audit/key.h"
#include "store/store.h"

#define MM_PROBLEMS_MAX 8
#define MM_PROBLEM_MAX 160
#define MM_VERIFY_FILES_MAX 4

/*
 * Loads the key beside the register (its path with ".key"), or makes one where there is none; one that is damaged is set aside
 * first. A key that is not the one the trail last named is an event with both fingerprints. Without a key nothing can be signed,
 * and all else goes on: -errno with an error of what is wrong and what to do.
 */
int mm_store_key(struct mm_store *store, struct mm_clock *clock, struct mm_error *error);

/* Signs a text as the owner of that key. -ENOKEY: mm_store_key() has not succeeded; -ENOMEM. */
int mm_store_sign(struct mm_store *store, const char *text, struct mm_signature *ret);

/* The fingerprint of the key that mm_store_sign() signs with. -ENOKEY, -ENOMEM. */
int mm_store_signer(struct mm_store *store, char ret[static MM_FINGERPRINT_MAX]);

/* Where the trail ends and what the meters read as of the last commit to the database, signed. To be kept elsewhere. */
struct mm_signed_checkpoint {
	char statement[MM_CHECKPOINT_TEXT_MAX];
	char signature[MM_SIGNATURE_MAX];   /* Base64 of ECDSA-SHA256 over the statement, DER */
	char public_key[MM_PUBLIC_KEY_MAX]; /* PEM */
	char fingerprint[MM_FINGERPRINT_MAX];
};

/* -ENOKEY: mm_store_key() has not succeeded; -EIO, -EBADMSG, -ENOMEM. */
int mm_store_sign_checkpoint(struct mm_store *store, int64_t realtime_ns, struct mm_signed_checkpoint *ret);

struct mm_problem {
	const char *part;	   /* "event", "interval", "register", "head" or "file" */
	int64_t id;		   /* of the row; 0: of no one row */
	char text[MM_PROBLEM_MAX]; /* what is wrong, in one line */
};

struct mm_verify_result {
	int64_t events, intervals, snapshots;	    /* checked */
	int64_t bad;				    /* problems found; 0: all is as it was written */
	struct mm_problem problem[MM_PROBLEMS_MAX]; /* the first of them, those of events before those of intervals */
	unsigned file_count;
	struct mm_store_inspection file[MM_VERIFY_FILES_MAX];
};

struct mm_verify;

int mm_verify_new(struct mm_verify **ret);
void mm_verify_free(struct mm_verify *verify); /* NULL-safe */

/*
 * Checks a slice of some hundred rows, so that a commit that waits is not kept for longer than that takes. 1: go on; 0: all is
 * checked, what was committed meanwhile too; -EIO, -EBADMSG, -ENOMEM: it can't be read.
 */
int mm_verify_step(struct mm_verify *verify, struct mm_store *store);

/*
 * Compares a checkpoint from earlier on (its fingerprint is not looked at) with what is there now: who signed it, are
 * the rows it names still the same, is no register lower? What is not right is a problem of the result. -EIO, -EBADMSG, -ENOMEM.
 */
int mm_verify_checkpoint(struct mm_verify *verify, struct mm_store *store, const struct mm_signed_checkpoint *checkpoint);

/* Reads the next file of the register whole and adds what is wrong to the problems. 1: go on; 0: there are no more; -ENOMEM. */
int mm_verify_file(struct mm_verify *verify, struct mm_store *store);

const struct mm_verify_result *mm_verify_result(const struct mm_verify *verify);

#endif
