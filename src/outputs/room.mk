# SPDX-License-Identifier: MIT
noinst_LIBRARIES += liboutputs.a
liboutputs_a_SOURCES = \
	src/outputs/drivers.c src/outputs/drivers.h \
	src/outputs/gpiod.c \
	src/outputs/gpiod_api.h \
	src/outputs/gpiod_find.c src/outputs/gpiod_find.h \
	src/outputs/gpiod_input.c \
	src/outputs/gpiod_look.c \
	src/outputs/lcd.c \
	src/outputs/line_spec.c \
	src/outputs/outputs.c src/outputs/outputs.h \
	src/outputs/pulse_train.c src/outputs/pulse_train.h \
	src/outputs/trace.c
if GPIOD_V2
liboutputs_a_SOURCES += src/outputs/gpiod_v2.c
else
liboutputs_a_SOURCES += src/outputs/gpiod_v1.c
endif

if TESTS_ENABLED
outputs_checks = tests/outputs/check_lcd tests/outputs/check_line_spec tests/outputs/check_outputs tests/outputs/check_pulse_train tests/outputs/check_trace
check_PROGRAMS += $(outputs_checks) tests/fixture/gpio_shim.so
TESTS += $(outputs_checks)

gpio_shim = tests/fixture/gpio_shim.c tests/fixture/gpio_shim_lines.c

# The emulated GPIO chips come before the C library: linked in here, preloaded into the daemon by end-to-end tests.
tests_outputs_check_outputs_SOURCES = tests/outputs/check_outputs.c $(gpio_shim) tests/fixture/outputs_fixture.c

tests_outputs_check_trace_SOURCES = tests/outputs/check_trace.c tests/fixture/outputs_fixture.c

tests_fixture_gpio_shim_so_SOURCES = $(gpio_shim)
tests_fixture_gpio_shim_so_CFLAGS = $(AM_CFLAGS) -fPIC -fno-sanitize=all
tests_fixture_gpio_shim_so_LDFLAGS = -shared
tests_fixture_gpio_shim_so_LDADD =
endif

if FUZZERS
check_PROGRAMS += tests/outputs/fuzz_line_spec
tests_outputs_fuzz_line_spec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
