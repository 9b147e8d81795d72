/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_COMMIT_H
#define MM_STORE_COMMIT_H

/* What a commit is made of: the registers of every meter, and the events and intervals since the commit before. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock/clock.h"
#include "core/meter.h"

#define MM_STORE_METERS_MAX 16
#define MM_STORE_NAME_MAX 64
#define MM_ENERGIES 4 /* delivered, received, lagging, leading */

#define MM_ROW_HASH_SIZE 32 /* SHA-256 */

/* What identifies a meter. The register of another serial number or model is refused. */
struct mm_store_meter {
	char name[MM_STORE_NAME_MAX];	/* the configuration's name, may change */
	char serial[MM_STORE_NAME_MAX]; /* identity */
	char model[MM_MODEL_TEXT_MAX];	/* canonical */
};

/* The code of the event that keeps all registers, once a day. */
#define MM_STORE_SNAPSHOT "snapshot"

/* The code of the event that has a statement as it was issued. */
#define MM_STORE_ISSUED "statement-issued"

/* What was said of CLOCK_REALTIME when it labelled an event. */
#define MM_STORE_CLOCK_SYNCHRONIZED 0x01u
#define MM_STORE_CLOCK_UNSYNCHRONIZED 0x02u

/* An event that matters to a bill. */
struct mm_store_event {
	int64_t id;	      /* given by the register, ascending */
	int64_t boottime_ns;  /* CLOCK_BOOTTIME */
	int64_t realtime_ns;  /* CLOCK_REALTIME, a label */
	uint32_t clock_flags; /* MM_STORE_CLOCK_*, of that clock; 0: nothing is said */
	int64_t previous;     /* given likewise: the id of the event before it of the same meter, or of the daemon; 0: none */
	uint8_t hash[MM_ROW_HASH_SIZE];
	bool has_registers; /* given likewise: what the meter's registers read with the commit that it came with */
	int64_t register_delivered_uwh;
	int64_t register_received_uwh;
	int meter;	/* index into the meters, or -1 for the whole daemon (read back: also for a meter since removed) */
	char code[32];	/* stable lower-case name: "start", "stop", "gap", "reversed", ... */
	char text[192]; /* for people */
};

/* An event of now, without a text. meter: an index, or -1. */
struct mm_store_event mm_store_event_now(struct mm_clock *clock, int meter, const char *code);

struct mm_store_profile_row {
	int meter;
	struct mm_profile_row row;
};

/* An interval as it is read back: with its place in the chain. */
struct mm_store_interval {
	int64_t id;	  /* ascending, over all meters */
	int64_t previous; /* the id of the interval before it of the same meter; 0: none */
	uint8_t hash[MM_ROW_HASH_SIZE];
	struct mm_profile_row row;
};

/* One commit: the state of every meter, plus what came since the last. */
struct mm_store_commit {
	/*
	 * What it is known by from here until it is durable, and in the file. It is higher than that of every commit before, also
	 * of the runs before: mm_store_number() tells where to begin. 0: the number after the last.
	 */
	uint64_t number;
	int64_t boottime_ns;  /* of the registers: CLOCK_BOOTTIME */
	int64_t realtime_ns;  /* CLOCK_REALTIME, a label */
	unsigned meter_count; /* as given to mm_store_open() */
	struct mm_registers meter[MM_STORE_METERS_MAX];
	size_t event_count;
	const struct mm_store_event *events; /* ids are ignored */
	size_t row_count;
	const struct mm_store_profile_row *rows;
	bool mirror_suffices; /* the database may wait: it is durable where the second copy takes it */
};

/*
 * May these registers come after last ones of the same meter? 0; -ERANGE: one of them would decrease; -EINVAL: figures that no
 * meter gives.
 */
int mm_registers_follow(const struct mm_registers *next, const struct mm_registers *last);

#endif
