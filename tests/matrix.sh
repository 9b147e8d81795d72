#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every test under every compiler and checker there is, out of tree in build/check. The last line is "N passed, N failed,
# N skipped": cases of Check programs, scripts, builds and checks each count. ./bootstrap check installs what this uses and
# runs it. Arguments choose steps: gcc accuracy clang asan tsan valgrind distcheck style; none means all.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

readonly top=$PWD
readonly out=$top/build/check
readonly logs=$top/build/logs
passed=0
failed=0
skipped=0
readonly limit='timeout -k 10 600'
runner=() # goes before each test
broken=() # logs of tests that failed in this step

# count_tests DIR: adds up what make check left there. A Check program counts its cases, anything else counts as one.
count_tests() {
	local trs checks failures errors cases bad
	while read -r trs; do
		cases=0 bad=0
		while read -r checks failures errors; do
			cases=$((cases + checks)) bad=$((bad + failures + errors))
		done < <(sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+)$/\1 \2 \3/p' "${trs%.trs}.log")
		case $(sed -n 's/^:test-result: *//p' "$trs") in
		PASS*) passed=$((passed + (cases > 0 ? cases : 1))) ;;
		SKIP*) skipped=$((skipped + 1)) ;;
		*) # failed, or died of a signal or a leak after its last case
			passed=$((passed + cases - bad)) failed=$((failed + (bad > 0 ? bad : 1)))
			broken+=("${trs%.trs}.log")
			;;
		esac
	done < <(find "$1/tests" -name '*.trs' | sort)
}

# check LOG COMMAND...: whatever it does counts as one
check() {
	local log=$logs/$1.log
	shift
	if "$@" >>"$log" 2>&1 </dev/null; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		return 1
	fi
}

# build NAME CONFIGURE-ARGUMENT...: programs and tests, ready to run
build() {
	local dir=$out/$1
	rm -rf "$dir"
	mkdir -p "$dir"
	check "$1" env -C "$dir" "$top/configure" --quiet --enable-werror "${@:2}" &&
		check "$1" make -s -j2 -C "$dir" all && check "$1" make -s -j2 -C "$dir" check TESTS=
}

# run NAME MAKE-ARGUMENT...: the tests of a build, each within ten minutes
run() {
	local dir=$out/$1
	find "$dir/tests" -name '*.trs' -delete
	make -s -j2 -C "$dir" check LOG_COMPILER="$limit ${runner[*]}" "${@:2}" >>"$logs/$1.log" 2>&1 </dev/null
	count_tests "$dir"
}

# works FLAG COMMAND...: does a program built with the flag run here? Containers forbid some of what sanitizers need.
works() {
	echo 'int main(void) { return 0; }' | gcc -x c "$1" -o "$out/probe" - && "${@:2}" "$out/probe" >/dev/null 2>&1
}

step_gcc() {
	title="gcc, hardened, warnings are errors"
	build gcc CC=gcc && run gcc
}

# Registered energy through the whole chain against what has flowed, by the gcc build.
step_accuracy() {
	title="accuracy of registered energy"
	[ -e "$out/gcc/Makefile" ] || build gcc CC=gcc || return
	check accuracy make -s -C "$out/gcc" check-accuracy-short
}

step_clang() {
	title="clang, warnings are errors"
	build clang CC=clang && run clang
}

step_asan() {
	local leaks=1
	title="address and undefined-behaviour sanitizers"
	if ! works -fsanitize=address env ASAN_OPTIONS=detect_leaks=1; then
		leaks=0
		title+=", no leaks (ptrace)"
	fi
	build asan CC=gcc CFLAGS='-g -O1' --enable-sanitizer=address,undefined &&
		ASAN_OPTIONS=detect_leaks=$leaks CK_TIMEOUT_MULTIPLIER=10 run asan
}

step_tsan() {
	title="thread sanitizer"
	# Older run times can't place their shadow memory under much address randomisation.
	if ! works -fsanitize=thread env; then
		runner=(setarch -R)
		if ! works -fsanitize=thread "${runner[@]}"; then
			title+=": does not run on this kernel"
			skipped=$((skipped + 1))
			return
		fi
	fi
	build tsan CC=gcc CFLAGS='-g -O1' --enable-sanitizer=thread && CK_TIMEOUT_MULTIPLIER=10 run tsan
	runner=()
}

# The Check programs of the gcc build once more, but for the cases that take seconds even without.
step_valgrind() {
	local programs
	title="valgrind"
	: >"$logs/valgrind.log"
	[ -e "$out/gcc/Makefile" ] || build gcc CC=gcc || return
	# shellcheck disable=SC2016 # make expands it
	programs=$(make -s -C "$out/gcc" --eval='list-tests: ; @echo $(filter-out %.sh,$(TESTS))' list-tests)
	runner=(valgrind -q --suppressions="$top/tests/valgrind.supp" --leak-check=full --show-leak-kinds=definite --error-exitcode=99)
	CK_FORK=no CK_EXCLUDE_TAGS=slow run gcc TESTS="$programs"
	runner=()
}

step_distcheck() {
	title="make distcheck"
	[ -e "$out/gcc/Makefile" ] || build gcc CC=gcc || return
	check distcheck make -s -j2 -C "$out/gcc" distcheck && return
	mapfile -t broken < <(grep -lE '^:test-result: *(FAIL|ERROR)' "$out"/gcc/minimeter-*/_build/sub/tests/*.trs "$out"/gcc/minimeter-*/_build/sub/tests/*/*.trs)
	broken=("${broken[@]/%.trs/.log}")
}

step_style() {
	title="formatting, scripts, man pages, layers"
	tests/check_style.sh >"$logs/style.log" 2>&1
	passed=$((passed + $(grep -c '^ok ' "$logs/style.log")))
	failed=$((failed + $(grep -c '^not ok ' "$logs/style.log")))
	skipped=$((skipped + $(grep -c '^skip ' "$logs/style.log")))
}

# step NAME: runs it and says in one line how it went; what failed is shown
step() {
	local p=$passed f=$failed s=$skipped since=$SECONDS title=$1 log=$logs/$1.log test
	: >"$log"
	broken=()
	"step_$1"
	printf '%-55s %5d passed %3d failed %3d skipped  %4d s\n' \
		"$title" $((passed - p)) $((failed - f)) $((skipped - s)) $((SECONDS - since))
	for test in "${broken[@]}"; do
		echo "--- $test"
		grep -vE ':P:' "$test" | head -n 20
	done
	if [ "$failed" -gt "$f" ] && [ ${#broken[@]} = 0 ]; then
		grep -E '(error|warning|Error|FAIL|not ok)|^[^ ]*:[0-9]+:' "$log" | head -n 20
		echo "--- $log"
		tail -n 10 "$log"
	fi
}

if [ $# = 0 ]; then
	set -- style gcc accuracy clang asan tsan valgrind distcheck
fi
rm -rf "$logs"
mkdir -p "$out" "$logs"
if check autoreconf autoreconf -fi; then
	for name; do
		step "$name"
	done
else
	tail -n 20 "$logs/autoreconf.log"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
