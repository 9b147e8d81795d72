/* SPDX-License-Identifier: MIT */
#include "metering/scale.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/inputs.h"
#include "store/bytes.h"

static void print_front_end(FILE *to, const struct mm_config_front_end *front_end)
{
	fprintf(to, "%s %s %s", front_end->driver, front_end->afe.uri, front_end->afe.device);
}

static void print_meter(FILE *to, const struct mm_config_front_end *front_end, const struct mm_meter_point *point)
{
	const struct mm_model *model = &point->config->model;
	const struct mm_registers *registers = &point->meter.registers;

	fprintf(to, " %s %a %a %a %a %lld %u", model->canonical, model->ct_primary_a, model->ct_secondary_a,
		model->ct_secondary_v, point->config->multiplier, (long long)registers->calibration.number,
		registers->correction);
	for (unsigned e = 0; e < model->elements; e++) {
		unsigned phase = (unsigned)point->config->phase[e];

		fprintf(to, " %u %a %a", phase, *mm_inputs_divider(front_end, phase), *mm_inputs_burden(front_end, phase));
	}
}

uint32_t mm_scale_of(const struct mm_config *config, const struct mm_meter_point *point)
{
	const struct mm_config_front_end *front_end = &config->front_end[point->config->front_end];
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);
	uint64_t sum = 0;

	if (!to) {
		return 0;
	}
	print_front_end(to, front_end);
	print_meter(to, front_end, point);
	if (fclose(to) == 0) {
		sum = mm_checksum((const uint8_t *)text, length);
	}
	free(text);
	return sum != 0 ? (uint32_t)(sum ^ sum >> 32) | 1 : 0;
}
