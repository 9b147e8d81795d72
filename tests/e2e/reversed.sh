#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One CT of two turned round, at 2 A: the red LED lights and the client says which element. Where the configuration says that something
# generates there, it is what solar shows, and no fault.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/reversed.ini" <<-END
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 2400 W
	load_b = 240 W
	ct_b = reversed
END
start_sim "$scratch/reversed.ini" --stepped
configure board "${dual[@]}"
start_meter
wait_for "readings" metered
wait_for "some windows" board_past 20
check "the red LED is lit" test "$(reading .reverse_led)" = true
check "element 2 is named" test "$(reading '.faults | join(" ")')" = element2-reversed
check "element 1 is not" test "$(reading '.elements[0].flags | length')" = 0
check "the line says so too" grep -q ' led_reverse 1 ' "$scratch/edges"
code=0
"$ctl" --socket "$scratch/sock" status >"$scratch/status" || code=$?
check "status exits with 4" test "$code" = 4
check "status names the element" grep -qi 'element.*2' "$scratch/status"
check "the log has it" test "$(ask events | jq '[.events[] | select(.code == "reversed")] | length')" = 1

board ct_b ok
no_faults() {
	[ "$(reading '.faults | length')" = 0 ]
}
wait_for "the flag to go" no_faults
check "the red LED is dark again" test "$(reading .reverse_led)" = false

# What feeds the line lifts its voltage, whether or not a window passes between the two.
board load_b "-3000 W"
board voltage_b 122
is_reversed() {
	[ "$(reading .reverse_led)" = true ]
}
wait_for "a sunny day" is_reversed
windows_pass 10
said 4 "true reverse energy" diagnose
stop_meter
echo "generation = element2" >>"$scratch/minimeter.conf"
start_meter
wait_for "readings" metered
windows_pass 20
check "the red LED stays dark" test "$(reading .reverse_led)" = false
check "nothing is a fault" no_faults
check "it is known to generate" test "$(reading '.elements | map(.generates) | join(" ")')" = "false true"
before=$(reading '.elements[1].received_wh')
windows_pass 20
check "what flows back is registered" holds "$(reading '.elements[1].received_wh') > $before"
said 0 "everything is in order" status
said 0 "^element2.* -$" read
said 0 "where the configuration says that something generates" diagnose
said 1 "undecided +ct 2 +power flows backwards" check
check "the test asks for the source to be switched off" grep -q "switch the source off" "$scratch/said"
check "which is all that is found" test "$(ask diagnose | jq -c '.meters[0].findings | map([.cause, .element])')" = '[["generation-configured",2]]'
check "the trail has the setting" test "$(ask events | jq '[.events[] | select(.code == "configuration" and (.text | endswith("changed meter house.generation")))] | length')" = 1
board load_a "-2400 W"
wait_for "the other element" is_reversed
check "the other element is judged" test "$(reading '.faults | join(" ")')" = element1-reversed
finish
