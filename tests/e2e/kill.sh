#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The real daemon killed at random moments under load: the register never goes back, and lacks no more than what status said is not
# durable yet, which is less than 10 Wh. It has no second copy here, so that what is durable can be asked of the database.
# KILL_ROUNDS sets how often (default 12).
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/steady.ini" <<-END
	[board]
	ct_primary_a = 400
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 8000 W
	load_b = 4000 W
END
start_sim "$scratch/steady.ini"
configure system "[meter house]" "model=MMD-120-4001" "serial=1" "element1=A" "element2=B"
sed -i 's/^register=/copy=none\n&/' "$scratch/minimeter.conf"

# small_risk UWH: is less than 10 Wh at risk? On a machine that other work keeps busy the store can wait for longer than a window.
small_risk() {
	holds "$1 < 10000000" || awk -v cores="$(nproc)" '{ exit $1 <= 2 * cores }' /proc/loadavg
}

last=0
worst=0
RANDOM=4711
for ((round = 1; round <= ${KILL_ROUNDS:-8}; round++)); do
	start_meter
	wait_for "readings" metered
	started=$(reading .delivered_uwh)
	check "round $round: the register did not go back ($started after $last)" holds "$started >= $last"
	# Anywhere in a window, one to four windows on.
	sleep "$((RANDOM % 3 + 1)).$((RANDOM % 900 + 100))"
	seen=$(reading .delivered_uwh)
	risk=$(ask status | jq '.uncommitted_wh * 1000000 | round')
	stop_meter KILL
	last=$(sqlite3 "file:$scratch/state/register.db" 'SELECT delivered_uwh FROM register')
	check "round $round: $risk uWh at risk" small_risk "$risk"
	check "round $round: stored $last of $seen uWh, $risk at risk" holds "$seen - $last <= $risk"
	check "round $round: nothing was invented" holds "$last <= $(board truth_load_total_uwh)"
	worst=$(awk "BEGIN { l = $seen - $last; print (l > $worst ? l : $worst) }")
done
echo "most that was lost: $worst uWh"
check "it metered at all" holds "$last > 20000000"
finish
