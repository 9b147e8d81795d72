// SPDX-License-Identifier: GPL-2.0-only
/* 50 or 60 Hz: the chip follows the fundamental within 5 Hz of either. */
#include <linux/math64.h>
#include <linux/string.h>

#include "meter.h"
#include "registers.h"

/* Below 1 % of the full-scale code of 52866837 there is no line to follow. */
#define LINE_RMS_MIN 528668
/* So many windows in a row have to agree before it is changed. */
#define LINE_WINDOWS 3

/* 8 kHz * 2^16 / (PERIOD + 1), in mHz. */
static u32 millihertz(u32 period)
{
	return div64_u64((u64)SAMPLE_HZ * 65536 * 1000 + period / 2,
			 (u64)period + 1);
}

/* Does the line have the frequency that is not selected? */
static bool other_line(const struct meter *m, const struct window *w)
{
	bool is_60 = m->accmode & ACCMODE_60HZ;
	unsigned int phase;

	for (phase = 0; phase < PHASES; phase++) {
		u32 mhz = millihertz(w->period[phase]);

		if (w->voltage[phase] < LINE_RMS_MIN)
			continue;
		return is_60 ? mhz > 44000 && mhz < 54000
			     : mhz > 56000 && mhz < 66000;
	}
	return false;
}

/*
 * The DSP has to stop for it, so it is done just behind the end of a window,
 * whose energies are w's. Nothing says what a stop does to the registers: what
 * it takes from them is added from now on. Where that can't be read nobody
 * knows the count, and the chip begins anew.
 */
static int select_line(struct meter *m, const struct window *w)
{
	u16 accmode = m->accmode ^ ACCMODE_60HZ;
	const struct setting settings[] = {
		{ REG_RUN, 0 },
		{ REG_ACCMODE, accmode },
		{ REG_RUN, 1 },
	};
	s64 after[PHASES][ENERGIES];
	unsigned int phase, kind;
	u64 began_ns, stood_ns;
	int ret;

	/* Before the stop: whatever ends us in it, the next one knows. */
	ret = ade9000_write(m, REG_CLEARED, 1);
	if (ret)
		return ret;
	began_ns = ktime_get_boottime_ns();
	ret = ade9000_write_all(m, settings, ARRAY_SIZE(settings));
	stood_ns = ktime_get_boottime_ns() - began_ns;
	if (!ret)
		ret = ade9000_read_energies(m, after);
	if (ret) {
		ade9000_forget(m);
		return ret;
	}
	m->accmode = accmode;
	m->standstill_ns += stood_ns;
	m->watched = false;
	for (phase = 0; phase < PHASES; phase++) {
		for (kind = 0; kind < ENERGIES; kind++) {
			s64 before = w->energy[phase][kind];

			/* Has it become 0 in the chip? */
			if (after[phase][kind] == m->base[phase][kind])
				m->base[phase][kind] = before;
		}
	}
	dev_info(&m->spi->dev,
		 "%u Hz selected; the chip stood still for %llu us\n",
		 accmode & ACCMODE_60HZ ? 60 : 50, div_u64(stood_ns, 1000));
	if (memchr_inv(m->base, 0, sizeof(m->base)))
		return 0;
	return ade9000_write(m, REG_CLEARED, 0);
}

int ade9000_follow_line(struct meter *m, const struct window *w)
{
	m->other_line = other_line(m, w) ? m->other_line + 1 : 0;
	if (m->other_line < LINE_WINDOWS)
		return 0;
	m->other_line = 0;
	return select_line(m, w);
}
