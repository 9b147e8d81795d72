/* SPDX-License-Identifier: MIT */
/* Setting the start reading of a meter that takes another one's place. */

#include <string.h>

#include "base/count_of.h"
#include "ctl/private.h"
#include "ctl/writer.h"

#define READING_KWH_MAX 999999

/* Reads kWh as a display shows them, "12345" or "12345.6", as watt-hours. */
static int read_kwh(struct mm_ctl *ctl, const char *what, const char *text, int64_t *ret_wh)
{
	size_t whole = strspn(text, "0123456789"), length = whole;
	int64_t kwh = 0;

	if (text[whole] == '.') {
		length += 1 + strspn(text + whole + 1, "0123456789");
	}
	if (whole == 0 || text[length] != '\0' || length > whole + 2 || length == whole + 1) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "%s must be kWh as a display shows them, such as 12345.6, not '%s'", what,
				   text);
	}
	for (size_t i = 0; i < whole && kwh <= READING_KWH_MAX; i++) {
		kwh = kwh * 10 + (text[i] - '0');
	}
	if (kwh > READING_KWH_MAX) {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "%s is above %d kWh, the most that a display shows", what, READING_KWH_MAX);
	}
	*ret_wh = kwh * 1000 + (length > whole ? (text[whole + 1] - '0') * 100 : 0);
	return MM_CTL_FINE;
}

static void preset_text(struct mm_ctl *ctl, const json_t *meter, const json_t *answer, bool confirmed)
{
	static const struct mm_column columns[] = {
		{MM_NUMBER("delivered_uwh", "total", "kWh", 3), .scale = 1e-9},
		{MM_NUMBER("received_uwh", "received", "kWh", 3), .scale = 1e-9},
	};
	char name[MM_CELL_MAX];

	mm_cell_as(MM_FORMAT_TEXT, meter, "meter", name);
	fprintf(ctl->out, "meter %s %s\n", name, confirmed ? "now reads" : "would read");
	mm_writer_record(ctl->out, ctl->width, columns, COUNT_OF(columns), answer);
	if (!confirmed) {
		mm_ctl_say(ctl, false,
			   "Nothing has been changed. A start reading is set once and can't be taken back: compare it with the "
			   "old meter and say the same again with --confirm.");
	}
}

int mm_ctl_preset(struct mm_ctl *ctl)
{
	bool confirmed = ctl->option[MM_OPTION_CONFIRM] != NULL;
	int64_t delivered_wh, received_wh = 0;
	json_t *parameters, *meter, *answer;
	int r;

	if (ctl->argv[1][0] == '\0') {
		return mm_ctl_fail(ctl, MM_CTL_USAGE, "OLD-SERIAL must be the serial number on the old meter's plate, not empty");
	}
	r = read_kwh(ctl, "READING", ctl->argv[0], &delivered_wh);
	if (r == MM_CTL_FINE && ctl->option[MM_OPTION_RECEIVED] != NULL) {
		r = read_kwh(ctl, "--received", ctl->option[MM_OPTION_RECEIVED], &received_wh);
	}
	if (r == MM_CTL_FINE) {
		r = mm_ctl_one_meter(ctl, &meter);
	}
	if (r != MM_CTL_FINE) {
		return r;
	}
	parameters = json_pack("{s:O, s:I, s:I, s:s, s:b}", "meter", json_object_get(meter, "meter"), "delivered_wh",
			       (json_int_t)delivered_wh, "received_wh", (json_int_t)received_wh, "old_serial", ctl->argv[1],
			       "dry_run", (int)!confirmed);
	r = mm_ctl_call(ctl, "org.minimeter.Preset", parameters, &answer);
	if (r == MM_CTL_FINE) {
		if (!mm_ctl_json(ctl, answer)) {
			preset_text(ctl, meter, answer, confirmed);
		}
		json_decref(answer);
	}
	json_decref(meter);
	return r;
}
