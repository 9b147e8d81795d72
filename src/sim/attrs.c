/* SPDX-License-Identifier: MIT */
/*
 * Names, and their order within a channel, are as libiio finds them under sysfs on a real board. A file's name is "in_", the
 * channel's id, its extra name if it has one, and the attribute's name.
 */
#include "sim/attrs.h"

#include "base/count_of.h"
#include "sim/ade9000.h"

#include <stddef.h>

#define WAVEFORM_SCALE MM_SIM_READ_SCALE, MM_SIM_WAVEFORM_FULL_SCALE, NULL
#define RMS_SCALE MM_SIM_READ_SCALE, MM_SIM_RMS_FULL_SCALE, NULL
#define POWER_SCALE MM_SIM_READ_SCALE, MM_SIM_POWER_FULL_SCALE, NULL

static const struct mm_sim_attr current_attrs[] = {
	{"calibscale", MM_SIM_READ_REFUSED, 0, NULL},
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_I_PCF, NULL},
	{"scale", WAVEFORM_SCALE},
};
static const struct mm_sim_attr voltage_attrs[] = {
	{"calibscale", MM_SIM_READ_REFUSED, 0, NULL},
	{"frequency", MM_SIM_READ_FREQUENCY, MM_SIM_PERIOD, NULL},
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_V_PCF, NULL},
	{"scale", WAVEFORM_SCALE},
};
static const struct mm_sim_attr altcurrent_attrs[] = {
	{"calibbias", MM_SIM_READ_REFUSED, 0, NULL},
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_IRMS, NULL},
	{"scale", RMS_SCALE},
};
static const struct mm_sim_attr altvoltage_attrs[] = {
	{"calibbias", MM_SIM_READ_REFUSED, 0, NULL},
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_VRMS, NULL},
	{"scale", RMS_SCALE},
};
static const struct mm_sim_attr power_attrs[] = {
	{"active_calibbias", MM_SIM_READ_REFUSED, 0, NULL},	  {"active_calibscale", MM_SIM_READ_REFUSED, 0, NULL},
	{"active_raw", MM_SIM_READ_REGISTER, MM_SIM_WATT, NULL},  {"active_scale", POWER_SCALE},
	{"apparent_raw", MM_SIM_READ_REGISTER, MM_SIM_VA, NULL},  {"apparent_scale", POWER_SCALE},
	{"powerfactor", MM_SIM_READ_REGISTER, MM_SIM_PF, NULL},	  {"reactive_calibbias", MM_SIM_READ_REFUSED, 0, NULL},
	{"reactive_raw", MM_SIM_READ_REGISTER, MM_SIM_VAR, NULL}, {"reactive_scale", POWER_SCALE},
};
static const struct mm_sim_attr energy_attrs[] = {
	{"active_raw", MM_SIM_READ_REGISTER, MM_SIM_WATTHR, NULL},
	{"apparent_raw", MM_SIM_READ_REGISTER, MM_SIM_VAHR, NULL},
	{"reactive_raw", MM_SIM_READ_REGISTER, MM_SIM_VARHR, NULL},
};
static const struct mm_sim_attr ade9000_attrs[] = {
	{"filter_type", MM_SIM_READ_FILTER, 0, NULL},
	{"filter_type_available", MM_SIM_READ_TEXT, 0, "sinc4 sinc4+lp"},
};
static const struct mm_sim_attr buffer_attrs[] = {
	{"data_available", MM_SIM_READ_TEXT, 0, "0"},
	{"direction", MM_SIM_READ_TEXT, 0, "in"},
};

static const struct mm_sim_channel_kind ade9000_kinds[] = {
	{"current", NULL, MM_SIM_LIST(current_attrs)},
	{"voltage", NULL, MM_SIM_LIST(voltage_attrs)},
	{"altcurrent", "rms", MM_SIM_LIST(altcurrent_attrs)},
	{"altvoltage", "rms", MM_SIM_LIST(altvoltage_attrs)},
	{"power", NULL, MM_SIM_LIST(power_attrs)},
	{"energy", NULL, MM_SIM_LIST(energy_attrs)},
};

