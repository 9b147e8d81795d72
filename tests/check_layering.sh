#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Holds the plan of the house, from the tables below: which room may use which, by its headers and by its functions; which room
# a foreign library belongs to; that the pure rooms call nothing that does I/O; that the files of a room stand in an order, the
# upper ones using the lower ones; that what the files of a room share stays there. Prints what it has seen, and ends with a test
# of itself: a violation of each kind is found.
#
# Needs MM_SRCDIR and MM_BUILDDIR (make check sets them).
set -eu

# Each room and what it may use: rooms, or single headers of them. A room that is not here is a violation. src/kernel is none: it
# runs in the kernel, which brings all that it includes.
rooms='
base:
core: base/count_of.h
metrology: core
diagnosis: core
billing: core base/count_of.h
clock: base core
varlink: base
store: base core clock
outputs: base core clock
afe: base core clock metrology
config: base billing core afe outputs
metering: base core clock diagnosis config store outputs afe
service: base billing core clock diagnosis config store varlink metering/view.h
daemon: base core clock config store outputs afe metering service varlink
client: base core varlink
ctl: base core client
setup: base billing core afe outputs config client store/store.h store/serial.h
sim: base core
'

# Foreign headers and the rooms that they belong to.
libraries='
iio.h: afe
gpiod.h: outputs
sqlite3.h: store
openssl/: store metering client
ini.h: base
systemd/: base daemon service metering sim
jansson.h: varlink service client ctl metering
curses.h: ctl
ncurses.h: ctl
qrencode.h: ctl
'

# What the pure rooms may call: memory, strings and arithmetic; assert(); and what compilers and sanitizers put in.
pure_rooms='core metrology diagnosis billing'
pure_headers='assert|errno|float|limits|math|stdalign|stdbool|stddef|stdint|string'
allowed_symbols='mem(chr|cmp|cpy|move|set)|str(len|nlen|cmp|ncmp|chr)'
allowed_symbols="$allowed_symbols|(a?cos|a?sin|sincos|a?tan|atan2|exp|exp2|log|log2|log10|pow|sqrt|hypot|floor|ceil|trunc|round|l?lround|l?lrint)f?"
allowed_symbols="$allowed_symbols|(fabs|fmin|fmax|fmod|fma|copysign|ldexp|frexp|modf|remainder)f?"
allowed_symbols="$allowed_symbols|__assert_fail|_GLOBAL_OFFSET_TABLE_|__(mem|str)[a-z]+_chk|__stack_chk_(fail|fail_local|guard)"
allowed_symbols="$allowed_symbols|__(aeabi|asan|lsan|msan|sanitizer|sancov|tsan|ubsan)_.*|__gcov_.*|__start___sanc.*|__stop___sanc.*"
allowed_symbols="$allowed_symbols|__u?(div|mod|divmod)[a-z]i[34]|__(fix|float)(uns)?[a-z]+"

