/* SPDX-License-Identifier: MIT */
/*
 * Regions of 4 KB to 4 MB of the database, its WAL or the copy are zeroed, flipped, or keep what they held before. The register
 * is where it was, or says what happened to it, or refuses to open; it is never lower without a word, and never higher.
 * MM_DAMAGE_PLACES (2) sets at how many places of each file and size.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture/crash_log.h"
#include "store/private.h"
#include "fixture/store_fixture.h"
#include "fixture/suite.h"

#define EVENTS 1500
#define FULL_LAST 13
#define LAST 15 /* 14 and 15 are in the copy only */

enum kind { ZEROED, FLIPPED, STUCK, KINDS };

static const char *const kind_name[KINDS] = {"zeroed", "flipped", "stuck"};
static const char *const suffixes[] = {"", "-wal", ".copy"};
static const char *const file_name[] = {"database", "WAL", "copy"};

struct toll {
	unsigned cases, whole, reported, refused, wrong;
};

static void commit_n(struct mm_store *store, int64_t n, size_t events)
{
	static struct mm_store_event event[EVENTS];
	struct fixture_commit c;

	fixture_commit(n, 1, &c);
	for (size_t i = 0; i < events; i++) {
		event[i] = c.event;
		snprintf(event[i].code, sizeof(event[i].code), "filler");
		memset(event[i].text, 'f', sizeof(event[i].text) - 1);
	}
	c.commit.events = event;
	c.commit.event_count = events;
	c.commit.row_count = 0;
	c.commit.mirror_suffices = events == 0;
	ck_assert_msg(mm_store_commit(store, &c.commit) == 0, "%s", store->db.error.text);
}

/* A register of some megabytes as the power cut leaves it, and what its files held some time before. */
static void build(struct fixture *b, struct fixture *ret_cut, struct fixture *ret_before)
{
	struct mm_store *store;

	store = fixture_start_with_copy(b, 1);
	for (int64_t n = 0; n <= FULL_LAST; n++) {
		commit_n(store, n, EVENTS);
		if (n == 6) {
			/* What comes now stays in the WAL. */
			ck_assert_int_eq(sqlite3_exec(store->db.connection,
						      "PRAGMA wal_checkpoint; PRAGMA wal_autocheckpoint = 0", NULL, NULL, NULL),
					 SQLITE_OK);
		}
		if (n == 9) {
			fixture_copy(b, ret_before);
			snprintf(ret_cut->dir, sizeof(ret_cut->dir), "%.240s/before", b->dir);
			ck_assert_int_eq(rename(ret_before->dir, ret_cut->dir), 0);
			memcpy(ret_before->dir, ret_cut->dir, sizeof(ret_before->dir));
			snprintf(ret_before->path, sizeof(ret_before->path), "%s/register.db", ret_before->dir);
			snprintf(ret_before->copy, sizeof(ret_before->copy), "%s.copy", ret_before->path);
		}
	}
	for (int64_t n = FULL_LAST + 1; n <= LAST; n++) {
		commit_n(store, n, 0);
	}
	fixture_copy(b, ret_cut);
	mm_store_close(store);
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	struct stat st;
	uint8_t *bytes;
	FILE *f = fopen(path, "rb");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	ck_assert_ptr_nonnull(bytes);
	*ret_size = fread(bytes, 1, (size_t)st.st_size, f);
	fclose(f);
	return bytes;
}

static void harm(const struct fixture *b, const struct fixture *before, size_t file, enum kind kind, size_t offset, size_t size)
{
	char path[330], old_path[330];
	size_t length, old_length;
	uint8_t *bytes, *old;

	snprintf(path, sizeof(path), "%s%s", b->path, suffixes[file]);
	snprintf(old_path, sizeof(old_path), "%s%s", before->path, suffixes[file]);
	bytes = read_file(path, &length);
	old = read_file(old_path, &old_length);
	for (size_t i = offset; i < offset + size && i < length; i++) {
		bytes[i] = kind == ZEROED ? 0 : kind == FLIPPED ? (uint8_t)~bytes[i] : i < old_length ? old[i] : 0;
	}
	fixture_write(path, 0, bytes, length);
	free(bytes);
	free(old);
}

static bool is_reported(void *userdata, const struct mm_store_event *event, const char *data)
{
	bool *reported = userdata;

	(void)data;
	*reported = *reported || strcmp(event->code, "recovered") == 0 || strcmp(event->code, "tampered") == 0;
	return true;
}

