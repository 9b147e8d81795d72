# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts on the virtual board share: the chip's controls, the meter's figures, and waiting. Sourced: some names are
# for those that do.
# shellcheck disable=SC2034

fitted=ade9000
chip=/sys/kernel/debug/$fitted-chip
lines=/sys/kernel/config/gpio-sim/board
tracing=/sys/kernel/tracing

# compute EXPRESSION: awk arithmetic, printed.
compute() {
	awk "BEGIN { printf \"%.9g\", $1 }"
}

# holds EXPRESSION: awk arithmetic, true or false.
holds() {
	awk "BEGIN { exit !($1) }"
}

# Full scale of an ADE9000 in volts and amperes, from minimeter.conf; and what a code of an MCP3912 is worth, which
# has 3.3 ohm.
full_v=$(compute '1001 * sqrt(0.5)')
full_a=$(compute '2000 * sqrt(0.5) / 5.1')
code_v=$(compute '1001 * 1.2 / 1.5 / 2 ^ 23')
code_a=$(compute '2000 / 3.3 * 1.2 / 1.5 / 2 ^ 23')

# load WATTS [POWER-FACTOR]: on each of the two phases, at 120 V.
load() {
	local phase

	for phase in 0 1; do
		load_phase $phase "$1" "${2:-1}"
	done
}

# load_phase PHASE WATTS POWER-FACTOR
load_phase() {
	if [ $fitted != mcp3912 ]; then
		awk -v phase="$1" -v watts="$2" -v pf="$3" -v fv="$full_v" -v fa="$full_a" 'BEGIN {
			va = watts / pf
			code = 20694066 / (fv * fa)
			printf "%d %d %d %d %d %d\n", phase, 120 / fv * 52866837, va / 120 / fa * 52866837, watts * code,
				sqrt(va * va - watts * watts) * code, va * code
		}' >$chip/load
	else
		awk -v phase="$1" -v watts="$2" -v pf="$3" -v v="$code_v" -v a="$code_a" 'BEGIN {
			printf "%d %d %d %d\n", phase, 120 * sqrt(2) / v, watts / pf / 120 * sqrt(2) / a,
				atan2(sqrt(1 - pf * pf), pf) * 180000 / atan2(0, -1)
		}' >$chip/load
	fi
}

# The energy that has flowed through both phases, in Wh.
truth_wh() {
	if [ $fitted != mcp3912 ]; then
		awk -v fv="$full_v" -v fa="$full_a" '{ sum += $2 } END { printf "%.6f\n", sum * fv * fa / 20694066 / 1e6 / 3600 }' $chip/truth
	else
		awk -v v="$code_v" -v a="$code_a" '{ sum += $2 * $3 } END { printf "%.6f\n", sum * 2 ^ 20 * v * a / 1e12 / 3600 }' $chip/truth
	fi
}

ask() {
	minimeterctl --json "$@"
}

# reading FILTER: a figure of the meter.
reading() {
	ask read | jq -r ".meters[0]$1"
}

register_wh() {
	compute "$(reading .delivered_uwh) / 1000000"
}

front_end() {
	ask status | jq -r .front_end.state
}

front_end_is() {
	[ "$(front_end)" = "$1" ]
}

metered() {
	[ "$(reading .valid)" = true ]
}

# seconds: CLOCK_MONOTONIC, as systemd's properties have it.
seconds() {
	cut -d ' ' -f 1 /proc/uptime
}

# within SECONDS CONDITION...: polls; prints how long it took, and fails where it was in vain.
within() {
	local limit=$1 begin

	shift
	begin=$(seconds)
	until "$@" 2>/dev/null; do
		if holds "$(seconds) - $begin > $limit"; then
			echo "more than $limit"
			return 1
		fi
		sleep 0.1
	done
	compute "$(seconds) - $begin"
}
