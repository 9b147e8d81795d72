# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libservice.a
libservice_a_SOURCES = \
	src/service/advice.c src/service/advice.h \
	src/service/call.c src/service/call.h \
	src/service/deferred.c src/service/deferred.h \
	src/service/json.c src/service/json.h \
	src/service/method_correct.c \
	src/service/method_diagnose.c \
	src/service/method_harmonics.c \
	src/service/method_history.c \
	src/service/method_outputs.c \
	src/service/method_preset.c \
	src/service/method_read.c \
	src/service/method_session.c \
	src/service/method_verify.c \
	src/service/method_version.c \
	src/service/methods.c src/service/methods.h \
	src/service/peer.c src/service/peer.h \
	src/service/private.h \
	src/service/server.c src/service/server.h \
	src/service/service.c src/service/service.h \
	src/service/session.c src/service/session.h
libservice_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS)

if TESTS_ENABLED
service_checks = tests/service/check_advice tests/service/check_service tests/service/check_call tests/service/check_peer
check_PROGRAMS += $(service_checks)
TESTS += $(service_checks)
tests_service_check_advice_SOURCES = tests/service/check_advice.c
tests_service_check_advice_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CHECK_CFLAGS)
tests_service_check_advice_LDADD = libservice.a libcore.a libbase.a $(CHECK_LIBS)
tests_service_check_service_SOURCES = tests/service/check_service.c
tests_service_check_service_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_service_check_service_LDADD = libservice.a libmetering.a libconfig.a libstore.a liboutputs.a libvarlink.a libdiagnosis.a libcore.a libclock.a libbase.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_service_check_call_SOURCES = tests/service/check_call.c
tests_service_check_call_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CHECK_CFLAGS)
tests_service_check_call_LDADD = $(tests_service_check_service_LDADD)
tests_service_check_peer_SOURCES = tests/service/check_peer.c
tests_service_check_peer_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CHECK_CFLAGS)
tests_service_check_peer_LDADD = libservice.a libmetering.a libconfig.a libbase.a $(CHECK_LIBS)
endif
