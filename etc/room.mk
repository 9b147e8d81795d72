# SPDX-License-Identifier: MIT
# The example is documentation: what is connected to a board somebody has to say. Its directory waits for the file.
mmsysconfdir = $(sysconfdir)/minimeter
dist_doc_DATA = README.md
exampledir = $(docdir)/examples
dist_example_DATA = etc/minimeter.conf

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(mmsysconfdir)'

dist_man_MANS += man/minimeterd.8 man/minimeter.conf.5 man/minimeter-install.7
EXTRA_DIST += tests/check_style.sh tests/matrix.sh
if TESTS_ENABLED
dist_check_SCRIPTS += tests/config/check_config.sh
TESTS += tests/config/check_config.sh
endif
