/* SPDX-License-Identifier: MIT */
/* The configuration as a table: reading, range checks and reloading all go by it. */
#include "config/config.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "core/units.h"

struct key;

/* Reads value into field; -EINVAL with what is wrong in words. */
typedef int (*parse_fn)(const struct key *key, const char *value, void *field, struct mm_error *error);

struct key {
	const char *section; /* "meter" stands for every [meter NAME] */
	const char *name;
	parse_fn parse;
	size_t offset; /* in struct mm_config, or in struct mm_config_meter */
	size_t size;
	const char *initial; /* NULL: none */
	double min, max;     /* numbers only */
	const char *choices; /* words only, separated by '|' */
	bool live;	     /* can change while the daemon runs */
};

static int parse_text(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	if (strlen(value) >= key->size) {
		return mm_error_set(error, -EINVAL, "is longer than %zu characters", key->size - 1);
	}
	strcpy(field, value);
	return 0;
}

static int parse_path(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	if (value[0] != '/') {
		return mm_error_set(error, -EINVAL, "must be an absolute path");
	}
	return parse_text(key, value, field, error);
}

static int parse_path_or_none(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	if (strcmp(value, "none") != 0 && value[0] != '/') {
		return mm_error_set(error, -EINVAL, "must be an absolute path, or none");
	}
	return parse_text(key, value, field, error);
}

static int parse_word(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	size_t length = strlen(value);

	for (const char *p = key->choices; length > 0; p++) {
		size_t n = strcspn(p, "|");

		if (n == length && memcmp(p, value, n) == 0) {
			return parse_text(key, value, field, error);
		}
		p += n;
		if (*p == '\0') {
			break;
		}
	}
	return mm_error_set(error, -EINVAL, "must be one of %s", key->choices);
}

static int out_of_range(const struct key *key, struct mm_error *error)
{
	return mm_error_set(error, -EINVAL, "must be a number from %g to %g", key->min, key->max);
}

static int parse_double(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	char *end;
	double number = strtod(value, &end);

	if (end == value || *end != '\0' || !isfinite(number) || number < key->min || number > key->max) {
		return out_of_range(key, error);
	}
	*(double *)field = number;
	return 0;
}

static int parse_int(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	double number;

	if (parse_double(key, value, &number, error) < 0) {
		return -EINVAL;
	}
	if (number != floor(number)) {
		return mm_error_set(error, -EINVAL, "must be a whole number from %g to %g", key->min, key->max);
	}
	*(int *)field = (int)number;
	return 0;
}

/* A doubling of the least. */
static int parse_ratio(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	int number = 0, doubled = (int)key->min;

	if (parse_int(key, value, &number, error) < 0) {
		return -EINVAL;
	}
	while (doubled < number) {
		doubled *= 2;
	}
	if (doubled != number) {
		return mm_error_set(error, -EINVAL, "must be %g, %g, %g ... %g", key->min, 2 * key->min, 4 * key->min, key->max);
	}
	*(int *)field = number;
	return 0;
}

static int parse_interval(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	int minutes = 0;

	if (parse_int(key, value, &minutes, error) < 0) {
		return -EINVAL;
	}
	if (60 % minutes != 0) {
		return mm_error_set(error, -EINVAL, "must divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60");
	}
	*(int *)field = minutes;
	return 0;
}

static int parse_model(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	struct mm_model_error wrong;

	(void)key;
	if (mm_model_parse(value, field, &wrong) < 0) {
		return mm_error_set(error, -EINVAL, "is no model number: %s: %s", wrong.field, wrong.reason);
	}
	return 0;
}

static int parse_phase(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	(void)key;
	if (strlen(value) != 1 || value[0] < 'A' || value[0] > 'C') {
		return mm_error_set(error, -EINVAL, "must be a phase of the front end: A, B or C");
	}
	*(int *)field = value[0] - 'A';
	return 0;
}

