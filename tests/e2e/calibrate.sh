#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A board whose current channels err in ratio, phase and offset is calibrated against what its loads really draw: by steps, and led as a
# person is. As left every element registers within 0.05 % at every point; the constants outlive a kill; what is nonsense is refused.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

# The loads of the scenario change every half minute; the tests put steady ones over them.
cat >"$scratch/erring.ini" <<-END
	[board]
	repeat = 60
	[at 0]
	load_a = 3600 W
	load_b = off
	error_a = 2 % 0.5 deg 3 W
	error_b = -3 % -1.2 deg -2 W
	[at 30]
	load_a = 3700 W
END
start_sim "$scratch/erring.ini" --stepped
configure board "${dual[@]}"
start_meter

wait_for "readings" metered

calibrate() {
	"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" calibrate "$@"
}

start() {
	calibrate start --element "$1" | cut -d ' ' -f 2
}

# load LINE VALUE: a steady load from now on.
load() {
	board "load_$1" "$2" >/dev/null
}

# error_of ELEMENT WATTS: by how many percent its power is off, after a window that has it whole.
error_of() {
	local since

	since=$(board time_ns)
	wait_for "three windows" board_past $((since / 1000000000 + 4))
	echo "$(reading ".elements[$(($1 - 1))].power_w") $2" | awk '{ printf "%.4f\n", 100 * ($1 / $2 - 1) }'
}

# as_left ELEMENT LINE WHEN: within 0.05 % at full load, half power factor and light load.
as_left() {
	local error point watts

	for point in "24000 W" "12000 W 0.5 lag" "360 W" "240 W 0.5 lag" "7200 W 0.8 lead"; do
		load "$2" "$point"
		watts=${point%% *}
		error=$(error_of "$1" "$watts")
		echo "element $1 $3: $point is off by $error %"
		check "element $1 $3 at $point: $error %" holds "$error ^ 2 < 0.05 ^ 2"
	done
}

# ---- By steps: element 1 ----

check "nothing to show before the first one" grep -q "never been calibrated" <(calibrate history)
load a "24000 W"
error=$(error_of 1 24000)
check "as found it errs: $error %" holds "$error > 1.9"
session=$(start 1)
said 1 "is being calibrated by .*uid $(id -u).*calibrate cancel" calibrate start --element 2
said 1 "'0' is over" calibrate point full-load 24000 W --session 0
said 1 "nothing to accept" calibrate accept soon --session "$session"
said 1 "nothing is proposed" calibrate point full-load 24000 W --left --session "$session"
said 2 "a reference is" calibrate point full-load 24000,5 W --session "$session"
said 1 "refuses the value for 'point'" calibrate point fullload 24000 W --session "$session"
said 1 "360\.00 A|204\.0. A, and light-load is 1 to 4 A" calibrate point light-load 24000 W --session "$session" --seconds 5
said 1 "more than 10 % apart" calibrate point full-load 48000 W --session "$session" --seconds 5
said 0 "full-load +102\.0" calibrate point full-load 24000 W --session "$session" --seconds 10
said 1 "power factor is 1\.000.*lagging is wanted" calibrate point power-factor 12 kW --session "$session" --seconds 5
load a "12000 W 0.5 lead"
said 1 "leading, and 0.4 to 0.6 lagging" calibrate point power-factor 12 kW --session "$session" --seconds 5
load a "12000 W 0.5 lag"
said 0 "power-factor +103\.5" calibrate point power-factor 100 Wh in 30 s --session "$session" --seconds 10
load a "360 W"
echo "20 pulses of 0.5 Wh in 100 s" | calibrate point light-load --session "$session" --seconds 10 --json >"$scratch/point"
full=$(jq .session.points[0].found_percent "$scratch/point")
light=$(jq .session.points[2].found_percent "$scratch/point")
check "full load is 102.01 % as found, not $full" holds "($full - 102.0086) ^ 2 < 0.001 ^ 2"
check "light load is 102.83 % as found, not $light" holds "($light - 102.829) ^ 2 < 0.001 ^ 2"
average=$(jq .session.found_average_percent "$scratch/point")
check "weighted average: $average" holds "($average - (4 * $full + $light) / 5) ^ 2 < 1e-18"
error=$(error_of 1 360)
check "nothing has changed so far: $error %" holds "$error > 2.5"
said 0 "light-load +102\.8.*(99\.99|100\.00)" calibrate point light-load 360 W --left --session "$session" --seconds 10
load a "24000 W"
said 0 "full-load" calibrate point full-load 23800 W --left --session "$session" --seconds 10
said 1 "as left is 100\.8.*off by more" calibrate accept "wrong reading" --session "$session"
said 0 "full-load" calibrate point full-load 24000 W --left --session "$session" --seconds 10
said 0 "version 1 .*: job 4711" calibrate accept "job 4711" --session "$session"
said 1 "is over" calibrate accept "job 4711" --session "$session"
as_left 1 a "as left"

# ---- Led: element 2 ----

