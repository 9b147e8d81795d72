#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a machine can see of the house style. One line for each check: "ok WHAT", "not ok WHAT" after what is wrong,
# or "skip WHAT" where its tool is missing.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
failed=0

# The files people wrote, without what builds left.
files() {
	find . \( -name .git -o -name autom4te.cache -o -name build-aux -o -path './build*' -o -path './minimeter-*' \) -prune -o \
		-type f \( "$@" \) -print | sort
}

# check WHAT COMMAND...: right when it succeeds
check() {
	local what=$1
	shift
	if ! command -v "$1" >/dev/null; then
		echo "skip $what: no $1"
	elif "$@"; then
		echo "ok $what"
	else
		echo "not ok $what"
		failed=1
	fi
}

# none GREP-ARGUMENT...: right when grep finds nothing (1) and could read all (not 2)
none() {
	grep -nHE "$@"
	[ $? = 1 ]
}

# The page as groff sees it; warnings of the local set-up ("cannot adjust line") count as well.
man_warnings() {
	local page said status=0
	for page; do
		said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
		if [ -n "$said" ]; then
			printf '%s\n' "$said"
			status=1
		fi
	done
	return "$status"
}

spdx() {
	local file licence status=0
	for file; do
		case $file in
		./src/kernel/*) licence=GPL-2.0-only ;;
		*) licence=MIT ;;
		esac
		if ! head -n 2 "$file" | grep -q "SPDX-License-Identifier: $licence"; then
			echo "$file: no SPDX line at the top"
			status=1
		fi
	done
	return "$status"
}

# shellcheck source=tests/edits.sh
. tests/edits.sh

# Each edit that takes a handling out has something to take out.
handlings() {
	local key place expression file lines status=0
	while read -r key place expression; do
		if [ "$key" = edit: ]; then
			read -r file lines < <(edit_lines . "$place")
			if [ -z "$file" ]; then
				status=1
			elif edited . "$file" "$expression" "$lines" | cmp -s - "$file"; then
				echo "tests/handling.txt: nothing in $place for $expression"
				status=1
			fi
		fi
	done <tests/handling.txt
	return "$status"
}

mapfile -t c < <(files -name '*.[ch]')
mapfile -t scripts < <(files ! -name '*.[ch]' -exec grep -qE -m 1 '^#!/(usr/bin/env )?(bin/)?(ba)?sh' {} \;)
mapfile -t pages < <(files -path './man/*.[1-8]')
mapfile -t all < <(files ! -name COPYING ! -name configure ! -name 'configure~' ! -name 'config.h.in*' ! -name Makefile.in ! -name aclocal.m4)

check "clang-format ($(clang-format --version 2>/dev/null | grep -oE '[0-9.]+' | head -n 1))" clang-format --dry-run -Werror "${c[@]}"
check "shellcheck" shellcheck -x -S warning "${scripts[@]}"
check "mandoc -Tlint" mandoc -Tlint -W warning "${pages[@]}"
check "man --warnings" man_warnings "${pages[@]}"
check "SPDX lines" spdx "${c[@]}" "${scripts[@]}"

check "edits of tests/handling.txt" handlings
check "nothing unfinished" none '\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b' "${all[@]}"
check "no path of somebody's machine" none '(^|[^A-Za-z0-9_.])/(home|root|Users|w[o]rk|farm|var/tmp)/' "${all[@]}"
check "no space at line ends" none '[ 	]+$' "${all[@]}"
check "descriptions of packages fit 79 columns" none '^ .{79}' debian/control
exit $failed
