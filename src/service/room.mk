# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libservice.a
libservice_a_SOURCES = \
	src/service/advice.c src/service/advice.h \
	src/service/answer.c src/service/answer.h \
	src/service/call.c src/service/call.h \
	src/service/deferred.c src/service/deferred.h \
	src/service/issued.c src/service/issued.h \
	src/service/json.c src/service/json.h \
	src/service/method_check.c \
	src/service/method_correct.c \
	src/service/method_diagnose.c \
	src/service/method_harmonics.c \
	src/service/method_history.c \
	src/service/method_issue.c \
	src/service/method_outputs.c \
	src/service/method_preset.c \
	src/service/method_read.c \
	src/service/method_reload.c \
	src/service/method_session.c src/service/method_statement.c \
	src/service/method_verify.c \
	src/service/method_version.c \
	src/service/methods.c src/service/methods.h \
	src/service/ocmf.c src/service/ocmf.h \
	src/service/peer.c src/service/peer.h \
	src/service/private.h \
	src/service/server.c src/service/server.h \
	src/service/service.c src/service/service.h \
	src/service/session.c src/service/session.h \
	src/service/statement.c src/service/statement.h src/service/statement_clock.c \
	src/service/statement_rates.c src/service/statement_remarks.c

if TESTS_ENABLED
service_checks = tests/service/check_advice tests/service/check_history tests/service/check_issue tests/service/check_record tests/service/check_server tests/service/check_statement_clock tests/service/check_service tests/service/check_status tests/service/check_call tests/service/check_peer tests/service/check_zone
check_PROGRAMS += $(service_checks)
TESTS += $(service_checks)
tests_service_check_history_SOURCES = tests/service/check_history.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
tests_service_check_statement_clock_SOURCES = tests/service/check_statement_clock.c tests/fixture/store_fixture.c
tests_service_check_issue_SOURCES = tests/service/check_issue.c tests/fixture/fault_vfs.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
tests_service_check_zone_SOURCES = tests/service/check_zone.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
tests_service_check_record_SOURCES = tests/service/check_record.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
tests_service_check_server_SOURCES = tests/service/check_server.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
tests_service_check_status_SOURCES = tests/service/check_status.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
tests_service_check_service_SOURCES = tests/service/check_service.c tests/fixture/service_fixture.c tests/fixture/service_fixture.h
endif
