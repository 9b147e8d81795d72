/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_PRIVATE_H
#define MM_CLIENT_PRIVATE_H

/* What the files of the client share. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "varlink/client.h"

/*
 * Sets error to what an error reply says, in words, and what to do about it. Some of them ask the daemon by varlink for the names
 * that there are. Returns -ENOSYS where the method is not known, else -EREMOTEIO.
 */
int mm_client_refusal(struct mm_varlink_client *varlink, const char *path, const char *method, const char *name,
		      const json_t *parameters, struct mm_error *error);

/* ---- JSON objects as structs, by tables ---- */

enum mm_field_kind {
	MM_FIELD_TEXT,	  /* const char *, which lives as long as the JSON */
	MM_FIELD_REAL,	  /* double */
	MM_FIELD_INTEGER, /* int64_t */
	MM_FIELD_MICRO,	  /* int64_t: millionths of a decimal number. Exact up to 10^9, because the daemon writes 15 digits. */
	MM_FIELD_BOOL,	  /* bool */
	MM_FIELD_TIME,	  /* int64_t: ns since 1970 */
	MM_FIELD_NAMES,	  /* struct mm_names */
};

struct mm_field {
	const char *key;
	enum mm_field_kind kind;
	size_t offset;
	bool nullable; /* null becomes NULL or 0 */
};

/* Reads count members of an object into a struct. -EBADMSG: one of them is missing or of another type; error names it. */
int mm_fields_read(const json_t *object, const struct mm_field *fields, size_t count, void *ret, struct mm_error *error);

/* Reads each object of an array into an array of structs of size bytes, which has room for all of them. */
int mm_fields_read_rows(const json_t *rows, const struct mm_field *fields, size_t count, void *ret, size_t size,
			struct mm_error *error);

/* -EBADMSG: an answer that is not what the interface says of key. */
int mm_fields_refuse(const char *key, struct mm_error *error);

#endif
