#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# From nothing to a reading: minimeter-setup finds the chip of a simulated board, and the daemon meters by what it wrote.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

steady_loads 600 600
start_sim "$scratch/steady.ini"

set_up() {
	"$build/minimeter-setup" --root "$scratch" --config /minimeter.conf "$@" >"$scratch/out" 2>&1
}

check "without a serial number nothing is written" sh -c "! '$build/minimeter-setup' --unattended --root '$scratch' --config /minimeter.conf \
	--uri ip:127.0.0.1:$port --model MMD-120-2001-T 2>'$scratch/err' && grep -q -e '--serial is missing' '$scratch/err' && ! [ -e '$scratch/minimeter.conf' ]"
set_up --unattended --uri "ip:127.0.0.1:$port" --model MMD-120-2001-T --serial 1001 --name house
check "the chip that is seen: $(cat "$scratch/minimeter.conf")" grep -qx 'driver = ade9000' "$scratch/minimeter.conf"
check "the unit does not read it: $(cat "$scratch/out")" sh -c "grep -q '^The unit reads ' '$scratch/out' && ! [ -e '$scratch/etc' ]"
"$build/minimeter-setup" --root "$scratch/image" --unattended --uri "ip:127.0.0.1:$port" --model MMD-120-2001-T --serial 1001 >"$scratch/out"
check "the unit reaches the board" grep -qx 'IPAddressAllow=127.0.0.1' "$scratch/image/etc/systemd/system/minimeterd.service.d/minimeter-setup.conf"

# The daemon of a test has its own places: a drop-in says so.
mkdir "$scratch/minimeter.conf.d" "$scratch/state"
printf '[daemon]\nsocket = %s\nadmin_socket = %s\nregister = %s\n[outputs]\ndriver = none\n' \
	"$scratch/sock" "$scratch/admin" "$scratch/state/register.db" >"$scratch/minimeter.conf.d/test.conf"
start_meter
wait_for "readings" metered
check "the meter is the one that was asked for" test "$(ask read | jq -r '.meters[0] | .name + " " + .serial')" = "house 1001"
stop_meter

code=0
set_up --unattended --uri "ip:127.0.0.1:$port" --model MMS-120-1001 --serial 2 || code=$?
check "a configuration that is there stays: exit 2, not $code" test "$code" = 2
check "and says so: $(cat "$scratch/out")" grep -q 'minimeter.conf is there already' "$scratch/out"
check "and is untouched" grep -qx 'serial = 1001' "$scratch/minimeter.conf"
finish
