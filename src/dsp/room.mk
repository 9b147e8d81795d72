# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libdsp.a
libdsp_a_SOURCES = src/dsp/crossing.c src/dsp/crossing.h src/dsp/harmonics.c src/dsp/harmonics.h src/dsp/metrology.c src/dsp/metrology.h src/dsp/quadrature.c src/dsp/quadrature.h src/dsp/sample_clock.c \
	src/dsp/sample_clock.h src/dsp/sums.c src/dsp/sums.h src/dsp/voltage_event.c src/dsp/voltage_event.h

if TESTS_ENABLED
dsp_checks = tests/check_metrology tests/check_metrology_faults tests/check_metrology_time
check_PROGRAMS += $(dsp_checks)
TESTS += $(dsp_checks)
tests_check_metrology_SOURCES = tests/check_metrology.c tests/metrology_bench.c tests/metrology_bench.h tests/random.h
tests_check_metrology_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_metrology_LDADD = libdsp.a $(CHECK_LIBS)
tests_check_metrology_faults_SOURCES = tests/check_metrology_faults.c tests/metrology_bench.c tests/metrology_bench.h tests/random.h
tests_check_metrology_faults_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_metrology_faults_LDADD = libdsp.a $(CHECK_LIBS)
tests_check_metrology_time_SOURCES = tests/check_metrology_time.c tests/metrology_bench.c tests/metrology_bench.h tests/random.h
tests_check_metrology_time_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_metrology_time_LDADD = libdsp.a $(CHECK_LIBS)
endif
