# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libdiagnosis.a
libdiagnosis_a_SOURCES = \
	src/diagnosis/cause.c src/diagnosis/cause.h \
	src/diagnosis/diagnosis.c src/diagnosis/diagnosis.h \
	src/diagnosis/history.c \
	src/diagnosis/observation.c src/diagnosis/observation.h \
	src/diagnosis/phasing.c src/diagnosis/phasing.h \
	src/diagnosis/rewiring.c src/diagnosis/rewiring.h \
	src/diagnosis/sag.c src/diagnosis/sag.h \
	src/diagnosis/stage.c src/diagnosis/private.h \
	src/diagnosis/supply.c src/diagnosis/supply.h \
	src/diagnosis/three.c src/diagnosis/three.h \
	src/diagnosis/wiring.c src/diagnosis/wiring.h

if TESTS_ENABLED
diagnosis_checks = tests/diagnosis/check_diagnosis tests/diagnosis/check_diagnosis_more tests/diagnosis/check_three \
	tests/diagnosis/check_rewiring tests/diagnosis/wiring
check_PROGRAMS += $(diagnosis_checks)
TESTS += $(diagnosis_checks)
tests_diagnosis_check_diagnosis_SOURCES = tests/diagnosis/check_diagnosis.c tests/fixture/diagnosis_fixture.c
tests_diagnosis_check_diagnosis_more_SOURCES = tests/diagnosis/check_diagnosis_more.c tests/fixture/diagnosis_fixture.c
tests_diagnosis_check_rewiring_SOURCES = tests/diagnosis/check_rewiring.c
endif

# Every wiring under every load, some ten minutes where machines are slow: prints what is named for what is wrong.
.PHONY: check-wiring
check-wiring: tests/diagnosis/wiring
	tests/diagnosis/wiring full
