/* SPDX-License-Identifier: MIT */
#include "client/svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

#include "base/count_of.h"
#include "client/calendar.h"
#include "client/xml.h"

/* The page, in units of which a character of the usual size has 13. */
#define WIDTH 720
#define HEIGHT 340
#define LEFT 62.0
#define RIGHT (WIDTH - 14.0)
#define TOP 66.0
#define BOTTOM (HEIGHT - 48.0)
#define MARK_Y (TOP - 5) /* where marks point to */
#define TICKS 5
#define BAR_SHARE 0.78	     /* of a bucket, where bars stand apart */
#define MEASURED_SHARE 0.999 /* of a bucket: with less, a part is missing */

#define BLUE "#1f5a96"	 /* dark: what is delivered */
#define ORANGE "#a34a00" /* and received, which is hatched as well */

/* How the picture stands on the page. */
struct frame {
	FILE *out;
	const struct mm_chart *chart;
	bool bars;	  /* energy of days or months, else power in steps */
	const char *unit; /* "kW" or "kWh" */
	double high, low; /* of the axis, in it; low is 0 or below */
	double step;	  /* between two ticks */
	int64_t from_s, to_s;
	unsigned number; /* in the page */
};

static double x_of(const struct frame *f, int64_t when_s)
{
	return LEFT + (RIGHT - LEFT) * (double)(when_s - f->from_s) / (double)(f->to_s - f->from_s);
}

static double y_of(const struct frame *f, double value)
{
	return BOTTOM - (BOTTOM - TOP) * (value - f->low) / (f->high - f->low);
}

/* What is drawn of an energy: kWh, or the mean kW over the bucket. */
static double value_of(const struct frame *f, const struct mm_chart_bucket *bucket, double wh)
{
	double hours = bucket->wanted_s > 0 ? bucket->wanted_s / 3600 : (double)(bucket->end_s - bucket->begin_s) / 3600;

	return f->bars ? wh / 1e3 : wh / 1e3 / hours;
}

static bool is_gap(const struct mm_chart_bucket *bucket)
{
	return bucket->wanted_s > 0 && bucket->known_s <= 0;
}

static bool is_marked(const struct mm_chart_bucket *bucket)
{
	return !is_gap(bucket) && bucket->wanted_s > 0 &&
	       (bucket->doubtful || bucket->known_s < MEASURED_SHARE * bucket->wanted_s);
}

/* ---- The axis of energy ---- */

