/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_SUITE_H
#define MM_TESTS_SUITE_H

/*
 * The end of every Check program.
 */

#include <check.h>
#include <stdlib.h>

#define MM_COUNT_OF(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* Runs the suite, prints its counts as CK_VERBOSITY says, and returns the program's exit status. */
static inline int mm_run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
