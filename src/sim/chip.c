/* SPDX-License-Identifier: MIT */
#include "sim/chip.h"

#include "base/count_of.h"

#include <stdio.h>
#include <string.h>

static const struct mm_sim_chip chips[] = {
	{"ade9000", MM_SIM_ADE9000, 0},	  {"mcp3910", MM_SIM_MCP39XX, 2},   {"mcp3911", MM_SIM_MCP39XX, 2},
	{"mcp3912", MM_SIM_MCP39XX, 4},	  {"mcp3913", MM_SIM_MCP39XX, 6},   {"mcp3914", MM_SIM_MCP39XX, 8},
	{"mcp3918", MM_SIM_MCP39XX, 1},	  {"mcp3919", MM_SIM_MCP39XX, 3},   {"ads131e04", MM_SIM_ADS131E, 4},
	{"ads131e06", MM_SIM_ADS131E, 6}, {"ads131e08", MM_SIM_ADS131E, 8},
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
