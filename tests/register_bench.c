/* SPDX-License-Identifier: MIT */
/* What the tests of the register share. */
#include "register_bench.h"

#include <check.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "register/store.h"

void bench_use_memory(void)
{
	if (access("/dev/shm", W_OK) == 0) {
		(void)setenv("TMPDIR", "/dev/shm", 1);
	}
}

void bench_begin(struct bench *bench)
{
	static const struct mm_register_meter meters[3] = {
		{.name = "flat 1", .serial = "SN-1001", .model = "MMD-120-2001-T-SCC"},
		{.name = "flat 2", .serial = "SN-1002", .model = "MMS-120-1001"},
		{.name = "flat 3", .serial = "SN-1003", .model = "MMD-120-4001"},
	};
	const char *tmp = getenv("TMPDIR");

	memset(bench, 0, sizeof(*bench));
	memcpy(bench->meters, meters, sizeof(meters));
	ck_assert_int_lt(snprintf(bench->dir, sizeof(bench->dir), "%s/minimeter-register-XXXXXX", tmp ? tmp : "/tmp"),
			 sizeof(bench->dir));
	ck_assert_ptr_nonnull(mkdtemp(bench->dir));
	snprintf(bench->path, sizeof(bench->path), "%s/register.db", bench->dir);
}

