/* SPDX-License-Identifier: MIT */
#include "outputs/drivers.h"

#include <string.h>

#include "base/count_of.h"

static const struct mm_key keys[] = {
	{"trace", &mm_key_path, MM_KEY_FIELD(struct mm_outputs_settings, trace), .initial = "/run/minimeter/edges.log"},
};

const struct mm_key_table mm_outputs_keys = MM_KEY_TABLE(keys);

static int gpiod_create(const struct mm_outputs_settings *settings, const struct mm_outputs_config *lines, struct mm_clock *clock,
			struct mm_error *error, struct mm_outputs **ret)
{
	(void)settings;
	(void)clock;
	return mm_outputs_gpiod_new(lines, error, ret);
}

static int trace_create(const struct mm_outputs_settings *settings, const struct mm_outputs_config *lines, struct mm_clock *clock,
			struct mm_error *error, struct mm_outputs **ret)
{
	return mm_outputs_trace_new(settings->trace, lines, clock, error, ret);
}

static int none_create(const struct mm_outputs_settings *settings, const struct mm_outputs_config *lines, struct mm_clock *clock,
		       struct mm_error *error, struct mm_outputs **ret)
{
	(void)settings;
	(void)lines;
	(void)clock;
	(void)error;
	*ret = NULL;
	return 0;
}

static const struct mm_outputs_driver drivers[] = {
	{"gpiod", gpiod_create, mm_outputs_gpiod_make_safe},
	{"trace", trace_create, NULL},
	{"none", none_create, NULL},
};

const struct mm_outputs_driver *mm_outputs_driver_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(drivers); i++) {
		if (strcmp(drivers[i].name, name) == 0) {
			return &drivers[i];
		}
	}
	return NULL;
}

const char *mm_outputs_driver_name(size_t index)
{
	return index < COUNT_OF(drivers) ? drivers[index].name : NULL;
}
