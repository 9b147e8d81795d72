/* SPDX-License-Identifier: MIT */
/*
 * Recovery. The sources (copy, backups) are only read until the new database is whole, under another name, and synced; what it
 * replaces is given another name and never removed. So a crash at any point of it leaves all that a second recovery needs.
 */
#include "store/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"

const char *const mm_store_backup_suffix[MM_STORE_BACKUPS] = {".backup", ".backup-old"};

/* The files that SQLite takes for part of a database, after the database itself. */
static const char *const companions[] = {"", "-wal", "-journal", "-shm"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ASIDE_MAX 1000

void mm_store_tell(struct mm_store *reg, const char *format, ...)
{
	size_t used = strlen(reg->story);
	va_list args;

	va_start(args, format);
	if (used > 0 && used + 2 < sizeof(reg->story)) {
		used += (size_t)snprintf(reg->story + used, sizeof(reg->story) - used, "; ");
	}
	vsnprintf(reg->story + used, sizeof(reg->story) - used, format, args);
	va_end(args);
}

/* ---- Files ---- */

static bool exists(const char *path, const char *middle, const char *suffix)
{
	char *name;
	struct stat st;
	bool there = true;

	if (asprintf(&name, "%s%s%s", path, middle, suffix) >= 0) {
		there = lstat(name, &st) == 0;
		free(name);
	}
	return there;
}

static int rename_to(const char *path, const char *middle, const char *suffix)
{
	char *from = NULL, *to = NULL;
	int r = 0;

	if (asprintf(&from, "%s%s", path, suffix) < 0 || asprintf(&to, "%s%s%s", path, middle, suffix) < 0) {
		r = -ENOMEM;
	} else if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
		r = -errno;
	} else {
		/* One after the other, also on the disk: what is left after a crash is told from the names. */
		r = mm_store_sync_directory(path);
	}
	free(from);
	free(to);
	return r;
}

/*
 * Is this name free for all that is there? Where the database went before a crash and its -wal did not, it is: they belong
 * together.
 */
static bool is_free(const char *path, const char *middle)
{
	for (size_t i = 0; i < COUNT_OF(companions); i++) {
		if (exists(path, "", companions[i]) && exists(path, middle, companions[i])) {
			return false;
		}
	}
	return !exists(path, "", "") || (!exists(path, middle, "-wal") && !exists(path, middle, "-journal"));
}

int mm_store_set_aside(struct mm_store *reg, const char *path)
{
	char middle[32] = "";
	int n, r = 0;

	for (n = 1; n < ASIDE_MAX; n++) {
		snprintf(middle, sizeof(middle), ".aside-%d", n);
		if (is_free(path, middle)) {
			break;
		}
	}
	for (size_t i = 0; i < COUNT_OF(companions) && r == 0; i++) {
		if (exists(path, "", companions[i])) {
			r = rename_to(path, middle, companions[i]);
		}
	}
	return r < 0 ? mm_store_fail(reg, r, "can't set it aside") : 0;
}

static void remove_leftovers(const char *path)
{
	for (size_t i = 0; i < COUNT_OF(companions); i++) {
		char *name;

		if (asprintf(&name, "%s%s", path, companions[i]) >= 0) {
			(void)unlink(name);
			free(name);
		}
	}
}

static int copy_bytes(int in, int out)
{
	char buffer[65536];
	ssize_t n;

	while ((n = read(in, buffer, sizeof(buffer))) != 0) {
		if (n < 0) {
			return -errno;
		}
		for (ssize_t put = 0; put < n;) {
			ssize_t m = write(out, buffer + put, (size_t)(n - put));

			if (m < 0) {
				return -errno;
			}
			put += m;
		}
	}
	return fsync(out) < 0 ? -errno : 0;
}

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, r = 0;

	if (in >= 0) {
		out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	}
	r = in < 0 || out < 0 ? -errno : copy_bytes(in, out);
	if (in >= 0) {
		close(in);
	}
	if (out >= 0) {
		close(out);
	}
	return r;
}

/* ---- A new database ---- */

static const char *when(int64_t realtime_ns, char *ret, size_t size)
{
	time_t seconds = (time_t)(realtime_ns / MM_NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
		ret[0] = '\0';
	}
	return ret;
}

