#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Front ends that lie, hang or vanish: nothing is registered, the client says why and what to do, and metering comes back by itself.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/steady.ini" <<-END
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 6000 W
	load_b = 6000 W
END

state() {
	ask status | jq -r .front_end.state || true
}

in_state() {
	[ "$(state)" = "$1" ]
}

windows_pass() {
	local from

	from=$(board time_ns)
	wait_for "windows to pass" board_past $((from / 1000000000 + $1))
}

# fault WORDS STATE ADVICE: from the fault to the state and back.
fault() {
	local code=0 before after

	board fault "$1" >/dev/null
	wait_for "state $2 after $1" in_state "$2"
	windows_pass 5
	before=$(reading .delivered_uwh)
	windows_pass 60
	after=$(reading .delivered_uwh)
	check "$1: nothing is registered" test "$before" = "$after"
	check "$1: readings are not valid" test "$(reading .valid)" = false
	check "$1: the power LED is dark" test "$(reading .power_led)" = false
	"$ctl" --socket "$scratch/sock" status >"$scratch/status" || code=$?
	check "$1: status exits with 4" test "$code" = 4
	check "$1: status says what to do" grep -q "$3" "$scratch/status"
	board fault none >/dev/null
	wait_for "recovery from $1" in_state ok
	windows_pass 5
	check "$1: registration goes on" holds "$(reading .delivered_uwh) > $after"
}

start_sim "$scratch/steady.ini" --stepped
configure board "${dual[@]}"
start_meter
wait_for "readings" metered
fault frozen frozen cache_bypass
fault stuck stale 'SPI bus'
fault implausible implausible burden_ohm
fault vanished absent wiring
fault eio absent wiring
check "every fault and every recovery is logged" test "$(ask events --limit 100 | jq '[.events[] | select(.code == "front-end-recovered")] | length')" -ge 5
check "gaps are logged" test "$(ask events --limit 100 | jq '[.events[] | select(.code == "gap")] | length')" -ge 3
stop_meter
stop_sim

# Frozen from the very start.
start_sim "$scratch/steady.ini" --stepped
board fault frozen >/dev/null
rm -rf "$scratch/state"
configure board "${dual[@]}"
start_meter
wait_for "state frozen" in_state frozen
windows_pass 60
check "frozen from the start: nothing is registered" test "$(reading .delivered_uwh)" = 0
finish
