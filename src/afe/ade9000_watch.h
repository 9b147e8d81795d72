/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_ADE9000_WATCH_H
#define MM_AFE_ADE9000_WATCH_H

/*
 * What an ADE9000 is asked for between its windows, whatever driver it has: the power, for a check of its energy, and the angles
 * between the voltages, for the diagnosis.
 */

#include "afe/ade9000_chip.h"
#include "metrology/power_check.h"

struct mm_ade9000_watch {
	struct mm_ade9000_chip *chip;
	struct mm_power_check check;
	bool phasors_tried; /* in the window under way */
	struct mm_input_phasors phasors[MM_INPUTS_MAX];
	bool polling; /* for the check */
	unsigned polled_input;
	int64_t next_poll_ns;
};

/* Begins anew, for a chip that is open. */
void mm_ade9000_watch_init(struct mm_ade9000_watch *watch, struct mm_ade9000_chip *chip);

/* Asks while there is time until t; latest is the last window. -errno of the clock or the chip. */
int mm_ade9000_watch_until(struct mm_ade9000_watch *watch, const struct mm_ade9000_reading *latest, int64_t t);

/* Compares the window that has ended with what was polled in it; where they disagree error says so. */
void mm_ade9000_watch_end(struct mm_ade9000_watch *watch, const struct mm_ade9000_reading *latest, struct mm_error *error);

/* The window after latest has begun; it is polled on the input with the greatest load, until they agree. */
void mm_ade9000_watch_begin(struct mm_ade9000_watch *watch, const struct mm_ade9000_reading *latest);

#endif
