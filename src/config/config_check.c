/* SPDX-License-Identifier: MIT */
/* What keys must say together, each of them being right by itself. */
#include "config/config.h"

#include <stdio.h>
#include <string.h>

const char *mm_config_check_meter(const struct mm_config *config, const struct mm_config_meter *meter, char *scratch, size_t size)
{
	unsigned same_model = 0;

	if (meter->model.elements == 0) {
		return "model is missing";
	}
	if (meter->serial[0] == '\0') {
		return "serial is missing: the register needs to know whose it is";
	}
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		if (e < meter->model.elements && meter->phase[e] < 0) {
			snprintf(scratch, size, "element%u is missing: which phase of the front end serves it (A, B or C)?",
				 e + 1);
			return scratch;
		}
		if (e >= meter->model.elements && meter->phase[e] >= 0) {
			snprintf(scratch, size, "element%u: model %s has a single element", e + 1, meter->model.canonical);
			return scratch;
		}
	}
	if (meter->phase[0] == meter->phase[1]) {
		return "element1 and element2 are on the same phase";
	}
	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		if (meter->line[o].used && mm_output_kh_uwh(&meter->model, o) == 0) {
			snprintf(scratch, size, "output_%s: model %s does not have this output", mm_output_name(o),
				 meter->model.canonical);
			return scratch;
		}
	}
	if (meter->lcd[0] != '\0' && !meter->model.lcd) {
		snprintf(scratch, size, "lcd: model %s has no display (SCC or SO has)", meter->model.canonical);
		return scratch;
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *other = &config->meter[i];

		same_model += strcmp(other->model.canonical, meter->model.canonical) == 0;
		if (other == meter) {
			continue;
		}
		if (strcmp(other->serial, meter->serial) == 0) {
			snprintf(scratch, size, "serial %s is meter \"%s\"'s too", meter->serial, other->name);
			return scratch;
		}
		for (unsigned e = 0; e < MM_ELEMENTS_MAX * MM_ELEMENTS_MAX; e++) {
			int phase = meter->phase[e % MM_ELEMENTS_MAX];

			if (phase >= 0 && phase == other->phase[e / MM_ELEMENTS_MAX] &&
			    (meter->model.ct_primary_a != other->model.ct_primary_a ||
			     meter->model.ct_secondary_a != other->model.ct_secondary_a)) {
				snprintf(scratch, size, "shares phase %c with meter \"%s\", whose CT ratio is another",
					 'A' + phase, other->name);
				return scratch;
			}
		}
	}
	if (meter->model.meters > 1 && same_model > meter->model.meters) {
		snprintf(scratch, size, "%u meters are of model %s, whose enclosure holds %u", same_model, meter->model.canonical,
			 meter->model.meters);
		return scratch;
	}
	return NULL;
}
