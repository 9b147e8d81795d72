# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	src/core/calibration.c src/core/calibration.h \
	src/core/cause.c src/core/cause.h \
	src/core/correction.c src/core/correction.h \
	src/core/diagnosis.c src/core/diagnosis.h \
	src/core/evidence.c src/core/evidence.h \
	src/core/health.c src/core/health.h \
	src/core/measurement.h \
	src/core/meter.c src/core/meter.h \
	src/core/model.c src/core/model.h \
	src/core/phasing.c src/core/phasing.h \
	src/core/profile.c src/core/profile.h \
	src/core/pulse.c src/core/pulse.h \
	src/core/sag.c src/core/sag.h \
	src/core/units.h

if TESTS_ENABLED
core_checks = \
	tests/check_calibration \
	tests/check_correction \
	tests/check_diagnosis \
	tests/check_diagnosis_more \
	tests/check_fuzz_model \
	tests/check_health \
	tests/check_meter \
	tests/check_meter_acts \
	tests/check_meter_readings \
	tests/check_meter_windows \
	tests/check_model \
	tests/check_profile \
	tests/check_pulse \
	tests/wiring
check_PROGRAMS += $(core_checks)
TESTS += $(core_checks)
tests_check_calibration_SOURCES = tests/check_calibration.c tests/random.h
tests_check_calibration_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_calibration_LDADD = libcore.a $(CHECK_LIBS)
tests_check_correction_SOURCES = tests/check_correction.c
tests_check_correction_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_correction_LDADD = libcore.a $(CHECK_LIBS)
tests_check_diagnosis_SOURCES = tests/check_diagnosis.c tests/diagnosis_bench.c tests/diagnosis_bench.h
tests_check_diagnosis_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_diagnosis_LDADD = libcore.a $(CHECK_LIBS)
tests_check_diagnosis_more_SOURCES = tests/check_diagnosis_more.c tests/diagnosis_bench.c tests/diagnosis_bench.h
tests_check_diagnosis_more_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_diagnosis_more_LDADD = libcore.a $(CHECK_LIBS)
tests_wiring_SOURCES = tests/wiring.c tests/random.h
tests_wiring_LDADD = libsim.a libdsp.a libcore.a $(INIH_LIBS)
tests_check_model_SOURCES = tests/check_model.c
tests_check_model_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_model_LDADD = libcore.a $(CHECK_LIBS)
tests_check_pulse_SOURCES = tests/check_pulse.c tests/random.h
tests_check_pulse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_pulse_LDADD = libcore.a $(CHECK_LIBS)
tests_check_profile_SOURCES = tests/check_profile.c tests/random.h
tests_check_profile_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_profile_LDADD = libcore.a $(CHECK_LIBS)
tests_check_health_SOURCES = tests/check_health.c
tests_check_health_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_health_LDADD = libcore.a $(CHECK_LIBS)
tests_check_meter_SOURCES = tests/check_meter.c tests/meter_bench.c tests/meter_bench.h tests/random.h
tests_check_meter_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_meter_LDADD = libcore.a $(CHECK_LIBS)
tests_check_meter_acts_SOURCES = tests/check_meter_acts.c tests/meter_bench.c tests/meter_bench.h
tests_check_meter_acts_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_meter_acts_LDADD = libcore.a $(CHECK_LIBS)
tests_check_meter_readings_SOURCES = tests/check_meter_readings.c tests/meter_bench.c tests/meter_bench.h tests/random.h
tests_check_meter_readings_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_meter_readings_LDADD = libcore.a $(CHECK_LIBS)
tests_check_meter_windows_SOURCES = tests/check_meter_windows.c tests/meter_bench.c tests/meter_bench.h
tests_check_meter_windows_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_meter_windows_LDADD = libcore.a $(CHECK_LIBS)
tests_check_fuzz_model_SOURCES = tests/fuzz_model.c tests/fuzz_driver.c tests/fuzz.h tests/random.h
tests_check_fuzz_model_LDADD = libcore.a
endif

# Every wiring under every load, some ten minutes where machines are slow: prints what is named for what is wrong.
.PHONY: check-wiring
check-wiring: tests/wiring
	tests/wiring full

if FUZZERS
noinst_PROGRAMS += tests/fuzz_model
tests_fuzz_model_SOURCES = tests/fuzz_model.c tests/fuzz.h
tests_fuzz_model_CFLAGS = $(AM_CFLAGS) -fsanitize=fuzzer
tests_fuzz_model_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_model_LDADD = libcore.a
endif