/* Opens a copy of the newest backup that is right, all of it, at reg->path. -ENODATA: none is. */
static int start_from_backup(struct mm_store *reg, const char *path, const struct mm_store_meter *meters)
{
	for (size_t i = 0; i < MM_STORE_BACKUPS; i++) {
		char *backup;
		struct stat st;
		int r;

		if (asprintf(&backup, "%s%s", path, mm_store_backup_suffix[i]) < 0) {
			return -ENOMEM;
		}
		r = stat(backup, &st) < 0 ? -errno : copy_file(backup, reg->path);
		free(backup);
		if (r == 0) {
			r = mm_database_open(reg, meters);
		}
		if (r == 0 && mm_database_check(reg) < 0) {
			mm_database_close(reg);
			r = -EBADMSG;
		}
		if (r == 0) {
			char text[32];

			mm_store_tell(reg, "history from the backup of %s",
				      when((int64_t)st.st_mtime * MM_NS_PER_S, text, sizeof(text)));
			return 0;
		}
		remove_leftovers(reg->path);
		if (r == -ENOSPC || r == -EROFS) {
			return mm_store_fail(reg, r, "can't make a new register");
		}
	}
	return -ENODATA;
}

static int start_empty(struct mm_store *reg, const struct mm_store_meter *meters)
{
	int r = mm_database_create(reg);

	if (r == 0) {
		r = mm_database_open(reg, meters);
	}
	if (r == 0) {
		mm_store_tell(reg, "history begins anew");
	}
	return r;
}

/* The new database, at reg->path and closed. */
static int build(struct mm_store *reg, const char *path, const char *boot_id, const struct mm_store_meter *meters,
		 const struct mm_image *image)
{
	char text[32];
	int r;

	remove_leftovers(reg->path);
	r = start_from_backup(reg, path, meters);
	if (r == -ENODATA && image) {
		r = start_empty(reg, meters);
	}
	if (r < 0) {
		return r;
	}
	reg->rebuilt = true;
	if (image) {
		mm_store_tell(reg, "registers from the copy of %s", when(image->state.realtime_ns, text, sizeof(text)));
	}
	r = mm_database_enter(reg, boot_id, meters, image);
	if (r == 0) {
		r = mm_database_settle(reg);
	}
	if (r == 0) {
		mm_database_keep(reg);
	}
	mm_database_close(reg);
	return r;
}

int mm_store_recover(struct mm_store *reg, const char *boot_id, const struct mm_store_meter *meters, const struct mm_image *image)
{
	char *path = reg->path, *temporary;
	int r;

	if (asprintf(&temporary, "%s.recovering", path) < 0) {
		return -ENOMEM;
	}
	reg->path = temporary; /* messages name the file that is meant */
	r = build(reg, path, boot_id, meters, image);
	if (r < 0) {
		remove_leftovers(temporary);
	}
	reg->path = path;
	if (r == 0) {
		r = mm_store_set_aside(reg, path);
	}
	if (r == 0 && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
		r = mm_store_fail(reg, -errno, "can't name the new register");
	}
	if (r == 0) {
		r = mm_store_sync_directory(path);
	}
	free(temporary);
	return r;
}

/* ---- The image and the database ---- */

