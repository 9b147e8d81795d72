# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	src/base/count_of.h \
	src/base/error.c src/base/error.h \
	src/base/events.c src/base/events.h \
	src/base/file.c src/base/file.h \
	src/base/hex.c src/base/hex.h \
	src/base/ini.c src/base/ini.h \
	src/base/key.c src/base/key.h \
	src/base/log.c src/base/log.h \
	src/base/now.c src/base/now.h \
	src/base/period.c src/base/period.h \
	src/base/text.c src/base/text.h \
	src/base/thread.c src/base/thread.h \
	src/base/time_text.c src/base/time_text.h \
	src/base/utf8.c src/base/utf8.h \
	src/base/zone.c src/base/zone.h \
	src/base/zone_file.c src/base/zone_file.h

if TESTS_ENABLED
base_checks = \
	tests/base/check_error \
	tests/base/check_file \
	tests/base/check_hex \
	tests/base/check_fuzz_period \
	tests/base/check_fuzz_zone_file \
	tests/base/check_ini \
	tests/base/check_period \
	tests/base/check_thread \
	tests/base/check_time_text \
	tests/base/check_utf8 \
	tests/base/check_zone \
	tests/base/check_zone_file
check_PROGRAMS += $(base_checks)
TESTS += $(base_checks)
tests_base_check_fuzz_period_SOURCES = tests/base/fuzz_period.c tests/fixture/fuzz_driver.c
tests_base_check_fuzz_zone_file_SOURCES = tests/base/fuzz_zone_file.c tests/fixture/fuzz_driver.c
endif

if FUZZERS
noinst_PROGRAMS += tests/base/fuzz_period tests/base/fuzz_zone_file
tests_base_fuzz_period_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_base_fuzz_zone_file_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
