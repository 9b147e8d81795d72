#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the virtual board: a Debian 13 disk image, its kernel and an initrd, all from Debian's packages. What is fetched stays
# in the cache directory and is used again; minimeter and the test module are built anew each time.
#
# usage: image.sh CACHE TARBALL MIRROR
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

cache=$1
source=$2
mirror=$3
build=$cache/build   # a root with compilers and kernel headers
root=$cache/root     # the root of the board
suite=trixie

# What the board runs with: minimeter's libraries, and what the scenarios look at it with.
board_packages=(
	systemd systemd-sysv udev kmod procps util-linux gpiod jq sqlite3 python3 python3-varlink
	libiio0 libiio-utils libgpiod3 libjansson4 libinih1 libncursesw6 libqrencode4 libsqlite3-0 libssl3t64
)
build_packages=(
	autoconf automake libtool make pkg-config gcc libc6-dev busybox-static cpio kmod xz-utils
	libiio-dev libgpiod-dev libsystemd-dev libsqlite3-dev libjansson-dev libinih-dev libssl-dev libncurses-dev libqrencode-dev
)
# For the initrd, and for the board once it runs.
initrd_modules=(virtio_pci virtio_blk ext4)
# Of the board's own modules the sources are here.
own_modules=(board-spi ade9000-chip mcp3912-chip)
board_modules=(gpio-sim ade9000 mcp3911 minimeter_ade9000 "${own_modules[@]}")

# in_build COMMAND...: objtool wants /proc.
in_build() {
	unshare -m sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' "$build" "$@"
}

# once NAME PACKAGE...: has this step not been done yet, with these packages?
once() {
	[ "$(cat "$cache/$1.done" 2>/dev/null)" != "$*" ]
}

# done_with NAME PACKAGE...
done_with() {
	echo "$*" >"$cache/$1.done"
}

make_root() {
	local list

	printf -v list '%s,' "${board_packages[@]}"
	rm -rf "$root"
	debootstrap --variant=minbase --include="${list%,}" "$suite" "$root" "$mirror"
	rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
}

make_build() {
	local list

	printf -v list '%s,' "${build_packages[@]}"
	rm -rf "$build"
	debootstrap --variant=minbase --include="${list%,}" "$suite" "$build" "$mirror"
	echo "deb $mirror $suite-backports main" >"$build/etc/apt/sources.list.d/backports.list"
	cp /etc/resolv.conf "$build/etc/resolv.conf"
}

