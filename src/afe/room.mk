# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libafe.a
libafe_a_SOURCES = \
	src/afe/ade9000.c \
	src/afe/ade9000_chip.c src/afe/ade9000_chip.h \
	src/afe/afe.c src/afe/afe.h \
	src/afe/board_clock.c \
	src/afe/iio_device.c src/afe/iio_device.h \
	src/afe/power_check.c src/afe/power_check.h \
	src/afe/window.c src/afe/window.h
libafe_a_CFLAGS = $(AM_CFLAGS) $(IIO_CFLAGS)

if TESTS_ENABLED
check_PROGRAMS += tests/check_window tests/check_ade9000
TESTS += tests/check_window tests/check_ade9000
tests_check_window_SOURCES = tests/check_window.c
tests_check_window_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_window_LDADD = libafe.a $(CHECK_LIBS)
# It starts minimeter-sim.
tests_check_ade9000_SOURCES = tests/check_ade9000.c
tests_check_ade9000_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_ade9000_LDADD = libafe.a libclock.a libcore.a $(IIO_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_ade9000_DEPENDENCIES = minimeter-sim
endif
