#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the virtual board: a disk image of Debian, its kernel and an initrd, all from Debian's packages. What is fetched stays
# in the cache directory and is used again; minimeter is built anew each time, modules where their sources have changed. Our own driver
# is built by DKMS from the package minimeter-dkms.
#
# usage: image.sh CACHE TARBALL MIRROR bookworm|trixie|backports
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

cache=$1
source=$2
mirror=$3
build=$cache/build   # a root with compilers and kernel headers
root=$cache/root     # the root of the board
suite=trixie
release=trixie # where the kernel is from
case $4 in
bookworm) suite=bookworm release=bookworm ;;
backports) release=trixie-backports ;;
esac

# What the board runs with: minimeter's libraries, and what the scenarios look at it with.
board_packages=(
	systemd systemd-sysv udev kmod procps util-linux gpiod jq sqlite3 python3
	libiio0 libiio-utils libjansson4 libinih1 libncursesw6 libqrencode4 libsqlite3-0
)
if [ $suite = bookworm ]; then
	board_packages+=(libgpiod2 libssl3)
else
	board_packages+=(libgpiod3 libssl3t64 python3-varlink)
fi
build_packages=(
	autoconf automake libtool make pkg-config gcc libc6-dev busybox-static cpio kmod xz-utils
	libiio-dev libgpiod-dev libsystemd-dev libsqlite3-dev libjansson-dev libinih-dev libssl-dev libncurses-dev libqrencode-dev
)
# For our driver's package, and for DKMS to build it; openssl is for its key.
package_tools=(debhelper dh-dkms dkms openssl)
# For the initrd, and for the board once it runs.
initrd_modules=(virtio_pci virtio_blk ext4)
# Of the board's own modules the sources are here; what else it has depends on the kernel.
own_modules=(board-spi ade9000-chip)
board_modules=(gpio-sim minimeter_ade9000)
# Kernels are compiled with signed overflow defined; this driver does without.
sanitized=(-fsanitize=undefined -fsanitize=bounds-strict -fsanitize-undefined-trap-on-error -fno-wrapv)
# Of these the kernel's source is taken, those that it has.
kernel_sources=(drivers/iio/adc/ade9000.c drivers/gpio/gpio-sim.c drivers/gpio/gpiolib.h kernel/irq/irq_sim.c)

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

# What a package of the kernel's release depends on: depends PACKAGE PREFIX
depends() {
	in_build apt-cache depends "$1" -t "$release" | sed -n "s/^ *Depends: \($2.*\)$/\1/p"
}

