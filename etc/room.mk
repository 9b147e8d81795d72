# SPDX-License-Identifier: MIT
# The example is documentation: what is connected to a board somebody has to say. Its directory waits for the file.
mmsysconfdir = $(sysconfdir)/minimeter
dist_doc_DATA = NEWS README.md SECURITY.md panel.svg
exampledir = $(docdir)/examples
dist_example_DATA = etc/minimeter.conf

install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(mmsysconfdir)'

dist_man_MANS += man/minimeter.7 man/minimeterd.8 man/minimeter.conf.5 man/minimeter-install.7
EXTRA_DIST += tests/check_style.sh tests/matrix.sh
dist_check_SCRIPTS += tests/check_examples.sh tests/check_manual.sh
TESTS += tests/check_examples.sh tests/check_manual.sh
if TESTS_ENABLED
dist_check_SCRIPTS += tests/config/check_config.sh
TESTS += tests/config/check_config.sh
endif

# README.md's picture: draw it again when the panel changes.
dist_noinst_SCRIPTS += tests/picture/panel.sh tests/picture/svg.py
.PHONY: picture
picture: all
	$(AM_TESTS_ENVIRONMENT) '$(srcdir)/tests/picture/panel.sh' '$(abs_top_srcdir)/panel.svg'
