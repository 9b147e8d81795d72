/* SPDX-License-Identifier: MIT */
/* How much ten years of a meter take, and how fast they are read and verified. */
#include <check.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "store/audit/audit.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

static bool count_row(void *userdata, const struct mm_store_interval *interval)
{
	(void)interval;
	++*(unsigned *)userdata;
	return true;
}

static double ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e3 + (double)(now.tv_nsec - from->tv_nsec) / 1e6;
}

/* Reads 31 days from a day on. Returns how long it took, in ms; ret_pages: how many pages were read from the file. */
static double read_month(struct mm_store *store, int64_t day, int rows, int *ret_pages)
{
	struct timespec from;
	unsigned count = 0;
	int highest;
	double ms;

	ck_assert_int_eq(sqlite3_db_release_memory(store->db.connection), SQLITE_OK);
	ck_assert_int_eq(sqlite3_db_status(store->db.connection, SQLITE_DBSTATUS_CACHE_MISS, ret_pages, &highest, 1), SQLITE_OK);
	clock_gettime(CLOCK_MONOTONIC, &from);
	ck_assert_int_eq(mm_store_profile(store, 0, FIXTURE_EPOCH_S + day * 86400, FIXTURE_EPOCH_S + (day + 31) * 86400,
					  count_row, &count),
			 0);
	ms = ms_since(&from);
	ck_assert_int_eq(sqlite3_db_status(store->db.connection, SQLITE_DBSTATUS_CACHE_MISS, ret_pages, &highest, 1), SQLITE_OK);
	ck_assert_int_eq((int)count, rows);
	return ms;
}

static void verify_all(struct mm_store *store, int rows)
{
	struct timespec begin, from;
	struct mm_verify *verify;
	double longest_ms = 0;
	int r, slices = 0;

	ck_assert_int_eq(mm_verify_new(&verify), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &from);
		r = mm_verify_step(verify, store);
		longest_ms = ms_since(&from) > longest_ms ? ms_since(&from) : longest_ms;
		slices++;
	} while (r == 1);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(mm_verify_result(verify)->bad, 0);
	ck_assert_int_eq(mm_verify_result(verify)->intervals, rows);
	/* A slice is 500 rows at most. */
	ck_assert_int_ge(slices, rows / 500);
	printf("verified: %lld events, %lld snapshots and all intervals in %.1f s, in %d slices of %.1f ms at most\n",
	       (long long)mm_verify_result(verify)->events, (long long)mm_verify_result(verify)->snapshots,
	       ms_since(&begin) / 1e3, slices, longest_ms);
	mm_verify_free(verify);
}

START_TEST(test_ten_years)
{
	const int per_day = 86400 / FIXTURE_INTERVAL_S, days = 3652;
	static struct mm_store_profile_row rows[96];
	double longest_ms = 0;
	struct fixture_commit c;
	int most_pages = 0;
	struct stat st;
	struct fixture b;
	struct mm_store *store = fixture_start(&b, 1);

	for (int day = 0; day < days; day++) {
		fixture_commit(day, 1, &c);
		for (int i = 0; i < per_day; i++) {
			rows[i].row = c.row.row;
			rows[i].row.start_s = FIXTURE_EPOCH_S + (int64_t)(day * per_day + i) * FIXTURE_INTERVAL_S;
			rows[i].row.delivered_uwh = 750000000 + i;
			rows[i].row.covered_ns = INT64_C(900000000000);
		}
		c.commit.realtime_ns = (FIXTURE_EPOCH_S + (int64_t)day * 86400) * 1000000000;
		c.commit.rows = rows;
		c.commit.row_count = (size_t)per_day;
		ck_assert_int_eq(mm_store_commit(store, &c.commit), 0);
	}
	store = fixture_reopen(&b, store, 1);
	for (int64_t day = 0; day + 31 <= days; day += 31) {
		int pages;
		double ms = read_month(store, day, 31 * per_day, &pages);

		longest_ms = ms > longest_ms ? ms : longest_ms;
		most_pages = pages > most_pages ? pages : most_pages;
	}
	ck_assert_int_gt(most_pages, 0);
	ck_assert_int_lt(most_pages, 150);
	ck_assert_int_eq(stat(b.path, &st), 0);
	ck_assert_int_lt(st.st_size, 60000000);
	printf("ten years of one meter: %d intervals in %.1f MB; any month of %d in %d pages and %.2f ms at most\n",
	       days * per_day, (double)st.st_size / 1e6, 31 * per_day, most_pages, longest_ms);
	verify_all(store, days * per_day);
	fixture_stop(&b, store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-size");
	TCase *slow = tcase_create("ten years");

	tcase_set_tags(slow, "slow size");
	tcase_set_timeout(slow, 600);
	tcase_add_test(slow, test_ten_years);
	suite_add_tcase(suite, slow);
	return mm_run_suite(suite);
}
