/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_GENERIC_H
#define MM_CORE_GENERIC_H

/*
 * A meter that no Mini Meter number describes: what its owner says of it instead. Together this is its model. The canonical text
 * of it is what the register keeps, so that another CT, service or Kh is another model.
 */

#include "core/model.h"

/* What the configuration calls it in place of a number. */
#define MM_GENERIC "generic"

#define MM_GENERIC_VOLTAGE_MIN_V 100
#define MM_GENERIC_VOLTAGE_MAX_V 277
#define MM_CT_PRIMARY_MAX_A 10000
#define MM_CT_SECONDARY_UNITS 10000 /* in an ampere or a volt */

/* A CT as on its label: "200:0.1" gives 0.1 A at 200 A, "200:0.333V" gives 0.333 V. */
struct mm_ct {
	int primary_a; /* 1 to MM_CT_PRIMARY_MAX_A */
	int secondary; /* in units of 0.0001 A or V, MM_CT_SECONDARY_UNITS; 10 to 100000 */
	bool volts;
};

/* All zero, and MM_WIRES_COUNT: not said. */
struct mm_generic {
	int elements;
	int rated_voltage_v;
	int kh_wh;
	struct mm_ct ct;
	enum mm_wires wires;
};

/* 0, or -EINVAL: *ret_reason (static) says what would be right. */
int mm_ct_parse(const char *text, struct mm_ct *ret, const char **ret_reason);

#define MM_CT_TEXT_MAX 32

/* As mm_ct_parse() reads it; empty: there is none. */
void mm_ct_format(const struct mm_ct *ct, char ret[static MM_CT_TEXT_MAX]);

/* That of a model. */
struct mm_ct mm_model_ct(const struct mm_model *model);

/* How the configuration calls a service: "1-phase-2-wire"; NULL: that is no generic meter's. */
const char *mm_wires_key(enum mm_wires wires);

/* The service that is called so; MM_WIRES_COUNT: none is. */
enum mm_wires mm_wires_find(const char *key);

/* The elements of such a service; 0: that is no generic meter's. */
unsigned mm_wires_elements(enum mm_wires wires);

/* The service of a generic meter, by the canonical text of its model; MM_WIRES_COUNT: that is no generic meter's. */
enum mm_wires mm_generic_wires(const char *canonical);

/* The energy of a pulse of the fastest output, watt-hours: 10, 100 or 1000. */
bool mm_generic_kh_valid(int kh_wh);

/* Makes the model of a meter of which all is said. -EINVAL: ret_error says what does not go together; ret is untouched. */
int mm_generic_model(const struct mm_generic *generic, struct mm_model *ret, struct mm_model_error *ret_error);

#endif
