/* SPDX-License-Identifier: MIT */
/* Every code of the pure rooms has words. */
#include <check.h>

#include "fixture/suite.h"
#include "service/advice.h"

START_TEST(every_cause_has_words_and_a_next_step)
{
	for (enum mm_cause cause = 0; cause < MM_CAUSE_COUNT; cause++) {
		const struct mm_advice_cause *advice = mm_advice_cause(cause);

		ck_assert(advice->words != NULL && advice->next != NULL);
	}
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
	tcase_add_test(words, every_health_but_ok_has_advice);
	tcase_add_test(words, every_fault_of_a_point_has_a_reason_and_advice);
	suite_add_tcase(suite, words);
	return mm_run_suite(suite);
}
