/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_AFE_H
#define MM_AFE_AFE_H

/*
 * The front-end port. An adapter turns a metering chip behind libiio into measurements, one a window. It is used by one thread
 * at a time, may block on the bus, and never logs: it returns -errno with an error text for the caller to log.
 */

#include "base/error.h"
#include "clock/clock.h"
#include "core/measurement.h"

/* Which phase of the chip serves an input, and its full scale in primary units. */
struct mm_afe_input {
	unsigned phase;	     /* the chip's phase or channel pair: 0 = A, 1 = B, 2 = C */
	double full_scale_v; /* line volts rms at the ADC's full-scale sine */
	double full_scale_a; /* primary amperes rms at the ADC's full-scale sine */
	/* Of waveform converters only: */
	unsigned voltage_channel, current_channel; /* of the converter; inputs may share a voltage's */
	double phase_deg;			   /* the angle by which the current channel leads */
	/* Of every chip: */
	double nominal_v; /* the supply's voltage, line to neutral */
};

struct mm_afe_config {
	const char *uri;    /* libiio context URI: "local:" or "ip:host[:port]" */
	const char *device; /* IIO device name to look for */
	/* Of waveform converters only: */
	double mclk_hz;	      /* master clock, where the rate follows from it and */
	unsigned osr;	      /* the oversampling ratio */
	unsigned sample_rate; /* samples a second, where the driver can set it */
	unsigned input_count;
	struct mm_afe_input input[MM_INPUTS_MAX];
};

struct mm_afe;

struct mm_afe_ops {
	/*
	 * Connects, finds the device by name and checks that every attribute needed is there. May be called again after close.
	 * -ENODEV no such device; -ENOENT an attribute missing; other -errno from the transport.
	 */
	int (*open)(struct mm_afe *afe);
	/*
	 * Blocks until the next window has latched (or is overdue) and returns it. A window is returned exactly once; windows
	 * lost are counted in ret->missed, those lost between close and open as well. ret->health is OK, STARTING or IMPLAUSIBLE
	 * (error says why); latched is false when no new window came in time. An error (-ENODEV, -EIO, -ETIMEDOUT, -EPIPE, ...)
	 * means: close, wait, open again. -ECANCELED: the clock was cancelled.
	 */
	int (*next)(struct mm_afe *afe, struct mm_measurement *ret);
	void (*close)(struct mm_afe *afe);
	void (*free)(struct mm_afe *afe);
	/* From another thread: ends a next() that waits for the device; it and all to come return -ECANCELED. May be NULL. */
	void (*cancel)(struct mm_afe *afe);
	/* From another thread: harmonics of this input shall come with one of the measurements to come. NULL: it measures none.
	 */
	void (*request_harmonics)(struct mm_afe *afe, unsigned input);
};

#define MM_AFE_CHIP_MAX 320

struct mm_afe {
	const struct mm_afe_ops *ops;
	char chip[MM_AFE_CHIP_MAX]; /* what open() has found, see mm_iio_device_chip(); it stays until the next */
	struct mm_counters resume;  /* set before the first open: what the run before has registered, as it measured it */
	bool dropped;		    /* set before next(): nobody took its last one, and where it counts the next contains it */
	enum mm_health fault;	    /* what the last error is called, where the adapter knows better than ABSENT */
	struct mm_error error;	    /* what the last error or doubt was about, for people: names device and attribute */
	const struct mm_harmonics *harmonics; /* that came with the last measurement, until the next; NULL: none */
};

/* NULL-safe; closes first. */
void mm_afe_free(struct mm_afe *afe);

/*
 * The time of a simulated board (minimeter-sim --stepped) as a clock: reads and moves the attribute "time_ns" of the IIO device
 * "minimeter-sim" at uri over a connection of its own. Returns 0, -ENODEV where the context has no such device, or -errno.
 */
int mm_afe_board_clock_new(const char *uri, struct mm_clock **ret);

#endif
