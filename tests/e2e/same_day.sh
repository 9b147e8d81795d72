#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A day on three chips, to the last digit: what a change that only moves things must leave as it is.
#
# same_day.sh [BUILD]: plays the day on the programs of a build directory and prints registers, intervals, events and edges.
# same_day.sh --compare BUILD BUILD: plays it on both and ends with an error where they differ.
# MM_CHIPS names other chips. MM_PACE=24 has a day of one hour, in which all comes 24 times as soon: for a look in between.
#
# The board's time is stepped, so that nothing of it depends on the machine. It stands still while a meter is preset and
# another corrected in the morning, while the daemon is stopped and started at noon, and at the end. What differs between any two
# runs is replaced by its name: the scratch directory, the board's port, the digests of the program, its settings and its key.
set -eu

MM_SRCDIR=$(cd "$(dirname "$0")/../.." && pwd)
chips=${MM_CHIPS:-ade9000 mcp3912 ads131e04}
pace=${MM_PACE:-1}
# Six in the morning, noon and, after the last interval has been closed, the end: seconds of the board's time.
morning_s=$((21600 / pace)) noon_s=$((43200 / pace)) end_s=$((86400 / pace + 1000))

# play BUILD: all chips at once, their texts one after the other.
play() {
	local chip out pids=() failed=0

	out=$(mktemp -d "${TMPDIR:-/tmp}/minimeter-day.XXXXXX")
	for chip in $chips; do
		MM_BUILDDIR=$1 "$0" --chip "$chip" >"$out/$chip" &
		pids+=("$!")
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || failed=1
	done
	for chip in $chips; do
		cat "$out/$chip"
	done
	rm -r "$out"
	return "$failed"
}

case ${1:-} in
--compare)
	texts=$(mktemp -d "${TMPDIR:-/tmp}/minimeter-day.XXXXXX")
	trap 'rm -r "$texts"' EXIT
	play "$2" >"$texts/first"
	play "$3" >"$texts/second"
	diff "$texts/first" "$texts/second" >"$texts/differences" || {
		head -n 20 "$texts/differences"
		echo "the days differ, first in $(awk -v line="$(sed -n '1s/[^0-9].*//p' "$texts/differences")" \
			'NR <= line && /^== / { section = $0 } END { print section }' "$texts/first")"
		exit 1
	}
	echo "the days are the same: $(wc -l <"$texts/first") lines"
	exit
	;;
--chip)
	chip=$2
	;;
*)
	play "${1:-${MM_BUILDDIR:-.}}"
	exit
	;;
esac

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$MM_SRCDIR/tests/e2e/lib.sh"

# The front end, for the board as for the meter.
parts() {
	case $chip in
	ade9000) printf '%s\n' burden_ohm=5.1 ;;
	mcp*) printf '%s\n' burden_ohm=3.3 mclk_hz=2048000 ;;
	ads*) printf '%s\n' burden_ohm=14 voltage_divider=201 ;;
	esac
}

# What only this kind of chip can suffer. Readings that stall are left out: they move the time on while others work.
own_faults() {
	if [ "$chip" = ade9000 ]; then
		printf '%s\n' "[at 08:50]" "fault = frozen" "[at 08:52]" "fault = none"
	else
		printf '%s\n' "[at 08:50]" "fault = swapped" "[at 08:51]" "fault = losing 5000" "[at 08:52]" "fault = rate 50" \
			"[at 08:53]" "fault = no-trigger" "[at 08:54]" "fault = none"
	fi
}

