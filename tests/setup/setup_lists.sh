#!/bin/sh
# SPDX-License-Identifier: MIT
# The man page of minimeter-setup has exactly the options of --help, and its examples of a configuration are taken.
set -u

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

"$MM_BUILDDIR/minimeter-setup" --help | sed -nE 's/^  --([a-z0-9-]+).*/\1/p' | sort >"$work/help"
sed -nE 's/^\.It Fl Fl ([a-z0-9-]+).*/\1/p' "$MM_SRCDIR/man/minimeter-setup.8" | sort >"$work/manual"
if ! diff -u "$work/help" "$work/manual" || [ ! -s "$work/help" ]; then
	echo "FAIL: minimeter-setup --help and man/minimeter-setup.8 have different options"
	failed=1
fi

# The second example, with another root and the program of this build.
sed -nE '/^minimeter-setup --unattended --root/,/^\.Ed/{/^\.Ed/!p}' "$MM_SRCDIR/man/minimeter-setup.8" |
	sed -e 's/\\e$/\\/' -e "s|^minimeter-setup|\"$MM_BUILDDIR/minimeter-setup\" --config /m.conf|" -e "s|/mnt/card|$work/card|" >"$work/example"
if ! sh "$work/example" || ! "$MM_BUILDDIR/minimeterd" --check-config --config "$work/card/m.conf"; then
	cat "$work/example"
	echo "FAIL: the example of man/minimeter-setup.8"
	failed=1
fi
exit $failed
