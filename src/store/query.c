/* SPDX-License-Identifier: MIT */
/* What is read back: intervals, events and records, how the last run ended. */
#include "store/private.h"

#include <errno.h>
#include <string.h>

static bool give_row(sqlite3_stmt *stmt, mm_store_row_fn fn, void *userdata)
{
	struct mm_profile_row row = {
		.start_s = sqlite3_column_int64(stmt, 0),
		.duration_s = (int32_t)sqlite3_column_int64(stmt, 1),
		.status = (uint32_t)sqlite3_column_int64(stmt, 2),
		.delivered_uwh = sqlite3_column_int64(stmt, 3),
		.received_uwh = sqlite3_column_int64(stmt, 4),
		.lagging_uvarh = sqlite3_column_int64(stmt, 5),
		.leading_uvarh = sqlite3_column_int64(stmt, 6),
		.covered_ns = sqlite3_column_int64(stmt, 7),
		.clock_flags = (uint64_t)sqlite3_column_int64(stmt, 9), /* from here on NULL, which reads as 0, in older rows */
		.uncertainty_uwh = sqlite3_column_int64(stmt, 10),
	};

	for (int e = 0; e < MM_ELEMENTS_MAX; e++) {
		row.element_delivered_uwh[e] = sqlite3_column_int64(stmt, 11 + 2 * e);
		row.element_received_uwh[e] = sqlite3_column_int64(stmt, 12 + 2 * e);
	}

	return fn(userdata, &row);
}

int mm_store_profile(struct mm_store *store, unsigned index, int64_t from_s, int64_t to_s, mm_store_row_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_PROFILE];
	int rc, r;

	if (index >= store->roster.count) {
		return -EINVAL;
	}
	rc = sqlite3_bind_int64(stmt, 1, store->roster.id[index]);
	rc |= sqlite3_bind_int64(stmt, 2, from_s);
	rc |= sqlite3_bind_int64(stmt, 3, to_s);
	while ((r = mm_db_step(&store->db, MM_STMT_PROFILE, rc)) > 0 && give_row(stmt, fn, userdata)) {
	}
	sqlite3_reset(stmt);
	return r < 0 ? r : 0;
}

static bool give_event(const struct mm_roster *roster, sqlite3_stmt *stmt, mm_store_event_fn fn, void *userdata)
{
	struct mm_store_event event = {
		.id = sqlite3_column_int64(stmt, 0),
		.boottime_ns = sqlite3_column_int64(stmt, 1),
		.realtime_ns = sqlite3_column_int64(stmt, 2),
		.meter = mm_roster_index(roster, sqlite3_column_int64(stmt, 3)), /* NULL reads as 0, which no meter has */
		.clock_flags = (uint32_t)sqlite3_column_int64(stmt, 7),
	};

	mm_db_text(stmt, 4, event.code, sizeof(event.code));
	mm_db_text(stmt, 5, event.text, sizeof(event.text));
	return fn(userdata, &event, (const char *)sqlite3_column_text(stmt, 6));
}

static int give_events(struct mm_db *db, const struct mm_roster *roster, enum mm_stmt which, int bound, mm_store_event_fn fn,
		       void *userdata)
{
	sqlite3_stmt *stmt = db->stmt[which];
	int r;

	while ((r = mm_db_step(db, which, bound)) > 0 && give_event(roster, stmt, fn, userdata)) {
	}
	sqlite3_reset(stmt);
	return r < 0 ? r : 0;
}

static int bind_choice(sqlite3_stmt *stmt, const struct mm_store *store, const struct mm_store_event_choice *choice)
{
	int rc = sqlite3_bind_int64(stmt, 1, choice->after_id);

	rc |= choice->meter < 0 ? sqlite3_bind_null(stmt, 2) : sqlite3_bind_int64(stmt, 2, store->roster.id[choice->meter]);
	rc |= choice->code ? sqlite3_bind_text(stmt, 3, choice->code, -1, SQLITE_STATIC) : sqlite3_bind_null(stmt, 3);
	rc |= sqlite3_bind_int64(stmt, 4, choice->from_ns);
	return rc | sqlite3_bind_int64(stmt, 5, choice->to_ns);
}

