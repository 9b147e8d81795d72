#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every test, and each checker on what it can find something in, out of tree in build/check:
#
#   style      what is seen in the source alone
#   dist       the release: make distcheck by gcc, hardened, with all tests
#   accuracy   registered energy through the whole chain
#   asan       clang, with the sanitizers of addresses and undefined behaviour: all that runs our code, but for ten years of it; of sweeps
#              over all faults, changes and moments a part, which goes the same ways
#   tsan       gcc, with the sanitizer of threads: what has threads (threaded_tests)
#   valgrind   gcc: the Check programs without their slow cases
#
# The last line is "N passed, N failed, N skipped": cases of Check programs, scripts, builds and checks each count. ./bootstrap
# check installs what this uses and runs it. Arguments choose steps; none means all. JOBS sets how much runs at a time.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

readonly top=$PWD
readonly out=$top/build/check
readonly logs=$top/build/logs
passed=0
failed=0
skipped=0
readonly limit='timeout -k 10 1800' # for what hangs
readonly jobs=${JOBS:-$(($(nproc) + 1))} # some tests wait
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

# build NAME CONFIGURE-ARGUMENT...: programs, ready for their tests
build() {
	local dir=$out/$1
	rm -rf "$dir"
	mkdir -p "$dir"
	check "$1" env -C "$dir" "$top/configure" --quiet --enable-werror "${@:2}" && check "$1" make -s -j"$jobs" -C "$dir" all
}

# list NAME VARIABLE: the words of a make variable of a build
list() {
	make -s -C "$out/$1" --eval="list: ; @echo \$($2)" list
}

# run NAME TESTS: builds and runs tests of a build
run() {
	local dir=$out/$1 programs
	programs="$(list "$1" "filter-out %.sh,$2") $(list "$1" 'filter-out $(TESTS),$(check_PROGRAMS)')"
	find "$dir/tests" -name '*.trs' -delete
	check "$1" make -s -j"$jobs" -C "$dir" check TESTS= check_PROGRAMS="$programs" || return
	make -s -j"$jobs" -C "$dir" check TESTS="$2" check_PROGRAMS="$programs" LOG_COMPILER="$limit ${runner[*]}" \
		>>"$logs/$1.log" 2>&1 </dev/null
	count_tests "$dir"
}

# works COMPILER FLAG COMMAND...: does a program built so run here? Containers forbid some of what sanitizers need.
works() {
	echo 'int main(void) { return 0; }' | "$1" -x c "$2" -o "$out/probe" - && "${@:3}" "$out/probe" >/dev/null 2>&1
}

# built: the gcc build without tests, made once
built() {
	[ -e "$out/gcc/Makefile" ] || build gcc CC=gcc
}

# The release, built from its archive with warnings as errors, out of a tree that nobody may write to. What its tests leave is
# copied out before make distcheck removes it.
step_dist() {
	title="make distcheck: gcc, hardened, warnings are errors"
	local results=$out/results
	built || return
	rm -rf "$results"
	mkdir -p "$results"
	check dist env MM_RESULTS="$results" make -s -j"$jobs" -C "$out/gcc" distcheck \
		DISTCHECK_CONFIGURE_FLAGS='CC=gcc --enable-werror' LOG_COMPILER="$limit"
	if [ ! -e "$results/tests" ]; then # it failed before the end
		results=$(echo "$out"/gcc/minimeter-*/_build/sub)
	fi
	[ ! -e "$results/tests" ] || count_tests "$results"
}

# Registered energy through the whole chain against what has flowed.
step_accuracy() {
	title="accuracy of registered energy"
	built && check accuracy make -s -C "$out/gcc" check-accuracy-short
}

step_asan() {
	local leaks=1
	title="clang, address and undefined-behaviour sanitizers"
	if ! works clang -fsanitize=address env ASAN_OPTIONS=detect_leaks=1; then
		leaks=0
		title+=", no leaks (ptrace)"
	fi
	build asan CC=clang CFLAGS='-g -O1' --enable-sanitizer=address,undefined &&
		ASAN_OPTIONS=detect_leaks=$leaks CK_TIMEOUT_MULTIPLIER=30 CK_EXCLUDE_TAGS=size MM_FAULT_STEP=3 MM_TAMPER_STEP=4 \
			MM_CRASH_VARIANTS=2 MM_KILL_ROUNDS=60 KILL_ROUNDS=3 run asan "$(list asan compiled_tests)"
}

step_tsan() {
	title="thread sanitizer: what has threads"
	# Older run times can't place their shadow memory under much address randomisation.
	if ! works gcc -fsanitize=thread env; then
		runner=(setarch -R)
		if ! works gcc -fsanitize=thread "${runner[@]}"; then
			title+=": does not run on this kernel"
			skipped=$((skipped + 1))
			return
		fi
	fi
	build tsan CC=gcc CFLAGS='-g -O1' --enable-sanitizer=thread &&
		CK_TIMEOUT_MULTIPLIER=30 run tsan "$(list tsan threaded_tests)"
	runner=()
}

# The Check programs once more, but for the cases that take seconds even without. The table of wirings is a thousand times the same sums.
step_valgrind() {
	title="valgrind"
	built || return
	runner=(valgrind -q --suppressions="$top/tests/valgrind.supp" --leak-check=full --show-leak-kinds=definite --error-exitcode=99)
	CK_FORK=no CK_EXCLUDE_TAGS=slow MM_CRASHES=40 MM_FUZZ_RUNS=4000 run gcc "$(list gcc 'filter-out %.sh tests/diagnosis/wiring,$(TESTS)')"
	runner=()
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
	set -- style dist accuracy asan tsan valgrind
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
