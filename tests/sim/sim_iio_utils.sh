#!/bin/sh
# SPDX-License-Identifier: MIT
# iio_info and iio_attr of libiio-utils against minimeter-sim, from the start of the program to its last word.
set -eu

for tool in iio_info iio_attr; do
	if ! command -v $tool >/dev/null; then
		echo "skipped: $tool is not installed (Debian: libiio-utils)"
		exit 77
	fi
done

dir=$(mktemp -d)
pid=
trap 'test -z "$pid" || kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
checks=0

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# expect TEXT COMMAND...: the command succeeds and prints just that.
expect() {
	want=$1
	shift
	got=$("$@" 2>&1) || fail "$*: $got"
	test "$got" = "$want" || fail "$*: '$got', not '$want'"
	checks=$((checks + 1))
}

# says TEXT COMMAND...: the command fails with a line that has the text in it.
says() {
	want=$1
	shift
	if got=$("$@" 2>&1); then
		fail "$*: succeeded"
	fi
	case $got in
	*"$want"*) ;;
	*) fail "$*: '$got' without '$want'" ;;
	esac
	checks=$((checks + 1))
}

sim=$MM_BUILDDIR/minimeter-sim
cat >"$dir/day.ini" <<'END'
[board]
noise = off
start_time = 2025-06-01T00:00:00Z
[at 0]
load_a = 1200 W 0.8 lag
load_b = 600 W
[at 12:00]
load_a = off
ct_b = reversed
END
printf '[at 0]\nload_a = lots\n' >"$dir/bad.ini"

says "bad.ini:2: load_a: " "$sim" --check-scenario --scenario "$dir/bad.ini"
says "No such file" "$sim" --scenario "$dir/none.ini"
says "--port 70000: not a port" "$sim" --port 70000
says "not a numeric address" "$sim" --listen nowhere --port 0
expect "" "$sim" --check-scenario --scenario "$dir/day.ini"
for scenario in "$MM_SRCDIR"/etc/scenarios/*.ini; do
	expect "" "$sim" --check-scenario --scenario "$scenario"
done

mkfifo "$dir/ready"
"$sim" --scenario "$dir/day.ini" --stepped --print-truth --port 0 --ready-fd 3 3>"$dir/ready" >"$dir/out" &
pid=$!
read -r port <"$dir/ready"
uri=ip:127.0.0.1:$port

iio_info -u "$uri" >"$dir/info" 2>&1 || fail "iio_info: $(cat "$dir/info")"
for text in "iio:device0: ade9000 (buffer capable)" "18 channels found" "active_raw value: 0" "No trigger on this device" \
	"iio:device1: minimeter-sim" "mode value: stepped"; do
	grep -qF "$text" "$dir/info" || fail "iio_info does not say '$text'"
	checks=$((checks + 1))
done

attr() {
	iio_attr -u "$uri" -d minimeter-sim "$@"
}
rms() {
	iio_attr -u "$uri" -c ade9000 "$@" raw
}

expect 1748736000 attr start_time
expect 0 attr time_ns
expect 43200000000000 attr time_ns 43200000000000
expect 14400000000 attr truth_load_a_uwh
expect 8962837 rms altvoltage0
expect 86400000000000 attr time_ns 86400000000000
expect 86400000000000 attr time_ns 5
expect 14400000000 attr truth_load_b_uwh
expect 0 attr truth_seen_b_uwh
expect 28800000000 attr truth_load_total_uwh
expect 86400 attr windows
expect eio attr fault eio
says "Input/output error" rms altvoltage0
expect vanished attr fault vanished
if iio_info -u "$uri" | grep -q ade9000; then
	fail "the vanished chip is still there"
fi
expect none attr fault scenario
expect 8962837 rms altvoltage0

kill "$pid"
wait "$pid" || fail "minimeter-sim ended with $?"
pid=
grep -q '^{"time_ns": 86400000000000, "windows": 86400, .*"load_total_uwh": 28800000000}$' "$dir/out" || fail "$(cat "$dir/out")"
echo "$((checks + 2)) checks passed"