# The newest kernel there is, unpacked without its scripts, and the driver out of its source.
make_kernel() {
	local source

	in_build apt-get -q update
	in_build apt-get -q -y install --no-install-recommends -t "$suite-backports" linux-headers-amd64
	kernel=$(basename "$(readlink -f "$build"/lib/modules/*-amd64)")
	source=$(in_build apt-cache depends linux-source -t "$suite-backports" | awk '/Depends: linux-source-/ { print $2; exit }')
	rm -rf "$build/kernel" && mkdir -p "$build/kernel/usr/lib" && ln -s usr/lib "$build/kernel/lib"
	# The modules may be in the image's package or in one that it depends on.
	in_build sh -ec 'cd /kernel
		apt-get -q download "$2/$3-backports" \
			$(apt-cache depends "linux-image-$1" | sed -n "s/^  Depends: \(linux-[a-z]*-$1\)$/\1/p") "linux-image-$1"
		for deb in *.deb; do dpkg-deb -x "$deb" .; done
		tar -xf "usr/src/$2.tar.xz" --strip-components=4 "$2/drivers/iio/adc/ade9000.c"
		rm -rf ./*.deb usr/src' sh "$kernel" "$source" "$suite"
	echo "$kernel" >"$cache/kernel"
}

# The driver as it is, and ours; not again where nothing has changed.
make_modules() {
	local sources=("$here"/*.[ch] "$build/kernel/ade9000.c") ours=("$here"/../../src/kernel/{*.[ch],Kbuild}) known=$build/modules/sources

	if cat "${sources[@]}" "${ours[@]}" | cmp -s - "$known"; then
		return
	fi
	rm -rf "$build/modules" && mkdir "$build/modules"
	cp "${sources[@]}" "$build/modules"
	printf 'obj-m += %s.o\n' ade9000 "${own_modules[@]}" >"$build/modules/Kbuild"
	mkdir "$build/modules/ours" && cp "${ours[@]}" "$build/modules/ours"
	in_build make -s -C "/lib/modules/$kernel/build" M=/modules modules
	in_build make -s -C "/lib/modules/$kernel/build" M=/modules/ours modules
	mkdir -p "$build/kernel/lib/modules/$kernel/updates"
	cp "$build"/modules/*.ko "$build"/modules/ours/*.ko "$build/kernel/lib/modules/$kernel/updates"
	in_build depmod -b /kernel "$kernel"
	cat "${sources[@]}" "${ours[@]}" >"$known"
}

# copy_modules ROOT MODULE...: with what they depend on, into a root below the build root; unpacked for busybox's sake.
copy_modules() {
	local to=$1 file

	shift
	mkdir -p "$build$to/usr/lib" && ln -s usr/lib "$build$to/lib"
	in_build modprobe -d /kernel -S "$kernel" --show-depends -a "$@" | awk '$1 == "insmod" { print $2 }' | sort -u |
		while read -r file; do
			install -D -m 644 "$build$file" "$build$to/usr${file#/kernel}"
		done
	find "$build$to" -name '*.xz' -exec unxz {} +
	cp "$build/kernel/lib/modules/$kernel"/modules.{builtin,order}* "$build$to/lib/modules/$kernel"
	in_build depmod -b "$to" "$kernel"
}

make_initrd() {
	local dir=$build/initrd

	rm -rf "$dir" && mkdir -p "$dir"/{bin,proc,sys,dev,new}
	cp "$build/usr/bin/busybox" "$dir/bin"
	copy_modules /initrd "${initrd_modules[@]}"
	cat >"$dir/init" <<-END
		#!/bin/busybox sh
		/bin/busybox mount -t devtmpfs dev /dev
		/bin/busybox modprobe -a ${initrd_modules[*]}
		while ! /bin/busybox mount -t ext4 /dev/vda /new; do /bin/busybox sleep 0.1; done
		/bin/busybox mount --move /dev /new/dev
		exec /bin/busybox switch_root /new /sbin/init
	END
	chmod 755 "$dir/init"
	in_build sh -c 'cd /initrd && find . | cpio -o -H newc --quiet' >"$cache/initrd.img"
}

# The release as a user builds it, installed by make install, and a newer build to upgrade to.
install_minimeter() {
	rm -rf "$build/minimeter" "$build/stage" && mkdir "$build/minimeter"
	tar -xf "$source" -C "$build/minimeter" --strip-components=1
	in_build sh -ec 'cd /minimeter
		./configure -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var --disable-tests CFLAGS="-O2 -g"
		make -s -j2
		make -s install DESTDIR=/stage
		sed -i "s/^#define PACKAGE_VERSION .*/#define PACKAGE_VERSION \"newer\"/" config.h
		make -s -j2 minimeterd'
	cp -a "$build/stage/." "$root"
	install -D -t "$root/usr/lib/board/newer" "$build/minimeter/minimeterd"
}

# What makes a Debian root a board: lines, loads, the scenarios, and no login on the serial ports.
install_board() {
	install -D -m 755 -t "$root/usr/lib/board" "$here"/board/{board.sh,counting,lines,scenarios,resets,wire,samples,probe}
	install -D -m 644 -t "$root/etc/systemd/system" "$here"/board/*.service
	install -D -m 644 -t "$root/etc/minimeter" "$here/board/minimeter.conf"
	mkdir -p "$root/etc/systemd/journald.conf.d"
	echo board >"$root/etc/hostname"
	# What a first boot and an update would do costs half a minute under emulation.
	echo 00000000000000000000000000000b0a >"$root/etc/machine-id"
	touch "$root/etc/.updated" "$root/var/.updated"
	printf '[Journal]\nStorage=volatile\nAudit=no\n' >"$root/etc/systemd/journald.conf.d/board.conf"
	chroot "$root" systemd-sysusers
	chroot "$root" systemctl -q mask systemd-firstboot.service systemd-networkd.service systemd-networkd.socket \
		systemd-random-seed.service systemd-machine-id-commit.service serial-getty@ttyS0.service getty.target \
		dpkg-db-backup.timer fstrim.timer e2scrub_all.timer systemd-tmpfiles-clean.timer
	chroot "$root" systemctl -q enable minimeterd.service board-lines.service board-scenarios.service board-resets.service
}

mkdir -p "$cache"
if once build "${build_packages[@]}"; then
	rm -f "$cache/kernel.done"
	make_build
	done_with build "${build_packages[@]}"
fi
if once kernel; then
	make_kernel
	done_with kernel
fi
kernel=$(cat "$cache/kernel")
if once root "${board_packages[@]}"; then
	make_root
	done_with root "${board_packages[@]}"
fi
make_modules
make_initrd
rm -rf "$build/board" && copy_modules /board "${board_modules[@]}"
cp -a "$build/board/usr/." "$root/usr"
install_minimeter
install_board
rm -f "$cache/board.img"
mke2fs -q -t ext4 -d "$root" "$cache/board.img" 1G
cp "$(find "$build"/kernel/ -name 'vmlinuz*' | head -n 1)" "$cache/vmlinuz"
