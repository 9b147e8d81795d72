/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_NUMBER_H
#define MM_SIM_NUMBER_H

/* Numbers as a scenario, an option or a client writes them. */

#include <stdbool.h>
#include <stdint.h>

/* Reads a decimal number and nothing else, min to max; false otherwise. */
bool mm_sim_number_parse(const char *text, double min, double max, double *ret);

/* Reads a whole number that consists of digits alone, 0 to max; false otherwise. */
bool mm_sim_whole_parse(const char *text, uint64_t max, uint64_t *ret);

#endif
