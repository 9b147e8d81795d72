#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The audit trail of the real daemon: every event that matters to a bill is in it, `verify` finds it sound while it is metered on, a
# signed head can be checked with openssl alone, and a trail that somebody changed or wrote anew is told from the one it was.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

steady_loads 1200 600

# codes: those of all events, a line each.
codes() {
	ask events --limit 100 | jq -r '.events[].code'
}

# in_trail CODE TIMES
in_trail() {
	[ "$(codes | grep -cx "$1")" = "$2" ]
}

start_sim "$scratch/steady.ini"
configure system "${dual[@]}"
start_meter
wait_for "readings" metered
wait_for "the start in the trail" in_trail start 1
said 0 'all is as it was written' verify
check "the key is" grep -qx key <(codes)
check "the settings are" grep -qx configuration <(codes)
check "the database's pages are whole" test "$(ask verify | jq -r '.files[] | select(.name == "database") | .sound')" = true
check "the answer is of one shape" test "$(ask verify | jq -r '"\(.done) \(.sound) \(.bad) \(.problems | length)"')" = "true true 0 0"

# A head, as it is kept elsewhere, checked by openssl alone.
ask head >"$scratch/head.json"
said 0 'and the head' verify --head "$scratch/head.json"
if command -v openssl >/dev/null; then
	jq -j .statement "$scratch/head.json" >"$scratch/statement"
	jq -r .signature "$scratch/head.json" | base64 -d >"$scratch/signature"
	jq -r .public_key "$scratch/head.json" >"$scratch/key.pem"
	check "openssl verifies the signature" openssl dgst -sha256 -verify "$scratch/key.pem" -signature "$scratch/signature" \
		"$scratch/statement" >/dev/null
	echo x >>"$scratch/statement"
	check "openssl refuses another statement" test "$(openssl dgst -sha256 -verify "$scratch/key.pem" \
		-signature "$scratch/signature" "$scratch/statement" 2>&1 | grep -c OK)" = 0
fi
said 1 'this is no head' verify --head <(echo '{}')
said 1 'No such file|unable to open' verify --head "$scratch/none"
jq '.statement |= sub("events"; "Events")' "$scratch/head.json" >"$scratch/forged.json"
said 4 'not signed by the key' verify --head "$scratch/forged.json"

# Reloaded with another setting, stopped, started: in the trail. Killed: seen at the next start.
sed -i 's/^clock=.*/&\ncommit_wh=5/' "$scratch/minimeter.conf"
kill -HUP "$meter_pid"
wait_for "the new setting in the trail" in_trail configuration 2
check "it says which" grep -q 'changed daemon.commit_wh' <(ask events --limit 100)
stop_meter
start_meter
wait_for "readings" metered
check "the stop is in the trail" grep -qx stop <(codes)
check "a clean stop is no crash" test "$(codes | grep -c crash)" = 0
wait_for "the second start in the trail" in_trail start 2
stop_meter KILL
start_meter
wait_for "readings" metered
check "the kill is told" grep -qx crash <(codes)
check "the settings are told once" test "$(codes | grep -c configuration)" = 2
said 0 'all is as it was written' verify --head "$scratch/head.json"
stop_meter

# Somebody adds a kilowatt-hour: the second copy knows better. Where there is none, the trail tells for ever.
db=$scratch/state/register.db
cp "$db" "$scratch/right.db"
sqlite3 "$db" 'UPDATE register SET delivered_uwh = delivered_uwh + 1000000000'
cp "$db" "$scratch/more.db"
start_meter
wait_for "readings" metered
check "it is not billed" holds "$(reading .delivered_uwh) < 1000000000"
check "what was done is told" grep -qx recovered <(codes)
check "and kept" test -e "$db.aside-1"
stop_meter
rm -f "$scratch/state/"register.db*
cp "$scratch/more.db" "$db"
start_meter
wait_for "readings" metered
said 4 'had been changed from outside' verify
check "opening noted it" grep -qx tampered <(codes)
stop_meter

# Somebody takes an event away.
sqlite3 "$scratch/right.db" 'DROP TRIGGER event_no_delete; DELETE FROM event WHERE id = 2'
rm -f "$scratch/state/"register.db*
cp "$scratch/right.db" "$db"
start_meter
wait_for "readings" metered
said 4 'event +2 +it is missing' verify
stop_meter

# Somebody starts a new register in its place: sound in itself, but not what the head says.
rm -f "$scratch/state/"*
start_meter
wait_for "readings" metered
said 0 'all is as it was written' verify
said 4 "its key .* was never this register's" verify --head "$scratch/head.json"
finish
