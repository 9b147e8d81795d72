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

# Private memory of a process in kB: what it has written, and with the pages of libraries that no other process maps just now.
private_kb() {
	awk '/^Private_Dirty/ { dirty += $2 } /^Private_Clean/ { clean += $2 } END { print dirty "; " dirty + clean }' "/proc/$1/smaps_rollup"
}

# Seconds that all threads of a process have run.
cpu_s() {
	cat "/proc/$1"/task/*/schedstat | awk '{ ns += $1 } END { printf "%.6f", ns / 1e9 }'
}

# cpu_row TEXT AIM: what an hour of the metering at hand costs.
cpu_row() {
	local before

	before=$(cpu_s "$meter_pid")
	sleep "$((seconds / 2))"
	row "$1" "$(awk "BEGIN { c = ($(cpu_s "$meter_pid") - $before) / $((seconds / 2)); printf \"%.2f; %.3f\", c * 3600, c * 100 }")" "$2"
}

row "figure" "measured" "aim"

# Real time: an ordinary load, then full load on both elements, which brings the most edges there can be.
cat >"$scratch/load.ini" <<-END
	[board]
	ppm = 40
	ct_primary_a = 400
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 1500 W
	load_b = 1500 W
END
start_sim "$scratch/load.ini"
configure system "[meter house]" "model=MMD-120-4001-SCC" "serial=1" "element1=A" "element2=B"
begin=$(date +%s%N)
start_meter
wait_for "the first reading" metered
row "start to first valid reading (windows of 1 s)" "$(awk "BEGIN { printf \"%.2f\", ($(date +%s%N) - $begin) / 1e9 }")" "< 1.5"
sleep 5 # until the energy units have been checked against polled power
cpu_row "CPU per hour of metering 3 kW (s; % of one core)" "< 3.6; < 0.1"
board load_a "50000 W"
board load_b "50000 W"
cpu_row "CPU per hour of metering 100 kW (s; % of one core)" ""
row "private memory (kB): written; with libraries" "$(private_kb "$meter_pid")" "< 6144"
read -r p50 p99 < <("$build/tests/benchmark/round_trip" "$scratch/sock" 5000)
row "socket round trip p50, p99 (us)" "$p50, $p99" "< 200, < 1000"
stop_meter
awk '!/safe/ { print $1 - $2 }' "$scratch/edges" | sort -n >"$scratch/errors"
row "output edge error p50, p99.9 (us, of $(wc -l <"$scratch/errors") edges)" \
	"$(awk '{ e[NR] = $1 / 1000 } END { printf "%.0f, %.0f", e[int((NR + 1) / 2)], e[int(NR * 0.999 + 0.5)] }' "$scratch/errors")" "< 100, < 1000"
row "the same of a bare timer on this machine" "$("$build/tests/benchmark/bare_timer" "$((seconds / 2))")" ""
stop_sim

# The power-fail line, on emulated chips: from the edge to the durable commit, once for each of what the medium is allowed in a row.
start_sim "$scratch/load.ini"
rm -rf "$scratch/state"
mkdir "$scratch/chips"
printf 'bench\nP0\n' >"$scratch/chips/gpiochip0"
configure system "[meter house]" "model=MMD-120-4001-SCC" "serial=1" "element1=A" "element2=B" "[power-fail]" "line=P0"
MM_GPIO_SHIM=$scratch/chips LD_PRELOAD=$build/tests/fixture/gpio_shim.so start_meter
wait_for "readings" metered
: >"$scratch/meter.err"
for ((i = 1; i <= 8; i++)); do
	sleep 0.7
	"$build/tests/benchmark/put_line" "$scratch/chips" 0 1
	wait_for "the commit" test "$(grep -c 'everything was durable' "$scratch/meter.err")" -ge "$((i - 1))"
	sleep 0.3
	"$build/tests/benchmark/put_line" "$scratch/chips" 0 0
done
stop_meter
sed -n 's/.*everything was durable \([0-9.]*\) ms.*/\1/p' "$scratch/meter.err" | sort -n >"$scratch/durable"
row "power-fail edge to durable, p50, max (ms, of $(wc -l <"$scratch/durable"), 2 of them debouncing)" \
	"$(awk '{ e[NR] = $1 } END { printf "%.1f, %.1f", e[int((NR + 1) / 2)], e[NR] }' "$scratch/durable")" "< 20"
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
