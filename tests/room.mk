# SPDX-License-Identifier: MIT
dist_check_SCRIPTS += tests/check_layering.sh
TESTS += tests/check_layering.sh

# Builds and runs the unit tests for the boards' architectures; not part of check, because it installs a Debian to build in.
EXTRA_DIST += tests/cross.sh
.PHONY: check-cross
check-cross: distdir
	'$(srcdir)/tests/cross.sh' '$(abs_top_builddir)/$(distdir)'
