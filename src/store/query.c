/* SPDX-License-Identifier: MIT */
/* What is read back: intervals, events and records, how the last run ended. */
#include "store/private.h"

#include <errno.h>
#include <string.h>

/* Of a row of before version 3 that is null. */
#define UNKNOWN_UWH (-1)

static int64_t column_register(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL ? UNKNOWN_UWH : sqlite3_column_int64(stmt, column);
}

static void column_hash(sqlite3_stmt *stmt, int column, uint8_t ret[static MM_ROW_HASH_SIZE])
{
	if (sqlite3_column_bytes(stmt, column) == MM_ROW_HASH_SIZE) {
		memcpy(ret, sqlite3_column_blob(stmt, column), MM_ROW_HASH_SIZE);
	}
}

static void read_interval(sqlite3_stmt *stmt, struct mm_store_interval *ret)
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
		.register_delivered_uwh = column_register(stmt, 11 + 2 * MM_ELEMENTS_MAX),
		.register_received_uwh = column_register(stmt, 12 + 2 * MM_ELEMENTS_MAX),
	};

	for (int e = 0; e < MM_ELEMENTS_MAX; e++) {
		row.element_delivered_uwh[e] = sqlite3_column_int64(stmt, 11 + 2 * e);
		row.element_received_uwh[e] = sqlite3_column_int64(stmt, 12 + 2 * e);
	}
	*ret = (struct mm_store_interval){
		.id = sqlite3_column_int64(stmt, 13 + 2 * MM_ELEMENTS_MAX),
		.previous = sqlite3_column_int64(stmt, 14 + 2 * MM_ELEMENTS_MAX),
		.row = row,
	};
	column_hash(stmt, 15 + 2 * MM_ELEMENTS_MAX, ret->hash);
}

/* Gives the intervals of a meter for which a statement asks by two bounds. */
static int give_intervals(struct mm_store *store, enum mm_stmt which, unsigned index, int64_t from, int64_t to,
			  mm_store_interval_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[which];
	struct mm_store_interval interval;
	bool more = true;
	int rc, r = 0;

	if (index >= store->roster.count) {
		return -EINVAL;
	}
	rc = sqlite3_bind_int64(stmt, 1, store->roster.id[index]);
	rc |= sqlite3_bind_int64(stmt, 2, from);
	rc |= sqlite3_bind_int64(stmt, 3, to);
	while (more && (r = mm_db_step(&store->db, which, rc)) > 0) {
		read_interval(stmt, &interval);
		more = fn(userdata, &interval);
	}
	sqlite3_reset(stmt);
	return r < 0 ? r : 0;
}

int mm_store_profile(struct mm_store *store, unsigned index, int64_t from_s, int64_t to_s, mm_store_interval_fn fn,
		     void *userdata)
{
	return give_intervals(store, MM_STMT_PROFILE, index, from_s, to_s, fn, userdata);
}

int mm_store_intervals(struct mm_store *store, unsigned index, int64_t after_id, int64_t last_id, mm_store_interval_fn fn,
		       void *userdata)
{
	return give_intervals(store, MM_STMT_INTERVALS, index, after_id, last_id, fn, userdata);
}

/* ---- A reading ---- */

/* Takes the energy of intervals after one from the first registers that are known. */
struct backward {
	int64_t delivered_uwh, received_uwh; /* in the intervals between, the one with known registers included */
	bool known;
	int64_t register_delivered_uwh, register_received_uwh;
};

static bool add_backward(void *userdata, const struct mm_store_interval *interval)
{
	struct backward *backward = userdata;
	const struct mm_profile_row *row = &interval->row;

	backward->delivered_uwh += row->delivered_uwh;
	backward->received_uwh += row->received_uwh;
	backward->known = row->register_delivered_uwh >= 0;
	backward->register_delivered_uwh = row->register_delivered_uwh;
	backward->register_received_uwh = row->register_received_uwh;
	return !backward->known;
}

