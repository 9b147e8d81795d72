# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libconfig.a
libconfig_a_SOURCES = \
	src/config/config.c src/config/config.h \
	src/config/check.c src/config/compare.c src/config/inputs.c src/config/inputs.h \
	src/config/files.c src/config/generic.c src/config/load.c src/config/print.c src/config/private.h \
	src/config/reading.c src/config/same_file.c src/config/settings.c \
	src/config/tariff.c src/config/tariff_check.c src/config/tariff_text.c src/config/tariff_text.h \
	src/config/time_zone.c

if TESTS_ENABLED
config_checks = tests/config/check_config tests/config/check_drop_ins
check_PROGRAMS += $(config_checks)
TESTS += $(config_checks)
tests_config_check_config_SOURCES = tests/config/check_config.c tests/config/check_config.h \
	tests/config/check_config_front_ends.c tests/config/check_config_refused.c tests/config/check_config_tariff.c
endif
