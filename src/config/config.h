/* SPDX-License-Identifier: MIT */
#ifndef MM_CONFIG_CONFIG_H
#define MM_CONFIG_CONFIG_H

/*
 * The configuration file. Tables say every key with its type, default and range: config.c has the daemon's own, drivers bring
 * theirs; minimeter.conf(5) explains them.
 */

#include <stdio.h>

#include "afe/drivers.h"
#include "base/error.h"
#include "billing/cost.h"
#include "config/tariff_text.h"
#include "core/generic.h"
#include "core/pulse.h"
#include "outputs/drivers.h"

#define MM_METERS_MAX 16
#define MM_FRONT_ENDS_MAX 8
#define MM_NAME_MAX 64
#define MM_TARIFFS_MAX 8
#define MM_RATES_MAX (MM_TARIFFS_MAX * MM_TARIFF_RATES_MAX)
#define MM_TARIFF_NAME_MAX 16 /* names of a tariff and of its rate fit in the longest header of a section that can be read */
#define MM_RATE_NAME_MAX 24
#define MM_PATH_LEN_MAX 108 /* what fits a Unix socket address, NUL included */
#define MM_COPY_SUFFIX ".copy"
#define MM_COPY_LEN_MAX (MM_PATH_LEN_MAX + sizeof(MM_COPY_SUFFIX) - 1) /* beside any register */
#define MM_LINE_TEXT_MAX 160					       /* names of chip and line, and all options */
#define MM_CT_SETS_MAX 3 /* manual, FAQ: up to three CT sets in parallel on one meter */

struct mm_config_front_end {
	char name[MM_NAME_MAX]; /* empty: that of [front-end] */
	char driver[MM_NAME_MAX];
	struct mm_afe_settings afe;
	char unused[256]; /* keys that were given and that the driver does not take: "mclk_hz, osr"; empty: none */
};

#define MM_CONFIG_LINES 4						  /* of holidays, and of the times of a rate */
#define MM_CONFIG_HOLIDAYS_MAX (MM_TARIFF_HOLIDAYS_MAX / MM_CONFIG_LINES) /* in a line */

/* What a meter's energy is billed by: made of the sections of its tariff. */
struct mm_config_terms {
	char name[MM_TARIFF_NAME_MAX];	    /* empty: no tariff; then there is one rate */
	char currency[MM_CURRENCY_LEN + 1]; /* empty: no prices */
	struct {
		char name[MM_RATE_NAME_MAX];
		bool has_price; /* all rates, or none */
		int64_t price;	/* mm_cost() */
	} rate[MM_TARIFF_RATES_MAX];
	struct mm_tariff tariff;
	int demand_s; /* 0: of each interval by itself */
	bool sliding;
};

struct mm_config_tariff {
	char name[MM_NAME_MAX];
	char currency[MM_CURRENCY_LEN + 1];
	int16_t summer_first, summer_last;  /* as in a rule */
	char summer_text[MM_LINE_TEXT_MAX]; /* as written, for people; empty: none */
	struct mm_config_holidays {
		unsigned count;
		struct mm_holiday holiday[MM_CONFIG_HOLIDAYS_MAX];
	} holidays[MM_CONFIG_LINES];
	char holidays_text[MM_CONFIG_LINES][MM_LINE_TEXT_MAX];
	int demand_min; /* 0: not given */
	char demand[MM_NAME_MAX];
	struct mm_config_terms terms;
};

struct mm_config_rate {
	char name[MM_NAME_MAX]; /* of the tariff, a blank, its own */
	int64_t price;
	char price_text[MM_MONEY_TEXT_MAX]; /* as written; empty: none */
	struct mm_config_rule when[MM_CONFIG_LINES];
	char when_text[MM_CONFIG_LINES][MM_LINE_TEXT_MAX]; /* empty: none */
};

struct mm_config_meter {
	char name[MM_NAME_MAX];
	char serial[MM_NAME_MAX];
	struct mm_model model;			 /* elements 0: not given yet */
	bool is_generic;			 /* it is made of */
	struct mm_generic generic;		 /* what its keys say */
	char chip[MM_ELEMENTS_MAX][MM_NAME_MAX]; /* the front end that each element names; empty: the one without a name */
	unsigned front_end;			 /* the one that all elements are on */
	int phase[MM_ELEMENTS_MAX];		 /* of the front end: 0 = A ...; -1: not given */
	bool generates[MM_ELEMENTS_MAX];	 /* power may flow backwards there */
	int ct_sets;
	double multiplier;	  /* of energy and power */
	char tariff[MM_NAME_MAX]; /* empty: none */
	struct mm_line_spec line[MM_OUTPUT_COUNT];
	char line_text[MM_OUTPUT_COUNT][MM_LINE_TEXT_MAX]; /* as written, for people; empty: none */
	char lcd[MM_PATH_LEN_MAX];			   /* empty: none */
};

