#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Waveform converters through the whole chain: what is registered against what has flowed, faults that are named, and what is left
# to do when the samples stop.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# scenario CHIP [LINE...]: a steady board with that chip.
scenario() {
	local chip=$1

	shift
	{
		printf '[board]\nchip=%s\nburden_ohm=3.3\nppm=40\n[at 0]\nload_a=3600 W 0.8 lag\nload_b=1800 W\n' "$chip"
		printf '%s\n' "$@"
	} >"$scratch/board.ini"
}

# with_chip CHIP [LINE...]: has the front end in the configuration say so.
with_chip() {
	local chip=$1 line

	shift
	for line in "driver=$chip" burden_ohm=3.3 "$@"; do
		sed -i "/^uri=/a $line" "$scratch/minimeter.conf"
	done
}

registered_uwh() {
	sqlite3 "file:$scratch/state/register.db" 'SELECT delivered_uwh FROM register'
}

# Ten minutes of each family. The first second is not metered and the last one not over; what is there is right.
for chip in mcp3912 ads131e04 ad7779; do
	rm -rf "$scratch/state"
	scenario "$chip"
	start_sim "$scratch/board.ini" --stepped
	configure board "${dual[@]}"
	with_chip "$chip"
	start_meter
	wait_for "ten minutes" board_past 600
	stop_meter
	echo "$chip: $(registered_uwh) uWh registered of $(board truth_seen_a_uwh) and $(board truth_seen_b_uwh)"
	check "$chip: energy" holds "$(registered_uwh) / ($(board truth_seen_a_uwh) + $(board truth_seen_b_uwh)) > 0.9965 &&
		$(registered_uwh) < ($(board truth_seen_a_uwh) + $(board truth_seen_b_uwh)) * 1.0002"
	stop_sim
done

rm -rf "$scratch/state"
scenario mcp3912
start_sim "$scratch/board.ini" --stepped
configure board "${dual[@]}"
with_chip mcp3912
start_meter
wait_for "readings" metered
fault stuck stuck 'supply, reset'
fault implausible saturated burden
fault swapped swapped 'exchange the wires'
fault 'rate 50' wrong-rate mclk_hz
fault no-trigger no-trigger data-ready
fault vanished absent wiring
# A driver's channels are looked for when the device is opened: its buffer taken away has the daemon do so.
board fault no-channel
iio_attr -q -u "ip:127.0.0.1:$port" -B mcp3912 enable 0 >/dev/null 2>&1 || true
wait_for "state no-channel" in_state no-channel
board fault none
wait_for "recovery" in_state ok
check "every fault is logged under its name" test "$(ask events --limit 100 | jq -r '[.events[].code] | unique | map(select(
	. == "stuck" or . == "saturated" or . == "swapped" or . == "wrong-rate" or . == "no-trigger" or . == "no-channel")) | length')" = 6
stop_meter
stop_sim

# In real time: samples that never come keep nobody from stopping.
rm -rf "$scratch/state"
scenario mcp3912
start_sim "$scratch/board.ini"
configure system "${dual[@]}"
with_chip mcp3912
start_meter
wait_for "readings in real time" metered
board fault no-trigger
stop_meter
check "the daemon ends well while it waits for samples" grep -q 'stopped: terminated' "$scratch/meter.err"
stop_sim

# Mistakes in the configuration.
refused() {
	local code=0

	configure system "${dual[@]}"
	with_chip "$1" "$2"
	"$build/minimeterd" --config "$scratch/minimeter.conf" 2>"$scratch/refused" || code=$?
	check "$2: refused" test "$code" != 0
	check "$2: says why" grep -q "$3" "$scratch/refused"
}

refused mcp3919 current_channel_b=2 'mcp3919 has 0 to 2'
refused mcp3912 current_channel_b=1 'both a voltage and a current'
refused mcp3912 osr=1024 '977 samples a second; 2000 to 64000'
refused mcp3912 osr=300 'must be 32, 64, 128'
refused mcp3918 osr=256 'mcp3918 has a single channel'
refused mcp3915 osr=256 'must be one of ade9000|.*|mcp3910'
finish
