#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What ./bootstrap demo says and shows, with the programs that are built: options, the second terminal, JSON, and the panel.
set -u

demo=$MM_SRCDIR/bootstrap
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$MM_SRCDIR/tests/checks.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
unset MINIMETER_SOCKET MINIMETER_ADMIN_SOCKET

for tool in jq script; do
	if ! command -v "$tool" >/dev/null; then
		echo "skipped: $tool is not installed"
		exit 77
	fi
done

# refused WORDS OPTION...: wrong usage, before anything is installed, built or started
refused() {
	local words=$1 code=0
	shift
	"$demo" demo "$@" >"$work/out" 2>&1 || code=$?
	check "demo $* exits with 2, not $code" test "$code" = 2
	check "demo $* says $words: $(cat "$work/out")" grep -q -- "$words" "$work/out"
}

names=$(basename -s .conf "$MM_SRCDIR"/etc/scenarios/*.conf | paste -sd ' ')
refused "one of: $names;" --scenario nowhere
refused "one of: $names;" --scenario
refused "whole number" --seconds 0
refused "no option '--fast'" --fast

"$demo" help >"$work/help"
check "help has the scenarios" test "$(sed -n '/^demo stops/,$s/^  \([a-z]*\) .*/\1/p' "$work/help" | LC_ALL=C sort | paste -sd ' ')" = "$names"

# Without a terminal: one JSON object, and all the rest on standard error.
"$demo" demo --scenario tenants --seconds 1 >"$work/out" 2>"$work/err" || { cat "$work/err"; failed=1; }
check "two meters that meter" test "$(jq -c '[.meters[] | [.name, .valid]]' "$work/out")" = '[["flat",true],["shop",true]]'
for words in "^Two tenants on" "^    minimeterctl read$" "^    minimeterctl status$" "^    minimeterctl check$" \
	"^    minimeterctl diagnose$" "^What to try next" "^    ./bootstrap demo --scenario solar$"; do
	check "it says $words" grep -q "$words" "$work/err"
done
check "not what was just shown" test "$(grep -c 'scenario tenants' "$work/err")" = 0
check "nothing is left behind" test -z "$(find "$work" -maxdepth 1 -name 'minimeter-demo.*')"

# A scenario may be one of a fault, which is no failure of the demonstration.
code=0
"$demo" demo --scenario reversed --seconds 1 >"$work/out" 2>"$work/err" || code=$?
check "a fault is shown, with exit status $code" test "$code" = 0
check "and what to try next" grep -q "^What to try next" "$work/err"

# In a terminal the panel is drawn; meanwhile what it offers for a second terminal works as it is.
mkfifo "$work/keys"
COLUMNS=100 TERM=xterm script -qefc "'$demo' demo" /dev/null <"$work/keys" >"$work/screen" 2>&1 &
exec 4>"$work/keys"
for ((tries = 0; tries < 1200; tries++)); do
	! grep -q "^Enter shows the panel" "$work/screen" || break
	sleep 0.1
done
lines=$(tr -d '\r' <"$work/screen" | sed -n '/second terminal/,/diagnose/s/^    //p' | grep -v ' check$')
check "there are lines to paste" test "$(wc -l <<<"$lines")" = 6
code=0
bash -euc "$lines" >"$work/second" 2>&1 || code=$?
check "they work, not $code: $(cat "$work/second")" test "$code" = 0
check "and show the meter" grep -q "serial DEMO-1" "$work/second"
printf '\r' >&4
for ((tries = 0; tries < 1200; tries++)); do
	! grep -q "pulse outputs" "$work/screen" || break
	sleep 0.1
done
check "the panel is drawn" grep -q "pulse outputs" "$work/screen"
printf q >&4
wait $! || { echo "FAILED: the demonstration ends with $?"; failed=1; }
exec 4>&-
check "it ends with what to try" grep -q "^What to try next" "$work/screen"
[ "$failed" = 0 ] || { tr -d '\r' <"$work/screen" | tail -n 40; cat "$work/err"; }
exit $failed
