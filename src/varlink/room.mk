# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libvarlink.a
libvarlink_a_SOURCES = \
	src/varlink/call.c \
	src/varlink/client.c src/varlink/client.h \
	src/varlink/conn.c \
	src/varlink/frame.c src/varlink/frame.h \
	src/varlink/private.h \
	src/varlink/service.c \
	src/varlink/text.c src/varlink/text.h \
	src/varlink/varlink.h
nodist_libvarlink_a_SOURCES = src/varlink/interface.c

# The interface text as a C string.
dist_pkgdata_DATA = src/varlink/org.minimeter.varlink
BUILT_SOURCES += src/varlink/interface.c
CLEANFILES += src/varlink/interface.c
src/varlink/interface.c: src/varlink/org.minimeter.varlink
	$(AM_V_GEN)$(MKDIR_P) $(@D) && { \
	echo '#include "varlink/varlink.h"' && echo 'const char mm_varlink_minimeter_interface[] =' && \
	$(SED) -e '1,/^$$/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $(srcdir)/src/varlink/org.minimeter.varlink && echo ';'; } >$@.tmp && \
	mv $@.tmp $@

if TESTS_ENABLED
varlink_checks = tests/varlink/check_text tests/varlink/check_varlink tests/varlink/check_varlink_client tests/varlink/check_varlink_streams
check_PROGRAMS += $(varlink_checks)
TESTS += $(varlink_checks)
tests_varlink_check_varlink_SOURCES = tests/varlink/check_varlink.c tests/fixture/varlink_fixture.c
tests_varlink_check_varlink_client_SOURCES = tests/varlink/check_varlink_client.c tests/fixture/varlink_fixture.c
tests_varlink_check_varlink_streams_SOURCES = tests/varlink/check_varlink_streams.c tests/fixture/varlink_fixture.c

check_PROGRAMS += tests/varlink/varlink_demo

dist_check_SCRIPTS += tests/varlink/varlink_peers.sh
TESTS += tests/varlink/varlink_peers.sh
endif

if FUZZERS
noinst_PROGRAMS += tests/varlink/fuzz_varlink
tests_varlink_fuzz_varlink_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif

dist_man_MANS += man/minimeter-protocol.7
