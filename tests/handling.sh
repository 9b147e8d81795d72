#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Does each fault that is handled have a test that fails without the handling? Takes the handling of one fault after the other out
# of a copy of the source, and demands that its test, which passes as the source is, then fails. tests/handling.txt names them.
#
# usage: handling.sh SOURCE [WORD]; SOURCE is an unpacked release, of which a copy is made; WORD chooses faults by their text
set -eu

readonly word=${2:-}
scratch=$(mktemp -d)
readonly scratch source=$scratch/source build=$scratch/build log=$scratch/log
trap 'rm -rf "$scratch"' EXIT
cp -a "$1" "$source"
export MM_SRCDIR=$source MM_BUILDDIR=$build CK_VERBOSITY=verbose

# shellcheck source=tests/edits.sh
. "$source/tests/edits.sh"

faults=()
edits=()
tests=()
declare -A program tcase as_it_is

give_up() {
	echo "handling.sh: $*" >&2
	exit 2
}

# The faults that are chosen.
read_table() {
	local key value fault='' edit=''
	while read -r key value; do
		case $key in
		fault:) fault=$value ;;
		edit:) edit=$value ;;
		test:)
			if [[ $fault == *"$word"* ]]; then
				faults+=("$fault")
				edits+=("$edit")
				tests+=("$value")
			fi
			;;
		'' | '#'*) ;;
		*) give_up "tests/handling.txt: \"$key\" is neither fault:, edit: nor test:" ;;
		esac
	done <"$source/tests/handling.txt"
	[ ${#faults[@]} -gt 0 ] || give_up "no fault has \"$word\" in its text"
}

# Warnings of what an edit leaves unused are none of our business.
build() {
	mkdir "$build"
	(cd "$build" && "$source/configure" --quiet CFLAGS='-O1 -w') &&
		make -s -j2 -C "$build" all && make -s -j2 -C "$build" check TESTS=
}

# Where a test of Check is: its program and its case, by its name alone. Of two cases the second one has more rounds.
find_test() {
	local file variable name
	case $1 in
	*.sh) return ;;
	esac
	file=$(grep -lE "^START_TEST\($1\)" "$source"/tests/*/*.c) || give_up "no test is named $1"
	[ -e "$file" ] || give_up "more than one test is named $1"
	variable=$(sed -nE "s/.*tcase_add_(loop_)?test\((\w+), $1[,)].*/\2/p" "$file" | tail -n 1)
	name=$(grep -oE "\b$variable = tcase_create\(\"[^\"]*" "$file")
	tcase[$1]=${name#*\"}
	program[$1]=$(find "$build/tests" -maxdepth 2 -name 'check_*' -type f -executable -exec nm -A {} + |
		sed -n "s|^$build/\(.*\):.* t $1_fn\$|\1|p")
	[[ ${program[$1]} =~ ^[a-z0-9/_]+$ ]] || give_up "not one program has the test $1"
}

# run TEST LOG: the script, or the whole case that a test of Check is in
run() {
	local status=0
	case $1 in
	*.sh) (cd "$build" && timeout 300 "$source/$1") >"$2" 2>&1 || status=$? ;;
	*) (cd "$build" && CK_RUN_CASE=${tcase[$1]} timeout 300 "${program[$1]}") >"$2" 2>&1 || status=$? ;;
	esac
	echo "exit status $status" >>"$2"
}

# outcome TEST LOG: passes, fails, or what else has happened
outcome() {
	case $1,$(tail -n 1 "$2") in
	*.sh,*\ 0) echo passes ;;
	*.sh,*\ 77) echo "is skipped" ;;
	*.sh,*\ 1) echo fails ;;
	*)
		if grep -qE ":[FE]:${tcase[$1]-}:$1:" "$2"; then
			echo fails
		elif grep -qE ":P:${tcase[$1]-}:$1:" "$2"; then
			echo passes
		else
			echo "has no result ($(tail -n 1 "$2"))"
		fi
		;;
	esac
}

# without PLACE EXPRESSION TEST: the outcome with an edit of the source
without() {
	local file lines
	read -r file lines < <(edit_lines "$source" "$1")
	if [ -z "$file" ]; then
		echo "has no such place: $1"
		return
	fi
	cp "$source/$file" "$scratch/as-it-is"
	edited "$source" "$file" "$2" "$lines" >"$scratch/edited"
	if cmp -s "$scratch/edited" "$scratch/as-it-is"; then
		echo "has an edit that applies to nothing in $1"
		return
	fi
	cp "$scratch/edited" "$source/$file"
	# One after the other: all is a make of its own.
	if make -s -j2 -C "$build" all >"$log" 2>&1 && make -s -C "$build" "${program[$3]-all}" >>"$log" 2>&1; then
		run "$3" "$log"
		outcome "$3" "$log"
	else
		echo "does not build with its edit: $(grep -m 1 error: "$log")"
	fi
	cp "$scratch/as-it-is" "$source/$file"
}

read_table
build >"$log" 2>&1 || {
	tail -n 20 "$log"
	give_up "the source does not build"
}
for test in "${tests[@]}"; do
	find_test "$test"
	before=${program[$test]-$test}-${tcase[$test]-}
	before=$scratch/${before//\//-}
	[ -e "$before" ] || run "$test" "$before"
	as_it_is[$test]=$(outcome "$test" "$before")
done
wrong=0
for i in "${!faults[@]}"; do
	test=${tests[i]}
	seen=${as_it_is[$test]}
	if [ "$seen" != passes ]; then
		verdict="NOT SHOWN: $seen as the source is"
	else
		seen=$(without "${edits[i]%% *}" "${edits[i]#* }" "$test")
		[ "$seen" = fails ] && verdict="fails without it" || verdict="NOT SHOWN: $seen without it"
	fi
	[ "$verdict" = "fails without it" ] || wrong=$((wrong + 1))
	printf '%-66s %-58s %s\n' "${faults[i]}" "$test" "$verdict"
done
echo "${#faults[@]} faults, $((${#faults[@]} - wrong)) of them with a test that fails without the handling; $SECONDS s"
[ $wrong = 0 ]
