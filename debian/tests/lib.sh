# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the tests of the installed packages share. They are run as root, on a machine that they may change: systemd runs there.
set -euo pipefail

readonly scenario=/run/minimeter-test/steady.ini
readonly load_w=7200 # of both lines; 2 Wh a window
# shellcheck disable=SC2034 # the tests use it
readonly config=/etc/minimeter/minimeter.conf

say() {
	printf '%s\n' "-- $*"
}

fail() {
	{
		printf '%s\n' "FAIL: $*"
		systemctl --no-pager --full status minimeterd.service minimeter-sim.service || true
		journalctl --no-pager --lines 30 -u minimeterd.service -u minimeter-sim.service || true
	} >&2
	exit 1
}

# wait_for SECONDS COMMAND...
wait_for() {
	local until=$((SECONDS + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$until" ]; then
			return 1
		fi
		sleep 0.1
	done
}

# The simulated board in the unit that the package ships, with a load that does not change.
start_board() {
	mkdir -p "${scenario%/*}" /run/systemd/system/minimeter-sim.service.d
	printf '[board]\nseed = 4711\n[at 0]\nload_a = %d W\nload_b = %d W\n' $((load_w / 2)) $((load_w / 2)) >"$scenario"
	printf '[Service]\nEnvironment=SCENARIO=%s\n' "$scenario" >/run/systemd/system/minimeter-sim.service.d/steady.conf
	systemctl daemon-reload
	systemctl restart minimeter-sim.service
}

# The daemon in the unit that the package ships, on that board, as an installer would begin it.
start_meter() {
	minimeter-setup --unattended --replace --model MMD-120-2001-T-SCC --serial 4711 --uri ip:127.0.0.1 --wait 60
	wait_for 60 registered_more_than 0 || fail "no energy is registered"
}

# The delivered register, in micro-watt-hours
registered() {
	minimeterctl --json read | jq '.meters[0].delivered_uwh'
}

registered_more_than() {
	[ "$(registered)" -gt "$1" ]
}

pid_of_daemon() {
	systemctl show --property MainPID --value minimeterd.service
}

# A client that never stops asking, until $watching is removed: a line "answer TIME DELIVERED_UWH" for each answer, one that tells
# of a fault (status 4) too, for the first second after a start there is no reading; or what it says where there is none.
readonly watching=/run/minimeter-test/watching
readonly answers=/run/minimeter-test/answers
watch_meter() {
	local answer status
	touch "$watching"
	while [ -e "$watching" ]; do
		status=0
		answer=$(minimeterctl --json read 2>&1) || status=$?
		case $status in
		0 | 4) jq -r '.meters[0] | "answer \(.time) \(.delivered_uwh)"' <<<"$answer" ;;
		*) echo "$status $answer" ;;
		esac
		sleep 0.05
	done >$answers
}

# What the client saw: no answer was a failure, no reading was below one before. Prints how many windows are missing in them, for
# the load is known: what it drew between the first and the last reading, less what was registered.
windows_lost() {
	if grep -v '^answer ' $answers >&2; then
		fail "a client was refused"
	fi
	awk -v load_w=$load_w '
		function seconds(time,    part) {
			split(time, part, "[T:Z]")
			return part[2] * 3600 + part[3] * 60 + part[4]
		}
		$3 < before { print "the register went from " before " to " $3 > "/dev/stderr"; exit 1 }
		NR == 1 { first = $3; since = seconds($2) }
		{ before = $3; until = seconds($2) }
		END {
			if (until < since)
				until += 86400
			printf "%.2f\n", (load_w * (until - since) / 3600 - (before - first) / 1e6) / (load_w / 3600)
		}' $answers || fail "the register went back"
}
