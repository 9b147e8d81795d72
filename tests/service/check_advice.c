/* SPDX-License-Identifier: MIT */
/* Every code of the pure rooms has words. */
#include <check.h>

#include "diagnosis/diagnosis.h"
#include "fixture/suite.h"
#include "service/advice.h"

START_TEST(every_cause_has_words_and_a_next_step)
{
	for (enum mm_cause cause = 0; cause < MM_CAUSE_COUNT; cause++) {
		ck_assert_ptr_nonnull(mm_advice_cause(cause)->words);
		ck_assert_ptr_nonnull(mm_advice_next(cause, false, MM_HEALTH_ABSENT, "local:"));
		ck_assert_ptr_nonnull(mm_advice_next(cause, true, MM_HEALTH_ABSENT, "local:"));
	}
}
END_TEST

/* What to do about a front end is said by diagnosis and status alike, and a chip behind the network is not looked for here. */
START_TEST(diagnosis_and_status_advise_the_same)
{
	static const char *const uris[] = {"local:", "ip:192.0.2.7"};
	const struct mm_model model = {.elements = 2, .ct_primary_a = 200, .rated_voltage_v = 120};
	struct mm_observation observation;

	mm_observation_init(&observation, 2);
	for (enum mm_health health = MM_HEALTH_STARTING + 1; health < MM_HEALTH_COUNT; health++) {
		struct mm_diagnosis diagnosis;

		mm_diagnose(&observation, &model, &(struct mm_circumstances){.health = health}, &diagnosis);
		for (size_t i = 0; i < 2; i++) {
			ck_assert_str_eq(mm_advice_next(diagnosis.finding[0].cause, true, health, uris[i]),
					 mm_advice_front_end(health, uris[i]));
		}
	}
	ck_assert_str_ne(mm_advice_front_end(MM_HEALTH_ABSENT, uris[0]), mm_advice_front_end(MM_HEALTH_ABSENT, uris[1]));
}
END_TEST

START_TEST(every_health_but_ok_has_advice)
{
	ck_assert_ptr_null(mm_advice_front_end(MM_HEALTH_OK, "ip:192.0.2.7"));
	for (enum mm_health health = MM_HEALTH_OK + 1; health < MM_HEALTH_COUNT; health++) {
		ck_assert_ptr_nonnull(mm_advice_front_end(health, "local:"));
	}
}
END_TEST

START_TEST(every_fault_of_a_point_has_a_reason_and_advice)
{
	const struct mm_calibration_run run = {.windows = 5, .seconds = 5};
	const struct mm_model model = {.elements = 1, .ct_primary_a = 200, .rated_voltage_v = 120};
	const struct mm_advice_point point = {.model = &model, .constants = mm_calibration_none.constants, .run = &run};
	char reason[MM_ADVICE_REASON_MAX];

	for (enum mm_calibration_fault fault = MM_CALIBRATION_FINE + 1; fault < MM_CALIBRATION_FAULT_COUNT; fault++) {
		ck_assert_str_ne(mm_advice_calibration(fault, &point, reason), "");
		ck_assert_str_ne(reason, "");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("advice");
	TCase *words = tcase_create("words");

	tcase_add_test(words, every_cause_has_words_and_a_next_step);
	tcase_add_test(words, diagnosis_and_status_advise_the_same);
	tcase_add_test(words, every_health_but_ok_has_advice);
	tcase_add_test(words, every_fault_of_a_point_has_a_reason_and_advice);
	suite_add_tcase(suite, words);
	return mm_run_suite(suite);
}
