#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the kernel's driver of the ADE9000 against the kernels of Debian 12 and 13 and of their backports, for amd64, arm64 and
# armhf, with W=1, with sparse where it reads that kernel, with gcc -fanalyzer, and has checkpatch.pl of the newest kernel read it.
# Linux's own drivers of the converters are built too, of the source in Debian's packages, as minimeter-dkms does it; warnings in
# them are Linux's. One line for each. As root, in Debians of their own, by debootstrap, kept in $MM_CACHE (default ~/.cache/minimeter) until somebody
# removes them. Ends with 77 where they can't be had, and says why.
#
# usage: check.sh SOURCE [SUITE...]; SOURCE is src/kernel, suites are bookworm and trixie
set -u

readonly source=$1
shift
readonly cache=${MM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/minimeter}
readonly mirror=${MM_MIRROR:-http://deb.debian.org/debian}
readonly packages=(gcc make libc6-dev kmod perl sparse xz-utils qemu-user gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf)
failed=0

skip() {
	echo "skipped: $*"
	exit 77
}

# inside SUITE COMMAND...: objtool wants /proc
inside() {
	local root=$cache/kernel-$1
	shift
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' "$root" "$@"
}

# unpacked SUITE PACKAGE: whatever its architecture, into the root's /cross; the archive may lack it
unpacked() {
	inside "$1" env -C /cross sh -c 'apt-get -q download "$0" && dpkg-deb -x ./*.deb . && rm -f ./*.deb' "$2"
}

# The headers of this architecture come with what builds them. Those of others are laid beside them. What makes a module of
# objects has to have been built for 32 bits where they have them: it reads tables whose size depends on it.
headers() {
	local root=$cache/kernel-$1 kernel tool
	inside "$1" apt-get -q -y --no-install-recommends install linux-headers-amd64 || return
	inside "$1" apt-get -q -y --no-install-recommends -t "$1-backports" install linux-headers-amd64 || return
	mkdir "$root/cross" || return
	for kernel in "$root"/lib/modules/*-amd64; do
		kernel=$(basename "$kernel" -amd64)
		unpacked "$1" "linux-headers-$kernel-arm64:arm64"
		unpacked "$1" "linux-headers-$kernel-armmp:armhf"
		unpacked "$1" "$(inside "$1" sh -c 'dpkg-query -S "$(readlink -f "$0")"' "/usr/src/linux-headers-$kernel-amd64/scripts" |
			sed -n 's/^\(linux-kbuild-[^:,]*\).*/\1/p'):armhf"
	done
	cp -a "$root"/cross/usr/src/linux-headers-* "$root/usr/src"
	for tool in "$root"/cross/usr/lib/linux-kbuild-*/scripts/mod/modpost.real-lsb-32; do
		# shellcheck disable=SC2016
		[ ! -e "$tool" ] || printf '#!/bin/sh\nexec qemu-arm -L /usr/arm-linux-gnueabihf %s "$@"\n' "${tool#"$root"}" >"$root${tool#"$root/cross"}"
	done
}

# Linux's source, as the suite and its backports have it; whatever else their packages want
sources() {
	inside "$1" env -C /tmp sh -ec 'for suite in "$0" "$0-backports"; do
			package=$(apt-cache depends linux-source -t "$suite" | sed -n "s/^ *Depends: \(linux-source-\)/\1/p")
			apt-get -q download "$package/$suite"
			dpkg-deb -x linux-source*.deb /
			rm linux-source*.deb
		done' "$1"
}

checkpatch() {
	inside "$1" sh -ec 'newest=$(ls -v /usr/src/linux-source-*.tar.xz | tail -n 1)
		mkdir /checkpatch
		tar -xf "$newest" -C /checkpatch --strip-components=2 "$(basename "$newest" .tar.xz)/scripts"'
}

make_root() {
	local root=$cache/kernel-$1
	rm -rf --one-file-system "$root"
	debootstrap --variant=minbase "$1" "$root" "$mirror" &&
		echo "deb $mirror $1-backports main" >"$root/etc/apt/sources.list.d/backports.list" &&
		cp /etc/resolv.conf "$root/etc/resolv.conf" &&
		inside "$1" dpkg --add-architecture arm64 &&
		inside "$1" dpkg --add-architecture armhf &&
		{ inside "$1" apt-get -q update || true; } &&
		inside "$1" apt-get -q -y --no-install-recommends install "${packages[@]}" &&
		headers "$1" &&
		sources "$1" &&
		{ [ "$1" != trixie ] || checkpatch "$1"; } &&
		inside "$1" apt-get clean &&
		touch "$root/done"
}

# lay SUITE FILE...: into the root's /build, which is made anew
lay() {
	local root=$cache/kernel-$1
	shift
	rm -rf "$root/build" && mkdir "$root/build" && cp "$@" "$root/build"
}

# module SUITE KERNEL ARCH COMPILER [VARIABLE]...: of what is in /build
module() {
	local suite=$1 kernel=$2 arch=$3 compiler=$4 root=$cache/kernel-$1 headers=/lib/modules/$2/build
	shift 4
	if [ ! -e "$root$headers/Makefile" ]; then
		headers=/usr/src/linux-headers-$kernel
		[ -e "$root$headers/Makefile" ] || return 77
	fi
	inside "$suite" make -s -j2 -C "$headers" M=/build ARCH="$arch" CROSS_COMPILE="$compiler" "$@" modules >"$root/log" 2>&1
}

# build SUITE KERNEL ARCH COMPILER [VARIABLE]...: our driver, without a warning
build() {
	lay "$1" "$source"/*.[ch] "$source/Kbuild" && module "$@" W=1 &&
		! grep -v 'Skipping BTF' "$cache/kernel-$1/log" | grep -qiE '(warning|error)'
}

# linux_driver DRIVER SUITE KERNEL ARCH COMPILER: one of Linux's own
linux_driver() {
	local driver=$1
	shift
	lay "$1" "$source/linux/driver" "$source/linux/$driver/dkms.conf" &&
		inside "$1" env -C /build ./driver unpack "$2" >"$cache/kernel-$1/log" 2>&1 && module "$@"
}

# report WHAT COMMAND...
report() {
	local what=$1 status=0 root=${root:-}
	shift
	"$@" || status=$?
	if [ $status = 0 ]; then
		echo "ok $what"
	elif [ $status = 77 ]; then
		echo "skip $what: the archive has no headers of it"
	else
		[ ! -e "$root/log" ] || tail -n 5 "$root/log"
		echo "not ok $what"
		failed=1
	fi
}

check_suite() {
	local root=$cache/kernel-$1 path kernel driver
	for path in "$root"/lib/modules/*-amd64; do
		kernel=$(basename "$path" -amd64)
		report "$kernel amd64" build "$1" "$kernel-amd64" x86_64 ''
		# Debian's headers of newer kernels lack the script that says whether sparse is new enough.
		if [ "${kernel%%.*}" -lt 7 ]; then
			report "$kernel amd64, sparse" build "$1" "$kernel-amd64" x86_64 '' C=2
		fi
		report "$kernel arm64" build "$1" "$kernel-arm64" arm64 aarch64-linux-gnu-
		report "$kernel armhf" build "$1" "$kernel-armmp" arm arm-linux-gnueabihf-
		for driver in mcp3911 ti-ads131e08; do
			report "$kernel amd64, Linux's $driver" linux_driver $driver "$1" "$kernel-amd64" x86_64 ''
			report "$kernel arm64, Linux's $driver" linux_driver $driver "$1" "$kernel-arm64" arm64 aarch64-linux-gnu-
			report "$kernel armhf, Linux's $driver" linux_driver $driver "$1" "$kernel-armmp" arm arm-linux-gnueabihf-
		done
		report "$kernel amd64, gcc -fanalyzer" build "$1" "$kernel-amd64" x86_64 '' KCFLAGS=-fanalyzer
	done
}

for tool in debootstrap unshare; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
[ "$(id -u)" = 0 ] || skip "debootstrap and chroot need root"
[ "$(dpkg --print-architecture)" = amd64 ] || skip "it is for amd64"
mkdir -p "$cache"
[ $# -gt 0 ] || set -- bookworm trixie
for suite; do
	if [ ! -e "$cache/kernel-$suite/done" ] && ! make_root "$suite" >"$cache/kernel-$suite.log" 2>&1; then
		tail -n 5 "$cache/kernel-$suite.log"
		skip "Debian's $suite can't be had (log: $cache/kernel-$suite.log)"
	fi
	check_suite "$suite"
done
if [ -e "$cache/kernel-trixie/checkpatch" ]; then
	report "checkpatch.pl" perl "$cache/kernel-trixie/checkpatch/checkpatch.pl" --no-tree --strict --terse --no-summary --ignore MACRO_ARG_REUSE \
		-f "$source"/*.[ch]
fi
exit $failed