# prints each include of the tree $1 that the tables forbid, as FILE:LINE: WHY
include_violations() {
	(cd "$1" && find src -path src/kernel -prune -o -name '*.[ch]' -exec grep -nHE '^[[:space:]]*#[[:space:]]*include' {} +) |
		awk -v rooms="$rooms" -v libraries="$libraries" -v pure="$pure_rooms" -v headers="^($pure_headers)[.]h\$" '
		function table(text, into,    lines, n, i, words, m, j) {
			n = split(text, lines, "\n")
			for (i = 1; i <= n; i++) {
				m = split(lines[i], words, " ")
				sub(/:$/, "", words[1])
				if (m > 0)
					into[words[1]] = 1
				for (j = 2; j <= m; j++)
					into[words[1], words[j]] = 1
			}
		}
		function complain(why) { print $1 ":" $2 ": " why }
		BEGIN {
			FS = ":"
			table(rooms, may)
			table(libraries, belongs)
			split(pure, list, " ")
			for (i in list)
				is_pure[list[i]] = 1
		}
		{
			split($1, path, "/")
			room = path[2]
			what = $0
			sub(/^[^:]*:[^:]*:[[:space:]]*#[[:space:]]*include[[:space:]]*/, "", what)
			own = what ~ /^"/
			what = substr(what, 2)
			sub(/[">].*$/, "", what)
			if (!(room in may)) {
				complain("the room " room " is in no table")
			} else if (own && what != "config.h") {
				other = what
				sub(/\/.*/, "", other)
				if (what !~ /\//)
					complain("\"" what "\" names no room")
				else if (other != room && what ~ /\/private[.]h$/)
					complain(what " is private to its room")
				else if (other != room && !((room, other) in may) && !((room, what) in may))
					complain(room " must not use " what)
			} else if (!own) {
				for (key in belongs)
					if (key !~ SUBSEP && index(what, key) == 1 && !((key, room) in belongs))
						complain(what " does not belong to " room)
				if (room in is_pure && what !~ headers)
					complain(room " is pure, without " what)
			}
		}'
}

# prints where sources under src of the tree $1 match the pattern $2, leaving out paths that match $3
matches() {
	(cd "$1" && find src -path src/kernel -prune -o -name '*.[ch]' -exec grep -nHE "$2" {} + | grep -vE "^($3):" || true)
}

# prints every violation that the text of the tree $1 shows
violations() {
	include_violations "$1"
	# A buffer is for waveform converters: the ade9000 driver's handler of it locks itself up.
	matches "$1" '(^|[^a-z0-9_])(mm_iio_stream|iio_[a-z_]*buffer)' 'src/afe/(iio_stream|waveform)[^:]*'
	# libiio 1 has other calls: those of libiio 0 are in these files only, so that it is one more set of them.
	matches "$1" '#include <iio.h>' 'src/afe/iio_[^:]*'
}

# prints "ROOM FILE KIND SYMBOL" of nm -A on libROOM.a, of each file and each symbol that it defines (T) or uses (U)
symbols_of() {
	for library; do
		room=${library##*/lib}
		${NM:-nm} -A "$library" 2>/dev/null | awk -v room="${room%.a}" '
			{ file = $1; sub(/^[^:]*:/, "", file); sub(/:.*/, "", file); sub(/^lib[a-z]*_a-/, "", file); sub(/[.]o$/, "", file) }
			$(NF - 1) == "U" { print room, file, "U", $NF }
			$(NF - 1) ~ /^[TDBRVW]$/ { print room, file, "T", $NF }'
	done
}

# prints each use of a room by a function that the table forbids, and each circle of files within a room
symbol_violations() {
	awk -v rooms="$rooms" '
		BEGIN {
			n = split(rooms, lines, "\n")
			for (i = 1; i <= n; i++) {
				m = split(lines[i], words, " ")
				sub(/:$/, "", words[1])
				for (j = 2; j <= m; j++) {
					sub(/\/.*/, "", words[j])
					may[words[1], words[j]] = 1
				}
			}
		}
		$3 == "T" { room_of[$4] = $1; file_of[$4] = $2 }
		$3 == "U" { count++; user_room[count] = $1; user_file[count] = $2; used[count] = $4 }
		END {
			for (i = 1; i <= count; i++) {
				symbol = used[i]
				if (!(symbol in room_of))
					continue
				from = user_room[i]
				to = room_of[symbol]
				if (from != to && !((from, to) in may))
					print "src/" from "/" user_file[i] ".c: " from " must not call " symbol "() of " to
				if (from == to && user_file[i] != file_of[symbol] && !((from, user_file[i], file_of[symbol]) in seen)) {
					seen[from, user_file[i], file_of[symbol]] = 1
					edges++
					source[edges] = from "/" user_file[i]
					target[edges] = from "/" file_of[symbol]
					because[edges] = symbol
				}
			}
			# What uses nothing that is left, or is used by nothing that is left, is in no circle.
			do {
				gone = 0
				split("", out)
				split("", in_)
				for (i = 1; i <= edges; i++)
					if (source[i] != "") {
						out[source[i]]++
						in_[target[i]]++
					}
				for (i = 1; i <= edges; i++)
					if (source[i] != "" && (!(target[i] in out) || !(source[i] in in_))) {
						source[i] = ""
						gone = 1
					}
			} while (gone)
			for (i = 1; i <= edges; i++)
				if (source[i] != "")
					print "circle: src/" source[i] ".c -> src/" target[i] ".c by " because[i] "()"
		}'
}

# prints the symbols of symbols_of on standard input that are neither defined there nor allowed to be used
foreign_symbols() {
	awk '$3 == "U" { used[$4] = 1 } $3 == "T" { defined[$4] = 1 } END { for (name in used) if (!(name in defined)) print name }' |
		grep -vE "^($allowed_symbols)\$" || true
}

fail() {
	echo "$1"
	[ -z "$2" ] || echo "$2"
	exit 1
}

found=$(violations "$MM_SRCDIR")
[ -z "$found" ] || fail 'The plan of the house is broken:' "$found"
symbols=$(symbols_of "$MM_BUILDDIR"/lib*.a)
found=$(echo "$symbols" | symbol_violations)
[ -z "$found" ] || fail 'The plan of the house is broken:' "$found"
for room in $pure_rooms; do
	found=$(echo "$symbols" | grep -E "^(core|$room) " | foreign_symbols)
	[ -z "$found" ] || fail "The room $room is not pure, it calls:" "$found"
done

# ---- The test of the test ----

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# a tree in which the file $1 holds the line $2 breaks the plan ($3 = yes) or doesn't (no)
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
expect src/store/x.c '#include "outputs/outputs.h"' yes
expect src/outputs/x.c '#include "metering/view.h"' yes
expect src/afe/x.c '#include "store/store.h"' yes
expect src/service/x.c '#include "metering/view.h"' no
expect src/service/x.c '#include "metering/journal.h"' yes
expect src/ctl/x.c '#include "metering/view.h"' yes
expect src/ctl/x.c '#include "client/client.h"' no
expect src/store/x.c '#include "store/private.h"' no
expect src/store/audit/x.c '#include "store/private.h"' no
expect src/metering/x.c '#include "store/private.h"' yes
expect src/attic/x.c '#include <stdio.h>' yes
expect src/daemon/x.c '#include "config.h"' no
expect src/daemon/x.c '#include "daemon.h"' yes
expect src/daemon/x.c '#include <iio.h>' yes
expect src/afe/x.c '#include <iio.h>' yes
expect src/afe/iio_x.c '#include <iio.h>' no
expect src/afe/ade9000.c 'r = mm_iio_stream_start(&a->stream, 8000);' yes
expect src/afe/iio_device.c 'buffer = iio_device_create_buffer(device, 8000, false);' yes
expect src/afe/waveform.c 'r = mm_iio_stream_start(&w->stream, w->block_frames);' no
expect src/daemon/x.c '#include <gpiod.h>' yes
expect src/outputs/x.c '#include <gpiod.h>' no
expect src/daemon/x.c '#include <sqlite3.h>' yes
expect src/store/x.c '#include <sqlite3.h>' no
expect src/varlink/x.c '#include <systemd/sd-event.h>' yes
expect src/daemon/x.c '#include <systemd/sd-event.h>' no
expect src/daemon/x.c '#include <openssl/evp.h>' yes

# the symbols $1 break the plan so that $2 is said, or not ($2 empty)
expect_symbols() {
	found=$(printf '%s\n' "$1" | symbol_violations)
	case $2 in
	'') [ -z "$found" ] || fail "Wrongly found in symbols:" "$found" ;;
	*) case $found in *"$2"*) ;; *) fail "Not found in symbols: $2" "$found" ;; esac ;;
	esac
}

expect_symbols 'store a U mm_low
clock b T mm_low' ''
expect_symbols 'clock b U mm_high
store a T mm_high' 'clock must not call mm_high() of store'
expect_symbols 'store a T mm_a
store a U mm_b
store b T mm_b
store c U mm_a' ''
expect_symbols 'store a T mm_a
store a U mm_b
store b T mm_b
store b U mm_c
store c T mm_c
store c U mm_a' 'circle: src/store/a.c -> src/store/b.c by mm_b()'

# a pure room that uses $1 is not pure ($2 = yes) or is (no)
expect_symbol() {
	found=$(printf '%s\n' "core x U $1" 'core y T mm_ours' | foreign_symbols)
	[ "$2" = "$([ -n "$found" ] && echo yes || echo no)" ] || fail "Wrongly judged: a call of $1" ''
}

for symbol in printf malloc clock_gettime open snprintf abort mm_clock_free; do
	expect_symbol "$symbol" yes
done
for symbol in floor memcpy __stack_chk_fail __asan_report_load8 mm_ours; do
	expect_symbol "$symbol" no
done
echo "$symbols" | awk '
	{ room[$1] = 1 }
	!(($1, $2) in seen) { seen[$1, $2] = 1; files[$1]++ }
	END { for (r in room) print r ": " files[r] " files in an order, no circle" }' | sort
echo 'no arrow up between rooms, no private header elsewhere, each library in its room, the pure rooms pure'
