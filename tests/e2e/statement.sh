#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A statement that is issued: by the lines of minimeter-billing(7), read out of the page, it is signed, printed, and verified by
# minimeterctl and by openssl alone. It is the same after a kill and a restart; with another digit it verifies no more.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

for tool in openssl xxd; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: $tool is not installed"
		exit 77
	fi
done
export TZ=UTC MINIMETER_SOCKET=$scratch/sock MINIMETER_ADMIN_SOCKET=$scratch/admin

# lines NUMBER: the block of that number of the page, as a shell takes it; of the first of its periods.
lines() {
	awk -v wanted="$1" '/^\.Bd -literal/ { inside = ++block == wanted; next } /^\.Ed/ { inside = 0 } inside' \
		"${MM_SRCDIR:-.}/man/minimeter-billing.7" |
		sed "s/\\\\(aq/'/g; s/\\\\e/\\\\/g; s/--month 2026-10/--from 2026-03-01T12:00:00Z --to 2026-03-01T12:30:00Z/"
}

# play NUMBER: runs that block in the scratch directory.
play() {
	(cd "$scratch" && PATH=$(realpath "$build"):$PATH bash -euc "$(lines "$1")") >"$scratch/said" 2>&1
}

cat >"$scratch/board.ini" <<-END
	[board]
	start_time = 2026-03-01T11:50:00Z
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 3600 W
	load_b = -1200 W
END
start_sim "$scratch/board.ini" --stepped
configure board "${dual[@]}"
start_meter
wait_for "the third quarter of an hour" board_past 2700

said 1 'no statement of this period was issued' statement --ocmf --from 2026-03-01T12:00:00Z --to 2026-03-01T12:30:00Z
said 1 'that time is still to come' statement --issue --from 2026-03-01T12:00:00Z --to 2199-01-01T00:00:00Z
said 1 'the first reading of this meter is of 2026-03-01T12:00:00Z' statement --issue --from 2026-03-01T11:00:00Z --to 2026-03-01T12:30:00Z
said 1 'only on the admin socket' --admin-socket "$scratch/sock" statement --issue --from 2026-03-01T12:00:00Z --to 2026-03-01T12:30:00Z
check "it is issued and printed" play 1
check "it is one line" test "$(wc -l <"$scratch/statement.ocmf")" = 1
check "it is of page 1" grep -q '"PG":"T1"' "$scratch/statement.ocmf"
check "its state is good" test "$(grep -o '"ST":"G"' "$scratch/statement.ocmf" | wc -l)" -ge 2
check "the key is there" play 2
check "minimeterctl verifies it" play 3
check "it is of the same intervals" test "$(grep -c 'it is the same in the register' "$scratch/said")" = 2
check "openssl alone verifies it" play 4
check "it says so" grep -qx 'Verified OK' "$scratch/said"
cp "$scratch/statement.ocmf" "$scratch/first.ocmf"

# Issued again, read again, after a kill: the same.
stop_meter KILL
start_meter
wait_for "readings" metered
check "it is printed again" play 1
check "it is the same" cmp "$scratch/first.ocmf" "$scratch/statement.ocmf"
check "it is in the trail once" test "$(ask events --limit 100 | jq '[.events[] | select(.code == "statement-issued")] | length')" = 1
check "the event has its hash" grep -q "$(tr -d '\n' <"$scratch/first.ocmf" | sha256sum | cut -d ' ' -f 1)" <(ask events --limit 100)
said 0 'issued as page +1$' statement --issue --from 2026-03-01T12:00:00Z --to 2026-03-01T12:30:00Z
said 0 'issued as page +2$' statement --issue --from 2026-03-01T12:15:00Z --to 2026-03-01T12:30:00Z
said 0 'all is as it was written' verify

# Another digit.
sed 's/"RV":0/"RV":1/' "$scratch/first.ocmf" >"$scratch/statement.ocmf"
check "it is another" test "$(cmp -s "$scratch/first.ocmf" "$scratch/statement.ocmf" && echo same)" = ''
said 4 'the signature is not right' verify --statement "$scratch/statement.ocmf"
check "openssl refuses it" test "$(play 4 && echo verified)" = ''
check "it says so, too" grep -qx 'Verification failure' "$scratch/said"
stop_meter
said 0 'the signature is right' verify --statement "$scratch/first.ocmf" --key "$scratch/key.pem"
said 0 'minimeterd does not answer' verify --statement "$scratch/first.ocmf" --key "$scratch/head.json"
finish
