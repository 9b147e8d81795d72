#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The version is in one place, configure.ac. What is history names it first: NEWS, and the packages' changelog. Packages that are
# built from a later commit have a later version.
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

# What a tree of one commit after the other gives its packages.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cp bootstrap configure.ac "$tree"
cd "$tree" || exit 1

# commit TIME
commit() {
	git add -A && GIT_COMMITTER_DATE="$1" git commit -q --allow-empty -m "$1"
}

# later VERSION: it comes after the last one
last=0
later() {
	if ! dpkg --compare-versions "$last" lt "$1"; then
		echo "the packages' version $1 is not later than $last"
		failed=1
	fi
	last=$1
}

if command -v git >/dev/null && command -v dpkg >/dev/null; then
	[ "$(./bootstrap version)" = "$version" ] || { echo "a release's packages have version $(./bootstrap version)" && failed=1; }
	export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x HOME="$tree"
	git init -q . && commit '2026-01-01T12:00:00 +0200' && later "$(./bootstrap version)"
	commit '2026-01-01T11:00:00 +0000' && later "$(./bootstrap version)"
	echo '#' >>configure.ac && later "$(./bootstrap version)"
	last=$version~git2026
	commit '2026-01-02T12:00:00 +0000' && later "$(./bootstrap version)"
	git tag "v$version" && later "$(./bootstrap version)"
	[ "$last" = "$version" ] || { echo "the packages of the tagged commit have version $last" && failed=1; }
	commit '2026-01-03T12:00:00 +0000' && later "$(./bootstrap version)"
fi
exit $failed
