/* SPDX-License-Identifier: MIT */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mm_draft {
	char *path;
	char *draft_path; /* NULL: published */
	int fd;
};

int mm_file_sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, r = 0;

	if (!copy) {
		return -ENOMEM;
	}
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0) {
		r = -errno;
	}
	if (fd >= 0) {
		close(fd);
	}
	free(copy);
	return r;
}

/* Gives the file its name, not yet for good. */
static int move(const char *from, const char *to, unsigned flags)
{
	int r = flags & MM_FILE_NEW ? renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) : rename(from, to);

	return r < 0 ? -errno : 0;
}

int mm_file_rename(const char *from, const char *to, unsigned flags)
{
	int r = move(from, to, flags);

	return r < 0 || flags & MM_FILE_UNSYNCED ? r : mm_file_sync_directory(to);
}

int mm_file_write(int fd, const void *bytes, size_t size)
{
	const char *rest = bytes;

	while (size > 0) {
		ssize_t n = write(fd, rest, size);

		if (n < 0 && errno != EINTR) {
			return -errno;
		}
		if (n > 0) {
			rest += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

int mm_draft_new(const char *path, mode_t mode, struct mm_draft **ret)
{
	struct mm_draft *draft = calloc(1, sizeof(*draft));
	int r;

	if (!draft) {
		return -ENOMEM;
	}
	draft->fd = -1;
	draft->path = strdup(path);
	if (!draft->path || asprintf(&draft->draft_path, "%s.new", path) < 0) {
		draft->draft_path = NULL;
		r = -ENOMEM;
		goto fail;
	}
	/* What a crash left half written. */
	(void)unlink(draft->draft_path);
	draft->fd = open(draft->draft_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (draft->fd < 0) {
		r = -errno;
		goto fail;
	}
	*ret = draft;
	return 0;
fail:
	mm_draft_free(draft);
	return r;
}

int mm_draft_fd(const struct mm_draft *draft)
{
	return draft->fd;
}

const char *mm_draft_path(const struct mm_draft *draft)
{
	return draft->draft_path;
}

int mm_draft_publish(struct mm_draft *draft, unsigned flags)
{
	int r;

	if (!(flags & MM_FILE_UNSYNCED) && fsync(draft->fd) < 0) {
		return -errno;
	}
	r = move(draft->draft_path, draft->path, flags);
	if (r < 0) {
		return r;
	}
	free(draft->draft_path);
	draft->draft_path = NULL;
	return flags & MM_FILE_UNSYNCED ? 0 : mm_file_sync_directory(draft->path);
}

void mm_draft_free(struct mm_draft *draft)
{
	if (!draft) {
		return;
	}
	if (draft->fd >= 0) {
		close(draft->fd);
		if (draft->draft_path) {
			(void)unlink(draft->draft_path); /* the next draft takes away what is left */
		}
	}
	free(draft->draft_path);
	free(draft->path);
	free(draft);
}

int mm_file_replace(const char *path, const void *bytes, size_t size, mode_t mode, unsigned flags)
{
	struct mm_draft *draft;
	int r = mm_draft_new(path, mode, &draft);

	if (r < 0) {
		return r;
	}
	r = mm_file_write(draft->fd, bytes, size);
	if (r == 0) {
		r = mm_draft_publish(draft, flags);
	}
	mm_draft_free(draft);
	return r;
}

/* Reads until the end of the file or size bytes; how many they were. */
static ssize_t read_up_to(int fd, char *bytes, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, bytes + got, size - got);

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

static int read_whole(int fd, size_t size_max, char **ret, size_t *ret_size)
{
	struct stat st;
	ssize_t got;
	char *bytes;

	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
	}
	if ((uint64_t)st.st_size > size_max) {
		return -EFBIG;
	}
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes) {
		return -ENOMEM;
	}
	/* One byte more would show that it grows meanwhile. */
	got = read_up_to(fd, bytes, (size_t)st.st_size + 1);
	if (got < 0 || got > st.st_size) {
		explicit_bzero(bytes, (size_t)st.st_size + 1);
		free(bytes);
		return got < 0 ? (int)got : -EAGAIN;
	}
	bytes[got] = '\0';
	*ret = bytes;
	*ret_size = (size_t)got;
	return 0;
}

int mm_file_read(const char *path, size_t size_max, unsigned flags, char **ret, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (flags & MM_FILE_NO_LINK ? O_NOFOLLOW : 0)), r;

	if (fd < 0) {
		return -errno;
	}
	r = read_whole(fd, size_max, ret, ret_size);
	close(fd);
	return r;
}
