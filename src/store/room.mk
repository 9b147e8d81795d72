# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/audit/audit.h \
	src/store/audit/checkpoint.c src/store/audit/checkpoint.h \
	src/store/audit/key.c src/store/audit/key.h \
	src/store/audit/sign.c \
	src/store/audit/verify.c \
	src/store/backup.c \
	src/store/bytes.c src/store/bytes.h \
	src/store/chain.c src/store/chain.h \
	src/store/column.c src/store/column.h \
	src/store/commit.h \
	src/store/database.c src/store/database.h \
	src/store/db.c src/store/db.h \
	src/store/event.c \
	src/store/hash.c src/store/hash.h \
	src/store/issued.c \
	src/store/list.c \
	src/store/match.c src/store/match.h \
	src/store/migrate.c src/store/migrate.h \
	src/store/mirror.c src/store/mirror.h \
	src/store/mirroring.c src/store/mirroring.h \
	src/store/open.c \
	src/store/outbox.c src/store/outbox.h \
	src/store/private.h \
	src/store/query.c \
	src/store/reconcile.c src/store/reconcile.h \
	src/store/recover.c src/store/recover.h \
	src/store/retire.c src/store/retire.h \
	src/store/roster.c src/store/roster.h \
	src/store/schema.c src/store/schema.h \
	src/store/serial.c src/store/serial.h \
	src/store/slot.c src/store/slot.h \
	src/store/state.c src/store/state.h \
	src/store/store.c src/store/store.h \
	src/store/takeover.c src/store/takeover.h \
	src/store/transaction.c src/store/transaction.h \
	src/store/worker.c src/store/worker.h

if TESTS_ENABLED
store_check_SOURCES = tests/fixture/store_fixture.c

check_PROGRAMS += tests/store/check_store
TESTS += tests/store/check_store
tests_store_check_store_SOURCES = tests/store/check_store.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_fuzz_slot
TESTS += tests/store/check_fuzz_slot
tests_store_check_fuzz_slot_SOURCES = tests/store/fuzz_slot.c tests/fixture/fuzz_driver.c

check_PROGRAMS += tests/store/check_size
TESTS += tests/store/check_size
tests_store_check_size_SOURCES = tests/store/check_size.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_slot
TESTS += tests/store/check_slot
tests_store_check_slot_SOURCES = tests/store/check_slot.c tests/fixture/older_slot.c tests/fixture/slot_fixture.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_backup
TESTS += tests/store/check_backup
tests_store_check_backup_SOURCES = tests/store/check_backup.c tests/fixture/recover_fixture.c $(store_check_SOURCES)

# Comes before the C library, to see all that is written.
check_PROGRAMS += tests/store/check_migrate
TESTS += tests/store/check_migrate
tests_store_check_migrate_SOURCES = tests/store/check_migrate.c tests/fixture/crash_disk.c tests/fixture/crash_log.c tests/fixture/older_slot.c \
	tests/fixture/older_store.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_mirror
TESTS += tests/store/check_mirror
tests_store_check_mirror_SOURCES = tests/store/check_mirror.c tests/fixture/older_slot.c tests/fixture/slot_fixture.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_chain
TESTS += tests/store/check_chain
tests_store_check_chain_SOURCES = tests/store/check_chain.c $(store_check_SOURCES)
EXTRA_DIST += tests/store/register_v2.sql

check_PROGRAMS += tests/store/check_clock_matrix
TESTS += tests/store/check_clock_matrix
tests_store_check_clock_matrix_SOURCES = tests/store/check_clock_matrix.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_checkpoint
TESTS += tests/store/check_checkpoint
tests_store_check_checkpoint_SOURCES = tests/store/check_checkpoint.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_fuzz_checkpoint
TESTS += tests/store/check_fuzz_checkpoint
tests_store_check_fuzz_checkpoint_SOURCES = tests/store/fuzz_checkpoint.c tests/fixture/fuzz_driver.c

# Comes before the C library, to see all that is written.
check_PROGRAMS += tests/store/check_crash
TESTS += tests/store/check_crash
tests_store_check_crash_SOURCES = tests/store/check_crash.c tests/fixture/crash_disk.c tests/fixture/crash_log.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_damage
TESTS += tests/store/check_damage
tests_store_check_damage_SOURCES = tests/store/check_damage.c tests/fixture/crash_disk.c tests/fixture/crash_log.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_recover
TESTS += tests/store/check_recover
tests_store_check_recover_SOURCES = tests/store/check_recover.c tests/fixture/older_slot.c tests/fixture/recover_fixture.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_verify
TESTS += tests/store/check_verify
tests_store_check_verify_SOURCES = tests/store/check_verify.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_fault
TESTS += tests/store/check_fault
tests_store_check_fault_SOURCES = tests/store/check_fault.c tests/fixture/fault_vfs.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_open
TESTS += tests/store/check_open
tests_store_check_open_SOURCES = tests/store/check_open.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_serial
TESTS += tests/store/check_serial
tests_store_check_serial_SOURCES = tests/store/check_serial.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_cursor
TESTS += tests/store/check_cursor
tests_store_check_cursor_SOURCES = tests/store/check_cursor.c $(store_check_SOURCES)

# Comes before the C library, to see all that is written.
check_PROGRAMS += tests/store/check_issued
TESTS += tests/store/check_issued
tests_store_check_issued_SOURCES = tests/store/check_issued.c tests/fixture/crash_disk.c tests/fixture/crash_log.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_identity
TESTS += tests/store/check_identity
tests_store_check_identity_SOURCES = tests/store/check_identity.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_kill
TESTS += tests/store/check_kill
tests_store_check_kill_SOURCES = tests/store/check_kill.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_device
TESTS += tests/store/check_device
tests_store_check_device_SOURCES = tests/store/check_device.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_state
TESTS += tests/store/check_state
tests_store_check_state_SOURCES = tests/store/check_state.c $(store_check_SOURCES)

check_PROGRAMS += tests/store/check_fuzz_state
TESTS += tests/store/check_fuzz_state
tests_store_check_fuzz_state_SOURCES = tests/store/fuzz_state.c tests/fixture/fuzz_driver.c

check_PROGRAMS += tests/store/check_worker
TESTS += tests/store/check_worker
tests_store_check_worker_SOURCES = tests/store/check_worker.c tests/fixture/fault_vfs.c $(store_check_SOURCES)
endif

if FUZZERS
noinst_PROGRAMS += tests/store/fuzz_checkpoint
tests_store_fuzz_checkpoint_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
noinst_PROGRAMS += tests/store/fuzz_slot tests/store/fuzz_state
tests_store_fuzz_slot_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_store_fuzz_state_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
