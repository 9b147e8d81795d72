# SPDX-License-Identifier: MIT
# Device tree overlays, compiled and installed where there is a dtc.
overlay_sources = dts-overlays/minimeter-ade9000.dtso dts-overlays/minimeter-mcp3912.dtso dts-overlays/minimeter-lcd.dtso \
	dts-overlays/minimeter-lcd-i2c.dtso dts-overlays/minimeter-bone-ade9000.dtso dts-overlays/minimeter-bone-ade9000-irq.dtso
overlays = $(overlay_sources:.dtso=.dtbo)
EXTRA_DIST += $(overlay_sources)
CLEANFILES += $(overlays)

# A parameter called label is no label.
SUFFIXES = .dtso .dtbo
.dtso.dtbo:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(DTC) -W no-label_is_string -@ -I dts -O dtb -o $@ $<

.PHONY: overlays
overlays: $(overlays)

if HAVE_DTC
overlaysdir = $(pkgdatadir)/overlays
overlays_DATA = $(overlays)
endif

if TESTS_ENABLED
dist_check_SCRIPTS += tests/check_overlays.sh
TESTS += tests/check_overlays.sh
endif

dist_man_MANS += man/minimeter-boards.7