# answer QUESTION TEXT [LOAD]: once so many questions have been asked, with that load put on before.
asked() {
	[ "$(grep -oE '\(s, q\):|again\):|was:' "$scratch/led" | wc -l)" -ge "$1" ]
}
answer() {
	wait_for "question $1" asked "$1"
	[ -z "${3:-}" ] || load b "$3"
	echo "$2" >&5
}
# take QUESTION LOAD WATTS: a point from its first question on.
take() {
	answer "$1" "" "$2"
	answer $(($1 + 1)) "$3 W"
}
mkfifo "$scratch/answers"
calibrate --element 2 --seconds 10 <"$scratch/answers" >"$scratch/led" 2>&1 &
led_pid=$!
exec 5>"$scratch/answers"
answer 1 ""                             # no load on this element: asked again
answer 2 "" "24000 W"
answer 3 "much"                         # no reference
answer 4 "24 W"                         # nor this
answer 5 "24000 W"
take 6 "12000 W 0.5 lag" 12000
take 8 "360 W" 360
take 10 "24000 W" 24000
take 12 "12000 W 0.5 lag" 12000
answer 14 s
answer 15 "second element"
exec 5>&-
code=0
wait "$led_pid" || code=$?
check "led: exits with 0, not $code" test "$code" = 0
check "led: element 1 is what carries the load" grep -q "element 2 carries no load.*another one does" "$scratch/led"
check "led: what a reference looks like" grep -q "20 pulses of 5 Wh" "$scratch/led"
check "led: version 2" grep -q "^version 2 .*second element" "$scratch/led"
as_left 2 b "as left, led"

# A person who gives up changes nothing.
printf '\nq\n' | calibrate --element 1 --seconds 5 >"$scratch/led" 2>&1 || true
check "led: q changes nothing" grep -q "Nothing has been changed" "$scratch/led"
calibrate </dev/null >"$scratch/led" 2>&1 || true
check "led: the end of input changes nothing" grep -q "Nothing has been changed" "$scratch/led"
calibrate start >/dev/null
said 0 "as they were" calibrate cancel

# ---- What a calibration can't mend ----

refused() {
	said 1 "$2" calibrate point "$1" "$3" --session "$session" --seconds "${4:-5}"
}
board load_a scenario >/dev/null
session=$(start 1)
refused full-load "not steady: its windows spread by 1\.[0-9]* %" "3650 W" 60
load a off
load b off
refused full-load "there is no load" "24000 W"
load b "2400 W"
refused full-load "another one does" "2400 W"
load a "3600 W"
refused full-load "what another one has" "2400 W"
board ct_a reversed >/dev/null
refused full-load "power of element 1 is negative.*turned round, or on another line" "3600 W"
board ct_a "on b" >/dev/null
board ct_b "on a" >/dev/null
refused full-load "power of element 1 is negative.*turned round, or on another line" "3600 W"
board ct_a ok >/dev/null
board ct_b ok >/dev/null
board voltage_a 90 >/dev/null
refused full-load "has 90\.0 V, and 102 to 138 V" "3600 W"
board voltage_a 120 >/dev/null
board fault eio >/dev/null
refused full-load "the front end (is|has been) absent.*minimeterctl status" "3600 W"
board fault none >/dev/null
wait_for "readings" metered
check "after all that, version 2 is in force" test "$(ask nameplate | jq '.meters[0].calibration_version')" = 2

# ---- Over a kill, and back ----

stop_meter KILL
start_meter
wait_for "readings" metered
said 1 "restarted" calibrate point full-load 3600 W --session "$session"
check "the constants outlive the daemon" test "$(ask nameplate | jq '.meters[0].calibration_version')" = 2
as_left 1 a "after a kill"
said 1 "never had such a version" calibrate return 9 "by mistake"
said 0 "version 3 .*: as delivered" calibrate return 0 "as delivered"
load a "24000 W"
error=$(error_of 1 24000)
check "without constants it errs again: $error %" holds "$error > 1.9"
said 0 "constants of version 2 again" calibrate return 2 "the right ones"
as_left 1 a "returned to version 2"
ask calibrate history >"$scratch/history"
check "four versions, each with who and why" test "$(jq -c '[.versions[] | [.version, .who != "", .why]]' "$scratch/history")" = \
	'[[1,true,"job 4711"],[2,true,"second element"],[3,true,"as delivered"],[4,true,"the right ones"]]'
check "each starts where the one before it ended" test "$(jq '[.versions as $v | range(1; 4) | $v[.].before == $v[. - 1].constants] | all' \
	"$scratch/history")" = true
check "and is in the audit trail" test "$(ask events --limit 100 | jq '[.events[] | select(.code == "calibration")] | length')" = 4
said 0 "all is as it was written" verify
check "the read socket changes nothing" grep -q "not permitted" <("$ctl" --admin-socket "$scratch/sock" calibrate cancel 2>&1 || true)

# ---- The database is lost with all backups, and its history with it: the constants are not ----

stop_meter
rm "$scratch"/state/register.db "$scratch"/state/register.db.backup*
start_meter
wait_for "readings" metered
check "the constants outlive the database" test "$(ask nameplate | jq '.meters[0].calibration_version')" = 4
as_left 1 a "after the database was lost"
check "and that their record is gone is said" grep -q "calibration 4 is in force, but its record is lost" "$scratch/meter.err"

# ---- A waveform converter: the same by the same steps ----

stop_meter
stop_sim
rm -r "$scratch/state"
sed -i -e 's/^repeat.*/chip = mcp3912\nburden_ohm = 3.3\nppm = 40/' "$scratch/erring.ini"
start_sim "$scratch/erring.ini" --stepped
configure board "${dual[@]}"
sed -i -e '/^uri=/a driver=mcp3912\nburden_ohm=3.3' "$scratch/minimeter.conf"
start_meter
wait_for "readings" metered
load a "24000 W"
error=$(error_of 1 24000)
check "as found a converter errs: $error %" holds "$error > 1.9"
session=$(start 1)
said 0 "full-load +102\.0" calibrate point full-load 24000 W --session "$session" --seconds 30
load a "12000 W 0.5 lag"
said 0 "power-factor +103\.5" calibrate point power-factor 12 kW --session "$session" --seconds 30
load a "360 W"
said 0 "light-load +102\.8" calibrate point light-load 360 W --session "$session" --seconds 30
said 0 "version 1 .*: converter" calibrate accept "converter" --session "$session"
as_left 1 a "as left, mcp3912"
finish
