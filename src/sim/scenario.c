/* SPDX-License-Identifier: MIT */
#include "sim/scenario.h"

#include "base/count_of.h"
#include "base/file.h"
#include "base/ini.h"
#include "base/time_text.h"
#include "sim/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (64ul * 1024 * 1024)

enum board_kind {
	BOARD_NUMBER,
	BOARD_SEED,
	BOARD_SWITCH,
	BOARD_START,
	BOARD_TIME,
	BOARD_CHIP,
};

struct board_key {
	const char *name;
	enum board_kind kind;
	size_t offset;
	double min, max;
	const char *reason;
};

#define AT(member) offsetof(struct mm_sim_board_config, member)

static const struct board_key board_keys[] = {
	{"chip", BOARD_CHIP, AT(chip), 0.0, 0.0, NULL}, /* the reason is the list of chips */
	{"ppm", BOARD_NUMBER, AT(ppm), -1000.0, 1000.0, "parts per million from -1000 to 1000"},
	{"seed", BOARD_SEED, AT(seed), 0.0, 4294967295.0, "a whole number from 0 to 4294967295"},
	{"noise", BOARD_SWITCH, AT(noise), 0.0, 0.0, "on or off"},
	{"start_time", BOARD_START, AT(start_s), 0.0, 0.0, "a time such as 2025-06-01T00:00:00Z or 2025-06-01T02:00:00+02:00"},
	{"clock_set", BOARD_TIME, AT(clock_set_ns), 0.0, MM_SIM_TIME_MAX_S, "a time such as 600 or 00:10:00, up to 10 years"},
	{"clock_error", BOARD_NUMBER, AT(clock_error_s), -4e9, 4e9, "seconds from -4000000000 to 4000000000"},
	{"repeat", BOARD_TIME, AT(repeat_ns), 60.0, MM_SIM_TIME_MAX_S, "a time such as 86400 or 24:00:00, 1 min to 10 years"},
	{"voltage_divider", BOARD_NUMBER, AT(voltage_divider), 1.0, 1e5, "a ratio from 1 to 100000"},
	{"burden_ohm", BOARD_NUMBER, AT(burden_ohm), 0.01, 1e4, "ohms from 0.01 to 10000"},
	{"ct_primary_a", BOARD_NUMBER, AT(ct_primary_a), 1.0, 1e4, "amperes from 1 to 10000"},
	{"mclk_hz", BOARD_NUMBER, AT(mclk_hz), 1e6, 2e7, "hertz from 1000000 to 20000000"},
	{"gain", BOARD_NUMBER, AT(gain), 1.0, 32.0, "a gain from 1 to 32"},
	{"offset_uv", BOARD_NUMBER, AT(offset_uv), -1e5, 1e5, "microvolts from -100000 to 100000"},
	{"stores_as_declared", BOARD_SWITCH, AT(stores_as_declared), 0.0, 0.0, "on or off"},
	{"ct_secondary_a", BOARD_NUMBER, AT(ct_secondary_a), 0.001, 10.0, "amperes from 0.001 to 10"},
	{"ct_secondary_v", BOARD_NUMBER, AT(ct_secondary_v), 0.01, 10.0, "volts from 0.01 to 10"},
};

enum section {
	SECTION_NONE,
	SECTION_BOARD,
	SECTION_AT,
};

struct reading {
	enum section section;
	int64_t time_ns;
	unsigned board_seen; /* bits of the keys of [board] so far, */
	unsigned at_seen;    /* and of the present [at] */
	struct mm_sim_scenario *scenario;
	size_t room;
	struct mm_error error;
};

static int refuse(struct reading *reading, const char *field, const char *reason)
{
	return mm_error_set(&reading->error, -EINVAL, "%.40s: %s", field, reason);
}

