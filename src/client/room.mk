# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libclient.a
libclient_a_SOURCES = \
	src/client/calendar.c src/client/calendar.h \
	src/client/chart.c src/client/chart.h \
	src/client/client.c src/client/client.h \
	src/client/fields.c \
	src/client/interval.c src/client/interval.h \
	src/client/metrics.c src/client/metrics.h \
	src/client/ocmf.c src/client/ocmf.h \
	src/client/private.h \
	src/client/reading.c src/client/reading.h \
	src/client/refusal.c \
	src/client/statement.c src/client/statement.h src/client/statement_green_button.c src/client/statement_html.c \
	src/client/svg.c src/client/svg.h \
	src/client/xml.c src/client/xml.h
client_libs = libclient.a libvarlink.a libbase.a $(JANSSON_LIBS) $(CRYPTO_LIBS)
fake_daemon_sources = tests/fixture/answers.h tests/fixture/fake_daemon.c tests/fixture/fake_daemon.h

if TESTS_ENABLED
client_checks = tests/client/check_chart tests/client/check_client tests/client/check_fuzz_ocmf tests/client/check_fuzz_reply tests/client/check_metrics tests/client/check_ocmf tests/client/check_statement
check_PROGRAMS += $(client_checks)
TESTS += $(client_checks)
tests_client_check_chart_SOURCES = tests/client/check_chart.c
tests_client_check_statement_SOURCES = tests/client/check_statement.c
tests_client_check_client_SOURCES = tests/client/check_client.c $(fake_daemon_sources)
tests_client_check_fuzz_ocmf_SOURCES = tests/client/fuzz_ocmf.c tests/fixture/fuzz_driver.c
tests_client_check_metrics_SOURCES = tests/client/check_metrics.c
tests_client_check_fuzz_reply_SOURCES = tests/client/fuzz_reply.c tests/fixture/fuzz_driver.c
endif

if FUZZERS
noinst_PROGRAMS += tests/client/fuzz_ocmf tests/client/fuzz_reply
tests_client_fuzz_ocmf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_client_fuzz_reply_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
