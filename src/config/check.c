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
	return reading->begun_first[mm_config_part_of_meter(index_of(reading, meter))];
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

/* Finds the front end of a meter. Where that is not clear it is none, so that no other error speaks of one. */
static void check_chip(struct mm_config_reading *reading, struct mm_config_meter *meter)
{
	const struct mm_config *config = reading->config;
	const struct mm_config_front_end *chip = config->front_end_count == 1 ? config->front_end : NULL;
	unsigned first = 0;
	bool clear = true;

	for (unsigned e = 0; e < meter->model.elements; e++) {
		const struct mm_config_front_end *found = mm_config_find_front_end(config, meter->chip[e]);
		unsigned line = mm_config_line_of(reading, &meter->phase[e]);

		if (meter->phase[e] < 0) {
			continue;
		}
		if (!chip && found) {
			chip = found;
			first = e;
		}
		clear = clear && found && found == chip;
		if (!found && reading->front_end_unread) {
			continue;
		}
		if (!found && meter->chip[e][0] == '\0') {
			mm_config_complain(
				reading, line,
				"[meter %s]: element%u = %c: which front end's phase? Write NAME:%c, as of [front-end %s]",
				meter->name, e + 1, 'A' + meter->phase[e], 'A' + meter->phase[e], config->front_end[0].name);
		} else if (!found) {
			mm_config_complain(reading, line, "[meter %s]: element%u = %s:%c: there is no section [front-end %s]",
					   meter->name, e + 1, meter->chip[e], 'A' + meter->phase[e], meter->chip[e]);
		} else if (found != chip) {
			mm_config_complain(reading, line,
					   "[meter %s]: element%u is on another front end than element%u: what a meter sums must "
					   "come from one chip, by one clock",
					   meter->name, e + 1, first + 1);
		}
	}
	meter->front_end = chip && clear ? (unsigned)(chip - config->front_end) : MM_FRONT_ENDS_MAX;
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
			if (meter->phase[e] >= 0 && meter->phase[e] == meter->phase[before] &&
			    strcmp(meter->chip[e], meter->chip[before]) == 0) {
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

		if (meter->front_end < MM_FRONT_ENDS_MAX && meter->front_end == earlier->front_end && *phase >= 0 &&
		    *phase == earlier->phase[e / MM_ELEMENTS_MAX] &&
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

static bool is_unread(const struct mm_config_reading *reading, const void *field)
{
	return mm_config_is_unread(reading, mm_config_line_of(reading, field));
}

/* Where its chip is. */
static void check_uri(struct mm_config_reading *reading, const struct mm_config_front_end *front_end)
{
	const struct mm_config *config = reading->config;
	const char *uri = front_end->afe.uri;

	if (is_unread(reading, uri)) {
		return;
	}
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
}

static const char *device_of(const struct mm_config_front_end *front_end)
{
	return front_end->afe.device[0] != '\0' ? front_end->afe.device : front_end->driver;
}

/* Is it known which chip it is of? */
static bool has_chip(const struct mm_config_reading *reading, const struct mm_config_front_end *front_end)
{
	return !is_unread(reading, front_end->afe.uri) && !is_unread(reading, front_end->afe.device) &&
	       !is_unread(reading, front_end->driver);
}

/* Sections of their own, chips of their own. */
static void check_front_ends(struct mm_config_reading *reading)
{
	const struct mm_config *config = reading->config;

	for (unsigned f = 1; f < config->front_end_count; f++) {
		const struct mm_config_front_end *front_end = &config->front_end[f];
		unsigned line = reading->begun_first[mm_config_part_of_front_end(f)];

		for (unsigned g = 0; g < f; g++) {
			const struct mm_config_front_end *earlier = &config->front_end[g];
			char place[MM_CONFIG_PLACE_MAX], section[MM_CONFIG_SECTION_MAX];

			if (has_chip(reading, earlier) && has_chip(reading, front_end) &&
			    strcmp(earlier->afe.uri, front_end->afe.uri) == 0 &&
			    strcmp(device_of(earlier), device_of(front_end)) == 0) {
				mm_config_complain(
					reading, line,
					"[%s]: %s at %s is the chip of another section (%s); say which by its label or "
					"SPI device: device = LABEL",
					mm_config_section_of(front_end, section), device_of(front_end), front_end->afe.uri,
					mm_config_place_from(reading, line, reading->begun_first[mm_config_part_of_front_end(g)],
							     place));
			}
		}
	}
	if (config->front_end_count > 1 && strcmp(config->clock, "board") == 0) {
		mm_config_complain(
			reading, mm_config_line_of(reading, config->clock),
			"clock = board: the time of one board cannot be that of several front ends; write clock = system");
	}
}

/* Have its phases dividers or burdens of their own? Then it takes the phase of an element to know which it has. */
static bool has_own(const struct mm_config_front_end *front_end)
{
	bool own = false;

	for (unsigned phase = 0; phase < MM_AFE_PHASES; phase++) {
		own = own || front_end->afe.phase_divider[phase] != 0 || front_end->afe.phase_burden_ohm[phase] != 0;
	}
	return own;
}

/* What the converter is to measure at an element. */
static void check_element(struct mm_config_reading *reading, const struct mm_config_meter *meter, unsigned element)
{
	const struct mm_config *config = reading->config;
	const struct mm_config_front_end *front_end = &config->front_end[meter->front_end];
	unsigned phase = meter->phase[element] > 0 ? (unsigned)meter->phase[element] : 0, line;
	unsigned model = mm_config_line_of(reading, &meter->model);
	unsigned ct = meter->is_generic ? mm_config_line_of(reading, &meter->generic.ct) : model;
	struct mm_error error;

	if (is_unread(reading, front_end->driver) || (meter->phase[element] < 0 && has_own(front_end))) {
		return;
	}
	if (!is_unread(reading, &front_end->afe.voltage_divider) && !is_unread(reading, &front_end->afe.phase_divider[phase]) &&
	    mm_inputs_check_voltage(config, meter, element, &error) < 0) {
		line = line_of_either(reading, mm_inputs_divider(front_end, phase), front_end->driver);
		mm_config_complain(reading, line > 0 ? line : model, "%s", error.text);
	}
	if (!is_unread(reading, &front_end->afe.burden_ohm) && !is_unread(reading, &front_end->afe.phase_burden_ohm[phase]) &&
	    mm_inputs_check_current(config, meter, element, &error) < 0) {
		line = line_of_either(reading, mm_inputs_burden(front_end, phase), front_end->driver);
		mm_config_complain(reading, meter->model.ct_secondary_v > 0 || line == 0 ? ct : line, "%s", error.text);
	}
	line = mm_config_line_of(reading, &front_end->afe.phase_burden_ohm[phase]);
	if (meter->model.ct_secondary_v > 0 && meter->phase[element] >= 0 && line > 0) {
		mm_config_complain(reading, line,
				   "burden_ohm_%c: the CT of this phase gives volts; remove this line, and the resistor",
				   "abc"[phase]);
	}
}

bool mm_config_has_no_burden(const struct mm_config *config, unsigned front_end)
{
	bool volts = false;

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		if (meter->front_end >= config->front_end_count || meter->model.elements == 0) {
			return false; /* it could be of this one, and give amperes */
		}
		if (meter->front_end == front_end && meter->model.ct_secondary_v == 0) {
			return false;
		}
		volts = volts || meter->front_end == front_end;
	}
	return volts;
}

static void check_scales(struct mm_config_reading *reading, unsigned number)
{
	const struct mm_config *config = reading->config;
	unsigned line = mm_config_line_of(reading, &config->front_end[number].afe.burden_ohm);

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		for (unsigned e = 0; meter->front_end == number && e < meter->model.elements; e++) {
			check_element(reading, meter, e);
		}
	}
	if (line > 0 && mm_config_has_no_burden(config, number)) {
		mm_config_complain(reading, line,
				   "burden_ohm: no CT here needs one, they all give volts; remove this line, and the resistor");
	}
}

/* Does every element have its phase, so that it is known which chips measure any? */
static bool is_placed(const struct mm_config *config)
{
	bool placed = config->meter_count > 0;

	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *meter = &config->meter[i];

		placed = placed && meter->model.elements > 0 && meter->front_end < config->front_end_count;
		for (unsigned e = 0; e < meter->model.elements; e++) {
			placed = placed && meter->phase[e] >= 0;
		}
	}
	return placed;
}

