/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MINIMETER_ADE9000_METER_H
#define MINIMETER_ADE9000_METER_H

/*
 * Analog Devices ADE9000 energy metering chip, for billing.
 *
 * The chip accumulates energy in registers of 45 bits that are never reset:
 * whoever reads them forms differences, modulo 2^45, so that a late reader, a
 * restart or a reload of this module loses nothing while the chip has power.
 * A number in a register that the chip has no other use for, the epoch, tells
 * whether the registers still count from where they did. It is chosen anew
 * whenever they have begun at zero.
 *
 * Errors: -EIO: the bus; -ENXIO: no ADE9000 answers; -ESTALE: the chip has
 * lost its power or was reset, and counts from 0 again; -ETIME: its windows
 * do not end; -ENODATA: none has ended yet; -EAGAIN: one could not be read
 * before the next one ended. They last until a window has been read.
 */

#include <linux/atomic.h>
#include <linux/iio/iio.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/spi/spi.h>
#include <linux/workqueue.h>

#define SAMPLE_HZ      8000
#define WINDOW_SAMPLES 8000
#define WINDOW_NS      ((s64)NSEC_PER_SEC)

enum energy { ACTIVE, REACTIVE, APPARENT, ENERGIES };

#define PHASES 3

/* One scan, in the order of the channels' scan indexes. */
struct window {
	s64 energy[PHASES][ENERGIES];
	u32 voltage[PHASES];
	u32 current_rms[PHASES];
	u32 period[PHASES];
	u32 epoch;
	aligned_u64 stamp;
};

struct meter {
	struct spi_device *spi;
	struct iio_dev *iio;
	struct workqueue_struct *queue;
	struct delayed_work look;
	/* Of the bus and of all below. */
	struct mutex lock;
	u16 config1;
	u16 accmode;
	u32 vlevel;
	u32 epoch;
	/* Added to what the chip has counted; not 0 where a stop cleared it. */
	s64 base[PHASES][ENERGIES];
	struct window window;
	bool buffered; /* a buffer wants windows */
	u64 windows;
	s64 end_ns;   /* CLOCK_BOOTTIME of the last window's end */
	s64 quiet_ns; /* when the window under way was last seen so */
	bool watched; /* it began before our eyes, at end_ns */
	unsigned int skips;
	int error; /* since the last window */
	unsigned int other_line;
	u64 standstill_ns; /* the sum of all */
	unsigned int restarts;
	bool silent;	   /* the interrupt is wired and does not come */
	atomic64_t irq_ns; /* when the interrupt came last */
};

/* ---- bus.c: one register at a time; the lock is held ---- */

struct setting {
	u16 reg;
	u32 val;
};

int ade9000_read(struct meter *m, unsigned int reg, u32 *val);
int ade9000_write(struct meter *m, unsigned int reg, u32 val);
int ade9000_write_all(struct meter *m, const struct setting *settings,
		      unsigned int count);
int ade9000_identify(struct meter *m);

/* ---- chip.c: the lock is held ---- */

int ade9000_read_energy(struct meter *m, unsigned int phase, enum energy kind,
			s64 *val);
int ade9000_read_energies(struct meter *m, s64 energy[PHASES][ENERGIES]);
/* All of a window but its end. */
int ade9000_read_window(struct meter *m, struct window *w);
/* Finds the chip, and has it count where it does not; one that does is left. */
int ade9000_start(struct meter *m);
/* Has it count again where it does not; -ESTALE then. */
int ade9000_check(struct meter *m);
/* What it has counted is not known any more: the next check begins at 0. */
void ade9000_forget(struct meter *m);

/* ---- line.c ---- */

/* Selects 50 or 60 Hz by the line, just behind the end of window w. */
int ade9000_follow_line(struct meter *m, const struct window *w);

/* ---- windows.c: finding their ends, by interrupt or by looking ---- */

void ade9000_look(struct work_struct *work);
irqreturn_t ade9000_interrupt(int irq, void *data);
irqreturn_t ade9000_interrupt_thread(int irq, void *data);
extern const struct iio_buffer_setup_ops ade9000_buffer_ops;

/* ---- attributes.c: what user space sees ---- */

void ade9000_describe(struct iio_dev *iio);

#endif
