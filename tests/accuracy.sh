#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The accuracy of registered energy through the whole chain: currents and voltages as a board would see them, metered or sampled by
# a simulated chip, over iiod and daemon to the register. The energy that has flowed is volts times amperes times power factor times
# time. A table for each chip: the worst error in percent at each load and power factor, and its limit, which is that of
# IEC 62053-22 class 0.1S, or 0.2 % where that class has none. Then a day at 115 % of the rated voltage with open current
# circuits, in which nothing may register. Ends with an error where a limit is passed.
#
# accuracy.sh CHIP...: the full grid, 1600 points a chip. With --short as first argument: 60 of them, and 15 minutes without load.
set -eu

# shellcheck source-path=SCRIPTDIR source=e2e/lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# What a point lasts: the load changes in the middle of one interval of the profile, and the next one is measured.
point_s=120
rated_a=100

# grid SHORT: lines "PERCENT PF VOLTS HERTZ ELEMENTS SHAPE"
grid() {
	awk -v short="$1" 'BEGIN {
		loads = split("0.1 0.2 0.5 1 2 5 10 20 50 100 110", load)
		pfs = split("1:lag 0.5:lag 0.5:lead 0.8:lead", pf)
		volts = split("102 120 138", volt)
		hertzes = split("45 50 60 65", hertz)
		elements = split("a b ab", element)
		# Short: each load and power factor once, the rest by turns.
		for (i = 0; i < loads * pfs * (short ? 1 : volts * hertzes * elements); i++) {
			rest = short ? i * 5 : int(i / (loads * pfs))
			print load[int(i / pfs) % loads + 1], pf[i % pfs + 1], volt[rest % volts + 1],
				hertz[int(rest / volts) % hertzes + 1], element[int(rest / volts / hertzes) % elements + 1], "sine"
		}
		# Wave forms of IEC 62053-22 and, of bursts, of heaters that are switched by whole cycles.
		shapes = split("fifth half-wave phase-fired burst", shape)
		for (i = 0; i < shapes * 4; i++) print i % 2 ? 20 : 5, "1:lag", 120, i % 4 < 2 ? 50 : 60, "ab", shape[int(i / 4) + 1]
	}'
}

# board_of CHIP, meter_of CHIP: their board and front end. Transformers read 0.2 % too much and, at a converter, lead by 0.1 degrees: what
# an installer has measured and entered (an ADE9000 has no phase to set). Each input is used up to what the chip is made for.
board_of() {
	case $1 in
	ade9000) printf '%s\n' burden_ohm=5.1 voltage_divider=401 ;;
	mcp*) printf '%s\n' burden_ohm=3.3 voltage_divider=401 offset_uv=500 ;;
	ads*) printf '%s\n' burden_ohm=14 voltage_divider=101 offset_uv=500 ;;
	esac
}
ct_error() {
	[ "$1" = ade9000 ] && echo "0.2 %" || echo "0.2 % 0.1 deg"
}
meter_of() {
	board_of "$1" | awk -F= '$1 == "burden_ohm" { print $1 "=" $2 * 1.002 } $1 == "voltage_divider"'
	[ "$1" = ade9000 ] || printf '%s\n' phase_deg_a=0.1 phase_deg_b=0.1
}

# scenario CHIP: from the grid on standard input
scenario() {
	printf '%s\n' "[board]" "chip = $1" "start_time = 2026-03-01T00:00:00Z" "ct_primary_a = $rated_a" "ppm = 40"
	board_of "$1"
	awk -v rated="$rated_a" -v point="$point_s" -v error="$(ct_error "$1")" '{
		split($2, pf, ":")
		load = sprintf("%.9g W %s %s", $3 * $1 / 100 * rated * pf[1], pf[1], pf[2])
		printf "[at %d]\n", (NR - 1) * point + 30 * (NR > 1)
		if (NR == 1) printf "error_a = %s\nerror_b = %s\n", error, error
		printf "voltage_a = %s\nvoltage_b = %s\nfrequency_hz = %s\n", $3, $3, $4
		printf "load_a = %s\nload_b = %s\n", $5 ~ /a/ ? load : "off", $5 ~ /b/ ? load : "off"
		printf "voltage_harmonics = %s\ncurrent_harmonics = %s\n", $6 == "fifth" ? "5:10" : "none", $6 == "fifth" ? "5:40" : "none"
		printf "current_shape = %s\n", $6 == "sine" || $6 == "fifth" ? "sine" : $6 == "phase-fired" ? $6 " 90" : $6 == "burst" ? $6 " 2 4" : $6
	}'
}

