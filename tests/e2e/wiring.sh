#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What diagnose and check say of wiring that is known: one mistake after another on a board whose supply gives way under its loads.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# Loads of a few amperes; a heater of 1.5 kW on each line in turn, again and again.
{
	printf '[board]\nrepeat = 64\n[at 0]\nvoltage_a = 121\nvoltage_b = 119.2\nline_ohm = 0.05\n'
	printf 'load_a = 900 W 0.9 lag\nload_b = 600 W\n'
	for ((t = 4; t < 64; t += 16)); do
		printf '[at %d]\nload_a = 2400 W\n[at %d]\nload_a = 900 W 0.9 lag\n' $t $((t + 3))
		printf '[at %d]\nload_b = 2100 W\n[at %d]\nload_b = 600 W\n' $((t + 6)) $((t + 9))
	done
} >"$scratch/heater.ini"
start_sim "$scratch/heater.ini" --stepped
configure board "${dual[@]}"
start_meter
wait_for "readings" metered

# look: the likeliest cause and its element, after a minute of windows.
look() {
	local past

	past=$(($(board time_ns) / 1000000000 + 66))
	wait_for "a minute" board_past "$past"
	ask diagnose >"$scratch/diagnosis" || true
	jq -r '.meters[0].findings[0] | "\(.cause) \(.element)"' "$scratch/diagnosis"
}

# wired CAUSE ELEMENT KEY=VALUE...: with these keys switched, that is what is found.
wired() {
	local want="$1 $2" setting found

	shift 2
	for setting; do
		board "${setting%%=*}" "${setting#*=}" >/dev/null
	done
	found=$(look)
	check "$*: $want is found, not $found" test "$found" = "$want"
	for setting; do
		board "${setting%%=*}" scenario >/dev/null
	done
}

wired none null load_c=off
check "nothing is mended" test "$(jq '.meters[0].findings[0].mended_w' "$scratch/diagnosis")" = null
wired ct-reversed 2 ct_b=reversed
check "what it would register" holds "$(jq '.meters[0].findings[0].mended_w' "$scratch/diagnosis") > 1450"
check "it is sure" test "$(jq '.meters[0].findings[0].tied' "$scratch/diagnosis")" = false
"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" correct ct2-reversed --confirm >/dev/null
wired ct-reversed 2 ct_b=reversed
check "the correction in force settles it" test "$(jq '.meters[0].findings[0].corrected' "$scratch/diagnosis")" = true
wired correction-wrong null load_c=off
"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" correct none --confirm >/dev/null
check "the log is quoted" test "$(jq -r '.meters[0].events[] | select(.code == "reversed") | .count' "$scratch/diagnosis")" -ge 1
wired generation null load_ab="-9000 W"
wired ct-reversed 1 load_a="-4000 W"
check "that it may be generation is said" test "$(jq -c '.meters[0].findings[:2] | map([.cause, .tied])' "$scratch/diagnosis")" = \
	'[["ct-reversed",true],["generation",true]]'
check "they are one tie" test "$(jq '.meters[0].findings[:2] | map(.tie) | unique | length' "$scratch/diagnosis")" = 1
wired cts-crossed null ct_a="on b" ct_b="on a"
wired cts-crossed null lead_a="on b" lead_b="on a"
wired cts-reversed null ct_a=reversed ct_b=reversed
wired ct-wrong-line 1 ct_a="on b"
wired ct-open 2 ct_b=open
wired lead-wrong-line 2 lead_b="on a"
wired neutral-lead-open null lead_n=open
wired line-missing 1 lead_a=open
wired neutral-swapped 1 lead_n="on a" lead_a="on n"
wired no-supply null voltage_a=0 voltage_b=0
wired voltage-low 2 voltage_b=95
wired voltage-high 1 voltage_a=145
wired over-range 1 error_a="100 %" load_a="14000 W"
wired load-too-small 2 load_b="30 W"
wired reactive-load 1 load_a="200 W 600 var"

# The installation test as a script: 0 only where all holds.
checked() {
	local code=0

	ask check "$@" >"$scratch/check" || code=$?
	echo "$code"
}
look >/dev/null
check "a right installation passes" test "$(checked)" = 0
check "and says so" test "$(jq '.meters[0].ok' "$scratch/check")" = true
# On record, with whom it is said to be of, and found again in the trail.
said 0 "COMMISSIONING SHEET" check --record --installer "Anna Nöther" --seals "S-1, S-2"
check "the sheet has the seals" grep -q "seals        S-1, S-2$" "$scratch/said"
check "it is as wide as paper" holds "$(wc -L <"$scratch/said") <= 80"
check "the trail has it" test "$(ask events --code check | jq -r '.events[-1].text' | sed 's/ by .*: in/ by X: in/')" = \
	"installation test by X: in order; installer Anna Nöther; seals S-1, S-2"
