/* SPDX-License-Identifier: MIT */
#include "store/hash.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The version of the encoding below. Fields that schema.c adds go around the hash of those before. */
#define PREAMBLE "minimeter-chain-1"

static bool put_word(EVP_MD_CTX *md, char type, uint64_t word)
{
	unsigned char bytes[9] = {(unsigned char)type};

	for (int i = 0; i < 8; i++) {
		bytes[1 + i] = (unsigned char)(word >> (56 - 8 * i));
	}
	return EVP_DigestUpdate(md, bytes, sizeof(bytes)) == 1;
}

static bool put_bytes(EVP_MD_CTX *md, char type, const void *bytes, int size)
{
	return put_word(md, type, (uint64_t)size) && (size == 0 || EVP_DigestUpdate(md, bytes, (size_t)size) == 1);
}

/*
 * One value: a letter for its type, then eight bytes, big-endian: an integer, a double as IEEE 754 has it, or the length of the
 * bytes that follow. Nothing that two rows could share is left out, so no two rows have the same encoding.
 */
static bool put_value(EVP_MD_CTX *md, sqlite3_value *value)
{
	double real;
	uint64_t word;

	switch (sqlite3_value_type(value)) {
	case SQLITE_INTEGER:
		return put_word(md, 'i', (uint64_t)sqlite3_value_int64(value));
	case SQLITE_FLOAT:
		real = sqlite3_value_double(value);
		memcpy(&word, &real, sizeof(word));
		return put_word(md, 'r', word);
	case SQLITE_TEXT:
		return put_bytes(md, 't', sqlite3_value_text(value), sqlite3_value_bytes(value));
	case SQLITE_BLOB:
		return put_bytes(md, 'b', sqlite3_value_blob(value), sqlite3_value_bytes(value));
	default:
		return put_word(md, 'n', 0);
	}
}

static void hash_values(sqlite3_context *context, int count, sqlite3_value **values)
{
	EVP_MD_CTX *md = sqlite3_user_data(context);
	unsigned char hash[MM_HASH_SIZE];
	bool ok = EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(md, PREAMBLE, strlen(PREAMBLE)) == 1;

	for (int i = 0; i < count && ok; i++) {
		ok = put_value(md, values[i]);
	}
	if (ok && EVP_DigestFinal_ex(md, hash, NULL) == 1) {
		sqlite3_result_blob(context, hash, sizeof(hash), SQLITE_TRANSIENT);
	} else {
		sqlite3_result_error_nomem(context);
	}
}

static void free_digest(void *md)
{
	EVP_MD_CTX_free(md);
}

int mm_hash_add(sqlite3 *connection)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	/* Frees md when it fails, too. */
	return md ? sqlite3_create_function_v2(connection, "mm_hash", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
					       md, hash_values, NULL, NULL, free_digest)
		  : SQLITE_NOMEM;
}