static void judge(struct toll *toll, struct fixture *b, const char *what)
{
	struct mm_registers got, expected;
	struct mm_store *store = NULL;
	bool reported = false;
	int64_t n;

	toll->cases++;
	if (mm_store_open(b->path, b->copy, FIXTURE_BOOT, b->meters, 1, &b->error, &store) < 0) {
		toll->refused++;
		return;
	}
	ck_assert_int_eq(mm_store_load(store, 0, &got), 0);
	n = (got.delivered.uwh - 7) / 1000003;
	fixture_registers(n, 0, &expected);
	(void)mm_store_events(store, 0, 100, true, is_reported, &reported);
	if (n == LAST && mm_registers_follow(&got, &expected) == 0 && mm_registers_follow(&expected, &got) == 0) {
		toll->whole++;
	} else if (n < LAST && reported) {
		toll->reported++;
	} else {
		toll->wrong++;
		printf("%s: is at %lld of %d, reported %d: %s\n", what, (long long)n, LAST, reported, mm_store_findings(store));
	}
	mm_store_close(store);
}

static void print(const struct toll *toll, const char *what, const char *file)
{
	printf("%-8s %-9s 4 KB to 4 MB: %5u regions, %5u as it was, %4u lower and reported, %4u refused, %u wrong\n", file, what,
	       toll->cases, toll->whole, toll->reported, toll->refused, toll->wrong);
}

START_TEST(test_regions)
{
	struct fixture b, cut, before, place;

	build(&b, &cut, &before);
	for (size_t file = 0; file < 3; file++) {
		for (enum kind kind = ZEROED; kind < KINDS; kind++) {
			struct toll toll = {0};

			/* A slot that keeps its old content is a matter of the running register: below. */
			if (file == 2 && kind == STUCK) {
				continue;
			}
			for (size_t size = 4096; size <= 4u << 20; size *= 4) {
				char path[330], what[100];
				struct stat st;
				long step;

				snprintf(path, sizeof(path), "%s%s", cut.path, suffixes[file]);
				ck_assert_int_eq(stat(path, &st), 0);
				step = (long)st.st_size / (long)fixture_number("MM_DAMAGE_PLACES", 2) / 4096 * 4096;
				step = step > 4096 ? step : 4096;
				for (long offset = 0; offset < st.st_size; offset += step) {
					fixture_copy(&cut, &place);
					harm(&place, &before, file, kind, (size_t)offset, size);
					snprintf(what, sizeof(what), "%s %s at %ld, %zu bytes", file_name[file], kind_name[kind],
						 offset, size);
					judge(&toll, &place, what);
					fixture_end(&place);
				}
			}
			print(&toll, kind_name[kind], file_name[file]);
			ck_assert_uint_eq(toll.wrong, 0);
			ck_assert_uint_gt(toll.whole + toll.reported, 0);
		}
	}
	fixture_end(&b);
}
END_TEST

/* Flash that takes writes without a word and keeps its old content: under a running register, then the power fails. */
START_TEST(test_stuck_while_running)
{
	struct toll toll = {0};

	for (int i = 0; i < 3; i++) {
		struct mm_store *store;
		struct crash_log *log;
		struct fixture b, cut;

		fixture_begin_with_copy(&b);
		log = crash_record(b.dir);
		store = fixture_open(&b, 1);
		for (int64_t n = 0; n < 8; n++) {
			commit_n(store, n, n % 4 == 0);
		}
		crash_stick(".copy", i == 1 ? 16384 : 0, i == 2 ? 32768 : 16384);
		for (int64_t n = 8; n <= LAST; n++) {
			commit_n(store, n, 0);
		}
		ck_assert_int_eq(store->mirror_error, -EIO);
		crash_stick(NULL, 0, 0);
		crash_stop(log);
		fixture_copy(&b, &cut);
		mm_store_close(store);
		judge(&toll, &cut, "stuck");
		crash_free(log);
		fixture_end(&b);
	}
	print(&toll, "stuck", "copy");
	ck_assert_uint_eq(toll.whole, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("register-damage");
	TCase *tcase = tcase_create("damage");

	fixture_use_memory();
	tcase_set_timeout(tcase, 3600);
	tcase_set_tags(tcase, "slow");
	tcase_add_test(tcase, test_regions);
	tcase_add_test(tcase, test_stuck_while_running);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
