/* SPDX-License-Identifier: MIT */
/*
 * The journal says each event in two places. Every row of the table of events is taken through it: what the audit trail gets,
 * what systemd's journal gets, and that minimeterd(8) lists the MESSAGE_ID.
 */
#include "metering/journal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "core/units.h"
#include "fixture/journal_fixture.h"
#include "fixture/suite.h"

/* ---- systemd's journal, as this program has it ---- */

struct entry {
	unsigned count;
	char message[640], priority[8], message_id[64], meter[64];
};

/* sd_journal_sendv_with_location() has no argument of ours. */
static struct entry *entry;

static void take(const struct iovec *iov, const char *field, char *ret, size_t size)
{
	size_t length = strlen(field);

	if (iov->iov_len > length && memcmp(iov->iov_base, field, length) == 0) {
		snprintf(ret, size, "%.*s", (int)(iov->iov_len - length), (const char *)iov->iov_base + length);
	}
}

int sd_journal_sendv_with_location(const char *file, const char *line, const char *func, const struct iovec *iov, int n);
int sd_journal_sendv_with_location(const char *file, const char *line, const char *func, const struct iovec *iov, int n)
{
	unsigned count = entry->count + 1;

	(void)file;
	(void)line;
	(void)func;
	*entry = (struct entry){.count = count};
	for (int i = 0; i < n; i++) {
		take(&iov[i], "MESSAGE=", entry->message, sizeof(entry->message));
		take(&iov[i], "PRIORITY=", entry->priority, sizeof(entry->priority));
		take(&iov[i], "MESSAGE_ID=", entry->message_id, sizeof(entry->message_id));
		take(&iov[i], "METER=", entry->meter, sizeof(entry->meter));
	}
	return 0;
}

static struct journal_fixture *begin(struct entry *e)
{
	entry = e;
	setenv("JOURNAL_STREAM", "1:1", 1);
	return journal_begin();
}

/* ---- The table and the page ---- */

static char *read_page(void)
{
	const char *srcdir = getenv("MM_SRCDIR");
	size_t size = 1 << 17, length;
	char path[512], *page = calloc(1, size);
	FILE *file;

	snprintf(path, sizeof(path), "%s/man/minimeterd.8", srcdir ? srcdir : ".");
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(page);
	ck_assert_msg(file != NULL, "%s", path);
	length = fread(page, 1, size, file);
	ck_assert_uint_lt(length, size);
	fclose(file);
	return page;
}

static unsigned count_text(const char *page, const char *text)
{
	unsigned count = 0;

	for (const char *at = page; (at = strstr(at, text)); at++) {
		count++;
	}
	return count;
}

/* Lines of the page's table end with a MESSAGE_ID. */
static bool next_listed(const char **at, char *ret_id)
{
	while ((*at = strstr(*at, " Ta "))) {
		*at += strlen(" Ta ");
		if (strspn(*at, "0123456789abcdef") == 32) {
			snprintf(ret_id, 33, "%.32s", *at);
			return true;
		}
	}
	return false;
}

START_TEST(each_row_is_said_in_both_places)
{
	const struct mm_event_row *row = mm_event_row((enum mm_event)_i);
	bool named = row->code && strcmp(row->code, MM_EVENT_NAMED) == 0;
	const char *code = named ? "its-name" : row->code;
	struct entry e = {0};
	struct journal_fixture *f = begin(&e);
	char priority[8];

	if (row->code) {
		for (int meter = MM_JOURNAL_DAEMON; meter <= 0; meter++) {
			mm_journal_write(&f->journal, meter, (enum mm_event)_i, code, "text %d", _i);
			ck_assert_str_eq(latest(f)->code, code);
			ck_assert_str_eq(latest(f)->text, e.message);
			ck_assert_int_eq(latest(f)->meter, meter);
			ck_assert_int_eq(latest(f)->boottime_ns, f->boottime_ns);
			ck_assert_int_eq(latest(f)->realtime_ns, f->realtime_ns);
			ck_assert_str_eq(e.meter, meter < 0 ? "" : "house");
		}
		ck_assert_uint_eq(f->pending.event_count, 2);
		ck_assert_uint_eq(e.count, 2);
	} else {
		mm_log(row->priority, row->message_id, NULL, "text %d", _i);
		ck_assert_uint_eq(e.count, 1);
	}
	snprintf(priority, sizeof(priority), "%d", row->priority);
	ck_assert_str_eq(e.priority, priority);
	ck_assert_str_eq(e.message_id, row->message_id);
	ck_assert_int_ge(row->priority, LOG_ERR);
	ck_assert_int_le(row->priority, LOG_INFO);
	journal_end(f);
}
END_TEST