/* Keys of [meter NAME] that name a line: the key table has them one by one, in the order of enum mm_output. */
static int parse_line(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	struct mm_config_meter *meter = field;
	enum mm_output output = (enum mm_output)key->offset;
	const char *reason;

	if (mm_line_spec_parse(value, &meter->line[output], &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no output line: %s", reason);
	}
	snprintf(meter->line_text[output], sizeof(meter->line_text[output]), "%s", value);
	return 0;
}

static int parse_input(const struct key *key, const char *value, void *field, struct mm_error *error)
{
	struct mm_line_spec spec;
	const char *reason;

	(void)key;
	if (mm_line_spec_parse(value, &spec, &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no line: %s", reason);
	}
	if (spec.drive != MM_DRIVE_PUSH_PULL) {
		return mm_error_set(error, -EINVAL, "is an input: active-low is the only option it takes");
	}
	*(struct mm_line_spec *)field = spec;
	return 0;
}

#define FRONT_ENDS "ade9000|mcp3910|mcp3911|mcp3912|mcp3913|mcp3914|mcp3919|ads131e04|ads131e06|ads131e08"

#define FIELD(member) offsetof(struct mm_config, member), sizeof(((struct mm_config *)NULL)->member)
#define METER_FIELD(member) offsetof(struct mm_config_meter, member), sizeof(((struct mm_config_meter *)NULL)->member)
#define METER_LINE(output) (output), 0

static const struct key keys[] = {
	{"daemon", "socket", parse_path, FIELD(socket), "/run/minimeter/minimeter.sock", 0, 0, NULL, false},
	{"daemon", "admin_socket", parse_path, FIELD(admin_socket), "/run/minimeter/admin.sock", 0, 0, NULL, false},
	{"daemon", "register", parse_path, FIELD(register_path), "/var/lib/minimeter/register.db", 0, 0, NULL, false},
	{"daemon", "copy", parse_path_or_none, FIELD(copy_path), NULL, 0, 0, NULL, false},
	{"daemon", "clock", parse_word, FIELD(clock), "system", 0, 0, "system|board", false},
	{"daemon", "commit_wh", parse_double, FIELD(commit_wh), "8", 1, 10, NULL, true},
	{"daemon", "database_wh", parse_double, FIELD(database_wh), "250", 1, 10000, NULL, true},
	{"daemon", "commit_interval_s", parse_int, FIELD(commit_interval_s), "300", 1, 3600, NULL, true},
	{"daemon", "backup_interval_h", parse_int, FIELD(backup_interval_h), "24", 0, 720, NULL, true},
	{"daemon", "profile_interval_min", parse_interval, FIELD(profile_interval_min), "15", 1, 60, NULL, false},
	{"daemon", "clients_max", parse_int, FIELD(clients_max), "32", 1, 256, NULL, true},
	{"daemon", "idle_timeout_s", parse_int, FIELD(idle_timeout_s), "60", 1, 3600, NULL, true},
	{"front-end", "driver", parse_word, FIELD(front_end_driver), "ade9000", 0, 0, FRONT_ENDS, false},
	{"front-end", "uri", parse_text, FIELD(front_end_uri), "local:", 0, 0, NULL, false},
	{"front-end", "device", parse_text, FIELD(front_end_device), "", 0, 0, NULL, false},
	{"front-end", "voltage_divider", parse_double, FIELD(voltage_divider), "1001", 1, 1e5, NULL, false},
	{"front-end", "burden_ohm", parse_double, FIELD(burden_ohm), "5.1", 0.01, 1e4, NULL, false},
	{"front-end", "mclk_hz", parse_double, FIELD(mclk_hz), "4000000", 1e6, 2e7, NULL, false},
	{"front-end", "osr", parse_ratio, FIELD(osr), "256", 32, 4096, NULL, false},
	{"front-end", "sample_rate", parse_ratio, FIELD(sample_rate), "4000", 2000, 16000, NULL, false},
	{"front-end", "voltage_channel_a", parse_int, FIELD(voltage_channel[0]), "1", 0, 7, NULL, false},
	{"front-end", "voltage_channel_b", parse_int, FIELD(voltage_channel[1]), "3", 0, 7, NULL, false},
	{"front-end", "voltage_channel_c", parse_int, FIELD(voltage_channel[2]), "5", 0, 7, NULL, false},
	{"front-end", "current_channel_a", parse_int, FIELD(current_channel[0]), "0", 0, 7, NULL, false},
	{"front-end", "current_channel_b", parse_int, FIELD(current_channel[1]), "2", 0, 7, NULL, false},
	{"front-end", "current_channel_c", parse_int, FIELD(current_channel[2]), "4", 0, 7, NULL, false},
	{"front-end", "phase_deg_a", parse_double, FIELD(phase_deg[0]), "0", -10, 10, NULL, false},
	{"front-end", "phase_deg_b", parse_double, FIELD(phase_deg[1]), "0", -10, 10, NULL, false},
	{"front-end", "phase_deg_c", parse_double, FIELD(phase_deg[2]), "0", -10, 10, NULL, false},
	{"outputs", "driver", parse_word, FIELD(outputs_driver), "gpiod", 0, 0, "gpiod|trace|none", false},
	{"outputs", "trace", parse_path, FIELD(trace), "/run/minimeter/edges.log", 0, 0, NULL, false},
	{"power-fail", "line", parse_input, FIELD(power_fail), NULL, 0, 0, NULL, false},
	{"power-fail", "debounce_ms", parse_int, FIELD(power_fail_debounce_ms), "2", 1, 1000, NULL, false},
	{"meter", "model", parse_model, METER_FIELD(model), NULL, 0, 0, NULL, false},
	{"meter", "serial", parse_text, METER_FIELD(serial), NULL, 0, 0, NULL, false},
	{"meter", "element1", parse_phase, METER_FIELD(phase[0]), NULL, 0, 0, NULL, false},
	{"meter", "element2", parse_phase, METER_FIELD(phase[1]), NULL, 0, 0, NULL, false},
	{"meter", "ct_sets", parse_int, METER_FIELD(ct_sets), NULL, 1, MM_CT_SETS_MAX, NULL, false},
	{"meter", "output_10", parse_line, METER_LINE(MM_OUTPUT_10), NULL, 0, 0, NULL, false},
	{"meter", "output_100", parse_line, METER_LINE(MM_OUTPUT_100), NULL, 0, 0, NULL, false},
	{"meter", "output_1000", parse_line, METER_LINE(MM_OUTPUT_1000), NULL, 0, 0, NULL, false},
	{"meter", "counter", parse_line, METER_LINE(MM_OUTPUT_COUNTER), NULL, 0, 0, NULL, false},
	{"meter", "led_load", parse_line, METER_LINE(MM_OUTPUT_LED_LOAD), NULL, 0, 0, NULL, false},
	{"meter", "led_power", parse_line, METER_LINE(MM_OUTPUT_LED_POWER), NULL, 0, 0, NULL, false},
	{"meter", "led_reverse", parse_line, METER_LINE(MM_OUTPUT_LED_REVERSE), NULL, 0, 0, NULL, false},
	{"meter", "lcd", parse_path, METER_FIELD(lcd), NULL, 0, 0, NULL, false},
};

#define KEY_COUNT COUNT_OF(keys)

struct loading {
	struct mm_config *config;
	uint64_t seen;			    /* bits: keys of the plain sections that were given */
	uint64_t meter_seen[MM_METERS_MAX]; /* and of each meter */
	struct mm_error complaint;	    /* the first; empty: none */
};

_Static_assert(KEY_COUNT <= 64, "the bits of struct loading");

/* The meter of a section "meter NAME": found or added; NULL after a complaint. */
static struct mm_config_meter *section_meter(struct loading *loading, const char *name)
{
	struct mm_config *config = loading->config;
	struct mm_config_meter *meter;

	for (unsigned i = 0; i < config->meter_count; i++) {
		if (strcmp(config->meter[i].name, name) == 0) {
			return &config->meter[i];
		}
	}
	if (name[0] == '\0' || strlen(name) >= MM_NAME_MAX) {
		(void)mm_error_set(&loading->complaint, -EINVAL, "a meter's name has 1 to %d characters: [meter NAME]",
				   MM_NAME_MAX - 1);
		return NULL;
	}
	if (config->meter_count == MM_METERS_MAX) {
		(void)mm_error_set(&loading->complaint, -EINVAL, "more than %d meters", MM_METERS_MAX);
		return NULL;
	}
	meter = &config->meter[config->meter_count++];
	strcpy(meter->name, name);
	meter->phase[0] = meter->phase[1] = -1;
	meter->ct_sets = 1;
	return meter;
}

static const struct key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0) {
			return &keys[i];
		}
	}
	return NULL;
}

