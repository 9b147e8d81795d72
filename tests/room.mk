# SPDX-License-Identifier: MIT
dist_check_SCRIPTS += tests/check_layering.sh
TESTS += tests/check_layering.sh

# The long forms of the tests that the README's section on reliability quotes, and their figures.
dist_noinst_SCRIPTS += tests/reliability.sh tests/wear.sh
.PHONY: check-register
check-register: all
	$(MAKE) -s check TESTS=
	MM_SRCDIR='$(abs_top_srcdir)' MM_BUILDDIR='$(abs_top_builddir)' '$(srcdir)/tests/reliability.sh'

# Builds and runs the unit tests for the boards' architectures; not part of check, because it installs a Debian to build in.
EXTRA_DIST += tests/cross.sh
.PHONY: check-cross
check-cross: distdir
	'$(srcdir)/tests/cross.sh' '$(abs_top_builddir)/$(distdir)'

# Shows that each fault handled has a test that fails without the handling.
EXTRA_DIST += tests/handling.sh tests/handling.txt
.PHONY: check-handling
check-handling: distdir
	'$(srcdir)/tests/handling.sh' '$(abs_top_builddir)/$(distdir)'
