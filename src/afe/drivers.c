/* SPDX-License-Identifier: MIT */
#include "afe/drivers.h"

#include <math.h>
#include <string.h>

#include "afe/private.h"
#include "afe/waveform_chip.h"
#include "base/count_of.h"

#define FIELD(member) MM_KEY_FIELD(struct mm_afe_settings, member)

static const struct mm_key board_keys[] = {
	{"uri", &mm_key_text, FIELD(uri), .initial = "local:"},
	{"device", &mm_key_text, FIELD(device), .initial = ""},
	{"voltage_divider", &mm_key_number, FIELD(voltage_divider), MM_KEY_RANGE("1001", 1, 1e5)},
	{"burden_ohm", &mm_key_number, FIELD(burden_ohm), MM_KEY_RANGE("5.1", 0.01, 1e4)},
	{"voltage_divider_a", &mm_key_number_or_none, FIELD(phase_divider[0]), MM_KEY_RANGE(NULL, 1, 1e5)},
	{"voltage_divider_b", &mm_key_number_or_none, FIELD(phase_divider[1]), MM_KEY_RANGE(NULL, 1, 1e5)},
	{"voltage_divider_c", &mm_key_number_or_none, FIELD(phase_divider[2]), MM_KEY_RANGE(NULL, 1, 1e5)},
	{"burden_ohm_a", &mm_key_number_or_none, FIELD(phase_burden_ohm[0]), MM_KEY_RANGE(NULL, 0.01, 1e4)},
	{"burden_ohm_b", &mm_key_number_or_none, FIELD(phase_burden_ohm[1]), MM_KEY_RANGE(NULL, 0.01, 1e4)},
	{"burden_ohm_c", &mm_key_number_or_none, FIELD(phase_burden_ohm[2]), MM_KEY_RANGE(NULL, 0.01, 1e4)},
};

static const struct mm_key clock_keys[] = {
	{"mclk_hz", &mm_key_number, FIELD(mclk_hz), MM_KEY_RANGE("4000000", 1e6, 2e7)},
	{"osr", &mm_key_doubling, FIELD(osr), MM_KEY_RANGE("256", 32, 4096)},
};

static const struct mm_key rate_keys[] = {
	{"sample_rate", &mm_key_doubling, FIELD(sample_rate), MM_KEY_RANGE("4000", 2000, 16000)},
};

static const struct mm_key channel_keys[] = {
	{"voltage_channel_a", &mm_key_whole, FIELD(voltage_channel[0]), MM_KEY_RANGE("1", 0, 7)},
	{"voltage_channel_b", &mm_key_whole, FIELD(voltage_channel[1]), MM_KEY_RANGE("3", 0, 7)},
	{"voltage_channel_c", &mm_key_whole, FIELD(voltage_channel[2]), MM_KEY_RANGE("5", 0, 7)},
	{"current_channel_a", &mm_key_whole, FIELD(current_channel[0]), MM_KEY_RANGE("0", 0, 7)},
	{"current_channel_b", &mm_key_whole, FIELD(current_channel[1]), MM_KEY_RANGE("2", 0, 7)},
	{"current_channel_c", &mm_key_whole, FIELD(current_channel[2]), MM_KEY_RANGE("4", 0, 7)},
	{"phase_deg_a", &mm_key_number, FIELD(phase_deg[0]), MM_KEY_RANGE("0", -10, 10)},
	{"phase_deg_b", &mm_key_number, FIELD(phase_deg[1]), MM_KEY_RANGE("0", -10, 10)},
	{"phase_deg_c", &mm_key_number, FIELD(phase_deg[2]), MM_KEY_RANGE("0", -10, 10)},
};

const struct mm_key_table mm_afe_keys[MM_AFE_KEYS_COUNT] = {
	[MM_AFE_KEYS_BOARD] = MM_KEY_TABLE(board_keys),
	[MM_AFE_KEYS_CLOCK] = MM_KEY_TABLE(clock_keys),
	[MM_AFE_KEYS_RATE] = MM_KEY_TABLE(rate_keys),
	[MM_AFE_KEYS_CHANNELS] = MM_KEY_TABLE(channel_keys),
};

