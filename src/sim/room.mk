# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libsim.a
libsim_a_SOURCES = src/sim/ade9000.c src/sim/ade9000.h src/sim/board.c src/sim/board.h src/sim/context.c src/sim/context.h \
	src/sim/flow.c src/sim/flow.h src/sim/iiod.c src/sim/iiod.h src/sim/scenario.c src/sim/scenario.h src/sim/server.c \
	src/sim/server.h src/sim/state.c src/sim/state.h
libsim_a_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS)

bin_PROGRAMS += minimeter-sim
minimeter_sim_SOURCES = src/sim/main.c
minimeter_sim_LDADD = libsim.a $(INIH_LIBS)
