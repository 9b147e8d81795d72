/* SPDX-License-Identifier: MIT */
#include "core/generic.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define SECONDARY_DECIMALS 4
#define SECONDARY_MIN 10
#define SECONDARY_MAX (10 * MM_CT_SECONDARY_UNITS)

/* What a canonical text begins with. */
#define CANONICAL "GEN-"

static const struct {
	const char *key;
	const char *code; /* in the canonical text */
	int elements;
	const char *wrong; /* what is said of another number */
} services[MM_WIRES_COUNT] = {
	[MM_WIRES_1P2W] = {"1-phase-2-wire", "1P2W", 1, "service 1-phase-2-wire is for one element"},
	[MM_WIRES_3W] = {NULL, NULL, 0, NULL},
	[MM_WIRES_SPLIT] = {"split-phase-3-wire", "1P3W", 2, "service split-phase-3-wire is for two elements"},
	[MM_WIRES_NETWORK] = {"2-phase-3-wire", "2P3W", 2, "service 2-phase-3-wire is for two elements"},
	[MM_WIRES_WYE] = {"3-phase-4-wire", "3P4W", 3, "service 3-phase-4-wire is for three elements"},
};

const char *mm_wires_key(enum mm_wires wires)
{
	return wires < MM_WIRES_COUNT ? services[wires].key : NULL;
}

enum mm_wires mm_wires_find(const char *key)
{
	enum mm_wires wires = 0;

	while (wires < MM_WIRES_COUNT && (!services[wires].key || strcmp(services[wires].key, key) != 0)) {
		wires++;
	}
	return wires;
}

unsigned mm_wires_elements(enum mm_wires wires)
{
	return wires < MM_WIRES_COUNT ? (unsigned)services[wires].elements : 0;
}

enum mm_wires mm_generic_wires(const char *canonical)
{
	enum mm_wires wires = 0;

	if (strncmp(canonical, CANONICAL, strlen(CANONICAL)) != 0) {
		return MM_WIRES_COUNT;
	}
	canonical += strlen(CANONICAL);
	while (wires < MM_WIRES_COUNT &&
	       (!services[wires].code || strncmp(canonical, services[wires].code, strlen(services[wires].code)) != 0)) {
		wires++;
	}
	return wires;
}

bool mm_generic_kh_valid(int kh_wh)
{
	return kh_wh == 10 || kh_wh == 100 || kh_wh == 1000;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads a number with at most that many decimals, in units of the last of them. -1: it is none; too large a one is above max. */
static int read_decimal(const char **text, unsigned decimals, int max)
{
	const char *at = *text;
	bool point = false;
	unsigned after = 0;
	int number = 0;

	for (; is_digit(*at) || (*at == '.' && !point && decimals > 0); at++) {
		if (*at == '.') {
			point = true;
			continue;
		}
		if (point && *at != '0' && after == decimals) {
			return -1;
		}
		if (!point || after < decimals) {
			number = number <= max ? number * 10 + (*at - '0') : number;
			after += point;
		}
	}
	for (; after < decimals; after++) {
		number = number <= max ? number * 10 : number;
	}
	*text = at;
	return number;
}

int mm_ct_parse(const char *text, struct mm_ct *ret, const char **ret_reason)
{
	struct mm_ct ct = {.primary_a = read_decimal(&text, 0, MM_CT_PRIMARY_MAX_A)};

	*ret_reason = "primary amperes, a colon, and amperes or volts: 200:0.1, or 200:0.333V";
	if (ct.primary_a < 1 || ct.primary_a > MM_CT_PRIMARY_MAX_A || *text++ != ':') {
		return -EINVAL;
	}
	ct.secondary = read_decimal(&text, SECONDARY_DECIMALS, SECONDARY_MAX);
	ct.volts = *text == 'V' || *text == 'v';
	text += ct.volts;
	if (ct.secondary < SECONDARY_MIN || ct.secondary > SECONDARY_MAX || *text != '\0') {
		return -EINVAL;
	}
	*ret = ct;
	return 0;
}

static char *add(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length + 1);
	return at + length;
}

static char *add_number(char *at, int number)
{
	char digits[12] = "";
	size_t i = sizeof(digits) - 1;

	do {
		digits[--i] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return add(at, digits + i);
}

void mm_ct_format(const struct mm_ct *ct, char ret[static MM_CT_TEXT_MAX])
{
	char *at = ret;

	*at = '\0';
	if (ct->primary_a == 0) {
		return;
	}
	at = add(add_number(at, ct->primary_a), ":");
	at = add_number(at, ct->secondary / MM_CT_SECONDARY_UNITS);
	if (ct->secondary % MM_CT_SECONDARY_UNITS > 0) {
		*at++ = '.';
		for (int rest = ct->secondary % MM_CT_SECONDARY_UNITS, unit = MM_CT_SECONDARY_UNITS / 10; rest > 0; unit /= 10) {
			*at++ = (char)('0' + rest / unit);
			rest %= unit;
		}
		*at = '\0';
	}
	add(at, ct->volts ? "V" : "");
}

struct mm_ct mm_model_ct(const struct mm_model *model)
{
	double secondary = model->ct_secondary_v > 0 ? model->ct_secondary_v : model->ct_secondary_a;

	return (struct mm_ct){.primary_a = (int)lround(model->ct_primary_a),
			      .secondary = (int)lround(secondary * MM_CT_SECONDARY_UNITS),
			      .volts = model->ct_secondary_v > 0};
}

static int refuse(struct mm_model_error *ret_error, const char *field, const char *reason)
{
	*ret_error = (struct mm_model_error){.field = field, .reason = reason};
	return -EINVAL;
}

int mm_generic_model(const struct mm_generic *generic, struct mm_model *ret, struct mm_model_error *ret_error)
{
	struct mm_model model = {.meters = 1,
				 .generic = true,
				 .wires = generic->wires,
				 .rated_voltage_v = generic->rated_voltage_v,
				 .ct_primary_a = generic->ct.primary_a,
				 .ct_secondary_a = generic->ct.volts ? 0 : (double)generic->ct.secondary / MM_CT_SECONDARY_UNITS,
				 .ct_secondary_v = generic->ct.volts ? (double)generic->ct.secondary / MM_CT_SECONDARY_UNITS : 0,
				 .kh_wh = generic->kh_wh,
				 .lcd = true};
	char ct[MM_CT_TEXT_MAX], text[2 * MM_CT_TEXT_MAX] = CANONICAL, *at = text + strlen(text);

	if (!mm_wires_key(generic->wires)) {
		return refuse(ret_error, "service", "what the meter is connected to");
	}
	if (generic->elements != services[generic->wires].elements) {
		return refuse(ret_error, "elements", services[generic->wires].wrong);
	}
	model.elements = (unsigned)generic->elements;
	at = add(add(at, services[generic->wires].code), "-");
	at = add(add_number(at, generic->rated_voltage_v), "-");
	mm_ct_format(&generic->ct, ct);
	add_number(add(add(at, ct), "-"), generic->kh_wh);
	assert(strlen(text) < sizeof(model.canonical));
	strcpy(model.canonical, text);
	*ret = model;
	return 0;
}
