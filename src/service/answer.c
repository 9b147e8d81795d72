/* SPDX-License-Identifier: MIT */
/* Figures have the steps of a display, not those of an ADC: what a person or a bill can use, without a double's last digits. */
#include "service/answer.h"

#include <stdio.h>

#include "base/count_of.h"
#include "base/hex.h"
#include "base/time_text.h"
#include "core/units.h"

/* Of 1 Wh and of 1 s. */
#define UWH_DECIMALS 6
#define NS_DECIMALS 9

/* null for no time at all. */
static void put_time(struct mm_text *text, const char *key, int64_t realtime_ns)
{
	char time[MM_TIME_TEXT_MAX];

	mm_text_string(text, key, realtime_ns > 0 ? mm_time_text_ms(realtime_ns, time) : NULL);
}

/* The names of the bits that are set, as an array that stays open. */
static void open_names(struct mm_text *text, const char *key, uint32_t bits, unsigned bit_count, const char *(*name)(uint32_t))
{
	mm_text_open(text, key, '[');
	for (unsigned bit = 0; bit < bit_count; bit++) {
		if (bits & (1u << bit)) {
			mm_text_string(text, NULL, name(1u << bit));
		}
	}
}

/* ---- Meters ---- */

/* The front end may have gone silent since the meter's last window. */
static bool is_valid(const struct mm_metering *metering, unsigned meter)
{
	return mm_view_front_end_of(metering, meter).health == MM_HEALTH_OK &&
	       mm_view_meter(metering, meter).meter->health == MM_HEALTH_OK;
}

void mm_each_fault(const struct mm_metering *metering, unsigned meter, void (*fn)(void *userdata, const char *name),
		   void *userdata)
{
	struct mm_view_meter view = mm_view_meter(metering, meter);
	enum mm_health health = mm_view_front_end_of(metering, meter).health;
	char name[64];

	if (health != MM_HEALTH_OK) {
		snprintf(name, sizeof(name), "front-end-%s", mm_health_name(health));
		fn(userdata, name);
	}
	for (unsigned e = 0; e < view.meter->config.model.elements; e++) {
		for (unsigned bit = 0; bit < MM_ELEMENT_FLAG_COUNT; bit++) {
			if (view.meter->element[e].flags & (1u << bit)) {
				snprintf(name, sizeof(name), "element%u-%s", e + 1, mm_element_flag_name(1u << bit));
				fn(userdata, name);
			}
		}
	}
	if (view.outputs_failing) {
		fn(userdata, "outputs-failing");
	}
}

static void put_name(void *userdata, const char *name)
{
	mm_text_string(userdata, NULL, name);
}

static void put_element(struct mm_text *text, const struct mm_config_meter *config, const struct mm_meter *meter,
			const struct mm_view_durable *durable, unsigned e)
{
	const struct mm_element_reading *r = &meter->element[e];
	const struct mm_registers *registers = &meter->registers;
	const char name[] = {'e', 'l', 'e', 'm', 'e', 'n', 't', (char)('1' + e), '\0'};
	const char input[] = {(char)('A' + config->phase[e]), '\0'};

	mm_text_open(text, NULL, '{');
	mm_text_string(text, "name", name);
	mm_text_string(text, "input", input);
	mm_text_figure(text, "voltage_v", r->voltage_v, 3);
	mm_text_figure(text, "current_a", r->current_a, 4);
	mm_text_figure(text, "power_w", r->power_w, 2);
	mm_text_figure(text, "reactive_var", r->reactive_var, 2);
	mm_text_figure(text, "apparent_va", r->apparent_va, 2);
	mm_text_figure(text, "power_factor", r->power_factor, 4);
	mm_text_figure(text, "frequency_hz", r->frequency_hz, 3);
	mm_text_boolean(text, "registering", r->registering);
	mm_text_boolean(text, "generates", config->generates[e]);
	open_names(text, "flags", r->flags, MM_ELEMENT_FLAG_COUNT, mm_element_flag_name);
	mm_text_close(text, ']');
	mm_text_decimal(text, "delivered_wh", registers->element_delivered[e].uwh, UWH_DECIMALS);
	mm_text_decimal(text, "received_wh", registers->element_received[e].uwh, UWH_DECIMALS);
	mm_text_integer(text, "durable_delivered_uwh", durable->element_delivered_uwh[e]);
	mm_text_integer(text, "durable_received_uwh", durable->element_received_uwh[e]);
	mm_text_close(text, '}');
}

