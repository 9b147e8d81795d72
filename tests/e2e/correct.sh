#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Wrongly wired CTs are corrected by arithmetic: never without being asked, with the costs said, and from then on the register gets what
# flows.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/wrong.ini" <<-END
	[at 0]
	voltage_a = 121
	voltage_b = 118
	load_a = 2400 W 0.8 lag
	load_b = 900 W 0.9 lead
	ct_b = reversed
END
start_sim "$scratch/wrong.ini" --stepped
configure board "${dual[@]}"
start_meter
wait_for "readings" metered

# right: does each element read what its line carries?
right() {
	holds "(($(reading '.elements[0].power_w')) / 2400 - 1) ^ 2 < 1e-6 && (($(reading '.elements[1].power_w')) / 900 - 1) ^ 2 < 1e-6"
}

said 2 "too few arguments" correct
said 2 "no correction 'ct2'; there are:" correct ct2
said 2 "'none' stands alone" correct none ct2-reversed
said 1 "ct-crossed goes with one of" correct ct-crossed
said 1 "only on the admin socket" correct --admin-socket "$scratch/sock" ct2-reversed
said 0 "element2 +-900.0 W +900.0 W" correct ct2-reversed
check "asking changes nothing" holds "$(reading '.elements[1].power_w') < 0"
said 0 "costs a little accuracy" correct ct2-reversed --confirm
wait_for "the corrected reading" right
check "the reading says so" test "$(reading '.corrections | join(" ")')" = ct2-reversed
"$ctl" --socket "$scratch/sock" read >"$scratch/read"
check "for people as well" grep -q "corrected by arithmetic: ct2 reversed" "$scratch/read"
check "the reverse-phase LED is dark" test "$(reading .reverse_led)" = false
stop_meter KILL
start_meter
wait_for "the corrected reading after a kill" right
check "the trail has who and what" grep -q 'by .*uid.*: ct2-reversed (was: as wired)' <(ask events | jq -r '.events[] | select(.code == "correction").text')

said 0 "In force" correct none --confirm
board ct_b ok
wait_for "right wiring" right
board ct_a "on b"
board ct_b "on a"
said 0 "An angle that is off" correct ct-crossed lines-180 --confirm
wait_for "crossed CTs, corrected" right
check "the reading says that too" test "$(reading '.corrections | join(" ")')" = "ct-crossed lines-180"
check "it is the last of three events" test "$(ask events | jq '[.events[] | select(.code == "correction")] | length')" = 3
finish
