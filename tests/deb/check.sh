#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the packages of a release in a Debian of their own and uses them there as people would: for Debian 12 and 13, one line for
# each step. As root. What was installed to build in is kept in $MM_CACHE (default ~/.cache/minimeter) until somebody removes it.
#
# usage: check.sh SOURCE OUT [SUITE/STEP]...
#
# SOURCE is an unpacked release, the packages come into OUT/SUITE. Suites are bookworm and trixie, steps of each are:
#   build      by ./bootstrap's way, and lintian
#   again      in another directory, time zone and umask: the same bytes
#   arm64      built for another architecture
#   armhf      likewise
#   install    from a fresh Debian: apt installs them, minimeter-setup configures them, and a simulated board is metered
#   upgrade    from the packages of an older commit (tests/deb/upgrade-from), while metering
#   misread    a version that misread serial numbers ran in the unit: its register is taken over by an upgrade
#   autopkgtest the tests in debian/tests, as Debian runs them
set -u

readonly source=$1
readonly out=$2
shift 2
readonly here=${BASH_SOURCE[0]%/*}
readonly kept=${MM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/minimeter}
# shellcheck source=tests/systemd/boot.sh
. "$here/../systemd/boot.sh"
boot_can || exit 77
trap boot_remove EXIT

# What a build needs beside the packages of Build-Depends.
readonly tools=(build-essential fakeroot lintian)

# Nothing here has to survive a power cut.
hurry() {
	mkdir -p "$boot_dir/upper/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$boot_dir/upper/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# enter_builder SUITE: the Debian to build in, as the root
enter_builder() {
	local dir=$kept/deb-$1 wanted
	wanted="${tools[*]} $(sed -n '/^Build-Depends:/,/^[A-Z]/p' "$source/debian/control" | sha256sum)"
	boot_base "$1" || return
	boot_new "$dir"
	if [ "$(cat "$dir/done" 2>/dev/null)" = "$wanted $boot_lower" ]; then
		return
	fi
	rm -rf --one-file-system "$dir"
	boot_new "$dir"
	mkdir -p "$dir/upper/build"
	cp -a "$source/debian" "$dir/upper/build/debian"
	hurry
	boot_inside apt-get -q update &&
		boot_inside apt-get -q -y --no-install-recommends install "${tools[@]}" &&
		boot_inside env -C /build apt-get -q -y --no-install-recommends build-dep . &&
		boot_inside apt-get clean &&
		echo "$wanted $boot_lower" >"$dir/done"
}

# build SUITE DIRECTORY OUT [ARCHITECTURE]: the packages of what lies in the builder's DIRECTORY
build() {
	local profiles='nocheck'
	if [ $# = 4 ]; then
		profiles=nocheck,cross
	fi
	rm -rf "$3"
	mkdir -p "$3"
	boot_inside env -C "$2" DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" DEB_BUILD_PROFILES="${profiles/,/ }" TZ="${TZ:-UTC}" \
		sh -c 'umask "$1" && shift && exec dpkg-buildpackage -us -uc "$@"' sh "${BUILD_UMASK:-022}" ${4:+-b -a "$4"} &&
		find "$boot_dir/upper${2%/*}" -maxdepth 1 -type f -exec mv -t "$3" {} +
}

# lay SOURCE DIRECTORY: a source into the builder, where nothing was
lay() {
	rm -rf --one-file-system "$boot_dir/upper${2%/*}"
	mkdir -p "$boot_dir/upper${2%/*}"
	cp -a "$1" "$boot_dir/upper$2"
}

# The debs of a directory with their sums
sums() {
	(cd "$1" && sha256sum ./*.deb)
}

step_build() {
	enter_builder "$1" && lay "$source" /build/first/minimeter && build "$1" /build/first/minimeter "$out/$1" || return
	mkdir -p "$boot_dir/upper/build/lint" && cp "$out/$1"/* "$boot_dir/upper/build/lint" &&
		cp "$here/lintian-$1" "$boot_dir/upper/build/lint/own" &&
		boot_inside env -C /build/lint sh -c 'lintian -EviIL +pedantic --suppress-tags-from-file own --fail-on error,warning,info,pedantic,experimental *.changes'
}

step_again() {
	enter_builder "$1" && lay "$source" /build/elsewhere/and/longer/minimeter-again &&
		TZ=Pacific/Chatham BUILD_UMASK=077 build "$1" /build/elsewhere/and/longer/minimeter-again "$out/$1-again" &&
		diff <(sums "$out/$1") <(sums "$out/$1-again")
}

# cross SUITE ARCHITECTURE
cross() {
	enter_builder "$1" || return
	boot_inside dpkg --add-architecture "$2" && boot_inside apt-get -q update && lay "$source" /build/cross/minimeter || return
	if ! boot_inside apt-get -q -y --no-install-recommends install "crossbuild-essential-$2" ||
		! boot_inside env -C /build/cross/minimeter apt-get -q -y --no-install-recommends -a "$2" -P nocheck,cross build-dep .; then
		echo "skipped: the archive cannot give what building for $2 needs"
		return 77
	fi
	build "$1" /build/cross/minimeter "$out/$1-$2" "$2" && ls "$out/$1-$2"/minimeterd_*_"$2".deb
}

step_arm64() {
	cross "$1" arm64
}

step_armhf() {
	cross "$1" armhf
}

# fresh SUITE DIRECTORY...: a Debian as it is after its installation, booted. /srv has the debs of the directories and what is
# tested with; apt has all that they depend on, for what is booted has no network.
fresh() {
	local suite=$1 dir
	shift
	boot_remove
	boot_base "$suite" && boot_new && hurry || return
	mkdir -p "$boot_dir/upper/srv"
	cp -a "$source" "$boot_dir/upper/srv/minimeter"
	for dir; do
		mkdir -p "$boot_dir/upper/srv/${dir##*/}"
		cp "$dir"/*.deb "$boot_dir/upper/srv/${dir##*/}"
		rm -f "$boot_dir/upper/srv/${dir##*/}"/*-dbgsym_*
		boot_inside apt-get -q update &&
			boot_inside sh -c 'apt-get -q -y --download-only install autopkgtest dpkg-dev jq dpkg-repack /srv/"$1"/*.deb' sh "${dir##*/}" || return
	done
	boot_start
}

