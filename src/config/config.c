/* SPDX-License-Identifier: MIT */
/* The configuration by tables of keys: reading, range checks, reloading and listing all go by them. */
#include "config/config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/ini.h"
#include "base/key.h"
#include "core/units.h"

static int parse_interval(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	int minutes = 0;

	if (mm_key_parse_whole(key, value, &minutes, error) < 0) {
		return -EINVAL;
	}
	if (60 % minutes != 0) {
		return mm_error_set(error, -EINVAL, "must divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60");
	}
	((struct mm_config *)settings)->profile_interval_min = minutes;
	return 0;
}

static void format_interval(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	(void)key;
	snprintf(ret, size, "%d", ((const struct mm_config *)settings)->profile_interval_min);
}

static int parse_model(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_model_error wrong;

	(void)key;
	if (mm_model_parse(value, &((struct mm_config_meter *)settings)->model, &wrong) < 0) {
		return mm_error_set(error, -EINVAL, "is no model number: %s: %s", wrong.field, wrong.reason);
	}
	return 0;
}

static void format_model(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	(void)key;
	snprintf(ret, size, "%s", ((const struct mm_config_meter *)settings)->model.canonical);
}

static int parse_phase(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	if (strlen(value) != 1 || value[0] < 'A' || value[0] > 'C') {
		return mm_error_set(error, -EINVAL, "must be a phase of the front end: A, B or C");
	}
	*(int *)((char *)settings + key->offset) = value[0] - 'A';
	return 0;
}

static void format_phase(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	int phase = *(const int *)((const char *)settings + key->offset);

	snprintf(ret, size, "%.*s", phase >= 0, &"ABC"[phase >= 0 ? phase : 0]);
}

static enum mm_output output_of(const struct mm_key *key)
{
	return (enum mm_output)((key->offset - offsetof(struct mm_config_meter, line)) / sizeof(struct mm_line_spec));
}

