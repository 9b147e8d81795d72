#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Holds the layering: the pure rooms call nothing that does I/O and include nothing outside themselves; each foreign library is
# included by one room; only the main.c files name adapters. Ends with a test of itself: a violation of each kind is found.
#
# Needs MM_SRCDIR and MM_BUILDDIR (make check sets them).
set -eu

# What the pure rooms may call: memory, strings and arithmetic; assert(); and what compilers and sanitizers put in.
allowed_symbols='mem(chr|cmp|cpy|move|set)|str(len|nlen|cmp|ncmp|chr)'
allowed_symbols="$allowed_symbols|(a?cos|a?sin|sincos|a?tan|atan2|exp|exp2|log|log2|log10|pow|sqrt|hypot|floor|ceil|trunc|round|l?lround|l?lrint)f?"
allowed_symbols="$allowed_symbols|(fabs|fmin|fmax|fmod|fma|copysign|ldexp|frexp|modf|remainder)f?"
allowed_symbols="$allowed_symbols|__assert_fail|_GLOBAL_OFFSET_TABLE_|__(mem|str)[a-z]+_chk|__stack_chk_(fail|fail_local|guard)"
allowed_symbols="$allowed_symbols|__(aeabi|asan|lsan|msan|sanitizer|sancov|tsan|ubsan)_.*|__gcov_.*|__start___sanc.*|__stop___sanc.*"
allowed_symbols="$allowed_symbols|__u?(div|mod|divmod)[a-z]i[34]|__(fix|float)(uns)?[a-z]+"
pure_headers='assert|errno|float|limits|math|stdalign|stdbool|stddef|stdint|string'

# prints the symbols that nm output on standard input neither defines nor is allowed to use
foreign_symbols() {
	awk '$1 == "U" { used[$2] = 1 } $3 != "" { defined[$3] = 1 } END { for (name in used) if (!(name in defined)) print name }' |
		grep -vE "^($allowed_symbols)\$" || true
}

# prints where sources under $1/$2... match the pattern $3, leaving out paths that match $4
matches() {
	(cd "$1" && find "$2" -name '*.[ch]' -exec grep -nHE "$3" {} + | grep -vE "^($4):" || true)
}

# prints every violation in the tree $1
violations() {
	matches "$1" src '#[[:space:]]*include[[:space:]]*<iio\.h>' 'src/afe/[^:]*'
	matches "$1" src '#[[:space:]]*include[[:space:]]*<gpiod\.h>' 'src/outputs/[^:]*'
	matches "$1" src '#[[:space:]]*include[[:space:]]*<sqlite3\.h>' 'src/store/[^:]*'
	matches "$1" src '#[[:space:]]*include[[:space:]]*<systemd/' 'src/(base|daemon|metering|service)/[^:]*'
	matches "$1" src '(^|[^a-z0-9_])mm_afe_ade9000([^a-z0-9_]|$)' 'src/afe/[^:]*|src/[a-z]*/main\.c'
	matches "$1" src '(^|[^a-z0-9_])mm_(outputs_(gpiod|trace)|input_gpiod)_new([^a-z0-9_]|$)' 'src/outputs/[^:]*|src/[a-z]*/main\.c'
	# A buffer is for waveform converters: the ade9000 driver's handler of it locks itself up.
	matches "$1" src '(^|[^a-z0-9_])(mm_iio_stream|iio_[a-z_]*buffer)' 'src/afe/(iio_stream|waveform)[^:]*'
	for room in core metrology diagnosis; do
		if [ -d "$1/src/$room" ]; then
			matches "$1" "src/$room" '#[[:space:]]*include' '-' |
				grep -vE "include (\"(core|$room)/[a-z0-9_]+\.h\"|<($pure_headers)\.h>)" || true
		fi
	done
}

fail() {
	echo "$1"
	[ -z "$2" ] || echo "$2"
	exit 1
}

found=$(violations "$MM_SRCDIR")
[ -z "$found" ] || fail 'The layering is broken:' "$found"
symbols=$(cd "$MM_BUILDDIR" && ${NM:-nm} libcore.a libmetrology.a libdiagnosis.a)
found=$(echo "$symbols" | foreign_symbols)
[ -z "$found" ] || fail 'The pure rooms are not pure, they call:' "$found"

# ---- The test of the test ----

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# a tree in which the file $1 holds the line $2 breaks the layering ($3 = yes) or doesn't (no)
expect() {
	rm -rf "$scratch/src"
	mkdir -p "$scratch/$(dirname "$1")"
	echo "$2" >"$scratch/$1"
	found=$(violations "$scratch")
	case $3 in
	yes) [ -n "$found" ] || fail "Not found in $1: $2" '' ;;
	no) [ -z "$found" ] || fail "Wrongly found in $1:" "$found" ;;
	esac
}

expect src/core/x.c '#include <stdio.h>' yes
expect src/core/x.c '# include <time.h>' yes
expect src/core/x.h '#include "clock/clock.h"' yes
expect src/core/x.h '#include "metrology/filter.h"' yes
expect src/core/x.c '#include "core/meter.h"' no
expect src/core/x.c '#include <math.h>' no
expect src/metrology/x.c '#include "afe/afe.h"' yes
expect src/metrology/x.c '#include "core/measurement.h"' no
expect src/daemon/x.c '#include <iio.h>' yes
expect src/afe/x.c '#include <iio.h>' no
expect src/afe/ade9000.c 'r = mm_iio_stream_start(&a->stream, 8000);' yes
expect src/afe/iio_device.c 'buffer = iio_device_create_buffer(device, 8000, false);' yes
expect src/afe/waveform.c 'r = mm_iio_stream_start(&w->stream, w->block_frames);' no
expect src/daemon/x.c '#include <gpiod.h>' yes
expect src/outputs/x.c '#include <gpiod.h>' no
expect src/daemon/x.c '#include <sqlite3.h>' yes
expect src/store/x.c '#include <sqlite3.h>' no
expect src/varlink/x.c '#include <systemd/sd-event.h>' yes
expect src/daemon/x.c '#include <systemd/sd-event.h>' no
expect src/daemon/x.c 'driver = &mm_afe_ade9000;' yes
expect src/daemon/main.c 'driver = &mm_afe_ade9000;' no
expect src/sim/x.c 'mm_outputs_trace_new(path)' yes
expect src/daemon/x.c 'mm_outputs_gpiod_new(config)' yes
expect src/daemon/main.c 'mm_outputs_gpiod_new(config)' no
expect src/daemon/x.c 'mm_input_gpiod_new(spec)' yes
expect src/outputs/gpiod.c 'int mm_outputs_gpiod_new(config)' no

# a library that uses $1 is impure ($2 = yes) or isn't (no)
expect_symbol() {
	found=$(printf '%s\n' "                 U $1" '0000000000000000 T mm_ours' | foreign_symbols)
	[ "$2" = "$([ -n "$found" ] && echo yes || echo no)" ] || fail "Wrongly judged: a call of $1" ''
}

for symbol in printf malloc clock_gettime open snprintf abort mm_clock_free; do
	expect_symbol "$symbol" yes
done
for symbol in floor memcpy __stack_chk_fail __asan_report_load8 mm_ours; do
	expect_symbol "$symbol" no
done
echo 'layering: holds'
