/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: model numbers. Whatever is read is read again, the same, from its canonical spelling, in small letters and without
 * separators; whatever is refused leaves the result alone and says why.
 */
#include <errno.h>
#include <string.h>

#include "core/model.h"
#include "fixture/fuzz.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED("MMD-120-2001-T-SCC"),
	MM_FUZZ_SEED("MMS-120-1001"),
	MM_FUZZ_SEED("MMS-120-2002-T"),
	MM_FUZZ_SEED("MMD-120-4001-SCC"),
	MM_FUZZ_SEED("MS 120 F 01 SO 011 00"),
	MM_FUZZ_SEED("MD 240 F 12 XO 041 00"),
	MM_FUZZ_SEED("MS120F01SO02200"),
	MM_FUZZ_SEED("mmd1202001tscc"),
	MM_FUZZ_SEED("MD\000240"),
	{NULL, 0},
};

static void check_read(const struct mm_model *model)
{
	struct mm_model again = {.canonical = ""};
	struct mm_model_error error;
	char bare[MM_MODEL_TEXT_MAX] = "";
	size_t length = 0;

	for (const char *at = model->canonical; *at != '\0'; at++) {
		if (*at != '-' && *at != ' ') {
			bare[length++] = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
		}
	}
	MM_FUZZ_CHECK(mm_model_parse(bare, &again, &error) == 0);
	MM_FUZZ_CHECK(strcmp(again.canonical, model->canonical) == 0);
	MM_FUZZ_CHECK(again.elements == model->elements && again.meters == model->meters && again.lcd == model->lcd);
	MM_FUZZ_CHECK(again.fine_pulses == model->fine_pulses && again.ct_primary_a == model->ct_primary_a);
	MM_FUZZ_CHECK(model->elements >= 1 && model->elements <= MM_ELEMENTS_MAX && model->meters >= 1);
	MM_FUZZ_CHECK(model->rated_voltage_v == 120 && model->ct_primary_a >= 100 && model->ct_secondary_a >= 0.1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_model model = {.canonical = "untouched"};
	struct mm_model_error error = {.field = NULL};
	char text[256];

	if (size >= sizeof(text)) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (mm_model_parse(text, &model, &error) == 0) {
		check_read(&model);
	} else {
		MM_FUZZ_CHECK(error.field != NULL && error.reason != NULL && strcmp(model.canonical, "untouched") == 0);
	}
	return 0;
}
