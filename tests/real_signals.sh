#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recorded appliances through the whole chain: played at a simulated converter, registered by the daemon, and compared with the energy
# computed from the recording itself, in double precision: the mean of volts times amperes, about their means because no transformer
# passes a direct voltage. Within 0.05 %.
#
# The recordings are one-cycle ones of PLAID (Medico et al., Sci Data 7:49, 2020), of 30 kHz at 120 V, and three seconds each of HFHAD-C,
# 128 samples to a cycle of 50 Hz, scaled to 120 V and 10 A. As is done for light circuits the conductor goes through the CT so many
# times that 5 A or more flow. With --short: two of each.
set -eu

# shellcheck source-path=SCRIPTDIR source=e2e/lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

data=${MM_SHARED_DATA:-$MM_SRCDIR/../shared/data}
plaid=$data/plaid_awrgnilm/selected_cycles.csv
hfhad=$data/hfhad_c_50hz
if [ ! -r "$plaid" ] || [ ! -d "$hfhad" ]; then
	echo "skipped: no $plaid or $hfhad"
	exit 77
fi
# One interval of the profile, the third, is compared.
end_s=190

# scaled VOLTS AMPERES: volts and amperes on standard input, scaled to these rms values (0: the amperes times a whole number of turns to
# 5 A or more; the volts as they are); the mean power of what comes out goes to $scratch/power.
scaled() {
	awk -F, -v to_v="$1" -v to_a="$2" -v power="$scratch/power" '
		{ v[NR] = $1; i[NR] = $2; sv += $1; si += $2; svv += $1 * $1; sii += $2 * $2; svi += $1 * $2 }
		END {
			rms_v = sqrt(svv / NR - (sv / NR) ^ 2)
			rms_a = sqrt(sii / NR - (si / NR) ^ 2)
			scale_v = to_v > 0 ? to_v / rms_v : 1
			scale_a = to_a > 0 ? to_a / rms_a : rms_a < 5 ? int(5 / rms_a) + 1 : 1
			for (n = 1; n <= NR; n++) printf "%.9g,%.9g\n", v[n] * scale_v, i[n] * scale_a
			printf "%.9g\n", (svi / NR - sv / NR * (si / NR)) * scale_v * scale_a >power
		}'
}

# compare NAME HERTZ: the recording on standard input, of so many samples a second
compare() {
	local wh

	cat >"$scratch/recording.csv"
	printf '%s\n' "[board]" "chip = mcp3912" "burden_ohm = 3.3" "voltage_divider = 401" "ct_primary_a = 100" "ppm = 40" \
		"start_time = 2026-03-01T00:00:00Z" >"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped --recording "$scratch/recording.csv" --recording-hz "$2"
	configure board "[meter bench]" "model=MMS-120-1001" "serial=1" "element1=A" "[daemon]" "profile_interval_min=1" \
		"[front-end]" "driver=mcp3912" "burden_ohm=3.3" "voltage_divider=401"
	start_meter
	wait_for "three minutes of $1" board_past "$end_s"
	wh=$(ask profile | jq -s '[.[].intervals[]] | map(select(.start == "2026-03-01T00:02:00.000Z"))[0].delivered_wh')
	stop_meter
	stop_sim
	rm -rf "$scratch/state"
	printf '%-28s %10.3f W computed %10.3f W registered %+.4f %%\n' "$1" "$(cat "$scratch/power")" \
		"$(awk "BEGIN { print $wh * 60 }")" "$(awk "BEGIN { print ($wh * 60 / $(cat "$scratch/power") - 1) * 100 }")"
	check "$1: within 0.05 %" holds "$wh * 60 / $(cat "$scratch/power") - 1 < 0.0005 && 1 - $wh * 60 / $(cat "$scratch/power") < 0.0005"
}

# The rows of PLAID by number and name, and the files of HFHAD-C.
rows=$(awk -F, 'NR > 1 && !seen[$1]++ { print $1 "," $2 ($3 ? " on" : " off") }' "$plaid")
files=$(basename -a -s .csv "$hfhad"/*.csv)
if [ "${1:-}" = --short ]; then
	rows=$(grep -E 'HairIron off|LaptopCharger off' <<<"$rows")
	files=$(grep -E 'induction|laptop' <<<"$files")
fi
while IFS=, read -r row name; do
	compare "plaid $row $name" 30000 < <(awk -F, -v row="$row" '$1 == row { print $5 "," $6 }' "$plaid" | scaled 0 0)
done <<<"$rows"
while read -r file; do
	compare "hfhad $file" 6400 < <(awk -F, 'NR > 1 { print $2 "," $1 }' "$hfhad/$file.csv" | scaled 120 10)
done <<<"$files"
finish
