/* SPDX-License-Identifier: MIT */
#include "crash_log.h"

#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "random.h"

#define SECTOR 512
#define NAMES_MAX 64
#define FILES_MAX 256
#define FDS_MAX 256
#define DIRECTORY (-2)

enum kind { WRITE, TRUNCATE, SYNC, CREATE, RENAME, UNLINK, SYNC_DIRECTORY, DAMAGE, NOTE };

struct op {
	enum kind kind;
	int file;
	int64_t offset; /* or the size, or the value of a note */
	size_t size;
	uint8_t *data;
	char from[NAME_MAX + 1], to[NAME_MAX + 1];
	int note;
};

struct content {
	uint8_t *bytes;
	size_t size, room;
};

/* What is on the disk for sure at a moment. */
struct disk {
	struct content file[FILES_MAX];
	char name[NAMES_MAX][NAME_MAX + 1]; /* "": free */
	int named[NAMES_MAX];
};

struct crash_log {
	char directory[PATH_MAX];
	struct op *op;
	size_t count, room;
	int files;
	struct disk now;  /* while recording: as programs see it, names only */
	struct disk disk; /* while making: what is synced at the moment reached */
	size_t reached;
	size_t *waiting; /* ops before it that nothing has synced */
	size_t waiting_count;
};

static struct crash_log *recording;
static int file_of_fd[FDS_MAX]; /* 0: not ours; file + 1, or DIRECTORY */
static const char *lying;
static struct {
	const char *suffix;
	size_t offset, size;
} stuck;

/* ---- The C library ---- */

#define REAL(name, type, ...)                                                                                                    \
	type (*real)(__VA_ARGS__);                                                                                               \
	*(void **)(&real) = dlsym(RTLD_NEXT, name)

static struct op *add(enum kind kind, int file)
{
	struct crash_log *log = recording;

	if (log->count == log->room) {
		log->room = log->room ? 2 * log->room : 1024;
		log->op = realloc(log->op, log->room * sizeof(*log->op));
		ck_assert_ptr_nonnull(log->op);
	}
	memset(&log->op[log->count], 0, sizeof(*log->op));
	log->op[log->count].kind = kind;
	log->op[log->count].file = file;
	return &log->op[log->count++];
}

/* The name of a path in the directory, or NULL. */
static const char *name_below(const char *path)
{
	size_t length = recording ? strlen(recording->directory) : 0;

	if (!recording || strncmp(path, recording->directory, length) != 0 || path[length] != '/') {
		return NULL;
	}
	return path + length + 1;
}

static int find_name(const struct disk *disk, const char *name)
{
	for (int i = 0; i < NAMES_MAX; i++) {
		if (strcmp(disk->name[i], name) == 0) {
			return i;
		}
	}
	return -1;
}

static void set_name(struct disk *disk, const char *name, int file)
{
	int i = find_name(disk, name);

	if (i < 0) {
		i = find_name(disk, "");
	}
	ck_assert_int_ge(i, 0);
	snprintf(disk->name[i], sizeof(disk->name[i]), "%s", name);
	disk->named[i] = file;
}

static void drop_name(struct disk *disk, const char *name)
{
	int i = find_name(disk, name);

	if (i >= 0) {
		disk->name[i][0] = '\0';
	}
}

static void note_open(const char *path, int flags, int fd)
{
	const char *name = name_below(path);
	int i, file;

	if (!recording || fd < 0 || fd >= FDS_MAX) {
		return;
	}
	file_of_fd[fd] = 0;
	if (strcmp(path, recording->directory) == 0) {
		file_of_fd[fd] = DIRECTORY;
	}
	if (!name) {
		return;
	}
	i = find_name(&recording->now, name);
	if (i < 0) {
		ck_assert_int_lt(recording->files, FILES_MAX);
		file = recording->files++;
		set_name(&recording->now, name, file);
		snprintf(add(CREATE, file)->to, NAME_MAX + 1, "%s", name);
	} else {
		file = recording->now.named[i];
	}
	file_of_fd[fd] = file + 1;
	if (flags & O_TRUNC) {
		add(TRUNCATE, file)->offset = 0;
	}
}

static int open_noted(const char *path, int flags, mode_t mode)
{
	REAL("open64", int, const char *, int, ...);
	int fd = real(path, flags, mode);

	note_open(path, flags, fd);
	return fd;
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_noted(path, flags, mode);
}

/* What open() becomes where the compiler does not know the flags. */
int __open_2(const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return open_noted(path, flags, 0);
}

