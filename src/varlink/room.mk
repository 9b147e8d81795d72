# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libvarlink.a
libvarlink_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libvarlink_a_SOURCES = \
	src/varlink/client.c \
	src/varlink/conn.c \
	src/varlink/frame.c src/varlink/frame.h \
	src/varlink/service.c src/varlink/service.h \
	src/varlink/varlink.h
nodist_libvarlink_a_SOURCES = src/varlink/interface.c

# The interface text as a C string.
EXTRA_DIST += src/varlink/org.minimeter.varlink
BUILT_SOURCES += src/varlink/interface.c
CLEANFILES += src/varlink/interface.c
src/varlink/interface.c: src/varlink/org.minimeter.varlink
	$(AM_V_GEN)$(MKDIR_P) $(@D) && { \
	echo '#include "varlink/varlink.h"' && echo 'const char mm_varlink_minimeter_interface[] =' && \
	$(SED) -e '1,/^$$/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $(srcdir)/src/varlink/org.minimeter.varlink && echo ';'; } >$@.tmp && \
	mv $@.tmp $@

if TESTS_ENABLED
varlink_checks = tests/check_varlink tests/check_varlink_client tests/check_varlink_streams
check_PROGRAMS += $(varlink_checks)
TESTS += $(varlink_checks)
tests_check_varlink_SOURCES = tests/check_varlink.c tests/varlink_bench.c tests/varlink_bench.h
tests_check_varlink_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_check_varlink_LDADD = libvarlink.a $(CHECK_LIBS) $(JANSSON_LIBS)
tests_check_varlink_client_SOURCES = tests/check_varlink_client.c tests/varlink_bench.c tests/varlink_bench.h
tests_check_varlink_client_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_check_varlink_client_LDADD = libvarlink.a $(CHECK_LIBS) $(JANSSON_LIBS)
tests_check_varlink_streams_SOURCES = tests/check_varlink_streams.c tests/varlink_bench.c tests/varlink_bench.h
tests_check_varlink_streams_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_check_varlink_streams_LDADD = libvarlink.a $(CHECK_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += tests/varlink_demo
tests_varlink_demo_SOURCES = tests/varlink_demo.c
tests_varlink_demo_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_varlink_demo_LDADD = libvarlink.a $(JANSSON_LIBS)

dist_check_SCRIPTS += tests/varlink_peers.sh
TESTS += tests/varlink_peers.sh
endif

if FUZZERS
noinst_PROGRAMS += tests/fuzz_varlink
tests_fuzz_varlink_SOURCES = tests/fuzz_varlink.c tests/fuzz.h
tests_fuzz_varlink_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_varlink_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_varlink_LDADD = libvarlink.a $(JANSSON_LIBS)
endif

dist_man_MANS += man/minimeter-protocol.7
