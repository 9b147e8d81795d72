#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds and tests on Debian 13: natively with all tests, and for the boards' architectures with the Check programs under qemu-user
# but for their slow cases, which would take an emulator hours. One line for each architecture, with its counts. Everything happens
# in a Debian 13 of its own, by debootstrap, kept in $MM_CACHE (default ~/.cache/minimeter) until somebody removes it. Ends with 77
# where that can't be had, and says why. MM_SUITE=bookworm has it done on Debian 12.
#
# usage: cross.sh SOURCE [ARCHITECTURE...]; SOURCE is an unpacked release, architectures are amd64, arm64 and armhf
set -eu

readonly source=$1
shift
readonly cache=${MM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/minimeter}
readonly suite=${MM_SUITE:-trixie}
readonly root=$cache/cross-$suite

tools=(make pkgconf gcc libc6-dev gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf qemu-user
	libiio-utils sqlite3 jq socat procps systemd tmux man-db mandoc librsvg2-bin zbar-tools device-tree-compiler)
if [ "$suite" != bookworm ]; then
	tools+=(python3-varlink)
fi
readonly libraries=(libc6-dev libiio-dev libgpiod-dev libsystemd-dev libsqlite3-dev libjansson-dev libinih-dev libssl-dev
	libncurses-dev libqrencode-dev check)
readonly wanted="${tools[*]} ${libraries[*]}"

skip() {
	echo "skipped: $*"
	exit 77
}

# inside COMMAND...: in the cross-build's Debian, with mounts that end with the command
inside() {
	unshare --mount --pid --fork --kill-child sh -euc '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
		exec chroot "$root" "$@"
	' sh "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# Debian and the compilers
make_root() {
	rm -rf --one-file-system "$root" "$root".done* &&
		debootstrap --variant=minbase "$suite" "$root" &&
		inside apt-get -q update &&
		inside apt-get -q -y --no-install-recommends install "${tools[@]}" &&
		inside apt-get clean &&
		echo "$wanted" >"$root.done"
}

# add ARCHITECTURE: its libraries, beside those of others; what the archive can't give of one takes nothing from another
add() {
	if [ -e "$root.done.$1" ]; then
		return
	fi
	if inside dpkg --add-architecture "$1" &&
		inside apt-get -q update &&
		inside apt-get -q -y --no-install-recommends install "${libraries[@]/%/:$1}"; then
		touch "$root.done.$1"
		return
	fi
	[ "$1" = amd64 ] || inside dpkg --remove-architecture "$1"
	return 1
}

# Tests start the programs, and a kernel without binfmt_misc needs telling how.
# wrap DIRECTORY QEMU
wrap() {
	local program
	for program in minimeterd minimeterctl minimeter-sim; do
		mv "$root$1/$program" "$root$1/$program.bin" &&
			printf '#!/bin/sh\nexec %s %s/%s.bin "$@"\n' "$2" "$1" "$program" >"$root$1/$program" &&
			chmod +x "$root$1/$program" || return
	done
}

# build ARCHITECTURE [TRIPLET QEMU]: ready to run, in /build/ARCHITECTURE of the root
build() {
	local path=()
	if [ $# = 3 ]; then
		path=("PKG_CONFIG_LIBDIR=/usr/lib/$2/pkgconfig:/usr/share/pkgconfig")
	fi
	rm -rf "$root/build/$1" &&
		mkdir -p "$root/build/$1" &&
		cp -a "$source" "$root/build/$1/source" &&
		inside env -C "/build/$1" "${path[@]}" source/configure --quiet ${2:+--host="$2"} --enable-werror &&
		inside make -s -j2 -C "/build/$1" all &&
		inside make -s -j2 -C "/build/$1" check TESTS= &&
		{ [ $# = 1 ] || wrap "/build/$1" "$3"; }
}

# run ARCHITECTURE [TRIPLET QEMU]
run() {
	local programs
	if [ $# = 1 ]; then
		inside make -s -C "/build/$1" check
		return
	fi
	# shellcheck disable=SC2016 # make expands it
	programs=$(inside make -s -C "/build/$1" --eval='list-tests: ; @echo $(filter-out %.sh,$(TESTS))' list-tests)
	inside make -s -j2 -C "/build/$1" check LOG_COMPILER="timeout -k 10 1800 $3" CK_TIMEOUT_MULTIPLIER=20 CK_EXCLUDE_TAGS=slow \
		TESTS="$programs"
}

# counts ARCHITECTURE: cases and programs of the last run
counts() {
	(cd "$root/build/$1/tests" && find . -name "*.trs" -exec cat {} + && find . -name "*.log" -exec cat {} +) | awk '
		/^:test-result: *PASS/ { passed++ }
		/^:test-result: *SKIP/ { skipped++ }
		/^:test-result: *(FAIL|ERROR|XPASS)/ { failed++ }
		/^[0-9]+%: Checks: / { gsub(",", ""); cases += $3; bad += $5 + $7 }
		END {
			printf "%d programs passed, %d failed, %d skipped; %d cases, %d of them failed\n",
				passed, failed, skipped, cases, bad
		}'
}

# check ARCHITECTURE [TRIPLET QEMU]
check() {
	local since=$SECONDS status=0 log=$root-$1.log
	if ! add "$1" >"$log" 2>&1; then
		echo "$1: skipped: no libraries for it: $(grep -E '^(E|W):' "$log" | tail -n 1)"
		return 77
	fi
	if ! build "$@" >>"$log" 2>&1; then
		tail -n 20 "$log"
		echo "$1: does not build; the whole log is $log"
		return 1
	fi
	run "$@" >>"$log" 2>&1 || status=1
	if [ $status != 0 ]; then
		grep -hE ':[FE]:' "$root/build/$1"/tests/*/*.log || tail -n 20 "$log"
	fi
	echo "$1${3:+ under $3}: $(counts "$1"), $((SECONDS - since)) s"
	return $status
}

[ "$(id -u)" = 0 ] || skip "only root can make a root directory of its own"
for tool in debootstrap unshare; do
	command -v "$tool" >/dev/null || skip "no $tool"
done
mkdir -p "$cache"
if [ "$(cat "$root.done" 2>/dev/null)" != "$wanted" ] && ! make_root >"$root.log" 2>&1; then
	skip "no Debian $suite to build in: $(grep -E '^(E|W):' "$root.log" | tail -n 1)"
fi

if [ $# = 0 ]; then
	set -- amd64 arm64 armhf
fi
worst=0
for arch; do
	status=0
	case $arch in
	amd64) check amd64 || status=$? ;;
	arm64) check arm64 aarch64-linux-gnu qemu-aarch64 || status=$? ;;
	armhf) check armhf arm-linux-gnueabihf qemu-arm || status=$? ;;
	*) echo "cross.sh: no architecture '$arch'" >&2 && exit 2 ;;
	esac
	if [ "$worst" != 1 ] && [ "$status" != 0 ]; then
		worst=$status
	fi
done
exit "$worst"
