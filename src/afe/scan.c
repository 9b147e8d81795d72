/* SPDX-License-Identifier: MIT */
#include "afe/scan.h"

#include <errno.h>

#include "afe/iio_device.h"

int mm_afe_scan(const char *uri, struct mm_afe_seen *ret, struct mm_error *error)
{
	struct mm_afe_seen seen = {0};
	struct mm_error ignored;
	const char *name;

	for (size_t i = 0; (name = mm_afe_driver_name(i)) != NULL && seen.count < MM_AFE_SEEN_MAX; i++) {
		struct mm_iio_device device;
		int r = mm_iio_device_open(&device, uri, name, i == 0 ? error : &ignored);

		if (r == 0) {
			mm_iio_device_close(&device);
		}
		if (r == 0 || r == -ENOTUNIQ) {
			seen.driver[seen.count++] = mm_afe_driver_find(name);
		} else if (r != -ENODEV) {
			return r;
		}
	}
	*ret = seen;
	return 0;
}