/* Has the front end a default only because a line of it could not be read? */
static bool is_unsure(const struct mm_config_reading *reading, unsigned number)
{
	size_t first = mm_config_part_of_front_end(number);

	for (size_t i = first; i < first + MM_CONFIG_FRONT_END_PARTS; i++) {
		for (size_t k = 0; k < MM_CONFIG_KEYS_MAX; k++) {
			if (mm_config_is_unread(reading, reading->given[i][k])) {
				return true;
			}
		}
	}
	return false;
}

/* What the driver itself refuses: it is made as the start makes it, which touches no hardware yet. */
static void check_driver(struct mm_config_reading *reading, unsigned number)
{
	const struct mm_config_front_end *front_end = &reading->config->front_end[number];
	const struct mm_afe_driver *driver = mm_afe_driver_find(front_end->driver);
	char section[MM_CONFIG_SECTION_MAX];
	struct mm_afe_config settings;
	struct mm_error error = {0};
	struct mm_afe *afe = NULL;

	mm_inputs_configure(reading->config, number, &settings);
	if (settings.input_count == 0 && is_placed(reading->config)) {
		mm_config_complain(reading, reading->begun_first[mm_config_part_of_front_end(number)],
				   "[%s]: no meter has an element there; remove the section",
				   mm_config_section_of(front_end, section));
	} else if (settings.input_count > 0 && !is_unsure(reading, number) &&
		   driver->create(driver, &settings, NULL, &error, &afe) < 0) {
		mm_config_complain(reading, mm_config_line_of(reading, front_end->driver), "[%s]: %s",
				   mm_config_section_of(front_end, section), error.text);
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

static const struct mm_key *key_of_line(const struct mm_config *config, unsigned meter, enum mm_output output)
{
	const struct mm_config_part part = mm_config_part(config, mm_config_part_of_meter(meter));

	for (size_t k = 0; k < part.table->count; k++) {
		if (part.table->keys[k].offset == offsetof(struct mm_config_meter, line) + output * sizeof(struct mm_line_spec)) {
			return &part.table->keys[k];
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
			const struct claim claim = {&config->meter[m].line[o], config->meter[m].name,
						    key_of_line(config, m, o)->name};
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

	if (copy[0] != '\0' && strcmp(copy, "none") != 0 && !is_unread(reading, config->register_path) &&
	    is_of_register(copy, config->register_path)) {
		mm_config_complain(
			reading, mm_config_line_of(reading, copy),
			"copy = %s: this is the register's own file (register = %s); give the copy another path, or leave "
			"the line out",
			copy, config->register_path);
	}
	if (!is_unread(reading, config->socket) && !is_unread(reading, config->admin_socket) &&
	    strcmp(config->socket, config->admin_socket) == 0) {
		mm_config_complain(reading, line_of_either(reading, config->admin_socket, config->socket),
				   "socket and admin_socket are both %s; they must differ", config->socket);
	}
}

void mm_config_check(struct mm_config_reading *reading)
{
	struct mm_config *config = reading->config;

	for (unsigned i = 0; i < config->meter_count; i++) {
		mm_config_settle_model(reading, &reading->config->meter[i]);
	}
	if (config->meter_count == 0 && reading->errors->count == 0) {
		mm_config_complain(reading, 0, "no meter: add a section [meter NAME] with model, serial and element1");
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		struct mm_config_meter *meter = &config->meter[i];

		check_given(reading, meter);
		check_chip(reading, meter);
		if (meter->model.elements > 0) {
			check_model(reading, meter);
		}
		check_others(reading, meter);
	}
	check_front_ends(reading);
	for (unsigned f = 0; f < config->front_end_count; f++) {
		check_uri(reading, &config->front_end[f]);
		check_scales(reading, f);
		check_driver(reading, f);
	}
	check_lines(reading);
	check_paths(reading);
	mm_config_settle_zone(reading);
	mm_config_check_tariffs(reading);
}
