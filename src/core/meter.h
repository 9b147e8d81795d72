/* SPDX-License-Identifier: MIT */
#ifndef MM_CORE_METER_H
#define MM_CORE_METER_H

/*
 * The meter: one window in; register increments, indicator states and flags out. No I/O, no clock, no allocation:
 * the same windows give the same registers, on any machine and at any speed.
 *
 * Registration rule: an element counts in a window when its current is at or above the start current and its power above the
 * creep threshold. The elements are summed over the window; a positive sum goes to the delivered register, a negative
 * one to the received register; neither ever goes back (detent). Each element keeps registers of its own by the same rule.
 * A multiplier is for energy and power, once they are judged; volts, amperes and all limits are what the inputs see.
 * Reactive energy is registered likewise: an element counts by its reactive power, the sum goes to lagging or leading.
 */

#include "core/calibration.h"
#include "core/correction.h"
#include "core/measurement.h"
#include "core/model.h"
#include "core/profile.h"
#include "core/pulse.h"
#include "core/units.h"

/* Registration starts at 0.1 % of rated current (IEC 62053-22 start test); the gate sits below it so that 0.1 % always counts. */
#define MM_START_CURRENT_RATIO 0.0008
/* Active power below this part of rated volts times rated amperes is creep: 1.2 W on a 100 A model. */
#define MM_CREEP_POWER_RATIO 0.0001
/* Limits of a right supply; those of its voltage are the model's. */
#define MM_FREQUENCY_MIN_HZ 45.0
#define MM_FREQUENCY_MAX_HZ 65.0
/* Manual, 3.9: a load over 1 A is needed before phasing can be judged. */
#define MM_PHASING_CURRENT_A 1.0

/* Below this a line or its lead is dead; what is left is picked up from its neighbours. */
#define MM_DEAD_VOLTAGE_V 10.0

/* A flag that is up clears only when the figure is back inside its limit by this part of it: noise at a limit is one event. */
#define MM_FLAG_HYSTERESIS_RATIO 0.01

/* Conditions of one element; each is raised and cleared as an event. */
#define MM_ELEMENT_VOLTAGE_LOW 0x01u
#define MM_ELEMENT_VOLTAGE_HIGH 0x02u
#define MM_ELEMENT_OVERCURRENT 0x04u
#define MM_ELEMENT_FREQUENCY 0x08u
/*
 * Active power below zero at over 1 A in two windows running, of an element that is not said to generate: CT turned round or on
 * the wrong line. Clears with the first window that is not so, also where there is no load; a window whose power is
 * no more than creep, or whose voltage is dead, has no direction and leaves it as it is.
 */
#define MM_ELEMENT_REVERSED 0x10u
#define MM_ELEMENT_FLAG_COUNT 5

struct mm_energy {
	int64_t uwh;  /* whole µWh (or µvarh), never decreasing */
	double carry; /* the fraction below 1, 0 <= carry < 1 */
};

struct mm_meter_config {
	struct mm_model model;
	unsigned input[MM_ELEMENTS_MAX]; /* which front-end input serves each element, 0 to MM_INPUTS_MAX - 1 */
	bool generates[MM_ELEMENTS_MAX]; /* said to generate: its power may flow backwards, which is registered and no fault */
	double multiplier;		 /* what flows is this many times what the inputs see, 0.01 to 1000; 0: 1 */
	int32_t profile_interval_s;
};

/* What must outlive the process, and all of it. */
struct mm_registers {
	struct mm_energy delivered;
	struct mm_energy received;
	struct mm_energy lagging; /* reactive, positive: OBIS 3.8.0 */
	struct mm_energy leading; /* reactive, negative: OBIS 4.8.0 */
	struct mm_energy element_delivered[MM_ELEMENTS_MAX];
	struct mm_energy element_received[MM_ELEMENTS_MAX];
	int64_t output_uwh; /* delivered energy up to which the outputs were played; 0 in a meter: its pulse_train has it */
	int64_t preset_delivered_uwh; /* start reading that the registers were preset by; both 0: never */
	int64_t preset_received_uwh;
	int64_t preset_s;			   /* CLOCK_REALTIME seconds of that, a label */
	uint32_t correction;			   /* MM_CORRECTION_* in force */
	struct mm_calibration_version calibration; /* in force */
	double max_demand_w;
	int64_t max_demand_s; /* CLOCK_REALTIME seconds at the end of its interval; 0: none yet */
	struct mm_profile profile;
};

/* The latest right figures of one element, for clients. Power that does not register is 0: what is shown is what is billed. */
struct mm_element_reading {
	double voltage_v;
	double current_a;
	double power_w; /* mean over the window, multiplied as the next two are; negative: received */
	double reactive_var;
	double apparent_va;  /* volts times amperes; 0 below the start current */
	double power_factor; /* power_w / apparent_va, -1 to 1; 0 with no load */
	double frequency_hz;
	bool registering; /* above start current and creep, in a window that counted */
	uint32_t flags;	  /* MM_ELEMENT_* */
};

