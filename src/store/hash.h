/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_HASH_H
#define MM_STORE_HASH_H

/* The hash that the chains and the seal are made of. */

#include <stdint.h>

#include <sqlite3.h>

#define MM_HASH_SIZE 32 /* SHA-256 */

/* Where the two chains of the database end; all zero before their first row. */
struct mm_heads {
	int64_t event, profile; /* ids */
	uint8_t event_hash[MM_HASH_SIZE], profile_hash[MM_HASH_SIZE];
};

/* Adds mm_hash() to a connection, before any statement that calls it is prepared. The result code of SQLite. */
int mm_hash_add(sqlite3 *connection);

#endif
