# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What scripts share that check one thing after another and end with $failed. Sourced; tests/e2e/lib.sh is for those that meter.

failed=0

# check WHAT CONDITION...
check() {
	local what=$1
	shift
	if ! "$@"; then
		echo "FAILED: $what"
		# shellcheck disable=SC2034 # the sourcing script uses it
		failed=1
	fi
}
