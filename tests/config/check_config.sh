#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The example configuration, the man pages and the daemon must agree.
set -u

failed=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

sed -nE 's/^#?([a-z_0-9]+) =.*/\1/p' "$MM_SRCDIR/etc/minimeter.conf" | sort -u >"$work/example"
sed -nE 's/^\.It Cm ([a-z_0-9]+) .*/\1/p' "$MM_SRCDIR/man/minimeter.conf.5" | sort -u >"$work/manual"
if ! diff -u "$work/example" "$work/manual"; then
	echo "FAIL: etc/minimeter.conf and man/minimeter.conf.5 name different keys"
	failed=1
fi

# Message identifiers are an interface.
grep -oE '"[0-9a-f]{32}"' "$MM_SRCDIR/src/base/events.h" | tr -d '"' | sort -u >"$work/ids"
sed -nE 's/^\.It .* Ta ([0-9a-f]{32})$/\1/p' "$MM_SRCDIR/man/minimeterd.8" | sort >"$work/manual"
if ! diff -u "$work/ids" "$work/manual" || [ ! -s "$work/ids" ]; then
	echo "FAIL: src/base/events.h and man/minimeterd.8 name different message identifiers"
	failed=1
fi

# The client names the file that the daemon reads.
configuration() {
	grep -aoE '/[!-~]*/minimeter/minimeter\.conf' "$MM_BUILDDIR/$1" | sort -u
}
if [ "$(configuration minimeterctl)" != "$(configuration minimeterd)" ]; then
	echo "FAIL: minimeterctl's configuration is $(configuration minimeterctl), minimeterd's $(configuration minimeterd)"
	failed=1
fi

# Copied untouched the example begins no register: it has no serial number.
"$MM_BUILDDIR/minimeterd" --check-config --config "$MM_SRCDIR/etc/minimeter.conf" 2>"$work/err"
if [ $? != 2 ] || [ "$(wc -l <"$work/err")" != 1 ] || ! grep -q 'serial is missing' "$work/err"; then
	cat "$work/err"
	echo "FAIL: the untouched example is not refused for its serial number alone"
	failed=1
fi

# With every key spoken out, so that the defaults shown are right as well.
sed 's/^#serial =$/serial = 4711/' "$MM_SRCDIR/etc/minimeter.conf" >"$work/example.conf"
sed -E -e 's/^#([a-z_0-9]+ = .)/\1/' -e 's/^#(\[[a-z0-9 -]+\])$/\1/' -e '/=[[:space:]]*$/d' "$work/example.conf" >"$work/full.conf"
for config in "$work/example.conf" "$work/full.conf"; do
	if ! "$MM_BUILDDIR/minimeterd" --check-config --config "$config"; then
		echo "FAIL: the daemon refuses $config"
		failed=1
	fi
done

# What is printed is a configuration that says the same.
"$MM_BUILDDIR/minimeterd" --print-config --config "$work/full.conf" >"$work/printed.conf"
for config in full printed; do
	"$MM_BUILDDIR/minimeterd" --print-config --config "$work/$config.conf" | sed -e '/^#/d' -e 's/ *; .*//' >"$work/$config"
done
if ! diff -u "$work/full" "$work/printed" || [ ! -s "$work/full" ]; then
	echo "FAIL: what --print-config prints is read as something else"
	failed=1
fi

# The chips that the daemon knows are those that the manual page lists.
printf '[front-end]\ndriver = ?\n' >"$work/driver.conf"
"$MM_BUILDDIR/minimeterd" --check-config --config "$work/driver.conf" 2>&1 | sed -nE 's/.*must be one of //p' | tr '|' '\n' >"$work/chips"
sed -n '/^\.It Cm driver No = Ar chip$/,/^Default:/p' "$MM_SRCDIR/man/minimeter.conf.5" | sed '$d' |
	grep -oE '\b(ade|mcp|ads|ad7)[0-9a-z]+(-[a-z]+)?' | awk '!seen[$0]++' >"$work/manual"
if ! diff -u "$work/chips" "$work/manual" || [ ! -s "$work/chips" ]; then
	echo "FAIL: the daemon and man/minimeter.conf.5 know different chips"
	failed=1
fi

# What the configured chip does not take is a warning.
sed -e 's/^driver = ade9000$/driver = mcp3912/' -e 's/^\(burden_ohm[_abc]*\) = .*/\1 = 3.3/' "$work/full.conf" >"$work/mcp3912.conf"
if ! "$MM_BUILDDIR/minimeterd" --check-config --config "$work/mcp3912.conf" 2>"$work/err" || ! grep -q 'takes no sample_rate$' "$work/err"; then
	cat "$work/err"
	echo "FAIL: a key that the chip does not take is not warned of"
	failed=1
fi

# A key that nobody knows is refused with file and line.
printf '\nnonsense = 1\n' >>"$work/full.conf"
line=$(wc -l <"$work/full.conf")
if "$MM_BUILDDIR/minimeterd" --check-config --config "$work/full.conf" 2>"$work/err" || ! grep -q "full.conf:$line:" "$work/err"; then
	cat "$work/err"
	echo "FAIL: an unknown key is not refused with file and line"
	failed=1
fi
exit $failed
