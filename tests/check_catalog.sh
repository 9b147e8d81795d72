#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Does the journal catalog explain each message that the daemon gives an identifier, and nothing else, in the form that systemd
# reads?
set -u

catalog=$MM_SRCDIR/systemd/minimeter.catalog
failed=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

grep -oE '"[0-9a-f]{32}"' "$MM_SRCDIR/src/base/events.h" | tr -d '"' | sort -u >"$work/ids"
sed -n 's/^-- //p' "$catalog" | sort >"$work/explained"
if ! diff -u "$work/ids" "$work/explained" || [ ! -s "$work/ids" ]; then
	echo "FAIL: src/base/events.h and systemd/minimeter.catalog name different message identifiers"
	failed=1
fi

# Each entry has the same four headers, a blank line and a text.
awk '
	function done() { if (id != "" && (headers != "Subject Defined-By Support Documentation " || !text)) { print id ": " headers; bad = 1 } }
	/^#/ { next }
	/^-- / { done(); id = $2; headers = ""; text = 0; body = 0; next }
	!body && /^$/ { body = 1; next }
	!body { sub(/:.*/, ""); headers = headers $0 " "; next }
	/./ { text = 1 }
	END { done(); exit bad }
' "$catalog" || { echo "FAIL: an entry is not whole"; failed=1; }

# systemd itself reads as many entries.
if command -v journalctl >/dev/null; then
	mkdir -p "$work/root/usr/lib/systemd/catalog" "$work/root/var/lib/systemd/catalog"
	cp "$catalog" "$work/root/usr/lib/systemd/catalog"
	journalctl --root="$work/root" --update-catalog 2>"$work/err"
	read_by_systemd=$(journalctl --root="$work/root" --list-catalog 2>>"$work/err" | grep -c ' minimeter: ')
	if [ "$read_by_systemd" != "$(wc -l <"$work/ids")" ]; then
		cat "$work/err"
		echo "FAIL: systemd reads $read_by_systemd entries of $(wc -l <"$work/ids")"
		failed=1
	fi
fi
exit $failed