# The kernel, unpacked without its scripts, and drivers out of its source.
make_kernel() {
	in_build apt-get -q update
	in_build apt-get -q -y install --no-install-recommends "${package_tools[@]}"
	in_build apt-get -q -y install --no-install-recommends -t "$release" linux-headers-amd64
	kernel=$(depends linux-headers-amd64 linux-headers-)
	kernel=${kernel#linux-headers-}
	rm -rf "$build"/{kernel,modules,driver} && mkdir -p "$build"/kernel/{usr/lib,source} && ln -s usr/lib "$build/kernel/lib"
	# The modules may be in the image's package or in one that it depends on.
	in_build sh -ec 'cd /kernel
		kernel=$1 source=$2 release=$3
		shift 3
		apt-get -q download "$source/$release" \
			$(apt-cache depends "linux-image-$kernel" | sed -n "s/^  Depends: \(linux-[a-z]*-$kernel\)$/\1/p") "linux-image-$kernel"
		for deb in *.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink; done
		tar -C source -xf "usr/src/$source.tar.xz" --transform "s,.*/,," $(printf "$source/%s " "$@") || true
		test -e source/gpio-sim.c
		rm -rf ./*.deb usr/src' sh "$kernel" "$(depends linux-source linux-source-)" "$release" "${kernel_sources[@]}"
	in_build depmod -b /kernel "$kernel"
	echo "$kernel" >"$cache/kernel"
}

# The kernels of Debian 12 and 13 have no gpio-sim, nor what it stands on; that of Debian 12 knows the MCP3911 only.
choose_modules() {
	# What ext4 has checksums from, before they became part of the kernel; nothing else finds it in the initrd.
	if in_build modprobe -d /kernel -S "$kernel" -qn crc32c_generic; then
		initrd_modules=(crc32c_generic "${initrd_modules[@]}")
	fi
	if ! in_build grep -q ^CONFIG_GPIO_SIM= "/lib/modules/$kernel/build/.config"; then
		own_modules+=(irq_sim gpio-sim)
	fi
	if in_build modprobe -d /kernel -S "$kernel" -qn spi:mcp3912; then
		own_modules+=(mcp3912-chip)
		board_modules+=(mcp3911)
	fi
	if [ -e "$build/kernel/source/ade9000.c" ]; then
		own_modules+=(ade9000)
	fi
	board_modules+=("${own_modules[@]}")
}

# Not again where nothing has changed. What irq_sim calls is exported under another name only.
make_modules() {
	local known=$build/modules/sources dir=$build/modules updates=$build/kernel/lib/modules/$kernel/updates

	if cat "$here"/*.[ch] | cmp -s - "$known"; then
		return
	fi
	rm -rf "$dir" && mkdir "$dir"
	cp "$here"/*.[ch] "$build"/kernel/source/* "$dir"
	sed -i 's/handle_simple_irq(irq_to_desc(\(.*\)));/generic_handle_irq(\1);/; $a #include <linux/module.h>\nMODULE_LICENSE("GPL");' "$dir/irq_sim.c"
	printf 'obj-m += %s.o\n' "${own_modules[@]}" >"$dir/Kbuild"
	in_build make -s -C "/lib/modules/$kernel/build" M=/modules modules
	mkdir -p "$updates"
	cp "$dir"/*.ko "$updates"
	cat "$here"/*.[ch] >"$known"
}

# The release as a user builds it.
unpack_release() {
	rm -rf "$build/minimeter" && mkdir "$build/minimeter"
	tar -xf "$source" -C "$build/minimeter" --strip-components=1
}

# Our driver, as a user gets it: its package, made by the package's own rules, has DKMS build it.
make_driver() {
	local sources=("$build"/minimeter/src/kernel/{*.*,Kbuild,linux/driver,linux/*/*} "$build"/minimeter/debian/{rules,control,changelog}) known=$build/driver
	local flags=${VM_UBSAN:+"${sanitized[*]}"}

	if { cat "${sources[@]}" && echo "$flags"; } | cmp -s - "$known"; then
		return
	fi
	in_build env DH_OPTIONS=-pminimeter-dkms KCFLAGS="$flags" sh -ec 'cd /minimeter
		rm -f ../minimeter-dkms_*.deb
		dh_prep
		make -f debian/rules override_dh_install override_dh_dkms
		make -f debian/rules override_dh_installdeb override_dh_gencontrol
		dh_builddeb
		dpkg -i ../minimeter-dkms_*.deb
		dkms autoinstall -k "$1"
		dkms status' sh "$kernel"
	mkdir -p "$build/kernel/lib/modules/$kernel/updates/dkms"
	cp "$build/lib/modules/$kernel"/updates/dkms/minimeter_ade9000.ko* "$build/kernel/lib/modules/$kernel/updates/dkms"
	rm -f "$cache/traps"
	if [ -n "$flags" ]; then
		# shellcheck disable=SC2016
		in_build sh -c 'cd "$(mktemp -d)" && cp /lib/modules/$0/updates/dkms/minimeter_ade9000.ko* . && { unxz -q ./*.xz 2>/dev/null || true; } &&
			objdump -d minimeter_ade9000.ko | grep -c ud2' "$kernel" >"$cache/traps"
	fi
	{ cat "${sources[@]}" && echo "$flags"; } >"$known"
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

# Installed by make install, and a newer build to upgrade to.
install_minimeter() {
	rm -rf "$build/stage"
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
if once kernel "${package_tools[@]}"; then
	make_kernel
	done_with kernel "${package_tools[@]}"
fi
kernel=$(cat "$cache/kernel")
if once root "${board_packages[@]}"; then
	make_root
	done_with root "${board_packages[@]}"
fi
unpack_release
choose_modules
make_modules
make_driver
in_build depmod -b /kernel "$kernel"
make_initrd
rm -rf "$build/board" "$root/usr/lib/modules" && copy_modules /board "${board_modules[@]}"
cp -a "$build/board/usr/." "$root/usr"
install_minimeter
install_board
rm -f "$cache/board.img"
mke2fs -q -t ext4 -d "$root" "$cache/board.img" 1G
cp "$(find "$build"/kernel/ -name 'vmlinuz*' | head -n 1)" "$cache/vmlinuz"
