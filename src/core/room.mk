# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	src/core/calibration.c src/core/calibration.h \
	src/core/correction.c src/core/correction.h \
	src/core/health.c src/core/health.h \
	src/core/measurement.h \
	src/core/meter.c src/core/meter.h \
	src/core/model.c src/core/model.h \
	src/core/profile.c src/core/profile.h \
	src/core/pulse.c src/core/pulse.h \
	src/core/units.h

if TESTS_ENABLED
core_checks = \
	tests/core/check_calibration \
	tests/core/check_correction \
	tests/core/check_fuzz_model \
	tests/core/check_health \
	tests/core/check_meter \
	tests/core/check_meter_acts \
	tests/core/check_meter_readings \
	tests/core/check_meter_windows \
	tests/core/check_model \
	tests/core/check_profile \
	tests/core/check_pulse
check_PROGRAMS += $(core_checks)
TESTS += $(core_checks)
tests_core_check_calibration_SOURCES = tests/core/check_calibration.c tests/fixture/random.h
tests_core_check_calibration_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_calibration_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_correction_SOURCES = tests/core/check_correction.c
tests_core_check_correction_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_correction_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_model_SOURCES = tests/core/check_model.c
tests_core_check_model_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_model_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_pulse_SOURCES = tests/core/check_pulse.c tests/fixture/random.h
tests_core_check_pulse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_pulse_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_profile_SOURCES = tests/core/check_profile.c tests/fixture/random.h
tests_core_check_profile_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_profile_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_health_SOURCES = tests/core/check_health.c
tests_core_check_health_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_health_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_meter_SOURCES = tests/core/check_meter.c tests/fixture/meter_fixture.c tests/fixture/meter_fixture.h tests/fixture/random.h
tests_core_check_meter_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_meter_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_meter_acts_SOURCES = tests/core/check_meter_acts.c tests/fixture/meter_fixture.c tests/fixture/meter_fixture.h
tests_core_check_meter_acts_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_meter_acts_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_meter_readings_SOURCES = tests/core/check_meter_readings.c tests/fixture/meter_fixture.c tests/fixture/meter_fixture.h tests/fixture/random.h
tests_core_check_meter_readings_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_meter_readings_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_meter_windows_SOURCES = tests/core/check_meter_windows.c tests/fixture/meter_fixture.c tests/fixture/meter_fixture.h
tests_core_check_meter_windows_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_core_check_meter_windows_LDADD = libcore.a $(CHECK_LIBS)
tests_core_check_fuzz_model_SOURCES = tests/core/fuzz_model.c tests/fixture/fuzz_driver.c tests/fixture/fuzz.h tests/fixture/random.h
tests_core_check_fuzz_model_LDADD = libcore.a
endif

if FUZZERS
noinst_PROGRAMS += tests/core/fuzz_model
tests_core_fuzz_model_SOURCES = tests/core/fuzz_model.c tests/fixture/fuzz.h
tests_core_fuzz_model_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_core_fuzz_model_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_core_fuzz_model_LDADD = libcore.a
endif
