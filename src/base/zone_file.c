/* SPDX-License-Identifier: MIT */
#include "base/zone_file.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DIRECTORY "/usr/share/zoneinfo"
#define LOCALTIME "/etc/localtime"
#define UNNAMED "localtime"
#define FILE_MAX 65536 /* the longest has 4 KiB */

/* ---- The bytes ---- */

#define HEADER_SIZE 44
#define TYPE_SIZE 6

/* One of the two tables of a file: when the zone changes, to which of its types. */
struct table {
	unsigned time_size;
	size_t time_count, type_count;
	const uint8_t *times, *indices, *types;
	const uint8_t *end;
};

static uint32_t big_endian_32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t big_endian_64(const uint8_t *at)
{
	return (int64_t)((uint64_t)big_endian_32(at) << 32 | big_endian_32(at + 4));
}

static int parse_table(const uint8_t *at, const uint8_t *end, unsigned time_size, struct table *ret)
{
	enum { IS_UT, IS_STD, LEAPS, TIMES, TYPES, CHARACTERS, COUNTS };
	uint64_t count[COUNTS], length;

	if (end - at < HEADER_SIZE || memcmp(at, "TZif", 4) != 0) {
		return -EBADMSG;
	}
	for (unsigned i = 0; i < COUNTS; i++) {
		count[i] = big_endian_32(at + 20 + i * sizeof(uint32_t));
	}
	at += HEADER_SIZE;
	length = count[TIMES] * (time_size + 1) + count[TYPES] * TYPE_SIZE + count[CHARACTERS] + count[LEAPS] * (time_size + 4) +
		 count[IS_STD] + count[IS_UT];
	/* A file that counts leap seconds is for clocks that do, which those of Linux do not. */
	if (count[TYPES] == 0 || count[LEAPS] > 0 || length > (uint64_t)(end - at)) {
		return -EBADMSG;
	}
	*ret = (struct table){.time_size = time_size, .time_count = count[TIMES], .type_count = count[TYPES], .times = at};
	ret->indices = at + count[TIMES] * time_size;
	ret->types = ret->indices + count[TIMES];
	ret->end = at + length;
	return 0;
}

static int add(struct mm_zone_offsets *offsets, int32_t offset_s)
{
	for (size_t i = 0; i < offsets->count; i++) {
		if (offsets->offset_s[i] == offset_s) {
			return 0;
		}
	}
	if (offsets->count == MM_ZONE_OFFSETS_MAX) {
		return -EBADMSG;
	}
	offsets->offset_s[offsets->count++] = offset_s;
	return 0;
}

static int add_types(const struct table *table, int64_t since_s, struct mm_zone_offsets *offsets)
{
	size_t before = 0; /* the type of the time itself: the first one is that before all changes */
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->time_count; i++) {
		const uint8_t *time = table->times + i * table->time_size;
		int64_t time_s = table->time_size == 8 ? big_endian_64(time) : (int32_t)big_endian_32(time);
		size_t type = table->indices[i];

		if (type >= table->type_count) {
			return -EBADMSG;
		}
		if (time_s <= since_s) {
			before = type;
		} else {
			r = add(offsets, (int32_t)big_endian_32(table->types + type * TYPE_SIZE));
		}
	}
	return r < 0 ? r : add(offsets, (int32_t)big_endian_32(table->types + before * TYPE_SIZE));
}

/* ---- The rule behind the last change: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static const char *skip_name(const char *at)
{
	if (*at == '<') {
		at += strcspn(at, ">");
		return *at == '>' ? at + 1 : NULL;
	}
	if (!isalpha((unsigned char)*at)) {
		return NULL;
	}
	while (isalpha((unsigned char)*at)) {
		at++;
	}
	return at;
}

/* "-5:45": what is to be added to local time for UTC. */
static const char *parse_offset(const char *at, int32_t *ret)
{
	int32_t sign = *at == '-' ? 1 : -1, unit = 3600, sum = 0;

	at += *at == '-' || *at == '+';
	if (!isdigit((unsigned char)*at)) {
		return NULL;
	}
	for (; unit > 0; unit /= 60) {
		int32_t part = 0;

		for (int i = 0; i < 3 && isdigit((unsigned char)*at); i++) {
			part = part * 10 + (*at++ - '0');
		}
		sum += part * unit;
		if (*at != ':') {
			break;
		}
		at++;
	}
	*ret = sign * sum;
	return at;
}

static int add_rule(const char *rule, struct mm_zone_offsets *offsets)
{
	const char *at = skip_name(rule);
	int32_t offset_s = 0;
	int r;

	if (!at || (at = parse_offset(at, &offset_s)) == NULL) {
		return -EBADMSG;
	}
	r = add(offsets, offset_s);
	if (r < 0 || *at == '\0') {
		return r;
	}
	offset_s += 3600; /* where nothing else is said */
	at = skip_name(at);
	if (!at || (*at != '\0' && *at != ',' && parse_offset(at, &offset_s) == NULL)) {
		return -EBADMSG;
	}
	return add(offsets, offset_s);
}