/* The registers of an interval that does not have them: of the next that has, or of now, less what came between. */
static int work_out(struct mm_store *store, unsigned index, struct mm_store_interval *interval)
{
	const struct mm_registers *now = &store->committed[index];
	struct backward backward = {0};
	int r = mm_store_intervals(store, index, interval->id, INT64_MAX, add_backward, &backward);

	if (r < 0) {
		return r;
	}
	if (!backward.known) {
		const struct mm_profile *open = &now->profile;

		backward.register_delivered_uwh = now->delivered.uwh - (open->open ? open->row.delivered_uwh : 0);
		backward.register_received_uwh = now->received.uwh - (open->open ? open->row.received_uwh : 0);
	}
	interval->row.register_delivered_uwh = backward.register_delivered_uwh - backward.delivered_uwh;
	interval->row.register_received_uwh = backward.register_received_uwh - backward.received_uwh;
	return 0;
}

static bool take_interval(void *userdata, const struct mm_store_interval *interval)
{
	*(struct mm_store_interval *)userdata = *interval;
	return false;
}

/* Asks for one figure of the intervals of a meter. */
static int ask(struct mm_store *store, enum mm_stmt which, unsigned index, int64_t at_s, int64_t id, int64_t *ret)
{
	sqlite3_stmt *stmt = store->db.stmt[which];
	int rc, r;

	rc = sqlite3_bind_int64(stmt, 1, store->roster.id[index]);
	rc |= sqlite3_bind_int64(stmt, 2, at_s);
	rc |= sqlite3_bind_int64(stmt, 3, id);
	r = mm_db_row(&store->db, which, rc);
	if (r < 0) {
		return r;
	}
	*ret = sqlite3_column_int64(stmt, 0); /* null reads as 0, which no id is */
	sqlite3_reset(stmt);
	return 0;
}

/*
 * Does an interval have the time of a clock that was not set, and was behind? Such a one is after a restart, and claims to be of
 * a time that has its intervals already.
 */
static int is_behind(struct mm_store *store, unsigned index, const struct mm_store_interval *interval, int64_t *ret)
{
	*ret = 0;
	return interval->row.status & MM_PROFILE_CLOCK_INVALID
		       ? ask(store, MM_STMT_INTERVAL_BACK, index, interval->row.start_s, interval->id, ret)
		       : 0;
}

/* The one with the greatest id, up to an id, whose time can be believed. */
static int believable(struct mm_store *store, unsigned index, int64_t id, struct mm_store_interval *ret)
{
	int64_t behind = 1;
	int r = 0;

	while (r == 0 && behind) {
		if (id == 0) {
			return -ENOENT;
		}
		r = mm_store_intervals(store, index, id - 1, id, take_interval, ret);
		if (r == 0) {
			id = ret->previous;
			r = is_behind(store, index, ret, &behind);
		}
	}
	return r;
}

int mm_store_interval_at(struct mm_store *store, unsigned index, int64_t at_s, struct mm_store_interval *ret)
{
	struct mm_store_interval interval = {.id = INT64_MAX};
	int64_t id;
	int r;

	if (index >= store->roster.count) {
		return -EINVAL;
	}
	do {
		r = ask(store, MM_STMT_INTERVAL_AT, index, at_s, interval.id, &id);
		if (r == 0) {
			r = believable(store, index, id, &interval);
		}
	} while (r == 0 && interval.row.start_s + interval.row.duration_s > at_s);
	if (r == 0 && interval.row.register_delivered_uwh < 0) {
		r = work_out(store, index, &interval);
	}
	if (r == 0) {
		*ret = interval;
	}
	return r;
}

/* ---- Another history ---- */