static int parse_line(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_meter *meter = settings;
	enum mm_output output = output_of(key);
	const char *reason;

	if (mm_line_spec_parse(value, &meter->line[output], &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no output line: %s", reason);
	}
	snprintf(meter->line_text[output], sizeof(meter->line_text[output]), "%s", value);
	return 0;
}

static void format_line(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	snprintf(ret, size, "%s", ((const struct mm_config_meter *)settings)->line_text[output_of(key)]);
}

static int parse_input(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config *config = settings;
	struct mm_line_spec spec;
	const char *reason;

	(void)key;
	if (mm_line_spec_parse(value, &spec, &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no line: %s", reason);
	}
	if (spec.drive != MM_DRIVE_PUSH_PULL) {
		return mm_error_set(error, -EINVAL, "is an input: active-low is the only option it takes");
	}
	config->power_fail = spec;
	snprintf(config->power_fail_text, sizeof(config->power_fail_text), "%s", value);
	return 0;
}

static void format_input(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	(void)key;
	snprintf(ret, size, "%s", ((const struct mm_config *)settings)->power_fail_text);
}

static const struct mm_key_type interval_key = {parse_interval, format_interval}, model_key = {parse_model, format_model},
				phase_key = {parse_phase, format_phase}, line_key = {parse_line, format_line},
				input_key = {parse_input, format_input};

static const char *clock_name(size_t index)
{
	static const char *const names[] = {"system", "board"};

	return index < COUNT_OF(names) ? names[index] : NULL;
}

#define FIELD(member) MM_KEY_FIELD(struct mm_config, member)
#define METER_FIELD(member) MM_KEY_FIELD(struct mm_config_meter, member)

static const struct mm_key daemon_keys[] = {
	{"socket", &mm_key_path, FIELD(socket), .initial = "/run/minimeter/minimeter.sock"},
	{"admin_socket", &mm_key_path, FIELD(admin_socket), .initial = "/run/minimeter/admin.sock"},
	{"register", &mm_key_path, FIELD(register_path), .initial = "/var/lib/minimeter/register.db"},
	{"copy", &mm_key_path_or_none, FIELD(copy_path), .initial = NULL},
	{"clock", &mm_key_word, FIELD(clock), .initial = "system", .word = clock_name},
	{"commit_wh", &mm_key_number, FIELD(commit_wh), MM_KEY_RANGE("8", 1, 10), .live = true},
	{"database_wh", &mm_key_number, FIELD(database_wh), MM_KEY_RANGE("250", 1, 10000), .live = true},
	{"commit_interval_s", &mm_key_whole, FIELD(commit_interval_s), MM_KEY_RANGE("300", 1, 3600), .live = true},
	{"backup_interval_h", &mm_key_whole, FIELD(backup_interval_h), MM_KEY_RANGE("24", 0, 720), .live = true},
	{"profile_interval_min", &interval_key, FIELD(profile_interval_min), MM_KEY_RANGE("15", 1, 60)},
	{"clients_max", &mm_key_whole, FIELD(clients_max), MM_KEY_RANGE("32", 1, 256), .live = true},
	{"idle_timeout_s", &mm_key_whole, FIELD(idle_timeout_s), MM_KEY_RANGE("60", 1, 3600), .live = true},
};

static const struct mm_key front_end_keys[] = {
	{"driver", &mm_key_word, FIELD(front_end_driver), .initial = "ade9000", .word = mm_afe_driver_name},
};

static const struct mm_key outputs_keys[] = {
	{"driver", &mm_key_word, FIELD(outputs_driver), .initial = "gpiod", .word = mm_outputs_driver_name},
};

static const struct mm_key power_fail_keys[] = {
	{"line", &input_key, FIELD(power_fail), .initial = NULL},
	{"debounce_ms", &mm_key_whole, FIELD(power_fail_debounce_ms), MM_KEY_RANGE("2", 1, 1000)},
};

static const struct mm_key meter_keys[] = {
	{"model", &model_key, METER_FIELD(model), .initial = NULL},
	{"serial", &mm_key_text, METER_FIELD(serial), .initial = NULL},
	{"element1", &phase_key, METER_FIELD(phase[0]), .initial = NULL},
	{"element2", &phase_key, METER_FIELD(phase[1]), .initial = NULL},
	{"ct_sets", &mm_key_whole, METER_FIELD(ct_sets), MM_KEY_RANGE(NULL, 1, MM_CT_SETS_MAX)},
	{"output_10", &line_key, METER_FIELD(line[MM_OUTPUT_10]), .initial = NULL},
	{"output_100", &line_key, METER_FIELD(line[MM_OUTPUT_100]), .initial = NULL},
	{"output_1000", &line_key, METER_FIELD(line[MM_OUTPUT_1000]), .initial = NULL},
	{"counter", &line_key, METER_FIELD(line[MM_OUTPUT_COUNTER]), .initial = NULL},
	{"led_load", &line_key, METER_FIELD(line[MM_OUTPUT_LED_LOAD]), .initial = NULL},
	{"led_power", &line_key, METER_FIELD(line[MM_OUTPUT_LED_POWER]), .initial = NULL},
	{"led_reverse", &line_key, METER_FIELD(line[MM_OUTPUT_LED_REVERSE]), .initial = NULL},
	{"lcd", &mm_key_path, METER_FIELD(lcd), .initial = NULL},
};

static const struct mm_key_table daemon_table = MM_KEY_TABLE(daemon_keys), front_end_table = MM_KEY_TABLE(front_end_keys),
				 outputs_table = MM_KEY_TABLE(outputs_keys), power_fail_table = MM_KEY_TABLE(power_fail_keys),
				 meter_table = MM_KEY_TABLE(meter_keys);

/* Every table of keys, in the order of a list of settings: ours, and those that drivers bring. */
static const struct section {
	const char *name;
	const struct mm_key_table *table;
	size_t offset; /* of the struct that its keys are in, in struct mm_config */
} sections[] = {
	{"daemon", &daemon_table, 0},
	{"front-end", &front_end_table, 0},
	{"front-end", &mm_afe_keys[MM_AFE_KEYS_BOARD], offsetof(struct mm_config, front_end)},
	{"front-end", &mm_afe_keys[MM_AFE_KEYS_CLOCK], offsetof(struct mm_config, front_end)},
	{"front-end", &mm_afe_keys[MM_AFE_KEYS_RATE], offsetof(struct mm_config, front_end)},
	{"front-end", &mm_afe_keys[MM_AFE_KEYS_CHANNELS], offsetof(struct mm_config, front_end)},
	{"outputs", &outputs_table, 0},
	{"outputs", &mm_outputs_keys, offsetof(struct mm_config, outputs)},
	{"power-fail", &power_fail_table, 0},
};

struct loading {
	struct mm_config *config;
	uint32_t seen[COUNT_OF(sections)];  /* bits: keys of these sections that were given, */
	uint32_t meter_seen[MM_METERS_MAX]; /* and of each meter */
	struct mm_error complaint;	    /* the first; empty: none */
};

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

/* Where a key's value goes. */
struct place {
	const struct mm_key *key; /* NULL: nobody has such a key */
	void *settings;
	uint32_t *seen, bit;
};

static bool find_in(const struct mm_key_table *table, const char *name, struct place *ret)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->keys[i].name, name) == 0) {
			ret->key = &table->keys[i];
			ret->bit = UINT32_C(1) << i;
			return true;
		}
	}
	return false;
}

static struct place find_place(struct loading *loading, const char *section, const char *name)
{
	struct place place = {0};

	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		if (strcmp(sections[i].name, section) == 0 && find_in(sections[i].table, name, &place)) {
			place.settings = (char *)loading->config + sections[i].offset;
			place.seen = &loading->seen[i];
			break;
		}
	}
	return place;
}

