#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A day of three phases at 230 V and 50 Hz, mixed and unbalanced loads: registered energy within 0.05 % of what flowed, no fault. Then
# mistakes of the wiring, each named: a turned CT, and three that are rotated.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/factory.ini" <<-END
	[board]
	ppm = 25
	ct_primary_a = 250
	ct_secondary_v = 0.333
	start_time = 2026-03-01T$day_begin:00:00Z
	[at 0]
	frequency_hz = 50
	voltage_a = 231
	voltage_b = 229
	voltage_c = 234
	phase_b = 120
	phase_c = 240
	[at 10]
	load_a = 300 W
	load_b = 120 W 0.6 lag
	load_c = 80 W
	$(at 6)
	load_a = 18000 W 0.85 lag
	load_b = 18000 W 0.85 lag
	load_c = 18000 W 0.85 lag
	$(at 8 30)
	load_a = 41000 W 0.9 lag
	load_b = 9000 W
	load_c = 500 W 0.8 lead
	$(at 12)
	load_ab = 12000 W
	load_a = 2000 W
	load_b = 1000 W
	load_c = 3000 W 0.5 lag
	$(at 13)
	load_ab = off
	$(at 17)
	load_a = 55 W
	load_b = off
	load_c = 1800 W
	[at $((86400 / pace - 10))]
	load_a = off
	load_c = off
	$(at 48)
	load_a = 5000 W
	load_b = 3000 W 0.9 lag
	load_c = 1500 W
END

start_sim "$scratch/factory.ini" --stepped
configure board "[meter factory]" "model=generic" "elements=3" "service=3-phase-4-wire" "rated_voltage_v=230" "ct=250:0.333V" \
	"kh_wh=100" "serial=1" "element1=A" "element2=B" "element3=C"
start_meter
wait_for "the end of the day" board_past $((86400 / pace + 5))
ask read >"$scratch/read"
uwh=$(jq '.meters[0].delivered_uwh' "$scratch/read")
truth=$(board truth_load_total_uwh)
echo "a day of three phases: $uwh uWh of $truth"
check "energy" holds "($uwh / $truth - 1) ^ 2 < 0.0005 ^ 2"
check "of each element" jq -e '.meters[0] | (.elements | length) == 3 and
	([.elements[].delivered_wh] | add) - .delivered_wh < 0.001 and ([.elements[].delivered_wh] | add) - .delivered_wh > -0.001' "$scratch/read"
pulses=$(awk '$4 == "100" && $5 == 1' "$scratch/edges" | wc -l)
check "$pulses pulses of 100 Wh" holds "$pulses == int(($uwh + 5e7) / 1e8)"
check "no fault" jq -e '.meters[0].faults == [] and .meters[0].power_led' "$scratch/read"
check "no event of a fault" test "$(ask events | jq -r '[.events[] | select(.code | test("reversed|voltage|over-current|frequency|gap")) | .code] | join(" ")')" = ""
check "the plate" test "$(ask nameplate | jq -r '.meters[0] | .model + " " + .service')" = "GEN-3P4W-230-250:0.333V-100 3-phase 4-wire"

# A restart keeps the register of each element.
before=$(jq -c '[.meters[0].elements[].delivered_wh]' "$scratch/read")
stop_meter
start_meter
wait_for "readings" metered
after=$(ask read | jq -c '[.meters[0].elements[].delivered_wh]')
check "the elements' registers are kept: $before, then $after" test "$after" = "$before"

# found CAUSE ELEMENT: what the diagnosis names first
found() {
	[ "$(ask diagnose | jq -r '.meters[0].findings[0] | .cause + " " + (.element // 0 | tostring)')" = "$1 $2" ]
}

wait_for "the loads" board_past $((172800 / pace + 20))
wait_for "nothing to find" found none 0
board ct_b reversed
wait_for "a turned CT" found ct-reversed 2
board ct_b ok
wait_for "nothing to find" found none 0
board ct_a "on b"
board ct_b "on c"
board ct_c "on a"
wait_for "three rotated CTs" found cts-rotated 0
board ct_a "on c"
board ct_b "on a"
board ct_c "on b"
windows_pass 10
wait_for "three rotated the other way" found cts-rotated 0
check "reversed is shown" test "$(ask read | jq '.meters[0].reverse_led')" = true
stop_meter
stop_sim
finish
