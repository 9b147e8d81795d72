/* SPDX-License-Identifier: MIT */
/* The configuration by tables of keys: reading, range checks, reloading and listing all go by them. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "base/key.h"
#include "base/text.h"
#include "base/zone_file.h"
#include "config/private.h"

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

static int parse_zone(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	int r = mm_zone_file_offsets(value, 0, NULL, error);

	(void)key;
	if (r == 0) {
		strcpy(((struct mm_config *)settings)->time_zone, value);
	}
	return r < 0 ? -EINVAL : 0;
}

static void format_zone(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	(void)key;
	snprintf(ret, size, "%s", ((const struct mm_config *)settings)->time_zone);
}

static int parse_model(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_meter *meter = settings;
	struct mm_model_error wrong;

	(void)key;
	meter->is_generic = strcmp(value, MM_GENERIC) == 0;
	if (meter->is_generic) {
		meter->model = (struct mm_model){0};
		return 0;
	}
	if (mm_model_parse(value, &meter->model, &wrong) < 0) {
		return mm_error_set(error, -EINVAL, "is no model number: %s: %s", wrong.field, wrong.reason);
	}
	return 0;
}

static void format_model(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	const struct mm_config_meter *meter = settings;

	(void)key;
	snprintf(ret, size, "%s", meter->is_generic ? MM_GENERIC : meter->model.canonical);
}

/* A whole number that a generic meter has; 0: not given. */
static void format_plate(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	int number = *(const int *)((const char *)settings + key->offset);

	ret[0] = '\0';
	if (number > 0) {
		snprintf(ret, size, "%d", number);
	}
}

static int parse_plate(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	return mm_key_parse_whole(key, value, (int *)((char *)settings + key->offset), error);
}

static int parse_kh(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	int kh_wh = 0;

	if (mm_key_parse_whole(key, value, &kh_wh, NULL) < 0 || !mm_generic_kh_valid(kh_wh)) {
		return mm_error_set(error, -EINVAL, "must be 10, 100 or 1000: watt-hours a pulse of the fastest output");
	}
	((struct mm_config_meter *)settings)->generic.kh_wh = kh_wh;
	return 0;
}

