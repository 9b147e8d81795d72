# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libsim.a
libsim_a_SOURCES = \
	src/sim/adc.c src/sim/adc.h \
	src/sim/ade9000.c src/sim/ade9000.h \
	src/sim/attrs.c src/sim/attrs.h \
	src/sim/board.c src/sim/board.h \
	src/sim/chip.c src/sim/chip.h \
	src/sim/context.c src/sim/context.h \
	src/sim/context_xml.c \
	src/sim/device.c src/sim/device.h \
	src/sim/flow.c src/sim/flow.h \
	src/sim/iiod.c src/sim/iiod.h \
	src/sim/iiod_buffer.c src/sim/iiod_buffer.h \
	src/sim/iiod_session.c src/sim/iiod_session.h \
	src/sim/noise.h \
	src/sim/number.c src/sim/number.h \
	src/sim/recording.c src/sim/recording.h \
	src/sim/scenario.c src/sim/scenario.h \
	src/sim/server.c src/sim/server.h \
	src/sim/state.c src/sim/state.h \
	src/sim/stream.c src/sim/stream.h \
	src/sim/wave.c src/sim/wave.h

bin_PROGRAMS += minimeter-sim
minimeter_sim_SOURCES = src/sim/main.c
minimeter_sim_LDADD = libsim.a libbase.a $(INIH_LIBS) $(SYSTEMD_LIBS)

dist_man_MANS += man/minimeter-sim.1
scenariodir = $(pkgdatadir)/scenarios
dist_scenario_DATA = etc/scenarios/demo.conf etc/scenarios/demo.ini etc/scenarios/house.ini \
	etc/scenarios/reversed.conf etc/scenarios/reversed.ini etc/scenarios/solar.conf etc/scenarios/solar.ini \
	etc/scenarios/tenants.conf etc/scenarios/tenants.ini

if TESTS_ENABLED
sim_checks = \
	tests/sim/check_fuzz_iiod \
	tests/sim/check_fuzz_recording \
	tests/sim/check_fuzz_scenario \
	tests/sim/check_iiod \
	tests/sim/check_recording \
	tests/sim/check_scenario \
	tests/sim/check_sim \
	tests/sim/check_sim_adc \
	tests/sim/check_sim_server
check_PROGRAMS += $(sim_checks)
TESTS += $(sim_checks) tests/sim/sim_iio_utils.sh
tests_sim_check_iiod_SOURCES = tests/sim/check_iiod.c tests/fixture/sim_fixture.c
tests_sim_check_sim_SOURCES = tests/sim/check_sim.c tests/fixture/sim_fixture.c
tests_sim_check_sim_adc_SOURCES = tests/sim/check_sim_adc.c tests/fixture/sim_fixture.c
tests_sim_check_scenario_SOURCES = tests/sim/check_scenario.c tests/fixture/sim_fixture.c
tests_sim_check_sim_server_SOURCES = tests/sim/check_sim_server.c tests/fixture/sim_fixture.c
tests_sim_check_fuzz_recording_SOURCES = tests/sim/fuzz_recording.c tests/fixture/fuzz_driver.c
tests_sim_check_fuzz_iiod_SOURCES = tests/sim/fuzz_iiod.c tests/fixture/fuzz_driver.c
tests_sim_check_fuzz_scenario_SOURCES = tests/sim/fuzz_scenario.c tests/fixture/fuzz_driver.c
endif
dist_check_SCRIPTS += tests/sim/sim_iio_utils.sh

if FUZZERS
noinst_PROGRAMS += tests/sim/fuzz_iiod tests/sim/fuzz_recording tests/sim/fuzz_scenario
tests_sim_fuzz_recording_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_sim_fuzz_iiod_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_sim_fuzz_scenario_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
