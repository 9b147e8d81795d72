#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# make check-register: what the README's section on reliability says, measured again. Each test prints its figures; the last line
# counts them. Arguments choose tests by name; none means all. Takes some hours.
set -u
: "${MM_BUILDDIR:=.}" "${MM_SRCDIR:=.}"
export MM_BUILDDIR MM_SRCDIR
passed=0
failed=0
chosen=" $* "

# long NAME COMMAND...: runs a test in its long form, and shows what it prints but for the counts of passed cases.
long() {
	local name=$1 out

	shift
	if [ "$chosen" != "  " ] && [[ $chosen != *" $name "* ]]; then
		return
	fi
	echo "== $name: $*"
	if out=$(CK_VERBOSITY=minimal CK_TIMEOUT_MULTIPLIER=10 "$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	grep -vE '^(Running suite|minimeterd: |minimeter-sim: )' <<<"$out"
}

cd "$MM_BUILDDIR" || exit 1
long crash env MM_CRASH_VARIANTS=136 tests/check_register_crash
long damage env MM_DAMAGE_PLACES=64 tests/check_register_damage
long faults tests/check_register_fault
long copy-faults tests/check_register_copy
long kill-daemon env MM_KILLS=3334 tests/check_restart
long kill-writer env MM_KILL_ROUNDS=2000 tests/check_register_kill
long tamper tests/check_register_verify
long ten-years tests/check_register
long clock tests/check_clock_matrix
long wear "$MM_SRCDIR/tests/wear.sh"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