struct mm_config {
	char socket[MM_PATH_LEN_MAX];
	char admin_socket[MM_PATH_LEN_MAX];
	char register_path[MM_PATH_LEN_MAX];
	char copy_path[MM_COPY_LEN_MAX]; /* empty: beside the register; "none" */
	char clock[MM_NAME_MAX];
	char time_zone[MM_NAME_MAX]; /* a name of the IANA database, or as mm_zone_of_system() */
	double commit_wh;	     /* at most this may be lost */
	double database_wh;	     /* and this be in the copy only */
	int commit_interval_s;
	int backup_interval_h; /* 0: never */
	int profile_interval_min;
	int clients_max;
	int idle_timeout_s;
	unsigned front_end_count; /* 1 or more */
	struct mm_config_front_end front_end[MM_FRONT_ENDS_MAX];
	char outputs_driver[MM_NAME_MAX];
	struct mm_outputs_settings outputs;
	struct mm_line_spec power_fail;		/* active: the supply fails */
	char power_fail_text[MM_LINE_TEXT_MAX]; /* as written, for people; empty: none */
	int power_fail_debounce_ms;
	unsigned tariff_count;
	struct mm_config_tariff tariff[MM_TARIFFS_MAX];
	unsigned rate_count;
	struct mm_config_rate rate[MM_RATES_MAX];
	unsigned meter_count;
	struct mm_config_meter meter[MM_METERS_MAX];
};

/* What is wrong with a file: all of it, in the order of its lines. It begins empty ({0}). */
#define MM_CONFIG_ERRORS_MAX 32

struct mm_config_errors {
	unsigned count;
	bool more; /* than are here */
	struct mm_config_error {
		unsigned line;		      /* 0: of no line */
		bool unread;		      /* that line could not be read */
		char text[MM_ERROR_TEXT_MAX]; /* for people: file and line, which field, and what would be right */
	} error[MM_CONFIG_ERRORS_MAX];
};

/*
 * Reads the file at path and then its drop-ins, the files *.conf in the directory path.d in the order of their names: where more
 * than one of them gives a key, the last one counts. Checks it all. Returns 0 with *ret for free(3), or -errno with one error or
 * more.
 */
int mm_config_load(const char *path, struct mm_config_errors *errors, struct mm_config **ret);

/* The same of a text that is still to become the file at path, beside the drop-ins that are there already. */
int mm_config_load_text(const char *path, const char *text, struct mm_config_errors *errors, struct mm_config **ret);

/*
 * What is in force otherwise than such a text says, from a drop-in: keys that it gives, keys of its meters that it leaves out,
 * and meters that it does not have. The texts of errors say which, and where. 1: there is something, 0: nothing, -errno as above.
 */
int mm_config_overridden(const char *path, const char *text, struct mm_config_errors *errors);

/* Has somebody decided on this key of the text? meter: the number of its meter there; -1: it is of a section of the tables. */
typedef bool mm_config_decided_fn(void *userdata, const char *section, int meter, const char *key);

/*
 * What the file at path says, without its drop-ins, and what such a text in its place would say otherwise though nobody has
 * decided on that key: meters that it leaves out too. A meter is known by its name, or else by its serial number. Results as
 * above; a file that is not there says nothing.
 */
int mm_config_lost(const char *path, const char *text, mm_config_decided_fn *decided, void *userdata,
		   struct mm_config_errors *errors);

/*
 * The same as mm_config_load(), but writes the settings in force as a configuration that would be read as the same ones, each
 * with the file and line that it is from as a comment. Defaults too; without keys that the chip does not take, a burden that no
 * CT has, and outputs that have no line.
 */
int mm_config_print(const char *path, FILE *to, struct mm_config_errors *errors);

/* What a meter is billed by; where it has no tariff, one rate without a name or price. Valid as long as the configuration. */
const struct mm_config_terms *mm_config_terms(const struct mm_config *config, unsigned meter);

/* Where the register's second copy is: in copy_path, or in ret, beside the register. NULL: there is none. */
const char *mm_config_copy(const struct mm_config *config, char ret[static MM_COPY_LEN_MAX]);

/*
 * Takes over from newer what can change while the daemon runs. Names of the other keys that differ are listed in ignored (size
 * bytes, separated by ", "; empty: none).
 */
void mm_config_reload(struct mm_config *config, const struct mm_config *newer, char *ignored, size_t size);

/* Does a front end have keys that its driver does not take? Then ret says which. */
bool mm_config_has_unused(const struct mm_config_front_end *front_end, struct mm_error *ret);

/* Calls fn with every setting, defaults too, and its value as in the file: "daemon.commit_wh", "meter flat 1.serial", ... */
void mm_config_each(const struct mm_config *config, void (*fn)(void *userdata, const char *name, const char *value),
		    void *userdata);

#endif
