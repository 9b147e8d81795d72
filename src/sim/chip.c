/* SPDX-License-Identifier: MIT */
#include "sim/chip.h"

#include "base/count_of.h"

#include <stdio.h>
#include <string.h>

static const struct mm_sim_attr buffer_attrs[] = {
	{"data_available", MM_SIM_READ_TEXT, 0, "0"},
	{"direction", MM_SIM_READ_TEXT, 0, "in"},
	{"enable", MM_SIM_READ_ENABLE, 0, NULL},
};

static const struct mm_sim_attr mcp39xx_channel_attrs[] = {
	{"offset", MM_SIM_READ_TEXT, 0, "0"},
	{"oversampling_ratio", MM_SIM_READ_OSR, 0, NULL},
	{"oversampling_ratio_available", MM_SIM_READ_SHARED, 0, "32 64 128 256 512 1024 2048 4096"},
	{"raw", MM_SIM_READ_CODE, 0, NULL},
	{"scale", MM_SIM_READ_CODE_SCALE, 800, NULL},
	{"scale_available", MM_SIM_READ_SHARED, 0, "0.000095367 0.000047683 0.000023841 0.000011920 0.000005960 0.000002980"},
};
static const struct mm_sim_attr mcp39xx_attrs[] = {
	{"current_timestamp_clock", MM_SIM_READ_STAMP_CLOCK, 0, NULL},
};

static const struct mm_sim_channel_kind mcp39xx_kinds[] = {
	{"voltage", NULL, MM_SIM_LIST(mcp39xx_channel_attrs)},
};

/* MCP39xx data sheets: code = V / 1.2 V * 1.5 * 2^23; 93.5 dB SINAD at OSR 256, near 4 kS/s. */
static const struct mm_sim_converter mcp39xx = {
	.face = {MM_SIM_LIST(mcp39xx_attrs), MM_SIM_LIST(buffer_attrs), mcp39xx_kinds, COUNT_OF(mcp39xx_kinds), 1,
		 "be:s24/32&gt;&gt;0", true},
	.full_scale_v = 0.8,
	.noise_v = 9e-6,
	.cpu_order = true,
};

static const struct mm_sim_attr ads131e_channel_attrs[] = {
	{"raw", MM_SIM_READ_CODE, 0, NULL},
	{"sampling_frequency", MM_SIM_READ_RATE, 0, NULL},
	{"scale", MM_SIM_READ_CODE_SCALE, 2400, NULL},
};
static const struct mm_sim_attr ads131e_attrs[] = {
	{"sampling_frequency_available", MM_SIM_READ_TEXT, 0, "1 2 4 8 16 32 64"},
};

static const struct mm_sim_channel_kind ads131e_kinds[] = {
	{"voltage", NULL, MM_SIM_LIST(ads131e_channel_attrs)},
};

/* ADS131E data sheet: 2.4 V reference; 108 dB at gain 1, near 4 kS/s. */
static const struct mm_sim_converter ads131e = {
	.face = {MM_SIM_LIST(ads131e_attrs), MM_SIM_LIST(buffer_attrs), ads131e_kinds, COUNT_OF(ads131e_kinds), 1,
		 "be:s24/32&gt;&gt;8", false},
	.full_scale_v = 2.4,
	.noise_v = 7e-6,
	.shift = 8,
	.rate_unit = 1000,
	.rate_default = 1,
	.rate_max = 16,
	.sets_trigger = true,
};

static const struct mm_sim_attr ad7779_channel_attrs[] = {
	{"calibbias", MM_SIM_READ_TEXT, 0, "0"},
	{"calibscale", MM_SIM_READ_TEXT, 0, "1.000000000"},
};
static const struct mm_sim_attr ad7779_attrs[] = {
	{"current_timestamp_clock", MM_SIM_READ_STAMP_CLOCK, 0, NULL},
	{"sampling_frequency", MM_SIM_READ_RATE, 0, NULL},
};

static const struct mm_sim_channel_kind ad7779_kinds[] = {
	{"voltage", NULL, MM_SIM_LIST(ad7779_channel_attrs)},
};

/* AD7779 data sheet: 2.5 V reference; 108 dB in high resolution mode. Words have the chip's header above the sample. */
static const struct mm_sim_converter ad7779 = {
	.face = {MM_SIM_LIST(ad7779_attrs), MM_SIM_LIST(buffer_attrs), ad7779_kinds, COUNT_OF(ad7779_kinds), 1,
		 "be:s24/32&gt;&gt;0", true},
	.full_scale_v = 2.5,
	.noise_v = 7e-6,
	.headers = true,
	.whole_frames = true,
	.rate_unit = 1,
	.rate_default = 8000,
	.rate_max = 16000,
	.sets_trigger = true,
};

static const struct mm_sim_chip chips[] = {
	{"ade9000", NULL, 0},	    {"ade9000-minimeter", NULL, 0, true},
	{"mcp3910", &mcp39xx, 2},   {"mcp3911", &mcp39xx, 2},
	{"mcp3912", &mcp39xx, 4},   {"mcp3913", &mcp39xx, 6},
	{"mcp3914", &mcp39xx, 8},   {"mcp3918", &mcp39xx, 1},
	{"mcp3919", &mcp39xx, 3},   {"ads131e04", &ads131e, 4},
	{"ads131e06", &ads131e, 6}, {"ads131e08", &ads131e, 8},
	{"ad7779", &ad7779, 8},
};

const struct mm_sim_chip *mm_sim_chip_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(chips); i++) {
		if (strcmp(chips[i].name, name) == 0) {
			return &chips[i];
		}
	}
	return NULL;
}

void mm_sim_chip_names(char *ret, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < COUNT_OF(chips) && used < size; i++) {
		const char *before = i == 0 ? "" : i + 1 < COUNT_OF(chips) ? ", " : " or ";

		used += (size_t)snprintf(ret + used, size - used, "%s%s", before, chips[i].name);
	}
}
