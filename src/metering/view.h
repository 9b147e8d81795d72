/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_VIEW_H
#define MM_METERING_VIEW_H

/*
 * All that the service may see of metering, and what it may ask of it. A view is a snapshot: its pointers are borrowed, and they
 * and its values are good until the next report, tick or verb. Meters are numbered in the order of the configuration.
 */

#include <stdbool.h>
#include <stdint.h>

#include "clock/clock.h"
#include "config/config.h"
#include "core/health.h"
#include "core/meter.h"
#include "diagnosis/observation.h"
#include "store/worker.h"

struct mm_metering;
struct mm_front_end;

/* ---- Views ---- */

struct mm_view_meter {
	const struct mm_meter *meter;
	const struct mm_observation *observation;
	bool outputs_failing;
	bool level[MM_OUTPUT_COUNT];	 /* of the lines, true: active */
	uint64_t edges[MM_OUTPUT_COUNT]; /* put out since the start */
};

/* What is durable of a meter's energy, in µWh: the next start has at least this, whatever happens now. It never falls. */
struct mm_view_durable {
	int64_t delivered_uwh, received_uwh;
	int64_t element_delivered_uwh[MM_ELEMENTS_MAX];
	int64_t element_received_uwh[MM_ELEMENTS_MAX];
};

struct mm_view_front_end {
	const struct mm_config_front_end *config;
	const char *name; /* of the configuration; "": it has none */
	enum mm_health health;
	int64_t since_ns;		     /* CLOCK_BOOTTIME of the last change of health */
	const char *reason;		     /* one line of the adapter; "": none */
	const char *chip;		     /* that was found last, as in struct mm_afe; "": none yet */
	uint64_t windows, missed;	     /* since the start */
	const struct mm_measurement *window; /* the latest right one, before calibration; all zero before the first */
};

struct mm_view_store {
	int error;		 /* 0, or why commits fail */
	int mirror_error;	 /* 0, or why the second copy is not written */
	int64_t since_ns;	 /* CLOCK_BOOTTIME of the last change of either */
	const char *reason;	 /* one line; "": none */
	uint64_t commits;	 /* since the start */
	int64_t uncommitted_uwh; /* energy that a power cut now would lose */
};

unsigned mm_view_meter_count(const struct mm_metering *metering);

/* What the configuration says of a meter; never changes, so that any thread may ask. */
/* All that is configured, and in force. A reload changes it in place. */
const struct mm_config *mm_view_configuration(const struct mm_metering *metering);

const struct mm_config_meter *mm_view_config(const struct mm_metering *metering, unsigned meter);

struct mm_view_meter mm_view_meter(const struct mm_metering *metering, unsigned meter);
struct mm_view_durable mm_view_durable(const struct mm_metering *metering, unsigned meter);

/* Front ends are numbered in the order of the configuration, too. The worst is the first of those that are furthest from order.
 */
unsigned mm_view_front_end_count(const struct mm_metering *metering);
struct mm_view_front_end mm_view_front_end(const struct mm_metering *metering, unsigned front_end);
unsigned mm_view_worst_front_end(const struct mm_metering *metering);

/* How often the health of any of them has changed since the start. */
uint64_t mm_view_health_changes(const struct mm_metering *metering);

/* The front end that has the elements of a meter. */
struct mm_view_front_end mm_view_front_end_of(const struct mm_metering *metering, unsigned meter);

struct mm_view_store mm_view_store(const struct mm_metering *metering);

/* The clock of all of it, and when metering started, CLOCK_BOOTTIME. */
struct mm_clock *mm_view_clock(const struct mm_metering *metering);
int64_t mm_view_started_ns(const struct mm_metering *metering);

/* The time zone that the daemon is in, by its name; never changes. */
const char *mm_view_time_zone(const struct mm_metering *metering);

/* The SHA-256 of the program; NULL: not known. */
const char *mm_view_program_sha256(const struct mm_metering *metering);

/* ---- Verbs ---- */

/* Asks for the harmonics of an input; for front ends that measure them. */
void mm_front_end_request_harmonics(struct mm_front_end *front_end, unsigned input);

/* Takes the latest harmonics that came before or with the reports taken so far; false: none have since the last call. */
bool mm_front_end_take_harmonics(struct mm_front_end *front_end, struct mm_harmonics *ret);

/* Hands everything to the register at once; returns the commit's number, which mm_store_status.durable will reach. */
uint64_t mm_metering_commit(struct mm_metering *metering);

/*
 * Inverts an indicator for seconds (1 to 60) so that a person can see the line move; user goes into the audit trail. -EINVAL
 * for anything but an LED.
 */
int mm_metering_test_output(struct mm_metering *metering, unsigned meter, enum mm_output output, int seconds, const char *user);

/*
 * Presets a meter, as mm_meter_preset() does, to the reading of the meter of serial number old_serial that it replaces; user
 * goes into the audit trail.
 */
int mm_metering_preset(struct mm_metering *metering, unsigned meter, int64_t delivered_uwh, int64_t received_uwh,
		       const char *old_serial, const char *user);

/*
 * Corrects a meter's wiring by arithmetic from the next window on, as mm_meter_correct() does; user and what was in force before
 * go into the audit trail.
 */
int mm_metering_correct(struct mm_metering *metering, unsigned meter, uint32_t correction, const char *user);

/* Calibrates a meter from the next window on, as mm_meter_calibrate() does; its record is durable already. */
int mm_metering_calibrate(struct mm_metering *metering, unsigned meter, const struct mm_calibration_version *version);

/* Has the audit trail record the settings that are in force now, where they differ from those before; what fails is logged. */
void mm_metering_record_settings(struct mm_metering *metering);

/* The code of the records that mm_calibration_find() looks through. */
#define MM_CALIBRATION_RECORD "calibration"

/*
 * On the store's thread: the version of that number (1 and up) of a meter, out of its record. -ENOENT: it has never had such a
 * version; -EIO, ... of the store.
 */
int mm_calibration_find(struct mm_store *store, unsigned meter, const struct mm_model *model, int64_t number,
			struct mm_calibration_version *ret);

#endif