/* inih calls this for every key; 0 makes it remember the line. Only the first complaint counts. */
static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct loading *loading = userdata;
	struct mm_config_meter *meter = NULL;
	uint64_t *seen = &loading->seen;
	const struct key *key;
	struct mm_error wrong;
	uint64_t bit;
	char *field;

	if (loading->complaint.text[0] != '\0') {
		return 1;
	}
	if (strncmp(section, "meter ", 6) == 0) {
		meter = section_meter(loading, section + 6 + strspn(section + 6, " "));
		if (!meter) {
			return 0;
		}
		seen = &loading->meter_seen[meter - loading->config->meter];
	}
	key = find_key(meter ? "meter" : section, name);
	if (!key || (!meter && strcmp(key->section, "meter") == 0)) {
		(void)mm_error_set(&loading->complaint, -EINVAL,
				   "unknown key \"%.40s\" in section [%.40s]; minimeter.conf(5) lists them", name, section);
		return 0;
	}
	bit = UINT64_C(1) << (key - keys);
	if (*seen & bit) {
		(void)mm_error_set(&loading->complaint, -EINVAL, "%s is given twice (or the line after it is indented)", name);
		return 0;
	}
	*seen |= bit;
	field = key->parse == parse_line ? (char *)meter : (meter ? (char *)meter : (char *)loading->config) + key->offset;
	if (key->parse(key, value, field, &wrong) < 0) {
		(void)mm_error_set(&loading->complaint, -EINVAL, "%s = %.60s: %s", name, value, wrong.text);
		return 0;
	}
	return 1;
}

