#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program has copied the intervals of a meter over the socket. Then the store is replaced by an older backup, and metering goes on. The
# program is told that the history is another one, finds the newest row that both have, and ends with what the register has: nothing
# lost, nothing twice.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

steady_loads 1200 600
store=$scratch/state/register.db

# boot [BEGIN]: as on a day that begins so
boot() {
	{
		printf '[board]\nstart_time = %s\n' "$1"
		cat "$scratch/steady.ini"
	} >"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped
	configure board "${dual[@]}"
	sed -i '/^register=/a profile_interval_min=1' "$scratch/minimeter.conf"
	start_meter
}

shut_down() {
	stop_meter
	stop_sim
}

# ---- The program: its copy is a file with a line "ID HASH PREVIOUS DELIVERED" for each row, in the order of the ids ----

copy=$scratch/copy asked=0
: >"$copy"

# request AFTER HASH LIMIT: the answer of GetProfile; no HASH: not given
request() {
	asked=$((asked + 1))
	jq -cn --arg hash "$2" "{method: \"org.minimeter.GetProfile\", parameters: ({meter: \"house\", after: $1, limit: $3}
		+ if \$hash == \"\" then {} else {after_hash: \$hash} end)}" | tr '\n' '\0' |
		timeout 60 socat -t 60 - "UNIX-CONNECT:$scratch/sock" | tr -d '\0' >"$scratch/answer"
}

is_forked() {
	[ "$(jq -r .error "$scratch/answer")" = org.minimeter.Forked ]
}

# row LINE: sets id and hash; line 0 is before all rows
row() {
	id=0 hash=''
	[ "$1" -eq 0 ] || read -r id hash _ < <(sed -n "$1p" "$copy")
}

# Each hash covers the rows before it: where a row is in both histories all before it are, and where it is not none behind it is. So
# halving finds the newest that is. The one behind the last that can be is known not to be.
find_common() {
	local low=0 high middle last

	last=$(jq .parameters.last "$scratch/answer")
	high=$(awk -v last="$last" '$1 <= last { n++ } END { print n + 1 }' "$copy")
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		row "$middle"
		request "$id" "$hash" 1
		if is_forked; then high=$middle; else low=$middle; fi
	done
	common=$low
}

# Fetches all that there is behind the copy's newest row.
catch_up() {
	local newest

	while :; do
		newest=$(wc -l <"$copy")
		row "$newest"
		request "$id" "$hash" 200
		if is_forked; then
			first_asked=$asked
			find_common
			asked_for=$((asked - first_asked))
			cp "$copy" "$scratch/before"
			sed -n "$((common + 1)),\$p" "$copy" >>"$scratch/superseded"
			sed -i "$((common + 1)),\$d" "$copy"
			continue
		fi
		jq -r '.parameters.intervals[] | "\(.id) \(.hash) \(.previous) \(.delivered_uwh)"' "$scratch/answer" >"$scratch/rows"
		[ -s "$scratch/rows" ] || break
		cat "$scratch/rows" >>"$copy"
	done
}

# What the register has, read from the file itself.
expect_all() {
	sqlite3 -readonly -separator ' ' "$store" "SELECT p.id, lower(hex(p.hash)), coalesce(p.previous, 0), p.delivered_uwh FROM profile AS p
		JOIN meter AS m ON m.id = p.meter WHERE m.serial = '1001' ORDER BY p.id" >"$scratch/register"
}

# ---- An hour, a backup of it, and three more ----

boot 2026-03-01T08:00:00Z
wait_for "an hour" board_past 3630
shut_down
mkdir "$scratch/backup"
cp -a "$scratch/state/." "$scratch/backup"
boot 2026-03-01T09:10:00Z
wait_for "three hours" board_past 10830
catch_up
followed=$(wc -l <"$copy")
shut_down
expect_all
check "the program has $followed rows, all there are" holds "$followed > 230 && $followed <= $(wc -l <"$scratch/register")"
check "each in its place" cmp -s "$copy" <(head -n "$followed" "$scratch/register")

# ---- Somebody puts the backup in the place of it ----

find "$scratch/state" -type f -delete
cp -a "$scratch/backup/." "$scratch/state"
expect_all
backed_up=$(wc -l <"$scratch/register")
boot 2026-03-01T13:00:00Z
wait_for "an hour of another history" board_past 3630
catch_up
shut_down
expect_all
kept=$(wc -l <"$copy")
# What both begin with. The last interval may have been in the second copy alone when the backup was made.
both=$(paste -d '|' "$scratch/before" "$scratch/register" | awk -F '|' '$1 != $2 { exit } { n++ } END { print n + 0 }')
echo "$followed rows followed, $backed_up in the backup, $common in both, found by $asked_for requests; $kept in the end"
check "the newest row that both have is found" test "$common" = "$both"
check "it is the newest of the backup" holds "$common - $backed_up == 0 || $common - $backed_up == 1"
check "what is behind it is superseded" test "$(wc -l <"$scratch/superseded")" = $((followed - common))
check "$asked_for requests" holds "$asked_for <= 12"
check "the program has exactly what the register has: $kept rows" holds "$kept > $backed_up + 55 && $kept <= $(wc -l <"$scratch/register")"
check "each in its place" cmp -s "$copy" <(head -n "$kept" "$scratch/register")
check "no row is superseded and in force" test -z "$(cut -d ' ' -f 2 "$scratch/superseded" "$copy" | sort | uniq -d)"

finish
