#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Instructions that answers cost the main loop, which an edge waits for meanwhile: a Read of a meter of two elements, a page of 200
# intervals, and a second of 64 streams of 16 meters. callgrind counts what is done within the function that answers.
#
# answers.sh [BUILD]
set -eu

MM_SRCDIR=$(cd "$(dirname "$0")/../.." && pwd)
MM_BUILDDIR=${1:-${MM_BUILDDIR:-.}}
# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$MM_SRCDIR/tests/e2e/lib.sh"
reads=200 streams=64 stream_s=10 chips=6 meters=16

for tool in valgrind socat; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: $tool is not installed"
		exit 77
	fi
done

# start_counted FUNCTION: the daemon, counted while it is in the function.
start_counted() {
	valgrind -q --tool=callgrind --toggle-collect="$1" --callgrind-out-file="$scratch/callgrind" "$build/minimeterd" \
		--config "$scratch/minimeter.conf" 2>>"$scratch/meter.err" &
	meter_pid=$!
}

# counted: instructions until the daemon stopped.
counted() {
	awk '$1 == "totals:" || $1 == "summary:" { print $2; exit }' "$scratch/callgrind"
}

# held FUNCTION COMMAND...: what the command costs within the function, on a board that stands still after 200 intervals of a minute.
held() {
	local function=$1

	shift
	rm -rf "$scratch/state" "$scratch/edges"
	start_held_sim 12300 "$scratch/steady.ini"
	configure board "${dual[@]}"
	sed -i 's/^clock=/profile_interval_min=1\n&/' "$scratch/minimeter.conf"
	start_counted "$function"
	wait_for "second 12300" is_board_held
	"$@" >"$scratch/answer"
	release_board
	stop_meter
	stop_sim
	counted
}

# configure_meters: one a phase, over several chips of one board each.
configure_meters() {
	local sections=() phases=ABC n

	for ((n = 0; n < meters; n++)); do
		sections+=("[meter m$n]" "model=MMS-120-2001" "serial=$((n + 1))" "element1=chip $((n / 3 + 1)):${phases:n % 3:1}")
	done
	configure system "${sections[@]}"
	sed -i "s/^clock=/clients_max=$((streams + 8))\n&/" "$scratch/minimeter.conf"
	sed -i '/^\[front-end\]/d; /^uri=/d' "$scratch/minimeter.conf"
	for ((n = 1; n <= chips; n++)); do
		printf '[front-end chip %d]\nuri=ip:127.0.0.1:%d\n' "$n" "${ports[n]}" >>"$scratch/minimeter.conf"
	done
}

stream() {
	{
		printf '{"method":"org.minimeter.Read","more":true}\0'
		sleep "$((stream_s + 20))"
	} | socat - "UNIX-CONNECT:$scratch/sock" >/dev/null 2>&1 || true
}

is_streaming() {
	[ "$(ask status | jq .clients)" -gt "$streams" ]
}

streams_a_second() {
	local n before ports=() sims='' clients=()

	rm -rf "$scratch/state" "$scratch/edges"
	for ((n = 1; n <= chips; n++)); do
		start_sim "$scratch/steady.ini"
		exec {board_fd}>&-
		sims="$sims $sim_pid"
		ports[n]=$port
	done
	# shellcheck disable=SC2034 # lib.sh ends them
	sim_pid=$sims
	configure_meters
	start_counted mm_service_publish
	wait_for "readings" metered
	for ((n = 0; n < streams; n++)); do
		stream &
		clients+=($!)
	done
	wait_for "the streams" is_streaming
	callgrind_control -z "$meter_pid" &>/dev/null
	sleep "$stream_s"
	callgrind_control -d "$meter_pid" &>/dev/null
	kill "${clients[@]}"
	stop_meter
	for n in $sims; do
		end "$n"
	done
	sim_pid=''
	awk '$1 == "totals:" || $1 == "summary:" { print $2; exit }' "$scratch/callgrind.1"
}

ask_often() {
	"$build/tests/benchmark/round_trip" "$scratch/sock" "$reads"
}

get_page() {
	printf '{"method":"org.minimeter.GetProfile","parameters":{"limit":200}}\0' | socat -t 30 - "UNIX-CONNECT:$scratch/sock"
}

steady_loads 1500 1500
echo "a Read, a meter of two elements: $(($(held mm_method_read ask_often) / reads)) instructions"
echo "a page of 200 intervals, main loop: $(held profile_done get_page) instructions"
echo "$streams streams of $meters meters, a second: $(($(streams_a_second) / stream_s)) instructions"
