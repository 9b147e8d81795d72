// SPDX-License-Identifier: GPL-2.0-only
/* What the chip has counted, and setting it up to count. */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/random.h>

#include "meter.h"
#include "registers.h"

#define ENERGY_BITS   45
#define READ_TRIES    4
#define RESET_TRIES   50
#define RESET_STEP_US 10000

static unsigned int energy_reg(unsigned int phase, enum energy kind)
{
	static const u16 lo[ENERGIES] = {
		[ACTIVE] = REG_AWATTHR_LO,
		[REACTIVE] = REG_AFVARHR_LO,
		[APPARENT] = REG_AVAHR_LO,
	};

	return lo[kind] + phase * REG_ENERGY_STEP;
}

static s64 wrap(s64 energy)
{
	return sign_extend64((u64)energy, ENERGY_BITS - 1);
}

/* Nothing says that both halves are latched together: HI tells. */
int ade9000_read_energy(struct meter *m, unsigned int phase, enum energy kind,
			s64 *val)
{
	unsigned int reg = energy_reg(phase, kind);
	unsigned int i;
	u32 before, lo, hi;
	int ret;

	ret = ade9000_read(m, reg + 1, &hi);
	for (i = 0; i < READ_TRIES && !ret; i++) {
		before = hi;
		ret = ade9000_read(m, reg, &lo);
		if (!ret)
			ret = ade9000_read(m, reg + 1, &hi);
		if (!ret && hi == before) {
			*val = wrap((s64)(s32)hi * 8192 + (lo & 0x1fff) +
				    m->base[phase][kind]);
			return 0;
		}
	}
	return ret ?: -EAGAIN;
}

int ade9000_read_energies(struct meter *m, s64 energy[PHASES][ENERGIES])
{
	unsigned int phase, kind;
	int ret = 0;

	for (phase = 0; phase < PHASES; phase++)
		for (kind = 0; kind < ENERGIES && !ret; kind++)
			ret = ade9000_read_energy(m, phase, kind,
						  &energy[phase][kind]);
	return ret;
}

int ade9000_read_window(struct meter *m, struct window *w)
{
	unsigned int phase;
	int ret = ade9000_read_energies(m, w->energy);

	for (phase = 0; phase < PHASES && !ret; phase++) {
		ret = ade9000_read(m, REG_AVRMS + phase * REG_STEP,
				   &w->voltage[phase]);
		if (!ret)
			ret = ade9000_read(m, REG_AIRMS + phase * REG_STEP,
					   &w->current_rms[phase]);
		if (!ret)
			ret = ade9000_read(m, REG_APERIOD + phase,
					   &w->period[phase]);
	}
	w->epoch = m->epoch;
	return ret;
}

/* The energy registers begin at 0 behind a reset, and at nothing else. */
static int reset(struct meter *m)
{
	unsigned int i;
	u32 status;
	int ret;

	ret = ade9000_write(m, REG_CONFIG1, CONFIG1_SWRST);
	for (i = 0; i < RESET_TRIES && !ret; i++) {
		usleep_range(RESET_STEP_US, 2 * RESET_STEP_US);
		ret = ade9000_read(m, REG_STATUS1, &status);
		if (!ret && status != U32_MAX && status & STATUS1_RSTDONE)
			return 0;
	}
	return ret ?: -ENXIO;
}

static int set_up(struct meter *m)
{
	const struct setting settings[] = {
		{ REG_RUN, 0 },
		{ REG_CONFIG1, m->config1 },
		{ REG_ACCMODE, m->accmode },
		{ REG_VLEVEL, m->vlevel },
		{ REG_EGY_TIME, WINDOW_SAMPLES - 1 },
		{ REG_MASK0, m->spi->irq > 0 ? STATUS0_EGYRDY : 0 },
		{ REG_MASK1, 0 },
		{ REG_STATUS0, U32_MAX },
		{ REG_STATUS1, U32_MAX },
		{ REG_CLEARED, 0 },
		{ REG_RUN, 1 },
		{ REG_EP_CFG, EP_CFG_COUNTING },
		/* Last: what has no epoch was not set up to its end. */
		{ REG_EPOCH, m->epoch },
	};

	memset(m->base, 0, sizeof(m->base));
	m->watched = false;
	return ade9000_write_all(m, settings, ARRAY_SIZE(settings));
}

