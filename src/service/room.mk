# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libservice.a
libservice_a_SOURCES = \
	src/service/acts.c src/service/acts.h \
	src/service/calibrator.c src/service/calibrator.h \
	src/service/calibrator_accept.c \
	src/service/calibrator_refusals.c \
	src/service/diagnose.c src/service/diagnose.h \
	src/service/harmonics.c src/service/harmonics.h \
	src/service/history.c src/service/history.h \
	src/service/identity.c src/service/identity.h \
	src/service/readings.c src/service/readings.h \
	src/service/server.c src/service/server.h \
	src/service/service.c src/service/service.h \
	src/service/trail.c src/service/trail.h
libservice_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS)

if TESTS_ENABLED
service_checks = tests/service/check_calibrator tests/service/check_identity
check_PROGRAMS += $(service_checks)
TESTS += $(service_checks)
tests_service_check_calibrator_SOURCES = tests/service/check_calibrator.c
tests_service_check_calibrator_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_service_check_calibrator_LDADD = libservice.a libmetering.a libconfig.a libstore.a liboutputs.a libvarlink.a libdiagnosis.a libcore.a libclock.a libbase.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS) $(CHECK_LIBS)
tests_service_check_identity_SOURCES = tests/service/check_identity.c
tests_service_check_identity_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CHECK_CFLAGS)
tests_service_check_identity_LDADD = libservice.a libmetering.a libconfig.a libbase.a $(CHECK_LIBS)
endif
