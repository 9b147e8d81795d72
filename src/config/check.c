/* SPDX-License-Identifier: MIT */
/* What keys must say together, each of them being right by itself: all that the start would refuse. */
#include <stdio.h>
#include <string.h>

#include "base/count_of.h"
#include "config/inputs.h"
#include "config/private.h"

static unsigned index_of(const struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	return (unsigned)(meter - reading->config->meter);
}

static unsigned line_of_meter(const struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	return reading->meter_line[index_of(reading, meter)];
}

static void check_given(struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	unsigned line = line_of_meter(reading, meter);

	if (mm_config_line_of(reading, &meter->model) == 0) {
		mm_config_complain(reading, line, "[meter %s]: model is missing: add the number on the meter's label",
				   meter->name);
	}
	if (meter->serial[0] == '\0') {
		unsigned empty = mm_config_line_of(reading, meter->serial);

		mm_config_complain(reading, empty > 0 ? empty : line,
				   "[meter %s]: serial is missing: the register belongs to a serial number", meter->name);
	}
	for (unsigned e = 0; e < meter->model.elements; e++) {
		if (mm_config_line_of(reading, &meter->phase[e]) == 0) {
			mm_config_complain(reading, line,
					   "[meter %s]: element%u is missing: which phase of the front end is it wired to (A, B "
					   "or C)?",
					   meter->name, e + 1);
		}
	}
}

/* Keys that the model has no use for. */
static void check_model(struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	const char *model = meter->model.canonical;

	for (unsigned e = meter->model.elements; e < MM_ELEMENTS_MAX; e++) {
		if (meter->phase[e] >= 0) {
			mm_config_complain(reading, mm_config_line_of(reading, &meter->phase[e]),
					   "[meter %s]: element%u: model %s has %s; remove this line", meter->name, e + 1, model,
					   meter->model.elements == 1 ? "a single element" : "two elements");
		}
	}
	for (unsigned e = meter->model.elements; e < MM_ELEMENTS_MAX; e++) {
		if (meter->generates[e] && !meter->generates[0]) {
			mm_config_complain(reading, mm_config_line_of(reading, meter->generates),
					   "[meter %s]: generation = element%u: model %s has %s; write generation = %s",
					   meter->name, e + 1, model,
					   meter->model.elements == 1 ? "a single element" : "two elements",
					   meter->model.elements == 1 ? "yes" : "yes, element1 or element2");
		}
	}
	for (unsigned e = 1; e < MM_ELEMENTS_MAX; e++) {
		for (unsigned before = 0; before < e; before++) {
			if (meter->phase[e] >= 0 && meter->phase[e] == meter->phase[before]) {
				mm_config_complain(reading, mm_config_line_of(reading, &meter->phase[e]),
						   "[meter %s]: element%u and element%u are on the same phase", meter->name,
						   before + 1, e + 1);
			}
		}
	}
	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		if (meter->line[o].used && mm_output_kh_uwh(&meter->model, o) == 0) {
			mm_config_complain(reading, mm_config_line_of(reading, &meter->line[o]),
					   "[meter %s]: output_%s: model %s does not have this output; remove this line",
					   meter->name, mm_output_name(o), model);
		}
	}
	if (meter->lcd[0] != '\0' && !meter->model.lcd) {
		mm_config_complain(reading, mm_config_line_of(reading, meter->lcd),
				   "[meter %s]: lcd: model %s has no display (SCC or SO has); remove this line", meter->name,
				   model);
	}
}

static void check_phases(struct mm_config_reading *reading, const struct mm_config_meter *meter,
			 const struct mm_config_meter *earlier)
{
	for (unsigned e = 0; e < MM_ELEMENTS_MAX * MM_ELEMENTS_MAX; e++) {
		const int *phase = &meter->phase[e % MM_ELEMENTS_MAX];

		if (*phase >= 0 && *phase == earlier->phase[e / MM_ELEMENTS_MAX] &&
		    (meter->model.ct_primary_a != earlier->model.ct_primary_a ||
		     meter->model.ct_secondary_a != earlier->model.ct_secondary_a ||
		     meter->model.ct_secondary_v != earlier->model.ct_secondary_v ||
		     meter->model.rated_voltage_v != earlier->model.rated_voltage_v)) {
			mm_config_complain(reading, mm_config_line_of(reading, phase),
					   "[meter %s]: shares phase %c with meter \"%s\", whose CT ratio or rated voltage is "
					   "another",
					   meter->name, 'A' + *phase, earlier->name);
		}
	}
}

