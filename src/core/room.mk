# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	src/core/calibration.c src/core/calibration.h \
	src/core/correction.c src/core/correction.h \
	src/core/health.c src/core/health.h \
	src/core/measurement.h \
	src/core/generic.c src/core/generic.h \
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
	tests/core/check_generic \
	tests/core/check_model \
	tests/core/check_profile \
	tests/core/check_pulse
check_PROGRAMS += $(core_checks)
TESTS += $(core_checks)
tests_core_check_meter_SOURCES = tests/core/check_meter.c tests/fixture/meter_fixture.c
tests_core_check_meter_acts_SOURCES = tests/core/check_meter_acts.c tests/fixture/meter_fixture.c
tests_core_check_meter_readings_SOURCES = tests/core/check_meter_readings.c tests/fixture/meter_fixture.c
tests_core_check_meter_windows_SOURCES = tests/core/check_meter_windows.c tests/fixture/meter_fixture.c
tests_core_check_fuzz_model_SOURCES = tests/core/fuzz_model.c tests/fixture/fuzz_driver.c
endif

if FUZZERS
noinst_PROGRAMS += tests/core/fuzz_model
tests_core_fuzz_model_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_core_fuzz_model_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
