/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_PRIVATE_H
#define MM_SERVICE_PRIVATE_H

/* What the files of the service share. */

#include "metering/view.h"
#include "service/service.h"
#include "store/worker.h"
#include "varlink/varlink.h"

/* What came of reading the configuration last. */
struct mm_config_verdict {
	int64_t since_ns;	/* CLOCK_BOOTTIME; 0: it is that of the start */
	struct mm_error reason; /* the first error; empty: the file is in force */
};

struct mm_deferred;
struct mm_session;

struct mm_service {
	struct mm_metering *metering;
	struct mm_store_worker *worker;
	struct mm_front_end *front_end[MM_FRONT_ENDS_MAX]; /* to be asked for harmonics; NULL: it measures none */
	const char *config_path;
	struct mm_config *config;
	mm_service_check_fn check_store;
	struct mm_config_verdict verdict;
	struct mm_varlink_service read, admin;
	unsigned clients;			/* connected now: kept by the server */
	const struct mm_store_status *status;	/* while changes are looked at; else NULL */
	uint64_t followed;			/* commits to the database that followers have seen */
	struct mm_deferred *waiting;		/* the oldest of the calls that wait */
	struct mm_session *session;		/* the calibration that is open; NULL: none */
	int64_t next_check_ns[MM_METERS_MAX];	/* CLOCK_BOOTTIME, before which no further check of a meter is put on record */
	int64_t checks_until_ns[MM_METERS_MAX]; /* by when the checks on record are used up, an hour for each */
	int64_t issues_until_ns[MM_METERS_MAX]; /* the same of statements that are issued */
	bool storing;				/* constants are on their way to the disk: nothing may change under them */
	bool health_changed;			/* is what is published */
	/* That as text, of all meters and of each one, where a stream has asked for it; empty again when all have it. */
	struct mm_text published[1 + MM_METERS_MAX];
	unsigned reported;    /* the front end whose report is dealt with */
	bool harmonics_known; /* came with that report */
	struct mm_harmonics harmonics;
	bool verifying; /* one at a time */
};

#endif
