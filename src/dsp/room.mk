# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libdsp.a
libdsp_a_SOURCES = src/dsp/crossing.c src/dsp/crossing.h src/dsp/harmonics.c src/dsp/harmonics.h src/dsp/metrology.c src/dsp/metrology.h src/dsp/sample_clock.c \
	src/dsp/sample_clock.h src/dsp/sums.c src/dsp/sums.h src/dsp/voltage_event.c src/dsp/voltage_event.h

if TESTS_ENABLED
check_PROGRAMS += tests/check_metrology
TESTS += tests/check_metrology
tests_check_metrology_SOURCES = tests/check_metrology.c tests/random.h
tests_check_metrology_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_metrology_LDADD = libdsp.a $(CHECK_LIBS)
endif
