#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Mistakes of every kind: each is one clear line that says where and what, and does no harm.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

steady_loads 600 600
start_sim "$scratch/steady.ini"

# refused WHAT PATTERN [STATUS]: the daemon does not start, says PATTERN in one line, and exits with 1 or STATUS.
refused() {
	local code=0

	timeout 20 "$build/minimeterd" --config "$scratch/minimeter.conf" >"$scratch/out" 2>&1 || code=$?
	check "$1: exit ${3:-1}, not $code" test "$code" = "${3:-1}"
	check "$1: says \"$2\": $(head -n 3 "$scratch/out")" grep -qe "$2" "$scratch/out"
	check "$1: in one line" test "$(grep -cv ': stopped: ' "$scratch/out")" = 1
}

register_is() {
	[ "$(ask status | jq -r .register.state)" = "$1" ]
}

registered_more_than() {
	[ "$(reading .delivered_uwh)" -gt "$1" ]
}

# ---- The configuration ----

configure system "[meter house]" "model=MMX-120-2001" "serial=1" "element1=A"
refused "unknown model" "minimeter.conf:12: model = MMX-120-2001: is no model number: " 2
configure system "[meter house]" "model=MS 240 F 01 SO 011 00" "serial=1" "element1=A"
refused "MS at 240 V" "minimeter.conf:12: .*voltage" 2
configure system "${dual[@]}" "outputt_10=GPIO1"
refused "unknown key" 'minimeter.conf:16: unknown key "outputt_10" in section \[meter house\]' 2
configure system "${dual[@]}"
sed -i 's/driver=trace/driver=gpiod/' "$scratch/minimeter.conf"
code=0
"$build/minimeterd" --config "$scratch/minimeter.conf" --check-config >"$scratch/out" 2>&1 || code=$?
check "--check-config of a right file" test "$code" = 0
configure system "[meter house]" "model=MMS-120-2002" "serial=1" "element1=A"
refused "a burden too large for the CT" "minimeter.conf:12: .*burden_ohm = 5.1 gives a full scale of 139 A, below the 220 A of the limit of MMS-120-2002; 3.21 ohm or less is right" 2
# refused_by_check PATTERN...: --check-config says each of them, a line each, and exits with 2.
refused_by_check() {
	local code=0

	"$build/minimeterd" --config "$scratch/minimeter.conf" --check-config >"$scratch/out" 2>&1 || code=$?
	check "--check-config exits with 2, not $code" test "$code" = 2
	check "--check-config says $# errors: $(cat "$scratch/out")" test "$(wc -l <"$scratch/out")" = $#
	for pattern in "$@"; do
		check "--check-config says \"$pattern\": $(cat "$scratch/out")" grep -qe "$pattern" "$scratch/out"
	done
}

configure system "[meter house]" "model=MMS-120-2002" "serial=1   # the shop's meter" "element1=A" "output_10=GPIO1" "counter=GPIO1"
sed -i -e 's|^uri=.*|uri=127.0.0.1|' -e "s|^register=.*|&\ncopy=$scratch/copy|" "$scratch/minimeter.conf"
ln -s state/register.db "$scratch/copy"
refused_by_check 'conf:5: copy = .*own file' 'conf:8: uri = 127.0.0.1: .*is it ip:127.0.0.1?' 'conf:13: \[meter house\]: burden_ohm = 5.1' \
	'conf:14: serial = 1   # the shop.s meter: a # begins a comment only at the start of a line' \
	'conf:17: \[meter house\]: counter = GPIO1: this line is taken by output_10'
rm "$scratch/copy"
code=0
"$build/minimeterd" --config "$scratch/none.conf" >"$scratch/out" 2>&1 || code=$?
check "no such file" grep -q "none.conf: No such file" "$scratch/out"
code=0
"$build/minimeterd" --nonsense >"$scratch/out" 2>&1 || code=$?
check "an unknown option is a usage error" test "$code" = 2

# ---- Output lines, on emulated chips ----