static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct loading *loading = userdata;
	struct place place = {0};
	struct mm_error wrong;

	if (strncmp(section, "meter ", 6) == 0) {
		struct mm_config_meter *meter = section_meter(loading, section + 6 + strspn(section + 6, " "));

		if (!meter) {
			return -EINVAL;
		}
		(void)find_in(&meter_table, name, &place);
		place.settings = meter;
		place.seen = &loading->meter_seen[meter - loading->config->meter];
	} else {
		place = find_place(loading, section, name);
	}
	if (!place.key) {
		return mm_error_set(&loading->complaint, -EINVAL,
				    "unknown key \"%.40s\" in section [%.40s]; minimeter.conf(5) lists them", name, section);
	}
	if (*place.seen & place.bit) {
		return mm_error_set(&loading->complaint, -EINVAL, "%s is given twice (or the line after it is indented)", name);
	}
	*place.seen |= place.bit;
	if (place.key->type->parse(place.key, value, place.settings, &wrong) < 0) {
		return mm_error_set(&loading->complaint, -EINVAL, "%s = %.60s: %s", name, value, wrong.text);
	}
	return 0;
}

static void list(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

/* Names the keys of the front end that were given and mean nothing to its driver. */
static void list_unused(const struct loading *loading, char *ret, size_t size)
{
	const struct mm_afe_driver *driver = mm_afe_driver_find(loading->config->front_end_driver);

	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		const struct mm_key_table *table = sections[i].table;
		bool of_drivers = table >= mm_afe_keys && table < mm_afe_keys + MM_AFE_KEYS_COUNT;

		for (size_t k = 0; of_drivers && !(driver->keys & 1u << (table - mm_afe_keys)) && k < table->count; k++) {
			if (loading->seen[i] & UINT32_C(1) << k) {
				list(ret, size, table->keys[k].name);
			}
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
	static const struct mm_ini_callbacks callbacks = {.key = on_key};
	FILE *file = fopen(path, "re");
	unsigned line;
	int r;

	if (!file) {
		r = -errno;
		return mm_error_set(error, r, "%s: %s", path, strerror(-r));
	}
	r = mm_ini_read(file, &callbacks, loading, &line);
	fclose(file);
	if (r == -EIO || r == -ENOMEM) {
		return mm_error_set(error, -EINVAL, "%s: cannot be read", path);
	}
	if (r == -EBADMSG || r == -EMSGSIZE) {
		(void)mm_error_set(&loading->complaint, -EINVAL,
				   "is neither [section] nor key = value (lines have at most 200 characters)");
	}
	return r < 0 ? mm_error_set(error, -EINVAL, "%s:%u: %s", path, line, loading->complaint.text) : 0;
}

int mm_config_load(const char *path, struct mm_error *error, struct mm_config **ret)
{
	struct loading loading = {.config = calloc(1, sizeof(*loading.config))};
	struct mm_error wrong;
	int r;

	if (!loading.config) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		mm_key_set_initial(sections[i].table, (char *)loading.config + sections[i].offset);
	}
	r = read_file(path, &loading, error);
	if (r == 0 && check_all(loading.config, &wrong) < 0) {
		r = mm_error_set(error, -EINVAL, "%s: %s", path, wrong.text);
	}
	if (r < 0) {
		free(loading.config);
		return r;
	}
	list_unused(&loading, loading.config->unused, sizeof(loading.config->unused));
	*ret = loading.config;
	return 0;
}

void mm_config_reload(struct mm_config *config, const struct mm_config *newer, char *ignored, size_t size)
{
	ignored[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		for (size_t k = 0; k < sections[i].table->count; k++) {
			const struct mm_key *key = &sections[i].table->keys[k];
			char *mine = (char *)config + sections[i].offset + key->offset;
			const char *theirs = (const char *)newer + sections[i].offset + key->offset;

			if (key->live) {
				memcpy(mine, theirs, key->size);
			} else if (memcmp(mine, theirs, key->size) != 0) {
				list(ignored, size, key->name);
			}
		}
	}
	if (config->meter_count != newer->meter_count || memcmp(config->meter, newer->meter, sizeof(config->meter)) != 0) {
		list(ignored, size, "[meter] sections");
	}
}

struct listing {
	void (*fn)(void *userdata, const char *name, const char *value);
	void *userdata;
};

static void list_key(const struct listing *listing, const char *section, const char *meter, const struct mm_key *key,
		     const void *settings)
{
	char name[MM_NAME_MAX + 64], value[MM_PATH_LEN_MAX];

	snprintf(name, sizeof(name), "%s%s.%s", section, meter, key->name);
	key->type->format(key, settings, value, sizeof(value));
	listing->fn(listing->userdata, name, value);
}

void mm_config_each(const struct mm_config *config, void (*fn)(void *userdata, const char *name, const char *value),
		    void *userdata)
{
	const struct listing listing = {fn, userdata};

	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		for (size_t k = 0; k < sections[i].table->count; k++) {
			list_key(&listing, sections[i].name, "", &sections[i].table->keys[k],
				 (const char *)config + sections[i].offset);
		}
	}
	for (size_t k = 0; k < meter_table.count; k++) {
		for (unsigned m = 0; m < config->meter_count; m++) {
			list_key(&listing, "meter ", config->meter[m].name, &meter_table.keys[k], &config->meter[m]);
		}
	}
}
