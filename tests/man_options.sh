#!/bin/bash
# SPDX-License-Identifier: MIT
# Each option that minimeterd and minimeter-sim list with --help has its paragraph in their pages, and the reverse; ctl_lists.sh and
# setup_lists.sh do this for the others.
set -u
failures=0

# options_of PROGRAM, paragraphs_of PAGE: the options, one a line.
options_of()
{
	"$MM_BUILDDIR/$1" --help | sed -nE 's/^ +(-[a-zA-Z], )?--([a-z-]+).*/\2/p' | LC_ALL=C sort -u
}

paragraphs_of()
{
	sed -nE 's/^\.It (Fl [a-zA-Z] , )?Fl (Fl |-)([a-z-]+).*/\3/p' "$MM_SRCDIR/man/$1" | LC_ALL=C sort -u
}

for page in minimeterd.8 minimeter-sim.1; do
	if ! diff -u --label "$page" <(paragraphs_of "$page") --label --help <(options_of "${page%.*}"); then
		failures=$((failures + 1))
	fi
	[ "$(options_of "${page%.*}" | wc -l)" -ge 5 ] || failures=$((failures + 1))
done
echo "man_options: $failures failures"
exit $((failures > 0))