export MM_GPIO_SHIM=$scratch/gpio
mkdir -p "$MM_GPIO_SHIM"
printf 'pinctrl-bcm2711\nGPIO0\nGPIO1\tleds\nGPIO2\n' >"$MM_GPIO_SHIM/gpiochip0"
touch "$MM_GPIO_SHIM/log"
gpio_meter() {
	configure system "${dual[@]}" "$@"
	sed -i 's/driver=trace/driver=gpiod/' "$scratch/minimeter.conf"
}
if [ -e "$build/tests/fixture/gpio_shim.so" ] && ! nm -D "$build/minimeterd" | grep -q __.san_; then
	export LD_PRELOAD=$build/tests/fixture/gpio_shim.so
	gpio_meter output_10=GPIO7
	refused "no such line" 'meter "house".*output 10.*GPIO7'
	gpio_meter output_100=GPIO1
	refused "a line in use" 'meter "house".*output 100.*GPIO1.*leds'
	gpio_meter output_10=GPIO0 output_100=gpiochip0:0
	refused "one line for two outputs" 'meter "house", output 100: .*gpiochip0:0.*output 10'
	gpio_meter output_10=gpiochip5:0
	refused "no such chip" 'meter "house".*gpiochip5'
	gpio_meter output_10=GPIO0 led_power=GPIO2
	: >"$MM_GPIO_SHIM/log"
	start_meter
	wait_for "the power LED" grep -q '^gpiochip0 2 set 1\|^0 2 set 1' "$MM_GPIO_SHIM/log"
	stop_meter KILL
	"$build/minimeterd" --config "$scratch/minimeter.conf" --safe-outputs
	check "--safe-outputs darkens the lines after a crash: $(tail -n 4 "$MM_GPIO_SHIM/log" | tr '\n' ';')" \
		test "$(grep -c ' request .* 0$' "$MM_GPIO_SHIM/log")" -ge 2
	unset LD_PRELOAD
else
	echo "the lines of emulated chips are left out: sanitizers do not go with a preloaded library"
fi
unset MM_GPIO_SHIM
rm -rf "$scratch/state"

# ---- The front end ----

configure system "${dual[@]}"
sed -i 's/^uri=.*/&\ndevice=nosuchchip/' "$scratch/minimeter.conf"
start_meter
wait_for "the daemon to say so" grep -q 'front end absent: .*nosuchchip' "$scratch/meter.err"
code=0
"$ctl" --socket "$scratch/sock" status >"$scratch/out" || code=$?
check "no such IIO device: exit 4" test "$code" = 4
check "no such IIO device: named" grep -q nosuchchip "$scratch/out"
stop_meter

# ---- The register ----

configure system "${dual[@]}"
start_meter
wait_for "readings" metered
stop_meter

# refused_both WHAT PATTERN: --check-config says what the start says.
refused_both() {
	local code=0

	refused "$1" "$2" 2
	mv "$scratch/out" "$scratch/said"
	"$build/minimeterd" --config "$scratch/minimeter.conf" --check-config >"$scratch/out" 2>&1 || code=$?
	check "$1: --check-config exits with 2, not $code" test "$code" = 2
	check "$1: --check-config says the same: $(cat "$scratch/out")" cmp -s "$scratch/out" <(grep -v ': stopped: ' "$scratch/said")
}
configure system "[meter other]" "model=MMD-120-2001-SCC" "serial=2002" "element1=A" "element2=B"
refused_both "another meter's register" '1001.*2002\|2002.*1001'
configure system "[meter house]" "model=MMD-120-1001-SCC" "serial=1001" "element1=A" "element2=B"
refused_both "the same serial with another model" "MMD-120-2001-SCC"
configure system "${dual[@]}"
cp "$scratch/state/register.db" "$scratch/good.db"
head -c 2000 "$scratch/good.db" >"$scratch/state/register.db"
mv "$scratch/state/register.db.copy" "$scratch/good.copy"
refused "a truncated register" "register.db"
check "a truncated register is left as it is" test "$(stat -c %s "$scratch/state/register.db")" = 2000
cp "$scratch/good.db" "$scratch/state/register.db"
mv "$scratch/good.copy" "$scratch/state/register.db.copy"
sed -i "s|^register=.*|register=$scratch/nowhere/register.db|" "$scratch/minimeter.conf"
refused "no such directory" "nowhere"
configure system "${dual[@]}"
start_meter
wait_for "readings" metered
code=0
timeout 20 "$build/minimeterd" --config "$scratch/minimeter.conf" >"$scratch/out" 2>&1 || code=$?
check "a second daemon on one register: exit 1" test "$code" = 1
check "a second daemon on one register is told so: $(cat "$scratch/out")" grep -q "register.db" "$scratch/out"
check "--check-config beside it" "$build/minimeterd" --config "$scratch/minimeter.conf" --check-config
check "the first goes on" metered
stop_meter

