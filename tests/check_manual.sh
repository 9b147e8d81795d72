#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The manual as a whole: each page is in the index and leads there, is in README.md and in a package; each reference among the pages
# leads to a page. README.md is short, and its links lead to what is installed beside it. The lines of minimeter-sim(1) that start a
# meter by hand start one.
set -u

cd "$MM_SRCDIR" || exit 99
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$MM_SRCDIR/tests/checks.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# ---- Pages ----

pages=(man/*.[1-8])
for page in "${pages[@]}"; do
	file=${page#man/}
	name=${file%.*}
	section=${file##*.}
	if [ "$name" != minimeter ]; then
		check "minimeter(7) has $name($section)" grep -qxF ".It Xr $name $section" man/minimeter.7
		check "$name($section) leads to minimeter(7)" grep -qE '^\.Xr minimeter 7( ,)?$' "$page"
	fi
	check "README.md has $name($section) in its table" grep -qF "| $name($section) |" README.md
	check "a package has $file" grep -qxF "usr/share/man/man$section/$file" debian/*.manpages
done
while read -r name section; do
	check "there is a page $name($section)" test -e "man/$name.$section"
done < <(sed -nE 's/^\.(It )?Xr (minimeter[a-z.-]*) ([0-9]).*/\2 \3/p' "${pages[@]}" | sort -u)

# ---- README.md ----

check "README.md has at most 130 lines" test "$(wc -l <README.md)" -le 130
installed=$(sed -n 's/^dist_doc_DATA = //p' etc/room.mk)
read_in_source=$(sed -n '/^In the source/,$p' README.md)
while read -r link; do
	check "README.md: there is $link" test -e "$link"
	if ! grep -qwF -- "$link" <<<"$installed"; then
		check "README.md: $link is not installed, and it doesn't say so" grep -qF "($link)" <<<"$read_in_source"
	fi
done < <(grep -oE '\]\([^)#]+\)' README.md | tr -d '()]' | grep -v '^https\?:' | sort -u)

# ---- A meter started by hand: the lines of the page, on a port of its own and with the programs that were built ----

sed -n '/^mkdir -p ~\/trial/,/^\.Ed/p' man/minimeter-sim.1 | grep -v '^\.Ed' >"$work/lines"
check "minimeter-sim(1) has the lines" test "$(wc -l <"$work/lines")" -ge 20
port=$((20000 + RANDOM % 10000))
sed -e "s,/usr/share/minimeter/,$MM_SRCDIR/etc/,; s,/usr/sbin/,,; s,^uri = .*,&:$port,; s,^minimeter-sim,& --port $port," \
	-e 's,--seconds 30,--seconds 300,' "$work/lines" >"$work/script"
code=0
HOME=$work PATH=$MM_BUILDDIR:$PATH bash -euc "$(cat "$work/script")
	kill %1 %2
	wait" >"$work/out" 2>&1 || code=$?
check "the meter started by hand ends with 0, not $code" test "$code" = 0
check "it shows its reading" grep -q '^trial .*serial TRIAL-1' "$work/out"
[ "$failed" = 0 ] || cat "$work/out"
exit $failed
