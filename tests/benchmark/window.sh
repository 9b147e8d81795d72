#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a window of one second costs the daemon in real time, with one meter of two elements at 3 kW and a service manager that listens:
# calls of the system, which strace counts, and instructions of the program and its libraries, which callgrind counts. Each is the
# difference of two runs of different length, divided by the windows between, so that start and stop cancel. Let no quarter of an hour
# begin meanwhile: it ends an interval of the profile, which is 450,000 instructions.
#
# window.sh [BUILD [SETUP...]]
#   local    an ADE9000 on this machine behind minimeter's own driver: a sysfs of the script's own, with files in which it writes the
#            windows that the driver would give
#   counting the same on another machine, simulated
#   latching one there behind the mainline driver
# WINDOW_SECONDS (default 120): by how much the one run is longer. Busy loops beside it do not matter where it runs at a real-time
# priority (chrt -r 5): else the angles between the voltages are not read in time.
set -eu

if [ "$(id -u)" != 0 ]; then
	echo "skipped: only root may have a sysfs of its own"
	exit 77
fi
if [ -z "${MM_OWN_BUS:-}" ]; then
	MM_OWN_BUS=yes exec unshare --mount "$0" "$@"
fi
MM_SRCDIR=$(cd "$(dirname "$0")/../.." && pwd)
MM_BUILDDIR=${1:-${MM_BUILDDIR:-.}}
shift || true
# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "$MM_SRCDIR/tests/e2e/lib.sh"
short_s=30 long_s=$((30 + ${WINDOW_SECONDS:-120}))
socat -u "UNIX-RECV:$scratch/notify" /dev/null &
manager_pid=$! chip_pid=''
export NOTIFY_SOCKET=$scratch/notify
trap '[ -z "$chip_pid" ] || end "$chip_pid"; end "$manager_pid"; cleanup' EXIT

for tool in valgrind strace; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: $tool is not installed"
		exit 77
	fi
done

# now_ns: CLOCK_BOOTTIME, by how far the wall clock is from it.
now_ns() {
	echo $((${EPOCHREALTIME/./} * 1000 - boot_ns))
}

# find_boot: when /proc/uptime, which has hundredths, goes on.
find_boot() {
	local before up

	read -r before _ </proc/uptime
	until read -r up _ </proc/uptime && [ "$up" != "$before" ]; do :; done
	boot_ns=$((${EPOCHREALTIME/./} * 1000 - ${up/./} * 10000000))
}

# phase NUMBER: what the driver says of a phase, 1500 VA at a power factor of 0.98; the chip's noise is in the voltage.
phase() {
	local each=1581000000

	echo "$(($1 * each * 98 / 100)) $(($1 * each / 5)) $(($1 * each)) $((8965600 + $1 % 7)) 2384000 8738132"
}

# run_chip: a window a second.
run_chip() {
	local n=0 end_ns wait_ns

	end_ns=$(now_ns)
	while :; do
		n=$((n + 1)) end_ns=$((end_ns + 1000000000))
		wait_ns=$((end_ns - $(now_ns)))
		[ "$wait_ns" -le 0 ] || sleep "$(printf '0.%09d' "$((wait_ns % 1000000000))")"
		# In one write, and never cut: a reader finds one window or the other.
		printf '%s\n' "$n $end_ns $(now_ns) 7 2 0 $(phase $n) $(phase $n) 0 0 0 0 0 0" 1<>"$device/window"
	done
}

start_chip() {
	device=/sys/bus/iio/devices/iio:device0
	mount -t tmpfs none /sys/bus
	mkdir -p "$device"
	echo ade9000-minimeter >"$device/name"
	for phase in 0 1; do
		echo 193672 >"$device/in_power${phase}_active_raw"
		echo 0 >"$device/in_voltage${phase}_raw"
	done
	: >"$device/window"
	find_boot
	run_chip &
	chip_pid=$!
	sleep 1.5
}

# start SETUP: what is metered, and the configuration for it.
start() {
	printf '%s\n' "[board]" "burden_ohm = 5.1" "[at 0]" "voltage_a = 120" "voltage_b = 120" "load_a = 1500 W 0.98 lag" \
		"load_b = 1500 W 0.98 lag" >"$scratch/board.ini"
	case $1 in
	local) start_chip ;;
	counting) sed -i 's/^burden/chip = ade9000-minimeter\n&/' "$scratch/board.ini" ;;
	esac
	[ "$1" = local ] || start_sim "$scratch/board.ini"
	configure system "[front-end]" "driver=ade9000" "burden_ohm=5.1" "${dual[@]}"
	[ "$1" != local ] || sed -i 's/^uri=.*/uri=local:/' "$scratch/minimeter.conf"
}

stop() {
	case $1 in
	local)
		end "$chip_pid"
		chip_pid=''
		umount /sys/bus
		;;
	*) stop_sim ;;
	esac
}

# calls SECONDS: of the daemon while it runs.
calls() {
	strace -qq -f -c -o "$scratch/calls.$1" -p "$meter_pid" &
	sleep "$1"
	kill $!
	wait $! || true
	counted=$(awk '$NF == "total" { print $4 }' "$scratch/calls.$1")
}

# instructions SECONDS: of a run that ends so long after its start. Nobody asks it anything meanwhile.
instructions() {
	rm -rf "$scratch/state" "$scratch/sock"
	mkdir "$scratch/state"
	valgrind -q --tool=callgrind --callgrind-out-file="$scratch/callgrind.$1" "$build/minimeterd" \
		--config "$scratch/minimeter.conf" 2>>"$scratch/meter.err" &
	meter_pid=$!
	wait_for "the daemon's socket" test -S "$scratch/sock"
	sleep "$1"
	stop_meter
	counted=$(awk '$1 == "totals:" || $1 == "summary:" { print $2; exit }' "$scratch/callgrind.$1")
}

# per_window COMMAND: by how much it counts more in the longer run.
per_window() {
	local short

	"$1" "$short_s"
	short=$counted
	"$1" "$long_s"
	counted=$((counted - short))
}

[ $# -gt 0 ] || set -- local
for setup; do
	start "$setup"
	start_meter
	wait_for "the first reading" metered
	sleep 10 # until its energy has been compared with its power
	per_window calls
	calls=$(awk "BEGIN { printf \"%.1f\", $counted / ($long_s - $short_s) }")
	stop_meter
	per_window instructions
	echo "$setup $calls syscalls/window $((counted / (long_s - short_s))) instructions/window"
	[ -z "${WINDOW_KEEP:-}" ] || cp "$scratch"/calls.* "$scratch"/callgrind.* "$WINDOW_KEEP/"
	stop "$setup"
done