/* The meter of the image with this serial number and model, or -1. */
static int find(const struct mm_state *state, const struct mm_store_meter *meter)
{
	for (unsigned i = 0; i < state->meter_count; i++) {
		if (strcmp(state->who[i].serial, meter->serial) == 0 && strcmp(state->who[i].model, meter->model) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static bool configured(const struct mm_store *reg, const struct mm_store_meter *meter)
{
	return find(&reg->who, meter) >= 0;
}

bool mm_store_is_ours(const struct mm_store *reg, const struct mm_image *image)
{
	bool ours = false;

	for (unsigned i = 0; i < image->state.meter_count; i++) {
		ours = ours || configured(reg, &image->state.who[i]);
	}
	return ours;
}

bool mm_store_contradicts(const struct mm_store *reg, const struct mm_image *image)
{
	bool above = reg->database_number > image->state.sequence;

	for (unsigned i = 0; i < reg->meter_count; i++) {
		int j = find(&image->state, &reg->who.who[i]);

		if (j >= 0) {
			struct mm_registers registers = image->state.meter[j];

			above = mm_registers_raise(&registers, &reg->committed[i]) || above;
		}
	}
	return above;
}

/* The rows and events of the image that concern configured meters, by our numbers. */
static void take_history(const struct mm_store *reg, const struct mm_image *image, struct mm_store_profile_row *rows,
			 struct mm_store_event *events, struct mm_store_commit *commit)
{
	int index[MM_STORE_METERS_MAX];

	for (unsigned i = 0; i < image->state.meter_count; i++) {
		index[i] = -1;
	}
	for (unsigned i = 0; i < reg->meter_count; i++) {
		int j = find(&image->state, &reg->who.who[i]);

		if (j >= 0) {
			index[j] = (int)i;
		}
	}
	for (size_t i = 0; i < image->row_count; i++) {
		if (index[image->row[i].meter] >= 0) {
			rows[commit->row_count] = image->row[i];
			rows[commit->row_count++].meter = index[image->row[i].meter];
		}
	}
	for (size_t i = 0; i < image->event_count; i++) {
		events[i] = image->event[i];
		events[i].meter = events[i].meter < 0 ? -1 : index[events[i].meter];
	}
	commit->rows = rows;
	commit->event_count = image->event_count;
	commit->events = events;
}

/* The registers of a meter that the configuration no longer has: it may come back, and the next image won't have them. */
static int store_other(struct mm_store *reg, const struct mm_state *state, unsigned index)
{
	struct mm_registers registers = state->meter[index], stored;
	int64_t id;
	int r = mm_database_meter(reg, &state->who[index], &id);

	if (r == 0) {
		r = mm_store_read_id(reg, id, &stored);
	}
	if (r == 0) {
		(void)mm_registers_raise(&registers, &stored);
		r = mm_store_save(reg, id, state->boottime_ns, state->realtime_ns, &registers);
	}
	return r;
}

/* All that a newer image holds, under the run of the machine that it is from. */
static int store_newer(struct mm_store *reg, const struct mm_image *image, struct mm_store_commit *commit)
{
	struct mm_store_profile_row rows[MM_IMAGE_ROWS_MAX];
	struct mm_store_event events[MM_IMAGE_EVENTS_MAX];
	int64_t boot = reg->boot;
	int r = mm_database_boot(reg, image->state.boot_id);

	take_history(reg, image, rows, events, commit);
	if (r == 0) {
		r = mm_store_write_commit(reg, commit, image->state.sequence);
	}
	for (unsigned i = 0; i < image->state.meter_count && r == 0; i++) {
		if (!configured(reg, &image->state.who[i])) {
			r = store_other(reg, &image->state, i);
		}
	}
	reg->boot = boot;
	return r;
}

int mm_store_adopt(struct mm_store *reg, const struct mm_image *image)
{
	const struct mm_state *state = &image->state;
	struct mm_store_commit commit = {
		.boottime_ns = state->boottime_ns, .realtime_ns = state->realtime_ns, .meter_count = reg->meter_count};
	bool newer = state->sequence > reg->database_number, raised = false;

	if (image->database > reg->database_number && !reg->rebuilt) {
		mm_store_tell(reg, "the database lacks commits that it had acknowledged");
	}
	if (state->sequence < reg->database_number) {
		mm_store_tell(reg, "the copy was behind the database");
	}
	for (unsigned i = 0; i < reg->meter_count; i++) {
		int j = find(state, &reg->who.who[i]);

		commit.meter[i] = j >= 0 && newer ? state->meter[j] : reg->committed[i];
		raised = mm_registers_raise(&commit.meter[i], j >= 0 && !newer ? &state->meter[j] : &reg->committed[i]) || raised;
	}
	if (raised) {
		mm_store_tell(reg, "database and copy disagreed, the higher registers are kept");
	}
	if (newer) {
		return store_newer(reg, image, &commit);
	}
	return raised ? mm_store_write_commit(reg, &commit, reg->database_number) : 0;
}
