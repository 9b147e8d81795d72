#!/bin/bash
# SPDX-License-Identifier: MIT
# The man page knows exactly the commands and options that minimeterctl --help lists.
set -u
PATH=$MM_BUILDDIR:$PATH
page=$MM_SRCDIR/man/minimeterctl.1
failures=0

same()
{
	if [[ $2 != "$3" ]]; then
		printf '%s:\n--- wanted\n%s\n--- found\n%s\n' "$1" "$2" "$3"
		failures=$((failures + 1))
	fi
}

help=$(minimeterctl --help) || exit 1
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\( [a-z]\+\)*\).*/\1/p' <<<"$help")
options=$(sed -n 's/^  \(-[a-zA-Z], \)\?\(--[a-z-]*\).*/\2/p' <<<"$help")
[[ $(wc -l <<<"$commands") -ge 9 && $(wc -l <<<"$options") -ge 12 ]] || { echo "no commands or options in --help"; exit 1; }

same "commands in the man page" "$commands" "$(sed -n 's/^\.It Cm \([a-z][a-z ]*[a-z]\).*/\1/p' "$page")"
same "options in the man page" "$options" "$(sed -n 's/^\.It \(Fl [a-zA-Z] , \)\?Fl Fl \([a-z-]*\).*/--\2/p' "$page")"

echo "ctl_lists: $(wc -l <<<"$commands") commands, $(wc -l <<<"$options") options, $failures failures"
exit $((failures > 0))
