# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	src/config/config.c src/config/config.h \
	src/config/config_check.c

if TESTS_ENABLED
config_checks = tests/config/check_config
check_PROGRAMS += $(config_checks)
TESTS += $(config_checks)
endif
