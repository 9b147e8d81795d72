/* SPDX-License-Identifier: MIT */
#include "meter_bench.h"

#include <stdlib.h>

struct mm_meter_config config;
struct mm_meter meter;
struct mm_meter_step step;
struct mm_measurement window;

void start(const char *model, const struct mm_registers *registers)
{
	struct mm_model_error error;

	config = (struct mm_meter_config){.input = {0, 1}, .profile_interval_s = 900};
	ck_assert_int_eq(mm_model_parse(model, &config.model, &error), 0);
	ck_assert_int_eq(mm_meter_init(&meter, &config, registers), 0);
	window = (struct mm_measurement){.end_ns = BOOT_NS, .latched = true, .input_count = 2};
}

void setup(void)
{
	start("MMD-120-1001", NULL);
}

void load(unsigned input, double voltage_v, double current_a, double power_w, double reactive_var)
{
	window.input[input] = (struct mm_input_reading){
		.voltage_v = voltage_v,
		.current_a = current_a,
		.active_ws = power_w,
		.reactive_vars = reactive_var,
		.frequency_hz = 60,
	};
}

void play_as(enum mm_health health)
{
	window.start_ns = window.end_ns;
	window.end_ns += MM_NS_PER_S;
	mm_meter_step(&meter, &window, health, NOON_NS + window.end_ns - BOOT_NS, &step);
}

void play(int windows)
{
	for (int i = 0; i < windows; i++) {
		play_as(MM_HEALTH_OK);
	}
}

void expect_wh(const struct mm_energy *energy, int64_t wh)
{
	ck_assert_int_le(llabs(energy->uwh - wh * MM_UWH_PER_WH), 1);
}
