/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_CONTEXT_H
#define MM_SIM_CONTEXT_H

/*
 * The IIO context the board shows: the chip's device with the channels and attributes of its mainline driver, where that has one
 * its trigger, and the device "minimeter-sim" with the board's own. The same tables serve look-up, reading, writing and the XML.
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

/* A list of attributes: a device's own, its buffer's, or those of channel number. */
struct mm_sim_group {
	struct mm_sim_attrs attrs;
	unsigned number;
};

/* Is there such a device just now, by its id ("iio:device0") or its name? */
bool mm_sim_context_has_device(const struct mm_sim_board *board, const char *device);

/*
 * Finds a list of attributes; channel names the channel for MM_SIM_SCOPE_CHANNEL. -ENODEV: no such device (now); -ENOENT: no such
 * channel.
 */
int mm_sim_context_find_group(const struct mm_sim_board *board, const char *device, enum mm_sim_scope scope, const char *channel,
			      struct mm_sim_group *ret);

/* Narrows a list down to the one attribute of that name; -ENOENT. */
int mm_sim_context_narrow(struct mm_sim_group *group, const char *name);

/* Does reading any of them go over the chip's bus, and so stall where the board stalls? */
bool mm_sim_context_on_bus(const struct mm_sim_group *group);

/*
 * Reads attribute i of a list as libiio hands out a sysfs file: the text and a NUL in place of its newline. Returns the length
 * with the NUL, or what the driver's read fails with: -EINVAL, -EIO, -ENODEV.
 */
ssize_t mm_sim_context_read(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i,
			    char ret[static MM_SIM_ATTR_TEXT_MAX]);

/* Writes attribute i of a list. 0, -EACCES (not writable), -EINVAL (not such a value), -ERANGE (too far ahead), -EBUSY (not now).
 */
int mm_sim_context_write(struct mm_sim_board *board, const struct mm_sim_group *group, unsigned i, const char *text);

/* Writes the context's XML and a NUL; returns its length. */
size_t mm_sim_context_xml(const struct mm_sim_board *board, char ret[static MM_SIM_XML_MAX]);

#endif
