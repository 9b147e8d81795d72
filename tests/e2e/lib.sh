# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the end-to-end tests share: the real daemon, simulator and client in a scratch directory, and figures compared.
# Sourced; the sourcing script runs under `set -eu`.

build=${MM_BUILDDIR:-.}
ctl=$build/minimeterctl
scratch=$(mktemp -d "${TMPDIR:-/tmp}/minimeter-e2e.XXXXXX")
sim_pid='' meter_pid='' port='' board_fd='' board_ns='' checks=0 failures=0
mkfifo "$scratch/silence" "$scratch/ready"
exec {silence_fd}<>"$scratch/silence"

# end PID: also a process that is stopped. Only such a one is continued: the sanitizer of leaks stops a process that ends, and
# would wait for ever where somebody else continues it.
end() {
	kill "$1" 2>/dev/null || true
	if is_stopped "$1"; then
		kill -CONT "$1" 2>/dev/null || true
	fi
	wait "$1" 2>/dev/null || true
}

is_stopped() {
	grep -q '^State:.T' "/proc/$1/status" 2>/dev/null
}

cleanup() {
	local pid

	for pid in $meter_pid $sim_pid; do
		end "$pid"
	done
	if mountpoint -q "$scratch/small"; then
		umount "$scratch/small"
	fi
	rm -rf "$scratch"
}
trap cleanup EXIT

for tool in jq iio_attr socat sqlite3; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: $tool is not installed"
		exit 77
	fi
done

# check WHAT CONDITION...: counts, and says what did not hold.
check() {
	local what=$1

	shift
	checks=$((checks + 1))
	if ! "$@"; then
		failures=$((failures + 1))
		echo "FAILED: $what"
	fi
}

# holds EXPRESSION: awk arithmetic, true or false.
holds() {
	awk "BEGIN { exit !($1) }"
}

# finish: prints the counts in the form that Check uses, and ends the test.
finish() {
	echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
	[ "$failures" -eq 0 ]
	exit
}

# at HOURS [MINUTES]: where a section of a day's scenario begins. With MM_DAY=whole (make check-accuracy) a day has 24 hours; else it has
# 4, from 20 o'clock to midnight, and each load a sixth of its time.
# shellcheck disable=SC2034 # for those who source this
if [ "${MM_DAY:-}" = whole ]; then
	pace=1 day_begin=00
else
	pace=6 day_begin=20
fi
at() {
	echo "[at $((($1 * 3600 + ${2:-0} * 60) / pace))]"
}

# steady_loads WATTS_A WATTS_B: two lines of 120 V whose loads never change, as the scenario $scratch/steady.ini.
steady_loads() {
	printf '[at 0]\nvoltage_a = 120\nvoltage_b = 120\nload_a = %s W\nload_b = %s W\n' "$1" "$2" >"$scratch/steady.ini"
}

# start_sim SCENARIO [OPTION...]: a board on a free port of the loopback; its output goes to $scratch/sim.out.
start_sim() {
	local scenario=$1

	shift
	"$build/minimeter-sim" --port 0 --ready-fd 3 --scenario "$scenario" "$@" 3>"$scratch/ready" >"$scratch/sim.out" 2>"$scratch/sim.err" &
	sim_pid=$!
	read -r port <"$scratch/ready"
	exec {board_fd}<>"/dev/tcp/127.0.0.1/$port"
}

# start_held_sim "SECONDS..." SCENARIO: a stepped board that stands still at these instants of its time, see hold.c.
start_held_sim() {
	cc -O2 -shared -fPIC -o "$scratch/hold.so" "${MM_SRCDIR:-.}/tests/e2e/hold.c"
	MM_HOLD_NS="${1// /000000000 }000000000" LD_PRELOAD=$scratch/hold.so start_sim "$2" --stepped
}

# Does the board stand still?
is_board_held() {
	is_stopped "$sim_pid"
}

release_board() {
	kill -CONT "$sim_pid"
}

stop_sim() {
	exec {board_fd}>&-
	end "$sim_pid"
	sim_pid=''
}

