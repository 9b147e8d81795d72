/* SPDX-License-Identifier: MIT */
#ifndef MM_STORE_MATCH_H
#define MM_STORE_MATCH_H

/*
 * Which stored meters are those of the configuration, wherever they are stored: in the database, a backup or the second copy. No
 * meter may begin at zero that may be stored under another serial number, and none may go on with another model.
 */

#include <stddef.h>

#include "base/error.h"
#include "store/commit.h"

/* Instead of the index of a stored meter. */
#define MM_MATCH_NONE (-1)
#define MM_MATCH_KNOWN (-2) /* the meter is known from elsewhere, and is not looked for */

/*
 * Finds each meter whose index is MM_MATCH_NONE among the stored ones: by its serial number, else by one that an earlier version
 * misread (serial.h). The index stays where it is new. On failure why names the meter, what is stored, and what the configuration
 * says. -ENXIO: there are stored meters, and none is one of these; -EXDEV: one is stored with another model; -ENOTUNIQ: two could
 * be the same one, or a stored one under a number that no configuration can say could be a meter that is new.
 */
int mm_match(const struct mm_store_meter *stored, size_t count, const struct mm_store_meter *meters, unsigned meter_count,
	     int *index, struct mm_error *why);

#endif
