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

# correct CODE WORDS ARGUMENT...: what is said, and how it ends.
correct() {
	local code=0 wanted=$1 words=$2

	shift 2
	"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" correct "$@" >"$scratch/said" 2>&1 || code=$?
	check "correct $* exits with $wanted, not $code" test "$code" = "$wanted"
	check "correct $* says: $(cat "$scratch/said")" grep -qE -- "$words" "$scratch/said"
}

# right: does each element read what its line carries?
right() {
	holds "(($(reading '.elements[0].power_w')) / 2400 - 1) ^ 2 < 1e-6 && (($(reading '.elements[1].power_w')) / 900 - 1) ^ 2 < 1e-6"
}

correct 2 "too few arguments"
correct 2 "no correction 'ct2'; there are:" ct2
correct 2 "'none' stands alone" none ct2-reversed
correct 1 "ct-crossed goes with one of" ct-crossed
correct 1 "only on the admin socket" --admin-socket "$scratch/sock" ct2-reversed
correct 0 "element2 +-900.0 W +900.0 W" ct2-reversed
check "asking changes nothing" holds "$(reading '.elements[1].power_w') < 0"
correct 0 "costs a little accuracy" ct2-reversed --confirm
wait_for "the corrected reading" right
check "the reading says so" test "$(reading '.corrections | join(" ")')" = ct2-reversed
"$ctl" --socket "$scratch/sock" read >"$scratch/read"
check "for people as well" grep -q "corrected by arithmetic: ct2 reversed" "$scratch/read"
check "the reverse-phase LED is dark" test "$(reading .reverse_led)" = false
stop_meter KILL
start_meter
wait_for "the corrected reading after a kill" right
check "the trail has who and what" grep -q 'by .*uid.*: ct2-reversed (was: as wired)' <(ask events | jq -r '.events[] | select(.code == "correction").text')

correct 0 "In force" none --confirm
board ct_b ok >/dev/null
wait_for "right wiring" right
board ct_a "on b" >/dev/null
board ct_b "on a" >/dev/null
correct 0 "An angle that is off" ct-crossed lines-180 --confirm
wait_for "crossed CTs, corrected" right
check "the reading says that too" test "$(reading '.corrections | join(" ")')" = "ct-crossed lines-180"
check "it is the last of three events" test "$(ask events | jq '[.events[] | select(.code == "correction")] | length')" = 3
finish
