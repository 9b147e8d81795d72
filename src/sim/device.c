/* SPDX-License-Identifier: MIT */
#include "sim/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const mm_sim_device_ids[MM_SIM_DEVICE_COUNT] = {
	[MM_SIM_DEVICE_CHIP] = "iio:device0",
	[MM_SIM_DEVICE_TRIGGER] = "trigger0",
	[MM_SIM_DEVICE_BOARD] = "iio:device1",
};

const struct mm_sim_face *mm_sim_face_of(const struct mm_sim_board *board)
{
	const struct mm_sim_chip *chip = mm_sim_board_chip(board);

	return chip->converter ? &chip->converter->face : chip->counts ? &mm_sim_counting_face : &mm_sim_ade9000_face;
}

unsigned mm_sim_channels_of(const struct mm_sim_board *board)
{
	const struct mm_sim_chip *chip = mm_sim_board_chip(board);

	if (!chip->converter) {
		return MM_SIM_LINES;
	}
	return chip->channels - (mm_sim_board_state(board)->fault.kind == MM_SIM_FAULT_NO_CHANNEL);
}

bool mm_sim_device_exists(const struct mm_sim_board *board, enum mm_sim_device device)
{
	bool gone = mm_sim_board_state(board)->fault.kind == MM_SIM_FAULT_VANISHED;

	switch (device) {
	case MM_SIM_DEVICE_CHIP:
		return !gone;
	case MM_SIM_DEVICE_TRIGGER:
		return !gone && mm_sim_board_chip(board)->converter;
	case MM_SIM_DEVICE_BOARD:
	case MM_SIM_DEVICE_COUNT:
		break;
	}
	return true;
}

void mm_sim_device_name(const struct mm_sim_board *board, enum mm_sim_device device, char ret[static MM_SIM_ATTR_TEXT_MAX])
{
	switch (device) {
	case MM_SIM_DEVICE_CHIP:
		snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s", mm_sim_board_chip(board)->name);
		break;
	case MM_SIM_DEVICE_TRIGGER:
		snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "%s-dev0", mm_sim_board_chip(board)->name);
		break;
	case MM_SIM_DEVICE_BOARD:
	case MM_SIM_DEVICE_COUNT:
		snprintf(ret, MM_SIM_ATTR_TEXT_MAX, "minimeter-sim");
		break;
	}
}

int mm_sim_device_find(const struct mm_sim_board *board, const char *wanted, enum mm_sim_device *ret)
{
	for (enum mm_sim_device i = 0; i < MM_SIM_DEVICE_COUNT; i++) {
		char name[MM_SIM_ATTR_TEXT_MAX];

		mm_sim_device_name(board, i, name);
		if (mm_sim_device_exists(board, i) && (strcmp(mm_sim_device_ids[i], wanted) == 0 || strcmp(name, wanted) == 0)) {
			*ret = i;
			return 0;
		}
	}
	return -ENODEV;
}

bool mm_sim_device_is(const struct mm_sim_board *board, const char *wanted, enum mm_sim_device device)
{
	enum mm_sim_device found;

	return mm_sim_device_find(board, wanted, &found) == 0 && found == device;
}
