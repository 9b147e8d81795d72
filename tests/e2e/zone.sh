#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The meter's time zone decides what a day is, wherever the client is: over the night in which clocks are put back.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# 23:30 on the last day of summer time in Berlin; it is 02:00 twice, at 00:00Z and at 01:00Z.
cat >"$scratch/board.ini" <<-END
	[board]
	start_time = 2026-10-24T21:30:00Z
	[at 0]
	load_a = 1200 W
	load_b = 1200 W
END
in_berlin=("${dual[@]}" "[daemon]" "time_zone=Europe/Berlin")
start_sim "$scratch/board.ini" --stepped
configure board "${in_berlin[@]}"
start_meter
wait_for "four hours" board_past 14400

# from_anywhere ARGUMENT...: what the client says, which must be the same in every zone.
from_anywhere() {
	local zone

	for zone in America/New_York Asia/Tokyo; do
		TZ=$zone "$ctl" --socket "$scratch/sock" "$@" >"$scratch/$(basename "$zone")" 2>&1 || true
	done
	check "$*: $(cat "$scratch/New_York") is not $(cat "$scratch/Tokyo")" cmp -s "$scratch/New_York" "$scratch/Tokyo"
	cat "$scratch/Tokyo"
}

check "status has the zone" test "$(ask status | jq -r .time_zone)" = Europe/Berlin
said 0 "time zone +Europe/Berlin" status

at=$(ask read --at "2026-10-25 00:00" | jq -c .readings)
check "midnight is the zone's: $at" test "$at" = "$(ask read --at 2026-10-24T22:00:00Z | jq -c .readings)"
check "the day before ended then" test "$(ask statement --from 2026-10-24 | jq -c '.statements[0].end')" = "$(jq -c '.[0].reading' <<<"$at")"
check "its end with the offset" test "$(ask statement --from 2026-10-24 | jq -r '.statements[0].to_local')" = 2026-10-25T00:00:00+02:00
from_anywhere read --at "2026-10-25" >"$scratch/here"
check "shown in the zone: $(cat "$scratch/here")" grep -q '2026-10-25 00:00:00$' "$scratch/here"
from_anywhere statement --from 2026-10-24 >"$scratch/here"
check "the day in the zone: $(cat "$scratch/here")" grep -q '^  to  *2026-10-25 00:00:00$' "$scratch/here"
check "which is said" grep -q '^  time zone  *Europe/Berlin$' "$scratch/here"
from_anywhere statement --from 2026-10-24 --html >"$scratch/here"
from_anywhere profile --from 2026-10-24 --svg >"$scratch/here"
check "a picture in the zone" grep -q 'Europe/Berlin' "$scratch/here"
from_anywhere profile --from 2026-10-24 >"$scratch/here"
check "the profile of the day: $(cat "$scratch/here")" grep -q '^2026-10-24 23:45:00' "$scratch/here"
check "and no more" test "$(grep -c '^2026-10-25' "$scratch/here")" = 0
from_anywhere profile --from yesterday --plot >"$scratch/here"
check "hours of the zone: $(cat "$scratch/here")" grep -q '^2026-10-24 23:00  ' "$scratch/here"

said 1 "2026-10-25 02:30 comes twice, .* Europe/Berlin: write 2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00" \
	read --at "2026-10-25 02:30"
said 0 "2026-10-25 02:30:00" read --at 2026-10-25T02:30:00+02:00
check "the second 02:15 is an hour after the first" test "$(ask profile --from 2026-10-25T02:15:00+01:00 --to 2026-10-25T02:30:00+01:00 | jq -r '.intervals[].start')" = 2026-10-25T01:15:00.000Z
said 1 "a time that clocks skip" statement --from 2026-03-29T02:30 --to 2026-10-01
said 1 "still to come: 2026-10-26T00:00:00\+01:00" statement --from today
said 2 "is no time" read --at 2026-04-31
said 0 "no interval of this meter had ended by then" read --at 2026-10

# Another zone waits for a restart, and is an event then: once.
configure board "${dual[@]}" "[daemon]" "time_zone=Asia/Kathmandu"
said 0 "time_zone" reload
check "the zone stays" test "$(ask status | jq -r .time_zone)" = Europe/Berlin
for _ in 1 2; do
	stop_meter
	start_meter
	wait_for "readings" metered
done
check "the zone has changed" test "$(ask status | jq -r .time_zone)" = Asia/Kathmandu
check "which is an event: $(ask events --code time-zone | jq -c .events)" \
	test "$(ask events --code time-zone | jq -r '.events | map(.text) | join("|")')" = "days, months and rates are those of Asia/Kathmandu from here on (was: Europe/Berlin)"
check "and is logged" grep -q "time zone: days, months and rates are those of Asia/Kathmandu" "$scratch/meter.err"
check "what was registered is as it was" test "$(ask read --at 2026-10-24T22:00:00Z | jq -c .readings)" = "$at"

# An hour would not end at midnight there.
configure board "${dual[@]}" "[daemon]" "time_zone=Asia/Kathmandu" "profile_interval_min=60"
code=0
"$build/minimeterd" --check-config --config "$scratch/minimeter.conf" 2>"$scratch/check.err" || code=$?
check "such intervals are refused, not with $code: $(cat "$scratch/check.err")" test "$code" = 2
check "and those that fit are named" grep -q "these do: 1, 3, 5, 15" "$scratch/check.err"
finish