/* "90", "0.5", "06:30" or "06:30:15.5". */
static bool parse_time(const char *text, double min_s, int64_t *ret_ns)
{
	double part[3] = {0.0, 0.0, 0.0}, seconds;
	char copy[32], *rest = copy;
	unsigned count = 0;

	if (strlen(text) >= sizeof(copy)) {
		return false;
	}
	strcpy(copy, text);
	while (rest) {
		const char *field = strsep(&rest, ":");

		if (count == 3 || !mm_sim_number_parse(field, 0.0, MM_SIM_TIME_MAX_S, &part[count++])) {
			return false;
		}
	}
	seconds = count == 1 ? part[0] : part[0] * 3600.0 + part[1] * 60.0 + part[2];
	if (seconds < min_s || seconds > MM_SIM_TIME_MAX_S || (count > 1 && (part[1] >= 60.0 || part[2] >= 60.0))) {
		return false;
	}
	*ret_ns = (int64_t)(seconds * 1e9 + 0.5);
	return true;
}

static bool set_board(struct mm_sim_board_config *board, const struct board_key *key, const char *text)
{
	void *member = (char *)board + key->offset;

	switch (key->kind) {
	case BOARD_NUMBER:
		return mm_sim_number_parse(text, key->min, key->max, member);
	case BOARD_SEED:
		return mm_sim_whole_parse(text, (uint64_t)key->max, member);
	case BOARD_SWITCH:
		*(bool *)member = strcmp(text, "on") == 0;
		return *(bool *)member || strcmp(text, "off") == 0;
	case BOARD_START:
		board->has_start = true;
		return mm_time_parse(text, member, NULL) == 0;
	case BOARD_TIME:
		return parse_time(text, key->min, member);
	case BOARD_CHIP:
		board->chip = mm_sim_chip_find(text);
		return board->chip != NULL;
	}
	return false;
}

/* What is wrong with a value of the key: what would be right. */
static int refuse_board(struct reading *reading, const struct board_key *key)
{
	char chips[MM_ERROR_TEXT_MAX];

	if (key->kind != BOARD_CHIP) {
		return refuse(reading, key->name, key->reason);
	}
	mm_sim_chip_names(chips, sizeof(chips));
	return refuse(reading, key->name, chips);
}

static int take_board(struct reading *reading, const char *name, const char *text)
{
	for (unsigned i = 0; i < COUNT_OF(board_keys); i++) {
		if (strcmp(board_keys[i].name, name) == 0) {
			if (reading->board_seen & (1u << i)) {
				return refuse(reading, name, "set a second time");
			}
			reading->board_seen |= 1u << i;
			return set_board(&reading->scenario->board, &board_keys[i], text) ? 0
											  : refuse_board(reading, &board_keys[i]);
		}
	}
	return refuse(reading, name, "unknown key in [board]");
}

static int add_event(struct reading *reading, const struct mm_sim_event *event)
{
	struct mm_sim_scenario *scenario = reading->scenario;

	if (scenario->event_count == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 64;
		struct mm_sim_event *events = reallocarray(scenario->events, room, sizeof(*events));

		if (!events) {
			return -ENOMEM;
		}
		scenario->events = events;
		reading->room = room;
	}
	scenario->events[scenario->event_count++] = *event;
	return 0;
}

static int take_at(struct reading *reading, const char *name, const char *text)
{
	struct mm_sim_event event = {.time_ns = reading->time_ns};
	const char *reason;

	if (mm_sim_key_find(name, &event.key) < 0) {
		return refuse(reading, name, "unknown key in [at]");
	}
	if (reading->at_seen & (1u << event.key)) {
		return refuse(reading, name, "set a second time at the same moment");
	}
	reading->at_seen |= 1u << event.key;
	if (mm_sim_value_parse(event.key, text, &event.value, &reason) < 0) {
		return refuse(reading, name, reason);
	}
	return add_event(reading, &event);
}

static int take_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct reading *reading = userdata;

	(void)section;
	switch (reading->section) {
	case SECTION_NONE:
		break;
	case SECTION_BOARD:
		return take_board(reading, name, value);
	case SECTION_AT:
		return take_at(reading, name, value);
	}
	return refuse(reading, name, "stands before the first [section]");
}

