#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A board without a battery: its clock is wrong at two boots, and something sets it in the second. Status, intervals and events say
# so, and a statement counts what was labelled meanwhile.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"
export TZ=UTC NO_COLOR=1

# boot START SET ERROR: a board that starts then, and whose clock is wrong by ERROR seconds until SET seconds after it.
boot() {
	printf '%s\n' "[board]" "start_time = $1" "clock_set = $2" "clock_error = $3" "[at 0]" "load_a = 1200 W" "load_b = 600 W" \
		>"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped
	configure board "${dual[@]}"
	start_meter
}

synchronized() {
	ask status | jq .clock_synchronized
}

# count FILE FILTER: of its intervals or events
count() {
	jq "[.[] | select($2)] | length" "$1"
}

# ---- The first boot: nothing sets the clock ----

boot 2026-03-01T12:00:00Z 240:00:00 -7200
wait_for "some intervals" board_past 3700
check "status says so" test "$(synchronized)" = false
said 0 'clock +not synchronised: times of intervals and events may be wrong' status
stop_meter
stop_sim

# ---- The second: it is set after four hours, which is long for whoever asks at once ----

boot 2026-03-02T12:00:00Z 04:00:00 -86400
check "status says so again" test "$(synchronized)" = false
wait_for "the clock, and some more" board_past 18100
check "status says when it is right" test "$(synchronized)" = true
said 0 'everything is in order' status
check "and no more about the clock" test "$(grep -c 'synchronised' "$scratch/said")" = 0
ask profile --from 2026-03-01T00:00:00Z | jq -s '[.[].intervals[]]' >"$scratch/intervals"
ask events --all | jq .events >"$scratch/events"

flagged='any(.flags[]; . == "clock-invalid")'
invalid=$(count "$scratch/intervals" "$flagged")
right=$(count "$scratch/intervals" "$flagged | not")
echo "$invalid intervals began without, $right with a clock that something keeps right"
check "those of the first boot and of four hours are marked: $invalid" holds "$invalid >= 4 + 16"
check "those after it are not: $right" holds "$right >= 3"
check "exactly those that begin by a wrong label" test \
	"$(jq "[.[] | ($flagged) == (.start < \"2026-03-02\")] | all" "$scratch/intervals")" = true

known='.code == "clock-known"'
check "the clock is known once" test "$(count "$scratch/events" "$known")" = 1
check "with what it was set by: $(jq -r ".[] | select($known).text" "$scratch/events")" \
	test "$(count "$scratch/events" "$known and (.text | contains(\"it was set by +86400.000 s\"))")" = 1
check "it was set, which is an event of its own" test "$(count "$scratch/events" '.code == "clock-step"')" -ge 1
check "events say whether their time is right" test \
	"$(jq -c '[.[] | select(.code == "start" or .code == "clock-known") | .clock_synchronized]' "$scratch/events")" = '[false,false,true]'

# ---- A statement over all of it ----

ask statement --meter house --from 2026-03-01T09:00:00Z --to 2026-03-02T16:45:00Z >"$scratch/statement"
last=$(jq '.. | .end? // empty | .interval // empty' "$scratch/statement")
counted=$(jq '[.. | .remarks? // empty | .[] | select(.code == "clock-invalid") | .count] | add' "$scratch/statement")
wanted=$(count "$scratch/intervals" "($flagged) and .id <= $last")
check "a statement counts them: $counted of $wanted" test "$counted" = "$wanted"
said 0 "in $wanted of [0-9]+ intervals the clock was not synchronised at the begin" --meter house statement --from 2026-03-01T09:00:00Z \
	--to 2026-03-02T16:45:00Z
used=$(jq '[.. | .delivered_uwh? // empty] | max' "$scratch/statement")
sum=$(jq "[.[] | select(.id <= $last).delivered_uwh] | add" "$scratch/intervals")
check "energy does not depend on it: $used of $sum uWh" holds "$used >= $sum"

stop_meter
finish
