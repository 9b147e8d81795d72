# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The edits of tests/handling.txt: a place and an expression of sed -E. The place is a function, a macro or a table by its name,
# wherever it is defined, so that a move does not break the edit; ROOM/NAME where two rooms have one of that name; or a file, for what is
# outside of functions. Of a function only its own lines are edited.

# edit_lines TOP PLACE: prints the file, and the lines of it as an address of sed ("" for all). Fails with a message.
edit_lines() {
	local top=$1 place=$2 room='*' name found
	if [ -e "$top/$place" ]; then
		echo "$place"
		return
	fi
	name=${place##*/}
	if [ "$name" != "$place" ]; then
		room=${place%/*}
	fi
	# A definition starts at the margin and has no semicolon before its body.
	# shellcheck disable=SC2046,SC2086 # the patterns must expand
	found=$(cd "$top" && awk -v name="$name" '
		FNR == 1 { head = "" }
		$0 ~ "^#define " name "([^A-Za-z0-9_]|$)" { print FILENAME, FNR "," FNR; next }
		$0 ~ "^[a-z].*[ *]" name "\\(" { head = FNR }
		$0 ~ "^[a-z].*[ *]" name "\\[.*= [{]$" { begin = FNR }
		head && /;$/ { head = "" }
		head && /^\{/ { begin = head; head = "" }
		begin && /^\}/ { print FILENAME, begin "," FNR; begin = 0 }
		' src/$room/*.[ch] $(compgen -G "src/$room/*/*.[ch]"))
	case $found in
	'') echo "tests/handling.txt: nothing is named $place" >&2 && return 1 ;;
	*$'\n'*) echo "tests/handling.txt: $place is ambiguous: ${found//$'\n'/, }" >&2 && return 1 ;;
	esac
	echo "$found"
}

# edited TOP FILE EXPRESSION [LINES]: prints the file with the edit
edited() {
	sed -E "${4:-}{
$3
}" "$1/$2"
}
