#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the package minimeter-dkms does for the drivers that Linux has and a kernel's maker left out: which it builds, of which source,
# and what it says where it can't. Without a kernel and without DKMS: a stand-in runs what DKMS would run. `make check-kernel` builds them
# for Debian's kernels.
#
# Needs MM_SRCDIR (make check sets it).
set -u

# shellcheck source-path=SCRIPTDIR source=../checks.sh
. "$MM_SRCDIR/tests/checks.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export MM_ROOT=$work/root WORK=$work PATH=$work/bin:$PATH

mkdir -p "$work/bin" "$MM_ROOT/usr/src" "$MM_ROOT/etc/dkms"

# Of DKMS: what is added and installed, and PRE_BUILD in a copy of the source. A file "broken" there is a compiler that fails.
cat >"$work/bin/dkms" <<'END'
#!/bin/bash
command=$1
shift
while getopts m:v:k: option; do
	case $option in
	m) name=$OPTARG ;;
	v) version=$OPTARG ;;
	k) kernelver=$OPTARG ;;
	esac
done
case $command in
add) echo "$name/$version: added" >>"$WORK/status" ;;
status) grep "^$name/$version[:,]${kernelver:+ $kernelver,}" "$WORK/status" ;;
install)
	. "$WORK/$name/dkms.conf"
	rm -rf "$WORK/build" && cp -a "$WORK/$name" "$WORK/build" && cd "$WORK/build" && ./$PRE_BUILD || exit 10
	if [ -e "$WORK/broken" ]; then
		echo "Error! Bad return status for module build"
		exit 10
	fi
	cat Kbuild "$BUILT_MODULE_NAME.c" >"$WORK/built-$name-$kernelver"
	echo "$name/$version, $kernelver, x86_64: installed" >>"$WORK/status"
	;;
esac
END
cat >"$work/bin/dpkg-query" <<'END'
#!/bin/sh
echo "6.1.170-1"
END
chmod 755 "$work/bin"/*

# The sets of the package, as debian/rules lays them out.
for driver in mcp3911 ti-ads131e08; do
	mkdir "$work/minimeter-$driver"
	cp "$MM_SRCDIR/src/kernel/linux/driver" "$MM_SRCDIR/src/kernel/linux/$driver/dkms.conf" "$work/minimeter-$driver"
	sed -i 's/#MODULE_VERSION#/1.2/' "$work/minimeter-$driver/dkms.conf"
done

# kernel RELEASE CONFIG...: its headers, with these set
kernel() {
	local headers=$MM_ROOT/lib/modules/$1/build
	shift
	mkdir -p "$headers/include/config"
	printf '%s\n' CONFIG_SPI=y "$@" >"$headers/include/config/auto.conf"
}

# sources X.Y [DRIVER]...: the archive of a package linux-source-X.Y, with these drivers
sources() {
	local dir=linux-source-$1 driver
	mkdir -p "$work/$dir/drivers/iio/adc" "$work/$dir/zzz"
	for driver in "${@:2}"; do
		echo "/* $driver of $1 */" >"$work/$dir/drivers/iio/adc/$driver.c"
	done
	tar -cJf "$MM_ROOT/usr/src/$dir.tar.xz" -C "$work" "$dir"
}

# offer DRIVER: what the package's scripts run; it has to end well
offer() {
	local code=0
	"$work/minimeter-$1/driver" install >"$work/said" 2>&1 || code=$?
	check "install of $1 ends well, not with $code" test "$code" = 0
}

says() {
	grep -qF "$1" "$work/said" || { cat "$work/said" && false; }
}

silent() {
	[ ! -s "$work/said" ] || { cat "$work/said" && false; }
}

built() {
	[ -e "$work/built-minimeter-$1-$2" ]
}

# One kernel has the one driver, the other has neither, and a third is no kernel with IIO's buffers.
kernel 6.1.0-50-amd64 CONFIG_IIO_TRIGGERED_BUFFER=m CONFIG_MCP3911=m
kernel 6.12.47+rpt-rpi-v8 CONFIG_IIO_TRIGGERED_BUFFER=m
kernel 6.18.1-bare

# No source at all, then one for another kernel.
offer mcp3911
check "a source that is missing is named" says "mcp3911 for 6.12.47+rpt-rpi-v8 needs the source of its Linux: install linux-source-6.12"
check "a driver that the kernel has is left alone" test "$(grep -c 6.1.0-50 "$work/said")" = 0
check "what a kernel lacks is named" says "mcp3911 cannot be built for 6.18.1-bare, which has no CONFIG_IIO_TRIGGERED_BUFFER"
offer ti-ads131e08
check "each kernel's source is named" says "ti-ads131e08 for 6.1.0-50-amd64 needs the source of its Linux: install linux-source-6.1"
rm -r "$MM_ROOT/lib/modules/6.18.1-bare"
sources 6.1 mcp3911 ti-ads131e08
offer mcp3911
check "a source of another Linux is not taken" says "install linux-source-6.12 (linux-source-6.1 does not fit)"
check "nor is it built" test "$(find "$work" -name 'built-minimeter-mcp3911-*' | wc -l)" = 0

# The source that fits is unpacked, and nothing else of it.
offer ti-ads131e08
check "what was built is said" says "ti-ads131e08 for 6.1.0-50-amd64: built from linux-source-6.1 6.1.170-1, installed"
check "it is of that source" grep -qF 'ti-ads131e08 of 6.1' "$work/built-minimeter-ti-ads131e08-6.1.0-50-amd64"
check "it becomes a module of Linux's name" grep -qxF 'obj-m := ti-ads131e08.o' "$work/built-minimeter-ti-ads131e08-6.1.0-50-amd64"
check "only the driver is unpacked" test "$(cd "$work/build" && echo *)" = 'Kbuild dkms.conf driver ti-ads131e08.c'
check "it is not built for the other" test ! -e "$work/built-minimeter-ti-ads131e08-6.12.47+rpt-rpi-v8"

# What comes later is found, once.
sources 6.12 ti-ads131e08
offer ti-ads131e08
check "a source that came later is taken" built ti-ads131e08 6.12.47+rpt-rpi-v8
check "what is installed is not built again" test "$(grep -c 6.1.0-50 "$work/said")" = 0
offer ti-ads131e08
check "nothing is left to say" silent

# The archive lacks the driver; the driver does not compile.
offer mcp3911
check "an archive without the driver is said" says "mcp3911 for 6.12.47+rpt-rpi-v8 could not be built from linux-source-6.12"
sources 6.12 mcp3911
touch "$work/broken"
offer mcp3911
check "a driver that does not compile is said" says "Error! Bad return status"
check "in our words too" says "its chips do not work with this kernel"
rm "$work/broken"
touch "$MM_ROOT/etc/dkms/no-autoinstall"
offer mcp3911
check "DKMS's own switch is heeded" silent
rm "$MM_ROOT/etc/dkms/no-autoinstall"
offer mcp3911
check "and it is built once it can be" built mcp3911 6.12.47+rpt-rpi-v8

# By hand: "dkms install" runs PRE_BUILD without the question before it.
mkdir "$work/by-hand"
if (cd "$work/by-hand" && "$work/minimeter-mcp3911/driver" unpack 6.6.1) >"$work/said" 2>&1; then
	check "unpack fails without a source" false
fi
check "and says why" says "mcp3911 for 6.6.1 needs the source of its Linux: install linux-source-6.6"
exit "$failed"