/* What is between two newlines behind the second table. */
static int add_footer(const uint8_t *at, const uint8_t *end, struct mm_zone_offsets *offsets)
{
	char rule[128];
	size_t length = 0;

	if (at == end || *at != '\n') {
		return -EBADMSG;
	}
	for (at++; at < end && *at != '\n' && length < sizeof(rule) - 1; at++) {
		rule[length++] = (char)*at;
	}
	rule[length] = '\0';
	if (at == end || *at != '\n') {
		return -EBADMSG;
	}
	return length > 0 ? add_rule(rule, offsets) : 0;
}

int mm_zone_parse_file(const uint8_t *data, size_t size, int64_t since_s, struct mm_zone_offsets *ret)
{
	struct mm_zone_offsets offsets = {0};
	const uint8_t *end = data + size;
	struct table table;
	int r = parse_table(data, end, 4, &table);
	bool has_second = r == 0 && data[4] >= '2';

	if (has_second) {
		r = parse_table(table.end, end, 8, &table);
	}
	if (r == 0) {
		r = add_types(&table, since_s, &offsets);
	}
	if (r == 0 && has_second) {
		r = add_footer(table.end, end, &offsets);
	}
	if (r == 0) {
		*ret = offsets;
	}
	return r;
}

/* ---- Files ---- */

static const char *directory(void)
{
	const char *said = getenv("TZDIR"); /* as libc */

	return said && *said != '\0' ? said : DIRECTORY;
}

/* A name can't lead out of the directory. */
static bool is_name(const char *name)
{
	return isalpha((unsigned char)*name) && strlen(name) < MM_ZONE_NAME_MAX && !strstr(name, "..") &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_+-.")] == '\0';
}

static int parse_stream(FILE *file, int64_t since_s, struct mm_zone_offsets *ret)
{
	uint8_t *data = malloc(FILE_MAX);
	size_t size = data ? fread(data, 1, FILE_MAX, file) : 0;
	int r = !data ? -ENOMEM : ferror(file) ? -EIO : mm_zone_parse_file(data, size, since_s, ret);

	free(data);
	return r;
}

int mm_zone_file_offsets(const char *name, int64_t since_s, struct mm_zone_offsets *ret, struct mm_error *error)
{
	struct mm_zone_offsets unused;
	char path[PATH_MAX];
	FILE *file;
	int r;

	if (!is_name(name)) {
		return mm_error_set(error, -EINVAL, "is no name of a time zone: one is Europe/Berlin");
	}
	snprintf(path, sizeof(path), "%s/%s", directory(), name);
	file = fopen(path, "re");
	if (!file) {
		r = -errno;
		return r == -ENOENT || r == -ENOTDIR
			       ? mm_error_set(error, -ENOENT,
					      "there is no zone of that name in %s; 'timedatectl list-timezones' "
					      "lists those that there are",
					      directory())
			       : mm_error_set(error, r, "%s: %s", path, strerror(-r));
	}
	r = parse_stream(file, since_s, ret ? ret : &unused);
	fclose(file);
	if (r == -EBADMSG || r == -EIO) {
		return mm_error_set(error, -EBADMSG, "%s is no file of a time zone; 'timedatectl list-timezones' lists the zones",
				    path);
	}
	return r < 0 ? mm_error_set(error, r, "%s: %s", path, strerror(-r)) : 0;
}

/* ---- That of the machine ---- */

static bool copy_name(const char *name, char ret[static MM_ZONE_NAME_MAX])
{
	bool known = is_name(name) && mm_zone_file_offsets(name, 0, NULL, NULL) == 0;

	if (known) {
		strcpy(ret, name);
	}
	return known;
}

/* What the link of localtime leads to: behind ".../zoneinfo/". */
static bool by_link(char ret[static MM_ZONE_NAME_MAX])
{
	static const char before[] = "/zoneinfo/";
	char target[PATH_MAX];
	ssize_t length = readlink(LOCALTIME, target, sizeof(target) - 1);
	const char *name;

	if (length < 0) {
		return false;
	}
	target[length] = '\0';
	name = strstr(target, before);
	return name && copy_name(name + strlen(before), ret);
}

/* Where localtime is a file of its own, Debian says here which. */
static bool by_timezone(char ret[static MM_ZONE_NAME_MAX])
{
	char line[MM_ZONE_NAME_MAX + 1] = "";
	FILE *file = fopen("/etc/timezone", "re");
	bool read = file && fgets(line, sizeof(line), file);

	if (file) {
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';
	return read && copy_name(line, ret);
}

const char *mm_zone_of_system(char ret[static MM_ZONE_NAME_MAX])
{
	const char *tz = getenv("TZ");

	if (tz && copy_name(*tz == ':' ? tz + 1 : tz, ret)) {
		return ret;
	}
	if (access(LOCALTIME, F_OK) < 0) {
		strcpy(ret, "UTC"); /* as libc */
	} else if (!by_link(ret) && !by_timezone(ret)) {
		strcpy(ret, UNNAMED);
	}
	return ret;
}

int mm_zone_enter(const char *name)
{
	if (setenv("TZ", strcmp(name, UNNAMED) == 0 ? ":" LOCALTIME : name, 1) < 0) {
		return -errno;
	}
	tzset();
	return 0;
}
