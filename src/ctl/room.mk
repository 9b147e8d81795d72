# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = src/ctl/call.c src/ctl/commands.c src/ctl/ctl.c src/ctl/ctl.h src/ctl/panel.c src/ctl/panel.h \
	src/ctl/profile.c src/ctl/read.c src/ctl/read.h src/ctl/watch.c src/ctl/when.c src/ctl/when.h src/ctl/writer.c src/ctl/writer.h
libctl_a_CFLAGS = $(AM_CFLAGS) $(NCURSES_CFLAGS)

bin_PROGRAMS += minimeterctl
minimeterctl_SOURCES = src/ctl/main.c
minimeterctl_LDADD = libctl.a libvarlink.a $(JANSSON_LIBS) $(NCURSES_LIBS)
