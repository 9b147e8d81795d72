#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The service as systemd sees it: the release, built and installed in a Debian whose systemd is booted in namespaces (boot.sh), with
# the simulator as the board. One line for each case and a count at the end; exits with 77, and says why, where none can be tried.
#
# usage: check.sh SOURCE [CASE...]; SOURCE is an unpacked release
# MM_SUITES: on which Debian, "bookworm trixie" where not given. What is fetched and built is kept in $MM_CACHE (see boot.sh).
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=tests/systemd/boot.sh
. "$here/boot.sh"

source=$1
shift
only=("$@")
packages=(make pkgconf gcc libc6-dev libiio-dev libgpiod-dev libsystemd-dev libsqlite3-dev libjansson-dev libinih-dev libssl-dev
	libncurses-dev libqrencode-dev jq socat)
cases=(no_configuration untouched_example no_chip metering wait_limit wrong_configuration configuration_removed store_fails
	reloading sockets_stay memory_kept clock_is_read catalog interface)
passed=0 failed=0 skipped=0 logged=0
seen=''

readonly unit=minimeterd.service sockets='minimeterd.socket minimeterd-admin.socket'
readonly conf=/etc/minimeter/minimeter.conf

cleanup() {
	boot_remove
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# ---- Building and installing ----

# build SUITE: as a user does, into the root that $staged names
build() {
	local cache=${MM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/minimeter}
	local dir=$cache/boot-build-$1

	boot_new "$dir"
	mkdir -p "$dir/upper/build/source"
	cp -a --update "$source/." "$dir/upper/build/source"
	rm -rf "$dir/upper/build/stage"
	boot_inside sh -ec 'cd /build
		[ -e Makefile ] || source/configure -q --prefix=/usr --sysconfdir=/etc --localstatedir=/var --disable-tests CFLAGS="-O2 -g"
		make -s -j2
		make -s install DESTDIR=/build/stage' >"$dir/log" 2>&1 || {
		tail -n 20 "$dir/log"
		echo "it does not build; the whole log is $dir/log"
		return 1
	}
	staged=$dir/upper/build/stage
}

# What is installed, and the drop-in that a front end on the network needs: the board is minimeter-sim.service.
install_all() {
	local dropin=$boot_dir/upper/etc/systemd/system/$unit.d

	cp -a "$staged/." "$boot_dir/upper"
	mkdir -p "$dropin"
	printf '[Service]\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET\nIPAddressAllow=localhost\n' >"$dropin/network.conf"
	boot_inside sh -ec 'systemd-sysusers && journalctl --update-catalog && systemctl -q enable minimeterd.service' >/dev/null
}

# ---- What the cases share ----

run() {
	boot_run timeout 60 "$@"
}

# property NAME [UNIT]
property() {
	boot_run systemctl show -P "$1" "${2:-$unit}"
}

# state: of the service and its sockets
state() {
	boot_run systemctl is-active $unit $sockets | paste -sd ' '
}

