# SPDX-License-Identifier: MIT
# The virtual board: `make check-vm` builds the release in an image of Debian and runs it under QEMU (see check.sh).
dist_noinst_SCRIPTS += tests/vm/check.sh tests/vm/image.sh tests/vm/resets.py
EXTRA_DIST += tests/vm/disk.py tests/vm/board-spi.h tests/vm/board-spi.c tests/vm/ade9000-chip.c tests/vm/mcp3912-chip.c tests/vm/board/board.sh tests/vm/board/counting tests/vm/board/lines tests/vm/board/scenarios tests/vm/board/resets \
	tests/vm/board/wire tests/vm/board/samples tests/vm/board/probe \
	tests/vm/board/board-lines.service tests/vm/board/board-scenarios.service tests/vm/board/board-resets.service \
	tests/vm/board/minimeter.conf

.PHONY: check-vm
check-vm: dist
	'$(srcdir)/tests/vm/check.sh' '$(distdir).tar.xz' $(VM_SCENARIOS)
