# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libregister.a
libregister_a_SOURCES = \
	src/register/audit.h \
	src/register/backup.c \
	src/register/bytes.c src/register/bytes.h \
	src/register/column.c src/register/column.h \
	src/register/copy.c src/register/copy.h \
	src/register/head.c src/register/head.h \
	src/register/image.c src/register/image.h \
	src/register/key.c src/register/key.h \
	src/register/chain.c src/register/chain.h \
	src/register/database.c \
	src/register/enter.c \
	src/register/open.c \
	src/register/query.c \
	src/register/recover.c src/register/recover.h \
	src/register/register.h \
	src/register/schema.c src/register/schema.h \
	src/register/sign.c \
	src/register/state.c src/register/state.h \
	src/register/store.c src/register/store.h \
	src/register/upgrade.c \
	src/register/verify.c \
	src/register/worker.c
libregister_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(CRYPTO_CFLAGS)

if TESTS_ENABLED
register_check_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(CRYPTO_CFLAGS) $(CHECK_CFLAGS)
register_check_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
register_check_SOURCES = tests/register_bench.c tests/register_bench.h

check_PROGRAMS += tests/check_register
TESTS += tests/check_register
tests_check_register_SOURCES = tests/check_register.c $(register_check_SOURCES)
tests_check_register_CFLAGS = $(register_check_CFLAGS)
tests_check_register_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_fuzz_image
TESTS += tests/check_fuzz_image
tests_check_fuzz_image_SOURCES = tests/fuzz_image.c tests/fuzz_driver.c tests/fuzz.h tests/random.h
tests_check_fuzz_image_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/check_register_copy
TESTS += tests/check_register_copy
tests_check_register_copy_SOURCES = tests/check_register_copy.c $(register_check_SOURCES)
tests_check_register_copy_CFLAGS = $(register_check_CFLAGS)
tests_check_register_copy_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_chain
TESTS += tests/check_register_chain
tests_check_register_chain_SOURCES = tests/check_register_chain.c $(register_check_SOURCES)
tests_check_register_chain_CFLAGS = $(register_check_CFLAGS)
tests_check_register_chain_LDADD = $(register_check_LDADD)
EXTRA_DIST += tests/register_v1.sql

check_PROGRAMS += tests/check_clock_matrix
TESTS += tests/check_clock_matrix
tests_check_clock_matrix_SOURCES = tests/check_clock_matrix.c tests/random.h $(register_check_SOURCES)
tests_check_clock_matrix_CFLAGS = $(register_check_CFLAGS)
tests_check_clock_matrix_LDADD = $(register_check_LDADD) libcore.a -lm

check_PROGRAMS += tests/check_register_head
TESTS += tests/check_register_head
tests_check_register_head_SOURCES = tests/check_register_head.c $(register_check_SOURCES)
tests_check_register_head_CFLAGS = $(register_check_CFLAGS)
tests_check_register_head_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_fuzz_head
TESTS += tests/check_fuzz_head
tests_check_fuzz_head_SOURCES = tests/fuzz_head.c tests/fuzz_driver.c tests/fuzz.h tests/random.h
tests_check_fuzz_head_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS)

# Comes before the C library, to see all that is written.
check_PROGRAMS += tests/check_register_crash
TESTS += tests/check_register_crash
tests_check_register_crash_SOURCES = tests/check_register_crash.c tests/crash_log.c tests/crash_log.h tests/random.h \
	$(register_check_SOURCES)
tests_check_register_crash_CFLAGS = $(register_check_CFLAGS)
tests_check_register_crash_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_damage
TESTS += tests/check_register_damage
tests_check_register_damage_SOURCES = tests/check_register_damage.c tests/crash_log.c tests/crash_log.h tests/random.h \
	$(register_check_SOURCES)
tests_check_register_damage_CFLAGS = $(register_check_CFLAGS)
tests_check_register_damage_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_recover
TESTS += tests/check_register_recover
tests_check_register_recover_SOURCES = tests/check_register_recover.c $(register_check_SOURCES)
tests_check_register_recover_CFLAGS = $(register_check_CFLAGS)
tests_check_register_recover_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_verify
TESTS += tests/check_register_verify
tests_check_register_verify_SOURCES = tests/check_register_verify.c $(register_check_SOURCES)
tests_check_register_verify_CFLAGS = $(register_check_CFLAGS)
tests_check_register_verify_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_fault
TESTS += tests/check_register_fault
tests_check_register_fault_SOURCES = tests/check_register_fault.c tests/fault_vfs.c tests/fault_vfs.h $(register_check_SOURCES)
tests_check_register_fault_CFLAGS = $(register_check_CFLAGS)
tests_check_register_fault_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_open
TESTS += tests/check_register_open
tests_check_register_open_SOURCES = tests/check_register_open.c $(register_check_SOURCES)
tests_check_register_open_CFLAGS = $(register_check_CFLAGS)
tests_check_register_open_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_kill
TESTS += tests/check_register_kill
tests_check_register_kill_SOURCES = tests/check_register_kill.c $(register_check_SOURCES)
tests_check_register_kill_CFLAGS = $(register_check_CFLAGS)
tests_check_register_kill_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_device
TESTS += tests/check_register_device
tests_check_register_device_SOURCES = tests/check_register_device.c $(register_check_SOURCES)
tests_check_register_device_CFLAGS = $(register_check_CFLAGS)
tests_check_register_device_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_register_state
TESTS += tests/check_register_state
tests_check_register_state_SOURCES = tests/check_register_state.c $(register_check_SOURCES)
tests_check_register_state_CFLAGS = $(register_check_CFLAGS)
tests_check_register_state_LDADD = $(register_check_LDADD)

check_PROGRAMS += tests/check_fuzz_state
TESTS += tests/check_fuzz_state
tests_check_fuzz_state_SOURCES = tests/fuzz_state.c tests/fuzz_driver.c tests/fuzz.h tests/random.h
tests_check_fuzz_state_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS)

check_PROGRAMS += tests/check_register_worker
TESTS += tests/check_register_worker
tests_check_register_worker_SOURCES = tests/check_register_worker.c tests/fault_vfs.c tests/fault_vfs.h $(register_check_SOURCES)
tests_check_register_worker_CFLAGS = $(register_check_CFLAGS)
tests_check_register_worker_LDADD = $(register_check_LDADD)
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz_head
tests_fuzz_head_SOURCES = tests/fuzz_head.c tests/fuzz.h
tests_fuzz_head_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_head_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
noinst_PROGRAMS += tests/fuzz_image tests/fuzz_state
tests_fuzz_image_SOURCES = tests/fuzz_image.c tests/fuzz.h
tests_fuzz_image_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_image_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
tests_fuzz_state_SOURCES = tests/fuzz_state.c tests/fuzz.h
tests_fuzz_state_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_state_LDADD = libregister.a $(SQLITE_LIBS) $(CRYPTO_LIBS)
endif
