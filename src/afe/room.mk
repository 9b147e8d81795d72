# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libafe.a
libafe_a_SOURCES = \
	src/afe/ade9000.c \
	src/afe/ade9000_chip.c src/afe/ade9000_chip.h \
	src/afe/afe.c src/afe/afe.h \
	src/afe/board_clock.c \
	src/afe/iio_device.c src/afe/iio_device.h \
	src/afe/iio_stream.c src/afe/iio_stream.h \
	src/afe/power_check.c src/afe/power_check.h \
	src/afe/sample_watch.c src/afe/sample_watch.h \
	src/afe/sample_words.c src/afe/sample_words.h \
	src/afe/second.c src/afe/second.h \
	src/afe/waveform.c \
	src/afe/waveform_chip.c src/afe/waveform_chip.h \
	src/afe/window.c src/afe/window.h
libafe_a_CFLAGS = $(AM_CFLAGS) $(IIO_CFLAGS)

if TESTS_ENABLED
check_PROGRAMS += tests/check_window tests/check_ade9000 tests/check_ade9000_angle tests/check_waveform
TESTS += tests/check_window tests/check_ade9000 tests/check_ade9000_angle tests/check_waveform
tests_check_window_SOURCES = tests/check_window.c
tests_check_window_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_window_LDADD = libafe.a $(CHECK_LIBS)
# They start minimeter-sim.
tests_check_ade9000_SOURCES = tests/check_ade9000.c tests/afe_bench.c tests/afe_bench.h
tests_check_ade9000_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_ade9000_LDADD = libafe.a libdsp.a libclock.a libcore.a $(IIO_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_ade9000_DEPENDENCIES = minimeter-sim
tests_check_ade9000_angle_SOURCES = tests/check_ade9000_angle.c tests/afe_bench.c tests/afe_bench.h
tests_check_ade9000_angle_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_ade9000_angle_LDADD = libafe.a libdsp.a libclock.a libcore.a $(IIO_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_ade9000_angle_DEPENDENCIES = minimeter-sim
tests_check_waveform_SOURCES = tests/check_waveform.c tests/afe_bench.c tests/afe_bench.h
tests_check_waveform_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_waveform_LDADD = libafe.a libdsp.a libclock.a libcore.a $(IIO_LIBS) $(CHECK_LIBS)
EXTRA_tests_check_waveform_DEPENDENCIES = minimeter-sim
endif
