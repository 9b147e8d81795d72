# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libmetrology.a
libmetrology_a_SOURCES = \
	src/metrology/aggregate.c src/metrology/aggregate.h \
	src/metrology/crossing.c src/metrology/crossing.h \
	src/metrology/harmonics.c src/metrology/harmonics.h \
	src/metrology/metrology.c src/metrology/metrology.h \
	src/metrology/power_check.c src/metrology/power_check.h \
	src/metrology/quadrature.c src/metrology/quadrature.h \
	src/metrology/sample_clock.c src/metrology/sample_clock.h \
	src/metrology/sample_watch.c src/metrology/sample_watch.h \
	src/metrology/sample_words.c src/metrology/sample_words.h \
	src/metrology/sums.c src/metrology/sums.h \
	src/metrology/voltage_event.c src/metrology/voltage_event.h \
	src/metrology/window.c src/metrology/window.h

if TESTS_ENABLED
metrology_checks = tests/metrology/check_samples tests/metrology/check_window tests/metrology/check_metrology tests/metrology/check_metrology_faults tests/metrology/check_metrology_time tests/metrology/check_power_check
check_PROGRAMS += $(metrology_checks)
TESTS += $(metrology_checks)
tests_metrology_check_window_SOURCES = tests/metrology/check_window.c tests/fixture/window_fixture.c
tests_metrology_check_metrology_SOURCES = tests/metrology/check_metrology.c tests/fixture/metrology_fixture.c
tests_metrology_check_metrology_faults_SOURCES = tests/metrology/check_metrology_faults.c tests/fixture/metrology_fixture.c
tests_metrology_check_metrology_time_SOURCES = tests/metrology/check_metrology_time.c tests/fixture/metrology_fixture.c
endif
