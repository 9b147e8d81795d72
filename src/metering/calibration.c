/* SPDX-License-Identifier: MIT */
/* Versions of constants, out of the records of the audit trail. */
#include "metering/calibration.h"

#include <errno.h>
#include <jansson.h>

#include "metering/view.h"

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

/* A version out of its record. -EBADMSG: this is none of a meter of this model. */
static int parse(const char *record, const struct mm_model *model, struct mm_calibration_version *ret)
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
	int64_t number; /* that is looked for; -1: the last */
	struct mm_calibration_version version;
};

static bool on_record(void *userdata, const struct mm_store_event *event, const char *data)
{
	struct loading *loading = userdata;
	struct mm_calibration_version version;

	(void)event;
	if (parse(data, loading->model, &version) == 0 && (loading->number < 0 || version.number == loading->number)) {
		loading->version = version;
	}
	return true;
}

int mm_calibration_find(struct mm_store *store, unsigned meter, const struct mm_model *model, int64_t number,
			struct mm_calibration_version *ret)
{
	struct loading loading = {.model = model, .number = number, .version = mm_calibration_none};
	int r = mm_store_records(store, MM_CALIBRATION_RECORD, (int)meter, on_record, &loading);

	if (r < 0) {
		return r;
	}
	if (loading.version.number != number) {
		return -ENOENT;
	}
	*ret = loading.version;
	return 0;
}

int mm_calibration_load(struct mm_store *reg, unsigned index, const struct mm_model *model, struct mm_calibration_version *ret)
{
	struct loading loading = {.model = model, .number = -1, .version = mm_calibration_none};
	int r = mm_store_records(reg, MM_CALIBRATION_RECORD, (int)index, on_record, &loading);

	if (r == 0) {
		*ret = loading.version;
	}
	return r;
}