scenario() {
	printf '%s\n' "[board]" "chip = $chip" "ppm = 37" "seed = 7" "start_time = 2026-03-01T00:00:00Z"
	parts
	cat <<-END
		[at 0]
		voltage_a = 121.3
		voltage_b = 118.9
		frequency_hz = 60.02
		line_ohm = 0.05
		error_a = 0.2 % 0.1 deg
		load_a = 200 W
		load_b = off
		[at 01:00]
		load_a = 350 W 0.82 lag
		load_b = 90 W 0.5 lead
		[at 02:00]
		load_a = 2 W
		load_b = 40 W 0.3 lag
		[at 02:30]
		load_a = 1200 W
		voltage_harmonics = 5:10
		current_harmonics = 3:10 5:40:180
		[at 03:00]
		voltage_harmonics = none
		current_harmonics = none
		current_shape = phase-fired 90
		[at 03:30]
		current_shape = burst 2 4
		[at 04:00]
		current_shape = half-wave
		[at 04:30]
		current_shape = sine
		[at 05:00]
		ct_b = reversed
		[at 05:30]
		ct_b = ok
		[at 05:45]
		ct_b = reversed
		load_b = 700 W
		[at 06:30]
		load_a = 1800 W
		load_b = 2400 W 0.95 lag
		[at 07:10]
		load_a = 420 W 0.5 lag
		load_b = 150 W 0.7 lead
		load_ab = 4500 W
		[at 08:00]
		voltage_b = 0
		[at 08:05]
		voltage_b = 118.9
		[at 08:20:00.3]
		voltage_a = 80
		[at 08:20:00.8]
		voltage_a = 121.3
		[at 08:21:00]
		voltage_a = 140
		[at 08:21:10]
		voltage_a = 121.3
		[at 08:30]
		fault = eio
		[at 08:30:20]
		fault = none
		[at 08:35]
		fault = stuck
		[at 08:36]
		fault = none
		[at 08:40]
		fault = implausible
		[at 08:41]
		fault = none
		$(own_faults)
		[at 09:00]
		load_ab = off
		load_a = 23000 W
		load_b = 22000 W 0.98 lag
		[at 09:05]
		load_a = 61.7 W 0.6 lead
		load_b = 1000 W
		[at 10:00]
		load_b = -850 W 20 var
		[at 11:00]
		frequency_hz = 49.95
		[at 11:20]
		frequency_hz = 60
		[at 11:50]
		load_a = 180 W
		load_b = 320 W 0.9 lag
		[at 12:30]
		load_a = 900 W 0.9 lag
		load_b = off
		[at 14:30]
		ct_b = ok
		load_b = 700 W
		[at 18:00]
		load_a = 2600 W 0.97 lag
		load_b = 3100 W
		[at 22:00]
		load_a = 180 W 0.75 lag
		load_b = 75 W 0.55 lag
	END
}

# The times of the sections, from HH:MM[:SS] to seconds.
at_pace() {
	awk -F '[]: ]' -v pace="$pace" '/^\[at .*:/ { printf "[at %.3f]\n", ($2 * 3600 + $3 * 60 + $4) / pace; next } { print }'
}

# What differs between any two runs by its name. A snapshot's digest of the profile does not.
canonical() {
	sed -E "s#$scratch#SCRATCH#g; s#127\.0\.0\.1:$port#127.0.0.1:PORT#g
		s/(SHA-256 |signed with key |\"fingerprint\":\"|\"sha256\":\")[0-9a-f]{64}/\1DIGEST/g; s/settings [0-9a-f]{16}:/settings DIGEST:/"
}

section() {
	echo "== $chip: $*"
}

# rows TITLE COLUMNS TABLE: of the register's database.
rows() {
	section "$1"
	sqlite3 -batch -header -nullvalue - "file:$scratch/state/register.db?mode=ro" "SELECT $2 FROM $3" | canonical
}

# Every column of a table but those that are the machine's: which run of it, and what is computed from the settings.
columns() {
	sqlite3 -batch "file:$scratch/state/register.db?mode=ro" \
		"SELECT group_concat(name, ', ') FROM pragma_table_info('$1') WHERE name NOT IN ('boot', 'hash')"
}

scenario | at_pace >"$scratch/day.ini"
start_held_sim "$morning_s $noon_s $end_s" "$scratch/day.ini"
mapfile -t front_end < <(parts)
configure board "[front-end]" "driver=$chip" "${front_end[@]}" \
	"[meter house]" "model=MMD-120-2001-SCC" "serial=1001" "element1=A" "element2=B" "lcd=$scratch/lcd" \
	"[meter flat]" "model=MMS-120-2001-T" "serial=1002" "element1=A" "[meter shop]" "model=MMS-120-2001" "serial=1003" "element1=B"
start_meter
wait_for "the morning" is_board_held
{
	section "acts"
	"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" preset --meter flat 12345.6 OLD-1 --received 7 --confirm
	"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" correct --meter house ct2-reversed --confirm
} >"$scratch/acts" 2>&1 || true
release_board
wait_for "noon" is_board_held
stop_meter
release_board
start_meter
wait_for "the end of the day" is_board_held
ask read >"$scratch/read" || true # 4 where a meter reports a fault
ask status >"$scratch/status" || true
stop_meter
stop_sim
canonical <"$scratch/acts"
for what in read status; do
	section "$what"
	jq -S . "$scratch/$what" | canonical
done
rows registers "$(columns register)" "register ORDER BY meter"
rows intervals "$(columns profile)" "profile ORDER BY id"
rows events "$(columns event)" "event ORDER BY id"
section edges
cat "$scratch/edges"
