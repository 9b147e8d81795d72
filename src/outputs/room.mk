# SPDX-License-Identifier: MIT
noinst_LIBRARIES += liboutputs.a
liboutputs_a_SOURCES = \
	src/outputs/gpiod.c \
	src/outputs/gpiod_api.h \
	src/outputs/gpiod_find.c src/outputs/gpiod_find.h \
	src/outputs/gpiod_input.c \
	src/outputs/lcd.c \
	src/outputs/line_spec.c \
	src/outputs/outputs.c src/outputs/outputs.h \
	src/outputs/trace.c
liboutputs_a_CFLAGS = $(AM_CFLAGS) $(GPIOD_CFLAGS)
if GPIOD_V2
liboutputs_a_SOURCES += src/outputs/gpiod_v2.c
else
liboutputs_a_SOURCES += src/outputs/gpiod_v1.c
endif

if TESTS_ENABLED
outputs_checks = tests/check_lcd tests/check_line_spec tests/check_outputs tests/check_trace
check_PROGRAMS += $(outputs_checks) tests/gpio_shim.so
TESTS += $(outputs_checks)

tests_check_line_spec_SOURCES = tests/check_line_spec.c
tests_check_line_spec_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_line_spec_LDADD = liboutputs.a $(CHECK_LIBS)

gpio_shim = tests/gpio_shim.c tests/gpio_shim.h tests/gpio_shim_lines.c tests/gpio_shim_lines.h

# The emulated GPIO chips come before the C library: linked in here, preloaded into the daemon by end-to-end tests.
tests_check_outputs_SOURCES = tests/check_outputs.c $(gpio_shim) tests/outputs_bench.c tests/outputs_bench.h
tests_check_outputs_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_outputs_LDADD = liboutputs.a libclock.a libcore.a $(GPIOD_LIBS) $(CHECK_LIBS)

tests_check_trace_SOURCES = tests/check_trace.c tests/outputs_bench.c tests/outputs_bench.h
tests_check_trace_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_trace_LDADD = liboutputs.a libclock.a libcore.a $(CHECK_LIBS)

tests_check_lcd_SOURCES = tests/check_lcd.c
tests_check_lcd_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_check_lcd_LDADD = liboutputs.a $(CHECK_LIBS)

tests_gpio_shim_so_SOURCES = $(gpio_shim)
tests_gpio_shim_so_CFLAGS = $(AM_CFLAGS) -fPIC -fno-sanitize=all
tests_gpio_shim_so_LDFLAGS = -shared
endif

if FUZZERS
check_PROGRAMS += tests/fuzz_line_spec
tests_fuzz_line_spec_SOURCES = tests/fuzz_line_spec.c
tests_fuzz_line_spec_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_line_spec_LDADD = liboutputs.a
endif