/* A meter beside those before it. */
static void check_others(struct mm_config_reading *reading, const struct mm_config_meter *meter)
{
	const struct mm_config_meter *first = reading->config->meter;
	unsigned same_model = 1;

	for (const struct mm_config_meter *earlier = first; earlier < meter; earlier++) {
		if (earlier->serial[0] != '\0' && strcmp(earlier->serial, meter->serial) == 0) {
			mm_config_complain(reading, mm_config_line_of(reading, meter->serial),
					   "[meter %s]: serial %s is meter \"%s\"'s too", meter->name, meter->serial,
					   earlier->name);
		}
		if (meter->model.elements > 0 && earlier->model.elements > 0) {
			same_model += strcmp(earlier->model.canonical, meter->model.canonical) == 0;
			check_phases(reading, meter, earlier);
		}
	}
	if (meter->model.meters > 1 && same_model > meter->model.meters) {
		mm_config_complain(reading, mm_config_line_of(reading, &meter->model),
				   "[meter %s]: meter %u of model %s, whose enclosure holds %u", meter->name, same_model,
				   meter->model.canonical, meter->model.meters);
	}
}

/* The first that was given; 0: none. */
static unsigned line_of_either(const struct mm_config_reading *reading, const void *field, const void *other)
{
	unsigned line = mm_config_line_of(reading, field);

	return line > 0 ? line : mm_config_line_of(reading, other);
}

/* What the converter is to measure. */
static void check_front_end(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;
	const struct mm_afe_driver *driver = mm_afe_driver_find(config->front_end_driver);
	const struct mm_afe_settings *settings = &config->front_end;
	const char *uri = settings->uri;
	bool volts = false, amperes = false; /* what the CTs give */
	struct mm_error error;

	if (strncmp(uri, "local:", 6) != 0 && strncmp(uri, "ip:", 3) != 0 && strncmp(uri, "usb:", 4) != 0 &&
	    strncmp(uri, "serial:", 7) != 0 && strncmp(uri, "xml:", 4) != 0) {
		mm_config_complain(reading, mm_config_line_of(reading, uri),
				   "uri = %s: must be local: for a chip on this machine, or ip:HOST for one elsewhere; is it "
				   "ip:%s?",
				   uri, uri);
	} else if (strcmp(config->clock, "board") == 0 && strncmp(uri, "ip:", 3) != 0) {
		mm_config_complain(
			reading, mm_config_line_of(reading, config->clock),
			"clock = board: only a board of minimeter-sim has a clock, at uri = ip:HOST; write clock = system, "
			"or that uri in [front-end]");
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];
		unsigned model = mm_config_line_of(reading, &meter->model), line;

		if (meter->model.elements == 0) {
			continue;
		}
		if (mm_inputs_check_voltage(config, meter, driver->adc_full_scale_v, &error) < 0) {
			line = line_of_either(reading, &settings->voltage_divider, config->front_end_driver);
			mm_config_complain(reading, line > 0 ? line : model, "%s", error.text);
		}
		if (mm_inputs_check_current(config, meter, driver->adc_full_scale_v, &error) < 0) {
			line = line_of_either(reading, &settings->burden_ohm, config->front_end_driver);
			mm_config_complain(reading, meter->model.ct_secondary_v > 0 || line == 0 ? model : line, "%s",
					   error.text);
		}
		volts = volts || meter->model.ct_secondary_v > 0;
		amperes = amperes || meter->model.ct_secondary_v == 0;
	}
	if (volts && !amperes && mm_config_line_of(reading, &settings->burden_ohm) > 0) {
		mm_config_complain(reading, mm_config_line_of(reading, &settings->burden_ohm),
				   "burden_ohm: no CT here needs one, they all give volts; remove this line, and the resistor");
	}
}

