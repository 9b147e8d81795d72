# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libclock.a
libclock_a_SOURCES = src/clock/clock.c src/clock/clock.h src/clock/stepped.c src/clock/system.c
