# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = src/daemon/config.c src/daemon/config.h src/daemon/daemon.c src/daemon/daemon.h src/daemon/engine.c src/daemon/engine.h \
	src/daemon/front_end.c src/daemon/front_end.h src/daemon/log.c src/daemon/log.h src/daemon/messages.h src/daemon/player.c \
	src/daemon/player.h src/daemon/server.c src/daemon/server.h src/daemon/service.c src/daemon/service.h
libdaemon_a_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS) $(JANSSON_CFLAGS) $(INIH_CFLAGS)

sbin_PROGRAMS += minimeterd
minimeterd_SOURCES = src/daemon/main.c
minimeterd_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'
minimeterd_LDADD = libdaemon.a libafe.a libregister.a liboutputs.a libvarlink.a libcore.a libclock.a $(SYSTEMD_LIBS) $(JANSSON_LIBS) \
	$(INIH_LIBS) $(IIO_LIBS) $(GPIOD_LIBS) $(SQLITE_LIBS)
