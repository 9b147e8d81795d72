# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libsetup.a
libsetup_a_SOURCES = \
	src/setup/answers.c \
	src/setup/dialog.c \
	src/setup/install.c \
	src/setup/network.c \
	src/setup/options.c \
	src/setup/private.h \
	src/setup/proposals.c \
	src/setup/register.c \
	src/setup/setup.c src/setup/setup.h \
	src/setup/start.c

sbin_PROGRAMS += minimeter-setup
minimeter_setup_SOURCES = src/setup/main.c
minimeter_setup_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
minimeter_setup_LDADD = libsetup.a libconfig.a libafe.a libmetrology.a libbilling.a liboutputs.a libstore.a libclock.a libclient.a libvarlink.a libcore.a libbase.a \
	$(SYSTEMD_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) $(IIO_LIBS) $(GPIOD_LIBS) $(SQLITE_LIBS) $(CRYPTO_LIBS)
dist_man_MANS += man/minimeter-setup.8

if TESTS_ENABLED
check_PROGRAMS += tests/setup/check_setup
dist_check_SCRIPTS += tests/setup/setup_lists.sh
TESTS += tests/setup/check_setup tests/setup/setup_lists.sh
tests_setup_check_setup_SOURCES = tests/setup/check_setup.c tests/setup/check_setup.h tests/setup/check_setup_dialog.c \
	tests/setup/check_setup_files.c tests/setup/check_setup_register.c tests/setup/check_setup_start.c \
	tests/setup/check_setup_unattended.c $(fake_daemon_sources)
EXTRA_tests_setup_check_setup_DEPENDENCIES = minimeter-setup
endif