/* What the driver itself refuses: it is made as the start makes it, which touches no hardware yet. */
static void check_driver(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;
	const struct mm_afe_driver *driver = mm_afe_driver_find(config->front_end_driver);
	const double any_scale_v = 1e9; /* the full scales are checked already */
	struct mm_afe_config settings;
	struct mm_error error = {0};
	struct mm_afe *afe = NULL;

	for (unsigned i = 0; i < config->meter_count; i++) {
		for (unsigned e = 0; e < config->meter[i].model.elements; e++) {
			if (config->meter[i].phase[e] < 0) {
				return;
			}
		}
	}
	if (mm_inputs_configure(config, driver, any_scale_v, &settings, &error) < 0 || settings.input_count == 0) {
		return;
	}
	if (driver->create(driver, &settings, NULL, &error, &afe) < 0) {
		mm_config_complain(reading, mm_config_line_of(reading, config->front_end_driver), "[front-end]: %s", error.text);
	}
	mm_afe_free(afe);
}

/* A line that a key names, and what it is for. */
struct claim {
	const struct mm_line_spec *spec;
	const char *meter; /* NULL: of the machine */
	const char *what;
};

static bool is_same_line(const struct mm_line_spec *a, const struct mm_line_spec *b)
{
	return strcmp(a->chip, b->chip) == 0 && strcmp(a->name, b->name) == 0 && a->offset == b->offset;
}

static const struct mm_key *key_of_line(enum mm_output output)
{
	for (size_t k = 0; k < mm_config_meter_keys.count; k++) {
		if (mm_config_meter_keys.keys[k].offset ==
		    offsetof(struct mm_config_meter, line) + output * sizeof(struct mm_line_spec)) {
			return &mm_config_meter_keys.keys[k];
		}
	}
	return NULL;
}

/* Each line once. A line that is named in two ways is found at the start only: this machine may not have the chip. */
static void check_lines(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;
	struct claim claims[MM_METERS_MAX * MM_OUTPUT_COUNT + 1];
	char place[MM_CONFIG_PLACE_MAX];
	size_t count = 0;

	if (config->power_fail.used) {
		claims[count++] = (struct claim){&config->power_fail, "", "[power-fail]"};
	}
	for (unsigned m = 0; m < config->meter_count; m++) {
		for (enum mm_output o = 0; o < MM_OUTPUT_COUNT; o++) {
			const struct claim claim = {&config->meter[m].line[o], config->meter[m].name, key_of_line(o)->name};
			size_t i = 0;

			while (i < count && claim.spec->used && !is_same_line(claim.spec, claims[i].spec)) {
				i++;
			}
			if (claim.spec->used && i < count) {
				unsigned line = mm_config_line_of(reading, claim.spec);

				mm_config_complain(
					reading, line,
					"[meter %s]: %s = %s: this line is taken by %s%s%s (%s); a line has one use", claim.meter,
					claim.what, config->meter[m].line_text[o], claims[i].what,
					claims[i].meter[0] ? " of meter " : "", claims[i].meter,
					mm_config_place_from(reading, line, mm_config_line_of(reading, claims[i].spec), place));
			} else if (claim.spec->used) {
				claims[count++] = claim;
			}
		}
	}
}

/* Is this a file that the register makes beside itself? Its own copy is one too, where nothing else is said. */
static bool is_of_register(const char *path, const char *register_path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".backup", ".backup-old", ".backup.new"};
	char name[MM_PATH_LEN_MAX + 16];

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		snprintf(name, sizeof(name), "%s%s", register_path, suffixes[i]);
		if (mm_config_same_file(path, name)) {
			return true;
		}
	}
	return false;
}

static void check_paths(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;
	const char *copy = config->copy_path;

	if (copy[0] != '\0' && strcmp(copy, "none") != 0 && is_of_register(copy, config->register_path)) {
		mm_config_complain(
			reading, mm_config_line_of(reading, copy),
			"copy = %s: this is the register's own file (register = %s); give the copy another path, or leave "
			"the line out",
			copy, config->register_path);
	}
	if (strcmp(config->socket, config->admin_socket) == 0) {
		mm_config_complain(reading, line_of_either(reading, config->admin_socket, config->socket),
				   "socket and admin_socket are both %s; they must differ", config->socket);
	}
}

void mm_config_check(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;

	for (unsigned i = 0; i < config->meter_count; i++) {
		mm_config_settle_model(reading, &reading->config->meter[i]);
	}
	if (config->meter_count == 0 && reading->errors->count == 0) {
		mm_config_complain(reading, 0, "no meter: add a section [meter NAME] with model, serial and element1");
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		check_given(reading, meter);
		if (meter->model.elements > 0) {
			check_model(reading, meter);
		}
		check_others(reading, meter);
	}
	check_front_end(reading);
	check_driver(reading);
	check_lines(reading);
	check_paths(reading);
}
