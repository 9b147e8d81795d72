/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_OCMF_H
#define MM_CLIENT_OCMF_H

/*
 * Records of the Open Charge Metering Format (OCMF, S.A.F.E. e.V.), of any maker: "OCMF|payload|signature". Payload and signature
 * are JSON objects without '|'. What is signed are the bytes of the payload as they are, so a record keeps them. What a payload
 * says counts for nothing until mm_ocmf_verify() has returned 0.
 */

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

/* A longer record is refused, and so is a longer key. */
#define MM_OCMF_TEXT_MAX 65536

struct mm_ocmf;

/*
 * Reads the size bytes of a record; white space around it is left out. -EBADMSG: it is none, or it is signed in a way that the
 * specification does not have, with a sentence for people in error, which may be NULL; -ENOMEM.
 */
int mm_ocmf_new(const char *text, size_t size, struct mm_ocmf **ret, struct mm_error *error);
/* NULL-safe. */
void mm_ocmf_free(struct mm_ocmf *ocmf);

/* What is signed, as an object; it lives as long as the record. */
const json_t *mm_ocmf_payload(const struct mm_ocmf *ocmf);

/* How it is signed, as in the specification: "ECDSA-secp256r1-SHA256". */
const char *mm_ocmf_algorithm(const struct mm_ocmf *ocmf);

/*
 * Did the owner of a public key sign the record as it is? The key is a SubjectPublicKeyInfo (RFC 5280) of size bytes: PEM, or DER
 * as it is, in hex or in Base64. 0: yes. -EKEYREJECTED: no, by this key nobody signed it like this. -EINVAL: this is no such key,
 * or one on another curve than the record names. -ENOMEM. error says it for people, and may be NULL.
 */
int mm_ocmf_verify(const struct mm_ocmf *ocmf, const char *key, size_t size, struct mm_error *error);

#endif
