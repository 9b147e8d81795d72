# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libclock.a
libclock_a_SOURCES = src/clock/clock.c src/clock/clock.h src/clock/stepped.c src/clock/system.c

if TESTS_ENABLED
check_PROGRAMS += tests/clock/check_clock
TESTS += tests/clock/check_clock
endif
