# SPDX-License-Identifier: MIT
# What systemd and udev read; --with-systemdsystemunitdir=no installs none of it.
mm_units = systemd/minimeterd.service systemd/minimeterd.socket systemd/minimeterd-admin.socket systemd/minimeter-afe-prepare.service \
	systemd/minimeter-sim.service
EXTRA_DIST += $(mm_units:=.in) systemd/afe-prepare systemd/minimeter.catalog systemd/sysusers.d/minimeter.conf \
	systemd/tmpfiles.d/minimeter.conf etc/90-minimeter.rules
CLEANFILES += $(mm_units)

if SYSTEMD_UNITS
systemdsystemunit_DATA = $(mm_units)
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = systemd/sysusers.d/minimeter.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
tmpfiles_DATA = systemd/tmpfiles.d/minimeter.conf
udevrulesdir = $(prefix)/lib/udev/rules.d
udevrules_DATA = etc/90-minimeter.rules
catalogdir = $(prefix)/lib/systemd/catalog
catalog_DATA = systemd/minimeter.catalog
helperdir = $(libexecdir)/minimeter
helper_SCRIPTS = systemd/afe-prepare
endif

# configure's own substitution would leave $${exec_prefix} in the paths.
$(mm_units): Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && $(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
		-e 's|@libexecdir[@]|$(libexecdir)|g' -e 's|@pkgdatadir[@]|$(pkgdatadir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
		-e '$(systemd_254)' '$(srcdir)/$@.in' >$@.tmp && mv $@.tmp $@
systemd/minimeterd.service: systemd/minimeterd.service.in
systemd/minimeterd.socket: systemd/minimeterd.socket.in
systemd/minimeterd-admin.socket: systemd/minimeterd-admin.socket.in
systemd/minimeter-afe-prepare.service: systemd/minimeter-afe-prepare.service.in
systemd/minimeter-sim.service: systemd/minimeter-sim.service.in

if TESTS_ENABLED
dist_check_SCRIPTS += tests/check_catalog.sh tests/check_units.sh tests/check_afe_prepare.sh
TESTS += tests/check_catalog.sh tests/check_units.sh tests/check_afe_prepare.sh
check_DATA = $(mm_units)
endif
