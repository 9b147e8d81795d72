/* SPDX-License-Identifier: MIT */
#include "store/transaction.h"

#include <errno.h>

#include "store/registers.h"

/* 9 GWh in an interval is no meter's; a thousand of them can still be added up. */
#define ROW_ENERGY_MAX_UWH (INT64_C(1) << 53)

static bool energy_valid(int64_t uwh)
{
	return uwh >= 0 && uwh <= ROW_ENERGY_MAX_UWH;
}

static bool row_valid(const struct mm_profile_row *row)
{
	return energy_valid(row->delivered_uwh) && energy_valid(row->received_uwh) && energy_valid(row->lagging_uvarh) &&
	       energy_valid(row->leading_uvarh);
}

int mm_transaction_check(const struct mm_roster *roster, const struct mm_store_commit *commit)
{
	if (commit->meter_count != roster->count) {
		return -EINVAL;
	}
	for (size_t i = 0; i < commit->event_count; i++) {
		if (commit->events[i].meter >= (int)roster->count) {
			return -EINVAL;
		}
	}
	for (size_t i = 0; i < commit->row_count; i++) {
		const struct mm_store_profile_row *row = &commit->rows[i];

		if (row->meter < 0 || row->meter >= (int)roster->count || !row_valid(&row->row)) {
			return -EINVAL;
		}
	}
	return 0;
}

int mm_transaction_write(struct mm_db *db, const struct mm_roster *roster, struct mm_balance *balance,
			 const struct mm_store_commit *commit, uint64_t number)
{
	int r = 0;

	for (unsigned i = 0; i < roster->count && r == 0; i++) {
		r = mm_registers_write(db, roster->boot, roster->id[i], commit->boottime_ns, commit->realtime_ns,
				       &commit->meter[i]);
	}
	for (size_t i = 0; i < commit->event_count && r == 0; i++) {
		r = mm_chain_add(db, roster, &commit->events[i], NULL);
	}
	for (size_t i = 0; i < commit->row_count && r == 0; i++) {
		r = mm_chain_add_row(db, roster, balance, &commit->rows[i]);
	}
	if (r == 0) {
		r = mm_chain_account(db, roster, balance, commit);
	}
	return r < 0 ? r : mm_registers_write_number(db, number);
}
