/* SPDX-License-Identifier: MIT */
/* The failing disk. Only what a WAL database under an exclusive lock uses is passed through: no shared memory, no mmap. */
#include "fault_vfs.h"

#include <errno.h>
#include <string.h>

struct fault_file {
	sqlite3_file base;
	struct fault_vfs *owner;
	sqlite3_file *real; /* directly behind this struct */
};

static struct fault_file *from_file(sqlite3_file *file)
{
	return (struct fault_file *)(void *)file;
}

static bool strikes(struct fault_vfs *v, enum fault fault)
{
	bool hit = false;

	pthread_mutex_lock(&v->mutex);
	if (v->fault == fault) {
		hit = v->calls >= v->at && v->calls - v->at < v->times;
		v->calls++;
		v->hits += hit;
	}
	pthread_mutex_unlock(&v->mutex);
	return hit;
}

static int file_close(sqlite3_file *file)
{
	return from_file(file)->real->pMethods->xClose(from_file(file)->real);
}

static int file_read(sqlite3_file *file, void *buffer, int count, sqlite3_int64 offset)
{
	struct fault_file *f = from_file(file);

	return strikes(f->owner, FAULT_READ) ? SQLITE_IOERR_READ : f->real->pMethods->xRead(f->real, buffer, count, offset);
}

static int file_write(sqlite3_file *file, const void *buffer, int count, sqlite3_int64 offset)
{
	struct fault_file *f = from_file(file);
	int (*write)(sqlite3_file *, const void *, int, sqlite3_int64) = f->real->pMethods->xWrite;

	if (strikes(f->owner, FAULT_WRITE_FULL)) {
		return SQLITE_FULL;
	}
	if (strikes(f->owner, FAULT_WRITE_EIO)) {
		return SQLITE_IOERR_WRITE;
	}
	if (strikes(f->owner, FAULT_WRITE_SHORT)) {
		(void)write(f->real, buffer, count / 2, offset);
		return SQLITE_FULL;
	}
	if (strikes(f->owner, FAULT_WRITE_TORN)) {
		(void)write(f->real, buffer, count / 2, offset);
		return SQLITE_IOERR_WRITE;
	}
	return write(f->real, buffer, count, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct fault_file *f = from_file(file);

	return strikes(f->owner, FAULT_TRUNCATE) ? SQLITE_IOERR_TRUNCATE : f->real->pMethods->xTruncate(f->real, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct fault_file *f = from_file(file);

	if (strikes(f->owner, FAULT_STALL)) {
		sem_post(&f->owner->stalled);
		while (sem_wait(&f->owner->go_on) < 0) {
		}
	}
	return strikes(f->owner, FAULT_SYNC) ? SQLITE_IOERR_FSYNC : f->real->pMethods->xSync(f->real, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return from_file(file)->real->pMethods->xFileSize(from_file(file)->real, ret);
}

static int file_lock(sqlite3_file *file, int level)
{
	return from_file(file)->real->pMethods->xLock(from_file(file)->real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return from_file(file)->real->pMethods->xUnlock(from_file(file)->real, level);
}

static int file_reserved(sqlite3_file *file, int *ret)
{
	return from_file(file)->real->pMethods->xCheckReservedLock(from_file(file)->real, ret);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	return from_file(file)->real->pMethods->xFileControl(from_file(file)->real, op, arg);
}

static int file_sector(sqlite3_file *file)
{
	return from_file(file)->real->pMethods->xSectorSize(from_file(file)->real);
}

static int file_device(sqlite3_file *file)
{
	return from_file(file)->real->pMethods->xDeviceCharacteristics(from_file(file)->real);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_device,
};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
	struct fault_vfs *v = vfs->pAppData;
	struct fault_file *f = from_file(file);
	int rc;

	f->base.pMethods = NULL;
	f->owner = v;
	f->real = (sqlite3_file *)(void *)(f + 1);
	if ((flags & SQLITE_OPEN_CREATE) && strikes(v, FAULT_OPEN_EROFS)) {
		errno = EROFS;
		return SQLITE_CANTOPEN;
	}
	rc = v->system->xOpen(v->system, name, f->real, flags, ret_flags);
	if (f->real->pMethods) {
		f->base.pMethods = &methods;
	}
	return rc;
}

void fault_vfs_install(struct fault_vfs *v)
{
	memset(v, 0, sizeof(*v));
	pthread_mutex_init(&v->mutex, NULL);
	sem_init(&v->stalled, 0, 0);
	sem_init(&v->go_on, 0, 0);
	v->system = sqlite3_vfs_find(NULL);
	v->vfs = *v->system;
	v->vfs.iVersion = 2;
	v->vfs.szOsFile = (int)sizeof(struct fault_file) + v->system->szOsFile;
	v->vfs.pNext = NULL;
	v->vfs.zName = "fault";
	v->vfs.pAppData = v;
	v->vfs.xOpen = vfs_open;
	sqlite3_vfs_register(&v->vfs, 1);
}

void fault_vfs_remove(struct fault_vfs *v)
{
	sqlite3_vfs_unregister(&v->vfs);
	sqlite3_vfs_register(v->system, 1);
	pthread_mutex_destroy(&v->mutex);
	sem_destroy(&v->stalled);
	sem_destroy(&v->go_on);
}

void fault_vfs_set(struct fault_vfs *v, enum fault fault, unsigned at, unsigned times)
{
	pthread_mutex_lock(&v->mutex);
	v->fault = fault;
	v->at = at;
	v->times = times;
	v->calls = 0;
	v->hits = 0;
	pthread_mutex_unlock(&v->mutex);
}

unsigned fault_vfs_hits(struct fault_vfs *v)
{
	unsigned hits;

	pthread_mutex_lock(&v->mutex);
	hits = v->hits;
	pthread_mutex_unlock(&v->mutex);
	return hits;
}

const char *fault_name(enum fault fault)
{
	static const char *const names[FAULT_COUNT] = {
		[FAULT_NONE] = "none",
		[FAULT_WRITE_FULL] = "write: no space",
		[FAULT_WRITE_EIO] = "write: EIO",
		[FAULT_WRITE_SHORT] = "short write: no space",
		[FAULT_WRITE_TORN] = "short write: EIO",
		[FAULT_SYNC] = "sync: EIO",
		[FAULT_READ] = "read: EIO",
		[FAULT_TRUNCATE] = "truncate: EIO",
		[FAULT_OPEN_EROFS] = "create: EROFS",
	};

	return names[fault];
}