struct mm_meter {
	struct mm_meter_config config;
	struct mm_registers registers;
	struct mm_element_reading element[MM_ELEMENTS_MAX];
	bool backward[MM_ELEMENTS_MAX]; /* power was below zero at over 1 A in the last right window */
	enum mm_health health;
	int64_t window_end_ns; /* CLOCK_BOOTTIME end of the last right window; 0: none yet */
	uint64_t windows;      /* right windows registered since start */
	uint64_t missed;       /* windows missed since start */
	bool power_led;
	bool reverse_led;
	uint32_t clock_status; /* of MM_PROFILE_BEGIN, for intervals that begin now: set by who knows the wall clock */
};

/* What a meter is beside its registers, which a run of the program carries over to the next. */
struct mm_meter_carried {
	int64_t window_end_ns; /* as in struct mm_meter */
	uint32_t flags[MM_ELEMENTS_MAX];
	bool backward[MM_ELEMENTS_MAX];
};

/* What one window did. */
struct mm_meter_step {
	int64_t delivered_uwh; /* added to the delivered register */
	int64_t received_uwh;
	uint32_t raised[MM_ELEMENTS_MAX];  /* element flags that came with this window */
	uint32_t cleared[MM_ELEMENTS_MAX]; /* and that went */
	int64_t start_ns, end_ns;	   /* CLOCK_BOOTTIME of the window that was registered; both 0: none */
	unsigned closed_count;
	struct mm_profile_row closed[MM_PROFILE_CLOSED_MAX];
	bool new_max_demand;
};

/*
 * Starts from the registers as they were stored, or from all zero (NULL); registers->profile.last_boot_ns is 0 where energy may
 * have been missed since then. -EINVAL where the configuration does not fit the model: an input out of range or serving two
 * elements, or a profile interval that is none. -ERANGE: registers that were never stored by a meter (below zero, not finite,
 * ...).
 */
int mm_meter_init(struct mm_meter *meter, const struct mm_meter_config *config, const struct mm_registers *registers);

void mm_meter_carry(const struct mm_meter *meter, struct mm_meter_carried *ret);

/* After mm_meter_init() with the registers of that moment, in the same run of the machine: flags that were up raise no event. */
void mm_meter_resume(struct mm_meter *meter, const struct mm_meter_carried *carried);

/*
 * Takes one window. health is the judged health of the front end: other than MM_HEALTH_OK registers nothing, darkens the power
 * LED and marks the profile; readings and flags stay as they were. So it is with an OK window whose figures no meter could
 * register (not finite, out of any range, not after the window before), which counts as MM_HEALTH_IMPLAUSIBLE. An OK window
 * without a new energy latch changes nothing. end_real_ns is CLOCK_REALTIME at measurement->end_ns.
 */
void mm_meter_step(struct mm_meter *meter, const struct mm_measurement *measurement, enum mm_health health, int64_t end_real_ns,
		   struct mm_meter_step *ret);

/* A preset is for a meter that takes another one's place: by then it has registered no more than an installer's trial. */
#define MM_PRESET_REGISTERED_MAX_UWH (10000 * MM_UWH_PER_WH)

/*
 * Adds the reading of the meter that this one replaces to the registers, once in its life. Both figures are whole steps of
 * the display (1 kWh, on T models 100 Wh) below its range, not both 0: every output's Kh divides them, so that the outputs
 * go on as if nothing had happened. The elements' own registers, the profile and maximum demand stay what this meter has seen.
 * -EALREADY: has been preset; -EBUSY: has delivered or received more than MM_PRESET_REGISTERED_MAX_UWH; -EINVAL: no such figures.
 */
int mm_meter_preset(struct mm_meter *meter, int64_t delivered_uwh, int64_t received_uwh, int64_t real_s);

/*
 * Puts constants into force for the windows to come. -EINVAL: mm_calibration_check() does not pass them, or the version is not
 * above the one in force.
 */
int mm_meter_calibrate(struct mm_meter *meter, const struct mm_calibration_version *calibration);

/* Sets MM_CORRECTION_* for the windows to come. -EINVAL: not for this model, or not together. */
int mm_meter_correct(struct mm_meter *meter, uint32_t correction);

/* Stable name of one MM_ELEMENT_* bit: "voltage-low", "voltage-high", "over-current", "frequency", "reversed". */
const char *mm_element_flag_name(uint32_t flag);

/* The display: whole kWh rolling over at 999999 ("000123"), with one decimal on T models ("000123.4"), never rounded up. */
void mm_meter_display(const struct mm_meter *meter, char ret[static 10]);

#endif
