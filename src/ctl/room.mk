# SPDX-License-Identifier: MIT
noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	src/ctl/calibrate.c src/ctl/calibrate.h src/ctl/calibrate_steps.c \
	src/ctl/call.c \
	src/ctl/check.c src/ctl/check.h \
	src/ctl/check_dialog.c \
	src/ctl/check_items.c \
	src/ctl/check_sheet.c \
	src/ctl/check_state.c \
	src/ctl/check_watch.c \
	src/ctl/commands.c \
	src/ctl/correct.c \
	src/ctl/ctl.c \
	src/ctl/diagnose.c src/ctl/diagnose.h \
	src/ctl/events.c \
	src/ctl/help.c \
	src/ctl/history.c src/ctl/history.h \
	src/ctl/label.c src/ctl/label.h \
	src/ctl/message.c \
	src/ctl/metrics.c \
	src/ctl/options.c \
	src/ctl/overview.c src/ctl/overview.h \
	src/ctl/panel.c src/ctl/panel.h \
	src/ctl/plot.c src/ctl/plot.h \
	src/ctl/preset.c \
	src/ctl/private.h \
	src/ctl/profile.c \
	src/ctl/proof.c \
	src/ctl/rates.c src/ctl/rates.h \
	src/ctl/read.c src/ctl/read.h \
	src/ctl/reference.c src/ctl/reference.h \
	src/ctl/reload.c \
	src/ctl/screen.c src/ctl/screen.h \
	src/ctl/span.c \
	src/ctl/statement.c \
	src/ctl/statement_document.c src/ctl/statement_document.h \
	src/ctl/status.c \
	src/ctl/trend.c src/ctl/trend.h \
	src/ctl/verify.c \
	src/ctl/watch.c \
	src/ctl/when.c src/ctl/when.h \
	src/ctl/writer.c src/ctl/writer.h

libctl_a_CPPFLAGS = $(AM_CPPFLAGS) -DSYSCONFDIR='"$(sysconfdir)"'

bin_PROGRAMS += minimeterctl
minimeterctl_SOURCES = src/ctl/main.c
minimeterctl_LDADD = libctl.a $(client_libs) libcore.a $(NCURSES_LIBS) $(QRENCODE_LIBS)
dist_man_MANS += man/minimeterctl.1 man/minimeter-billing.7

# Where each shell looks; Debian's zsh looks in vendor-completions.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_bashcompletion_DATA = etc/completion/minimeterctl
dist_zshcompletion_DATA = etc/completion/_minimeterctl
dist_fishcompletion_DATA = etc/completion/minimeterctl.fish
# The scripts have the tables of commands and options, put there when these change: a build needs no program that it has just built.
dist_noinst_SCRIPTS += etc/completion/update.sh
.PHONY: completions
completions: tests/ctl/print_completion
	'$(srcdir)/etc/completion/update.sh' tests/ctl/print_completion '$(srcdir)'/etc/completion/*minimeterctl*

if TESTS_ENABLED
check_PROGRAMS += tests/ctl/check_ctl tests/ctl/check_fuzz_reference
check_PROGRAMS += tests/ctl/print_completion
tests_ctl_print_completion_SOURCES = tests/ctl/print_completion.c
dist_check_SCRIPTS += tests/ctl/completion.sh tests/ctl/ctl_lists.sh
TESTS += tests/ctl/check_ctl tests/ctl/check_fuzz_reference tests/ctl/completion.sh tests/ctl/ctl_lists.sh
tests_ctl_check_ctl_SOURCES = tests/ctl/check_ctl.c tests/ctl/check_ctl_check.c tests/ctl/check_ctl_dialog.c tests/ctl/check_ctl_errors.c tests/ctl/check_ctl_hidden.c tests/ctl/check_ctl_history.c tests/ctl/check_ctl_proof.c tests/ctl/check_ctl_script.c tests/ctl/check_ctl_service.c tests/ctl/check_ctl_sizes.c tests/ctl/check_ctl_texts.c tests/ctl/check_ctl_watch.c tests/ctl/check_ctl_width.c $(fake_daemon_sources) tests/fixture/grid.c tests/fixture/grid.h tests/fixture/terminal.c
tests_ctl_check_fuzz_reference_SOURCES = tests/ctl/fuzz_reference.c tests/fixture/fuzz_driver.c
endif

if FUZZERS
noinst_PROGRAMS += tests/ctl/fuzz_reference
tests_ctl_fuzz_reference_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
