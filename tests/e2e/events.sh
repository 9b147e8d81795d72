#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# More events than an answer holds: all of them come, page by page, and of every page each id is there or counted as left out; by
# meter, code and time the right ones come.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# A CT that somebody turns round and back, three times a minute.
cat >"$scratch/board.ini" <<-END
	[board]
	start_time = 2026-03-01T12:00:00Z
	repeat = 60
	[at 0]
	load_a = 1200 W
	load_b = 1200 W
	ct_b = ok
	[at 10]
	ct_b = reversed
	[at 20]
	ct_b = ok
	[at 30]
	ct_b = reversed
	[at 40]
	ct_b = ok
	[at 50]
	ct_b = reversed
END
start_sim "$scratch/board.ini" --stepped
configure board "${dual[@]}" "[meter flat]" "model=MMS-120-2001-T" "serial=1002" "element1=A"
start_meter
wait_for "some hundred events" board_past 2400
stop_meter
stop_sim
start_sim "$scratch/board.ini" --stepped
configure board "${dual[@]}" "[meter flat]" "model=MMS-120-2001-T" "serial=1002" "element1=A"
start_meter
wait_for "readings" metered

# count FILTER ARGUMENT...: of the events that the client gives for the arguments.
count() {
	local filter=$1

	shift
	ask events "$@" | jq "[.events[] | select($filter)] | length"
}

ask events --all >"$scratch/all"
all=$(jq '.events | length' "$scratch/all")
check "more than two pages: $all" test "$all" -gt 200
check "every id from the first on, once" test "$(jq -c '[.events[].id] == [range(1; (.events | length) + 1)]' "$scratch/all")" = true
check "nothing is left out" test "$(jq .hidden_snapshots "$scratch/all")" = 0
snapshots=$(jq '[.events[] | select(.code == "snapshot")] | length' "$scratch/all")
check "there are snapshots: $snapshots" test "$snapshots" -ge 1

from=2026-03-01T00:00:00Z
ask events --from "$from" >"$scratch/span"
check "a span has all but the snapshots" test "$(jq '.events | length' "$scratch/span")" -ge $((all - snapshots))
check "which are counted" test "$(jq .hidden_snapshots "$scratch/span")" -ge "$snapshots"

ask events >"$scratch/newest"
check "the newest 50" test "$(jq '.events | length' "$scratch/newest")" = 50
check "whose ids are there or counted" \
	test "$(jq '[.events[].id] | max - min + 1' "$scratch/newest")" -le "$(jq '(.events | length) + .hidden_snapshots' "$scratch/newest")"

check "one code: $(count true --code reversed --all)" test "$(count '.code != "reversed"' --code reversed --all)" = 0
check "which the other meter never had" test "$(count true --code reversed --meter flat --all)" = 0
check "and this one often" test "$(count true --code reversed --meter house --all)" -gt 40
check "snapshots by name" test "$(count true --code snapshot)" -ge "$snapshots"
check "one minute" test "$(count '.time < "2026-03-01T12:10" or .time >= "2026-03-01T12:11"' --from 2026-03-01T12:10:00Z --to 2026-03-01T12:11:00Z)" = 0
check "in which something was" test "$(count true --from 2026-03-01T12:10:00Z --to 2026-03-01T12:11:00Z)" -ge 3
said 1 "there is no meter 'x'" events --meter x
lines=$("$ctl" --socket "$scratch/sock" events --all --csv | wc -l)
check "CSV has a line for each: $lines" test "$lines" -gt "$all"
finish