/* After which id there are the newest ones, as many as were asked for. */
static int find_newest(struct mm_store *store, const struct mm_store_event_choice *choice, int64_t *ret_after_id)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_EVENTS_BEFORE];
	int rc = bind_choice(stmt, store, choice), r;

	rc |= sqlite3_bind_int(stmt, 6, choice->snapshots);
	rc |= sqlite3_bind_int64(stmt, 7, choice->limit);
	r = mm_db_row(&store->db, MM_STMT_EVENTS_BEFORE, rc);
	if (r == 0) {
		*ret_after_id = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return r;
}

/* Leaves snapshots out where they are not wanted, and ends at the limit. */
struct chosen {
	const struct mm_store_event_choice *choice;
	mm_store_event_fn fn;
	void *userdata;
	unsigned given, hidden;
};

static bool give_chosen(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct chosen *chosen = userdata;

	if (!chosen->choice->snapshots && strcmp(event->code, MM_STORE_SNAPSHOT) == 0) {
		chosen->hidden++;
		return true;
	}
	return chosen->fn(chosen->userdata, event, data) && ++chosen->given < chosen->choice->limit;
}

int mm_store_choose_events(struct mm_store *store, const struct mm_store_event_choice *choice, mm_store_event_fn fn,
			   void *userdata, unsigned *ret_hidden)
{
	struct mm_store_event_choice wanted = *choice;
	struct chosen chosen = {.choice = &wanted, .fn = fn, .userdata = userdata};
	int r = choice->meter < (int)store->roster.count ? 0 : -EINVAL;

	if (r == 0 && choice->limit == 0) {
		*ret_hidden = 0;
		return 0;
	}
	wanted.snapshots = choice->snapshots || (choice->code && strcmp(choice->code, MM_STORE_SNAPSHOT) == 0);
	if (r == 0 && choice->newest) {
		r = find_newest(store, &wanted, &wanted.after_id);
	}
	if (r == 0) {
		r = give_events(&store->db, &store->roster, MM_STMT_EVENTS,
				bind_choice(store->db.stmt[MM_STMT_EVENTS], store, &wanted), give_chosen, &chosen);
	}
	if (r == 0) {
		*ret_hidden = chosen.hidden;
	}
	return r;
}

int mm_store_events(struct mm_store *store, int64_t after_id, unsigned limit, bool newest, mm_store_event_fn fn, void *userdata)
{
	unsigned hidden;

	return mm_store_choose_events(store,
				      &(struct mm_store_event_choice){.after_id = after_id,
								      .limit = limit,
								      .newest = newest,
								      .meter = -1,
								      .from_ns = INT64_MIN,
								      .to_ns = INT64_MAX},
				      fn, userdata, &hidden);
}

int mm_store_records(struct mm_store *store, const char *code, int meter, mm_store_event_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_RECORDS];
	int rc = sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);

	rc |= meter < 0 ? sqlite3_bind_null(stmt, 2) : sqlite3_bind_int64(stmt, 2, store->roster.id[meter]);
	return give_events(&store->db, &store->roster, MM_STMT_RECORDS, rc, fn, userdata);
}

int mm_store_last_run(struct mm_store *store, struct mm_store_last_run *ret)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_LAST_RUN];
	int r = mm_db_row(&store->db, MM_STMT_LAST_RUN, SQLITE_OK);

	if (r == 0) {
		const char *code = (const char *)sqlite3_column_text(stmt, 0);

		*ret = (struct mm_store_last_run){
			.unclean = code && strcmp(code, "start") == 0,
			.same_boot = sqlite3_column_int64(stmt, 1) == store->roster.boot,
			.boottime_ns = sqlite3_column_int64(stmt, 2),
			.realtime_ns = sqlite3_column_int64(stmt, 3),
		};
		sqlite3_reset(stmt);
	}
	return r;
}
