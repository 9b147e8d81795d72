/* SPDX-License-Identifier: MIT */
/* The keys of the simulated board: one table row each, one reader and one writer per kind of value. */
#include "sim/state.h"

#include "sim/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* An error has the most: three numbers with their units. */
#define WORDS_MAX 6

enum kind {
	KIND_NUMBER,
	KIND_LOAD,
	KIND_LEAD,
	KIND_CT,
	KIND_ERROR,
	KIND_HARMONICS,
	KIND_SHAPE,
	KIND_FAULT,
};

struct key {
	const char *name;
	enum kind kind;
	unsigned line;
	size_t offset, size; /* of the member, which has the type of a member of union mm_sim_value */
	double min, max;
	const char *reason;
};

#define AT(member) offsetof(struct mm_sim_state, member), sizeof(((struct mm_sim_state *)NULL)->member)
#define VOLTAGE(n) KIND_NUMBER, n, AT(voltage_v[n]), 0.0, 1000.0, "volts from 0 to 1000"
#define PHASE(n) KIND_NUMBER, n, AT(lag_deg[n]), -360.0, 360.0, "degrees from -360 to 360"
#define FREQUENCY KIND_NUMBER, 0, AT(frequency_hz), 10.0, 100.0, "hertz from 10 to 100"
#define LOAD(member)                                                                                                             \
	KIND_LOAD, 0, AT(member), -1e6, 1e6, "\"off\", \"1500 W\", \"1500 W 0.8 lag\" (or lead) or \"1500 W 30 var\", up to 1 MW"
#define OHM KIND_NUMBER, 0, AT(line_ohm), 0.0, 10.0, "ohms from 0 to 10"
#define LEAD(n) KIND_LEAD, n, AT(lead[n]), 0.0, 0.0, "\"ok\", \"open\" or \"on b\" (a, b, c, or n for the neutral)"
#define CT(n) KIND_CT, n, AT(ct[n]), 0.0, 0.0, "\"ok\", \"reversed\", \"open\", \"on b\" or \"reversed on b\""
#define ERROR(n)                                                                                                                 \
	KIND_ERROR, n, AT(error[n]), -100.0, 100.0,                                                                              \
		"\"none\", or percent, degrees and watts as \"1.5 % 0.2 deg -0.3 W\", up to 100 each"
#define HARMONICS(member)                                                                                                        \
	KIND_HARMONICS, 0, AT(member), 0.0, 0.0,                                                                                 \
		"\"none\" or up to four of different order, as \"5:40 7:20:180\" (order, percent, degrees)"
#define SHAPE                                                                                                                    \
	KIND_SHAPE, 0, AT(wave.shape), 0.0, 0.0,                                                                                 \
		"\"sine\", \"half-wave\", \"phase-fired 90\" (degrees up to 170) or \"burst 2 2\" (cycles on and off)"
#define FAULT                                                                                                                    \
	KIND_FAULT, 0, AT(fault), 0.0, 0.0,                                                                                      \
		"none, frozen, stall MS (up to 60000), eio, vanished, stuck, implausible, no-scale, swapped, "                   \
		"rate PERCENT (10 to 200), losing N (one sample in 2 to 1000000), no-trigger, no-channel or restarted"

#define ROW(id, name, ...) [MM_SIM_##id] = {name, __VA_ARGS__},

static const struct key keys[MM_SIM_KEY_COUNT] = {MM_SIM_KEYS(ROW)};

/* The faults' words, and the range of the number behind those that have one. */
static const struct {
	const char *name;
	double min, max;
} faults[MM_SIM_FAULT_COUNT] = {
	[MM_SIM_FAULT_NONE] = {"none", 0.0, 0.0},
	[MM_SIM_FAULT_FROZEN] = {"frozen", 0.0, 0.0},
	[MM_SIM_FAULT_STALL] = {"stall", 0.0, 60000.0},
	[MM_SIM_FAULT_EIO] = {"eio", 0.0, 0.0},
	[MM_SIM_FAULT_VANISHED] = {"vanished", 0.0, 0.0},
	[MM_SIM_FAULT_STUCK] = {"stuck", 0.0, 0.0},
	[MM_SIM_FAULT_IMPLAUSIBLE] = {"implausible", 0.0, 0.0},
	[MM_SIM_FAULT_NO_SCALE] = {"no-scale", 0.0, 0.0},
	[MM_SIM_FAULT_SWAPPED] = {"swapped", 0.0, 0.0},
	[MM_SIM_FAULT_RATE] = {"rate", 10.0, 200.0},
	[MM_SIM_FAULT_LOSING] = {"losing", 2.0, 1e6},
	[MM_SIM_FAULT_NO_TRIGGER] = {"no-trigger", 0.0, 0.0},
	[MM_SIM_FAULT_NO_CHANNEL] = {"no-channel", 0.0, 0.0},
	[MM_SIM_FAULT_RESTARTED] = {"restarted", 0.0, 0.0},
};

