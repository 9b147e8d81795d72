/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_CONTEXT_H
#define MM_SIM_CONTEXT_H

/*
 * The IIO context of the board: the chip's device with the channels and attributes of its mainline driver, its trigger if the
 * driver has one, and the device "minimeter-sim" with the board's own. Look-up, reading, writing and the XML use the same tables.
 */

#include "sim/device.h"

#include <sys/types.h>

#define MM_SIM_XML_MAX 32768

enum mm_sim_scope {
	MM_SIM_SCOPE_DEVICE,
	MM_SIM_SCOPE_CHANNEL,
	MM_SIM_SCOPE_BUFFER,
	MM_SIM_SCOPE_DEBUG,
};

/* The attributes of a device, of its buffer or of channel number. */
struct mm_sim_group {
	struct mm_sim_attrs attrs;
	unsigned number;
};

/*
 * Finds a list of attributes; channel names the channel for MM_SIM_SCOPE_CHANNEL. -ENODEV: no such device (now); -ENOENT: no such
 * channel.
 */
int mm_sim_context_find_group(const struct mm_sim_board *board, const char *device, enum mm_sim_scope scope, const char *channel,
			      struct mm_sim_group *ret);

/* Reduces a list to the attribute of that name; -ENOENT. */
int mm_sim_context_narrow(struct mm_sim_group *group, const char *name);

/* True when reading any of them uses the chip's bus, which can stall. */
bool mm_sim_context_on_bus(const struct mm_sim_group *group);

/*
 * Reads attribute i of a list as libiio reads a sysfs file: the text, with a NUL in place of its newline. Returns the length
 * with the NUL, or the driver's error: -EINVAL, -EIO, -ENODEV.
 */
ssize_t mm_sim_context_read(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i,
			    char ret[static MM_SIM_ATTR_TEXT_MAX]);

/* Writes attribute i of a list. 0, -EACCES (read-only), -EINVAL (no such value), -ERANGE (too far ahead), -EBUSY (not now). */
int mm_sim_context_write(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i, const char *text);

/* Writes the context's XML and a NUL; returns its length. */
size_t mm_sim_context_xml(const struct mm_sim_board *board, char ret[static MM_SIM_XML_MAX]);

#endif
