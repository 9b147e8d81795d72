#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make bench: what metrology costs, in instructions as callgrind counts them, which are the same on a busy machine, and in time.
set -eu
bench=${MM_BUILDDIR:-.}/tests/benchmark/metrology
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# instructions CHANNELS RATE: a channel-sample. The start is left out: what four seconds take less what two take.
instructions() {
	local seconds collected=()

	for seconds in 2 4; do
		valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=mm_metrology_feed \
			--toggle-collect=mm_metrology_next "$bench" "$1" "$2" "$seconds" >"$scratch/log" 2>&1
		collected+=("$(awk '/Collected/ { print $NF }' "$scratch/log")")
	done
	awk "BEGIN { printf \"%.1f\", (${collected[1]} - ${collected[0]}) / ($1 * $2 * 2) }"
}

# share CHANNELS RATE: percent of one core
share() {
	"$bench" "$1" "$2" 500 | awk '{ printf "%.3f", $1 / 1e7 }'
}

printf '%-52s %14s   %s\n' "figure" "measured" "aim" \
	"instructions a channel-sample, 4 channels at 8 kS/s" "$(instructions 4 8000)" "< 40" \
	"CPU of 4 channels at 8 kS/s (% of one core)" "$(share 4 8000)" "" \
	"memory of an instance, whatever it is fed (bytes)" "$("$bench" 4 8000 1 | awk '{ print $2 }')" "constant"
printf '\n%-9s %10s %14s %10s\n' channels rate instructions "CPU (%)"
for channels in 2 4 6 12 24; do
	for rate in 4000 8000 16000 32000; do
		printf '%-9s %10s %14s %10s\n' "$channels" "$rate" "$(instructions "$channels" "$rate")" "$(share "$channels" "$rate")"
	done
done
