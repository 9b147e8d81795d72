#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Meters that no Mini Meter number describes: 230 V at 50 Hz, CTs that give 333 mV, one CT at a load of two lines. What is registered
# against what has flowed, to 0.05 %; and what can't be changed unseen.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/workshop.ini" <<-END
	[board]
	chip = mcp3912
	ppm = -30
	ct_primary_a = 100
	ct_secondary_v = 0.333
	[at 0]
	frequency_hz = 50
	voltage_a = 230
	voltage_b = 230
	phase_b = 120
	[at 10]
	load_a = 11000 W 0.9 lag
	load_b = 400 W
	[at 1210]
	load_a = 60 W
	load_b = 3000 W 0.7 lag
	[at 2410]
	load_a = off
	load_b = off
END
plate=("model=generic" "elements=1" "service=1-phase-2-wire" "rated_voltage_v=230" "ct=100:0.333V" "kh_wh=10")

# meters MULTIPLIER
meters() {
	configure board "[meter workshop]" "${plate[@]}" "serial=1" "element1=A" \
		"[meter heater]" "${plate[@]}" "serial=2" "element1=B" "multiplier=$1"
	sed -i "/^uri=/a driver=mcp3912" "$scratch/minimeter.conf"
}

# near UWH WS: within 0.05 %
near() {
	holds "($1 * 0.0036 / $2 - 1) ^ 2 < 0.0005 ^ 2"
}

start_sim "$scratch/workshop.ini" --stepped
meters 2
start_meter
wait_for "the end of the loads" board_past 2420
ask read >"$scratch/read"
workshop=$(jq '.meters[0].delivered_uwh' "$scratch/read")
heater=$(jq '.meters[1].delivered_uwh' "$scratch/read")
echo "333 mV: $workshop uWh of 13272000 Ws, $heater uWh of 2 x 4080000 Ws"
check "333 mV: energy" near "$workshop" 13272000
check "twice what the CT sees" near "$heater" 8160000
check "no fault of 230 V and 50 Hz" jq -e '[.meters[].faults[]] == [] and .meters[0].power_led' "$scratch/read"
check "the volts are not multiplied" jq -e '.meters[1].elements[0].voltage_v > 229 and .meters[1].elements[0].voltage_v < 231' "$scratch/read"
for meter in "workshop $workshop" "heater $heater"; do
	read -r name uwh <<<"$meter"
	pulses=$(awk -v name="$name" '$3 == name && $4 == "10" && $5 == 1' "$scratch/edges" | wc -l)
	check "$name: $pulses pulses of 10 Wh for $uwh uWh" holds "$pulses == int(($uwh + 5e6) / 1e7)"
done
ask nameplate >"$scratch/plate"
check "the plate" jq -e '.meters[1] | .model == "GEN-1P2W-230-100:0.333V-10" and .service == "1-phase 2-wire" and
	.ct_ratio == "100:0.333V" and .rated_voltage_v == 230 and .multiplier == 2' "$scratch/plate"

# All watts of a diagnosis are those that register.
board ct_b reversed
board load_b '1500 W'
wait_for "a CT that is turned" board_past 2500
windows_pass 20
ask diagnose --meter heater >"$scratch/diagnosis" || true
check "one basis for watts: $(jq -c '.meters[0].findings[0]' "$scratch/diagnosis")" jq -e '.meters[0] | .power_w as $shown |
	.findings[0].evidence[0] | capture(" (?<w>-?[0-9.]+) W;").w | tonumber | . < -2900 and (. - $shown | fabs) < 5' "$scratch/diagnosis"
board load_b off
board ct_b ok
windows_pass 10
stop_meter

# Another multiplier is in the trail, with the reading, and changes nothing of what was registered.
meters 1
start_meter
wait_for "readings" metered
ask read >"$scratch/read"
check "the register stays" test "$(jq '.meters[1].delivered_uwh' "$scratch/read")" = "$heater"
texts=$(ask events | jq -r '[.events[] | select(.code == "multiplier") | .text] | join("; ")')
case $texts in
"energy and power are multiplied by 2 from 0.000000 kWh delivered, 0.000000 kWh received on (was: by 1); energy and power are multiplied by 1 from 2.26"*) ;;
*) check "the trail: $texts" false ;;
esac
stop_meter

# A CT of another ratio is another model: it would halve the bill unseen.
sed -i 's/^ct=100:/ct=200:/' "$scratch/minimeter.conf"
code=0
"$build/minimeterd" --config "$scratch/minimeter.conf" 2>"$scratch/err" || code=$?
check "another CT is refused" test "$code" = 2
check "with the model in words" grep -q 'GEN-1P2W-230-100:0.333V-10' "$scratch/err"
stop_sim
finish
