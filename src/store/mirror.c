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

#include "base/file.h"

/* Erase blocks and pages of flash don't reach from one slot into the other, as far as a file can tell. */
#define SLOT_SIZE MM_SLOT_SIZE_MAX
#define SLOTS 2
/* A slot of one meter and nothing else is some 600 bytes. */
#define SLOT_SIZE_MIN 1024

struct mm_mirror {
	int fd;
	bool device;
	size_t slot_size;
	int newest;	  /* slot, or -1 */
	int error[SLOTS]; /* of each slot */
	struct mm_slot slot[SLOTS];
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

static off_t slot_offset(const struct mm_mirror *mirror, int slot)
{
	return (off_t)mirror->slot_size * slot;
}

/* What the page cache holds of a slot says nothing about the device. */
static void forget_cached(const struct mm_mirror *mirror, int slot)
{
	(void)posix_fadvise(mirror->fd, slot_offset(mirror, slot), (off_t)mirror->slot_size, POSIX_FADV_DONTNEED);
}

void mm_mirror_reread(struct mm_mirror *mirror)
{
	mirror->newest = -1;
	for (int i = 0; i < SLOTS; i++) {
		ssize_t n;

		forget_cached(mirror, i);
		n = read_at(mirror->fd, mirror->bytes, mirror->slot_size, slot_offset(mirror, i));
		mirror->error[i] = n < 0 ? (int)n : mm_slot_read(mirror->bytes, (size_t)n, &mirror->slot[i]);
		if (mirror->error[i] == 0 &&
		    (mirror->newest < 0 || mirror->slot[i].state.sequence > mirror->slot[mirror->newest].state.sequence)) {
			mirror->newest = i;
		}
	}
}

static int measure(struct mm_mirror *mirror)
{
	off_t size = lseek(mirror->fd, 0, SEEK_END);
	struct statfs fs;
	struct stat st;

	if (size < 0 || fstat(mirror->fd, &st) < 0 || fstatfs(mirror->fd, &fs) < 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		return -EINVAL;
	}
	mirror->device = S_ISBLK(st.st_mode) || fs.f_type == SYSFS_MAGIC;
	mirror->slot_size = size / SLOTS > SLOT_SIZE ? SLOT_SIZE : (size_t)size / SLOTS / 512 * 512;
	if (mirror->slot_size < SLOT_SIZE_MIN && !mirror->device) {
		mirror->slot_size = SLOT_SIZE; /* a file that was cut off: it grows again */
	}
	return mirror->slot_size < SLOT_SIZE_MIN ? -EFBIG : 0;
}

static int open_and_read(const char *path, int flags, bool alone, struct mm_mirror **ret)
{
	struct mm_mirror *mirror = calloc(1, sizeof(*mirror));
	int r;

	if (!mirror) {
		return -ENOMEM;
	}
	mirror->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	r = mirror->fd < 0 ? -errno : measure(mirror);
	if (r == 0 && alone && flock(mirror->fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	if (r < 0) {
		mm_mirror_close(mirror);
		return r;
	}
	mm_mirror_reread(mirror);
	*ret = mirror;
	return 0;
}

int mm_mirror_open(const char *path, struct mm_mirror **ret)
{
	struct stat st;

	/* On a block device O_EXCL refuses one that is mounted. */
	return open_and_read(path, O_RDWR | (stat(path, &st) == 0 && S_ISBLK(st.st_mode) ? O_EXCL : 0), true, ret);
}

int mm_mirror_look(const char *path, struct mm_mirror **ret)
{
	return open_and_read(path, O_RDONLY, false, ret);
}

/* The slot and zeros up to the end of both, so that no later write ever allocates. */
static int fill(int fd, const struct mm_slot *slot)
{
	uint8_t *bytes = calloc(SLOTS, SLOT_SIZE);
	int r;

	if (!bytes) {
		return -ENOMEM;
	}
	r = mm_slot_write(slot, bytes, SLOT_SIZE) < 0 ? -EFBIG : write_at(fd, bytes, SLOTS * SLOT_SIZE, 0);
	free(bytes);
	return r;
}

int mm_mirror_create(const char *path, const struct mm_slot *slot)
{
	struct mm_draft *draft;
	int r = mm_draft_new(path, 0640, &draft);

	if (r < 0) {
		return r;
	}
	r = fill(mm_draft_fd(draft), slot);
	if (r == 0) {
		r = mm_draft_publish(draft, MM_FILE_NEW);
	}
	mm_draft_free(draft);
	return r;
}

void mm_mirror_close(struct mm_mirror *mirror)
{
	if (!mirror) {
		return;
	}
	if (mirror->fd >= 0) {
		close(mirror->fd);
	}
	free(mirror);
}

const struct mm_slot *mm_mirror_newest(const struct mm_mirror *mirror)
{
	return mirror->newest < 0 ? NULL : &mirror->slot[mirror->newest];
}

int mm_mirror_slot_error(const struct mm_mirror *mirror, unsigned slot)
{
	return mirror->error[slot];
}

bool mm_mirror_is_newer(const struct mm_mirror *mirror)
{
	return mirror->error[0] == -EPROTO || mirror->error[1] == -EPROTO;
}

const char *mm_mirror_program(const struct mm_mirror *mirror)
{
	return mirror->slot[mirror->error[0] == -EPROTO ? 0 : 1].program;
}

bool mm_mirror_follows(const struct mm_mirror *mirror)
{
	const struct mm_slot *newest = mm_mirror_newest(mirror);

	/* The first one was written when there was nothing else. */
	return newest && (newest->previous == 0 || (mirror->error[1 - mirror->newest] == 0 &&
						    newest->previous == mirror->slot[1 - mirror->newest].state.sequence));
}

bool mm_mirror_is_device(const struct mm_mirror *mirror)
{
	return mirror->device;
}

static int reads_back(struct mm_mirror *mirror, int slot, size_t length)
{
	uint8_t found[512];

	forget_cached(mirror, slot);
	for (size_t at = 0; at < length; at += sizeof(found)) {
		size_t part = length - at < sizeof(found) ? length - at : sizeof(found);
		ssize_t n = read_at(mirror->fd, found, part, slot_offset(mirror, slot) + (off_t)at);

		if (n < 0) {
			return (int)n;
		}
		if ((size_t)n != part || memcmp(found, mirror->bytes + at, part) != 0) {
			return -EIO;
		}
	}
	return 0;
}

int mm_mirror_write(struct mm_mirror *mirror, struct mm_slot *slot)
{
	int place = mirror->newest == 0 ? 1 : 0, r;
	ssize_t length;

	slot->previous = mirror->newest < 0 ? 0 : mirror->slot[mirror->newest].state.sequence;
	length = mm_slot_write(slot, mirror->bytes, mirror->slot_size);
	if (length < 0) {
		return -EFBIG;
	}
	r = write_at(mirror->fd, mirror->bytes, (size_t)length, slot_offset(mirror, place));
	if (r == 0 && fdatasync(mirror->fd) < 0) {
		r = -errno;
	}
	if (r == 0) {
		r = reads_back(mirror, place, (size_t)length);
	}
	mirror->error[place] = r < 0 ? -EBADMSG : 0;
	if (r == 0) {
		mirror->slot[place] = *slot;
		mirror->newest = place;
	}
	return r;
}