const struct mm_sim_face mm_sim_ade9000_face = {MM_SIM_LIST(ade9000_attrs),
						MM_SIM_LIST(buffer_attrs),
						ade9000_kinds,
						COUNT_OF(ade9000_kinds),
						2,
						"be:S32/32&gt;&gt;0",
						false};

static const struct mm_sim_attr counting_current_attrs[] = {
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_IRMS, NULL},
};
static const struct mm_sim_attr counting_voltage_attrs[] = {
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_V_PCF, NULL},
};
static const struct mm_sim_attr counting_altvoltage_attrs[] = {
	{"raw", MM_SIM_READ_REGISTER, MM_SIM_VRMS, NULL},
};
static const struct mm_sim_attr counting_power_attrs[] = {
	{"active_raw", MM_SIM_READ_REGISTER, MM_SIM_WATT, NULL},
	{"apparent_raw", MM_SIM_READ_REGISTER, MM_SIM_VA, NULL},
	{"reactive_raw", MM_SIM_READ_REGISTER, MM_SIM_VAR, NULL},
};
/* The driver has two kinds more, with numbers of their own. */
static const struct mm_sim_attr counting_energy_attrs[] = {
	{"raw", MM_SIM_READ_COUNT, MM_SIM_WATTHR, NULL},
};
static const struct mm_sim_attr counting_count_attrs[] = {
	{"period_raw", MM_SIM_READ_REGISTER, MM_SIM_PERIOD, NULL},
};
static const struct mm_sim_attr counting_attrs[] = {
	{"interrupt", MM_SIM_READ_TEXT, 0, "wired"},
	{"window", MM_SIM_READ_WINDOW, 0, NULL},
};

static const struct mm_sim_channel_kind counting_kinds[] = {
	{"current", "rms", MM_SIM_LIST(counting_current_attrs)},       {"voltage", NULL, MM_SIM_LIST(counting_voltage_attrs)},
	{"altvoltage", "rms", MM_SIM_LIST(counting_altvoltage_attrs)}, {"power", NULL, MM_SIM_LIST(counting_power_attrs)},
	{"energy", "active", MM_SIM_LIST(counting_energy_attrs)},      {"count", NULL, MM_SIM_LIST(counting_count_attrs)},
};

const struct mm_sim_face mm_sim_counting_face = {.device = MM_SIM_LIST(counting_attrs),
						 .buffer = MM_SIM_LIST(buffer_attrs),
						 .kinds = counting_kinds,
						 .kind_count = COUNT_OF(counting_kinds)};

#define KEY_ATTR(id, name, ...) {name, MM_SIM_READ_KEY, MM_SIM_##id, NULL},

static const struct mm_sim_attr board_attrs[] = {
	{"time_ns", MM_SIM_READ_TIME, 0, NULL},
	{"start_time", MM_SIM_READ_START, 0, NULL},
	{"clock_set_ns", MM_SIM_READ_CLOCK_SET, 0, NULL},
	{"clock_error_ns", MM_SIM_READ_CLOCK_ERROR, 0, NULL},
	{"mode", MM_SIM_READ_MODE, 0, NULL},
	{"windows", MM_SIM_READ_WINDOWS, 0, NULL},
	MM_SIM_KEYS(KEY_ATTR)
	/* The results: */
	{"lost_samples", MM_SIM_READ_LOST, 0, NULL},
	{"truth_load_a_uwh", MM_SIM_READ_TRUTH_LOAD, 0, NULL},
	{"truth_load_b_uwh", MM_SIM_READ_TRUTH_LOAD, 1, NULL},
	{"truth_load_c_uwh", MM_SIM_READ_TRUTH_LOAD, 2, NULL},
	{"truth_load_total_uwh", MM_SIM_READ_TRUTH_TOTAL, 0, NULL},
	{"truth_seen_a_uwh", MM_SIM_READ_TRUTH_SEEN, 0, NULL},
	{"truth_seen_b_uwh", MM_SIM_READ_TRUTH_SEEN, 1, NULL},
	{"truth_seen_c_uwh", MM_SIM_READ_TRUTH_SEEN, 2, NULL},
};

const struct mm_sim_attrs mm_sim_board_attrs = MM_SIM_LIST(board_attrs);