static int parse_ct(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	const char *reason;

	(void)key;
	if (mm_ct_parse(value, &((struct mm_config_meter *)settings)->generic.ct, &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no CT: %s", reason);
	}
	return 0;
}

static void format_ct(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	char text[MM_CT_TEXT_MAX];

	(void)key;
	mm_ct_format(&((const struct mm_config_meter *)settings)->generic.ct, text);
	snprintf(ret, size, "%s", text);
}

static int parse_wires(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	enum mm_wires found = mm_wires_find(value);
	char keys[MM_ERROR_TEXT_MAX] = "";

	(void)key;
	if (found < MM_WIRES_COUNT) {
		((struct mm_config_meter *)settings)->generic.wires = found;
		return 0;
	}
	for (enum mm_wires wires = 0; wires < MM_WIRES_COUNT; wires++) {
		if (mm_wires_key(wires)) {
			mm_text_list(keys, sizeof(keys), mm_wires_key(wires));
		}
	}
	return mm_error_set(error, -EINVAL, "must be one of %s", keys);
}

static void format_wires(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	const char *name = mm_wires_key(((const struct mm_config_meter *)settings)->generic.wires);

	(void)key;
	snprintf(ret, size, "%s", name ? name : "");
}

static unsigned element_of(const struct mm_key *key)
{
	return (unsigned)((key->offset - offsetof(struct mm_config_meter, phase)) / sizeof(int));
}

/* "A", or "NAME:A" where the front end has a name. */
static int parse_phase(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	struct mm_config_meter *meter = settings;
	const char *colon = strrchr(value, ':'), *phase = colon ? colon + 1 : value;
	size_t length = colon ? (size_t)(colon - value) : 0;

	if (strlen(phase) != 1 || phase[0] < 'A' || phase[0] > 'C' || length >= MM_NAME_MAX) {
		return mm_error_set(error, -EINVAL, "must be a phase of the front end: %s",
				    colon ? "NAME:A, NAME:B or NAME:C" : "A, B or C");
	}
	memcpy(meter->chip[element_of(key)], value, length);
	meter->chip[element_of(key)][length] = '\0';
	meter->phase[element_of(key)] = phase[0] - 'A';
	return 0;
}

static void format_phase(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	const struct mm_config_meter *meter = settings;
	const char *name = meter->chip[element_of(key)];
	int phase = meter->phase[element_of(key)];

	snprintf(ret, size, "%s%s%.*s", name, name[0] ? ":" : "", phase >= 0, &"ABC"[phase >= 0 ? phase : 0]);
}

/* Which elements generate, by the value of the key; the first row that fits a configuration is its value. */
static const struct {
	const char *value;
	bool generates[MM_ELEMENTS_MAX];
} generations[] = {
	{"no", {false, false, false}},	    {"yes", {true, true, true}},	{"element1", {true, false, false}},
	{"element2", {false, true, false}}, {"element3", {false, false, true}},
};

static int parse_generation(const struct mm_key *key, const char *value, void *settings, struct mm_error *error)
{
	(void)key;
	for (size_t i = 0; i < COUNT_OF(generations); i++) {
		if (strcmp(value, generations[i].value) == 0) {
			memcpy(((struct mm_config_meter *)settings)->generates, generations[i].generates,
			       sizeof(generations[i].generates));
			return 0;
		}
	}
	return mm_error_set(error, -EINVAL, "must be yes, no, element1, element2 or element3: where can power flow backwards?");
}

static void format_generation(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	const bool *generates = ((const struct mm_config_meter *)settings)->generates;
	size_t i = 0;

	(void)key;
	while (memcmp(generates, generations[i].generates, sizeof(generations[i].generates)) != 0) {
		i++;
	}
	snprintf(ret, size, "%s", generations[i].value);
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

	if (strlen(value) >= MM_LINE_TEXT_MAX) {
		return mm_error_set(error, -EINVAL, "is longer than %d characters", MM_LINE_TEXT_MAX - 1);
	}
	if (mm_line_spec_parse(value, &meter->line[output], &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no output line: %s", reason);
	}
	strcpy(meter->line_text[output], value);
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
	if (strlen(value) >= MM_LINE_TEXT_MAX) {
		return mm_error_set(error, -EINVAL, "is longer than %d characters", MM_LINE_TEXT_MAX - 1);
	}
	if (mm_line_spec_parse(value, &spec, &reason) < 0) {
		return mm_error_set(error, -EINVAL, "is no line: %s", reason);
	}
	if (spec.drive != MM_DRIVE_PUSH_PULL) {
		return mm_error_set(error, -EINVAL, "is an input: active-low is the only option it takes");
	}
	config->power_fail = spec;
	strcpy(config->power_fail_text, value);
	return 0;
}

static void format_input(const struct mm_key *key, const void *settings, char *ret, size_t size)
{
	(void)key;
	snprintf(ret, size, "%s", ((const struct mm_config *)settings)->power_fail_text);
}

static const struct mm_key_type interval_key = {parse_interval, format_interval}, zone_key = {parse_zone, format_zone},
				model_key = {parse_model, format_model}, phase_key = {parse_phase, format_phase},
				generation_key = {parse_generation, format_generation}, line_key = {parse_line, format_line},
				input_key = {parse_input, format_input}, plate_key = {parse_plate, format_plate},
				kh_key = {parse_kh, format_plate}, ct_key = {parse_ct, format_ct},
				wires_key = {parse_wires, format_wires};

static const char *clock_name(size_t index)
{
	static const char *const names[] = {"system", "board"};

	return index < COUNT_OF(names) ? names[index] : NULL;
}

#define FIELD(member) MM_KEY_FIELD(struct mm_config, member)
#define FRONT_END_FIELD(member) MM_KEY_FIELD(struct mm_config_front_end, member)
#define METER_FIELD(member) MM_KEY_FIELD(struct mm_config_meter, member)

static const struct mm_key daemon_keys[] = {
	{"socket", &mm_key_path, FIELD(socket), .initial = "/run/minimeter/minimeter.sock"},
	{"admin_socket", &mm_key_path, FIELD(admin_socket), .initial = "/run/minimeter/admin.sock"},
	{"register", &mm_key_path, FIELD(register_path), .initial = "/var/lib/minimeter/register.db"},
	{"copy", &mm_key_path_or_none, FIELD(copy_path)},
	{"clock", &mm_key_word, FIELD(clock), .initial = "system", .word = clock_name},
	{"time_zone", &zone_key, FIELD(time_zone)},
	{"commit_wh", &mm_key_number, FIELD(commit_wh), MM_KEY_RANGE("8", 1, 10), .live = true},
	{"database_wh", &mm_key_number, FIELD(database_wh), MM_KEY_RANGE("250", 1, 10000), .live = true},
	{"commit_interval_s", &mm_key_whole, FIELD(commit_interval_s), MM_KEY_RANGE("300", 1, 3600), .live = true},
	{"backup_interval_h", &mm_key_whole, FIELD(backup_interval_h), MM_KEY_RANGE("24", 0, 720), .live = true},
	{"profile_interval_min", &interval_key, FIELD(profile_interval_min), MM_KEY_RANGE("15", 1, 60)},
	{"clients_max", &mm_key_whole, FIELD(clients_max), MM_KEY_RANGE("32", 1, 256), .live = true},
	{"idle_timeout_s", &mm_key_whole, FIELD(idle_timeout_s), MM_KEY_RANGE("60", 1, 3600), .live = true},
};

static const struct mm_key front_end_keys[] = {
	{"driver", &mm_key_word, FRONT_END_FIELD(driver), .initial = "ade9000", .word = mm_afe_driver_name},
};

static const struct mm_key outputs_keys[] = {
	{"driver", &mm_key_word, FIELD(outputs_driver), .initial = "gpiod", .word = mm_outputs_driver_name},
};

static const struct mm_key power_fail_keys[] = {
	{"line", &input_key, FIELD(power_fail)},
	{"debounce_ms", &mm_key_whole, FIELD(power_fail_debounce_ms), MM_KEY_RANGE("2", 1, 1000)},
};

static const struct mm_key meter_keys[] = {
	{"model", &model_key, METER_FIELD(model)},
	{"elements", &plate_key, METER_FIELD(generic.elements), MM_KEY_RANGE(NULL, 1, MM_ELEMENTS_MAX)},
	{"service", &wires_key, METER_FIELD(generic.wires)},
	{"rated_voltage_v", &plate_key, METER_FIELD(generic.rated_voltage_v),
	 MM_KEY_RANGE(NULL, MM_GENERIC_VOLTAGE_MIN_V, MM_GENERIC_VOLTAGE_MAX_V)},
	{"ct", &ct_key, METER_FIELD(generic.ct)},
	{"kh_wh", &kh_key, METER_FIELD(generic.kh_wh), MM_KEY_RANGE(NULL, 10, 1000)},
	{"serial", &mm_key_text, METER_FIELD(serial)},
	{"element1", &phase_key, METER_FIELD(phase[0])},
	{"element2", &phase_key, METER_FIELD(phase[1])},
	{"element3", &phase_key, METER_FIELD(phase[2])},
	{"generation", &generation_key, METER_FIELD(generates)},
	{"ct_sets", &mm_key_whole, METER_FIELD(ct_sets), MM_KEY_RANGE(NULL, 1, MM_CT_SETS_MAX)},
	{"multiplier", &mm_key_number, METER_FIELD(multiplier), MM_KEY_RANGE(NULL, 0.01, 1000)},
	{"tariff", &mm_key_text, METER_FIELD(tariff)},
	{"output_10", &line_key, METER_FIELD(line[MM_OUTPUT_10])},
	{"output_100", &line_key, METER_FIELD(line[MM_OUTPUT_100])},
	{"output_1000", &line_key, METER_FIELD(line[MM_OUTPUT_1000])},
	{"counter", &line_key, METER_FIELD(line[MM_OUTPUT_COUNTER])},
	{"led_load", &line_key, METER_FIELD(line[MM_OUTPUT_LED_LOAD])},
	{"led_power", &line_key, METER_FIELD(line[MM_OUTPUT_LED_POWER])},
	{"led_reverse", &line_key, METER_FIELD(line[MM_OUTPUT_LED_REVERSE])},
	{"lcd", &mm_key_path, METER_FIELD(lcd)},
};

static const struct mm_key_table daemon_table = MM_KEY_TABLE(daemon_keys), front_end_table = MM_KEY_TABLE(front_end_keys),
				 outputs_table = MM_KEY_TABLE(outputs_keys), power_fail_table = MM_KEY_TABLE(power_fail_keys),
				 meter_table = MM_KEY_TABLE(meter_keys);

/* ---- Parts ---- */

static const struct mm_config_part plain_parts[MM_CONFIG_PLAIN_PARTS] = {
	{"daemon", "", &daemon_table, 0, true},
	{"outputs", "", &outputs_table, 0, true},
	{"outputs", "", &mm_outputs_keys, offsetof(struct mm_config, outputs), true},
	{"power-fail", "", &power_fail_table, 0, true},
};

/* The sections of front ends are behind [daemon], those of tariffs, rates and meters behind all others. */
#define FIRST_FRONT_END_PART 1
#define FIRST_METER_PART (MM_CONFIG_PARTS - MM_METERS_MAX)
#define FIRST_RATE_PART (FIRST_METER_PART - MM_RATES_MAX)
#define FIRST_TARIFF_PART (FIRST_RATE_PART - MM_TARIFFS_MAX)

size_t mm_config_part_of_front_end(unsigned index)
{
	return FIRST_FRONT_END_PART + index * MM_CONFIG_FRONT_END_PARTS;
}

size_t mm_config_part_of_tariff(unsigned index)
{
	return FIRST_TARIFF_PART + index;
}

size_t mm_config_part_of_rate(unsigned index)
{
	return FIRST_RATE_PART + index;
}

size_t mm_config_part_of_meter(unsigned index)
{
	return FIRST_METER_PART + index;
}

static struct mm_config_part front_end_part(const struct mm_config *config, size_t number)
{
	size_t index = number / MM_CONFIG_FRONT_END_PARTS, table = number % MM_CONFIG_FRONT_END_PARTS;
	const struct mm_config_front_end *front_end = &config->front_end[index];
	const char *keys = table == 0 ? (const char *)front_end : (const char *)&front_end->afe;

	return (struct mm_config_part){"front-end", front_end->name, table == 0 ? &front_end_table : &mm_afe_keys[table - 1],
				       (size_t)(keys - (const char *)config), index < config->front_end_count};
}

/* A section of a tariff, a rate or a meter. */
static struct mm_config_part named_part(const struct mm_config *config, size_t number)
{
	const char *base = (const char *)config;

	if (number >= FIRST_METER_PART) {
		const struct mm_config_meter *meter = &config->meter[number - FIRST_METER_PART];

		return (struct mm_config_part){"meter", meter->name, &meter_table, (size_t)((const char *)meter - base),
					       number - FIRST_METER_PART < config->meter_count};
	}
	if (number >= FIRST_RATE_PART) {
		const struct mm_config_rate *rate = &config->rate[number - FIRST_RATE_PART];

		return (struct mm_config_part){"rate", rate->name, &mm_config_rate_keys, (size_t)((const char *)rate - base),
					       number - FIRST_RATE_PART < config->rate_count};
	}
	return (struct mm_config_part){"tariff", config->tariff[number - FIRST_TARIFF_PART].name, &mm_config_tariff_keys,
				       (size_t)((const char *)&config->tariff[number - FIRST_TARIFF_PART] - base),
				       number - FIRST_TARIFF_PART < config->tariff_count};
}

struct mm_config_part mm_config_part(const struct mm_config *config, size_t number)
{
	size_t front_ends_end = mm_config_part_of_front_end(MM_FRONT_ENDS_MAX);

	if (number >= FIRST_TARIFF_PART) {
		return named_part(config, number);
	}
	if (number >= FIRST_FRONT_END_PART && number < front_ends_end) {
		return front_end_part(config, number - FIRST_FRONT_END_PART);
	}
	return plain_parts[number < FIRST_FRONT_END_PART ? number : number - front_ends_end + FIRST_FRONT_END_PART];
}

size_t mm_config_last_part(const struct mm_config *config, size_t first)
{
	const struct mm_config_part part = mm_config_part(config, first);

	for (size_t last = first; last + 1 < MM_CONFIG_PARTS; last++) {
		const struct mm_config_part next = mm_config_part(config, last + 1);

		if (!next.there || strcmp(next.kind, part.kind) != 0 || strcmp(next.name, part.name) != 0) {
			return last;
		}
	}
	return MM_CONFIG_PARTS - 1;
}

const char *mm_config_section(const struct mm_config_part *part, char ret[static MM_CONFIG_SECTION_MAX])
{
	snprintf(ret, MM_CONFIG_SECTION_MAX, "%s%s%s", part->kind, part->name[0] ? " " : "", part->name);
	return ret;
}

void mm_config_add_front_end(struct mm_config *config, const char *name)
{
	size_t first = mm_config_part_of_front_end(config->front_end_count);

	strcpy(config->front_end[config->front_end_count++].name, name);
	for (size_t i = first; i < first + MM_CONFIG_FRONT_END_PARTS; i++) {
		const struct mm_config_part part = mm_config_part(config, i);

		mm_key_set_initial(part.table, (char *)config + part.offset);
	}
}

const char *mm_config_section_of(const struct mm_config_front_end *front_end, char ret[static MM_CONFIG_SECTION_MAX])
{
	return mm_config_section(&(struct mm_config_part){.kind = "front-end", .name = front_end->name}, ret);
}

const struct mm_config_front_end *mm_config_find_front_end(const struct mm_config *config, const char *name)
{
	for (unsigned i = 0; i < config->front_end_count; i++) {
		if (strcmp(config->front_end[i].name, name) == 0) {
			return &config->front_end[i];
		}
	}
	return NULL;
}
