#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Harmonics on request and sags in the log, through the whole chain, from a waveform converter; and what a chip that tells neither says.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# board_with CHIP: 5 % of fifth harmonic on the voltage, 40 % on the current
board_with() {
	printf '%s\n' "[board]" "chip=$1" "burden_ohm=3.3" "[at 0]" "load_a=3600 W" "load_b=1800 W" "voltage_harmonics=5:5" \
		"current_harmonics=5:40" "[at 20]" "voltage_b=84" "[at 20.5]" "voltage_b=120" >"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped
	configure board "${dual[@]}"
	sed -i "/^uri=/a driver=$1\nburden_ohm=3.3" "$scratch/minimeter.conf"
	start_meter
	wait_for "readings" metered
}

board_with mcp3912
wait_for "the sag to be over" board_past 25
ask harmonics --element 2 >"$scratch/harmonics"
figure() {
	jq "$1" "$scratch/harmonics"
}
check "40 orders" test "$(figure '.voltage_v + .current_a | length')" = 80
check "fifth of the voltage: $(figure '.voltage_v[4]')" holds "$(figure '.voltage_v[4] / .voltage_v[0]') > 0.0499 && $(figure '.voltage_v[4] / .voltage_v[0]') < 0.0501"
check "current of element 2: $(figure '.current_a[0]')" holds "$(figure '.current_a[0]') > 14.98 && $(figure '.current_a[0]') < 15.02"
check "THD of the current: $(figure .current_thd)" holds "$(figure .current_thd) > 0.399 && $(figure .current_thd) < 0.401"
check "beyond half the rate there is nothing" holds "$(figure '.voltage_v[39]') == 0"
said 0 'current THD +40' harmonics
said 1 'no meter' harmonics --meter nobody
sag=$(ask events --limit 100 | jq -r '.events[] | select(.code == "sag") | .text')
check "one sag is logged: $sag" grep -qE '^element 2: sag of 0\.[45][0-9] s, to 8[34]\.[0-9] V$' <<<"$sag"
board voltage_a 0
board voltage_b 0
wait_for "the supply to be gone" board_past $(($(board time_ns) / 1000000000 + 5))
said 1 'no whole window' harmonics
stop_meter
stop_sim

rm -rf "$scratch/state"
board_with ade9000
said 1 'no harmonics' harmonics
finish
