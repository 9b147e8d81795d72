#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds the kernel's driver of the ADE9000 for each kernel whose headers are installed here, without a warning. `make check-kernel`
# builds it for the kernels of Debian 12 and 13, wherever it runs.
#
# Needs MM_SRCDIR (make check sets it).
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
built=0
for headers in "${MM_MODULES:-/lib/modules}"/*/build; do
	if [ ! -e "$headers/Makefile" ]; then
		continue
	fi
	kernel=$(basename "$(dirname "$headers")")
	mkdir "$work/$kernel"
	cp "$MM_SRCDIR"/src/kernel/*.[ch] "$MM_SRCDIR/src/kernel/Kbuild" "$work/$kernel"
	if ! MAKEFLAGS='' make -s -C "$headers" M="$work/$kernel" W=1 modules >"$work/log" 2>&1 ||
		grep -v 'Skipping BTF' "$work/log" | grep -iE '(warning|error)'; then
		cat "$work/log"
		echo "not ok the driver builds for $kernel"
		exit 1
	fi
	echo "ok the driver builds for $kernel"
	built=$((built + 1))
done
if [ $built = 0 ]; then
	echo "skipped: no headers of a kernel are installed (Debian: linux-headers-amd64)"
	exit 77
fi
