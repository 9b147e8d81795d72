#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Front ends that lie, hang or vanish: nothing is registered, the client says why and what to do, and metering comes back by itself.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

steady_loads 6000 6000

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
board fault frozen
rm -rf "$scratch/state"
configure board "${dual[@]}"
start_meter
wait_for "state frozen" in_state frozen
windows_pass 60
check "frozen from the start: nothing is registered" test "$(reading .delivered_uwh)" = 0
code=0
"$ctl" --socket "$scratch/sock" --json check >"$scratch/out" || code=$?
check "without a valid reading: check fails" test "$code" = 4
check "and judges nothing by figures that are old" \
	test "$(jq -c '[.. | .items? // empty | .[] | select(.item != "front-end") | .state] | unique' "$scratch/out")" = '["not-done"]'
finish