# A small file system of our own: read-only, and full.
if mkdir -p "$scratch/small" && mount -t tmpfs -o size=512k minimeter-test "$scratch/small" 2>/dev/null; then
	# The database is written often, so that it soon meets the full disk.
	sed -i "s|^register=.*|register=$scratch/small/register.db\ndatabase_wh=10|" "$scratch/minimeter.conf"
	mount -o remount,ro "$scratch/small"
	refused "a read-only state directory" "[Rr]ead-only"
	mount -o remount,rw "$scratch/small"
	start_meter
	wait_for "readings" metered
	dd if=/dev/zero of="$scratch/small/fill" bs=1k 2>/dev/null || true
	board load_a "20000 W"
	wait_for "the full disk to be noticed" register_is failing
	before=$(reading .delivered_uwh)
	code=0
	"$ctl" --socket "$scratch/sock" status >"$scratch/out" || code=$?
	check "a full disk: exit 4" test "$code" = 4
	check "a full disk: status says so" grep -qi 'full\|disk\|space' "$scratch/out"
	wait_for "metering to go on in memory" registered_more_than "$before"
	rm "$scratch/small/fill"
	wait_for "the register to catch up" register_is ok
	stop_meter
	umount "$scratch/small"
	configure system "${dual[@]}"
else
	echo "full and read-only disks are left out: no right to mount a tmpfs"
fi

# ---- Clients ----

start_meter
wait_for "readings" metered
noise() {
	timeout 10 socat - "UNIX-CONNECT:$scratch/sock" >/dev/null 2>&1 || true
}
head -c 100000 /dev/urandom | noise
printf '{"method":"org.minim' | noise
head -c 10000000 /dev/zero | tr '\0' 'x' | noise
head -c 60000 /dev/zero | tr '\0' '[' | noise
for ((i = 0; i < 100; i++)); do
	printf '{"method":"org.minimeter.Read","more":true}\0'
done | timeout 1 socat - "UNIX-CONNECT:$scratch/sock" >/dev/null 2>&1 || true
# One that asks for everything and never reads.
for ((i = 0; i < 3000; i++)); do
	printf '{"method":"org.minimeter.GetEvents"}\0'
done >"$scratch/requests"
timeout 5 socat -u "OPEN:$scratch/requests,ignoreeof" "UNIX-CONNECT:$scratch/sock" 2>/dev/null &
deaf=$!
check "the daemon answers others" metered
kill "$deaf" 2>/dev/null || true
check "the daemon is the one that was started" kill -0 "$meter_pid"
code=0
"$ctl" --socket "$scratch/sock" --meter nobody read >"$scratch/out" 2>&1 || code=$?
check "an unknown meter: exit 1, and those there are" test "$code" = 1
check "an unknown meter is answered with those there are" grep -q house "$scratch/out"
code=0
"$ctl" --socket "$scratch/nosock" read >"$scratch/out" 2>&1 || code=$?
check "no daemon: exit 3" test "$code" = 3
code=0
"$ctl" --socket "$scratch/sock" raed >"$scratch/out" 2>&1 || code=$?
check "an unknown command: exit 2" test "$code" = 2
check "an unknown command: the one that was meant" grep -q '\bread\b' "$scratch/out"
code=0
"$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" outputs test 10 1 >"$scratch/out" 2>&1 || code=$?
check "no test pulses on a bill" test "$code" = 1
check "a test of an LED is carried out" "$ctl" --socket "$scratch/sock" --admin-socket "$scratch/admin" outputs test led_power 1
check "and the event says by whom" grep -q "led_power inverted for 1 s by .*uid $(id -u)" "$scratch/meter.err"
finish
