/* SPDX-License-Identifier: MIT */
#include "store/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "store/private.h"

/* Erase blocks and pages of flash don't reach from one slot into the other, as far as a file can tell. */
#define SLOT_SIZE MM_IMAGE_SIZE_MAX
#define SLOTS 2
/* An image of one meter and nothing else is some 600 bytes. */
#define SLOT_SIZE_MIN 1024

struct mm_copy {
	int fd;
	bool device;
	size_t slot_size;
	int newest;	  /* slot, or -1 */
	int error[SLOTS]; /* of each slot */
	struct mm_image image[SLOTS];
	uint8_t bytes[SLOT_SIZE];
};

/* Reads up to size bytes; how many there were, or -errno. */
static ssize_t read_at(int fd, uint8_t *bytes, size_t size, off_t offset)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = pread(fd, bytes + got, size - got, offset + (off_t)got);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		got += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)got;
}

static int write_at(int fd, const uint8_t *bytes, size_t size, off_t offset)
{
	size_t put = 0;

	while (put < size) {
		ssize_t n = pwrite(fd, bytes + put, size - put, offset + (off_t)put);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n == 0) {
			return -EIO;
		}
		put += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static off_t slot_offset(const struct mm_copy *copy, int slot)
{
	return (off_t)copy->slot_size * slot;
}

/* What the page cache holds of a slot says nothing about the device. */
static void forget_cached(const struct mm_copy *copy, int slot)
{
	(void)posix_fadvise(copy->fd, slot_offset(copy, slot), (off_t)copy->slot_size, POSIX_FADV_DONTNEED);
}

void mm_copy_reread(struct mm_copy *copy)
{
	copy->newest = -1;
	for (int i = 0; i < SLOTS; i++) {
		ssize_t n;

		forget_cached(copy, i);
		n = read_at(copy->fd, copy->bytes, copy->slot_size, slot_offset(copy, i));
		copy->error[i] = n < 0 ? (int)n : mm_image_read(copy->bytes, (size_t)n, &copy->image[i]);
		if (copy->error[i] == 0 &&
		    (copy->newest < 0 || copy->image[i].state.sequence > copy->image[copy->newest].state.sequence)) {
			copy->newest = i;
		}
	}
}

static int take(struct mm_copy *copy)
{
	off_t size = lseek(copy->fd, 0, SEEK_END);
	struct statfs fs;
	struct stat st;

	if (size < 0 || fstat(copy->fd, &st) < 0 || fstatfs(copy->fd, &fs) < 0 || flock(copy->fd, LOCK_EX | LOCK_NB) < 0) {
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		return -EINVAL;
	}
	copy->device = S_ISBLK(st.st_mode) || fs.f_type == SYSFS_MAGIC;
	copy->slot_size = size / SLOTS > SLOT_SIZE ? SLOT_SIZE : (size_t)size / SLOTS / 512 * 512;
	if (copy->slot_size < SLOT_SIZE_MIN && !copy->device) {
		copy->slot_size = SLOT_SIZE; /* a file that was cut off: it grows again */
	}
	return copy->slot_size < SLOT_SIZE_MIN ? -EFBIG : 0;
}

int mm_copy_open(const char *path, struct mm_copy **ret)
{
	struct mm_copy *copy = calloc(1, sizeof(*copy));
	struct stat st;
	int r;

	if (!copy) {
		return -ENOMEM;
	}
	/* On a block device O_EXCL refuses one that is mounted. */
	copy->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | (stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? O_EXCL : 0));
	r = copy->fd < 0 ? -errno : take(copy);
	if (r < 0) {
		mm_copy_close(copy);
		return r;
	}
	mm_copy_reread(copy);
	*ret = copy;
	return 0;
}

/* The image and zeros up to the end of both slots, so that no later write ever allocates. */
static int fill(int fd, const struct mm_image *image)
{
	uint8_t *bytes = calloc(SLOTS, SLOT_SIZE);
	int r;

	if (!bytes) {
		return -ENOMEM;
	}
	r = mm_image_write(image, bytes, SLOT_SIZE) < 0 ? -EFBIG : write_at(fd, bytes, SLOTS * SLOT_SIZE, 0);
	if (r == 0 && fsync(fd) < 0) {
		r = -errno;
	}
	free(bytes);
	return r;
}

int mm_copy_create(const char *path, const struct mm_image *image)
{
	char *temporary;
	int fd, r = 0;

	if (asprintf(&temporary, "%s.new", path) < 0) {
		return -ENOMEM;
	}
	fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0) {
		r = -errno;
	} else {
		r = fill(fd, image);
		close(fd);
	}
	if (r == 0 && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
		r = -errno;
	}
	if (r == 0) {
		r = mm_store_sync_directory(path);
	}
	free(temporary);
	return r;
}

void mm_copy_close(struct mm_copy *copy)
{
	if (!copy) {
		return;
	}
	if (copy->fd >= 0) {
		close(copy->fd);
	}
	free(copy);
}

const struct mm_image *mm_copy_newest(const struct mm_copy *copy)
{
	return copy->newest < 0 ? NULL : &copy->image[copy->newest];
}

int mm_copy_slot(const struct mm_copy *copy, unsigned slot)
{
	return copy->error[slot];
}

bool mm_copy_follows(const struct mm_copy *copy)
{
	const struct mm_image *newest = mm_copy_newest(copy);

	/* The first one was written when there was nothing else. */
	return newest && (newest->previous == 0 || (copy->error[1 - copy->newest] == 0 &&
						    newest->previous == copy->image[1 - copy->newest].state.sequence));
}

bool mm_copy_is_device(const struct mm_copy *copy)
{
	return copy->device;
}

static int reads_back(struct mm_copy *copy, int slot, size_t length)
{
	uint8_t found[512];

	forget_cached(copy, slot);
	for (size_t at = 0; at < length; at += sizeof(found)) {
		size_t part = length - at < sizeof(found) ? length - at : sizeof(found);
		ssize_t n = read_at(copy->fd, found, part, slot_offset(copy, slot) + (off_t)at);

		if (n < 0) {
			return (int)n;
		}
		if ((size_t)n != part || memcmp(found, copy->bytes + at, part) != 0) {
			return -EIO;
		}
	}
	return 0;
}

int mm_copy_write(struct mm_copy *copy, struct mm_image *image)
{
	int slot = copy->newest == 0 ? 1 : 0, r;
	ssize_t length;

	image->previous = copy->newest < 0 ? 0 : copy->image[copy->newest].state.sequence;
	length = mm_image_write(image, copy->bytes, copy->slot_size);
	if (length < 0) {
		return -EFBIG;
	}
	r = write_at(copy->fd, copy->bytes, (size_t)length, slot_offset(copy, slot));
	if (r == 0 && fdatasync(copy->fd) < 0) {
		r = -errno;
	}
	if (r == 0) {
		r = reads_back(copy, slot, (size_t)length);
	}
	copy->error[slot] = r < 0 ? -EBADMSG : 0;
	if (r == 0) {
		copy->image[slot] = *image;
		copy->newest = slot;
	}
	return r;
}
