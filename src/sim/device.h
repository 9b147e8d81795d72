/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_DEVICE_H
#define MM_SIM_DEVICE_H

/* The IIO devices of a board, their names, and the channels that the chip's driver shows. */

#include "sim/attrs.h"
#include "sim/board.h"

#define MM_SIM_ATTR_TEXT_MAX 512

enum mm_sim_device {
	MM_SIM_DEVICE_CHIP,
	MM_SIM_DEVICE_TRIGGER,
	MM_SIM_DEVICE_BOARD,
	MM_SIM_DEVICE_COUNT,
};

extern const char *const mm_sim_device_ids[MM_SIM_DEVICE_COUNT];

/* True when the device exists now. */
bool mm_sim_device_exists(const struct mm_sim_board *board, enum mm_sim_device device);

void mm_sim_device_name(const struct mm_sim_board *board, enum mm_sim_device device, char ret[static MM_SIM_ATTR_TEXT_MAX]);

/* The device of that id or name, among those that exist; -ENODEV. */
int mm_sim_device_find(const struct mm_sim_board *board, const char *wanted, enum mm_sim_device *ret);

bool mm_sim_device_is(const struct mm_sim_board *board, const char *wanted, enum mm_sim_device device);

const struct mm_sim_face *mm_sim_face_of(const struct mm_sim_board *board);

/* The number of channels of each kind that the chip's driver shows. */
unsigned mm_sim_channels_of(const struct mm_sim_board *board);

#endif
