/* SPDX-License-Identifier: MIT */
#include "ctl/overview.h"

#include "base/text.h"
#include "core/units.h"
#include "ctl/writer.h"

#define NAME_MIN 5
#define NAME_MAX 24
#define NUMBER_COLUMNS 3
#define ENERGY_COLUMNS 11
#define POWER_COLUMNS 10
#define STATE_COLUMNS 6 /* for the begin of what is wrong */

/* A longer name is cut: the figures cover its end. */
static int name_columns(const struct mm_screen *screen, const struct mm_readings *readings)
{
	int room = COLS - 2 * screen->margin - NUMBER_COLUMNS - ENERGY_COLUMNS - POWER_COLUMNS - STATE_COLUMNS, most = NAME_MIN;

	for (size_t i = 0; i < readings->count; i++) {
		int columns = mm_text_columns(readings->meter[i].name);
		most = columns > most ? columns : most;
	}
	room = room < NAME_MAX ? room : NAME_MAX;
	return most < room ? most : room;
}

static void draw_meter(const struct mm_screen *screen, const struct mm_reading *meter, size_t number, int names, bool live)
{
	bool faulty = meter->faults.count > 0 || !meter->valid;
	char words[MM_CELL_MAX];
	int x = screen->margin + NUMBER_COLUMNS + names, y = screen->y;

	mm_screen_put(y, screen->margin, screen->dim, "%zu", number);
	mm_screen_put(y, screen->margin + NUMBER_COLUMNS, A_BOLD, "%s", meter->name);
	x = mm_screen_put(y, x, live ? A_BOLD : screen->dim, "%*.1f", ENERGY_COLUMNS,
			  (double)meter->delivered_uwh / MM_UWH_PER_KWH);
	if (live && meter->valid) {
		x = mm_screen_put(y, x, A_NORMAL, "%*.1f", POWER_COLUMNS, meter->power_w);
	} else {
		x = mm_screen_put(y, x, screen->dim, "%*s", POWER_COLUMNS, "-");
	}
	if (!live) {
		mm_screen_put(y, x + 2, screen->dim, "?");
	} else if (faulty) {
		mm_cell_flag(meter->faults.count > 0 ? meter->faults.name[0] : "not-valid", words);
		mm_screen_put(y, x + 2, screen->red, "%s", words);
	} else {
		mm_screen_put(y, x + 2, screen->green, "ok");
	}
}

void mm_overview_draw(struct mm_screen *screen, const struct mm_readings *readings, bool live, int end)
{
	int names = name_columns(screen, readings);
	size_t room;

	mm_screen_put(screen->y, screen->margin + NUMBER_COLUMNS, screen->dim, "METER");
	mm_screen_put(screen->y++, screen->margin + NUMBER_COLUMNS + names, screen->dim, "%*s%*s  STATE", ENERGY_COLUMNS, "kWh",
		      POWER_COLUMNS, "W");
	room = end > screen->y ? (size_t)(end - screen->y) : 0;
	for (size_t i = 0; i < readings->count && i < room; i++) {
		if (i + 1 == room && readings->count > room) {
			mm_screen_put(screen->y++, screen->margin + NUMBER_COLUMNS, screen->dim, "and %zu more",
				      readings->count - i);
			return;
		}
		draw_meter(screen, &readings->meter[i], i + 1, names, live);
		screen->y++;
	}
}
