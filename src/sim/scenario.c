/* SPDX-License-Identifier: MIT */
/*
 * Reading a scenario. inih splits the lines; its reader callback sees each line before its handler does, so the line number and
 * the present section are known here and every refusal can say where it is.
 */
#include "sim/scenario.h"

#include "base/count_of.h"
#include "base/file.h"
#include "base/time_text.h"
#include "sim/number.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (64ul * 1024 * 1024)

enum board_kind {
	BOARD_NUMBER,
	BOARD_SEED,
	BOARD_SWITCH,
	BOARD_START,
	BOARD_REPEAT,
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
	{"repeat", BOARD_REPEAT, AT(repeat_ns), 60.0, MM_SIM_TIME_MAX_S, "a time such as 86400 or 24:00:00, 1 min to 10 years"},
	{"voltage_divider", BOARD_NUMBER, AT(voltage_divider), 1.0, 1e5, "a ratio from 1 to 100000"},
	{"burden_ohm", BOARD_NUMBER, AT(burden_ohm), 0.01, 1e4, "ohms from 0.01 to 10000"},
	{"ct_primary_a", BOARD_NUMBER, AT(ct_primary_a), 1.0, 1e4, "amperes from 1 to 10000"},
	{"mclk_hz", BOARD_NUMBER, AT(mclk_hz), 1e6, 2e7, "hertz from 1000000 to 20000000"},
	{"gain", BOARD_NUMBER, AT(gain), 1.0, 32.0, "a gain from 1 to 32"},
	{"offset_uv", BOARD_NUMBER, AT(offset_uv), -1e5, 1e5, "microvolts from -100000 to 100000"},
	{"stores_as_declared", BOARD_SWITCH, AT(stores_as_declared), 0.0, 0.0, "on or off"},
	{"ct_secondary_a", BOARD_NUMBER, AT(ct_secondary_a), 0.001, 10.0, "amperes from 0.001 to 10"},
};

enum section {
	SECTION_NONE,
	SECTION_BOARD,
	SECTION_AT,
};

struct reading {
	const char *name;
	const char *text;
	size_t len, offset;
	unsigned line;
	enum section section;
	int64_t time_ns;
	unsigned board_seen; /* bits of the keys set so far in [board], */
	unsigned at_seen;    /* and in the present [at] */
	struct mm_sim_scenario *scenario;
	size_t room;
	int r; /* of the first error; the rest of the text is skipped */
	struct mm_error *error;
};

static int refuse(struct reading *reading, const char *field, const char *reason)
{
	if (reading->r == 0) {
		reading->r = mm_error_set(reading->error, -EINVAL, "%.128s:%u: %.40s: %s", reading->name, reading->line, field,
					  reason);
	}
	return -EINVAL;
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
	case BOARD_REPEAT:
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
			reading->r = -ENOMEM;
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

/* inih's handler: one key. Non-zero means fine, in its terms. */
static int take_key(void *userdata, const char *section, const char *name, const char *value)
{
	struct reading *reading = userdata;
	int r = 0;

	(void)section;
	if (reading->r) {
		return 0;
	}
	switch (reading->section) {
	case SECTION_NONE:
		r = refuse(reading, name, "stands before the first [section]");
		break;
	case SECTION_BOARD:
		r = take_board(reading, name, value);
		break;
	case SECTION_AT:
		r = take_at(reading, name, value);
		break;
	}
	return r == 0;
}

/* line: "board" or "at TIME", between its brackets. */
static void enter_section(struct reading *reading, const char *line)
{
	char section[48];
	size_t len = strcspn(line, "]");
	int64_t time_ns;

	if (line[len] != ']' || len >= sizeof(section)) {
		refuse(reading, "section", "no ] where it should be");
		return;
	}
	memcpy(section, line, len);
	section[len] = '\0';
	if (strcmp(section, "board") == 0) {
		reading->section = SECTION_BOARD;
	} else if (strncmp(section, "at ", 3) != 0 || !parse_time(section + 3, 0.0, &time_ns)) {
		refuse(reading, section, "not [board], [at SECONDS] or [at HH:MM:SS]");
	} else if (time_ns <= reading->time_ns) {
		refuse(reading, section, "not later than the section before it");
	} else {
		reading->section = SECTION_AT;
		reading->time_ns = time_ns;
		reading->at_seen = 0;
	}
}

/* inih's reader, like fgets(). */
static char *take_line(char *buffer, int size, void *userdata)
{
	struct reading *reading = userdata;
	const char *line = reading->text + reading->offset;
	size_t left = reading->len - reading->offset;
	const char *newline = memchr(line, '\n', left);
	size_t len = newline ? (size_t)(newline - line) + 1 : left;

	if (len == 0 || reading->r) {
		return NULL;
	}
	reading->line++;
	reading->offset += len;
	if (len >= (size_t)size || memchr(line, '\0', len)) {
		refuse(reading, "line", "too long, or not text");
		return NULL;
	}
	memcpy(buffer, line, len);
	buffer[len] = '\0';
	if (buffer[0] == '[') {
		enter_section(reading, buffer + 1);
	} else if ((buffer[0] == ' ' || buffer[0] == '\t') && !strchr("\r\n;#", buffer[strspn(buffer, " \t")])) {
		/* inih would take it for more of the value above. */
		refuse(reading, "line", "begins with a blank");
	}
	return buffer;
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
	struct reading reading = {.name = name, .text = text, .len = len, .time_ns = -1, .error = error};
	int line, r;

	r = mm_sim_scenario_new(&reading.scenario);
	if (r < 0) {
		goto out;
	}
	line = ini_parse_stream(take_line, &reading, take_key, &reading);
	if (line > 0 && (!reading.r || (unsigned)line < reading.line)) {
		/* What inih itself could not read comes first. */
		reading.r = 0;
		reading.line = (unsigned)line;
		refuse(&reading, "line", "neither [section] nor key = value");
	}
	r = reading.r ? reading.r : line < 0 ? -ENOMEM : 0;
	if (r < 0) {
		goto out;
	}
	*ret = reading.scenario;
	reading.scenario = NULL;
out:
	if (r == -ENOMEM) {
		(void)mm_error_set(error, r, "%.128s: out of memory", name);
	}
	mm_sim_scenario_free(reading.scenario);
	return r;
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
