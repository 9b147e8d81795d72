#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two chips of different kinds in one daemon: a fault of one is its own, in status, readings, events and harmonics; a reload does not
# change which chips there are.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

printf '[at 0]\nload_a = 6000 W\nload_b = 600 W\n' >"$scratch/house.ini"
printf '[board]\nchip = mcp3912\nburden_ohm = 3.3\n[at 0]\nload_a = 2500 W\n' >"$scratch/flat.ini"
start_sim "$scratch/house.ini"
house_sim=$sim_pid house_port=$port
exec {board_fd}>&-
start_sim "$scratch/flat.ini"
sim_pid="$house_sim $sim_pid"

# two HOUSE FLAT [LINE...]: meters of these front ends' phases.
two() {
	local house=$1 flat=$2

	shift 2
	configure system "[meter house]" "model=MMD-120-2001-SCC" "serial=1001" "element1=$house:A" "element2=$house:B" \
		"[meter flat]" "model=MMS-120-2001" "serial=1002" "element1=$flat:A" "output_10=P" "$@"
	sed -i "s/^\[front-end\]/[front-end chip 1]\nuri=ip:127.0.0.1:$house_port\n[front-end chip 2]\ndriver=mcp3912\nburden_ohm=3.3/" \
		"$scratch/minimeter.conf"
}

# health NAME: of a front end.
health() {
	ask status | jq -r --arg name "$1" '.front_ends[] | select(.name == $name) | .health.state'
}

is() {
	[ "$(health "$1")" = "$2" ]
}

# figure METER FILTER
figure() {
	ask read | jq -r --arg name "$1" ".meters[] | select(.name == \$name) | $2"
}

# beyond METER UWH: has it registered more than that?
beyond() {
	[ "$(figure "$1" .delivered_uwh)" -gt "$2" ]
}

# has_event CODE TEXT
has_event() {
	ask events --code "$1" | grep -q "$2"
}

two "chip 1" "chip 2"
start_meter
said 0 'front end chip 2  ok' status --wait --seconds 300
said 0 'everything is in order' status
wait_for "energy of both" beyond flat 1000000
check "the meters of each" test "$(ask status | jq -c '[.front_ends[] | [.name, .driver, .meters]]')" = \
	'[["chip 1","ade9000",["house"]],["chip 2","mcp3912",["flat"]]]'
check "the power of one" holds "$(figure house .power_w) > 6590 && $(figure house .power_w) < 6610"
check "and of the other" holds "$(figure flat .power_w) > 2490 && $(figure flat .power_w) < 2510"
said 0 'THD' harmonics --meter flat
said 1 'measures no harmonics' harmonics --meter house

board fault vanished
wait_for "the other's absence" is "chip 2" absent
before=$(figure house .delivered_uwh) absent=$(figure flat .delivered_uwh)
wait_for "energy of the one" beyond house $((before + 10000000))
check "one is in order" is "chip 1" ok
check "its readings are right" test "$(figure house .valid)" = true
check "it lights its LED" test "$(figure house .power_led)" = true
check "the other registers nothing" test "$(figure flat .delivered_uwh)" = "$absent"
check "its readings are not" test "$(figure flat .valid)" = false
check "its LED is dark" test "$(figure flat .power_led)" = false
check "the worst is shown as ever" in_state absent
said 4 'front end chip 1  ok for' status
said 4 'front end chip 2  absent for' status
said 4 'meter flat      front end absent' status
wait_for "an event that names it" has_event absent 'front end chip 2 absent'
check "only it" test "$(ask events | grep -c 'front end chip 1')" = 0

two "chip 1" "chip 2" "[front-end attic]" "uri=ip:127.0.0.1:1" "[meter attic]" "model=MMS-120-2001" "serial=1003" "element1=attic:A"
said 0 '  \[front-end\] sections' reload
check "there are as many front ends as before" test "$(ask status | jq '.front_ends | length')" = 2

board fault none
wait_for "its return" is "chip 2" ok
wait_for "its energy" beyond flat "$absent"
wait_for "its gap" has_event gap 'front end chip 2: '
stop_meter

# What the start refuses, --check-config refuses.
two "chip 1" "chip 2"
sed -i 's/^element2=chip 1:B/element2=chip 2:B/' "$scratch/minimeter.conf"
code=0
"$build/minimeterd" --config "$scratch/minimeter.conf" --check-config 2>"$scratch/err" || code=$?
check "a meter on two chips is refused" test "$code" = 2
check "and said so" grep -q 'element2 is on another front end than element1' "$scratch/err"

# One that is absent at the start keeps nobody waiting.
two "chip 1" "chip 2"
kill "${sim_pid#* }"
start_meter
before=$(figure house .delivered_uwh)
wait_for "energy of the one beside an absent other" beyond house $((before + 5000000))
check "the other is absent" is "chip 2" absent
finish
