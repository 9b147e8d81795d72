/* SPDX-License-Identifier: MIT */
/* The clock of a simulated board: time is an attribute that is read and, to move it, written. */
#include "afe/afe.h"

#include <errno.h>
#include <stdlib.h>

#include "afe/iio_device.h"
#include "core/units.h"

/* More than a century is no clock. */
#define ERROR_MAX_NS (INT64_C(4000000000) * MM_NS_PER_S)

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

/* What the board says of its wall clock. */
struct wall_clock {
	int64_t start_s;  /* CLOCK_REALTIME at its time 0 */
	int64_t set_ns;	  /* and that is neither synchronised nor right before this time, */
	int64_t error_ns; /* but wrong by this */
};

static int read_number(struct board_clock *board, const char *name, int64_t *ret)
{
	struct mm_iio_attr attr;
	int r = mm_iio_device_find(&board->device, name, &attr);

	return r < 0 ? r : mm_iio_device_read_s64(&board->device, &attr, ret);
}

static int read_wall_clock(struct board_clock *board, struct wall_clock *ret)
{
	int r = read_number(board, "start_time", &ret->start_s);

	if (r == 0) {
		r = read_number(board, "clock_set_ns", &ret->set_ns);
	}
	if (r == 0) {
		r = read_number(board, "clock_error_ns", &ret->error_ns);
	}
	if (r == 0 && (ret->start_s < 0 || ret->start_s > INT64_MAX / MM_NS_PER_S / 2)) {
		r = -EPROTO;
	}
	if (r == 0 && (ret->error_ns > ERROR_MAX_NS || ret->error_ns < -ERROR_MAX_NS)) {
		r = -EPROTO;
	}
	return r;
}

int mm_afe_board_clock_new(const char *uri, struct mm_clock **ret)
{
	struct board_clock *board = calloc(1, sizeof(*board));
	struct wall_clock wall;
	int r;

	if (!board) {
		return -ENOMEM;
	}
	r = mm_iio_device_open(&board->device, uri, "minimeter-sim", NULL);
	if (r == 0) {
		r = mm_iio_device_find(&board->device, "time_ns", &board->time);
	}
	if (r == 0) {
		r = read_wall_clock(board, &wall);
	}
	if (r < 0) {
		board_clock_release(board);
		return r;
	}
	r = mm_clock_stepped_new(board_clock_step, board_clock_release, board, wall.start_s * MM_NS_PER_S, ret);
	if (r == 0) {
		mm_clock_stepped_unset(*ret, wall.set_ns, wall.error_ns);
	}
	return r;
}
