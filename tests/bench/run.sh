#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make bench: what the daemon costs and how true its edges are, measured on the real programs over the simulated board.
# BENCH_SECONDS sets the length of the real-time part (default 120).
set -eu

# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"
seconds=${BENCH_SECONDS:-120}

row() {
	printf '%-52s %14s   %s\n' "$1" "$2" "$3"
}

# Private memory of a process in kB.
private_kb() {
	awk '/^Private_(Clean|Dirty)/ { kb += $2 } END { print kb }' "/proc/$1/smaps_rollup"
}

# CPU seconds a process has used.
cpu_s() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); printf "%.2f", ($12 + $13) / hz }' "/proc/$1/stat"
}

row "figure" "measured" "aim"

# Real time: full load on both elements, the most edges there can be.
cat >"$scratch/full.ini" <<-END
	[board]
	ppm = 40
	ct_primary_a = 400
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 48000 W
	load_b = 48000 W
END
start_sim "$scratch/full.ini"
configure system "[meter house]" "model=MMD-120-4001-SCC" "serial=1" "element1=A" "element2=B"
begin=$(date +%s%N)
start_meter
wait_for "the first reading" metered
row "start to first valid reading (windows of 1 s)" "$(awk "BEGIN { printf \"%.2f\", ($(date +%s%N) - $begin) / 1e9 }")" "< 1.5"
cpu=$(cpu_s "$meter_pid")
sleep "$seconds"
row "CPU per hour of metering (s; % of one core)" \
	"$(awk "BEGIN { c = ($(cpu_s "$meter_pid") - $cpu) / $seconds; printf \"%.2f; %.3f\", c * 3600, c * 100 }")" "< 3.6; < 0.1"
row "private memory (kB)" "$(private_kb "$meter_pid")" "< 6144"
read -r p50 p99 < <("$build/tests/bench/round_trip" "$scratch/sock" 5000)
row "socket round trip p50, p99 (us)" "$p50, $p99" "< 200, < 1000"
stop_meter
awk '!/safe/ { print $1 - $2 }' "$scratch/edges" | sort -n >"$scratch/errors"
row "output edge error p50, p99.9 (us, of $(wc -l <"$scratch/errors") edges)" \
	"$(awk '{ e[NR] = $1 / 1000 } END { printf "%.0f, %.0f", e[int((NR + 1) / 2)], e[int(NR * 0.999 + 0.5)] }' "$scratch/errors")" "< 100, < 1000"
stop_sim

# Virtual time: a day at 3 kW, for the register's writes.
cat >"$scratch/day.ini" <<-END
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 1500 W
	load_b = 1500 W
END
start_sim "$scratch/day.ini" --stepped
rm -rf "$scratch/state" "$scratch/edges"
configure board "${dual[@]}"
start_meter
wait_for "a day to pass" board_past 86400
written=$(awk '/^write_bytes/ { print $2 }' "/proc/$meter_pid/io")
commits=$(ask status | jq .commits)
trace=$(stat -c %s "$scratch/edges")
day=$(awk "BEGIN { print $(board time_ns) / 86400e9 }")
row "register bytes written per day at 3 kW (MB)" "$(awk "BEGIN { printf \"%.1f\", ($written - $trace) / $day / 1e6 }")" ""
row "commits per day at 3 kW" "$(awk "BEGIN { printf \"%.0f\", $commits / $day }")" ""
