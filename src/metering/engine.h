/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_ENGINE_H
#define MM_METERING_ENGINE_H

/*
 * What the daemon does with a report of the front end: judge it, step the meters, hand increments to the register, edges to the
 * outputs, and changes to the log. It runs on the main loop and never blocks; it knows ports, not adapters.
 */

#include <stdbool.h>
#include <stdint.h>

#include "clock/clock.h"
#include "diagnosis/observation.h"
#include "core/health.h"
#include "core/meter.h"
#include "config/config.h"
#include "metering/backup_schedule.h"
#include "metering/front_end.h"
#include "metering/handover.h"
#include "metering/journal.h"
#include "metering/point_outputs.h"
#include "metering/power_supply.h"
#include "metering/software.h"
#include "metering/view.h"
#include "metering/wall_clock.h"
#include "store/worker.h"

struct mm_engine_meter {
	const struct mm_config_meter *config;
	int index; /* in the configuration, the register and the journal */
	struct mm_meter meter;
	struct mm_point_outputs *outputs;
	int64_t window_uwh;	  /* energy of the last window, to foresee the next */
	int64_t received_told_ns; /* CLOCK_BOOTTIME when it was last said that energy flows back; 0: never */
	struct mm_observation observation;
};

/* Why the front end or the register is not in order, and since when. */
struct mm_engine_condition {
	int64_t since_ns; /* CLOCK_BOOTTIME */
	char reason[MM_ERROR_TEXT_MAX];
};

struct mm_engine {
	struct mm_config *config;
	struct mm_clock *clock;
	struct mm_store_worker *worker;
	mm_outputs_factory outputs_new;
	unsigned meter_count;
	struct mm_engine_meter *meters;
	struct mm_health_judge judge;
	enum mm_health health;
	struct mm_engine_condition front_end;
	int register_error; /* 0, or why commits fail */
	struct mm_engine_condition store;
	struct mm_pending *pending;
	struct mm_journal journal;
	struct mm_handover *handover;	    /* NULL: nobody keeps it over a restart */
	struct mm_inheritance *inheritance; /* what the run before left, while starting */
	int64_t started_ns;
	int64_t last_report_ns;	    /* when the front end was last heard of */
	int64_t last_window_end_ns; /* 0: none yet */
	uint64_t commit_number;	    /* of the commit last handed over */
	bool committing;	    /* the clock is held until the register has answered */
	int64_t handed_uwh;	    /* all energy registers together as last handed over */
	struct mm_power_supply power;
	int64_t last_full_ns; /* the same two of the last commit that the database had to take */
	int64_t full_uwh;
	bool history_waits; /* events were handed over since then, to the copy */
	struct mm_backup_schedule backup;
	int copy_error; /* 0, or why the copy is not written */
	struct mm_wall_clock wall_clock;
	struct mm_store_last_run last_run;
	uint64_t windows, missed;
	struct mm_measurement window;		 /* the latest right one, before calibration */
	char software[MM_SOFTWARE_CHECKSUM_MAX]; /* empty: not known */
};

/*
 * The inputs of the front end that the meters' elements use; fills in the full scales. Returns their number, or -EINVAL with one
 * line in message where the ADC would clip below the limits of a meter (table 1 of the manual).
 */
int mm_engine_inputs(const struct mm_config *config, double adc_full_scale_v, struct mm_afe_input inputs[static MM_INPUTS_MAX],
		     char message[static MM_CONFIG_MESSAGE_MAX]);

/*
 * Loads the meters from the register or, where the run before left more in handover (borrowed; may be NULL), from there; requests
 * the output lines and opens the displays. 0, or -errno with one line in message; either way mm_engine_done() frees what was
 * made.
 */
int mm_engine_init(struct mm_engine *engine, struct mm_config *config, struct mm_clock *clock, struct mm_store *reg,
		   struct mm_handover *handover, mm_outputs_factory outputs_new, double adc_full_scale_v,
		   char message[static MM_CONFIG_MESSAGE_MAX]);

/* Gives the engine the register's thread (borrowed), writes the start into the audit trail and shows what was stored. */
void mm_engine_start(struct mm_engine *engine, struct mm_store_worker *worker);

/* Deals with one report. True when readings have changed (a window, or a fault that is new). */
bool mm_engine_report(struct mm_engine *engine, const struct mm_front_end_report *report);

/* Plays what is due, ends output tests, notices a front end that has gone silent; arms the clock's timer for the next time. */
void mm_engine_tick(struct mm_engine *engine);

/* Takes note of how the register fares. */
void mm_engine_register_status(struct mm_engine *engine, const struct mm_store_status *status);

/*
 * The supply fails, as the line said at edge_ns (CLOCK_MONOTONIC): commits everything at once, within what the medium is allowed.
 * Metering goes on.
 */
void mm_engine_power_fail(struct mm_engine *engine, int64_t edge_ns);
void mm_engine_power_returned(struct mm_engine *engine);

/* Safe levels, release of all lines, and the last commit with the reason of the stop. */
void mm_engine_stop(struct mm_engine *engine, const char *reason);

/* Frees what init made. */
void mm_engine_done(struct mm_engine *engine);

/* Energy in µWh that a power cut now would lose: what the register's file does not have yet. */
int64_t mm_engine_uncommitted_uwh(const struct mm_engine *engine, const struct mm_store_status *status);

/* ---- Between the engine's own files ---- */

/* What counts of the registers of a meter for when to commit: delivered and received energy, µWh. */
int64_t mm_engine_registers_sum(const struct mm_registers *r);

/* Plays what is due on all outputs, and tries lines that failed again. Returns the instant of the next edge, or MM_CLOCK_NEVER.
 */
int64_t mm_engine_play(struct mm_engine *engine, int64_t now);

/* Reads what the run before left, if anybody kept it and it is sound. 0 or -ENOMEM. */
int mm_engine_inherit(struct mm_engine *engine, const struct mm_store *reg);

/*
 * Takes over what was left of a meter: registers is what the register has of it and becomes what was left, the train is
 * filled. Returns what else was left, until mm_engine_inherited(); NULL: nothing was taken.
 */
const struct mm_meter_left *mm_engine_adopt(struct mm_engine *engine, struct mm_engine_meter *em, struct mm_registers *registers);

/* Tells the audit trail how far that went, and lets go of it. */
void mm_engine_inherited(struct mm_engine *engine);

/* Writes down where everything stands, for the next run. */
void mm_engine_hand_over(struct mm_engine *engine);

/* Brings the display up to date. */
void mm_engine_show(struct mm_engine_meter *em);

#endif