void bench_begin_with_copy(struct bench *bench)
{
	bench_begin(bench);
	snprintf(bench->copy, sizeof(bench->copy), "%s.copy", bench->path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void bench_end(struct bench *bench)
{
	ck_assert_int_eq(nftw(bench->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

struct mm_register *bench_open(struct bench *bench, unsigned meter_count)
{
	struct mm_register *reg = NULL;
	int r = mm_register_open(bench->path, bench->copy[0] ? bench->copy : NULL, BENCH_BOOT, bench->meters, meter_count,
				 bench->message, &reg);

	ck_assert_msg(r == 0, "open: %d: %s", r, bench->message);
	return reg;
}

int bench_open_fails(struct bench *bench, unsigned meter_count)
{
	struct mm_register *const untouched = (struct mm_register *)(void *)bench, *reg = untouched;
	int r;

	memset(bench->message, 'x', sizeof(bench->message));
	r = mm_register_open(bench->path, bench->copy[0] ? bench->copy : NULL, BENCH_BOOT, bench->meters, meter_count,
			     bench->message, &reg);
	ck_assert_int_lt(r, 0);
	ck_assert_ptr_eq(reg, untouched);
	ck_assert_uint_lt(strlen(bench->message), sizeof(bench->message));
	ck_assert_ptr_null(strchr(bench->message, '\n'));
	return r;
}

void bench_registers(int64_t n, unsigned meter, struct mm_registers *ret)
{
	struct mm_energy *const energies[] = {
		&ret->delivered,
		&ret->received,
		&ret->lagging,
		&ret->leading,
		&ret->element_delivered[0],
		&ret->element_delivered[1],
		&ret->element_received[0],
		&ret->element_received[1],
	};

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < sizeof(energies) / sizeof(energies[0]); i++) {
		energies[i]->uwh = n * 1000003 + (int64_t)(i + 1) * 7 + meter * 100000;
		energies[i]->carry = 0.1 + 0.01 * (double)i;
	}
	ret->output_uwh = n * 1000003;
	ret->preset_delivered_uwh = n + 1;
	ret->preset_received_uwh = n + 1;
	ret->preset_s = BENCH_EPOCH_S;
	ret->calibration = (struct mm_calibration_version){
		.number = n + 1, .constants = {{1 + 1e-4 * (double)n, 0.25, -0.5}, {1 - 1e-4 * (double)n, -0.25, 0.5}}};
	ret->max_demand_w = 100.5 + (double)n;
	ret->max_demand_s = BENCH_EPOCH_S + n;
	ret->profile.interval_s = BENCH_INTERVAL_S;
	ret->profile.open = true;
	ret->profile.last_real_ns = (BENCH_EPOCH_S + n) * 1000000000;
	ret->profile.last_boot_ns = (n + 1) * 1000000000;
	ret->profile.row = (struct mm_profile_row){
		.start_s = BENCH_EPOCH_S + n * BENCH_INTERVAL_S,
		.duration_s = BENCH_INTERVAL_S,
		.status = MM_PROFILE_CLOCK_ADJUSTED | MM_PROFILE_POWER_DOWN,
		.delivered_uwh = n + 1,
		.received_uwh = n + 2,
		.lagging_uvarh = n + 3,
		.leading_uvarh = n + 4,
		.covered_ns = n + 5,
	};
}

void bench_commit(int64_t n, unsigned meter_count, struct bench_commit *ret)
{
	struct mm_registers state;

	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < meter_count; i++) {
		bench_registers(n, i, &ret->commit.meter[i]);
	}
	bench_registers(n, 0, &state);
	ret->event = (struct mm_register_event){
		.boottime_ns = n * 1000, .realtime_ns = BENCH_EPOCH_S * 1000000000 + n, .meter = 0, .code = "gap"};
	snprintf(ret->event.text, sizeof(ret->event.text), "%lld", (long long)n);
	ret->row.row = state.profile.row;
	ret->commit.boottime_ns = (n + 1) * 1000000000;
	ret->commit.realtime_ns = (BENCH_EPOCH_S + n) * 1000000000;
	ret->commit.meter_count = meter_count;
	ret->commit.event_count = 1;
	ret->commit.events = &ret->event;
	ret->commit.row_count = 1;
	ret->commit.rows = &ret->row;
}

void bench_commit_n(struct mm_register *reg, int64_t n, unsigned meter_count)
{
	struct bench_commit c;

	bench_commit(n, meter_count, &c);
	ck_assert_msg(mm_register_commit(reg, &c.commit) == 0, "commit %lld: %s", (long long)n, reg->message);
}

void bench_assert_registers(struct mm_register *reg, unsigned index, int64_t n)
{
	struct mm_registers expected, got;

	bench_registers(n, index, &expected);
	memset(&got, 0xff, sizeof(got));
	ck_assert_int_eq(mm_register_load(reg, index, &got), 0);
	ck_assert_mem_eq(&got, &expected, sizeof(got));
}

void bench_assert_answer(struct mm_register *reg, const char *sql, const char *expected)
{
	sqlite3_stmt *stmt;

	ck_assert_int_eq(sqlite3_prepare_v2(reg->db, sql, -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(stmt, 0), expected);
	sqlite3_finalize(stmt);
}

struct tally {
	unsigned *counts;
	size_t size;
	int64_t highest;
};

static void tally(struct tally *t, int64_t n, unsigned add)
{
	ck_assert_int_ge(n, 0);
	ck_assert_uint_lt((uint64_t)n, t->size);
	t->counts[n] += add;
	t->highest = n > t->highest ? n : t->highest;
}

static bool tally_event(void *userdata, const struct mm_register_event *event, const char *data)
{
	(void)data;
	/* The register adds some of its own. */
	if (strcmp(event->code, "gap") == 0) {
		tally(userdata, atoll(event->text), 1);
	}
	return true;
}

static bool tally_row(void *userdata, const struct mm_profile_row *row)
{
	tally(userdata, (row->start_s - BENCH_EPOCH_S) / BENCH_INTERVAL_S, 1000);
	return true;
}

int64_t bench_count(struct mm_register *reg, unsigned *counts, size_t size)
{
	struct tally t = {.counts = counts, .size = size, .highest = -1};

	memset(counts, 0, size * sizeof(*counts));
	ck_assert_int_eq(mm_register_events(reg, 0, 1000000, false, tally_event, &t), 0);
	ck_assert_int_eq(mm_register_profile(reg, 0, INT64_MIN, INT64_MAX, tally_row, &t), 0);
	for (size_t i = 0; i < size; i++) {
		ck_assert_msg(counts[i] / 1000 == counts[i] % 1000, "commit %zu: %u rows, %u events", i, counts[i] / 1000,
			      counts[i] % 1000);
		counts[i] %= 1000;
	}
	return t.highest;
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb"), *out;
	char buffer[65536];
	size_t count;

	if (!in) {
		return;
	}
	out = fopen(to, "wb");
	ck_assert_ptr_nonnull(out);
	while ((count = fread(buffer, 1, sizeof(buffer), in)) > 0) {
		ck_assert_uint_eq(fwrite(buffer, 1, count, out), count);
	}
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
}

void bench_copy(const struct bench *bench, struct bench *ret_copy)
{
	char from[320], to[320];

	*ret_copy = *bench;
	ck_assert_int_lt(snprintf(ret_copy->dir, sizeof(ret_copy->dir), "%.240s/crash", bench->dir), sizeof(ret_copy->dir));
	ck_assert_int_eq(mkdir(ret_copy->dir, 0700), 0);
	snprintf(ret_copy->path, sizeof(ret_copy->path), "%s/register.db", ret_copy->dir);
	copy_file(bench->path, ret_copy->path);
	snprintf(from, sizeof(from), "%s-wal", bench->path);
	snprintf(to, sizeof(to), "%s-wal", ret_copy->path);
	copy_file(from, to);
	if (bench->copy[0] != '\0') {
		snprintf(ret_copy->copy, sizeof(ret_copy->copy), "%s.copy", ret_copy->path);
		copy_file(bench->copy, ret_copy->copy);
	}
}

void bench_move(const struct bench *from, const struct bench *to)
{
	static const char *const suffixes[] = {"", "-wal", ".copy"};
	char source[330], target[330];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(source, sizeof(source), "%s%s", from->path, suffixes[i]);
		snprintf(target, sizeof(target), "%s%s", to->path, suffixes[i]);
		if (access(source, F_OK) == 0) {
			ck_assert_int_eq(rename(source, target), 0);
		}
	}
	ck_assert_int_eq(rmdir(from->dir), 0);
}

int bench_sql(const char *path, const char *sql)
{
	sqlite3 *db;
	int rc;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_extended_result_codes(db, 1);
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	return rc;
}

void bench_make_version_1(const struct bench *bench)
{
	static char sql[16384];
	const char *source = getenv("MM_SRCDIR");
	char path[4096];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/tests/register_v1.sql", source ? source : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	size = fread(sql, 1, sizeof(sql) - 1, file);
	fclose(file);
	ck_assert_uint_lt(size, sizeof(sql) - 1);
	sql[size] = '\0';
	ck_assert_int_eq(bench_sql(bench->path, sql), SQLITE_OK);
}

void bench_write(const char *path, long offset, const void *bytes, size_t count)
{
	FILE *f = fopen(path, "r+b");

	if (!f) {
		f = fopen(path, "wb");
	}
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, offset, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite(bytes, 1, count, f), count);
	ck_assert_int_eq(fclose(f), 0);
}

static uint64_t digest_file(const char *path, const char *name)
{
	uint64_t digest = UINT64_C(14695981039346656037);
	FILE *f = fopen(path, "rb");
	struct stat st;
	int c;

	if (!f || fstat(fileno(f), &st) < 0 || st.st_size == 0) {
		digest = 0;
		name = "";
	}
	for (; *name; name++) {
		digest = (digest ^ (unsigned char)*name) * UINT64_C(1099511628211);
	}
	while (f && (c = fgetc(f)) != EOF) {
		digest = (digest ^ (unsigned)c) * UINT64_C(1099511628211);
	}
	if (f) {
		fclose(f);
	}
	return digest;
}

uint64_t bench_digest(const struct bench *bench)
{
	DIR *dir = opendir(bench->dir);
	struct dirent *entry;
	uint64_t digest = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir))) {
		char path[600];

		snprintf(path, sizeof(path), "%s/%s", bench->dir, entry->d_name);
		digest += digest_file(path, entry->d_name);
	}
	closedir(dir);
	return digest;
}
