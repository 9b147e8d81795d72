/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_ISSUED_H
#define MM_SERVICE_ISSUED_H

/* A statement as it was issued: what the store keeps of it. */

#include <jansson.h>

#include "store/store.h"

struct mm_issued {
	int64_t page;
	int64_t time_ns; /* CLOCK_REALTIME */
	char *ocmf;	 /* the signed record; NULL: none was issued */
};

/* On the store's thread: the one of a meter and a period, unless *issued is one already. 0 or -errno. */
int mm_issued_find(struct mm_store *store, unsigned meter, const struct mm_store_period *period, struct mm_issued *issued);

/* What mm_store_issue() takes of it: a new string; NULL where memory is short. */
char *mm_issued_data(const struct mm_issued *issued, const struct mm_store_period *period);

/* The type IssuedStatement of the interface, or null. A new reference. */
json_t *mm_issued_json(const struct mm_issued *issued);

/* Frees what it points to. */
void mm_issued_release(struct mm_issued *issued);

#endif
