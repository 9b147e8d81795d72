/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_AUDIT_KEY_H
#define MM_STORE_AUDIT_KEY_H

/*
 * The key that signs checkpoints of the audit trail: ECDSA on P-256 with SHA-256 (FIPS 186-5), in a PEM file of its own (RFC
 * 7468) that only the daemon's user reads.
 */

#include <stddef.h>

#define MM_FINGERPRINT_MAX 65	/* SHA-256 over the public key as SubjectPublicKeyInfo (RFC 5280), in hex */
#define MM_PUBLIC_KEY_MAX 512	/* PEM */
#define MM_SIGNATURE_DER_MAX 80 /* DER (RFC 3279, 2.2.3) takes 72 bytes at most */
#define MM_SIGNATURE_MAX 128	/* the same in Base64 */

struct mm_signature {
	unsigned char der[MM_SIGNATURE_DER_MAX];
	size_t size; /* of it, in bytes */
};

struct mm_key;

/* Reads a key. -ENOENT: there is none; -EBADMSG: what is there is no such key, whole; other -errno as the disk says. */
int mm_key_load(const char *path, struct mm_key **ret);

/* Makes a key and its file, whole and synced or not at all. -EEXIST: something is there, and stays. Other -errno. */
int mm_key_create(const char *path, struct mm_key **ret);

void mm_key_free(struct mm_key *key); /* NULL-safe */

/* Never fail for a key that was loaded or made, but where memory is short (-ENOMEM). */
int mm_key_fingerprint(const struct mm_key *key, char ret[static MM_FINGERPRINT_MAX]);
int mm_key_public(const struct mm_key *key, char ret[static MM_PUBLIC_KEY_MAX]);
int mm_key_sign(const struct mm_key *key, const char *text, struct mm_signature *ret);

/* A signature in Base64. Returns ret. */
const char *mm_signature_text(const struct mm_signature *signature, char ret[static MM_SIGNATURE_MAX]);

/* Whether a text was signed by the owner of a public key, and that key's fingerprint. -EBADMSG: no such key, or no such
 * signature. */
int mm_key_check(const char *public_key, const char *text, const char *signature,
		 char ret_fingerprint[static MM_FINGERPRINT_MAX]);

/* The SHA-256 of a text, in hex. 0 or -ENOMEM. */
int mm_audit_hash(const char *text, char ret[static MM_FINGERPRINT_MAX]);

#endif