# errors: the grid and the profile side by side; "PERCENT PF ERROR VOLTS HERTZ ELEMENTS SHAPE". A load of any shape draws the watts
# that it is said to; a fifth harmonic of 10 % of the voltage and 40 % of the current adds 4 % of them.
errors() {
	paste -d ' ' "$scratch/grid" "$scratch/registered" | awk -v rated="$rated_a" '{
		split($2, pf, ":")
		true_wh = length($5) * $3 * $1 / 100 * rated * pf[1] / 60 * ($6 == "fifth" ? 1.04 : 1)
		print $1, $2, ($7 / true_wh - 1) * 100, $3, $4, $5, $6
	}'
}

# table: of errors; ends with an error where one is beyond its limit
table() {
	awk 'function limit(load, pf) {
			if (load !~ /^[0-9.]+$/) return 0.2
			if (pf == "1:lag") return load >= 5 ? 0.1 : 0.2
			return load >= 10 ? 0.15 : load >= 2 ? 0.25 : 0.2
		}
		function abs(x) { return x < 0 ? -x : x }
		{
			row = $7 == "sine" ? $1 : $7
			if (!(row in seen)) loads[++n] = row
			seen[row] = 1
			key = row " " $2
			if (!(key in worst) || abs($3) > abs(worst[key])) worst[key] = $3
			points++
			if (abs($3) > limit(row, $2)) { bad++; print "beyond its limit: " $0 }
		}
		END {
			pfs = split("1:lag 0.5:lag 0.5:lead 0.8:lead", pf)
			printf "%-12s", "% of rating"
			for (p = 1; p <= pfs; p++) printf "  %20s", p == 1 ? "pf 1" : "pf " substr(pf[p], 1, 3) " " substr(pf[p], 5)
			printf "\n"
			for (l = 1; l <= n; l++) {
				printf "%-12s", loads[l]
				for (p = 1; p <= pfs; p++) {
					key = loads[l] " " pf[p]
					printf "  %20s", key in worst ? sprintf("%+.4f (%.2f)", worst[key], limit(loads[l], pf[p])) : ""
				}
				printf "\n"
			}
			printf "%d points, %d beyond their limits\n", points, bad
			exit bad > 0
		}'
}

# meter CHIP SCENARIO SECONDS: a board and its meter, for so long
meter() {
	local i extra

	mapfile -t extra < <(meter_of "$1")
	start_sim "$2" --stepped
	configure board "[meter bench]" "model=MMD-120-1001" "serial=1" "element1=A" "element2=B" \
		"[daemon]" "profile_interval_min=1" "[front-end]" "driver=$1" "${extra[@]}"
	start_meter
	for ((i = 1; i <= 1000; i++)); do
		wait_for "the next part of the time" board_past $(($3 * i / 1000))
	done
	sleep 0.2
}

stop() {
	stop_meter
	stop_sim
	rm -rf "$scratch/state"
}

# run CHIP: the grid of this chip; what was registered to $scratch/registered
run() {
	local points missed

	grid "$short" >"$scratch/grid"
	points=$(wc -l <"$scratch/grid")
	scenario "$1" <"$scratch/grid" >"$scratch/accuracy.ini"
	meter "$1" "$scratch/accuracy.ini" $((points * point_s + 60))
	# The measured intervals are those of the odd minutes.
	ask profile | jq -rs '[.[].intervals[]] | map(select(.start[14:16] | tonumber % 2 == 1) | .delivered_wh) | .[]' |
		head -n "$points" >"$scratch/registered"
	missed=$(ask status | jq .missed_windows)
	check "$1: $missed windows were missed" test "$missed" = 0
	stop
}

# no_load CHIP SECONDS: open current circuits
no_load() {
	{
		printf '%s\n' "[board]" "chip = $1" "ct_primary_a = $rated_a"
		board_of "$1"
		printf '%s\n' "[at 0]" "voltage_a = 138" "voltage_b = 138" "load_a = 1000 W" "load_b = 1000 W" "ct_a = open" "ct_b = open"
	} >"$scratch/open.ini"
	meter "$1" "$scratch/open.ini" "$2"
	registered=$(reading '| [.delivered_uwh, .received_uwh] | max')
	echo "$1: $registered uWh registered in $2 s at 138 V with open current circuits"
	check "$1: nothing registers with open current circuits" test "$registered" = 0
	stop
}

short=0
no_load_s=86400
if [ "${1:-}" = --short ]; then
	short=1
	no_load_s=900
	shift
fi
for chip; do
	run "$chip"
	echo "$chip, worst error in % (and its limit)"
	check "$chip: every point within its limit" table < <(errors)
	no_load "$chip" "$no_load_s"
done
finish
