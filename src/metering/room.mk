# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libmetering.a
libmetering_a_SOURCES = \
	src/metering/backup_schedule.c src/metering/backup_schedule.h \
	src/metering/calibration.c src/metering/calibration.h \
	src/metering/engine.c src/metering/engine.h \
	src/metering/engine_handover.c \
	src/metering/engine_init.c \
	src/metering/engine_outputs.c \
	src/metering/front_end.c src/metering/front_end.h \
	src/metering/handover.c src/metering/handover.h \
	src/metering/journal.c src/metering/journal.h \
	src/metering/pending.c src/metering/pending.h \
	src/metering/point_outputs.c src/metering/point_outputs.h \
	src/metering/power_supply.c src/metering/power_supply.h \
	src/metering/settings.c src/metering/settings.h \
	src/metering/software.c src/metering/software.h \
	src/metering/view.c src/metering/view.h \
	src/metering/wall_clock.c src/metering/wall_clock.h
libmetering_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS)

if TESTS_ENABLED
metering_checks = tests/metering/check_engine tests/metering/check_engine_commits tests/metering/check_engine_restart tests/metering/check_handover
check_PROGRAMS += $(metering_checks)
TESTS += $(metering_checks)
engine_test_libs = libservice.a libmetering.a libconfig.a libstore.a liboutputs.a libdiagnosis.a libcore.a libclock.a libbase.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_metering_check_engine_SOURCES = tests/metering/check_engine.c tests/fixture/engine_fixture.c tests/fixture/engine_fixture.h
tests_metering_check_engine_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_metering_check_engine_LDADD = $(engine_test_libs)
tests_metering_check_engine_commits_SOURCES = tests/metering/check_engine_commits.c tests/fixture/engine_fixture.c tests/fixture/engine_fixture.h
tests_metering_check_engine_commits_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_metering_check_engine_commits_LDADD = $(engine_test_libs)
tests_metering_check_engine_restart_SOURCES = tests/metering/check_engine_restart.c tests/fixture/engine_fixture.c tests/fixture/engine_fixture.h tests/fixture/random.h
tests_metering_check_engine_restart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_metering_check_engine_restart_LDADD = $(engine_test_libs)
tests_metering_check_handover_SOURCES = tests/metering/check_handover.c tests/fixture/let_run.h tests/fixture/random.h
tests_metering_check_handover_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_metering_check_handover_LDADD = libservice.a libmetering.a libconfig.a libstore.a liboutputs.a libcore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/metering/check_restart tests/metering/check_restart_kills
TESTS += tests/metering/check_restart tests/metering/check_restart_kills
restart_fixture = tests/fixture/gpio_shim.h tests/fixture/let_run.h tests/fixture/manager.c tests/fixture/manager.h tests/fixture/restart_fixture.c tests/fixture/restart_fixture.h
restart_test_libs = libservice.a libmetering.a libconfig.a libstore.a liboutputs.a libdiagnosis.a libcore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_metering_check_restart_SOURCES = tests/metering/check_restart.c $(restart_fixture)
tests_metering_check_restart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_metering_check_restart_LDADD = $(restart_test_libs)
tests_metering_check_restart_kills_SOURCES = tests/metering/check_restart_kills.c tests/fixture/random.h $(restart_fixture)
tests_metering_check_restart_kills_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_metering_check_restart_kills_LDADD = $(restart_test_libs)
endif
