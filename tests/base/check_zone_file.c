/* SPDX-License-Identifier: MIT */
/* Zones by their files: the offsets are those that libc gives, and what is no zone is refused. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/zone.h"
#include "base/zone_file.h"
#include "fixture/suite.h"
#include "fixture/zone.h"

#define Y2024 INT64_C(1704067200)
#define Y2040 INT64_C(2208988800)
#define Y2026 INT64_C(1767225600)
#define SPANS_MAX 128

static bool has(const struct mm_zone_offsets *offsets, int32_t offset_s)
{
	for (size_t i = 0; i < offsets->count; i++) {
		if (offsets->offset_s[i] == offset_s) {
			return true;
		}
	}
	return false;
}

/* ret: how many offsets libc has in a period, each of which the file must have. */
static void expect_offsets(const char *name, int64_t to_s, struct mm_zone_offsets *ret)
{
	struct mm_zone_span spans[SPANS_MAX];
	struct mm_error error = {0};
	int count;

	mm_set_zone(name);
	count = mm_zone_spans(Y2024, to_s, spans, SPANS_MAX);
	ck_assert_int_gt(count, 0);
	ck_assert_msg(mm_zone_file_offsets(name, Y2024, ret, &error) == 0, "%s: %s", name, error.text);
	for (int i = 0; i < count; i++) {
		ck_assert_msg(has(ret, spans[i].offset_s), "%s: %d", name, spans[i].offset_s);
	}
}

static const struct {
	const char *name;
	size_t count;
} zones[] = {
	{"America/New_York", 2}, {"Europe/Berlin", 2}, {"Australia/Lord_Howe", 2}, {"Europe/Dublin", 2}, {"Asia/Kathmandu", 1},
	{"Asia/Kolkata", 1},	 {"Pacific/Apia", 1},  {"Africa/Casablanca", 2},   {"UTC", 1},		 {"Etc/GMT+5", 1},
};

START_TEST(files_have_what_libc_has)
{
	struct mm_zone_offsets offsets;

	expect_offsets(zones[_i].name, Y2040, &offsets);
	ck_assert_uint_eq(offsets.count, zones[_i].count);
}
END_TEST

START_TEST(all_zones_are_read)
{
	FILE *table = fopen("/usr/share/zoneinfo/zone1970.tab", "r");
	struct mm_zone_offsets offsets;
	char line[512], name[128];
	int count = 0;

	ck_assert_ptr_nonnull(table);
	while (fgets(line, sizeof(line), table)) {
		if (line[0] != '#' && sscanf(line, "%*s %*s %127s", name) == 1) {
			expect_offsets(name, Y2026, &offsets);
			count++;
		}
	}
	fclose(table);
	ck_assert_int_gt(count, 300);
}
END_TEST

static const struct {
	const char *name;
	int result;
	const char *text;
} refusals[] = {
	{"", -EINVAL, "is no name of a time zone: one is Europe/Berlin"},
	{"/usr/share/zoneinfo/UTC", -EINVAL, "is no name"},
	{"../zoneinfo/UTC", -EINVAL, "is no name"},
	{"Europe/../UTC", -EINVAL, "is no name"},
	{":UTC", -EINVAL, "is no name"},
	{"Europe/Berlin ", -EINVAL, "is no name"},
	{"CET-1CEST,M3.5.0", -EINVAL, "is no name"},
	{"Europe/Bonn", -ENOENT, "there is no zone of that name"},
	{"Europe/Berlin/Mitte", -ENOENT, "there is no zone of that name"},
	{"Europe", -EBADMSG, "is no file of a time zone"},
	{"tzdata.zi", -EBADMSG, "/usr/share/zoneinfo/tzdata.zi is no file of a time zone"},
	{"zone1970.tab", -EBADMSG, "is no file of a time zone"},
	{"a-name-of-more-than-63-characters-for-which-there-would-not-be-room", -EINVAL, "is no name"},
};

START_TEST(what_is_no_zone_is_refused)
{
	struct mm_zone_offsets offsets = {.count = 77};
	struct mm_error error = {0};

	ck_assert_int_eq(mm_zone_file_offsets(refusals[_i].name, Y2024, &offsets, &error), refusals[_i].result);
	ck_assert_msg(strstr(error.text, refusals[_i].text) != NULL, "%s", error.text);
	ck_assert_uint_eq(offsets.count, 77);
}
END_TEST

START_TEST(zones_that_count_leap_seconds_are_refused)
{
	uint8_t data[44 + 6 + 4 + 8] = "TZif";
	struct mm_zone_offsets offsets;

	data[39] = 1; /* a type */
	data[43] = 4; /* characters of its name */
	ck_assert_int_eq(mm_zone_parse_file(data, 44 + 6 + 4, 0, &offsets), 0);
	ck_assert_uint_eq(offsets.count, 1);
	data[31] = 1; /* a leap second */
	ck_assert_int_eq(mm_zone_parse_file(data, sizeof(data), 0, &offsets), -EBADMSG);
}
END_TEST

START_TEST(half_a_file_is_none)
{
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "r");
	struct mm_zone_offsets offsets;
	uint8_t data[8192];
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	ck_assert_int_eq(mm_zone_parse_file(data, size, Y2024, &offsets), 0);
	for (size_t part = 0; part < size; part++) {
		ck_assert_msg(mm_zone_parse_file(data, part, Y2024, &offsets) == -EBADMSG, "%zu", part);
	}
}
END_TEST

START_TEST(the_zone_of_the_process_is_that_of_TZ)
{
	char name[MM_ZONE_NAME_MAX];

	setenv("TZ", "Asia/Kathmandu", 1);
	ck_assert_str_eq(mm_zone_of_system(name), "Asia/Kathmandu");
	setenv("TZ", ":America/Havana", 1);
	ck_assert_str_eq(mm_zone_of_system(name), "America/Havana");
	unsetenv("TZ");
	mm_zone_of_system(name);
	ck_assert_str_ne(name, "");
	/* What is no name of a zone does not count. */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	ck_assert_str_ne(mm_zone_of_system(name), "CET-1CEST,M3.5.0,M10.5.0/3");
	setenv("TZ", "", 1);
	ck_assert_str_ne(mm_zone_of_system(name), "");
}
END_TEST

START_TEST(a_zone_is_entered)
{
	ck_assert_int_eq(mm_zone_enter("Asia/Kathmandu"), 0);
	ck_assert_int_eq(mm_zone_at(Y2026).offset_s, 20700);
	ck_assert_int_eq(mm_zone_enter("localtime"), 0);
	ck_assert_str_eq(getenv("TZ"), ":/etc/localtime");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone_file");
	TCase *tcase = tcase_create("zone files");

	tcase_add_loop_test(tcase, files_have_what_libc_has, 0, MM_COUNT_OF(zones));
	tcase_add_test(tcase, all_zones_are_read);
	tcase_add_loop_test(tcase, what_is_no_zone_is_refused, 0, MM_COUNT_OF(refusals));
	tcase_add_test(tcase, zones_that_count_leap_seconds_are_refused);
	tcase_add_test(tcase, half_a_file_is_none);
	tcase_add_test(tcase, the_zone_of_the_process_is_that_of_TZ);
	tcase_add_test(tcase, a_zone_is_entered);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
