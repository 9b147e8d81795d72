# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	src/daemon/acts.c src/daemon/acts.h \
	src/daemon/calibration.c src/daemon/calibration.h \
	src/daemon/calibrator.c src/daemon/calibrator.h \
	src/daemon/calibrator_accept.c src/daemon/calibrator_refusals.c \
	src/daemon/config.c src/daemon/config.h \
	src/daemon/config_check.c \
	src/daemon/daemon.c src/daemon/daemon.h \
	src/daemon/diagnose.c src/daemon/diagnose.h \
	src/daemon/engine.c src/daemon/engine.h \
	src/daemon/engine_backup.c \
	src/daemon/engine_handover.c \
	src/daemon/engine_init.c \
	src/daemon/engine_outputs.c \
	src/daemon/engine_power.c \
	src/daemon/engine_time.c \
	src/daemon/front_end.c src/daemon/front_end.h \
	src/daemon/harmonics.c src/daemon/harmonics.h \
	src/daemon/handover.c src/daemon/handover.h \
	src/daemon/history.c src/daemon/history.h \
	src/daemon/identity.c src/daemon/identity.h \
	src/daemon/log.c src/daemon/log.h \
	src/daemon/messages.h \
	src/daemon/passed.c src/daemon/passed.h \
	src/daemon/pending.c src/daemon/pending.h \
	src/daemon/player.c src/daemon/player.h \
	src/daemon/power_fail.c src/daemon/power_fail.h \
	src/daemon/readings.c src/daemon/readings.h \
	src/daemon/server.c src/daemon/server.h \
	src/daemon/service.c src/daemon/service.h \
	src/daemon/settings.c src/daemon/settings.h \
	src/daemon/software.c src/daemon/software.h \
	src/daemon/trail.c src/daemon/trail.h
libdaemon_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS) $(INIH_CFLAGS)

sbin_PROGRAMS += minimeterd
minimeterd_SOURCES = src/daemon/main.c
minimeterd_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
minimeterd_LDADD = libdaemon.a libafe.a libdsp.a libregister.a liboutputs.a libvarlink.a libcore.a libclock.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) \
	$(INIH_LIBS) $(IIO_LIBS) $(GPIOD_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS)

if TESTS_ENABLED
check_PROGRAMS += tests/check_calibrator tests/check_config tests/check_engine tests/check_engine_commits tests/check_engine_restart \
	tests/check_handover tests/check_identity tests/check_player
TESTS += tests/check_calibrator tests/check_config tests/check_engine tests/check_engine_commits tests/check_engine_restart \
	tests/check_handover tests/check_identity tests/check_player
tests_check_calibrator_SOURCES = tests/check_calibrator.c
tests_check_calibrator_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_check_calibrator_LDADD = libdaemon.a libregister.a liboutputs.a libvarlink.a libcore.a libclock.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_check_config_SOURCES = tests/check_config.c
tests_check_config_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_config_LDADD = libdaemon.a liboutputs.a libcore.a $(INIH_LIBS) $(CHECK_LIBS)
engine_test_libs = libdaemon.a libregister.a liboutputs.a libcore.a libclock.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_check_engine_SOURCES = tests/check_engine.c tests/engine_bench.c tests/engine_bench.h
tests_check_engine_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_engine_LDADD = $(engine_test_libs)
tests_check_engine_commits_SOURCES = tests/check_engine_commits.c tests/engine_bench.c tests/engine_bench.h
tests_check_engine_commits_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_engine_commits_LDADD = $(engine_test_libs)
tests_check_engine_restart_SOURCES = tests/check_engine_restart.c tests/engine_bench.c tests/engine_bench.h
tests_check_engine_restart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_engine_restart_LDADD = $(engine_test_libs)
tests_check_handover_SOURCES = tests/check_handover.c tests/let_run.h tests/random.h
tests_check_handover_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_handover_LDADD = libdaemon.a libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_check_identity_SOURCES = tests/check_identity.c
tests_check_identity_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CHECK_CFLAGS)
tests_check_identity_LDADD = libdaemon.a $(CHECK_LIBS)
tests_check_player_SOURCES = tests/check_player.c
tests_check_player_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_player_LDADD = libdaemon.a $(CHECK_LIBS)

check_PROGRAMS += tests/check_restart tests/check_restart_kills
TESTS += tests/check_restart tests/check_restart_kills
restart_bench = tests/gpio_shim.h tests/let_run.h tests/manager.c tests/manager.h tests/restart_bench.c tests/restart_bench.h
restart_test_libs = libdaemon.a libregister.a libcore.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_check_restart_SOURCES = tests/check_restart.c $(restart_bench)
tests_check_restart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_restart_LDADD = $(restart_test_libs)
tests_check_restart_kills_SOURCES = tests/check_restart_kills.c tests/random.h $(restart_bench)
tests_check_restart_kills_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_restart_kills_LDADD = $(restart_test_libs)

# The real programs against each other.
e2e_tests = \
	tests/e2e/bad_input.sh \
	tests/e2e/calibrate.sh \
	tests/e2e/correct.sh \
	tests/e2e/day.sh \
	tests/e2e/enclosure.sh \
	tests/e2e/front_end.sh \
	tests/e2e/harmonics.sh \
	tests/e2e/kill.sh \
	tests/e2e/preset.sh \
	tests/e2e/reversed.sh \
	tests/e2e/trace.sh \
	tests/e2e/verify.sh \
	tests/e2e/waveform.sh \
	tests/e2e/wiring.sh
dist_check_SCRIPTS += $(e2e_tests)
EXTRA_DIST += tests/e2e/lib.sh tests/accuracy.sh tests/real_signals.sh
TESTS += $(e2e_tests)

EXTRA_PROGRAMS = tests/bench/bare_timer tests/bench/metrology tests/bench/put_line tests/bench/round_trip
tests_bench_bare_timer_SOURCES = tests/bench/bare_timer.c
tests_bench_metrology_SOURCES = tests/bench/metrology.c
tests_bench_metrology_LDADD = libdsp.a
tests_bench_put_line_SOURCES = tests/bench/put_line.c tests/gpio_shim.h
tests_bench_round_trip_SOURCES = tests/bench/round_trip.c
tests_bench_round_trip_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_bench_round_trip_LDADD = libvarlink.a $(JANSSON_LIBS)
endif

dist_noinst_SCRIPTS += tests/bench/metrology.sh tests/bench/run.sh
CLEANFILES += $(EXTRA_PROGRAMS)
.PHONY: bench bench-metrology
bench: all bench-metrology tests/bench/bare_timer tests/bench/put_line tests/bench/round_trip tests/gpio_shim.so
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/bench/run.sh
bench-metrology: tests/bench/metrology
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/bench/metrology.sh

# Accuracy through the whole chain; the short ones are a step of tests/matrix.sh.
ACCURACY_CHIPS = ade9000 mcp3912 ads131e04
.PHONY: check-accuracy check-accuracy-short
check-accuracy: all
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/accuracy.sh $(ACCURACY_CHIPS)
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/real_signals.sh || test $$? = 77
check-accuracy-short: all
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/accuracy.sh --short ade9000 mcp3912
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/real_signals.sh --short || test $$? = 77
