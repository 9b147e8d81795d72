/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_ATTRS_H
#define MM_SIM_ATTRS_H

/* The attributes of all devices as tables. Each chip has those of its kernel driver. */

#include "base/count_of.h"

#include <stdbool.h>
#include <stddef.h>

enum mm_sim_reader {
	MM_SIM_READ_REGISTER,  /* arg: enum mm_sim_register */
	MM_SIM_READ_FREQUENCY, /* half the frequency, as the driver computes it */
	MM_SIM_READ_SCALE,     /* arg: the full-scale code */
	MM_SIM_READ_REFUSED,   /* the driver has the file, but cannot read it */
	MM_SIM_READ_FILTER,
	MM_SIM_READ_TEXT,	/* text */
	MM_SIM_READ_CODE,	/* one conversion */
	MM_SIM_READ_CODE_SCALE, /* in millivolts; arg: the input of 2^23 at gain 1 */
	MM_SIM_READ_OSR,	/* one file for all channels */
	MM_SIM_READ_RATE,	/* in the converter's unit; one file for all channels */
	MM_SIM_READ_SHARED,	/* text; one file for all channels */
	MM_SIM_READ_STAMP_CLOCK,
	MM_SIM_READ_ENABLE, /* of the buffer */
	MM_SIM_READ_COUNT,  /* arg: enum mm_sim_register, of the energies */
	MM_SIM_READ_WINDOW, /* all of the last one, in one piece */
	MM_SIM_READ_KEY,    /* arg: enum mm_sim_key */
	MM_SIM_READ_TIME,
	MM_SIM_READ_START,
	MM_SIM_READ_CLOCK_SET,
	MM_SIM_READ_CLOCK_ERROR,
	MM_SIM_READ_MODE,
	MM_SIM_READ_WINDOWS,
	MM_SIM_READ_LOST,
	MM_SIM_READ_TRUTH_LOAD, /* arg: line */
	MM_SIM_READ_TRUTH_SEEN, /* arg: element */
	MM_SIM_READ_TRUTH_TOTAL,
};

struct mm_sim_attr {
	const char *name;
	enum mm_sim_reader reader;
	unsigned arg;
	const char *text;
};

/* The attributes of a device, of its buffer or of a channel. */
struct mm_sim_attrs {
	const struct mm_sim_attr *list;
	unsigned count;
};

#define MM_SIM_LIST(array)                                                                                                       \
	{                                                                                                                        \
		array, COUNT_OF(array)                                                                                           \
	}

/* Channels of one kind, numbered from 0. */
struct mm_sim_channel_kind {
	const char *id;	  /* without its number */
	const char *name; /* the modifier libiio knows, or NULL */
	struct mm_sim_attrs attrs;
};

/* How a driver shows its chip. */
struct mm_sim_face {
	struct mm_sim_attrs device, buffer;
	const struct mm_sim_channel_kind *kinds;
	unsigned kind_count;
	unsigned scan_kinds; /* the first of them, which have a scan element */
	const char *format;  /* of each scan element */
	bool timestamp;	     /* a channel of its own behind the others */
};

extern const struct mm_sim_face mm_sim_ade9000_face;  /* behind the mainline driver */
extern const struct mm_sim_face mm_sim_counting_face; /* behind minimeter's own */

/* The attributes of the board itself. */
extern const struct mm_sim_attrs mm_sim_board_attrs;

#endif
