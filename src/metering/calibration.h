/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_CALIBRATION_H
#define MM_METERING_CALIBRATION_H

/*
 * Versions of a meter's calibration constants. Each is a record of the audit trail, code "calibration": it says
 * what it replaced, by whom and why, and none is ever removed. The constants in force are among the meter's registers as well, so
 * that they are there where the trail is lost.
 */

#include "core/calibration.h"
#include "store/store.h"

/*
 * The last version on record of meter number index: mm_calibration_none where there is none. Records that no calibration writes
 * are skipped: verifying the audit trail reports them. -EIO, ... of the store.
 */
int mm_calibration_load(struct mm_store *reg, unsigned index, const struct mm_model *model, struct mm_calibration_version *ret);

#endif
