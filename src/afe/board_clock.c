/* SPDX-License-Identifier: MIT */
/* The clock of a simulated board: time is an attribute that is read and, to move it, written. */
#include "afe/afe.h"

#include <errno.h>
#include <stdlib.h>

#include "afe/iio_device.h"
#include "core/units.h"

struct board_clock {
	struct mm_iio_device device;
	struct mm_iio_attr time;
};

static int64_t board_clock_step(void *userdata, int64_t t)
{
	struct board_clock *board = userdata;
	int64_t now;
	int r;

	if (t > 0) {
		r = mm_iio_device_write_s64(&board->device, &board->time, t);
		return r < 0 ? r : t;
	}
	r = mm_iio_device_read_s64(&board->device, &board->time, &now);
	return r < 0 ? r : now;
}

static void board_clock_release(void *userdata)
{
	struct board_clock *board = userdata;

	mm_iio_device_close(&board->device);
	free(board);
}

int mm_afe_board_clock_new(const char *uri, struct mm_clock **ret)
{
	struct board_clock *board = calloc(1, sizeof(*board));
	struct mm_iio_attr start_time;
	int64_t start_s;
	int r;

	if (!board) {
		return -ENOMEM;
	}
	r = mm_iio_device_open(&board->device, uri, "minimeter-sim", NULL);
	if (r == 0) {
		r = mm_iio_device_find(&board->device, "time_ns", &board->time);
	}
	if (r == 0) {
		r = mm_iio_device_find(&board->device, "start_time", &start_time);
	}
	if (r == 0) {
		r = mm_iio_device_read_s64(&board->device, &start_time, &start_s);
	}
	if (r == 0 && (start_s < 0 || start_s > INT64_MAX / MM_NS_PER_S / 2)) {
		r = -EPROTO;
	}
	if (r < 0) {
		board_clock_release(board);
		return r;
	}
	return mm_clock_stepped_new(board_clock_step, board_clock_release, board, start_s * MM_NS_PER_S, ret);
}