void mm_sim_state_init(struct mm_sim_state *state)
{
	*state = (struct mm_sim_state){.voltage_v = {120.0, 120.0, 0.0}, .lag_deg = {0.0, 180.0, 0.0}, .frequency_hz = 60.0};
	for (unsigned i = 0; i < MM_SIM_LINES; i++) {
		state->ct[i].line = i;
	}
	for (unsigned i = 0; i <= MM_SIM_NEUTRAL; i++) {
		state->lead[i].conductor = i;
	}
}

int mm_sim_key_find(const char *name, enum mm_sim_key *ret)
{
	for (enum mm_sim_key key = 0; key < MM_SIM_KEY_COUNT; key++) {
		if (strcmp(keys[key].name, name) == 0) {
			*ret = key;
			return 0;
		}
	}
	return -ENOENT;
}

/* Splits text at blanks into at most max words; returns how many there are, max + 1 for too many. */
static unsigned split(char *text, char *words[], unsigned max)
{
	unsigned count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (count == max) {
			return max + 1;
		}
		words[count++] = word;
	}
	return count;
}

/* Watts at a power factor, lagging or leading: Q = P tan(acos pf). */
static bool parse_power_factor(const char *factor, const char *side, struct mm_sim_load *load)
{
	double pf;

	if (!mm_sim_number_parse(factor, 0.01, 1.0, &pf)) {
		return false;
	}
	load->reactive_var = fabs(load->active_w) * sqrt(1.0 - pf * pf) / pf;
	if (strcmp(side, "lead") == 0) {
		load->reactive_var = -load->reactive_var;
		return true;
	}
	return strcmp(side, "lag") == 0;
}

static bool parse_load(const struct key *key, char *words[], unsigned count, struct mm_sim_load *ret)
{
	*ret = (struct mm_sim_load){0};
	if (count == 1) {
		return strcmp(words[0], "off") == 0;
	}
	if (count < 2 || strcmp(words[1], "W") != 0 || !mm_sim_number_parse(words[0], key->min, key->max, &ret->active_w)) {
		return false;
	}
	if (count == 2) {
		return true;
	}
	if (count == 4 && strcmp(words[3], "var") == 0) {
		return mm_sim_number_parse(words[2], key->min, key->max, &ret->reactive_var);
	}
	return count == 4 && parse_power_factor(words[2], words[3], ret);
}

/* The letter of a line or, if count includes it, of the neutral. */
static bool parse_conductor(const char *word, unsigned count, unsigned *ret)
{
	static const char letters[] = "abcn";
	const char *found = strchr(letters, word[0]);

	if (strlen(word) != 1 || !found || found >= letters + count) {
		return false;
	}
	*ret = (unsigned)(found - letters);
	return true;
}

static bool parse_lead(const struct key *key, char *words[], unsigned count, struct mm_sim_lead *ret)
{
	*ret = (struct mm_sim_lead){.conductor = key->line, .open = strcmp(words[0], "open") == 0};
	if (count == 2) {
		return strcmp(words[0], "on") == 0 && parse_conductor(words[1], MM_SIM_NEUTRAL + 1, &ret->conductor);
	}
	return count == 1 && (ret->open || strcmp(words[0], "ok") == 0);
}

static bool parse_ct(const struct key *key, char *words[], unsigned count, struct mm_sim_ct *ret)
{
	unsigned word = 0;

	*ret = (struct mm_sim_ct){.line = key->line, .open = strcmp(words[0], "open") == 0};
	if (count == 1 && (ret->open || strcmp(words[0], "ok") == 0)) {
		return true;
	}
	if (strcmp(words[0], "reversed") == 0) {
		ret->reversed = true;
		word = 1;
	}
	if (count >= word + 2 && strcmp(words[word], "on") == 0) {
		if (!parse_conductor(words[word + 1], MM_SIM_LINES, &ret->line)) {
			return false;
		}
		word += 2;
	}
	return count == word && word > 0;
}

/* Numbers with their units, each once, in any order. */
static bool parse_error(const struct key *key, char *words[], unsigned count, struct mm_sim_error *ret)
{
	const struct {
		const char *unit;
		double *number;
	} parts[] = {{"%", &ret->ratio_percent}, {"deg", &ret->phase_deg}, {"W", &ret->offset_w}};
	unsigned seen = 0;

	*ret = (struct mm_sim_error){0};
	if (count == 1) {
		return strcmp(words[0], "none") == 0;
	}
	for (unsigned word = 0; word < count; word += 2) {
		unsigned part = 0;

		while (part < 3 && word + 1 < count && strcmp(words[word + 1], parts[part].unit) != 0) {
			part++;
		}
		if (word + 1 == count || part == 3 || (seen & (1u << part)) ||
		    !mm_sim_number_parse(words[word], key->min, key->max, parts[part].number)) {
			return false;
		}
		seen |= 1u << part;
	}
	return true;
}

