#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Instructions that the daemon executes for a window of one second, with one meter of two elements at 3 kW. Two runs of different
# length on a stepped board are counted by callgrind, and their difference is divided by the windows between, so that start and stop
# cancel. One interval of the profile and three commits to the database lie in it. Two runs of one build agree to 0.1 %.
#
# instructions.sh [BUILD [CHIP...]]
set -eu

MM_SRCDIR=$(cd "$(dirname "$0")/../.." && pwd)
MM_BUILDDIR=${1:-${MM_BUILDDIR:-.}}
shift || true
# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$MM_SRCDIR/tests/e2e/lib.sh"
short_s=200 long_s=1100

if ! command -v valgrind >/dev/null; then
	echo "skipped: valgrind is not installed"
	exit 77
fi

# parts CHIP: the front end, for the board as for the meter.
parts() {
	case $1 in
	ade9000*) printf '%s\n' burden_ohm=5.1 ;;
	mcp*) printf '%s\n' burden_ohm=3.3 ;;
	ads*) printf '%s\n' burden_ohm=14 voltage_divider=201 ;;
	esac
}

# instructions CHIP SECONDS: of a run that ends there.
instructions() {
	local front_end

	rm -rf "$scratch/state" "$scratch/edges"
	{
		printf '%s\n' "[board]" "chip = $1" "seed = 7" "start_time = 2026-03-01T00:00:00Z"
		parts "$1"
		printf '%s\n' "[at 0]" "voltage_a = 120" "voltage_b = 120" "load_a = 1500 W 0.9 lag" "load_b = 1500 W"
	} >"$scratch/board.ini"
	start_held_sim "$2" "$scratch/board.ini"
	mapfile -t front_end < <(parts "$1")
	configure board "[front-end]" "driver=${1%-minimeter}" "${front_end[@]}" "${dual[@]}"
	valgrind -q --tool=callgrind --callgrind-out-file="$scratch/callgrind" "$build/minimeterd" \
		--config "$scratch/minimeter.conf" 2>>"$scratch/meter.err" &
	meter_pid=$!
	wait_for "second $2" is_board_held
	stop_meter
	stop_sim
	counted=$(awk '$1 == "totals:" || $1 == "summary:" { print $2; exit }' "$scratch/callgrind")
}

[ $# -gt 0 ] || set -- ade9000-minimeter ade9000 mcp3912
for chip; do
	instructions "$chip" "$short_s"
	short=$counted
	instructions "$chip" "$long_s"
	echo "$chip $(((counted - short) / (long_s - short_s))) instructions/window"
done
