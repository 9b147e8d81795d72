#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each scenario that has a configuration beside it, with that configuration: what ./bootstrap demo and the manual promise to show.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"
scenarios=$MM_SRCDIR/etc/scenarios

# play NAME: its meters, for a minute of the board's time.
play() {
	rm -rf "$scratch/state" "$scratch/minimeter.conf.d"
	start_sim "$scenarios/$1.ini" --stepped
	cp "$scenarios/$1.conf" "$scratch/minimeter.conf"
	mkdir -p "$scratch/state" "$scratch/minimeter.conf.d"
	cat >"$scratch/minimeter.conf.d/here.conf" <<-END
		[daemon]
		socket = $scratch/sock
		admin_socket = $scratch/admin
		register = $scratch/state/register.db
		clock = board
		[front-end]
		uri = ip:127.0.0.1:$port
		[outputs]
		driver = none
	END
	start_meter
	wait_for "readings of $1" metered
	wait_for "what $1 shows" "shows_$1"
}

shows_demo() {
	[ "$(reading ' | .delivered_wh > 1 and .faults == [] and .received_wh == 0')" = true ]
}

shows_solar() {
	[ "$(reading ' | .delivered_wh > 1 and .received_wh > 1 and .faults == [] and (.reverse_led | not)')" = true ]
}

shows_reversed() {
	[ "$(reading ' | (.faults | index("element2-reversed")) != null and .reverse_led')" = true ]
}

shows_tenants() {
	[ "$(ask read | jq '[.meters[] | select(.delivered_wh > 1 and .faults == []) | .name] == ["flat", "shop"]')" = true ]
}

played=0
for file in "$scenarios"/*.conf; do
	name=$(basename "$file" .conf)
	check "$name: its file begins with what it shows" grep -q '^# [A-Z]' <(head -n 1 "$scenarios/$name.ini")
	play "$name"
	case $name in
	reversed)
		said 4 "element2.*reversed" status
		windows_pass 20
		said 4 "CT" diagnose
		;;
	*) said 0 "everything is in order" status ;;
	esac
	stop_meter
	stop_sim
	played=$((played + 1))
done
check "there are scenarios to play" test "$played" -ge 4
finish
