/* SPDX-License-Identifier: MIT */
/* Calibration constants as JSON, and those in force out of the audit trail. */
#include "metering/calibration.h"

#include <errno.h>

json_t *mm_calibration_json(const struct mm_calibration *constants)
{
	return json_pack("{s:f, s:f, s:f}", "gain", constants->gain, "phase_deg", constants->phase_deg, "offset_w",
			 constants->offset_w);
}

json_t *mm_calibration_all_json(const struct mm_calibration *constants, unsigned elements)
{
	json_t *array = json_array();

	for (unsigned e = 0; e < elements; e++) {
		json_array_append_new(array, mm_calibration_json(&constants[e]));
	}
	return array;
}

static int parse_constants(const json_t *array, const struct mm_model *model, struct mm_calibration constants[MM_ELEMENTS_MAX])
{
	if (json_array_size(array) != model->elements) {
		return -EBADMSG;
	}
	for (unsigned e = 0; e < model->elements; e++) {
		struct mm_calibration *c = &constants[e];

		if (json_unpack(json_array_get(array, e), "{s:F, s:F, s:F}", "gain", &c->gain, "phase_deg", &c->phase_deg,
				"offset_w", &c->offset_w) < 0 ||
		    mm_calibration_check(c, model) != MM_CALIBRATION_FINE) {
			return -EBADMSG;
		}
	}
	return 0;
}

int mm_calibration_parse(const char *record, const struct mm_model *model, struct mm_calibration_version *ret)
{
	struct mm_calibration_version version = mm_calibration_none;
	json_t *root = json_loads(record ? record : "", 0, NULL), *constants = NULL;
	json_int_t number = 0;
	int r = -EBADMSG;

	if (json_unpack(root, "{s:I, s:o}", "version", &number, "constants", &constants) == 0 && number > 0) {
		version.number = number;
		r = parse_constants(constants, model, version.constants);
	}
	json_decref(root);
	if (r == 0) {
		*ret = version;
	}
	return r;
}

struct loading {
	const struct mm_model *model;
	struct mm_calibration_version version;
};

static bool on_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct loading *loading = userdata;

	(void)event;
	(void)mm_calibration_parse(data, loading->model, &loading->version);
	return true;
}

int mm_calibration_load(struct mm_store *reg, unsigned index, const struct mm_model *model, struct mm_calibration_version *ret)
{
	struct loading loading = {.model = model, .version = mm_calibration_none};
	int r = mm_store_records(reg, MM_CALIBRATION_RECORD, (int)index, on_record, &loading);

	if (r == 0) {
		*ret = loading.version;
	}
	return r;
}