# configure [LINE...]: an untouched board with these lines in [daemon]
configure() {
	{
		printf '[daemon]\n'
		[ $# = 0 ] || printf '%s\n' "$@"
		printf '[front-end]\nuri = ip:127.0.0.1:30431\nvoltage_divider = 1001\nburden_ohm = 5.1\n[outputs]\ndriver = none\n'
		printf '[meter main]\nmodel = MMD-120-2001-T-SCC\nserial = 4711\nelement1 = A\nelement2 = B\n'
	} >"/proc/$boot_init/root$conf"
}

# Everything is as after the installation, and stopped.
begin() {
	boot_run systemctl stop $sockets $unit minimeter-sim.service 2>/dev/null
	boot_run systemctl reset-failed
	boot_run sh -c "rm -rf $conf /var/lib/minimeter/*"
	begin_log
}

# What the daemon has said since the boot, and systemd of it.
whole_log() {
	boot_run journalctl --sync
	boot_run journalctl -q -u $unit -o cat
}

# By lines: in systemd 252 --after-cursor with -u leaves out the first.
begin_log() {
	logged=$(whole_log | wc -l)
}

# log: the same since begin_log
log() {
	whole_log | tail -n "+$((logged + 1))"
}

starts() {
	log | grep -c '^Starting .*minimeter kWh meter' || true
}

# within TENTHS CONDITION...
within() {
	boot_wait_for "$@"
}

is() {
	[ "$(property ActiveState "${2:-$unit}")" = "$1" ]
}

answers() {
	run minimeterctl status >/dev/null 2>&1 || [ $? = 4 ]
}

# A client that asks ten times a second for SECONDS, and one that waits all the time.
clients() {
	boot_run sh -c 'socat -u UNIX-CONNECT:/run/minimeter/minimeter.sock - >/dev/null 2>&1 &
		for i in $(seq "$(('"$1"' * 10))"); do timeout 1 minimeterctl read; sleep 0.1; done' >"$boot_dir/clients" 2>&1
}

# ---- Cases: each sets what was seen, and fails where it is wrong ----

no_configuration() {
	run systemctl start $unit
	seen="start exits with $?, $(state), condition $(property ConditionResult), $(boot_run ls /run/minimeter 2>/dev/null | wc -l) sockets"
	[ "$seen" = "start exits with 0, inactive inactive inactive, condition no, 0 sockets" ]
}

untouched_example() {
	boot_run sh -c "cp /usr/share/doc/minimeter/examples/minimeter.conf $conf"
	run systemctl start $unit 2>/dev/null
	seen="start exits with $?, daemon with $(property ExecMainStatus), $(state), $(boot_run ls /var/lib/minimeter | wc -l) files of a register"
	[ "$seen" = "start exits with 1, daemon with 2, failed inactive inactive, 0 files of a register" ]
}

no_chip() {
	local first again boot

	configure
	first=$(run systemctl start $unit && state)
	again=$(run systemctl restart $unit && state)
	within 100 status_is '^Not metering: the front end is absent: .'
	seen="started: $first; restarted: $again; status: $(property StatusText)"
	boot_stop
	boot=$(boot_start && echo booted)
	boot_stop
	boot_start >/dev/null
	seen="$seen; ${boot:-does not boot}, then $(state)"
	[[ $seen == "started: active active active; restarted: active active active; status: Not metering"*"; booted, then active active active" ]]
}

# status_is PATTERN
status_is() {
	property StatusText | grep -qE "$1"
}

metering() {
	local waited

	configure
	run systemctl start $unit
	run systemctl start minimeter-sim.service
	waited=$(run minimeterctl status --wait --seconds 50 2>&1 | tail -n +1)
	seen="status: $(property StatusText); waited: $(grep -c '^minimeterctl: waiting: the front end is' <<<"$waited") states, then $(grep -o 'everything is in order' <<<"$waited")"
	[[ $seen == "status: Metering; waited: "[1-9]*" states, then everything is in order" ]]
}

wait_limit() {
	configure
	run systemctl start $unit
	run minimeterctl status --wait --seconds 2 >/dev/null 2>&1
	seen="exits with $?"
	[ "$seen" = "exits with 4" ]
}

wrong_configuration() {
	local wrong by_client restarted corrected

	configure 'nonsense = 1'
	run systemctl start $unit 2>/dev/null
	clients 5
	wrong="started $(starts) times, $(state), $(log | grep -c "$conf:2: ") line of error"
	configure
	corrected=$(run systemctl start $unit && answers && state)
	# Stopped and started by a client.
	run systemctl stop $unit 2>/dev/null
	configure 'nonsense = 1'
	begin_log
	clients 5
	by_client="started $(starts) times, $(state)"
	configure
	corrected="$corrected, $(run systemctl restart $unit && answers && state)"
	configure 'nonsense = 1'
	run systemctl restart $unit 2>/dev/null
	restarted="exits with $?, $(state)"
	configure
	corrected="$corrected, $(run systemctl restart $unit && answers && state)"
	seen="$wrong; by a client: $by_client; restart: $restarted; corrected: $corrected"
	[ "$seen" = "started 1 times, failed inactive inactive, 1 line of error; by a client: started 1 times, failed inactive inactive; \
restart: exits with 1, failed inactive inactive; corrected: active active active, active active active, active active active" ]
}

configuration_removed() {
	local without

	configure
	run systemctl start $unit
	run systemctl stop $unit 2>/dev/null
	boot_run rm $conf
	clients 5
	without="started $(starts) times, $(property ActiveState)"
	configure
	seen="$without; corrected: $(run systemctl start $unit && answers && state)"
	[ "$seen" = "started 1 times, inactive; corrected: active active active" ]
}

# What is no fault of the configuration is tried again, no faster for those who wait, and comes back by itself. For longer than the
# default limit of starts of a unit, five in ten seconds.
store_fails() {
	local failing back=no from=$SECONDS took

	configure 'register = /var/lib/minimeter/there/register.db'
	run systemctl start $unit 2>/dev/null
	clients 14
	failing=$(starts)
	took=$((SECONDS - from))
	boot_run install -d -o minimeter /var/lib/minimeter/there
	within 400 is active && within 100 answers && back=yes
	seen="started $failing times in $took s, then back: $back, $(state)"
	[ "$failing" -ge 2 ] && [ "$failing" -le $((took + 2)) ] && [[ $seen == *"back: yes, active active active" ]]
}

reloading() {
	local good bad pid

	configure 'commit_wh = 8'
	run systemctl start $unit
	pid=$(property MainPID)
	configure 'commit_wh = 9'
	run systemctl reload $unit
	good="exits with $?, $(log | grep -c '^configuration reloaded$') in the log"
	configure 'commit_wh = 9000'
	run systemctl reload $unit 2>/dev/null
	bad="exits with $?, $(log | grep -c "^  $conf:2: commit_wh = 9000: ") line of error"
	seen="good: $good; bad: $bad; $(property ActiveState), same process: $([ "$pid" = "$(property MainPID)" ] && echo yes)"
	[ "$seen" = "good: exits with 0, 1 in the log; bad: exits with 1, 1 line of error; active, same process: yes" ]
}

sockets_stay() {
	configure
	run systemctl start $unit
	clients 6 &
	run systemctl restart $unit
	run systemctl stop $unit 2>/dev/null
	run systemctl start $unit
	run systemctl daemon-reload
	run systemctl restart $unit
	wait $!
	seen="refused $(grep -c 'nobody answers' "$boot_dir/clients"), $(grep -c '^main ' "$boot_dir/clients") answered"
	[[ $seen == "refused 0, "[1-9]* ]]
}

# Whether something keeps the wall clock right may be asked, and nothing about it may be changed.
clock_is_read() {
	seen=$(property SystemCallFilter | tr ' ' '\n' | grep -E '^(adjtimex|clock_adjtime|clock_settime|settimeofday)$' | paste -sd ' ')
	[ "$seen" = clock_adjtime ]
}

uwh() {
	run minimeterctl --json read | jq '.meters[0].delivered_uwh'
}

memory_kept() {
	local before after

	configure
	run systemctl start $unit minimeter-sim.service
	run minimeterctl status --wait --seconds 50 >/dev/null 2>&1
	sleep 3
	before=$(uwh)
	begin_log
	run systemctl restart $unit
	after=$(uwh)
	seen="$before uWh before, $after after; $(log | grep -c '^goes on from memory') continued from memory"
	[ "$before" -gt 0 ] && [ "$after" -ge "$before" ] && [[ $seen == *"; 1 continued from memory" ]]
}

catalog() {
	configure
	run systemctl start $unit
	seen=$(boot_run journalctl -x -u $unit MESSAGE_ID=b2dfaa82df394abb8bc75c0c62bfdcd5 -n 1 | grep -o 'Subject: .*')
	[ "$seen" = "Subject: The meter has started" ]
}

interface() {
	configure
	run systemctl start $unit
	boot_run sh -c "printf '{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"org.minimeter\"}}\\0' |
		socat -t 5 - UNIX-CONNECT:/run/minimeter/minimeter.sock | tr -d '\\0' | jq -r .parameters.description" >"$boot_dir/interface"
	seen="$(grep -c '^method ' "$boot_dir/interface") methods, $(sed '1,/^$/d' "$staged/usr/share/minimeter/org.minimeter.varlink" |
		diff - "$boot_dir/interface" | grep -c '^[<>] .') lines differ from the installed file"
	[[ $seen == [1-9]*" methods, 0 lines differ"* ]]
}