static void set_defaults(struct mm_config *config)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].initial) {
			(void)keys[i].parse(&keys[i], keys[i].initial, (char *)config + keys[i].offset, NULL);
		}
	}
}

/* What the whole file must say, each line of it being right. */
static int check_all(const struct mm_config *config, struct mm_error *error)
{
	if (config->meter_count == 0) {
		return mm_error_set(error, -EINVAL, "no meter: add a section [meter NAME] with model, serial and element1");
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		struct mm_error wrong;

		if (mm_config_check_meter(config, &config->meter[i], &wrong) < 0) {
			return mm_error_set(error, -EINVAL, "[meter %s]: %s", config->meter[i].name, wrong.text);
		}
	}
	return 0;
}

static int read_file(const char *path, struct loading *loading, struct mm_error *error)
{
	FILE *file = fopen(path, "re");
	bool unreadable;
	int line, r;

	if (!file) {
		r = -errno;
		return mm_error_set(error, r, "%s: %s", path, strerror(-r));
	}
	line = ini_parse_file(file, on_key, loading);
	unreadable = ferror(file);
	fclose(file);
	if (unreadable) {
		return mm_error_set(error, -EINVAL, "%s: cannot be read", path);
	}
	if (line != 0 && loading->complaint.text[0] == '\0') {
		(void)mm_error_set(&loading->complaint, -EINVAL,
				   "is neither [section] nor key = value (lines have at most 200 characters)");
	}
	return line != 0 ? mm_error_set(error, -EINVAL, "%s:%d: %s", path, line, loading->complaint.text) : 0;
}

int mm_config_load(const char *path, struct mm_error *error, struct mm_config **ret)
{
	struct loading loading = {.config = calloc(1, sizeof(*loading.config))};
	struct mm_error wrong;
	int r;

	if (!loading.config) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	set_defaults(loading.config);
	r = read_file(path, &loading, error);
	if (r == 0 && check_all(loading.config, &wrong) < 0) {
		r = mm_error_set(error, -EINVAL, "%s: %s", path, wrong.text);
	}
	if (r < 0) {
		free(loading.config);
		return r;
	}
	*ret = loading.config;
	return 0;
}

static void list_ignored(char *ignored, size_t size, const char *name)
{
	size_t used = strlen(ignored);

	snprintf(ignored + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

void mm_config_reload(struct mm_config *config, const struct mm_config *newer, char *ignored, size_t size)
{
	ignored[0] = '\0';
	for (size_t i = 0; i < KEY_COUNT && strcmp(keys[i].section, "meter") != 0; i++) {
		char *mine = (char *)config + keys[i].offset;
		const char *theirs = (const char *)newer + keys[i].offset;

		if (keys[i].live) {
			memcpy(mine, theirs, keys[i].size);
		} else if (memcmp(mine, theirs, keys[i].size) != 0) {
			list_ignored(ignored, size, keys[i].name);
		}
	}
	if (config->meter_count != newer->meter_count || memcmp(config->meter, newer->meter, sizeof(config->meter)) != 0) {
		list_ignored(ignored, size, "[meter] sections");
	}
}

/* The value of a key as its parser would read it. */
static void show(const struct key *key, const void *base, char *ret, size_t size)
{
	const void *field = (const char *)base + key->offset;

	if (key->parse == parse_double) {
		snprintf(ret, size, "%.15g", *(const double *)field);
	} else if (key->parse == parse_int || key->parse == parse_interval) {
		snprintf(ret, size, "%d", *(const int *)field);
	} else if (key->parse == parse_model) {
		snprintf(ret, size, "%s", ((const struct mm_model *)field)->canonical);
	} else if (key->parse == parse_phase) {
		int phase = *(const int *)field;

		snprintf(ret, size, "%.*s", phase >= 0, &"ABC"[phase >= 0 ? phase : 0]);
	} else if (key->parse == parse_line) {
		snprintf(ret, size, "%s", ((const struct mm_config_meter *)base)->line_text[key->offset]);
	} else {
		snprintf(ret, size, "%s", (const char *)field);
	}
}

void mm_config_each(const struct mm_config *config, void (*fn)(void *userdata, const char *name, const char *value),
		    void *userdata)
{
	char name[MM_NAME_MAX + 64], value[MM_PATH_LEN_MAX];

	for (size_t i = 0; i < KEY_COUNT; i++) {
		bool of_meter = strcmp(keys[i].section, "meter") == 0;

		for (unsigned m = 0; m < (of_meter ? config->meter_count : 1); m++) {
			const struct mm_config_meter *meter = &config->meter[m];

			snprintf(name, sizeof(name), "%s%s%s.%s", keys[i].section, of_meter ? " " : "",
				 of_meter ? meter->name : "", keys[i].name);
			show(&keys[i], of_meter ? (const void *)meter : config, value, sizeof(value));
			fn(userdata, name, value);
		}
	}
}