int close(int fd)
{
	REAL("close", int, int);

	if (fd >= 0 && fd < FDS_MAX) {
		file_of_fd[fd] = 0;
	}
	return real(fd);
}

static bool is_named(int file, const char *suffix)
{
	for (int i = 0; i < NAMES_MAX; i++) {
		size_t length = strlen(recording->now.name[i]), end = strlen(suffix);

		if (length >= end && recording->now.named[i] == file &&
		    strcmp(recording->now.name[i] + length - end, suffix) == 0) {
			return true;
		}
	}
	return false;
}

/* Puts back what the region held before a write. */
struct overlap {
	uint8_t held[65536];
	size_t size;
	off_t offset;
};

static void hold(int fd, size_t count, off_t offset, struct overlap *ret)
{
	off_t from = (off_t)stuck.offset > offset ? (off_t)stuck.offset : offset;
	off_t to = (off_t)(stuck.offset + stuck.size), end = offset + (off_t)count;
	ssize_t n;

	ret->size = 0;
	if (!stuck.suffix || !recording || fd >= FDS_MAX || file_of_fd[fd] <= 0 || !is_named(file_of_fd[fd] - 1, stuck.suffix)) {
		return;
	}
	to = to < end ? to : end;
	if (to > from && (size_t)(to - from) <= sizeof(ret->held)) {
		n = pread(fd, ret->held, (size_t)(to - from), from);
		ret->size = n > 0 ? (size_t)n : 0;
		ret->offset = from;
	}
}

static void note_write(int fd, const void *bytes, ssize_t count, int64_t offset)
{
	if (recording && fd >= 0 && fd < FDS_MAX && file_of_fd[fd] > 0 && count > 0) {
		struct op *op = add(WRITE, file_of_fd[fd] - 1);

		op->offset = offset;
		op->size = (size_t)count;
		op->data = malloc((size_t)count);
		ck_assert_ptr_nonnull(op->data);
		memcpy(op->data, bytes, (size_t)count);
	}
}

static ssize_t write_at(int fd, const void *bytes, size_t count, int64_t offset)
{
	REAL("pwrite64", ssize_t, int, const void *, size_t, off64_t);
	struct overlap overlap;
	ssize_t n;

	hold(fd, count, offset, &overlap);
	n = real(fd, bytes, count, offset);
	if (overlap.size > 0) {
		(void)!real(fd, overlap.held, overlap.size, overlap.offset);
	}
	note_write(fd, bytes, n, offset);
	return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	return write_at(fd, bytes, count, offset);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	REAL("write", ssize_t, int, const void *, size_t);
	bool ours = recording && fd >= 0 && fd < FDS_MAX && file_of_fd[fd] > 0;
	off_t offset = ours ? lseek(fd, 0, SEEK_CUR) : 0;
	ssize_t n = real(fd, bytes, count);

	note_write(fd, bytes, n, offset);
	return n;
}

static int truncate_noted(int fd, int64_t size)
{
	REAL("ftruncate64", int, int, off64_t);
	int r = real(fd, size);

	if (r == 0 && recording && fd >= 0 && fd < FDS_MAX && file_of_fd[fd] > 0) {
		add(TRUNCATE, file_of_fd[fd] - 1)->offset = size;
	}
	return r;
}

int ftruncate(int fd, off_t size)
{
	return truncate_noted(fd, size);
}

#if __WORDSIZE == 64 /* else the headers give these names to those above */
int __open64_2(const char *path, int flags);

int open64(const char *path, int flags, ...)
{
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_noted(path, flags, mode);
}

int __open64_2(const char *path, int flags)
{
	return open_noted(path, flags, 0);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
	return write_at(fd, bytes, count, offset);
}

int ftruncate64(int fd, off64_t size)
{
	return truncate_noted(fd, size);
}
#endif

static void note_sync(int fd)
{
	if (!recording || fd < 0 || fd >= FDS_MAX || file_of_fd[fd] == 0) {
		return;
	}
	if (file_of_fd[fd] == DIRECTORY) {
		add(SYNC_DIRECTORY, -1);
		return;
	}
	if (lying && is_named(file_of_fd[fd] - 1, lying)) {
		return;
	}
	add(SYNC, file_of_fd[fd] - 1);
}

/* The files are in memory: there is nothing to wait for. */
int fsync(int fd)
{
	note_sync(fd);
	return 0;
}

int fdatasync(int fd)
{
	note_sync(fd);
	return 0;
}

