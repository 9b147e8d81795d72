/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_REGISTER_BENCH_H
#define MM_TESTS_REGISTER_BENCH_H

/* What the tests of the register share: a directory, registers that grow with a number, and reading back what is stored. */

#include "register/register.h"

#define BENCH_BOOT "11111111-2222-3333-4444-555555555555"
#define BENCH_OTHER_BOOT "99999999-2222-3333-4444-555555555555"
/* A year that profile rows begin in. */
#define BENCH_EPOCH_S INT64_C(1735689600)
#define BENCH_INTERVAL_S 900

struct bench {
	char dir[256];	/* under $TMPDIR */
	char path[300]; /* of the register in it */
	char copy[310]; /* and of its second copy; "": it has none */
	struct mm_register_meter meters[3];
	char message[MM_REGISTER_MESSAGE_MAX];
};

/* From now on in memory, where there is some: for tests in which the disk plays no part. */
void bench_use_memory(void);

void bench_begin(struct bench *bench);
void bench_begin_with_copy(struct bench *bench);
void bench_end(struct bench *bench); /* removes the directory */

/* Opens the register of the first meter_count meters and expects success. */
struct mm_register *bench_open(struct bench *bench, unsigned meter_count);
/* The same, expecting a refusal; returns the -errno and leaves the message in bench. */
int bench_open_fails(struct bench *bench, unsigned meter_count);

/* Every field set; each grows with n (but the open interval, which moves on) and differs from meter to meter. */
void bench_registers(int64_t n, unsigned meter, struct mm_registers *ret);

/* Commit n of these meters: registers n, and one event and one profile row of the first meter, numbered n. */
struct bench_commit {
	struct mm_register_commit commit;
	struct mm_register_event event;
	struct mm_register_profile_row row;
};
void bench_commit(int64_t n, unsigned meter_count, struct bench_commit *ret);

/* Commits it and expects success. */
void bench_commit_n(struct mm_register *reg, int64_t n, unsigned meter_count);

/* Meter number index stands at n. */
void bench_assert_registers(struct mm_register *reg, unsigned index, int64_t n);

/* The first figure that SQL gives on the register's own connection. */
void bench_assert_answer(struct mm_register *reg, const char *sql, const char *expected);

/* How often commit n's event and row are stored, for n from 0; both must agree. Returns the number of the highest, -1: none. */
int64_t bench_count(struct mm_register *reg, unsigned *counts, size_t size);

/* Copies the register's files to a directory below, as a crash would leave them now. */
void bench_copy(const struct bench *bench, struct bench *ret_copy);
/* Puts those that are there in the place of to's, which may be the register it was copied from. */
void bench_move(const struct bench *from, const struct bench *to);

/* Runs SQL on a connection of its own; the sqlite3 result code. */
int bench_sql(const char *path, const char *sql);

/* A register of schema version 1 in place of one: tests/register_v1.sql. */
void bench_make_version_1(const struct bench *bench);

/* Overwrites count bytes of a file at an offset. */
void bench_write(const char *path, long offset, const void *bytes, size_t count);

/* A figure over the names and contents of all files in the directory but empty ones, to see that none was touched. */
uint64_t bench_digest(const struct bench *bench);

#endif
