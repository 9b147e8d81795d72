#!/bin/bash
# SPDX-License-Identifier: MIT
# The man page and the shell completion know exactly the commands and options that minimeterctl --help lists.
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

# complete WORD...: what is offered for the last word.
complete_words()
{
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_minimeterctl
	printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort
}

help=$(minimeterctl --help) || exit 1
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\( [a-z]\+\)*\).*/\1/p' <<<"$help")
options=$(sed -n 's/^  \(-[a-zA-Z], \)\?\(--[a-z-]*\).*/\2/p' <<<"$help")
[[ $(wc -l <<<"$commands") -ge 9 && $(wc -l <<<"$options") -ge 12 ]] || { echo "no commands or options in --help"; exit 1; }

same "commands in the man page" "$commands" "$(sed -n 's/^\.It Cm \([a-z][a-z ]*[a-z]\).*/\1/p' "$page")"
same "options in the man page" "$options" "$(sed -n 's/^\.It \(Fl [a-zA-Z] , \)\?Fl Fl \([a-z-]*\).*/--\2/p' "$page")"

# shellcheck source=/dev/null
source "$MM_SRCDIR/etc/completion/minimeterctl"
same "first word" "$(printf '%s\n' "$commands" "$options" | cut -d ' ' -f 1 | LC_ALL=C sort -u)" "$(complete_words minimeterctl '')"
same "a command's start" "nameplate" "$(complete_words minimeterctl --json na)"
same "outputs test" "test" "$(complete_words minimeterctl outputs t)"
same "calibrate" "history" "$(complete_words minimeterctl calibrate hi)"
same "options of a command" $'--admin-socket\n--after\n--all' "$(complete_words minimeterctl events --a)"
same "no options of others" "" "$(complete_words minimeterctl --socket /x read --cs)"
same "times" "yesterday" "$(complete_words minimeterctl profile --from y)"

echo "ctl_lists: $(wc -l <<<"$commands") commands, $(wc -l <<<"$options") options, $failures failures"
exit $((failures > 0))