check "by the number on the sheet" grep -q "event        $(ask events --code check | jq '.events[-1].id')$" "$scratch/said"
said 1 "installer" check --record --installer "$(printf 'x%.0s' {1..49})"
said 0 "checked" verify
# relation DEGREES STATE WORDS: what the check makes of the angle between the lines.
relation() {
	board phase_b "$1"
	look >/dev/null
	checked >/dev/null
	check "$1 degrees: $2" test "$(jq -r '.meters[0].items[] | select(.item == "phase-relation") | .state' "$scratch/check")" = "$2"
	check "$1 degrees: $3" grep -q "$3" "$scratch/check"
}
relation 180 ok "split phase"
relation 120 ok "two lines of a wye"
relation 240 ok "L2 lags L1 by 240 "
relation 90 fault "as no service does"
relation 0 fault "the same line"
board phase_b scenario
look >/dev/null
said 1 "L2 lags L1 by 180 degrees by the readings, which is not lines-120" correct ct-crossed lines-120
said 0 "Nothing has been changed" correct ct-crossed lines-180
board ct_a reversed
look >/dev/null
check "a turned CT fails" test "$(checked)" = 4
check "it is CT 1" test "$(jq -r '.meters[0].items[] | select(.item == "ct" and .state == "fault") | .element' "$scratch/check")" = 1
check "the red LED is told of" test "$(jq -r '.meters[0].items[] | select(.item == "reverse-led") | .state' "$scratch/check")" = fault
"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" correct ct1-reversed --confirm >/dev/null
look >/dev/null
check "with a correction it holds" test "$(checked)" = 0
check "and the correction is said" grep -q "ct1-reversed; costs a little accuracy" "$scratch/check"
check "diagnose finds no fault" ask diagnose >/dev/null
board ct_a scenario
look >/dev/null
check "it is no longer right once the wires are" test "$(checked)" = 4
check "which is said" grep -q "ct1-reversed: not for what the wires show" "$scratch/check"
"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" correct none --confirm >/dev/null
# A known load: a CT of twice the ratio shows half.
board load_a "3000 W"
board load_b "60 W"
board error_a "-50 %"
look >/dev/null
check "a wrong ratio is not seen by itself" test "$(ask diagnose | jq -r '.meters[0].findings[0].cause')" = load-too-small
ask diagnose --load 3060 >"$scratch/diagnosis" || true
check "with the load said it is" test "$(jq -r '.meters[0].findings[0].cause' "$scratch/diagnosis")" = ct-ratio
check "and by how much" grep -q "of the 3060.0 W that are said to run, 0.51 times as much" "$scratch/diagnosis"
check "it fails the check" test "$(checked --load 3060)" = 4
board error_a scenario
look >/dev/null
check "the right ratio doesn't" test "$(ask diagnose --load 3060 | jq '[.meters[0].findings[] | select(.cause == "ct-ratio")] | length')" = 0
board load_a "26 W"
board load_b off
look >/dev/null
ask diagnose --load 0 >"$scratch/diagnosis" || true
check "what registers without load is creep" test "$(jq -c '.meters[0].findings | map([.cause, .element])' "$scratch/diagnosis")" = '[["creep",1]]'
check "how much is said" grep -q "a pulse of 10 Wh in 2[0-9] minutes" "$scratch/diagnosis"
check "it fails the check" test "$(checked --load 0)" = 4
check "as its first item" test "$(jq -r '.meters[0].items[0] | [.item, .state] | join(" ")' "$scratch/check")" = "load-power fault"
board load_a "1200 W"
look >/dev/null
ask diagnose --load 0 >"$scratch/diagnosis" || true
check "also where much registers it comes first" test "$(jq -r '.meters[0].findings[0].cause' "$scratch/diagnosis")" = creep
board load_a scenario
look >/dev/null
check "no load is no verdict" test "$(checked)" = 1
check "no verdict on CT 2" test "$(jq -r '.meters[0].items[] | select(.item == "ct" and .element == 2) | .state' "$scratch/check")" = undecided
check "a load that surely runs makes it one" test "$(checked --loaded)" = 4
board fault vanished
faulty() {
	[ "$(ask read | jq '.meters[0].valid')" = false ]
}
wait_for "the fault" faulty
check "without a front end nothing is checked" test "$(checked)" = 4
check "which is what is found" test "$(ask diagnose | jq -r '.meters[0].findings[0].cause')" = front-end-absent

# A front end that samples measures the angle between the lines: a lead on the wrong line is told from a turned CT at once.
stop_meter
stop_sim
printf '[board]\nchip=mcp3912\nburden_ohm=3.3\n[at 0]\nload_a = 900 W\nload_b = 600 W\n' >"$scratch/steady.ini"
start_sim "$scratch/steady.ini" --stepped
configure board "${dual[@]}"
sed -i 's/^\[front-end\]/&\ndriver=mcp3912\nburden_ohm=3.3/' "$scratch/minimeter.conf"
rm -rf "$scratch/state"
mkdir "$scratch/state"
start_meter
wait_for "readings" metered
look >/dev/null
check "split phase is seen" test "$(checked)" = 0
check "as an angle" holds "sqrt(($(jq '.meters[0].lines_lag_deg' "$scratch/diagnosis"))^2) > 179"
board lead_b "on a"
check "two leads on one line are found" test "$(look)" = "lead-wrong-line 2"
check "and no turned CT" test "$(jq '[.meters[0].findings[] | select(.cause == "ct-reversed")] | length' "$scratch/diagnosis")" = 0
check "the check says so" test "$(checked; jq -r '.meters[0].items[] | select(.item == "phase-relation") | .state' "$scratch/check")" = "4
fault"
finish