/* The interval that is open, as far as it has come; null: none is, or there is no text for when it began. */
static void put_open(struct mm_text *text, const struct mm_profile *profile)
{
	const struct mm_profile_row *row = &profile->row;

	if (!profile->open || row->start_s <= 0) {
		mm_text_null(text, "interval");
		return;
	}
	mm_text_open(text, "interval", '{');
	put_time(text, "start", row->start_s * MM_NS_PER_S);
	mm_text_decimal(text, "delivered_wh", row->delivered_uwh, UWH_DECIMALS);
	mm_text_decimal(text, "received_wh", row->received_uwh, UWH_DECIMALS);
	mm_text_close(text, '}');
}

/* What the meter has counted. */
static void put_registers(struct mm_text *text, const struct mm_registers *registers)
{
	mm_text_decimal(text, "delivered_wh", registers->delivered.uwh, UWH_DECIMALS);
	mm_text_integer(text, "delivered_uwh", registers->delivered.uwh);
	mm_text_decimal(text, "received_wh", registers->received.uwh, UWH_DECIMALS);
	mm_text_integer(text, "received_uwh", registers->received.uwh);
	mm_text_decimal(text, "lagging_varh", registers->lagging.uwh, UWH_DECIMALS);
	mm_text_decimal(text, "leading_varh", registers->leading.uwh, UWH_DECIMALS);
	mm_text_figure(text, "max_demand_w", registers->max_demand_w, 2);
	put_time(text, "max_demand_time", registers->max_demand_s * MM_NS_PER_S);
}

/* The panel: power, display, lights, and what is wrong. */
static void put_panel(struct mm_text *text, const struct mm_metering *metering, unsigned index)
{
	const struct mm_view_meter view = mm_view_meter(metering, index);
	const struct mm_meter *meter = view.meter;
	char display[10];
	double power_w = 0;

	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		power_w += meter->element[e].power_w;
	}
	mm_text_figure(text, "power_w", power_w, 2);
	if (meter->config.model.lcd) {
		mm_meter_display(meter, display);
	}
	mm_text_string(text, "display", meter->config.model.lcd ? display : NULL);
	mm_text_boolean(text, "power_led", view.level[MM_OUTPUT_LED_POWER]);
	mm_text_boolean(text, "load_led", view.level[MM_OUTPUT_LED_LOAD]);
	mm_text_boolean(text, "reverse_led", view.level[MM_OUTPUT_LED_REVERSE]);
	mm_text_open(text, "faults", '[');
	mm_each_fault(metering, index, put_name, text);
	mm_text_close(text, ']');
}

static void put_meter(struct mm_text *text, const struct mm_metering *metering, unsigned index)
{
	const struct mm_config_meter *config = mm_view_config(metering, index);
	const struct mm_view_durable durable = mm_view_durable(metering, index);
	const struct mm_meter *meter = mm_view_meter(metering, index).meter;
	const struct mm_registers *registers = &meter->registers;
	struct mm_clock *clock = mm_view_clock(metering);
	int64_t measured = meter->window_end_ns ? meter->window_end_ns : mm_view_started_ns(metering);
	int64_t age = mm_clock_boottime(clock) - measured;

	mm_text_open(text, NULL, '{');
	mm_text_string(text, "name", config->name);
	mm_text_string(text, "serial", config->serial);
	mm_text_string(text, "model", config->model.canonical);
	mm_text_boolean(text, "valid", is_valid(metering, index));
	mm_text_figure(text, "age_s", (double)age / (double)MM_NS_PER_S, 3);
	put_time(text, "time", mm_clock_realtime(clock) - age);
	put_registers(text, registers);
	put_panel(text, metering, index);
	open_names(text, "corrections", registers->correction, MM_CORRECTION_BITS, mm_correction_name);
	mm_text_close(text, ']');
	mm_text_open(text, "elements", '[');
	for (unsigned e = 0; e < meter->config.model.elements; e++) {
		put_element(text, config, meter, &durable, e);
	}
	mm_text_close(text, ']');
	put_open(text, &registers->profile);
	mm_text_real(text, "multiplier", config->multiplier);
	mm_text_figure(text, "supply_min_v", mm_model_supply_min_v(&config->model), 6);
	mm_text_figure(text, "supply_max_v", mm_model_supply_max_v(&config->model), 6);
	mm_text_boolean(text, "measured", meter->window_end_ns != 0);
	mm_text_integer(text, "durable_delivered_uwh", durable.delivered_uwh);
	mm_text_integer(text, "durable_received_uwh", durable.received_uwh);
	mm_text_close(text, '}');
}

void mm_answer_meters(struct mm_text *text, const struct mm_metering *metering, int meter)
{
	mm_text_open(text, NULL, '{');
	mm_text_open(text, "meters", '[');
	for (unsigned i = 0; i < mm_view_meter_count(metering); i++) {
		if (meter < 0 || (unsigned)meter == i) {
			put_meter(text, metering, i);
		}
	}
	mm_text_close(text, ']');
	mm_text_close(text, '}');
}

/* ---- Rows of the register ---- */

