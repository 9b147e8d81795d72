# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/ctl/check_ctl.h \
	tests/fixture/afe_fixture.h \
	tests/fixture/answers.h \
	tests/fixture/crash_log.h \
	tests/fixture/crash_private.h \
	tests/fixture/diagnosis_fixture.h \
	tests/fixture/fake_daemon.h \
	tests/fixture/fault_vfs.h \
	tests/fixture/fuzz.h \
	tests/fixture/gpio_shim.h \
	tests/fixture/gpio_shim_lines.h \
	tests/fixture/journal_fixture.h \
	tests/fixture/let_run.h \
	tests/fixture/manager.h \
	tests/fixture/meter_fixture.h \
	tests/fixture/metering_fixture.h \
	tests/fixture/metrology_fixture.h \
	tests/fixture/older_memory.h \
	tests/fixture/older_slot.h \
	tests/fixture/older_store.h \
	tests/fixture/outputs_fixture.h \
	tests/fixture/random.h \
	tests/fixture/recover_fixture.h \
	tests/fixture/restart_fixture.h \
	tests/fixture/sim_fixture.h \
	tests/fixture/slot_fixture.h \
	tests/fixture/store_fixture.h \
	tests/fixture/suite.h \
	tests/fixture/terminal.h \
	tests/fixture/varlink_fixture.h \
	tests/fixture/window_fixture.h \
	tests/fixture/zone.h
dist_check_SCRIPTS += tests/check_layering.sh tests/check_missing.sh tests/check_version.sh tests/man_options.sh
TESTS += tests/check_layering.sh tests/check_missing.sh tests/check_version.sh tests/man_options.sh
EXTRA_DIST += tests/checks.sh

# For tests/matrix.sh: what runs our code, which each compiler builds in its own way; and of that, what has threads. The sanitizer
# of threads doesn't know pthread_clockjoin_np(): in check_front_ends what follows the end of a thread looks like a race.
source_tests = tests/check_afe_prepare.sh tests/check_catalog.sh tests/check_layering.sh tests/check_missing.sh tests/check_overlays.sh \
	tests/check_units.sh tests/check_version.sh tests/config/check_config.sh tests/ctl/completion.sh tests/ctl/ctl_lists.sh tests/man_options.sh
compiled_tests = $(filter-out $(source_tests), $(TESTS))
threaded_tests = $(filter-out tests/metering/check_front_ends, $(filter tests/base/check_thread tests/clock/% tests/client/% tests/metering/% tests/outputs/check_lcd tests/service/% \
	tests/sim/check_sim_server tests/store/check_mirror% tests/store/check_worker tests/varlink/check_% \
	$(addprefix tests/e2e/, calibrate.sh correct.sh front_end.sh harmonics.sh kill.sh preset.sh verify.sh waveform.sh), $(TESTS)))

# make distcheck removes what its tests left: where MM_RESULTS names a directory, that has it afterwards.
installcheck-local:
	test -z "$$MM_RESULTS" || find tests -name '*.trs' -o -name '*.log' | tar -cf - -T - | tar -xf - -C "$$MM_RESULTS"

# The long forms of the tests that the section on reliability of EVIDENCE.md quotes, and their figures.
EXTRA_DIST += tests/EVIDENCE.md
dist_noinst_SCRIPTS += tests/reliability.sh tests/wear.sh
.PHONY: check-register
check-register: all
	$(MAKE) -s check TESTS=
	MM_SRCDIR='$(abs_top_srcdir)' MM_BUILDDIR='$(abs_top_builddir)' '$(srcdir)/tests/reliability.sh'

# Builds and runs the unit tests for the boards' architectures; not part of check, because it installs a Debian to build in.
EXTRA_DIST += tests/cross.sh
.PHONY: check-cross
check-cross: distdir
	'$(srcdir)/tests/cross.sh' '$(abs_top_builddir)/$(distdir)'

# Shows that each fault handled has a test that fails without the handling.
EXTRA_DIST += tests/edits.sh tests/handling.sh tests/handling.txt
.PHONY: check-handling
check-handling: distdir
	'$(srcdir)/tests/handling.sh' '$(abs_top_builddir)/$(distdir)'

# Boots a Debian's systemd in namespaces, for tests of what is installed: the service as systemd sees it. Needs root.
EXTRA_DIST += tests/systemd/boot.sh
dist_noinst_SCRIPTS += tests/systemd/check.sh
.PHONY: check-systemd
check-systemd: distdir
	'$(srcdir)/tests/systemd/check.sh' '$(abs_top_builddir)/$(distdir)' $(SYSTEMD_CASES)

# Builds the Debian packages, and installs, upgrades and purges them in Debians of their own.
EXTRA_DIST += tests/deb/check.sh tests/deb/lintian-bookworm tests/deb/lintian-trixie tests/deb/misread.sh tests/deb/upgrade-from
.PHONY: check-deb
check-deb: distdir
	'$(srcdir)/tests/deb/check.sh' '$(abs_top_builddir)/$(distdir)' '$(abs_top_builddir)/deb' $(DEB_STEPS)
