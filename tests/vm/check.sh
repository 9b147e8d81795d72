#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The virtual board: builds its image, boots it in QEMU, has the scenarios run inside, resets it without warning, and prints one
# table of all. Exits with 0 where every line is ok, and with 77 where it could not be tried, saying why.
#
# usage: check.sh TARBALL [SCENARIO...]
# VM_RESETS: how many times the board is reset, 10 where not given. VM_CACHE: where the image is kept, and everything below it.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cache=${VM_CACHE:-${XDG_CACHE_HOME:+$XDG_CACHE_HOME/minimeter-vm}}
cache=${cache:-$PWD/build/vm}
tarball=$1
shift
resets=${VM_RESETS:-10}
results=$cache/results
qemu_pid=''
# The machine's own.
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(SITE) $(SUITE)' 'Created-By: Packages' 2>/dev/null | awk '$2 !~ /security/ { print $1; exit }' || true)

skip() {
	echo "check-vm: skipped: $*"
	exit 77
}

cleanup() {
	if [ -n "$qemu_pid" ]; then
		kill "$qemu_pid" 2>/dev/null || true
	fi
}
trap cleanup EXIT

can_be_tried() {
	local tool

	for tool in qemu-system-x86_64 debootstrap mke2fs unshare unxz wget column apt-get; do
		command -v "$tool" >/dev/null || skip "$tool is not installed (./bootstrap check-vm gets it)"
	done
	[ "$(id -u)" = 0 ] || skip "debootstrap and chroot need root"
	[ "$(dpkg --print-architecture)" = amd64 ] || skip "the image is for amd64"
	if [ ! -e "$cache/root.done" ] || [ ! -e "$cache/kernel.done" ]; then
		wget -q -T 20 -t 2 --spider "$mirror/dists/trixie/InRelease" || skip "Debian's archive can't be reached"
	fi
}

# start_board MODE [KERNEL-ARGUMENT]: in the background; its monitor is descriptor 4, its serial ports are files.
start_board() {
	local dir=$results/$1

	rm -rf "$dir" && mkdir -p "$dir"
	truncate -s 64M "$dir/logs.tar"
	mkfifo "$dir/monitor"
	touch "$dir/rows.txt"
	# The board's time goes by the instructions it has executed, and is skipped while it idles: what else the machine has to do
	# stretches no interval and starves no deadline.
	qemu-system-x86_64 -accel tcg -icount shift=2,sleep=off -rtc clock=vm -smp 1 -m 768 \
		-nodefaults -no-user-config -display none -monitor stdio \
		-kernel "$cache/vmlinuz" -initrd "$cache/initrd.img" \
		-append "console=ttyS0 quiet loglevel=5 systemd.show_status=no audit=0 board=$1 ${2:-}" \
		-drive "file=$cache/board.img,format=raw,if=virtio,snapshot=on,cache=unsafe" -drive "file=$dir/logs.tar,format=raw,if=virtio" \
		-serial "file:$dir/console.txt" -serial "file:$dir/rows.txt" <"$dir/monitor" >"$dir/monitor.txt" 2>&1 &
	qemu_pid=$!
	exec 4>"$dir/monitor"
}

is_running() {
	kill -0 "$qemu_pid" 2>/dev/null
}

stop_board() {
	kill "$qemu_pid" 2>/dev/null || true
	wait "$qemu_pid" 2>/dev/null || true
	qemu_pid=''
	exec 4>&-
}

# row NAME EXPECTED SEEN VERDICT
row() {
	printf '%s\t%s\t%s\t%s\n' "$@" >>"$results/table.tsv"
	printf '%-18s %s\n' "$1" "$4"
}

# The rows of the scenarios, and one of our own for each that was planned and gave none.
run_scenarios() {
	local dir=$results/scenarios limit=$((SECONDS + 1800)) name expected seen verdict

	start_board scenarios "${only:+only=$only}"
	while is_running && ((SECONDS < limit)); do
		sleep 1
	done
	stop_board
	tar -C "$dir" -xf "$dir/logs.tar" 2>/dev/null || echo "check-vm: the board left no logs; see $dir/console.txt"
	rm -f "$dir/logs.tar" "$dir/monitor"
	tr -d '\r' <"$dir/rows.txt" >"$dir/rows.tsv"
	grep -q '^end' "$dir/rows.tsv" || row board "all scenarios run" "the board did not come to the end, see $dir/console.txt" FAILED
	while read -r name; do
		IFS=$'\t' read -r _ _ expected seen verdict < <(grep -m 1 "^row	$name	" "$dir/rows.tsv") || true
		row "$name" "${expected:-}" "${seen:-no result}" "${verdict:-FAILED}"
	done < <(sed -n 's/^plan\t//p' "$dir/rows.tsv")
}

# last_of KIND: the newest figure of that kind that the board has said, 0 where there is none.
last_of() {
	tr -d '\r' <"$results/resets/rows.txt" | awk -F '\t' -v kind="$1" '$1 == kind && NF > 1 { last = $2 } END { print last + 0 }'
}

count_of() {
	grep -c "^$1" "$results/resets/rows.txt" || true
}

# wait_for_more KIND COUNT: until the board has said it more often than that.
wait_for_more() {
	local limit=$((SECONDS + 600))

	while [ "$(count_of "$1")" -le "$2" ]; do
		if ! is_running || ((SECONDS > limit)); then
			return 1
		fi
		sleep 0.2
	done
}

# At any moment, in the middle of a write as well: the register is never below what it was after the reset before, and at most
# 8 Wh and a window of 10 Wh are lost of what clients were told.
run_resets() {
	local metering=$'now\t[0-9]*\ttrue' told starts start=0 before lost worst=0 count=0 verdict=FAILED

	start_board resets
	while [ "$count" -lt "$resets" ] && wait_for_more "$metering" $(($(count_of "$metering") + 2 + RANDOM % 8)); do
		sleep "0.$((RANDOM % 1000))"
		told=$(last_of now) starts=$(count_of start) before=$start
		echo system_reset >&4
		wait_for_more start "$starts" || break
		start=$(last_of start)
		lost=$((told - start))
		worst=$((lost > worst ? lost : worst))
		if [ "$start" -lt "$before" ] || [ "$lost" -gt 18000000 ]; then
			break
		fi
		count=$((count + 1))
	done
	echo quit >&4 || true
	stop_board
	if [ "$count" = "$resets" ]; then
		verdict=ok
	fi
	row system_reset "$resets resets in the midst of it: register never back, at most 18 Wh lost" \
		"$count resets, at most $((worst / 1000)) mWh lost of $((start / 1000)) mWh" "$verdict"
}

can_be_tried
only=$(IFS=, && echo "$*")
mkdir -p "$cache" "$results"
rm -f "$results/table.tsv"
echo "Building the image (log: $cache/image.log)"
"$here/image.sh" "$cache" "$tarball" "$mirror" >"$cache/image.log" 2>&1 || {
	tail -n 20 "$cache/image.log"
	echo "check-vm: the image could not be built"
	exit 1
}
echo "Running the scenarios (console: $results/scenarios/console.txt)"
if [ "$only" != system_reset ]; then
	run_scenarios
fi
if [ -z "$only" ] || [ "$only" = system_reset ]; then
	run_resets
fi
echo
(printf 'scenario\texpected\tseen\t\n' && cat "$results/table.tsv") | column -t -s $'\t'
printf '%d scenarios, %d failed; logs in %s\n' "$(wc -l <"$results/table.tsv")" "$(grep -vc 'ok$' "$results/table.tsv")" "$results"
! grep -qv 'ok$' "$results/table.tsv"
