# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	src/daemon/daemon.c src/daemon/daemon.h \
	src/daemon/listen_fds.c src/daemon/listen_fds.h \
	src/daemon/loop.c \
	src/daemon/power_fail.c src/daemon/power_fail.h \
	src/daemon/private.h \
	src/daemon/start.c \
	src/daemon/watchdog.c src/daemon/watchdog.h

sbin_PROGRAMS += minimeterd
minimeterd_SOURCES = src/daemon/main.c
minimeterd_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
minimeterd_LDADD = libdaemon.a libservice.a libmetering.a libconfig.a libafe.a libmetrology.a libstore.a liboutputs.a libvarlink.a libbilling.a libdiagnosis.a libcore.a libclock.a libbase.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) \
	$(INIH_LIBS) $(IIO_LIBS) $(GPIOD_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS)

if TESTS_ENABLED
# The real programs against each other.
e2e_tests = \
	tests/e2e/bad_input.sh \
	tests/e2e/calibrate.sh \
	tests/e2e/clock.sh \
	tests/e2e/correct.sh \
	tests/e2e/day.sh \
	tests/e2e/enclosure.sh \
	tests/e2e/events.sh \
	tests/e2e/follow.sh \
	tests/e2e/front_end.sh \
	tests/e2e/front_ends.sh \
	tests/e2e/generic.sh \
	tests/e2e/harmonics.sh \
	tests/e2e/kill.sh \
	tests/e2e/preset.sh \
	tests/e2e/reversed.sh \
	tests/e2e/scenarios.sh \
	tests/e2e/setup.sh \
	tests/e2e/three_phase.sh \
	tests/e2e/trace.sh \
	tests/e2e/samples.sh \
	tests/e2e/statement.sh \
	tests/e2e/verify.sh \
	tests/e2e/waveform.sh \
	tests/e2e/wiring.sh \
	tests/e2e/zone.sh

check_PROGRAMS += tests/daemon/check_watchdog
TESTS += tests/daemon/check_watchdog
tests_daemon_check_watchdog_SOURCES = tests/daemon/check_watchdog.c

dist_check_SCRIPTS += $(e2e_tests) tests/check_demo.sh
EXTRA_DIST += tests/e2e/lib.sh tests/e2e/hold.c tests/accuracy.sh tests/real_signals.sh
TESTS += $(e2e_tests) tests/check_demo.sh

EXTRA_PROGRAMS = tests/benchmark/bare_timer tests/benchmark/metrology tests/benchmark/put_line tests/benchmark/round_trip tests/billing/year
endif

dist_noinst_SCRIPTS += tests/benchmark/answers.sh tests/benchmark/instructions.sh tests/benchmark/metrology.sh tests/benchmark/run.sh tests/benchmark/window.sh tests/e2e/same_day.sh
CLEANFILES += $(EXTRA_PROGRAMS)
.PHONY: bench bench-metrology
bench: all bench-metrology tests/benchmark/bare_timer tests/benchmark/put_line tests/benchmark/round_trip tests/fixture/gpio_shim.so
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/benchmark/run.sh
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/benchmark/window.sh || test $$? = 77
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/benchmark/answers.sh || test $$? = 77
bench-metrology: tests/benchmark/metrology
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/benchmark/metrology.sh

# Accuracy through the whole chain; the short ones are a step of tests/matrix.sh.
ACCURACY_CHIPS = ade9000 mcp3912 ads131e04
.PHONY: check-accuracy check-accuracy-short
check-accuracy: all
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/accuracy.sh $(ACCURACY_CHIPS)
	$(AM_TESTS_ENVIRONMENT) MM_DAY=whole $(srcdir)/tests/e2e/day.sh
	$(AM_TESTS_ENVIRONMENT) MM_DAY=whole $(srcdir)/tests/e2e/three_phase.sh
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/real_signals.sh || test $$? = 77
check-accuracy-short: all
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/accuracy.sh --short ade9000 mcp3912
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/real_signals.sh --short || test $$? = 77

# A year of statements in each of three time zones, a minute each: prints every figure against the truth.
.PHONY: check-billing
check-billing: tests/billing/year
	for zone in America/New_York Europe/Berlin Asia/Kathmandu; do echo "== $$zone" && tests/billing/year "$$zone" || exit 1; done