static void note_rename(const char *from, const char *to)
{
	const char *a = name_below(from), *b = name_below(to);
	struct op *op;

	if (a && b) {
		op = add(RENAME, -1);
		snprintf(op->from, sizeof(op->from), "%s", a);
		snprintf(op->to, sizeof(op->to), "%s", b);
		set_name(&recording->now, b, recording->now.named[find_name(&recording->now, a)]);
		drop_name(&recording->now, a);
	}
}

int rename(const char *from, const char *to)
{
	REAL("rename", int, const char *, const char *);
	int r = real(from, to);

	if (r == 0) {
		note_rename(from, to);
	}
	return r;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	REAL("renameat2", int, int, const char *, int, const char *, unsigned);
	int r = real(from_fd, from, to_fd, to, flags);

	if (r == 0) {
		note_rename(from, to);
	}
	return r;
}

int unlink(const char *path)
{
	REAL("unlink", int, const char *);
	const char *name = name_below(path);
	int r = real(path);

	if (r == 0 && name) {
		snprintf(add(UNLINK, -1)->from, NAME_MAX + 1, "%s", name);
		drop_name(&recording->now, name);
	}
	return r;
}

/* ---- Recording ---- */

static void put(struct content *c, size_t offset, const void *bytes, size_t count)
{
	if (offset + count > c->room) {
		c->room = 2 * (offset + count);
		c->bytes = realloc(c->bytes, c->room);
		ck_assert_ptr_nonnull(c->bytes);
	}
	if (offset > c->size) {
		memset(c->bytes + c->size, 0, offset - c->size);
	}
	memcpy(c->bytes + offset, bytes, count);
	c->size = offset + count > c->size ? offset + count : c->size;
}

static void resize(struct content *c, size_t size)
{
	static const uint8_t zero;

	if (size > c->size) {
		put(c, size - 1, &zero, 1);
	}
	c->size = size;
}

struct crash_log *crash_record(const char *directory)
{
	struct crash_log *log = calloc(1, sizeof(*log));
	struct dirent *entry;
	char buffer[65536];
	DIR *dir = opendir(directory);

	ck_assert_ptr_nonnull(log);
	ck_assert_ptr_nonnull(dir);
	snprintf(log->directory, sizeof(log->directory), "%s", directory);
	while ((entry = readdir(dir))) {
		struct content *content = &log->disk.file[log->files];
		char path[PATH_MAX + NAME_MAX + 2];
		ssize_t n;
		int fd;

		if (entry->d_name[0] == '.') {
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		fd = open(path, O_RDONLY);
		ck_assert_int_ge(fd, 0);
		while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
			put(content, content->size, buffer, (size_t)n);
		}
		close(fd);
		set_name(&log->disk, entry->d_name, log->files);
		set_name(&log->now, entry->d_name, log->files);
		log->files++;
	}
	closedir(dir);
	memset(file_of_fd, 0, sizeof(file_of_fd));
	recording = log;
	return log;
}

void crash_stop(struct crash_log *log)
{
	ck_assert_ptr_eq(recording, log);
	recording = NULL;
	log->waiting = calloc(log->count + 1, sizeof(*log->waiting));
	ck_assert_ptr_nonnull(log->waiting);
}

void crash_free(struct crash_log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		free(log->op[i].data);
	}
	for (int i = 0; i < FILES_MAX; i++) {
		free(log->disk.file[i].bytes);
	}
	free(log->op);
	free(log->waiting);
	free(log);
}

void crash_note(int kind, int64_t value)
{
	if (recording) {
		struct op *op = add(NOTE, -1);

		op->note = kind;
		op->offset = value;
	}
}

int64_t crash_noted(const struct crash_log *log, size_t moment, int kind, int64_t otherwise)
{
	for (size_t i = moment; i > 0; i--) {
		if (log->op[i - 1].kind == NOTE && log->op[i - 1].note == kind) {
			return log->op[i - 1].offset;
		}
	}
	return otherwise;
}

void crash_damage(const char *path, size_t count)
{
	struct crash_log *log = recording;
	int i = find_name(&log->now, name_below(path)), fd;
	struct op *op = add(DAMAGE, log->now.named[i]);

	op->size = count;
	op->data = malloc(count);
	ck_assert_ptr_nonnull(op->data);
	for (size_t at = 0; at < count; at++) {
		op->data[at] = (uint8_t)(at * 37 + 11);
	}
	recording = NULL;
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, op->data, count, 0), (ssize_t)count);
	close(fd);
	recording = log;
}

void crash_lie(const char *suffix)
{
	lying = suffix;
}

