# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libbilling.a
libbilling_a_SOURCES = src/billing/bill.c src/billing/bill.h src/billing/calendar.c src/billing/calendar.h \
	src/billing/cost.c src/billing/cost.h src/billing/demand.c src/billing/demand.h src/billing/private.h \
	src/billing/tariff.c src/billing/tariff.h src/billing/tariff_check.c

if TESTS_ENABLED
billing_checks = tests/billing/check_bill tests/billing/check_calendar tests/billing/check_cost \
	tests/billing/check_tariff
check_PROGRAMS += $(billing_checks)
TESTS += $(billing_checks)
tests_billing_check_bill_SOURCES = tests/billing/check_bill.c
endif
