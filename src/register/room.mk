# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libregister.a
libregister_a_SOURCES = src/register/open.c src/register/register.h src/register/schema.c src/register/schema.h \
	src/register/store.c src/register/store.h src/register/worker.c
libregister_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
