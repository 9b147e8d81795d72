#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A version that took a comment's tail for part of the serial number ran in the unit. The upgrade to the version of now takes its
# register over, once, with an event, and nothing is lost but what flows meanwhile. As root, on a machine that this may change, with
# the packages installed; the arguments are that version's daemon, and the directory with the packages.
# shellcheck source=debian/tests/lib.sh
. "$(dirname "$0")/../../debian/tests/lib.sh"

readonly drop_in=/run/systemd/system/minimeterd.service.d/misreading.conf

start_board
start_meter
systemctl stop minimeterd.service
rm /var/lib/minimeter/register*
sed -i -e "s/^serial = 4711$/serial = 4711   # the shop's meter/" -e '/^generation/d' $config # which that version does not know
mkdir -p ${drop_in%/*}
printf '[Service]\nExecStart=\nExecStart=%s\n' "$1" >$drop_in
systemctl daemon-reload
systemctl start minimeterd.service || fail "the earlier version does not start"
wait_for 60 registered_more_than 1000000 || fail "the earlier version registers nothing"
minimeterctl --json read | jq -e '.meters[0].serial | test("shop")' >/dev/null || fail "the earlier version reads the serial number rightly"
before=$(registered)

say "an upgrade to the version of now, which asks for another line"
rm $drop_in
systemctl daemon-reload
if dpkg -i "$2"/minimeterd_*.deb; then
	fail "the version of now takes a comment behind a value"
fi
sed -i "s/^serial = .*/serial = 4711/" $config
dpkg --configure -a
wait_for 60 registered_more_than "$before" || fail "the register does not go on from $before"
[ "$(minimeterctl --json read | jq -r '.meters[0].serial')" = 4711 ] || fail "the serial number is still wrong"
minimeterctl events --all | grep -i 'serial' || fail "no event says so"

say "and that once"
before=$(registered)
systemctl restart minimeterd.service
wait_for 60 registered_more_than "$before" || fail "the register does not go on from $before"
[ "$(minimeterctl --json events --all | jq -s '[.. | objects | select(.code? == "serial-corrected")] | length')" = 1 ] ||
	fail "$(minimeterctl events --all)"
