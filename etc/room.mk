# SPDX-License-Identifier: MIT
# The configuration is installed where there is none and taken away only if it was never changed.
EXTRA_DIST += etc/minimeter.conf
mmsysconfdir = $(sysconfdir)/minimeter
dist_doc_DATA = README.md etc/minimeter.conf

install-data-local:
	@$(MKDIR_P) '$(DESTDIR)$(mmsysconfdir)'
	@if test -e '$(DESTDIR)$(mmsysconfdir)/minimeter.conf'; then \
		echo "keeping $(DESTDIR)$(mmsysconfdir)/minimeter.conf; the new example is in $(docdir)"; \
	else \
		$(INSTALL_DATA) '$(srcdir)/etc/minimeter.conf' '$(DESTDIR)$(mmsysconfdir)/minimeter.conf'; \
	fi

uninstall-local:
	@if cmp -s '$(srcdir)/etc/minimeter.conf' '$(DESTDIR)$(mmsysconfdir)/minimeter.conf'; then \
		rm -f '$(DESTDIR)$(mmsysconfdir)/minimeter.conf'; \
	fi

dist_man_MANS += man/minimeterd.8 man/minimeter.conf.5 man/minimeter-install.7
EXTRA_DIST += tests/check_style.sh tests/matrix.sh
if TESTS_ENABLED
dist_check_SCRIPTS += tests/config/check_config.sh
TESTS += tests/config/check_config.sh
endif
