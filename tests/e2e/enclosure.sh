#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An enclosure of three single-element meters, one for each tenant, on the three phases of one chip: each with registers, pulses,
# faults and a plate of its own.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/house.ini" <<-END
	[board]
	ct_primary_a = 100
	[at 0]
	voltage_a = 120
	voltage_b = 118
	voltage_c = 122
	phase_b = 120
	phase_c = 240
	[at 10]
	load_a = 9000 W
	load_b = 700 W 0.8 lag
	load_c = 2500 W
	[at 310]
	load_a = off
	load_c = 15000 W
	[at 410]
	load_b = off
	load_c = off
END
# name, phase, watt-seconds that its load takes
tenants=("bakery A 2700000" "flat-2 B 280000" "Ohm&Sons C 2250000")
sections=()
for tenant in "${tenants[@]}"; do
	read -r name phase _ <<<"$tenant"
	sections+=("[meter $name]" "model=ms120f03so01100" "serial=<$phase>&1" "element1=$phase")
done

start_sim "$scratch/house.ini" --stepped
configure board "${sections[@]}" "ct_sets=2"
start_meter
wait_for "the end of the loads" board_past 420
ask read >"$scratch/read"
for tenant in "${tenants[@]}"; do
	read -r name phase ws <<<"$tenant"
	uwh=$(jq --arg name "$name" '.meters[] | select(.name == $name) | .delivered_uwh' "$scratch/read")
	check "$name: $uwh uWh of $ws Ws" holds "($uwh * 0.0036 / $ws - 1) ^ 2 < 0.0005 ^ 2"
	pulses=$(awk -v name="$name" '$3 == name && $4 == "10" && $5 == 1' "$scratch/edges" | wc -l)
	check "$name: $pulses pulses of 10 Wh for $uwh uWh" holds "$pulses == int(($uwh + 5e6) / 1e7)"
done
check "only the third was over its rating, its two CT sets together" \
	test "$(ask events | jq -r '[.events[] | select(.code == "over-current") | .meter] | unique | join(" ")')" = "Ohm&Sons"

ask nameplate >"$scratch/plate"
check "the canonical model" test "$(jq -r '.meters[0].model' "$scratch/plate")" = "MS 120 F 03 SO 011 00"
check "the CT sets" test "$(jq -c '[.meters[].ct_sets]' "$scratch/plate")" = "[1,1,2]"
check "class and test amperes" jq -e '.meters[0].class_a == 100 and .meters[0].test_a == 15' "$scratch/plate"
checksum=$(sha256sum "$build/minimeterd" | cut -d ' ' -f 1)
check "the checksum of the program" test "$(jq -r '.meters[0].software_sha256' "$scratch/plate")" = "$checksum"

code=0
ask nameplate --label >"$scratch/none" 2>&1 || code=$?
check "a label as JSON is refused" test "$code" = 2
code=0
"$ctl" --socket "$scratch/sock" nameplate --label >"$scratch/none" 2>&1 || code=$?
check "a label is of one meter" test "$code" = 2
"$ctl" --socket "$scratch/sock" nameplate --label --meter "Ohm&Sons" >"$scratch/label.svg"
check "the label escapes what XML would read" grep -q '&lt;C&gt;&amp;1' "$scratch/label.svg"
if command -v rsvg-convert >/dev/null && command -v zbarimg >/dev/null; then
	rsvg-convert --dpi-x 300 --dpi-y 300 "$scratch/label.svg" -o "$scratch/label.png"
	read_back=$(zbarimg -q --nodbus --raw "$scratch/label.png")
	check "the QR code reads back: $read_back" \
		test "$read_back" = "MS 120 F 03 SO 011 00 SN <C>&1 CT 100:0.1 minimeter $(jq -r '.meters[0].version' "$scratch/plate") SHA-256 $checksum"
else
	echo "the QR code is not read back: rsvg-convert or zbarimg is not installed"
fi
finish