/* line: the section's line behind its opening bracket. */
static int take_section(struct reading *reading, const char *line)
{
	char section[48];
	size_t len = strcspn(line, "]");
	int64_t time_ns;

	if (line[len] != ']' || len >= sizeof(section)) {
		return refuse(reading, "section", "no ] where it should be");
	}
	memcpy(section, line, len);
	section[len] = '\0';
	if (strcmp(section, "board") == 0) {
		reading->section = SECTION_BOARD;
		return 0;
	}
	if (strncmp(section, "at ", 3) != 0 || !parse_time(section + 3, 0.0, &time_ns)) {
		return refuse(reading, section, "not [board], [at SECONDS] or [at HH:MM:SS]");
	}
	if (time_ns <= reading->time_ns) {
		return refuse(reading, section, "not later than the section before it");
	}
	reading->section = SECTION_AT;
	reading->time_ns = time_ns;
	reading->at_seen = 0;
	return 0;
}

static int take_line(void *userdata, const char *line)
{
	if (line[0] == '[') {
		return take_section(userdata, line + 1);
	}
	if ((line[0] == ' ' || line[0] == '\t') && !strchr("\r\n;#", line[strspn(line, " \t")])) {
		/* To inih it would continue the value above. */
		return refuse(userdata, "line", "begins with a blank");
	}
	return 0;
}

int mm_sim_scenario_new(struct mm_sim_scenario **ret)
{
	struct mm_sim_scenario *scenario = calloc(1, sizeof(*scenario));

	if (!scenario) {
		return -ENOMEM;
	}
	scenario->board = (struct mm_sim_board_config){
		.chip = mm_sim_chip_find("ade9000"),
		.seed = 1,
		.noise = true,
		.voltage_divider = 1001.0,
		.burden_ohm = 5.1,
		.ct_primary_a = 200.0,
		.ct_secondary_a = 0.1,
		.mclk_hz = 4e6,
		.gain = 1.0,
	};
	*ret = scenario;
	return 0;
}

int mm_sim_scenario_parse(const char *name, const char *text, size_t len, struct mm_error *error, struct mm_sim_scenario **ret)
{
	static const struct mm_ini_callbacks callbacks = {take_line, take_key};
	struct reading reading = {.time_ns = -1};
	FILE *file = fmemopen((void *)(uintptr_t)text, len, "r");
	unsigned line = 0;
	int r = file ? mm_sim_scenario_new(&reading.scenario) : -errno;

	if (r == 0) {
		r = mm_ini_read(file, &callbacks, &reading, &line);
	}
	if (r == -EBADMSG) {
		r = refuse(&reading, "line", "neither [section] nor key = value");
	} else if (r == -EMSGSIZE) {
		r = refuse(&reading, "line", "too long, or not text");
	}
	if (file) {
		fclose(file);
	}
	if (r == 0) {
		*ret = reading.scenario;
		return 0;
	}
	mm_sim_scenario_free(reading.scenario);
	return r == -EINVAL ? mm_error_set(error, r, "%.128s:%u: %s", name, line, reading.error.text)
			    : mm_error_set(error, r, "%.128s: %s", name, strerror(-r));
}

int mm_sim_scenario_load(const char *path, struct mm_error *error, struct mm_sim_scenario **ret)
{
	char *text;
	size_t size;
	int r = mm_file_read(path, FILE_SIZE_MAX, 0, &text, &size);

	if (r < 0) {
		return mm_error_set(error, r, "%.128s: %s", path, strerror(-r));
	}
	r = mm_sim_scenario_parse(path, text, size, error, ret);
	free(text);
	return r;
}

void mm_sim_scenario_free(struct mm_sim_scenario *scenario)
{
	if (scenario) {
		free(scenario->events);
		free(scenario);
	}
}
