# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = src/core/health.c src/core/health.h src/core/measurement.h src/core/meter.c src/core/meter.h \
	src/core/model.c src/core/model.h src/core/profile.c src/core/profile.h src/core/pulse.c src/core/pulse.h src/core/units.h

if TESTS_ENABLED
check_PROGRAMS += tests/check_model
TESTS += tests/check_model
tests_check_model_SOURCES = tests/check_model.c
tests_check_model_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_model_LDADD = libcore.a $(CHECK_LIBS)
endif
