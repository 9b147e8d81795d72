// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/iio/buffer.h>

#include "meter.h"
#include "registers.h"

/* How early the end of a window is looked for, and how often. */
#define EARLY_NS (8 * (s64)NSEC_PER_MSEC)
#define LOOK_US	 1000
#define LOOKS	 24
/* Looks this far apart still tell when it ended. */
#define SEEN_NS	  (50 * (s64)NSEC_PER_MSEC)
#define SKIPS_MAX 3
/* A window that has not ended by then does not end. */
#define LATE_NS	   (5 * WINDOW_NS / 2)
#define RETRY_MS   20
#define READ_TRIES 4

static int set_buffered(struct iio_dev *iio, bool buffered)
{
	struct meter *m = iio_priv(iio);

	mutex_lock(&m->lock);
	m->buffered = buffered;
	mutex_unlock(&m->lock);
	return 0;
}

static int buffer_postenable(struct iio_dev *iio)
{
	return set_buffered(iio, true);
}

static int buffer_predisable(struct iio_dev *iio)
{
	return set_buffered(iio, false);
}

/*
 * Windows end whether anybody wants them or not, and nothing locks the core's
 * list of buffers against a push: it changes only while none is made.
 */
const struct iio_buffer_setup_ops ade9000_buffer_ops = {
	.postenable = buffer_postenable,
	.predisable = buffer_predisable,
};

static void push(struct meter *m)
{
	s64 age_ns = ktime_get_boottime_ns() - m->end_ns;
	struct window scan = m->window;

	if (!m->buffered)
		return;
	iio_push_to_buffers_with_timestamp(m->iio, &scan,
					   iio_get_time_ns(m->iio) - age_ns);
}

/* Reads the window that ended at end_ns, all of it before the next one ends. */
static int take(struct meter *m, s64 end_ns)
{
	struct window w = {};
	unsigned int i;
	u32 status;
	int ret;

	for (i = 0; i < READ_TRIES; i++) {
		ret = ade9000_write(m, REG_STATUS0, STATUS0_EGYRDY);
		if (!ret)
			ret = ade9000_read_window(m, &w);
		if (!ret)
			ret = ade9000_read(m, REG_STATUS0, &status);
		if (ret)
			return ret;
		m->quiet_ns = ktime_get_boottime_ns();
		if (!(status & STATUS0_EGYRDY))
			break;
		end_ns = m->quiet_ns;
	}
	if (i == READ_TRIES)
		return -EAGAIN;
	m->end_ns = end_ns;
	m->window = w;
	m->windows++;
	m->watched = true;
	m->skips = 0;
	m->error = 0;
	push(m);
	return ade9000_follow_line(m, &w);
}

/*
 * A window is over, and nobody saw when: the next one has its energy as well,
 * and an end that is known. Where that never works any end has to do.
 */
static int skip(struct meter *m)
{
	if (m->skips == SKIPS_MAX)
		return take(m, ktime_get_boottime_ns());
	m->skips++;
	m->watched = false;
	m->quiet_ns = ktime_get_boottime_ns();
	return ade9000_write(m, REG_STATUS0, STATUS0_EGYRDY);
}

/* 1: a window is over; 0: not yet. */
static int look_once(struct meter *m)
{
	u32 status;
	int ret = ade9000_read(m, REG_STATUS0, &status);

	if (ret)
		return ret;
	/* A bus that nobody drives reads so. */
	if (status == U32_MAX)
		return -ENXIO;
	return status & STATUS0_EGYRDY ? 1 : 0;
}

/* Looks for the end of a window around the time when it is expected. */
static int look_for_end(struct meter *m)
{
	s64 quiet_ns = m->quiet_ns, now_ns;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < LOOKS && !ret; i++) {
		if (i)
			usleep_range(LOOK_US, LOOK_US + LOOK_US / 4);
		quiet_ns = m->quiet_ns;
		now_ns = ktime_get_boottime_ns();
		ret = look_once(m);
		if (!ret)
			m->quiet_ns = now_ns;
	}
	if (ret < 0)
		return ret;
	if (!ret && now_ns - m->end_ns < LATE_NS)
		return 0;
	if (!ret) {
		ret = ade9000_check(m);
		return ret ?: -ETIME;
	}
	ret = ade9000_check(m);
	if (ret)
		return ret;
	if (now_ns - quiet_ns > SEEN_NS)
		return skip(m);
	return take(m, quiet_ns + (now_ns - quiet_ns) / 2);
}

static void note_result(struct meter *m, int result)
{
	if (!result)
		return;
	if (result != m->error)
		dev_warn_ratelimited(&m->spi->dev,
				     "no reading of the chip: %d\n", result);
	m->error = result;
}

static bool is_interrupted(const struct meter *m)
{
	return m->spi->irq > 0 && !m->silent;
}

static unsigned long next_look(const struct meter *m)
{
	s64 wait_ns =
		m->end_ns + WINDOW_NS - EARLY_NS - ktime_get_boottime_ns();

	if (m->error)
		return msecs_to_jiffies(RETRY_MS);
	if (!m->watched)
		return 1;
	/* Where the interrupt comes this only watches over it. */
	if (is_interrupted(m))
		wait_ns += WINDOW_NS / 2;
	return wait_ns > 0 ? nsecs_to_jiffies(wait_ns) : 1;
}

void ade9000_look(struct work_struct *work)
{
	struct meter *m =
		container_of(to_delayed_work(work), struct meter, look);
	u64 windows;
	s64 silent_ns;

	mutex_lock(&m->lock);
	windows = m->windows;
	silent_ns = ktime_get_boottime_ns() - m->end_ns;
	note_result(m, look_for_end(m));
	if (is_interrupted(m) && !m->error && m->skips && windows &&
	    silent_ns > WINDOW_NS + WINDOW_NS / 4) {
		m->silent = true;
		dev_warn(&m->spi->dev,
			 "no interrupt comes: a timer does its work\n");
	}
	queue_delayed_work(m->queue, &m->look, next_look(m));
	mutex_unlock(&m->lock);
}

irqreturn_t ade9000_interrupt(int irq, void *data)
{
	struct meter *m = data;

	atomic64_set(&m->irq_ns, ktime_get_boottime_ns());
	return IRQ_WAKE_THREAD;
}

irqreturn_t ade9000_interrupt_thread(int irq, void *data)
{
	struct meter *m = data;
	s64 at_ns = atomic64_read(&m->irq_ns);
	int ret, over;

	mutex_lock(&m->lock);
	over = look_once(m);
	ret = over;
	if (over > 0) {
		m->silent = false;
		ret = ade9000_check(m);
		/* Later it can be a window after the one that it came for. */
		if (!ret && ktime_get_boottime_ns() - at_ns < WINDOW_NS / 2)
			ret = take(m, at_ns);
		else if (!ret)
			ret = skip(m);
	}
	note_result(m, ret);
	mod_delayed_work(m->queue, &m->look, next_look(m));
	mutex_unlock(&m->lock);
	return over ? IRQ_HANDLED : IRQ_NONE;
}
