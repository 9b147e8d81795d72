/* SPDX-License-Identifier: MIT */
#ifndef MM_DIAGNOSIS_SUPPLY_H
#define MM_DIAGNOSIS_SUPPLY_H

/* The stage of a diagnosis that judges the voltages. */

#include "diagnosis/private.h"

/* Adds what is wrong with the supply; false: with voltages like these currents mean nothing. */
bool mm_stage_judge_supply(struct mm_stage *stage);

#endif
