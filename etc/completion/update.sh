#!/bin/bash
# SPDX-License-Identifier: MIT
# update.sh PRINT_COMPLETION FILE...: puts the tables that the program prints between the two marks of each file.
set -eu
table=$("$1")
shift
for file; do
	{
		sed '/^# table$/q' "$file"
		case $file in
		*.fish) echo "set -g __minimeterctl_table '" ;;
		*) echo "_minimeterctl_table='" ;;
		esac
		printf "%s\n'\n" "$table"
		sed -n '/^# end of table$/,$p' "$file"
	} >"$file.new"
	mv "$file.new" "$file"
done