/* Is the row there, of that meter (0: of any) and with that hash? 1 or 0. */
static int is_there(struct mm_store *store, enum mm_stmt which, int64_t meter, int64_t id, const uint8_t *hash)
{
	sqlite3_stmt *stmt = store->db.stmt[which];
	int r = mm_db_step(&store->db, which, sqlite3_bind_int64(stmt, 1, id));

	if (r > 0) {
		r = (meter == 0 || sqlite3_column_int64(stmt, 1) == meter) &&
		    (!hash || (sqlite3_column_bytes(stmt, 0) == MM_ROW_HASH_SIZE &&
			       memcmp(sqlite3_column_blob(stmt, 0), hash, MM_ROW_HASH_SIZE) == 0));
		sqlite3_reset(stmt);
	}
	return r;
}

/* The id of the newest row of that meter before id. */
static int find_before(struct mm_store *store, enum mm_stmt which, int64_t meter, int64_t id, int64_t *ret)
{
	sqlite3_stmt *stmt = store->db.stmt[which];
	int rc = sqlite3_bind_int64(stmt, 1, meter);
	int r = mm_db_row(&store->db, which, rc | sqlite3_bind_int64(stmt, 2, id - 1));

	if (r == 0) {
		*ret = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return r;
}

int mm_store_fork(struct mm_store *store, enum mm_store_chain kind, unsigned index, int64_t id, const uint8_t *hash,
		  int64_t *ret_last)
{
	bool intervals = kind == MM_STORE_INTERVALS;
	int64_t meter;
	int r;

	if (index >= store->roster.count || id < 0) {
		return -EINVAL;
	}
	meter = intervals ? store->roster.id[index] : 0;
	r = id == 0 ? 1 : is_there(store, intervals ? MM_STMT_INTERVAL_IS : MM_STMT_EVENT_IS, meter, id, hash);
	if (r != 0) {
		return r < 0 ? r : 0;
	}
	r = find_before(store, intervals ? MM_STMT_INTERVAL_LAST : MM_STMT_EVENT_LAST, meter, id, ret_last);
	return r < 0 ? r : 1;
}

/* ---- Events ---- */

static bool give_event(const struct mm_roster *roster, sqlite3_stmt *stmt, mm_store_event_fn fn, void *userdata)
{
	struct mm_store_event event = {
		.id = sqlite3_column_int64(stmt, 0),
		.boottime_ns = sqlite3_column_int64(stmt, 1),
		.realtime_ns = sqlite3_column_int64(stmt, 2),
		.meter = mm_roster_index(roster, sqlite3_column_int64(stmt, 3)), /* NULL reads as 0, which no meter has */
		.clock_flags = (uint32_t)sqlite3_column_int64(stmt, 7),
		.has_registers = sqlite3_column_type(stmt, 8) != SQLITE_NULL,
		.register_delivered_uwh = sqlite3_column_int64(stmt, 8),
		.register_received_uwh = sqlite3_column_int64(stmt, 9),
		.previous = sqlite3_column_int64(stmt, 11),
	};

	column_hash(stmt, 10, event.hash);
	mm_db_text(stmt, 4, event.code, sizeof(event.code));
	mm_db_text(stmt, 5, event.text, sizeof(event.text));
	return fn(userdata, &event, (const char *)sqlite3_column_text(stmt, 6));
}

int mm_store_give_events(struct mm_store *store, enum mm_stmt which, int bound, mm_store_event_fn fn, void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[which];
	int r;

	while ((r = mm_db_step(&store->db, which, bound)) > 0 && give_event(&store->roster, stmt, fn, userdata)) {
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
		r = mm_store_give_events(store, MM_STMT_EVENTS, bind_choice(store->db.stmt[MM_STMT_EVENTS], store, &wanted),
					 give_chosen, &chosen);
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
	return mm_store_give_events(store, MM_STMT_RECORDS, rc, fn, userdata);
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
			.unsynchronized = (sqlite3_column_int64(stmt, 4) & MM_STORE_CLOCK_UNSYNCHRONIZED) != 0,
		};
		sqlite3_reset(stmt);
	}
	return r;
}