#define TAKES(group) (1u << MM_AFE_KEYS_##group)

/* Microchip MCP391x data sheets: code = V / 1.2 V * 1.5 * 2^23, +-0.6 V specified; its drivers' scales are in mV. */
#define MCP391X(part, channel_count)                                                                                             \
	{                                                                                                                        \
		.name = (part), .adc_full_scale_v = 0.6 * M_SQRT1_2, .keys = TAKES(BOARD) | TAKES(CLOCK) | TAKES(CHANNELS),      \
		.create = mm_afe_waveform_new, .chip = &(const struct mm_waveform_chip)                                          \
		{                                                                                                                \
			.name = (part), .channels = (channel_count), .full_scale_code = 6291456.0,                               \
			.scale_mv = 1200.0 / 12582912.0, .has_osr = true, .rate = "in_voltage_oversampling_ratio"                \
		}                                                                                                                \
	}

/* Texas Instruments ADS131E0x data sheet: code = V / 2.4 V * 2^23 with the internal reference. */
#define ADS131E(part, channel_count)                                                                                             \
	{                                                                                                                        \
		.name = (part), .adc_full_scale_v = 2.4 * M_SQRT1_2, .keys = TAKES(BOARD) | TAKES(RATE) | TAKES(CHANNELS),       \
		.create = mm_afe_waveform_new, .chip = &(const struct mm_waveform_chip)                                          \
		{                                                                                                                \
			.name = (part), .channels = (channel_count), .full_scale_code = 8388608.0,                               \
			.scale_mv = 2400.0 / 8388608.0, .rate_unit = 1000, .rate = "in_voltage_sampling_frequency"               \
		}                                                                                                                \
	}

static const struct mm_afe_driver drivers[] = {
	/* 1 V peak between the pins. */
	{.name = "ade9000", .adc_full_scale_v = M_SQRT1_2, .keys = TAKES(BOARD), .create = mm_afe_ade9000_new},
	{.name = MM_AFE_COUNTING_DEVICE,
	 .adc_full_scale_v = M_SQRT1_2,
	 .keys = TAKES(BOARD),
	 .create = mm_afe_ade9000_counting_new},
	MCP391X("mcp3910", 2),
	MCP391X("mcp3911", 2),
	MCP391X("mcp3912", 4),
	MCP391X("mcp3913", 6),
	MCP391X("mcp3914", 8),
	MCP391X("mcp3918", 1),
	MCP391X("mcp3919", 3),
	ADS131E("ads131e04", 4),
	ADS131E("ads131e06", 6),
	ADS131E("ads131e08", 8),
	{
		/* Analog Devices data sheet: code = V / 2.5 V * 2^23. Its driver (Linux 7.2) has neither gain nor scale. */
		.name = "ad7779",
		.adc_full_scale_v = 2.5 * M_SQRT1_2,
		.keys = TAKES(BOARD) | TAKES(RATE) | TAKES(CHANNELS),
		.create = mm_afe_waveform_new,
		.chip = &(const struct mm_waveform_chip){.name = "ad7779",
							 .channels = 8,
							 .full_scale_code = 8388608.0,
							 .scale_mv = 2500.0 / 8388608.0,
							 .unscaled = true,
							 .whole_frames = true,
							 .rate_unit = 1,
							 .rate = "sampling_frequency"},
	},
};

const struct mm_afe_driver *mm_afe_driver_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(drivers); i++) {
		if (strcmp(drivers[i].name, name) == 0) {
			return &drivers[i];
		}
	}
	return NULL;
}

const char *mm_afe_driver_name(size_t index)
{
	return index < COUNT_OF(drivers) ? drivers[index].name : NULL;
}