static const char *status_name(uint32_t bit)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{MM_PROFILE_ERROR, "error"},
		{MM_PROFILE_CLOCK_INVALID, "clock-invalid"},
		{MM_PROFILE_DATA_INVALID, "data-invalid"},
		{MM_PROFILE_DST, "dst"},
		{MM_PROFILE_CLOCK_ADJUSTED, "clock-adjusted"},
		{MM_PROFILE_POWER_DOWN, "power-down"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (names[i].bit == bit) {
			return names[i].name;
		}
	}
	return "reserved";
}

static void put_hash(struct mm_text *text, const uint8_t hash[static MM_ROW_HASH_SIZE])
{
	char hex[MM_HEX_MAX(MM_ROW_HASH_SIZE)];

	mm_text_string(text, "hash", mm_hex(hash, MM_ROW_HASH_SIZE, hex));
}

/* A register of a row; null where it is not known. */
static void put_register(struct mm_text *text, const char *key, bool known, int64_t uwh)
{
	if (known) {
		mm_text_integer(text, key, uwh);
	} else {
		mm_text_null(text, key);
	}
}

static void put_energy(struct mm_text *text, const struct mm_profile_row *row)
{
	mm_text_decimal(text, "delivered_wh", row->delivered_uwh, UWH_DECIMALS);
	mm_text_decimal(text, "received_wh", row->received_uwh, UWH_DECIMALS);
	mm_text_decimal(text, "lagging_varh", row->lagging_uvarh, UWH_DECIMALS);
	mm_text_decimal(text, "leading_varh", row->leading_uvarh, UWH_DECIMALS);
	mm_text_decimal(text, "covered_s", row->covered_ns, NS_DECIMALS);
	mm_text_integer(text, "delivered_uwh", row->delivered_uwh);
	mm_text_integer(text, "received_uwh", row->received_uwh);
	mm_text_integer(text, "lagging_uvarh", row->lagging_uvarh);
	mm_text_integer(text, "leading_uvarh", row->leading_uvarh);
}

void mm_answer_interval(struct mm_text *text, const struct mm_store_interval *interval, unsigned elements)
{
	const struct mm_profile_row *row = &interval->row;
	bool known = row->register_delivered_uwh >= 0;

	mm_text_open(text, NULL, '{');
	put_time(text, "start", row->start_s * MM_NS_PER_S);
	mm_text_integer(text, "duration_s", row->duration_s);
	mm_text_integer(text, "status", row->status);
	open_names(text, "flags", row->status, 8, status_name);
	if (!mm_profile_is_covered(row)) {
		mm_text_string(text, NULL, "incomplete");
	}
	mm_text_close(text, ']');
	put_energy(text, row);
	mm_text_integer(text, "id", interval->id);
	mm_text_integer(text, "previous", interval->previous);
	put_hash(text, interval->hash);
	put_register(text, "register_delivered_uwh", known, row->register_delivered_uwh);
	put_register(text, "register_received_uwh", known, row->register_received_uwh);
	mm_text_open(text, "elements", '[');
	for (unsigned e = 0; e < elements; e++) {
		mm_text_open(text, NULL, '{');
		mm_text_integer(text, "delivered_uwh", row->element_delivered_uwh[e]);
		mm_text_integer(text, "received_uwh", row->element_received_uwh[e]);
		mm_text_close(text, '}');
	}
	mm_text_close(text, ']');
	mm_text_close(text, '}');
}

/* Whether anything kept the clock right that labelled it; null where that was not said. */
static void put_synchronized(struct mm_text *text, uint32_t clock_flags)
{
	if (clock_flags & (MM_STORE_CLOCK_SYNCHRONIZED | MM_STORE_CLOCK_UNSYNCHRONIZED)) {
		mm_text_boolean(text, "clock_synchronized", (clock_flags & MM_STORE_CLOCK_SYNCHRONIZED) != 0);
	} else {
		mm_text_null(text, "clock_synchronized");
	}
}

void mm_answer_event(struct mm_text *text, const char *name, const struct mm_store_event *event)
{
	mm_text_open(text, NULL, '{');
	mm_text_integer(text, "id", event->id);
	put_time(text, "time", event->realtime_ns);
	mm_text_decimal(text, "boottime_s", event->boottime_ns, NS_DECIMALS);
	mm_text_string(text, "meter", name);
	mm_text_string(text, "code", event->code);
	mm_text_string(text, "text", event->text);
	mm_text_integer(text, "previous", event->previous);
	put_hash(text, event->hash);
	put_register(text, "register_delivered_uwh", event->has_registers, event->register_delivered_uwh);
	put_register(text, "register_received_uwh", event->has_registers, event->register_received_uwh);
	put_synchronized(text, event->clock_flags);
	mm_text_close(text, '}');
}
