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
	src/base/thread.c src/base/thread.h \
	src/base/time_text.c src/base/time_text.h
libbase_a_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS) $(SYSTEMD_CFLAGS)

if TESTS_ENABLED
base_checks = \
	tests/base/check_error \
	tests/base/check_file \
	tests/base/check_hex \
	tests/base/check_ini \
	tests/base/check_thread \
	tests/base/check_time_text
check_PROGRAMS += $(base_checks)
TESTS += $(base_checks)
tests_base_check_error_SOURCES = tests/base/check_error.c
tests_base_check_error_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_base_check_error_LDADD = libbase.a $(CHECK_LIBS)
tests_base_check_file_SOURCES = tests/base/check_file.c
tests_base_check_file_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_base_check_file_LDADD = libbase.a $(CHECK_LIBS)
tests_base_check_hex_SOURCES = tests/base/check_hex.c
tests_base_check_hex_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_base_check_hex_LDADD = libbase.a $(CHECK_LIBS)
tests_base_check_ini_SOURCES = tests/base/check_ini.c
tests_base_check_ini_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_base_check_ini_LDADD = libbase.a $(INIH_LIBS) $(CHECK_LIBS)
tests_base_check_thread_SOURCES = tests/base/check_thread.c
tests_base_check_thread_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_base_check_thread_LDADD = libbase.a $(CHECK_LIBS)
tests_base_check_time_text_SOURCES = tests/base/check_time_text.c
tests_base_check_time_text_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_base_check_time_text_LDADD = libbase.a $(CHECK_LIBS)
endif