static bool parse_fault(char *words[], unsigned count, struct mm_sim_fault *ret)
{
	double number = 0.0;

	for (enum mm_sim_fault_kind kind = 0; kind < MM_SIM_FAULT_COUNT; kind++) {
		if (strcmp(words[0], faults[kind].name) == 0) {
			bool numbered = faults[kind].max > 0.0;

			if (count != (numbered ? 2 : 1) ||
			    (numbered && !mm_sim_number_parse(words[1], faults[kind].min, faults[kind].max, &number))) {
				return false;
			}
			*ret = (struct mm_sim_fault){.kind = kind, .number = (unsigned)number};
			return true;
		}
	}
	return false;
}

int mm_sim_value_parse(enum mm_sim_key key, const char *text, union mm_sim_value *ret, const char **ret_reason)
{
	char copy[MM_SIM_VALUE_TEXT_MAX];
	char *words[WORDS_MAX];
	union mm_sim_value value;
	bool right = false;
	unsigned count;

	*ret_reason = keys[key].reason;
	if (strlen(text) >= sizeof(copy)) {
		return -EINVAL;
	}
	strcpy(copy, text);
	count = split(copy, words, WORDS_MAX);
	if (count == 0 || count > WORDS_MAX) {
		return -EINVAL;
	}
	switch (keys[key].kind) {
	case KIND_NUMBER:
		right = count == 1 && mm_sim_number_parse(words[0], keys[key].min, keys[key].max, &value.number);
		break;
	case KIND_LOAD:
		right = parse_load(&keys[key], words, count, &value.load);
		break;
	case KIND_LEAD:
		right = parse_lead(&keys[key], words, count, &value.lead);
		break;
	case KIND_CT:
		right = parse_ct(&keys[key], words, count, &value.ct);
		break;
	case KIND_ERROR:
		right = parse_error(&keys[key], words, count, &value.error);
		break;
	case KIND_HARMONICS:
		right = mm_sim_harmonics_parse(words, count, &value.harmonics);
		break;
	case KIND_SHAPE:
		right = mm_sim_shape_parse(words, count, &value.shape);
		break;
	case KIND_FAULT:
		right = parse_fault(words, count, &value.fault);
		break;
	}
	if (!right) {
		return -EINVAL;
	}
	*ret = value;
	return 0;
}

void mm_sim_state_set(struct mm_sim_state *state, enum mm_sim_key key, const union mm_sim_value *value)
{
	memcpy((char *)state + keys[key].offset, value, keys[key].size);
}

static void format_load(const struct mm_sim_load *load, char ret[static MM_SIM_VALUE_TEXT_MAX])
{
	if (load->active_w == 0.0 && load->reactive_var == 0.0) {
		strcpy(ret, "off");
	} else if (load->reactive_var == 0.0) {
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, "%.12g W", load->active_w);
	} else {
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, "%.12g W %.12g var", load->active_w, load->reactive_var);
	}
}

static void format_lead(const struct mm_sim_lead *lead, unsigned own, char ret[static MM_SIM_VALUE_TEXT_MAX])
{
	if (lead->open || lead->conductor == own) {
		strcpy(ret, lead->open ? "open" : "ok");
	} else {
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, "on %c", "abcn"[lead->conductor]);
	}
}

static void format_ct(const struct mm_sim_ct *ct, unsigned own, char ret[static MM_SIM_VALUE_TEXT_MAX])
{
	if (ct->open) {
		strcpy(ret, "open");
	} else if (ct->line != own) {
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, "%son %c", ct->reversed ? "reversed " : "", 'a' + (char)ct->line);
	} else {
		strcpy(ret, ct->reversed ? "reversed" : "ok");
	}
}

static void format_error(const struct mm_sim_error *error, char ret[static MM_SIM_VALUE_TEXT_MAX])
{
	if (error->ratio_percent == 0.0 && error->phase_deg == 0.0 && error->offset_w == 0.0) {
		strcpy(ret, "none");
	} else {
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, "%.6g %% %.6g deg %.6g W", error->ratio_percent, error->phase_deg,
			 error->offset_w);
	}
}

void mm_sim_state_format(const struct mm_sim_state *state, enum mm_sim_key key, char ret[static MM_SIM_VALUE_TEXT_MAX])
{
	const void *member = (const char *)state + keys[key].offset;
	const struct mm_sim_fault *fault = &state->fault;

	switch (keys[key].kind) {
	case KIND_NUMBER:
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, "%.12g", *(const double *)member);
		break;
	case KIND_LOAD:
		format_load(member, ret);
		break;
	case KIND_LEAD:
		format_lead(member, keys[key].line, ret);
		break;
	case KIND_CT:
		format_ct(member, keys[key].line, ret);
		break;
	case KIND_ERROR:
		format_error(member, ret);
		break;
	case KIND_HARMONICS:
		mm_sim_harmonics_format(member, ret, MM_SIM_VALUE_TEXT_MAX);
		break;
	case KIND_SHAPE:
		mm_sim_shape_format(member, ret, MM_SIM_VALUE_TEXT_MAX);
		break;
	case KIND_FAULT:
		snprintf(ret, MM_SIM_VALUE_TEXT_MAX, faults[fault->kind].max > 0.0 ? "%s %u" : "%s", faults[fault->kind].name,
			 fault->number);
		break;
	}
}
