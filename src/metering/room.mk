# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libmetering.a
libmetering_a_SOURCES = \
	src/metering/backup_schedule.c src/metering/backup_schedule.h \
	src/metering/calibration.c src/metering/calibration.h \
	src/metering/carryover.c src/metering/carryover.h \
	src/metering/chips.c src/metering/chips.h \
	src/metering/committer.c src/metering/committer.h \
	src/metering/facts.c src/metering/facts.h \
	src/metering/front_end.c src/metering/front_end.h \
	src/metering/journal.c src/metering/journal.h \
	src/metering/memory.c src/metering/memory.h \
	src/metering/meter_point.c src/metering/meter_point.h \
	src/metering/metering.c src/metering/metering.h \
	src/metering/metering_new.c \
	src/metering/metering_outputs.c \
	src/metering/multiplier.c src/metering/multiplier.h \
	src/metering/pending.c src/metering/pending.h \
	src/metering/point_outputs.c src/metering/point_outputs.h \
	src/metering/power_supply.c src/metering/power_supply.h \
	src/metering/private.h \
	src/metering/program.c src/metering/program.h \
	src/metering/scale.c src/metering/scale.h \
	src/metering/settings.c src/metering/settings.h \
	src/metering/supervisor.c src/metering/supervisor.h \
	src/metering/view.c src/metering/view.h \
	src/metering/wall_clock.c src/metering/wall_clock.h

if TESTS_ENABLED
metering_checks = tests/metering/check_metering tests/metering/check_committer tests/metering/check_carryover tests/metering/check_carryover_outputs \
	tests/metering/check_waiting \
	tests/metering/check_front_ends \
	tests/metering/check_journal tests/metering/check_memory tests/metering/check_supervisor tests/metering/check_wall_clock
check_PROGRAMS += $(metering_checks)
TESTS += $(metering_checks)
tests_metering_check_metering_SOURCES = tests/metering/check_metering.c tests/fixture/metering_fixture.c
# It starts minimeter-sim.
tests_metering_check_front_ends_SOURCES = tests/metering/check_front_ends.c tests/fixture/metering_fixture.c \
	tests/fixture/afe_fixture.c
EXTRA_tests_metering_check_front_ends_DEPENDENCIES = minimeter-sim
tests_metering_check_committer_SOURCES = tests/metering/check_committer.c tests/fixture/metering_fixture.c
# The test looks at each commit as it is submitted.
tests_metering_check_committer_LDFLAGS = -Wl,--wrap=mm_store_worker_commit
tests_metering_check_carryover_SOURCES = tests/metering/check_carryover.c tests/fixture/metering_fixture.c \
	tests/fixture/older_memory.c
tests_metering_check_carryover_outputs_SOURCES = tests/metering/check_carryover_outputs.c tests/fixture/metering_fixture.c
tests_metering_check_waiting_SOURCES = tests/metering/check_waiting.c tests/fixture/metering_fixture.c
tests_metering_check_journal_SOURCES = tests/metering/check_journal.c tests/fixture/journal_fixture.c
tests_metering_check_memory_SOURCES = tests/metering/check_memory.c tests/fixture/older_memory.c
tests_metering_check_wall_clock_SOURCES = tests/metering/check_wall_clock.c tests/fixture/journal_fixture.c

check_PROGRAMS += tests/metering/check_restart tests/metering/check_restart_counting tests/metering/check_restart_kills
TESTS += tests/metering/check_restart tests/metering/check_restart_counting tests/metering/check_restart_kills
restart_fixture = tests/fixture/manager.c tests/fixture/restart_fixture.c
tests_metering_check_restart_SOURCES = tests/metering/check_restart.c $(restart_fixture)
tests_metering_check_restart_counting_SOURCES = tests/metering/check_restart_counting.c $(restart_fixture)
tests_metering_check_restart_kills_SOURCES = tests/metering/check_restart_kills.c $(restart_fixture)
endif
