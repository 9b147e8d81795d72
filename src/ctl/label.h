/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_LABEL_H
#define MM_CTL_LABEL_H

#include "ctl/private.h"
#include "ctl/writer.h"

/*
 * Draws the plate of one meter of GetNameplate's answer on ctl->out: an SVG document of 90 x 58 mm with a QR code that holds
 * model, serial number, CT ratio and the software's version and checksum. MM_CTL_FAILED where memory is short.
 */
int mm_label(struct mm_ctl *ctl, const json_t *meter);

/* The CT's ratio of a nameplate, and what energy and power are multiplied by, where that is not 1. */
void mm_label_ratio(const json_t *plate, char ret[static MM_CELL_MAX]);

#endif