# apt PACKAGE...: in the booted root; files as ./NAME of /srv
apt() {
	boot_run env -C /srv DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -q -y install $*' sh "$@"
}

# try TEST [ARGUMENT]...: one of debian/tests, in the booted root
try() {
	local test=$1
	shift
	boot_run timeout -k 10 600 "/srv/minimeter/debian/tests/$test" "$@"
}

step_install() {
	fresh "$1" "$out/$1" && apt "./$1/*.deb" && apt jq && try meter
}

# build_older SUITE COMMIT: under a version below the one of now
build_older() {
	local older=$out/older
	rm -rf "$older"
	mkdir -p "$older"
	git -C "$here/../.." archive "$2" | tar -x -C "$older" &&
		sed -i '1s/)/~older)/' "$older/debian/changelog" &&
		enter_builder "$1" && lay "$older" /build/older/minimeter && build "$1" /build/older/minimeter "$out/$1-older" &&
		echo "$2" >"$out/$1-older/commit"
}

step_upgrade() {
	local commit
	commit=$(grep -v '^#' "$here/upgrade-from")
	if ! git -C "$here" cat-file -e "$commit^{commit}" 2>/dev/null; then
		echo "skipped: no commit $commit here to upgrade from"
		return 77
	fi
	if [ "$(cat "$out/$1-older/commit" 2>/dev/null)" != "$commit" ]; then
		build_older "$1" "$commit" || return
	fi
	fresh "$1" "$out/$1-older" "$out/$1" && apt "./$1-older/*.deb" && apt jq dpkg-repack && try upgrade "/srv/$1"
}

# The last commit that took a comment's tail for part of a serial number. It made no packages.
readonly misreading=ec56930823dd2f245a2eefded539cea5a2303006

# build_misreading SUITE: its daemon
build_misreading() {
	local tree=/build/misreading/minimeter
	rm -rf "$out/misreading"
	mkdir -p "$out/misreading"
	git -C "$here/../.." archive "$misreading" | tar -x -C "$out/misreading" &&
		enter_builder "$1" && lay "$out/misreading" $tree && mkdir -p "$out/$1-misreading" &&
		boot_inside env -C $tree sh -c 'autoreconf -fi && ./configure --quiet --disable-tests --prefix=/usr --sysconfdir=/etc --localstatedir=/var && make -s minimeterd' &&
		cp "$boot_dir/upper$tree/minimeterd" "$out/$1-misreading"
}

step_misread() {
	if ! git -C "$here" cat-file -e "$misreading^{commit}" 2>/dev/null; then
		echo "skipped: no commit $misreading here to upgrade from"
		return 77
	fi
	if [ ! -e "$out/$1-misreading/minimeterd" ]; then
		build_misreading "$1" || return
	fi
	fresh "$1" "$out/$1" && apt "./$1/*.deb" && apt jq &&
		boot_run sh -c 'cat >/srv/misreading && chmod 755 /srv/misreading' <"$out/$1-misreading/minimeterd" &&
		boot_run timeout -k 10 600 /srv/minimeter/tests/deb/misread.sh /srv/misreading "/srv/$1"
}

step_autopkgtest() {
	fresh "$1" "$out/$1" && apt autopkgtest &&
		boot_run sh -c 'autopkgtest --ignore-restrictions=isolation-container --no-built-binaries /srv/"$1"/*.deb /srv/minimeter -- null' sh "$1"
}

main() {
	local step since status worst=0 log
	if [ $# = 0 ]; then
		set -- {bookworm,trixie}/{build,again,arm64,armhf,install,upgrade,misread,autopkgtest}
	fi
	mkdir -p "$out"
	for step; do
		since=$SECONDS
		status=0
		log=$out/${step//\//-}.log
		"step_${step#*/}" "${step%/*}" >"$log" 2>&1 </dev/null || status=$?
		case $status in
		0) echo "ok $step: $((SECONDS - since)) s" ;;
		77) echo "skip $step: $(grep '^skipped' "$log" | tail -n 1)" ;;
		*)
			tail -n 30 "$log"
			echo "not ok $step: the whole log is $log"
			worst=1
			;;
		esac
	done
	return $worst
}

main "$@"
exit
