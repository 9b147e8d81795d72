/* SPDX-License-Identifier: MIT */
/*
 * Names, and their order within a channel, are as libiio finds them under sysfs on a real board. A file's name is "in_", the
 * channel's id, its extra name if it has one, and the attribute's name.
 */
#include "sim/attrs.h"

#include "base/count_of.h"
#include "sim/ade9000.h"

#include <stddef.h>

#define LIST(array)                                                                                                              \
	{                                                                                                                        \
		array, COUNT_OF(array)                                                                                           \
	}
#define WAVEFORM_SCALE MM_SIM_READ_SCALE, MM_SIM_WAVEFORM_FULL_SCALE, NULL
#define RMS_SCALE MM_SIM_READ_SCALE, MM_SIM_RMS_FULL_SCALE, NULL
/* The input that gives 2^23. The MCP39xx multiplies by 1.5: 1200 mV / 1.5. */
#define MCP39XX_REFERENCE_MV 800
#define ADS131E_REFERENCE_MV 2400
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
	{"current", NULL, LIST(current_attrs)},
	{"voltage", NULL, LIST(voltage_attrs)},
	{"altcurrent", "rms", LIST(altcurrent_attrs)},
	{"altvoltage", "rms", LIST(altvoltage_attrs)},
	{"power", NULL, LIST(power_attrs)},
	{"energy", NULL, LIST(energy_attrs)},
};

static const struct mm_sim_attr mcp39xx_channel_attrs[] = {
	{"offset", MM_SIM_READ_TEXT, 0, "0"},
	{"oversampling_ratio", MM_SIM_READ_OSR, 0, NULL},
	{"oversampling_ratio_available", MM_SIM_READ_SHARED, 0, "32 64 128 256 512 1024 2048 4096"},
	{"raw", MM_SIM_READ_CODE, 0, NULL},
	{"scale", MM_SIM_READ_CODE_SCALE, MCP39XX_REFERENCE_MV, NULL},
	{"scale_available", MM_SIM_READ_SHARED, 0, "0.000095367 0.000047683 0.000023841 0.000011920 0.000005960 0.000002980"},
};
static const struct mm_sim_attr mcp39xx_attrs[] = {
	{"current_timestamp_clock", MM_SIM_READ_STAMP_CLOCK, 0, NULL},
};

static const struct mm_sim_channel_kind mcp39xx_kinds[] = {
	{"voltage", NULL, LIST(mcp39xx_channel_attrs)},
};

static const struct mm_sim_attr ads131e_channel_attrs[] = {
	{"raw", MM_SIM_READ_CODE, 0, NULL},
	{"sampling_frequency", MM_SIM_READ_RATE, 0, NULL},
	{"scale", MM_SIM_READ_CODE_SCALE, ADS131E_REFERENCE_MV, NULL},
};
static const struct mm_sim_attr ads131e_attrs[] = {
	{"sampling_frequency_available", MM_SIM_READ_TEXT, 0, "1 2 4 8 16 32 64"},
};

static const struct mm_sim_channel_kind ads131e_kinds[] = {
	{"voltage", NULL, LIST(ads131e_channel_attrs)},
};

static const struct mm_sim_attr adc_buffer_attrs[] = {
	{"data_available", MM_SIM_READ_TEXT, 0, "0"},
	{"direction", MM_SIM_READ_TEXT, 0, "in"},
	{"enable", MM_SIM_READ_ENABLE, 0, NULL},
};

const struct mm_sim_face mm_sim_faces[MM_SIM_FAMILY_COUNT] = {
	[MM_SIM_ADE9000] = {LIST(ade9000_attrs), LIST(buffer_attrs), ade9000_kinds, COUNT_OF(ade9000_kinds), 2,
			    "be:S32/32&gt;&gt;0", false},
	[MM_SIM_MCP39XX] = {LIST(mcp39xx_attrs), LIST(adc_buffer_attrs), mcp39xx_kinds, COUNT_OF(mcp39xx_kinds), 1,
			    "be:s24/32&gt;&gt;0", true},
	[MM_SIM_ADS131E] = {LIST(ads131e_attrs), LIST(adc_buffer_attrs), ads131e_kinds, COUNT_OF(ads131e_kinds), 1,
			    "be:s24/32&gt;&gt;8", false},
};

#define KEY_ATTR(id, name, ...) {name, MM_SIM_READ_KEY, MM_SIM_##id, NULL},

static const struct mm_sim_attr board_attrs[] = {
	{"time_ns", MM_SIM_READ_TIME, 0, NULL},
	{"start_time", MM_SIM_READ_START, 0, NULL},
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

const struct mm_sim_attrs mm_sim_board_attrs = LIST(board_attrs);
