/* SPDX-License-Identifier: MIT */
/* Statements that were issued: records with pages. */
#include "store/private.h"

#include <errno.h>

struct first {
	mm_store_event_fn fn;
	void *userdata;
	bool given;
};

static bool give_first(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct first *first = userdata;

	first->given = true;
	(void)first->fn(first->userdata, event, data); /* there is no other to stop before */
	return false;
}

int mm_store_issued(struct mm_store *store, unsigned index, const struct mm_store_period *period, mm_store_event_fn fn,
		    void *userdata)
{
	sqlite3_stmt *stmt = store->db.stmt[MM_STMT_ISSUED];
	struct first first = {.fn = fn, .userdata = userdata};
	int rc, r;

	if (index >= store->roster.count) {
		return -EINVAL;
	}
	rc = sqlite3_bind_int64(stmt, 1, store->roster.id[index]);
	rc |= sqlite3_bind_int64(stmt, 2, period->from_s);
	rc |= sqlite3_bind_int64(stmt, 3, period->to_s);
	r = mm_store_give_events(store, MM_STMT_ISSUED, rc, give_first, &first);
	return r < 0 || first.given ? r : -ENOENT;
}

int64_t mm_store_page(const struct mm_store *store)
{
	return store->page;
}

static bool take_nothing(void *userdata, const struct mm_store_event *event, const char *data)
{
	(void)userdata;
	(void)event;
	(void)data;
	return false;
}

int mm_store_issue(struct mm_store *store, const struct mm_store_event *event, const struct mm_store_period *period, int64_t page,
		   const char *data)
{
	int r;

	if (event->meter < 0 || page != store->page + 1) {
		return mm_db_fail(&store->db, -EINVAL, "a statement without a meter, or with another page than the next");
	}
	r = mm_store_issued(store, (unsigned)event->meter, period, take_nothing, NULL);
	if (r != -ENOENT) {
		return r < 0 ? r : -EEXIST;
	}
	return mm_store_add_record(store, event, page, data);
}
