#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The helper that switches the ade9000 driver's register cache off, against a directory laid out like sysfs.
set -u

failed=0
sys=$(mktemp -d) || exit 99
trap 'rm -rf "$sys"' EXIT

fail() {
	echo "FAIL: $*"
	failed=1
}

# device NUMBER NAME BUS-DEVICE: an IIO device as the kernel shows it
device() {
	mkdir -p "$sys/devices/$3/iio:device$1" "$sys/bus/iio/devices" "$sys/kernel/debug/regmap"
	echo "$2" >"$sys/devices/$3/iio:device$1/name"
	ln -s "../../../devices/$3/iio:device$1" "$sys/bus/iio/devices/iio:device$1"
	mkdir -p "$sys/kernel/debug/iio/iio:device$1"
	: >"$sys/kernel/debug/iio/iio:device$1/direct_reg_access"
}

# regmap NAME: its debugfs directory
regmap() {
	mkdir "$sys/kernel/debug/regmap/$1"
	echo N >"$sys/kernel/debug/regmap/$1/cache_bypass"
}

expect() { # BYPASS REGMAP
	if [ "$(cat "$sys/kernel/debug/regmap/$2/cache_bypass")" != "$1" ]; then
		fail "$2: cache_bypass is not $1"
	fi
}

prepare() {
	sh "$MM_SRCDIR/systemd/afe-prepare" "$sys"
}

prepare || fail "no IIO at all is an error"
device 0 mcp3911 spi0.1
regmap spi0.1
prepare || fail "no ADE9000 is an error"
device 1 ade9000 spi0.0
regmap spi0.0
device 2 ade9000 spi1.0
regmap spi1.0-ade9000
prepare || fail "two ADE9000 are an error"
for device in 1 2; do
	if [ "$(cat "$sys/kernel/debug/iio/iio:device$device/direct_reg_access")" != "0x4b0 0xe011" ]; then
		fail "device $device: its no-load detection stays on"
	fi
done
[ ! -s "$sys/kernel/debug/iio/iio:device0/direct_reg_access" ] || fail "another chip's registers are written"
expect N spi0.1
expect Y spi0.0
expect Y spi1.0-ade9000

device 3 ade9000 spi2.0
if prepare; then
	fail "a device without a register map is no error"
fi
regmap spi2.0
rm "$sys/kernel/debug/iio/iio:device3/direct_reg_access" && mkdir "$sys/kernel/debug/iio/iio:device3/direct_reg_access"
if prepare; then
	fail "a chip whose no-load detection stays on is no error"
fi
exit $failed
