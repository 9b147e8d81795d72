/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_CALIBRATION_H
#define MM_METERING_CALIBRATION_H

/*
 * Versions of a meter's calibration constants. Each is a record of the audit trail, code "calibration": what it replaced, who did
 * it and why stand in it, and nothing is ever taken out. The constants in force stand among the meter's registers as well, so
 * that they are there where the trail is lost.
 */

#include "core/calibration.h"
#include "store/store.h"

/*
 * The last version on record of meter number index: mm_calibration_none where there is none. Records that no calibration writes
 * are passed over: verifying the audit trail tells of them. -EIO, ... of the register.
 */
int mm_calibration_load(struct mm_store *reg, unsigned index, const struct mm_model *model, struct mm_calibration_version *ret);

#endif
