/* SPDX-License-Identifier: MIT */
#ifndef MM_CONFIG_PRIVATE_H
#define MM_CONFIG_PRIVATE_H

/* What the files of this room share: the tables of keys, and a file on its way from lines to a configuration. */

#include <stdio.h>

#include "base/key.h"
#include "config/config.h"

#define MM_CONFIG_KEYS_MAX 32		     /* of a table */
#define MM_CONFIG_VALUE_MAX MM_LINE_TEXT_MAX /* the longest of them, as it is written */

/*
 * A section's table of keys, ours or of a driver; some sections have several, one after the other. Parts are numbered through all
 * sections that there can be, in the order of a list of settings.
 */
struct mm_config_part {
	const char *kind; /* of the section: "daemon", "front-end", "meter" */
	const char *name; /* the section's own, of front ends, tariffs, rates and meters; empty: it has none */
	const struct mm_key_table *table;
	size_t offset; /* of the struct that the keys are in, in struct mm_config */
	bool there;    /* the configuration has such a section; without one the name is empty and the keys are the same */
};

#define MM_CONFIG_PLAIN_PARTS 4 /* [daemon], [outputs] with its drivers' and [power-fail] */
#define MM_CONFIG_FRONT_END_PARTS (1 + MM_AFE_KEYS_COUNT)
#define MM_CONFIG_PARTS                                                                                                          \
	(MM_CONFIG_PLAIN_PARTS + MM_FRONT_ENDS_MAX * MM_CONFIG_FRONT_END_PARTS + MM_TARIFFS_MAX + MM_RATES_MAX + MM_METERS_MAX)

/* number: below MM_CONFIG_PARTS. */
struct mm_config_part mm_config_part(const struct mm_config *config, size_t number);

/* The first part of a section: of the front end, tariff, rate or meter of that index, which need not be there yet, or of that
 * kind. */
size_t mm_config_part_of_front_end(unsigned index);
size_t mm_config_part_of_tariff(unsigned index);
size_t mm_config_part_of_rate(unsigned index);
size_t mm_config_part_of_meter(unsigned index);

/* The last part of the same section. */
size_t mm_config_last_part(const struct mm_config *config, size_t first);

#define MM_CONFIG_FILES_MAX 32

/* Lines are numbered through all files, each of which has its own from base + 1 on; base is the file itself. 0: not given. */
struct mm_config_reading {
	struct {
		char *name;
		unsigned base;
	} file[MM_CONFIG_FILES_MAX]; /* the configuration and its drop-ins */
	unsigned file_count;
	unsigned file_line; /* of the file being read */
	struct mm_config *config;
	struct mm_config_errors *errors;
	bool alone;	 /* the drop-ins are left out */
	bool checking;	 /* all lines are read */
	unsigned line;	 /* being read */
	const char *bad; /* what was wrong with the form of a line of this file last, which often is so of many; NULL: nothing */
	size_t part, last_part; /* of the section being read, where there is one */
	bool in_section;
	unsigned begun, first_begun;	      /* that section: here, and first in this file; not the same only where it goes on */
	bool section_bad;		      /* nothing in it is looked at: there is an error about the section */
	bool front_end_unread;		      /* so it is with a front end's: meters can be on it */
	unsigned begun_here[MM_CONFIG_PARTS]; /* where sections begin in this file, by their first part */
	unsigned begun_first[MM_CONFIG_PARTS]; /* where they begin first */
	unsigned given[MM_CONFIG_PARTS][MM_CONFIG_KEYS_MAX];
};

/*
 * Adds an error at a line (0: about the file). Where a line could not be read, what follows from that is left out, and so is what
 * was said of the line already.
 */
void mm_config_complain(struct mm_config_reading *reading, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts file and line before each error, once all are there. */
void mm_config_put_places(const struct mm_config_reading *reading);

/* Where the key of a field of reading->config is; 0: it has its default. */
unsigned mm_config_line_of(const struct mm_config_reading *reading, const void *field);

/* Is there a line that could not be read? What it says has its default then, and its error. */
bool mm_config_is_unread(const struct mm_config_reading *reading, unsigned line);

/* Do all CTs of a front end give volts, so that it has no burden? */
bool mm_config_has_no_burden(const struct mm_config *config, unsigned front_end);

/* Reads the lines of the newest of the files. 0 or -errno. */
int mm_config_read_lines(struct mm_config_reading *reading, FILE *file);

/*
 * Reads the file at path (or text, where that is not NULL) and its drop-ins, and checks what they say together. Returns 0 or
 * -errno as mm_config_load(); mm_config_forget() frees what reading has then, but for the errors.
 */
int mm_config_read(const char *path, const char *text, struct mm_config_reading *reading);
void mm_config_forget(struct mm_config_reading *reading);

/* Is it of a front end of that name, whose driver takes none of its keys? */
bool mm_config_is_unused(const struct mm_config *config, const struct mm_config_part *part);

/* Adds a front end with the settings that it has where nobody says otherwise; there must be room. name: of 63 characters at most.
 */
void mm_config_add_front_end(struct mm_config *config, const char *name);

/* The front end of that name, or NULL. */
const struct mm_config_front_end *mm_config_find_front_end(const struct mm_config *config, const char *name);

/* A section as it is written, "meter flat 1". Returns ret. */
#define MM_CONFIG_SECTION_MAX (MM_NAME_MAX + 16)
const char *mm_config_section(const struct mm_config_part *part, char ret[static MM_CONFIG_SECTION_MAX]);
const char *mm_config_section_of(const struct mm_config_front_end *front_end, char ret[static MM_CONFIG_SECTION_MAX]);

/* Room for where a line is, as people say it. */
#define MM_CONFIG_PLACE_MAX MM_ERROR_TEXT_MAX

/* "FILE:7", or "FILE" where the line is none. Returns ret. */
const char *mm_config_place(const struct mm_config_reading *reading, unsigned line, char ret[static MM_CONFIG_PLACE_MAX]);
/* The same in an error at another line: "line 7" where that is in the same file. */
const char *mm_config_place_from(const struct mm_config_reading *reading, unsigned from, unsigned line,
				 char ret[static MM_CONFIG_PLACE_MAX]);

/* Makes a generic meter's model of its keys; complains of keys that are missing, or that a Mini Meter's number says already. */
void mm_config_settle_model(struct mm_config_reading *reading, struct mm_config_meter *meter);

/* Fills in the machine's time zone where none is given; complains of intervals that do not fit into the days of the zone. */
void mm_config_settle_zone(struct mm_config_reading *reading);

/* The tables of tariff.c, whose keys are in struct mm_config_tariff and mm_config_rate. */
extern const struct mm_key_table mm_config_tariff_keys, mm_config_rate_keys;

/* Makes the terms of all tariffs; complains of what their sections and their meters say wrong. */
void mm_config_check_tariffs(struct mm_config_reading *reading);

/* What keys must say together, each of them being right by itself. */
void mm_config_check(struct mm_config_reading *reading);

/* Do two paths lead to one file, which need not be there yet? */
bool mm_config_same_file(const char *a, const char *b);

#endif
