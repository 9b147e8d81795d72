#!/bin/bash
# SPDX-License-Identifier: MIT
#
# configure names all libraries that are missing or too old in one message, with Debian's names: those that ./bootstrap installs. Where
# ./bootstrap knows no packages, it goes on with what is there, and names the tools that are missing.
set -u

# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$MM_SRCDIR/tests/checks.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

if [ ! -e "$MM_SRCDIR/configure" ]; then
	echo "skipped: there is no configure"
	exit 77
fi

# refuses OUTPUT ARGUMENT...: configure, where pkg-config sees nothing but what is in $work/pc
refuses() {
	local out=$1 code=0
	shift
	rm -rf "$work/build"
	mkdir -p "$work/build" "$work/pc"
	(
		cd "$work/build" || exit 99
		env -u PKG_CONFIG_PATH PKG_CONFIG_LIBDIR="$work/pc" "$MM_SRCDIR/configure" --quiet "$@"
	) >"$work/$out" 2>&1 || code=$?
	check "configure ends with 1, not $code" test "$code" = 1
	check "it stops once" test "$(grep -c 'error:' "$work/$out")" = 1
}

# named OUTPUT: the packages that it says to install
named() {
	sed -n 's/^On Debian: apt install //p' "$work/$1" | tr ' ' '\n' | LC_ALL=C sort
}

# wanted PACKAGE...: these and the libraries that ./bootstrap installs
wanted() {
	sed -n '/^readonly build_packages=(/,/^)/p' "$MM_SRCDIR/bootstrap" | grep -oE 'lib[a-z0-9]+-dev' | grep -vx libc6-dev |
		cat - <(printf '%s\n' "$@") | grep . | LC_ALL=C sort
}

refuses all --disable-tests
check "nothing there: all of them" test "$(named all)" = "$(wanted "")"
check "with what pkg-config calls them" grep -q '^  libiio >= 0.24 libiio < 1.0 (Debian: libiio-dev)$' "$work/all"

refuses tests
check "Check too" test "$(named tests)" = "$(wanted check)"

for library in libiio:0.25 libgpiod:1.6.3 libsystemd:200 sqlite3:3.40.1 jansson:2.14 libcrypto:3.0.1 ncursesw:6.4 libqrencode:4.1; do
	printf 'Name: %s\nDescription: for a test\nVersion: %s\n' "${library%:*}" "${library#*:}" >"$work/pc/${library%:*}.pc"
done
refuses some --disable-tests
check "one is missing and one too old" test "$(named some)" = $'libinih-dev\nlibsystemd-dev'

refuses none --disable-tests PKG_CONFIG=
check "without pkg-config: that, and all that it could not find" test "$(named none)" = "$(wanted pkg-config)"

# elsewhere COMMAND OUTPUT: ./bootstrap on another system, which has bash and nothing else
elsewhere() {
	local code=0 tool
	mkdir -p "$work/bin"
	for tool in bash dirname; do
		ln -sf "$(command -v "$tool")" "$work/bin/$tool"
	done
	printf 'ID=other\nPRETTY_NAME="Another System"\n' >"$work/os-release"
	OS_RELEASE=$work/os-release PATH=$work/bin "$MM_SRCDIR/bootstrap" "$1" >"$work/$2" 2>&1 || code=$?
	check "bootstrap $1 elsewhere ends with 1, not $code" test "$code" = 1
	check "it says that it installs nothing" grep -q '^Another System is neither .*: nothing is installed' "$work/$2"
	check "it names all that building needs" grep -q "by Debian's names: autoconf .* gcc .* libqrencode-dev$" "$work/$2"
}

elsewhere deps installs
elsewhere build builds
check "and the tools that are missing" grep -q 'missing: make cc pkg-config' "$work/builds"

[ "$failed" = 0 ] || tail -n +1 "$work/all" "$work/tests" "$work/some" "$work/none" "$work/installs" "$work/builds"
exit $failed
