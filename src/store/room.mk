# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	src/store/audit/audit.h \
	src/store/audit/head.c src/store/audit/head.h \
	src/store/audit/key.c src/store/audit/key.h \
	src/store/audit/sign.c \
	src/store/audit/verify.c \
	src/store/backup.c \
	src/store/bytes.c src/store/bytes.h \
	src/store/chain.c src/store/chain.h \
	src/store/column.c src/store/column.h \
	src/store/database.c \
	src/store/enter.c \
	src/store/image.c src/store/image.h \
	src/store/mirror.c src/store/mirror.h \
	src/store/open.c \
	src/store/private.h \
	src/store/query.c \
	src/store/recover.c src/store/recover.h \
	src/store/schema.c src/store/schema.h \
	src/store/state.c src/store/state.h \
	src/store/store.c src/store/store.h \
	src/store/upgrade.c \
	src/store/worker.c
libstore_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(CRYPTO_CFLAGS)

if TESTS_ENABLED
store_check_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(CRYPTO_CFLAGS) $(CHECK_CFLAGS)
store_check_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
store_check_SOURCES = tests/fixture/register_fixture.c tests/fixture/register_fixture.h

check_PROGRAMS += tests/store/check_store
TESTS += tests/store/check_store
tests_store_check_store_SOURCES = tests/store/check_store.c $(store_check_SOURCES)
tests_store_check_store_CFLAGS = $(store_check_CFLAGS)
tests_store_check_store_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_fuzz_image
TESTS += tests/store/check_fuzz_image
tests_store_check_fuzz_image_SOURCES = tests/store/fuzz_image.c tests/fixture/fuzz_driver.c tests/fixture/fuzz.h tests/fixture/random.h
tests_store_check_fuzz_image_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/store/check_copy
TESTS += tests/store/check_copy
tests_store_check_copy_SOURCES = tests/store/check_copy.c $(store_check_SOURCES)
tests_store_check_copy_CFLAGS = $(store_check_CFLAGS)
tests_store_check_copy_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_chain
TESTS += tests/store/check_chain
tests_store_check_chain_SOURCES = tests/store/check_chain.c $(store_check_SOURCES)
tests_store_check_chain_CFLAGS = $(store_check_CFLAGS)
tests_store_check_chain_LDADD = $(store_check_LDADD)
EXTRA_DIST += tests/store/register_v1.sql

check_PROGRAMS += tests/store/check_clock_matrix
TESTS += tests/store/check_clock_matrix
tests_store_check_clock_matrix_SOURCES = tests/store/check_clock_matrix.c tests/fixture/random.h $(store_check_SOURCES)
tests_store_check_clock_matrix_CFLAGS = $(store_check_CFLAGS)
tests_store_check_clock_matrix_LDADD = $(store_check_LDADD) libcore.a -lm

check_PROGRAMS += tests/store/check_head
TESTS += tests/store/check_head
tests_store_check_head_SOURCES = tests/store/check_head.c $(store_check_SOURCES)
tests_store_check_head_CFLAGS = $(store_check_CFLAGS)
tests_store_check_head_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_fuzz_head
TESTS += tests/store/check_fuzz_head
tests_store_check_fuzz_head_SOURCES = tests/store/fuzz_head.c tests/fixture/fuzz_driver.c tests/fixture/fuzz.h tests/fixture/random.h
tests_store_check_fuzz_head_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)

# Comes before the C library, to see all that is written.
check_PROGRAMS += tests/store/check_crash
TESTS += tests/store/check_crash
tests_store_check_crash_SOURCES = tests/store/check_crash.c tests/fixture/crash_log.c tests/fixture/crash_log.h tests/fixture/random.h \
	$(store_check_SOURCES)
tests_store_check_crash_CFLAGS = $(store_check_CFLAGS)
tests_store_check_crash_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_damage
TESTS += tests/store/check_damage
tests_store_check_damage_SOURCES = tests/store/check_damage.c tests/fixture/crash_log.c tests/fixture/crash_log.h tests/fixture/random.h \
	$(store_check_SOURCES)
tests_store_check_damage_CFLAGS = $(store_check_CFLAGS)
tests_store_check_damage_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_recover
TESTS += tests/store/check_recover
tests_store_check_recover_SOURCES = tests/store/check_recover.c $(store_check_SOURCES)
tests_store_check_recover_CFLAGS = $(store_check_CFLAGS)
tests_store_check_recover_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_verify
TESTS += tests/store/check_verify
tests_store_check_verify_SOURCES = tests/store/check_verify.c $(store_check_SOURCES)
tests_store_check_verify_CFLAGS = $(store_check_CFLAGS)
tests_store_check_verify_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_fault
TESTS += tests/store/check_fault
tests_store_check_fault_SOURCES = tests/store/check_fault.c tests/fixture/fault_vfs.c tests/fixture/fault_vfs.h $(store_check_SOURCES)
tests_store_check_fault_CFLAGS = $(store_check_CFLAGS)
tests_store_check_fault_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_open
TESTS += tests/store/check_open
tests_store_check_open_SOURCES = tests/store/check_open.c $(store_check_SOURCES)
tests_store_check_open_CFLAGS = $(store_check_CFLAGS)
tests_store_check_open_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_kill
TESTS += tests/store/check_kill
tests_store_check_kill_SOURCES = tests/store/check_kill.c $(store_check_SOURCES)
tests_store_check_kill_CFLAGS = $(store_check_CFLAGS)
tests_store_check_kill_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_device
TESTS += tests/store/check_device
tests_store_check_device_SOURCES = tests/store/check_device.c $(store_check_SOURCES)
tests_store_check_device_CFLAGS = $(store_check_CFLAGS)
tests_store_check_device_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_state
TESTS += tests/store/check_state
tests_store_check_state_SOURCES = tests/store/check_state.c $(store_check_SOURCES)
tests_store_check_state_CFLAGS = $(store_check_CFLAGS)
tests_store_check_state_LDADD = $(store_check_LDADD)

check_PROGRAMS += tests/store/check_fuzz_state
TESTS += tests/store/check_fuzz_state
tests_store_check_fuzz_state_SOURCES = tests/store/fuzz_state.c tests/fixture/fuzz_driver.c tests/fixture/fuzz.h tests/fixture/random.h
tests_store_check_fuzz_state_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/store/check_worker
TESTS += tests/store/check_worker
tests_store_check_worker_SOURCES = tests/store/check_worker.c tests/fixture/fault_vfs.c tests/fixture/fault_vfs.h $(store_check_SOURCES)
tests_store_check_worker_CFLAGS = $(store_check_CFLAGS)
tests_store_check_worker_LDADD = $(store_check_LDADD)
endif

if FUZZERS
noinst_PROGRAMS += tests/store/fuzz_head
tests_store_fuzz_head_SOURCES = tests/store/fuzz_head.c tests/fixture/fuzz.h
tests_store_fuzz_head_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_store_fuzz_head_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
noinst_PROGRAMS += tests/store/fuzz_image tests/store/fuzz_state
tests_store_fuzz_image_SOURCES = tests/store/fuzz_image.c tests/fixture/fuzz.h
tests_store_fuzz_image_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_store_fuzz_image_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
tests_store_fuzz_state_SOURCES = tests/store/fuzz_state.c tests/fixture/fuzz.h
tests_store_fuzz_state_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_store_fuzz_state_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
endif
