/* SPDX-License-Identifier: MIT */
/*
 * Model numbers: what is read, in which spellings, and which field is blamed for what is not.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "core/model.h"
#include "fixture/suite.h"

struct reading {
	const char *text;
	const char *canonical;
	unsigned elements;
	unsigned meters;
	double primary_a;
	double secondary_a;
	bool fine_pulses;
	bool lcd;
};

static const struct reading readings[] = {
	{"MMD-120-2001-T-SCC", "MMD-120-2001-T-SCC", 2, 1, 200, 0.1, true, true},
	{"MMS-120-1001", "MMS-120-1001", 1, 1, 100, 0.1, false, false},
	{"MMS-120-2002-T", "MMS-120-2002-T", 1, 1, 200, 0.2, true, false},
	{"MMD-120-4001-SCC", "MMD-120-4001-SCC", 2, 1, 400, 0.1, false, true},
	{"mmd 120 2001 t scc", "MMD-120-2001-T-SCC", 2, 1, 200, 0.1, true, true},
	{"MMD1202001TSCC", "MMD-120-2001-T-SCC", 2, 1, 200, 0.1, true, true},
	{"Mms120-1001Scc", "MMS-120-1001-SCC", 1, 1, 100, 0.1, false, true},
	{" MMS - 120 - 1001 ", "MMS-120-1001", 1, 1, 100, 0.1, false, false},
	{"MS 120 F 01 SO 011 00", "MS 120 F 01 SO 011 00", 1, 1, 100, 0.1, false, true},
	{"MD 240 F 12 XO 041 00", "MD 240 F 12 XO 041 00", 2, 12, 400, 0.1, false, false},
	{"MS120F01SO01100", "MS 120 F 01 SO 011 00", 1, 1, 100, 0.1, false, true},
	{"md-240-f-99-so-021-00", "MD 240 F 99 SO 021 00", 2, 99, 200, 0.1, false, true},
	{"MD240F10XO02200", "MD 240 F 10 XO 022 00", 2, 10, 200, 0.2, false, false},
};

START_TEST(reads)
{
	const struct reading *want = &readings[_i];
	struct mm_model model;
	struct mm_model_error error;

	ck_assert_int_eq(mm_model_parse(want->text, &model, &error), 0);
	ck_assert_str_eq(model.canonical, want->canonical);
	ck_assert_uint_eq(model.elements, want->elements);
	ck_assert_uint_eq(model.meters, want->meters);
	ck_assert_double_eq(model.rated_voltage_v, 120);
	ck_assert_double_eq(model.ct_primary_a, want->primary_a);
	ck_assert_double_eq(model.ct_secondary_a, want->secondary_a);
	ck_assert_int_eq(model.fine_pulses, want->fine_pulses);
	ck_assert_int_eq(model.lcd, want->lcd);
}
END_TEST

static const struct {
	const char *text;
	const char *field;
} refusals[] = {
	{"", "meter type"},
	{" - ", "meter type"},
	{"MM", "meter type"},
	{"MMX-120-2001", "meter type"},
	{"120-2001", "meter type"},
	{"\xff\xfe\x01", "meter type"},
	{"MMD", "voltage"},
	{"MMD-240-2001", "voltage"},
	{"MMS-12", "voltage"},
	{"MS 240 F 01 SO 011 00", "voltage"},
	{"MD 120 F 01 SO 011 00", "voltage"},
	{"MMD-120", "CT ratio"},
	{"MMD-120-3001", "CT ratio"},
	{"MMD-1200-2001", "CT ratio"},
	{"MMD-120-011", "CT ratio"},
	{"MMD-120-2001-X", "options"},
	{"MMD-120-2001-SCC-T", "options"},
	{"MMD-120-2001-T-T", "options"},
	{"MMD-120-2001-T-SCC1", "options"},
	{"MMD-120-2001\n", "options"},
	{"MS 120 G 01 SO 011 00", "enclosure"},
	{"MS 120", "enclosure"},
	{"MS 120 F 00 SO 011 00", "number of meters"},
	{"MS 120 F 1 SO 011 00", "number of meters"},
	{"MS 120 F -1 SO 011 00", "number of meters"},
	{"MS 120 F 01 TO 011 00", "counter"},
	{"MS 120 F 012 SO 011 00", "counter"},
	{"MS 120 F 01 SO 031 00", "CT ratio"},
	{"MS 120 F 01 SO 1001 00", "CT ratio"},
	{"MS 120 F 01 SO 011", "options"},
	{"MS 120 F 01 SO 011 01", "options"},
	{"MS 120 F 01 SO 011 00 T", "options"},
	{"MMD-120-2001-T-SCC              ", "model number"},
	{"MMD-------------------------------------------120-2001", "model number"},
};

START_TEST(refuses)
{
	struct mm_model untouched, model;
	struct mm_model_error error = {.field = NULL};

	memset(&untouched, 0x5a, sizeof(untouched));
	memcpy(&model, &untouched, sizeof(model));
	ck_assert_int_eq(mm_model_parse(refusals[_i].text, &model, &error), -EINVAL);
	ck_assert_str_eq(error.field, refusals[_i].field);
	ck_assert_ptr_nonnull(error.reason);
	ck_assert_mem_eq(&model, &untouched, sizeof(model));
}
END_TEST

/* Every number that there is reads as itself. */
START_TEST(reads_canonical)
{
	static const char *const ratios[] = {"1001", "2001", "2002", "4001"};
	static const char *const options[] = {"", "-T", "-SCC", "-T-SCC"};
	struct mm_model model;
	struct mm_model_error error;
	char text[MM_MODEL_TEXT_MAX];

	for (int i = 0; i < 32; i++) {
		strcpy(text, (i & 1) != 0 ? "MMS-120-" : "MMD-120-");
		strcat(text, ratios[(i >> 1) & 3]);
		strcat(text, options[i >> 3]);
		ck_assert_int_eq(mm_model_parse(text, &model, &error), 0);
		ck_assert_str_eq(model.canonical, text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tcase = tcase_create("model");

	tcase_add_loop_test(tcase, reads, 0, MM_COUNT_OF(readings));
	tcase_add_loop_test(tcase, refuses, 0, MM_COUNT_OF(refusals));
	tcase_add_test(tcase, reads_canonical);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