START_TEST(each_row_is_on_the_page_once)
{
	const struct mm_event_row *row = mm_event_row((enum mm_event)_i);
	char *page = read_page();

	ck_assert_uint_eq(strlen(row->message_id), 32);
	ck_assert_msg(count_text(page, row->message_id) == 1, "%s", row->message_id);
	free(page);
}
END_TEST

START_TEST(the_page_lists_nothing_else)
{
	char *page = read_page(), id[33];
	const char *at = page;
	unsigned listed = 0;

	for (; next_listed(&at, id); listed++) {
		bool known = false;

		for (int i = 0; i < MM_EVENT_COUNT; i++) {
			known = known || strcmp(mm_event_row((enum mm_event)i)->message_id, id) == 0;
		}
		ck_assert_msg(known, "no event has %s", id);
	}
	ck_assert_uint_gt(listed, 20);
	free(page);
}
END_TEST

/* A bill's history must not lose its first events to later ones; the log has them all. */
START_TEST(a_full_queue_keeps_what_waits_and_the_log_has_the_rest)
{
	struct entry e = {0};
	struct journal_fixture *f = begin(&e);

	for (unsigned i = 0; i < MM_PENDING_EVENTS_MAX + 10; i++) {
		mm_journal_add(&f->journal, MM_JOURNAL_DAEMON, GAP, "", "", "", i, 1.0);
	}
	ck_assert_uint_eq(e.count, MM_PENDING_EVENTS_MAX + 10);
	ck_assert_uint_eq(f->pending.event_count, MM_PENDING_EVENTS_MAX);
	ck_assert_int_eq(strncmp(f->pending.event[0].text, "0 windows", 9), 0);
	/* What a commit has taken makes room. */
	mm_pending_submitted(&f->pending, 1);
	mm_journal_add(&f->journal, MM_JOURNAL_DAEMON, POWER_RETURNED);
	ck_assert_str_eq(latest(f)->code, "power-returned");
	journal_end(f);
}
END_TEST

START_TEST(an_interval_waits_under_its_meter)
{
	struct entry e = {0};
	struct journal_fixture *f = begin(&e);
	struct mm_profile_row interval = {.start_s = 900, .delivered_uwh = 5};

	mm_journal_add_interval(&f->journal, 3, &interval);
	ck_assert_uint_eq(f->pending.row_count, 1);
	ck_assert_int_eq(f->pending.row[0].meter, 3);
	ck_assert_mem_eq(&f->pending.row[0].row, &interval, sizeof(interval));
	ck_assert_uint_eq(e.count, 0);
	journal_end(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metering: journal");
	TCase *tc = tcase_create("journal");

	tcase_add_loop_test(tc, each_row_is_said_in_both_places, 0, MM_EVENT_COUNT);
	tcase_add_loop_test(tc, each_row_is_on_the_page_once, 0, MM_EVENT_COUNT);
	tcase_add_test(tc, the_page_lists_nothing_else);
	tcase_add_test(tc, a_full_queue_keeps_what_waits_and_the_log_has_the_rest);
	tcase_add_test(tc, an_interval_waits_under_its_meter);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
