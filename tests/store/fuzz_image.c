/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an image, and any bytes as the history in one whose check sum is right: it is refused, or what comes back is
 * whole and comes back again from an image of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture/fuzz.h"
#include "store/image.h"

#define Z8 "\0\0\0\0\0\0\0\0"
#define N(n) n "\0\0\0\0\0\0\0"
#define ROW N("\0") Z8 "\204\3\0\0\0\0\0\0" Z8 Z8 Z8 Z8 Z8 Z8
#define EVENT Z8 Z8 "\377\377\377\377\377\377\377\377" N("\3") "gap" N("\4") "text"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED(Z8 Z8),
	MM_FUZZ_SEED(N("\2") ROW ROW N("\1") EVENT),
	MM_FUZZ_SEED("kmmimage" N("\1") N("\60") Z8 Z8 Z8),
	{NULL, 0},
};

static int take(const uint8_t *data, size_t size, struct mm_image *image)
{
	int r = mm_image_read(data, size, image);

	MM_FUZZ_CHECK(r == 0 || r == -ENODATA || r == -ENOMSG || r == -EBADMSG || r == -EPROTO);
	return r;
}

static void check_whole(const struct mm_image *image)
{
	static uint8_t bytes[MM_IMAGE_SIZE_MAX], again[MM_IMAGE_SIZE_MAX];
	static struct mm_image copy;
	ssize_t length = mm_image_write(image, bytes, sizeof(bytes));

	MM_FUZZ_CHECK(image->row_count <= MM_IMAGE_ROWS_MAX && image->event_count <= MM_IMAGE_EVENTS_MAX);
	MM_FUZZ_CHECK(length > 0 && take(bytes, (size_t)length, &copy) == 0);
	MM_FUZZ_CHECK(mm_image_write(&copy, again, sizeof(again)) == length);
	MM_FUZZ_CHECK(memcmp(bytes, again, (size_t)length) == 0);
}

/* An image of one meter whose history is these bytes. Returns its length. */
static size_t seal(const uint8_t *history, size_t size, uint8_t *bytes)
{
	static struct mm_image image;
	struct mm_writer length = {.bytes = bytes, .size = 24, .used = 16}, sum;
	size_t used;

	image.state.sequence = 1;
	image.state.meter_count = 1;
	used = (size_t)mm_image_write(&image, bytes, MM_IMAGE_SIZE_MAX) - 3 * 8;
	memcpy(bytes + used, history, size);
	used += size;
	mm_put_u64(&length, used + 8);
	sum = (struct mm_writer){.bytes = bytes, .size = used + 8, .used = used};
	mm_put_u64(&sum, mm_checksum(bytes, used));
	return used + 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mm_image image;
	uint8_t *bytes;

	if (take(data, size, &image) == 0) {
		check_whole(&image);
	}
	bytes = malloc(MM_IMAGE_SIZE_MAX + size);
	MM_FUZZ_CHECK(bytes != NULL);
	if (take(bytes, seal(data, size, bytes), &image) == 0) {
		check_whole(&image);
	}
	free(bytes);
	return 0;
}
