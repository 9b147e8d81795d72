#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A real sub-metered circuit as the load: 50,000 readings of AMPds2 (Makonin et al., Sci Data 3:160037, 2016), each played for one window
# through the whole chain, with ten turns of the conductor through the CT of a 100 A model, as is done for light circuits.
# Registered energy within 0.1 % of what was played; nothing registered while the record has no load.
# TRACE_SECONDS is how long each reading lasts (default 1; 60 is the record's own pace).
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

data=${MM_SHARED_DATA:-$MM_SRCDIR/../shared/data}/ampds2_b1e_60hz/Electricity_B1E-11.first50000.csv
if [ ! -r "$data" ]; then
	echo "skipped: no $data"
	exit 77
fi

# One section for every change: V, f, and the load as watts and vars (its size follows from S, its sign is the record's).
awk -F, -v pace="${TRACE_SECONDS:-1}" '
	BEGIN { print "[board]\nct_primary_a = 100\nppm = -23" }
	NR > 1 {
		q = $11 ^ 2 - $7 ^ 2
		load = $7 == 0 && $11 == 0 ? "off" : sprintf("%d W %.1f var", $7 * 10, (q > 0 ? sqrt(q) : 0) * 10)
		line = sprintf("voltage_a = %s\nfrequency_hz = %s\nload_a = %s", $2, $4, load)
		if (line != last) { printf "[at %d]\n%s\n", (NR - 2) * pace, line; last = line }
	}
	END { printf "[at %d]\nload_a = off\n", (NR - 1) * pace }' "$data" >"$scratch/trace.ini"
end=$(awk -F'[] ]' '/^\[at/ { t = $2 } END { print t }' "$scratch/trace.ini")

start_sim "$scratch/trace.ini" --stepped
configure board "[meter bedroom]" "model=MMS-120-1001-T" "serial=1" "element1=A"
start_meter
for ((i = 0; i < 60; i++)); do
	board_past $((end + 10)) && break
	wait_for "some of the record" board_past $((end * (i + 1) / 60 + 10))
done
sleep 0.2
registered=$(reading .delivered_uwh)
received=$(reading .received_uwh)
truth=$(board truth_load_total_uwh)
echo "played $truth uWh, registered $registered uWh, received $received uWh"
check "registered within 0.1 % of what was played" holds "$registered - $truth <= $truth / 1000 && $truth - $registered <= $truth / 1000"
check "nothing was received" test "$received" = 0
check "no window was missed" test "$(ask status | jq .missed_windows)" = 0

# The edges of the finest output lie where the record has load: none falls into an hour without.
awk -F, -v pace="${TRACE_SECONDS:-1}" 'NR > 1 { busy[int((NR - 2) / 60)] += $7 }
	END { for (h = 0; h * 60 < NR - 1; h++) if (!busy[h]) print h * 3600 * pace / 60, (h + 1) * 3600 * pace / 60 }' "$data" >"$scratch/idle"
echo "hours without load: $(wc -l <"$scratch/idle")"
check "nothing is registered in the hours without load" awk -v slack=2.5 '
	NR == FNR { from[NR] = $1 + slack; to[NR] = $2; n = NR; next }
	$4 == "10" { t = ($2 / 1e9) - 1.25; while (i < n && to[i + 1] < t) i++; if (i < n && t > from[i + 1] && t < to[i + 1]) bad = 1 }
	END { exit bad }' "$scratch/idle" "$scratch/edges"
finish