static u32 new_epoch(void)
{
	return get_random_u32() | 1;
}

void ade9000_forget(struct meter *m)
{
	m->epoch = new_epoch();
}

/*
 * Does it count from where it did? It loses the epoch with its power, and
 * says so when it was reset. A disturbed transfer must not look like that.
 */
static int read_epoch(struct meter *m, u32 wanted, u32 *epoch)
{
	unsigned int i;
	u32 status;
	int ret;

	for (i = 0; i < READ_TRIES; i++) {
		ret = ade9000_read(m, REG_EPOCH, epoch);
		if (!ret)
			ret = ade9000_read(m, REG_STATUS1, &status);
		if (ret)
			return ret;
		if (status & STATUS1_RSTDONE)
			*epoch = 0;
		if (*epoch && (!wanted || *epoch == wanted))
			return 0;
	}
	return 0;
}

/* A chip of ours runs, whatever became of a change of its line frequency. */
static int keep_running(struct meter *m)
{
	static const struct setting wanted[] = {
		{ REG_EGY_TIME, WINDOW_SAMPLES - 1 },
		{ REG_RUN, 1 },
		{ REG_EP_CFG, EP_CFG_COUNTING },
	};
	unsigned int i;
	u32 val;
	int ret;

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		ret = ade9000_read(m, wanted[i].reg, &val);
		if (!ret && val != wanted[i].val)
			ret = ade9000_write(m, wanted[i].reg, wanted[i].val);
		if (ret)
			return ret;
	}
	return 0;
}

/* Begins counting at 0. */
static int begin(struct meter *m)
{
	int ret = reset(m);

	if (ret)
		return ret;
	m->epoch = new_epoch();
	return set_up(m);
}

/* A stop can have cleared the registers, and the module that knew is gone. */
static int adopt_cleared(struct meter *m)
{
	s64 energy[PHASES][ENERGIES];
	unsigned int phase, kind;
	int ret;

	dev_warn(&m->spi->dev, "a stop may have cleared what was counted: counting anew\n");
	ret = ade9000_read_energies(m, energy);
	if (ret)
		return ret;
	for (phase = 0; phase < PHASES; phase++)
		for (kind = 0; kind < ENERGIES; kind++)
			m->base[phase][kind] = -energy[phase][kind];
	m->epoch = new_epoch();
	return ade9000_write(m, REG_EPOCH, m->epoch);
}

/* A chip that counts is left alone. */
static int adopt(struct meter *m)
{
	const struct setting settings[] = {
		/* What the node says can be new. */
		{ REG_CONFIG1, m->config1 },
		{ REG_MASK0, m->spi->irq > 0 ? STATUS0_EGYRDY : 0 },
		{ REG_VLEVEL, m->vlevel },
		/* It tells of a window that ended long ago. */
		{ REG_STATUS0, STATUS0_EGYRDY },
	};
	u32 cleared, accmode;
	int ret;

	ret = keep_running(m);
	if (!ret)
		ret = ade9000_read(m, REG_CLEARED, &cleared);
	if (!ret)
		ret = ade9000_read(m, REG_ACCMODE, &accmode);
	if (!ret && cleared)
		ret = adopt_cleared(m);
	if (!ret)
		ret = ade9000_write_all(m, settings, ARRAY_SIZE(settings));
	if (!ret)
		m->accmode = accmode;
	return ret;
}

int ade9000_start(struct meter *m)
{
	int ret;

	ret = ade9000_identify(m);
	if (!ret)
		ret = read_epoch(m, 0, &m->epoch);
	if (ret)
		return ret;
	return m->epoch ? adopt(m) : begin(m);
}

int ade9000_check(struct meter *m)
{
	u32 epoch;
	int ret;

	ret = ade9000_identify(m);
	if (!ret)
		ret = read_epoch(m, m->epoch, &epoch);
	if (ret)
		return ret;
	if (epoch == m->epoch)
		return keep_running(m);
	m->restarts++;
	dev_warn(&m->spi->dev, "the chip has restarted\n");
	return begin(m) ?: -ESTALE;
}
