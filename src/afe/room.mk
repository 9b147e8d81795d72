# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libafe.a
libafe_a_SOURCES = \
	src/afe/ade9000.c \
	src/afe/ade9000_chip.c src/afe/ade9000_chip.h \
	src/afe/ade9000_counting.c \
	src/afe/ade9000_either.c \
	src/afe/ade9000_watch.c src/afe/ade9000_watch.h \
	src/afe/ade9000_window.c src/afe/ade9000_window.h \
	src/afe/afe.c src/afe/afe.h \
	src/afe/board_clock.c \
	src/afe/drivers.c src/afe/drivers.h \
	src/afe/iio_device.c src/afe/iio_device.h \
	src/afe/iio_find.c src/afe/iio_find.h \
	src/afe/iio_stream.c src/afe/iio_stream.h \
	src/afe/private.h \
	src/afe/scan.c src/afe/scan.h \
	src/afe/waveform.c \
	src/afe/waveform_chip.c src/afe/waveform_chip.h

if TESTS_ENABLED
check_PROGRAMS += tests/afe/check_ade9000 tests/afe/check_ade9000_angle tests/afe/check_ade9000_counting tests/afe/check_ade9000_faults tests/afe/check_find tests/afe/check_local tests/afe/check_waveform
TESTS += tests/afe/check_ade9000 tests/afe/check_ade9000_angle tests/afe/check_ade9000_counting tests/afe/check_ade9000_faults tests/afe/check_find tests/afe/check_local tests/afe/check_waveform
tests_afe_check_find_SOURCES = tests/afe/check_find.c
tests_afe_check_local_SOURCES = tests/afe/check_local.c
# They start minimeter-sim.
tests_afe_check_ade9000_SOURCES = tests/afe/check_ade9000.c tests/fixture/afe_fixture.c
EXTRA_tests_afe_check_ade9000_DEPENDENCIES = minimeter-sim
tests_afe_check_ade9000_angle_SOURCES = tests/afe/check_ade9000_angle.c tests/fixture/afe_fixture.c
EXTRA_tests_afe_check_ade9000_angle_DEPENDENCIES = minimeter-sim
tests_afe_check_ade9000_counting_SOURCES = tests/afe/check_ade9000_counting.c tests/fixture/afe_fixture.c
EXTRA_tests_afe_check_ade9000_counting_DEPENDENCIES = minimeter-sim
tests_afe_check_ade9000_faults_SOURCES = tests/afe/check_ade9000_faults.c tests/fixture/afe_fixture.c
EXTRA_tests_afe_check_ade9000_faults_DEPENDENCIES = minimeter-sim
tests_afe_check_waveform_SOURCES = tests/afe/check_waveform.c tests/fixture/afe_fixture.c
EXTRA_tests_afe_check_waveform_DEPENDENCIES = minimeter-sim
endif
