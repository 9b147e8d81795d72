#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Do the installed units parse, and is the sandbox of the daemon as tight as promised? (systemd-analyze security: 0 best, 10 worst,
# thresholds in tenths.)
set -u

if ! command -v systemd-analyze >/dev/null; then
	echo "skipped: no systemd-analyze"
	exit 77
fi

failed=0
units=$(mktemp -d) || exit 99
trap 'rm -rf "$units"' EXIT

# verify wants programs that exist.
for unit in minimeterd.service minimeterd.socket minimeterd-admin.socket minimeter-afe-prepare.service minimeter-sim.service; do
	if grep -n '@[a-z]*@' "$MM_BUILDDIR/systemd/$unit"; then
		echo "FAIL: $unit has a path that was not filled in"
		failed=1
	fi
	sed -E 's#^(Exec[A-Za-z]*=[-+]*)/[^ ]*#\1/bin/true#' "$MM_BUILDDIR/systemd/$unit" >"$units/$unit"
done

# A client would start what has no configuration again and again.
for unit in minimeterd.service minimeterd.socket minimeterd-admin.socket; do
	if ! grep -q '^ConditionPathExists=/.*/minimeter/minimeter\.conf$' "$units/$unit"; then
		echo "FAIL: $unit starts without a configuration"
		failed=1
	fi
done

for unit in "$units"/*; do
	if ! systemd-analyze verify --man=no "$unit" >"$units/.out" 2>&1 || grep "^$unit:\|^$(basename "$unit"):" "$units/.out"; then
		cat "$units/.out"
		echo "FAIL: verify $(basename "$unit")"
		failed=1
	fi
done

for unit in minimeterd.service minimeter-afe-prepare.service minimeter-sim.service; do
	if ! systemd-analyze security --offline=true --no-pager --threshold=12 "$units/$unit" >"$units/.out" 2>&1; then
		grep -v '✓' "$units/.out"
		echo "FAIL: security of $unit"
		failed=1
	fi
done
exit $failed