void crash_stick(const char *suffix, size_t offset, size_t size)
{
	stuck.suffix = suffix;
	stuck.offset = offset;
	stuck.size = size;
}

size_t crash_moments(const struct crash_log *log)
{
	return log->count;
}

/* ---- Making ---- */

static bool is_name_op(const struct op *op)
{
	return op->kind == CREATE || op->kind == RENAME || op->kind == UNLINK;
}

static void apply(struct disk *disk, const struct op *op)
{
	int i;

	switch (op->kind) {
	case WRITE:
	case DAMAGE:
		put(&disk->file[op->file], (size_t)op->offset, op->data, op->size);
		break;
	case TRUNCATE:
		resize(&disk->file[op->file], (size_t)op->offset);
		break;
	case CREATE:
		set_name(disk, op->to, op->file);
		break;
	case RENAME:
		i = find_name(disk, op->from);
		/* Its creation may be lost, and this with it. */
		if (i >= 0) {
			set_name(disk, op->to, disk->named[i]);
			drop_name(disk, op->from);
		}
		break;
	case UNLINK:
		drop_name(disk, op->from);
		break;
	case SYNC:
	case SYNC_DIRECTORY:
	case NOTE:
		break;
	}
}

/* Everything before the moment that a sync has made sure goes to the disk. */
static void reach(struct crash_log *log, size_t moment)
{
	ck_assert_uint_ge(moment, log->reached);
	for (; log->reached < moment; log->reached++) {
		const struct op *op = &log->op[log->reached];
		size_t kept = 0;

		if (op->kind == DAMAGE) {
			apply(&log->disk, op);
			continue;
		}
		if (op->kind != SYNC && op->kind != SYNC_DIRECTORY) {
			log->waiting[log->waiting_count++] = log->reached;
			continue;
		}
		for (size_t i = 0; i < log->waiting_count; i++) {
			const struct op *waiting = &log->op[log->waiting[i]];

			if (op->kind == SYNC ? waiting->file == op->file && !is_name_op(waiting) : is_name_op(waiting)) {
				apply(&log->disk, waiting);
			} else {
				log->waiting[kept++] = log->waiting[i];
			}
		}
		log->waiting_count = kept;
	}
}

/* A write is kept or lost by sectors. */
static void apply_sectors(struct disk *disk, const struct op *op, uint64_t *random)
{
	for (size_t at = 0; at < op->size;) {
		size_t part = SECTOR - ((size_t)op->offset + at) % SECTOR;

		part = part < op->size - at ? part : op->size - at;
		if (mm_random(random) % 2 == 0) {
			put(&disk->file[op->file], (size_t)op->offset + at, op->data + at, part);
		}
		at += part;
	}
}

static void write_out(const struct disk *disk, const char *directory)
{
	for (int i = 0; i < NAMES_MAX; i++) {
		const struct content *content = &disk->file[disk->named[i]];
		char path[PATH_MAX + NAME_MAX + 2];
		int fd;

		if (disk->name[i][0] == '\0') {
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", directory, disk->name[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert(content->size == 0 || write(fd, content->bytes, content->size) == (ssize_t)content->size);
		close(fd);
	}
}

void crash_make(struct crash_log *log, size_t moment, enum crash_loss loss, uint64_t *random, const char *directory)
{
	struct disk *disk = malloc(sizeof(*disk));

	ck_assert_ptr_nonnull(disk);
	reach(log, moment);
	*disk = log->disk;
	for (int i = 0; i < log->files; i++) {
		struct content *content = &disk->file[i];
		const struct content *synced = &log->disk.file[i];

		*content = (struct content){NULL, 0, 0};
		if (synced->size > 0) {
			put(content, 0, synced->bytes, synced->size);
		}
	}
	for (size_t i = 0; i < log->waiting_count; i++) {
		const struct op *op = &log->op[log->waiting[i]];
		bool last = i + 1 == log->waiting_count;

		if (loss == CRASH_NONE_LOST || (loss == CRASH_LAST_LOST && !last) || (loss == CRASH_ONLY_LAST && last)) {
			apply(disk, op);
		} else if (loss == CRASH_RANDOM && op->kind == WRITE) {
			apply_sectors(disk, op, random);
		} else if (loss == CRASH_RANDOM && mm_random(random) % 2 == 0) {
			apply(disk, op);
		}
	}
	write_out(disk, directory);
	for (int i = 0; i < log->files; i++) {
		free(disk->file[i].bytes);
	}
	free(disk);
}
