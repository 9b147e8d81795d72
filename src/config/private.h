/* SPDX-License-Identifier: MIT */
#ifndef MM_CONFIG_PRIVATE_H
#define MM_CONFIG_PRIVATE_H

/* What the files of this room share: the tables of keys, and a file on its way from lines to a configuration. */

#include "base/key.h"
#include "config/config.h"

#define MM_CONFIG_SECTIONS 9
#define MM_CONFIG_KEYS_MAX 32 /* of a table */

/* Every table of keys, in the order of a list of settings: ours, and those that drivers bring. */
struct mm_config_section {
	const char *name;
	const struct mm_key_table *table;
	size_t offset; /* of the struct that its keys are in, in struct mm_config */
};

extern const struct mm_config_section mm_config_sections[MM_CONFIG_SECTIONS];
extern const struct mm_key_table mm_config_meter_keys; /* of struct mm_config_meter */

/* Lines are numbered from 1; 0: not given. */
struct mm_config_reading {
	struct mm_config *config;
	struct mm_config_errors *errors;
	bool checking;		       /* all lines are read */
	unsigned line;		       /* being read */
	const char *section;	       /* being read, by its name in the tables; NULL: none, or none that is known */
	struct mm_config_meter *meter; /* being read; NULL: none */
	unsigned begun, first_begun;   /* that section: here, and first; the lines are the same but where it goes on */
	bool section_bad;	       /* nothing in it is looked at: there is an error about the section */
	unsigned section_line[MM_CONFIG_SECTIONS], meter_line[MM_METERS_MAX];
	unsigned given[MM_CONFIG_SECTIONS][MM_CONFIG_KEYS_MAX], meter_given[MM_METERS_MAX][MM_CONFIG_KEYS_MAX];
};

/* Adds a name to a list of them, "a, b", of size bytes; what does not fit is cut. */
void mm_config_list(char *names, size_t size, const char *name);

/*
 * Adds an error at a line (0: about the file). Where a line could not be read, what follows from that is left out, and so is what
 * another line said already.
 */
void mm_config_complain(struct mm_config_reading *reading, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Where the key of a field of reading->config is; 0: it has its default. */
unsigned mm_config_line_of(const struct mm_config_reading *reading, const void *field);

/* What keys must say together, each of them being right by itself. */
void mm_config_check(struct mm_config_reading *reading);

/* Do two paths lead to one file, which need not be there yet? */
bool mm_config_same_file(const char *a, const char *b);

#endif
