/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_POWER_SUPPLY_H
#define MM_METERING_POWER_SUPPLY_H

/*
 * The supply that the power-fail line watches. A failure asks for a commit of everything; once that is durable, the log says how
 * long it took. The invariant: failures ask for no more than 8 commits at once and one in five minutes after that, so that a line
 * that flickers does not wear the medium; each failure that got a commit is an event, and so is its end.
 */

#include <stdbool.h>

#include "metering/journal.h"

struct mm_power_supply {
	struct mm_clock *clock;
	struct mm_journal *journal;
	bool failed;	  /* and that is an event */
	int64_t spent_ns; /* CLOCK_BOOTTIME up to which commits for it have used up what the medium is allowed */
	uint64_t skipped; /* failures without a commit of their own since the last that had one */
	int64_t edge_ns;  /* CLOCK_MONOTONIC when the line changed */
	uint64_t commit;  /* number of the one that is on its way; 0: none */
};

/*
 * The line says that the supply fails since edge_ns (CLOCK_MONOTONIC). True: everything must be committed now, and
 * mm_power_supply_committing() takes that commit; false: the medium has been written for it too often already.
 */
bool mm_power_supply_fails(struct mm_power_supply *supply, int64_t edge_ns);
void mm_power_supply_committing(struct mm_power_supply *supply, uint64_t commit);

void mm_power_supply_returned(struct mm_power_supply *supply);

/* Commits up to this one are durable. */
void mm_power_supply_durable(struct mm_power_supply *supply, uint64_t commit);

#endif
