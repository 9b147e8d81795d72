#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the register writes to its medium: the real daemon at 3 kW, in real time, with its register on file systems of its own over
# loop devices, whose sectors the block layer counts. All variants run side by side for WEAR_SECONDS (1500) after a minute to settle,
# without backups, each with a loss bound of 8 Wh and of 10. Its own writes are one block a state for the copy and what the WAL grows
# by; the rest is the file system's. Needs root and loop devices.
set -eu

# variant, mount options, key of the configuration; PART stands for a raw partition, CHIP for memory that wears not
variants=(
	'database alone||copy=none'
	'copy beside it||'
	'copy, commit=60|commit=60|'
	'copy, commit=300|commit=300|'
	'copy on a partition||copy=PART'
	'copy on a FRAM||copy=CHIP'
)

if [ "${1:-}" != one ]; then
	if [ "$(id -u)" != 0 ] || ! losetup -f >/dev/null 2>&1; then
		echo "skipped: needs root and loop devices"
		exit 77
	fi
	printf '%-22s %10s %12s %12s %12s\n' '3 kW for a year' 'loss bound' 'register' 'file system' 'device'
	rows=$(mktemp -d)
	trap 'rm -rf "$rows"' EXIT
	declare -A pids=()
	for i in "${!variants[@]}"; do
		for wh in 8 10; do
			"$0" one "$i" "$wh" >"$rows/$i-$wh" &
			pids[$i-$wh]=$!
		done
	done
	failed=0
	for i in "${!variants[@]}"; do
		for wh in 8 10; do
			wait "${pids[$i-$wh]}" || failed=1
			cat "$rows/$i-$wh"
		done
	done
	exit "$failed"
fi

# shellcheck source-path=SCRIPTDIR source=e2e/lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"
IFS='|' read -r name options key <<<"${variants[$2]}"
commit_wh=$3
loops=()

clean() {
	cleanup_mount
	cleanup
}
cleanup_mount() {
	[ -z "$meter_pid" ] || stop_meter TERM
	umount "$scratch/state" 2>/dev/null || true
	rm -f "/dev/shm/wear-fram-$$"
	for loop in "${loops[@]}"; do
		losetup -d "$loop"
	done
}
trap clean EXIT

# new_loop FILE SIZE: a loop device, in loops
new_loop() {
	truncate -s "$2" "$scratch/$1"
	loops+=("$(losetup --show -f "$scratch/$1")")
}

# bytes: written to all our loop devices, file system and partition
bytes() {
	local loop sum=0

	for loop in "${loops[@]}"; do
		sum=$((sum + $(awk '{ print $7 }' "/sys/block/${loop#/dev/}/stat") * 512))
	done
	echo "$sum"
}

# states: the number of the last one in the copy
states() {
	local slot sequence newest=0

	for slot in 0 16384; do
		sequence=$(dd if="$copy" bs=8 skip=$((slot / 8 + 8)) count=1 status=none | od -A n -t u8 | tr -d ' ')
		newest=$((sequence > newest ? sequence : newest))
	done
	echo "$newest"
}

# own: bytes that the register has written by itself
own() {
	local bytes

	bytes=$(stat -c %s "$scratch/state/register.db-wal")
	if [ -n "$copy" ]; then
		bytes=$((bytes + $(states) * 4096))
	fi
	echo "$bytes"
}

new_loop disk 4G
mkfs.ext4 -q -b 4096 -E lazy_itable_init=0,lazy_journal_init=0 "${loops[0]}"
mkdir -p "$scratch/state"
mount -o "${options:-defaults}" "${loops[0]}" "$scratch/state"
case $key in
*PART) new_loop partition 1M && key=${key/PART/${loops[1]}} ;;
*CHIP) key=${key/CHIP//dev/shm/wear-fram-$$} ;;
esac
copy=${key#copy=}
case $copy in
'') copy=$scratch/state/register.db.copy ;;
none | /dev/shm/*) copy='' ;; # none, or nothing that wears
esac
printf '[at 0]\nvoltage_a = 120\nvoltage_b = 120\nload_a = 1500 W\nload_b = 1500 W\n' >"$scratch/steady.ini"
start_sim "$scratch/steady.ini"
configure system "${dual[@]}"
# A backup in so short a time would count for many: it writes the size of the database once a day.
sed -i "s|^register=|backup_interval_h=0\ncommit_wh=$commit_wh\n${key:+$key\n}&|" "$scratch/minimeter.conf"
start_meter
wait_for "readings" metered
sleep 60
seconds=${WEAR_SECONDS:-1500}
before=$(bytes)
mine=$(own)
sleep "$seconds"
after=$(bytes)
mine=$(($(own) - mine))
awk -v name="$name" -v wh="$commit_wh Wh" -v own="$mine" -v all="$((after - before))" -v s="$seconds" 'BEGIN {
	year = 365 * 86400 / s / 1e9
	printf "%-22s %10s %9.1f GB %9.1f GB %9.1f GB\n", name, wh, own * year, (all - own) * year, all * year
}'