# ---- All of it ----

# wanted CASE
wanted() {
	[ ${#only[@]} = 0 ] || [[ " ${only[*]} " == *" $1 "* ]]
}

# check SUITE CASE
check() {
	begin
	seen=''
	if "$2"; then
		passed=$((passed + 1))
		echo "$1: ok      $2"
	else
		failed=$((failed + 1))
		echo "$1: FAILED  $2: $seen"
		log | tail -n 20 | sed 's/^/    /'
	fi
}

check_suite() {
	local name reason

	if ! reason=$(boot_base "$1" "${packages[@]}"); then
		skipped=$((skipped + ${#cases[@]}))
		echo "$1: $reason"
		return
	fi
	boot_base "$1" "${packages[@]}"
	if ! build "$1"; then
		failed=$((failed + 1))
		return
	fi
	boot_new
	install_all
	if ! boot_start; then
		failed=$((failed + 1))
		boot_remove
		return
	fi
	for name in "${cases[@]}"; do
		if wanted "$name"; then
			check "$1" "$name"
		fi
	done
	boot_remove
}

boot_can || exit
for suite in ${MM_SUITES:-bookworm trixie}; do
	check_suite "$suite"
done
echo "$passed passed, $failed failed, $skipped skipped"
if [ $((passed + failed)) = 0 ]; then
	exit 77
fi
[ "$failed" = 0 ]
