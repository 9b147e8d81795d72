# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libbilling.a
libbilling_a_SOURCES = src/billing/bill.c src/billing/bill.h

if TESTS_ENABLED
check_PROGRAMS += tests/billing/check_bill
TESTS += tests/billing/check_bill
tests_billing_check_bill_SOURCES = tests/billing/check_bill.c
endif
