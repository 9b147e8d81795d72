#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A day in the house: mixed loads on two elements and on one, power factors from 0.5 to 1, the daemon stopped and started at noon.
# Registered energy within 0.05 % of what the loads took; pulses equal to the register to the last edge.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

readonly noon=$((43000 / pace)) end=$((86400 / pace))

cat >"$scratch/day.ini" <<-END
	[board]
	ppm = 37
	seed = 7
	start_time = 2026-03-01T$day_begin:00:00Z
	[at 0]
	voltage_a = 121.3
	voltage_b = 118.9
	frequency_hz = 60.02
	load_a = 200 W
	load_b = off
	$(at 1)
	load_a = 350 W 0.82 lag
	load_b = 90 W 0.5 lead
	$(at 6 30)
	load_a = 1800 W
	load_b = 2400 W 0.95 lag
	$(at 7 10)
	load_a = 420 W 0.5 lag
	load_b = 150 W 0.7 lead
	load_ab = 4500 W
	$(at 9)
	load_ab = off
	load_a = 23000 W
	load_b = 22000 W 0.98 lag
	$(at 9 5)
	load_a = 61.7 W 0.6 lead
	load_b = 1000 W
	$(at 11 50)
	load_a = off
	load_b = off
	$(at 12 30)
	load_a = 900 W 0.9 lag
	load_b = off
	$(at 18)
	load_a = 2600 W 0.97 lag
	load_b = 3100 W
	$(at 22)
	load_a = 180 W 0.75 lag
	load_b = 75 W 0.55 lag
	$(at 24)
	load_a = off
	load_b = off
END

# between A B TOLERANCE: A within TOLERANCE (a ratio) of B?
near() {
	holds "($1) - ($2) <= ($3) * ($2) && ($2) - ($1) <= ($3) * ($2)"
}

# Rising and falling edges that the trace shows of an output.
edges() {
	edges_of "$1" | awk -v level="$2" '$2 == level { n++ } END { print n + 0 }'
}

# compare_pulses OUTPUT KH_WH REGISTER_UWH: the trace against the register.
compare_pulses() {
	local rising falling

	rising=$(edges "$1" 1)
	falling=$(edges "$1" 0)
	check "output $1: $rising rising edges for $3 uWh" holds "$rising == int(($3 + $2 * 500000) / ($2 * 1000000))"
	# At noon a line that was on was driven to its safe level: that falling edge is not the register's.
	check "output $1: $falling falling edges for $3 uWh" holds "int($3 / ($2 * 1000000)) - $falling <= 1 && $falling <= int($3 / ($2 * 1000000))"
}

start_sim "$scratch/day.ini" --stepped
configure board "${dual[@]}" "[meter flat]" "model=MMS-120-2001-T" "serial=1002" "element1=A"
start_meter
wait_for "noon" board_past "$noon"
stop_meter
check "the stop was clean" test ! -s "$scratch/state/register.db-wal"
start_meter
wait_for "the end of the day" board_past $((end + 120))
# The interval that follows has what the window across midnight brought.
next_day_begun() {
	ask --meter house profile | jq -es '[.[].intervals[] | select(.start >= "2026-03-02T00:00:00")] | length > 0' >/dev/null
}
wait_for "the first interval of the next day" next_day_begun

house=$(reading .delivered_uwh)
flat=$(ask --meter flat read | jq '.meters[0].delivered_uwh')
truth=$(board truth_load_total_uwh)
truth_a=$(board truth_seen_a_uwh)
echo "house: $house uWh registered, $truth uWh taken; flat: $flat and $truth_a"
check "house within 0.05 % of the truth" near "$house" "$truth" 0.0005
check "single-element meter within 0.05 %" near "$flat" "$truth_a" 0.0005
check "elements add up" near "$(ask read --meter house | jq '[.meters[0].elements[].delivered_wh] | add * 1000000')" "$house" 0.000001
check "no window missed but at the restart" holds "$(ask status | jq .missed_windows) <= 1"

for pulse in "10 10" "100 100" "1000 1000" "counter 1000" "led_load 10"; do
	# shellcheck disable=SC2086
	set -- $pulse
	awk '$3 == "house"' "$scratch/edges" >"$scratch/edges.house"
	cp "$scratch/edges" "$scratch/edges.all"
	mv "$scratch/edges.house" "$scratch/edges"
	compare_pulses "$1" "$2" "$house"
	mv "$scratch/edges.all" "$scratch/edges"
done
closest=$(awk '{ line = $3 " " $4; if (line in last && $1 - last[line] < min || !min) { if (line in last) min = $1 - last[line] } last[line] = $1 } END { print min }' \
	"$scratch/edges")
echo "closest two edges of one output: $closest ns"
check "no edge closer than 30 ms to the next" holds "$closest >= 30000000"

# 200 W in the first hour: on 90 s, off 90 s.
halves=$(awk '$3 == "flat" && $4 == "led_load" && $2 > 100e9 && $2 < '$((3600 / pace))'e9 { if (last) print $2 - last; last = $2 }' "$scratch/edges")
check "there are load LED edges at 200 W" test "$(wc -l <<<"$halves")" -ge $((24 / pace))
check "200 W is 90 s on, 90 s off" awk '{ d = $1 / 1e9 - 90; if (d > 0.05 || d < -0.05) bad = 1 } END { exit bad }' <<<"$halves"

# The profile has the day, whole, and its intervals add up to the register.
intervals_of_day=$((end / 900))
day='select(.start < "2026-03-02T00:00:00")'
ask --meter house profile >"$scratch/profile"
intervals=$(jq -s "[.[].intervals[] | $day] | length" "$scratch/profile")
check "the profile has the $intervals_of_day intervals until midnight, not $intervals" test "$intervals" = "$intervals_of_day"
check "the intervals add up to the register" test "$(jq -s '[.[].intervals[].delivered_wh] | add * 1000000 | round' "$scratch/profile")" = "$house"
finish
