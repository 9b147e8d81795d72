# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	src/config/config.c src/config/config.h \
	src/config/config_check.c

if TESTS_ENABLED
config_checks = tests/config/check_config
check_PROGRAMS += $(config_checks)
TESTS += $(config_checks)
tests_config_check_config_SOURCES = tests/config/check_config.c
tests_config_check_config_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_config_check_config_LDADD = libconfig.a libafe.a libmetrology.a liboutputs.a libclock.a libdiagnosis.a libcore.a libbase.a $(INIH_LIBS) $(IIO_LIBS) $(GPIOD_LIBS) $(CHECK_LIBS)
endif
