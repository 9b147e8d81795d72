#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# make check-register: what EVIDENCE.md says on reliability, measured again. Each test prints its figures and which
# assertions failed, the last line counts the tests; how long each took goes to stderr. Arguments choose tests by name; none means
# all, in about half an hour: what measures time runs alone and first, the wear of half an hour beside all others, and of these two
# at a time.
set -eu
: "${MM_BUILDDIR:=.}" "${MM_SRCDIR:=.}"
export MM_BUILDDIR MM_SRCDIR CK_VERBOSITY=normal CK_TIMEOUT_MULTIPLIER=10
cd "$MM_BUILDDIR"

# name, command
tests=(
	'ten-years||tests/store/check_size'
	'cursor|MM_CRASHES=10000|tests/store/check_cursor'
	'migrate|MM_CRASH_VARIANTS=40|tests/store/check_migrate'
	'crash|MM_CRASH_VARIANTS=136|tests/store/check_crash'
	'damage|MM_DAMAGE_PLACES=64|tests/store/check_damage'
	'faults||tests/store/check_fault'
	'copy-faults||tests/store/check_mirror'
	'kill-held|MM_KILLS=3334 CK_RUN_CASE=kills,held|tests/metering/check_restart_kills'
	'kill-dark|MM_KILLS=3334 CK_RUN_CASE=kills,dark|tests/metering/check_restart_kills'
	'kill-bare|MM_KILLS=3334 CK_RUN_CASE=kills,bare|tests/metering/check_restart_kills'
	'kill-writer|MM_KILL_ROUNDS=2000|tests/store/check_kill'
	'tamper||tests/store/check_verify'
	'clock||tests/store/check_clock_matrix'
	"wear||$MM_SRCDIR/tests/wear.sh"
)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# run ROW: one test, its output and exit status into files
run() {
	local name variables command status=0 began=$SECONDS

	IFS='|' read -r name variables command <<<"$1"
	# shellcheck disable=SC2086
	env $variables "$command" >"$results/$name" 2>&1 </dev/null || status=$?
	echo "$status" >"$results/$name.status"
	echo "$name took $((SECONDS - began)) s" >&2
}

# run_unclaimed ROW...: those that nobody else has begun, one after another; as many as like do that beside each other
run_unclaimed() {
	local row

	for row; do
		if mkdir "$results/${row%%|*}.claimed" 2>/dev/null; then
			run "$row"
		fi
	done
}

# is_named NAME: one of the tests is called so
is_named() {
	local row

	for row in "${tests[@]}"; do
		if [ "${row%%|*}" = "$1" ]; then
			return 0
		fi
	done
	return 1
}

for name; do
	if ! is_named "$name"; then
		echo "there is no test '$name'; there are: ${tests[*]%%|*}" >&2
		exit 2
	fi
done
chosen=()
beside=()
for row in "${tests[@]}"; do
	if [ $# = 0 ] || [[ " $* " == *" ${row%%|*} "* ]]; then
		chosen+=("$row")
	fi
done
for row in "${chosen[@]}"; do
	case $row in
	ten-years*) run "$row" ;;
	wear*) run "$row" & ;;
	*) beside+=("$row") ;;
	esac
done
# What they take of the processors must not make the daemons of the wear miss windows.
renice -n 10 $$ >/dev/null || true # they may be lower already
run_unclaimed "${beside[@]}" &
run_unclaimed "${beside[@]}"
wait

passed=0
failed=0
skipped=0
for row in "${chosen[@]}"; do
	IFS='|' read -r name variables command <<<"$row"
	echo "== $name: ${variables:+$variables }$command"
	grep -vE '^(Running suite|minimeterd: |minimeter-sim: )' "$results/$name" || true # a test may say nothing
	case $(cat "$results/$name.status") in
	0)
		if grep -q 'Checks: 0,' "$results/$name"; then
			failed=$((failed + 1)) # a case of that name is not there
		else
			passed=$((passed + 1))
		fi
		;;
	77) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
