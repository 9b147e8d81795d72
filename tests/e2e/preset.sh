#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A meter takes another one's place: its start reading is set once, by name, survives a kill, and puts nothing on the pulse outputs.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

cat >"$scratch/preset.ini" <<-END
	[at 0]
	voltage_a = 120
	voltage_b = 120
	load_a = 36 W
END
start_sim "$scratch/preset.ini" --stepped
configure board "[meter house]" "model=MMD-120-2001-T-SCC" "serial=1001" "element1=A" "element2=B"
start_meter
wait_for "readings" metered

check "the admin socket is closed to others" test "$((0$(stat -c %a "$scratch/admin") & 7))" = 0
said 2 "too few arguments" preset 12345.6
said 2 "kWh as a display shows them" preset 12,345 OLD-1
said 2 "kWh as a display shows them" preset 12345.67 OLD-1
said 2 "above 999999 kWh" preset 1000000 OLD-1
said 1 "above 0, below" preset 0 OLD-1
said 1 "there is no meter 'hose'; there are: house" preset --meter hose 12345.6 OLD-1
said 1 "only on the admin socket" preset --admin-socket "$scratch/sock" 12345.6 OLD-1
said 2 "serial number on the old meter's plate" preset 12345.6 ""
said 0 "would read" preset 12345.6 OLD-1
check "asking changes nothing" holds "$(reading .delivered_wh) < 10000"
said 0 "now reads" preset 12345.6 OLD-1 --received 7 --confirm
stop_meter KILL
start_meter
wait_for "readings" metered
delivered=$(reading .delivered_wh)
check "the reading has the start reading and what was metered: $delivered Wh" holds "$delivered > 12345600 && $delivered < 12355600"
check "the received one too" holds "$(reading .received_wh) == 7000"
check "the elements have what they saw" holds "$(reading '.elements[0].delivered_wh') < 10000"
said 1 "has been preset to 12345.6 kWh before" preset 12345.6 OLD-1 --confirm
check "the plate shows it" holds "$(ask nameplate | jq '.meters[0].preset_delivered_wh') == 12345600"
check "the trail has who and whose" grep -q 'preset by .*uid.*OLD-1' <(ask events | jq -r '.events[] | select(.code == "preset").text')
check "no pulse was put out for it" holds "$(edges_of 10 | wc -l) < 2000"
finish
