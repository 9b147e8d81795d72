/* SPDX-License-Identifier: MIT */
/* Correcting the wiring of CTs by arithmetic until somebody is there with a ladder. */

#include <string.h>

#include "base/count_of.h"
#include "ctl/private.h"
#include "ctl/writer.h"

/* What a correction means, and what it costs. */
static const struct {
	const char *name;
	const char *meaning;
} corrections[] = {
	{"ct1-reversed", "CT1 is turned round"},
	{"ct2-reversed", "CT2 is turned round"},
	{"ct3-reversed", "CT3 is turned round"},
	{"ct-crossed", "CT1 sits on line 2 and CT2 on line 1"},
	{"lines-180", "with ct-crossed: split phase"},
	{"lines-120", "with ct-crossed: L2 lags L1 by 120 degrees"},
	{"lines-240", "with ct-crossed: L2 lags L1 by 240 degrees"},
	{"none", "as wired"},
};

static const char reversed_cost[] =
	"A reversed CT costs a little accuracy: CTs are tested the right way round. Turn it when you can, and then say 'none'.";
static const char crossed_cost[] =
	"Crossed CTs cost accuracy: each current is put against the other line's voltage, scaled and turned by the angle that "
	"you state.\n"
	"An angle that is off by 0.1 degrees costs 0.3 % at power factor 0.5, and with harmonics the figures are an estimate; "
	"while one line is dead both elements read no power.\n"
	"Put the CTs right soon, and then say 'none'.";

const char *mm_correction_word(size_t number)
{
	return number < COUNT_OF(corrections) ? corrections[number].name : NULL;
}

static bool asked_for(const struct mm_ctl *ctl, const char *part)
{
	for (int i = 0; i < ctl->argc; i++) {
		if (strstr(ctl->argv[i], part) != NULL) {
			return true;
		}
	}
	return false;
}

/* The names for the daemon; NULL: what is wrong has been printed. */
static json_t *read_corrections(struct mm_ctl *ctl)
{
	json_t *names = json_array();

	for (int i = 0; i < ctl->argc; i++) {
		const char *name = ctl->argv[i];
		size_t known = 0;

		while (known < COUNT_OF(corrections) && strcmp(corrections[known].name, name) != 0) {
			known++;
		}
		if (known == COUNT_OF(corrections)) {
			mm_ctl_fail(ctl, MM_CTL_USAGE, "there is no correction '%s'; there are:", name);
			for (size_t c = 0; c < COUNT_OF(corrections); c++) {
				fprintf(ctl->err, "  %-14s%s\n", corrections[c].name, corrections[c].meaning);
			}
		} else if (strcmp(name, "none") != 0) {
			json_array_append_new(names, json_string(name));
			continue;
		} else if (ctl->argc == 1) {
			continue;
		} else {
			mm_ctl_fail(ctl, MM_CTL_USAGE, "'none' stands alone: it takes back every correction");
		}
		json_decref(names);
		return NULL;
	}
	return names;
}

static void correct_text(struct mm_ctl *ctl, const json_t *answer)
{
	static const struct mm_column columns[] = {
		{MM_COLUMN(TEXT, "name", "ELEMENT")},
		{MM_NUMBER("power_w", "READS", "W", 1)},
		{MM_NUMBER("corrected_power_w", "CORRECTED", "W", 1)},
	};

	mm_writer_table(ctl->out, ctl->width, columns, COUNT_OF(columns), json_object_get(answer, "elements"), true);
	fputc('\n', ctl->out);
	if (asked_for(ctl, "reversed")) {
		mm_ctl_say(ctl, false, "%s", reversed_cost);
	}
	if (asked_for(ctl, "crossed")) {
		mm_ctl_say(ctl, false, "%s", crossed_cost);
	}
	mm_ctl_say(ctl, false, "%s",
		   ctl->option[MM_OPTION_CONFIRM] != NULL
			   ? "In force from now on; 'minimeterctl read' shows it, and the audit trail keeps who said so."
			   : "Nothing has been changed. Say the same again with --confirm to put it in force.");
}

int mm_ctl_correct(struct mm_ctl *ctl)
{
	json_t *names = read_corrections(ctl), *answer = NULL;
	int r;

	if (names == NULL) {
		return MM_CTL_USAGE;
	}
	r = mm_ctl_call_meter(
		ctl, "org.minimeter.Correct",
		json_pack("{s:o, s:b}", "corrections", names, "dry_run", (int)(ctl->option[MM_OPTION_CONFIRM] == NULL)), &answer);
	return mm_ctl_show(ctl, r, answer, correct_text);
}
