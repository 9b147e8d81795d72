/* SPDX-License-Identifier: MIT */
/* What keys must say together, each of them being right by itself. */
#include "config/config.h"

#include <errno.h>
#include <string.h>

int mm_config_check_meter(const struct mm_config *config, const struct mm_config_meter *meter, struct mm_error *error)
{
	unsigned same_model = 0;

	if (meter->model.elements == 0) {
		return mm_error_set(error, -EINVAL, "model is missing");
	}
	if (meter->serial[0] == '\0') {
		return mm_error_set(error, -EINVAL, "serial is missing: the register needs to know whose it is");
	}
	for (unsigned e = 0; e < MM_ELEMENTS_MAX; e++) {
		if (e < meter->model.elements && meter->phase[e] < 0) {
			return mm_error_set(error, -EINVAL,
					    "element%u is missing: which phase of the front end serves it (A, B or C)?", e + 1);
		}
		if (e >= meter->model.elements && meter->phase[e] >= 0) {
			return mm_error_set(error, -EINVAL, "element%u: model %s has a single element", e + 1,
					    meter->model.canonical);
		}
	}
	if (meter->phase[0] == meter->phase[1]) {
		return mm_error_set(error, -EINVAL, "element1 and element2 are on the same phase");
	}
	for (enum mm_output o = 0; o < MM_OUTPUT_ENERGY_COUNT; o++) {
		if (meter->line[o].used && mm_output_kh_uwh(&meter->model, o) == 0) {
			return mm_error_set(error, -EINVAL, "output_%s: model %s does not have this output", mm_output_name(o),
					    meter->model.canonical);
		}
	}
	if (meter->lcd[0] != '\0' && !meter->model.lcd) {
		return mm_error_set(error, -EINVAL, "lcd: model %s has no display (SCC or SO has)", meter->model.canonical);
	}
	for (unsigned i = 0; i < config->meter_count; i++) {
		const struct mm_config_meter *other = &config->meter[i];

		same_model += strcmp(other->model.canonical, meter->model.canonical) == 0;
		if (other == meter) {
			continue;
		}
		if (strcmp(other->serial, meter->serial) == 0) {
			return mm_error_set(error, -EINVAL, "serial %s is meter \"%s\"'s too", meter->serial, other->name);
		}
		for (unsigned e = 0; e < MM_ELEMENTS_MAX * MM_ELEMENTS_MAX; e++) {
			int phase = meter->phase[e % MM_ELEMENTS_MAX];

			if (phase >= 0 && phase == other->phase[e / MM_ELEMENTS_MAX] &&
			    (meter->model.ct_primary_a != other->model.ct_primary_a ||
			     meter->model.ct_secondary_a != other->model.ct_secondary_a)) {
				return mm_error_set(error, -EINVAL,
						    "shares phase %c with meter \"%s\", whose CT ratio is another", 'A' + phase,
						    other->name);
			}
		}
	}
	if (meter->model.meters > 1 && same_model > meter->model.meters) {
		return mm_error_set(error, -EINVAL, "%u meters are of model %s, whose enclosure holds %u", same_model,
				    meter->model.canonical, meter->model.meters);
	}
	return 0;
}