# board ATTRIBUTE [VALUE]: reads or writes an attribute of the simulated board. All over one connection: a program for each would cost
# as much as the metering that is waited for.
board() {
	local result value

	if [ $# = 1 ]; then
		printf 'READ iio:device1 %s\r\n' "$1" >&"$board_fd"
	else
		printf 'WRITE iio:device1 %s %d\r\n%s' "$1" ${#2} "$2" >&"$board_fd"
	fi
	read -r result <&"$board_fd"
	[ "$result" -ge 0 ] || return
	if [ $# = 1 ]; then
		read -r -d '' value <&"$board_fd"
		read -r <&"$board_fd"
		echo "$value"
	fi
}

# configure CLOCK [LINE...]: a configuration whose [meter] sections are the lines given.
configure() {
	local clock=$1

	shift
	mkdir -p "$scratch/state"
	{
		printf '[daemon]\nsocket=%s\nadmin_socket=%s\nregister=%s\nclock=%s\n' "$scratch/sock" "$scratch/admin" \
			"$scratch/state/register.db" "$clock"
		printf '[front-end]\nuri=ip:127.0.0.1:%s\n' "$port"
		printf '[outputs]\ndriver=trace\ntrace=%s\n' "$scratch/edges"
		printf '%s\n' "$@"
	} >"$scratch/minimeter.conf"
}

# shellcheck disable=SC2034 # for those who source this
dual=("[meter house]" "model=MMD-120-2001-SCC" "serial=1001" "element1=A" "element2=B")

start_meter() {
	"$build/minimeterd" --config "$scratch/minimeter.conf" 2>>"$scratch/meter.err" &
	meter_pid=$!
	wait_for "the daemon's socket" test -S "$scratch/sock"
}

# stop_meter [SIGNAL]
stop_meter() {
	kill "-${1:-TERM}" "$meter_pid"
	wait "$meter_pid" 2>/dev/null || true
	meter_pid=''
}

# wait_for WHAT CONDITION...: polls for up to five minutes, which sanitizers on a busy machine may take, and while board_past sees the
# board's time go on; a test that waits in vain fails with the logs.
wait_for() {
	local what=$1 until=$((SECONDS + 300)) seen=$board_ns

	shift
	while [ "$SECONDS" -lt "$until" ]; do
		if "$@" 2>/dev/null; then
			return 0
		fi
		if [ "$board_ns" != "$seen" ]; then
			seen=$board_ns until=$((SECONDS + 300))
		fi
		if [ -n "$meter_pid" ] && ! kill -0 "$meter_pid" 2>/dev/null; then
			break
		fi
		read -rt 0.02 -u "$silence_fd" || true # a pause that starts no program
	done
	echo "FAILED: waited in vain for $what"
	cat "$scratch"/*.err
	exit 1
}

# board_past SECONDS: has the board's time come so far?
board_past() {
	board_ns=$(board time_ns)
	[ "$board_ns" -ge $(($1 * 1000000000)) ]
}

# ask COMMAND...: the client's JSON.
ask() {
	"$ctl" --socket "$scratch/sock" --json "$@"
}

# said CODE WORDS ARGUMENT...: the client, for people and with both sockets, exits so and says something that matches.
said() {
	local code=0 wanted=$1 words=$2

	shift 2
	"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" "$@" >"$scratch/said" 2>&1 || code=$?
	check "$* exits with $wanted, not $code" test "$code" = "$wanted"
	check "$* says: $(cat "$scratch/said")" grep -qE -- "$words" "$scratch/said"
}

# metered: readings are there and right.
metered() {
	[ "$(ask read | jq '.meters[0].valid')" = true ]
}

# reading FILTER: one figure of the first meter.
reading() {
	ask read | jq -r ".meters[0]$1"
}

# in_state STATE: is the front end?
in_state() {
	[ "$(ask status | jq -r .front_end.state)" = "$1" ]
}

# windows_pass SECONDS: of the board's time.
windows_pass() {
	local from

	from=$(board time_ns)
	wait_for "windows to pass" board_past $((from / 1000000000 + $1))
}

# fault WORDS STATE ADVICE: the board's fault, from the state that it brings and back.
fault() {
	local code=0 before after

	board fault "$1"
	wait_for "state $2 after $1" in_state "$2"
	windows_pass 5
	before=$(reading .delivered_uwh)
	windows_pass 60
	after=$(reading .delivered_uwh)
	check "$1: nothing is registered" test "$before" = "$after"
	check "$1: readings are not valid" test "$(reading .valid)" = false
	check "$1: the power LED is dark" test "$(reading .power_led)" = false
	"$ctl" --socket "$scratch/sock" status >"$scratch/status" || code=$?
	check "$1: status exits with 4" test "$code" = 4
	check "$1: status says what to do" grep -q "$3" "$scratch/status"
	board fault none
	wait_for "recovery from $1" in_state ok
	windows_pass 5
	check "$1: registration goes on" holds "$(reading .delivered_uwh) > $after"
}

# edges_of OUTPUT: lines of the trace for it, as "at_ns level".
edges_of() {
	awk -v output="$1" '$4 == output { print $2, $5 }' "$scratch/edges"
}
