# SPDX-License-Identifier: MIT
# The kernel's driver of the ADE9000: DKMS builds it where it runs (package minimeter-dkms), nothing of it is built here.
EXTRA_DIST += src/kernel/.clang-format src/kernel/Kbuild src/kernel/dkms.conf \
	src/kernel/attributes.c \
	src/kernel/bus.c \
	src/kernel/chip.c \
	src/kernel/line.c \
	src/kernel/main.c \
	src/kernel/meter.h \
	src/kernel/registers.h \
	src/kernel/windows.c

# What builds Linux's own drivers where a kernel lacks them; nothing of them is here.
EXTRA_DIST += src/kernel/linux/driver src/kernel/linux/mcp3911/dkms.conf src/kernel/linux/ti-ads131e08/dkms.conf

dist_check_SCRIPTS += tests/kernel/build.sh tests/kernel/linux.sh
TESTS += tests/kernel/build.sh tests/kernel/linux.sh

# Against the kernels of Debian 12, 13 and their backports, for all boards; not part of check, because it installs their headers.
dist_noinst_SCRIPTS += tests/kernel/check.sh
.PHONY: check-kernel
check-kernel:
	'$(srcdir)/tests/kernel/check.sh' '$(srcdir)/src/kernel' $(KERNELS)
