#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The version is in one place, configure.ac. What is history names it first: NEWS, and the packages' changelog.
set -u
cd "$(dirname "$0")/.." || exit 1
version=$(sed -nE 's/^AC_INIT\(\[minimeter\], \[([^]]+)\].*/\1/p' configure.ac)
failed=0

# expect FILE VERSION
expect() {
	if [ "$2" != "$version" ]; then
		echo "$1 begins with version $2; configure.ac has $version"
		failed=1
	fi
}

expect NEWS "$(sed -n 's/^Version //p' NEWS | head -n 1)"
expect debian/changelog "$(sed -nE '1s/^minimeter \(([^)]*)\).*/\1/p' debian/changelog)"
exit $failed