/* 1, 2 or 5 times a power of ten, so that a range has about TICKS of them. */
static double nice_step(double range)
{
	double power = pow(10, floor(log10(range / TICKS))), rest = range / TICKS / power;

	return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

static void scale(struct frame *f)
{
	const struct mm_chart_bucket *bucket;
	double high = 0, low = 0;

	for (size_t i = 0; (bucket = mm_chart_bucket(f->chart, i)) != NULL; i++) {
		high = fmax(high, value_of(f, bucket, bucket->delivered_wh));
		low = fmin(low, -value_of(f, bucket, bucket->received_wh));
	}
	if (high - low < 1e-3) {
		high = 1;
	}
	f->step = nice_step(high - low);
	f->high = ceil(high / f->step - 1e-9) * f->step;
	f->low = floor(low / f->step + 1e-9) * f->step;
}

static void put_energy_axis(const struct frame *f)
{
	int decimals = f->step < 1 ? (int)ceil(-log10(f->step) - 1e-9) : 0;

	for (int i = (int)lround(f->low / f->step); i <= (int)lround(f->high / f->step); i++) {
		double y = y_of(f, i * f->step);

		fprintf(f->out,
			"<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.*f</text>\n",
			LEFT, y, RIGHT, i == 0 ? "#000" : "#ccc", LEFT - 7, y + 4.5, decimals, fabs(i * f->step));
	}
	fprintf(f->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" font-weight=\"bold\">%s</text>\n", LEFT - 7, TOP - 12,
		f->unit);
}

/* ---- The axis of time ---- */

/* What a label of the time is about, how long that is about, and how wide the label is. */
static const struct {
	enum mm_calendar_unit unit;
	double length_s, width;
	enum mm_calendar_form form;
} labels[] = {
	[MM_CHART_INTERVAL] = {MM_CALENDAR_HOUR, 3600, 50, MM_CALENDAR_CLOCK_TEXT},
	[MM_CHART_HOUR] = {MM_CALENDAR_DAY, 86400, 50, MM_CALENDAR_MONTH_DAY_TEXT},
	[MM_CHART_DAY] = {MM_CALENDAR_DAY, 86400, 50, MM_CALENDAR_MONTH_DAY_TEXT},
	[MM_CHART_MONTH] = {MM_CALENDAR_MONTH, 2629746, 62, MM_CALENDAR_MONTH_TEXT},
};

/* How many units later the next label has room; of hours a part of the day. */
static int label_step(const struct frame *f, enum mm_chart_unit unit)
{
	static const int hours[] = {1, 2, 3, 4, 6, 8, 12, 24};
	int least = (int)ceil(labels[unit].width / (labels[unit].length_s * (RIGHT - LEFT) / (double)(f->to_s - f->from_s)));

	for (size_t i = 0; unit == MM_CHART_INTERVAL && i < COUNT_OF(hours); i++) {
		if (hours[i] >= least) {
			return hours[i];
		}
	}
	return least;
}

/* A bar has its label below its middle, a step below its begin. */
static void put_time_axis(const struct frame *f)
{
	const struct mm_chart_bucket *first = mm_chart_bucket(f->chart, 0);
	enum mm_chart_unit unit = mm_chart_unit(f->chart);
	double half = f->bars && first != NULL ? (x_of(f, first->end_s) - x_of(f, first->begin_s)) / 2 : 0;
	int64_t when_s = mm_calendar_begin(labels[unit].unit, f->from_s);
	int step = label_step(f, unit);
	char text[MM_CALENDAR_TEXT_MAX];

	while (when_s < f->from_s) {
		when_s = mm_calendar_next(labels[unit].unit, when_s);
	}
	while (when_s < f->to_s && x_of(f, when_s) + half + labels[unit].width / 2 <= WIDTH) {
		fprintf(f->out,
			"<path d=\"M%.1f %.1fv5\" stroke=\"#000\"/><text x=\"%.1f\" y=\"%.1f\" "
			"text-anchor=\"middle\">%s</text>\n",
			x_of(f, when_s), BOTTOM, x_of(f, when_s) + half, BOTTOM + 19,
			mm_calendar_text(when_s, labels[unit].form, text));
		for (int i = 0; i < step; i++) {
			when_s = mm_calendar_next(labels[unit].unit, when_s);
		}
	}
}

/* ---- What has flowed ---- */

/* Back to the line from which it goes up or down. */
static void close_shape(const struct frame *f, bool *open)
{
	if (*open) {
		fprintf(f->out, "V%.1fZ", y_of(f, 0));
	}
	*open = false;
}

/* The steps of one direction as one shape, so that no seams show; sign -1 is downwards. */
static void put_steps(const struct frame *f, int sign, const char *fill, const char *stroke)
{
	const struct mm_chart_bucket *bucket;
	double zero = y_of(f, 0);
	bool open = false;

	fprintf(f->out, "<path fill=\"%s\" stroke=\"%s\" stroke-width=\"0.8\" d=\"", fill, stroke);
	for (size_t i = 0; (bucket = mm_chart_bucket(f->chart, i)) != NULL; i++) {
		double wh = sign > 0 ? bucket->delivered_wh : bucket->received_wh;
		double y = y_of(f, sign * value_of(f, bucket, wh));

		if (wh <= 0) {
			close_shape(f, &open);
			continue;
		}
		if (!open) {
			fprintf(f->out, "M%.1f %.1f", x_of(f, bucket->begin_s), zero);
		}
		fprintf(f->out, "V%.1fH%.1f", y, x_of(f, bucket->end_s));
		open = true;
	}
	close_shape(f, &open);
	fputs("\"/>\n", f->out);
}

static void put_bar(const struct frame *f, const struct mm_chart_bucket *bucket, int sign, const char *fill, const char *stroke)
{
	double wh = sign > 0 ? bucket->delivered_wh : bucket->received_wh, value = value_of(f, bucket, wh);
	double width = x_of(f, bucket->end_s) - x_of(f, bucket->begin_s), zero = y_of(f, 0), top = y_of(f, sign * value);
	char day[MM_CALENDAR_TEXT_MAX];

	if (wh <= 0) {
		return;
	}
	mm_calendar_text(bucket->begin_s,
			 mm_chart_unit(f->chart) == MM_CHART_MONTH ? MM_CALENDAR_MONTH_TEXT : MM_CALENDAR_DAY_TEXT, day);
	fprintf(f->out,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\" stroke=\"%s\" stroke-width=\"0.8\">"
		"<title>%s: %.3f kWh %s</title></rect>\n",
		x_of(f, bucket->begin_s) + width * (1 - BAR_SHARE) / 2, fmin(top, zero), width * BAR_SHARE, fabs(top - zero),
		fill, stroke, day, value, sign > 0 ? "delivered" : "received");
}

static void put_energies(const struct frame *f)
{
	const struct mm_chart_bucket *bucket;
	char hatched[32];

	snprintf(hatched, sizeof(hatched), "url(#mm-in-%u)", f->number);
	for (size_t i = 0; f->bars && (bucket = mm_chart_bucket(f->chart, i)) != NULL; i++) {
		put_bar(f, bucket, 1, BLUE, BLUE);
		put_bar(f, bucket, -1, hatched, ORANGE);
	}
	if (!f->bars) {
		put_steps(f, 1, BLUE, BLUE);
		put_steps(f, -1, hatched, ORANGE);
	}
}

/* One shape for each run of buckets, behind what has flowed. Returns how many there are. */
static size_t put_gaps(const struct frame *f)
{
	const struct mm_chart_bucket *bucket, *next;
	size_t count = 0;

	for (size_t i = 0; (bucket = mm_chart_bucket(f->chart, i)) != NULL; i++) {
		int64_t begin_s = bucket->begin_s;

		if (!is_gap(bucket)) {
			continue;
		}
		while ((next = mm_chart_bucket(f->chart, i + 1)) != NULL && is_gap(next)) {
			bucket = next;
			i++;
		}
		fprintf(f->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"url(#mm-gap-%u)\"/>\n",
			x_of(f, begin_s), TOP, x_of(f, bucket->end_s) - x_of(f, begin_s), BOTTOM - TOP, f->number);
		count++;
	}
	return count;
}

static size_t put_marks(const struct frame *f)
{
	const struct mm_chart_bucket *bucket;
	size_t count = 0;

	for (size_t i = 0; (bucket = mm_chart_bucket(f->chart, i)) != NULL; i++) {
		if (is_marked(bucket)) {
			double x = (x_of(f, bucket->begin_s) + x_of(f, bucket->end_s)) / 2;

			fprintf(f->out, "<path d=\"M%.1f %.1fl-4 -7h8z\"/>\n", x, MARK_Y);
			count++;
		}
	}
	return count;
}

/* ---- Words ---- */

static void put_patterns(const struct frame *f)
{
	fprintf(f->out,
		"<defs><pattern id=\"mm-in-%u\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
		"<rect width=\"5\" height=\"5\" fill=\"#fff\"/>"
		"<path d=\"M-1 1L1 -1M0 5L5 0M4 6L6 4\" stroke=\"" ORANGE "\" stroke-width=\"1.6\"/></pattern>\n"
		"<pattern id=\"mm-gap-%u\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
		"<rect width=\"6\" height=\"6\" fill=\"#f2f2f2\"/><path d=\"M0 0L6 6M-1 5L1 7M5 -1L7 1\" stroke=\"#999\" "
		"stroke-width=\"0.7\"/></pattern></defs>\n",
		f->number, f->number);
}

/* What of all this there is, from the left to the right. */
static void put_legend(const struct frame *f, bool received, size_t gaps, size_t marks)
{
	char in[32], gap[32];
	const struct {
		bool shown;
		const char *fill, *stroke, *words;
		double width;
	} entries[] = {
		{true, BLUE, BLUE, "delivered", 90},
		{received, in, ORANGE, "received", 88},
		{gaps > 0, gap, "#999", "no data", 82},
		{marks > 0, NULL, NULL, "uncertain, or measured in part", 0},
	};
	double x = LEFT;

	snprintf(in, sizeof(in), "url(#mm-in-%u)", f->number);
	snprintf(gap, sizeof(gap), "url(#mm-gap-%u)", f->number);
	for (size_t i = 0; i < COUNT_OF(entries); i++) {
		if (!entries[i].shown) {
			continue;
		}
		if (entries[i].fill != NULL) {
			fprintf(f->out,
				"<rect x=\"%.1f\" y=\"31\" width=\"12\" height=\"12\" fill=\"%s\" stroke=\"%s\" "
				"stroke-width=\"0.8\"/>",
				x, entries[i].fill, entries[i].stroke);
		} else {
			fprintf(f->out, "<path d=\"M%.1f 42l-5 -9h10z\"/>", x + 6);
		}
		fprintf(f->out, "<text x=\"%.1f\" y=\"42\">%s</text>\n", x + 17, entries[i].words);
		x += entries[i].width;
	}
}

/* For those who hear the page, and for programs that show it in a list. */
static void put_description(const struct frame *f, size_t gaps, size_t marks)
{
	const struct mm_chart_sum sum = mm_chart_sum(f->chart);
	const struct mm_chart_bucket *bucket, *most = NULL;
	char text[MM_CALENDAR_TEXT_MAX];

	for (size_t i = 0; (bucket = mm_chart_bucket(f->chart, i)) != NULL; i++) {
		if (most == NULL || value_of(f, bucket, bucket->delivered_wh) > value_of(f, most, most->delivered_wh)) {
			most = bucket;
		}
	}
	fprintf(f->out, "<desc id=\"mm-desc-%u\">%zu intervals, %.3f kWh delivered, %.3f kWh received.", f->number, sum.count,
		(double)sum.delivered_uwh / 1e9, (double)sum.received_uwh / 1e9);
	if (most != NULL) {
		fprintf(f->out, " The most was %.3f %s, from %s on.", value_of(f, most, most->delivered_wh), f->unit,
			mm_calendar_text(most->begin_s, MM_CALENDAR_MINUTE_TEXT, text));
	}
	fprintf(f->out, " Gaps: %zu; uncertain: %zu.</desc>\n", gaps, marks);
}

static void put_title(const struct frame *f, const struct mm_svg *svg)
{
	static const char *const what[] = {
		[MM_CHART_INTERVAL] = "power by interval",
		[MM_CHART_HOUR] = "mean power by hour",
		[MM_CHART_DAY] = "energy by day",
		[MM_CHART_MONTH] = "energy by month",
	};
	char from[MM_CALENDAR_TEXT_MAX], to[MM_CALENDAR_TEXT_MAX];

	fprintf(f->out, "<text x=\"%.1f\" y=\"18\" font-size=\"15\" font-weight=\"bold\">", LEFT);
	mm_xml_text(f->out, svg->title);
	fprintf(f->out, ": %s</text>\n", what[mm_chart_unit(f->chart)]);
	fprintf(f->out, "<text x=\"%.1f\" y=\"%d\">%s to %s, ", LEFT, HEIGHT - 8,
		mm_calendar_text(f->from_s, MM_CALENDAR_MINUTE_TEXT, from),
		mm_calendar_text(f->to_s, MM_CALENDAR_MINUTE_TEXT, to));
	mm_xml_text(f->out, svg->zone != NULL ? svg->zone : "local time");
	fputs("</text>\n", f->out);
}

static void put_begin(const struct frame *f, const struct mm_svg *svg)
{
	if (svg->inline_in_html == 0) {
		fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", f->out);
	}
	fprintf(f->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\"", WIDTH, HEIGHT);
	if (svg->inline_in_html == 0) {
		fprintf(f->out, " width=\"%d\" height=\"%d\"", WIDTH, HEIGHT);
	}
	fprintf(f->out,
		" font-family=\"sans-serif\" font-size=\"13\" fill=\"#000\" role=\"img\" aria-labelledby=\"mm-title-%u "
		"mm-desc-%u\">\n"
		"<title id=\"mm-title-%u\">",
		f->number, f->number, f->number);
	mm_xml_text(f->out, svg->title);
	fputs(", load profile</title>\n", f->out);
}

void mm_svg_write(FILE *out, const struct mm_chart *chart, const struct mm_svg *svg)
{
	enum mm_chart_unit unit = mm_chart_unit(chart);
	bool bars = unit == MM_CHART_DAY || unit == MM_CHART_MONTH;
	struct frame f = {.out = out, .chart = chart, .bars = bars, .unit = bars ? "kWh" : "kW", .number = svg->inline_in_html};
	const struct mm_chart_bucket *bucket;
	size_t gaps = 0, marks = 0;

	mm_chart_span(chart, &f.from_s, &f.to_s);
	scale(&f);
	for (size_t i = 0; (bucket = mm_chart_bucket(chart, i)) != NULL; i++) {
		gaps += is_gap(bucket);
		marks += is_marked(bucket);
	}
	put_begin(&f, svg);
	put_description(&f, gaps, marks);
	put_patterns(&f);
	fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
	put_title(&f, svg);
	put_legend(&f, mm_chart_sum(chart).received_uwh > 0, gaps, marks);
	put_gaps(&f);
	put_energy_axis(&f);
	put_energies(&f);
	put_marks(&f);
	put_time_axis(&f);
	if (mm_chart_sum(chart).count == 0) {
		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">no intervals</text>\n", (LEFT + RIGHT) / 2,
			(TOP + BOTTOM) / 2);
	}
	fputs("</svg>\n", out);
}
