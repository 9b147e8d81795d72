/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/count_of.h"
#include "client/calendar.h"
#include "client/chart.h"
#include "client/statement.h"
#include "client/svg.h"
#include "client/xml.h"
#include "core/units.h"

/* The policy keeps a page from loading or running anything, whatever a text in it says. */
static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\"/>\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";

static const char style[] = "<style>\n"
			    "body{margin:0 auto;padding:1rem;max-width:46rem;background:#fff;color:#000;"
			    "font:1rem/1.4 system-ui,sans-serif}\n"
			    "h1{font-size:1.5rem;margin:0 0 .5rem}\n"
			    "h2{font-size:1.1rem;margin:1.2rem 0 .3rem}\n"
			    "section+section{border-top:2px solid #000;margin-top:2rem;padding-top:1.5rem}\n"
			    "table{border-collapse:collapse;width:100%}\n"
			    "th,td{padding:.25rem .4rem;border-bottom:1px solid #bbb;text-align:left;vertical-align:top}\n"
			    "th{font-weight:normal;overflow-wrap:break-word}\n"
			    "td{overflow-wrap:anywhere}\n"
			    "thead th,.sum th,.sum td{font-weight:bold}\n"
			    ".sum th,.sum td{border-top:2px solid #000;border-bottom:0}\n"
			    ".number{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}\n"
			    ".wide{overflow-x:auto}\n"
			    ".wide svg{display:block;min-width:30rem;width:100%;height:auto}\n"
			    "ul{margin:.3rem 0;padding-left:1.2rem}\n"
			    ".small{font-size:.85rem}\n"
			    "@media(max-width:30rem){body{padding:.6rem;font-size:.88rem}th,td{padding:.25rem}}\n"
			    "@page{margin:14mm}\n"
			    "@media print{body{padding:0;max-width:none;font-size:9.5pt;line-height:1.25}"
			    "h1{font-size:14pt}h2{font-size:11pt;margin:8pt 0 2pt}th,td{padding:2pt 3pt}p{margin:3pt 0}"
			    "section+section{break-before:page;border:0;margin:0;padding:0}"
			    "tr,li,.wide{break-inside:avoid}.wide svg{min-width:0;max-height:76mm}}\n"
			    "</style>\n";

static void begin(FILE *out, const struct mm_statement_view *first)
{
	char from[MM_CALENDAR_TEXT_MAX], to[MM_CALENDAR_TEXT_MAX];

	fprintf(out, "%s<title>Statement %s to %s</title>\n%s</head>\n<body>\n", head,
		mm_calendar_text(first->from_ns / MM_NS_PER_S, MM_CALENDAR_DAY_TEXT, from),
		mm_calendar_text(first->to_ns / MM_NS_PER_S, MM_CALENDAR_DAY_TEXT, to), style);
}

static void end(FILE *out)
{
	fputs("</body>\n</html>\n", out);
}

static const char *time_text(int64_t ns, char ret[static MM_CALENDAR_TEXT_MAX])
{
	return mm_calendar_text(ns / MM_NS_PER_S, MM_CALENDAR_MINUTE_TEXT, ret);
}

/* ---- Rows ---- */

static void put_fact(FILE *out, const char *name, const char *text)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", name);
	mm_xml_text(out, text);
	fputs("</td></tr>\n", out);
}

/* Whole watt-hours as kWh. */
static void put_kwh(FILE *out, int64_t wh)
{
	fprintf(out, "<td class=\"number\">%s%" PRId64 ".%03d</td>", wh < 0 ? "-" : "", wh < 0 ? -(wh / 1000) : wh / 1000,
		(int)(wh < 0 ? -(wh % 1000) : wh % 1000));
}

static void put_energies(FILE *out, const char *name, int64_t delivered_wh, int64_t received_wh)
{
	fprintf(out, "<th scope=\"row\">%s</th>", name);
	put_kwh(out, delivered_wh);
	put_kwh(out, received_wh);
	fputs("</tr>\n", out);
}

static void put_reading(FILE *out, const char *when, const struct mm_statement_reading *reading)
{
	char text[MM_CALENDAR_TEXT_MAX], name[64];

	fputs("<tr>", out);
	if (!reading->known) {
		fprintf(out,
			"<th scope=\"row\">Reading %s</th><td class=\"number\">not known</td>"
			"<td class=\"number\">not known</td></tr>\n",
			when);
		return;
	}
	snprintf(name, sizeof(name), "Reading %s (%s)", when, time_text(reading->time_ns, text));
	put_energies(out, name, mm_statement_whole_wh(reading->delivered_uwh), mm_statement_whole_wh(reading->received_uwh));
}

/* ---- Parts of a statement ---- */

static void put_meter(FILE *out, const struct mm_statement_view *s)
{
	char from[MM_CALENDAR_TEXT_MAX], to[MM_CALENDAR_TEXT_MAX], text[96];

	fputs("<h1>Statement of energy: ", out);
	mm_xml_text(out, s->meter);
	fputs("</h1>\n<table>\n", out);
	snprintf(text, sizeof(text), "%s to %s", time_text(s->from_ns, from), time_text(s->to_ns, to));
	put_fact(out, "Period", text);
	put_fact(out, "Time zone", s->time_zone != NULL ? s->time_zone : "local time");
	put_fact(out, "Serial number", s->serial);
	put_fact(out, "Model", s->model);
	if (s->multiplier != 1) {
		snprintf(text, sizeof(text), "%.6g: energy and power are this many times what the inputs see", s->multiplier);
		put_fact(out, "Multiplier", text);
	}
	if (s->page > 0) {
		snprintf(text, sizeof(text), "on %s, as page %" PRId64, time_text(s->issued_ns, from), s->page);
		put_fact(out, "Issued and signed", text);
	}
	fputs("</table>\n", out);
}

static void put_readings(FILE *out, const struct mm_statement_view *s)
{
	fputs("<h2>Energy</h2>\n<table>\n<thead><tr><th></th><th scope=\"col\" class=\"number\">Delivered, kWh</th>"
	      "<th scope=\"col\" class=\"number\">Received, kWh</th></tr></thead>\n<tbody>\n",
	      out);
	put_reading(out, "before", &s->start);
	put_reading(out, "after", &s->end);
	if (s->preset_delivered_uwh != 0 || s->preset_received_uwh != 0) {
		fputs("<tr>", out);
		put_energies(out, "Start reading that was set in between, which nobody used",
			     mm_statement_whole_wh(s->preset_delivered_uwh), mm_statement_whole_wh(s->preset_received_uwh));
	}
	fputs("<tr class=\"sum\">", out);
	put_energies(out, "Difference", mm_statement_delivered_wh(s), mm_statement_received_wh(s));
	fputs("</tbody>\n</table>\n", out);
}

static bool has_rates(const struct mm_statement_view *s)
{
	bool priced = s->cost != NULL;

	for (size_t i = 0; i < s->rate_count; i++) {
		priced = priced || s->rate[i].price != NULL || s->rate[i].cost != NULL;
	}
	return s->rate_count > 1 || priced;
}

static void put_amount(FILE *out, const char *amount)
{
	fputs("<td class=\"number\">", out);
	mm_xml_text(out, amount);
	fputs("</td>", out);
}

/*
 * Rates in whole Wh add up to what was used as it is shown: each is the difference of two readings that a register would show
 * which counts one rate after the other.
 */
static void put_rates(FILE *out, const struct mm_statement_view *s)
{
	int64_t delivered_uwh = s->start.delivered_uwh, received_uwh = s->start.received_uwh;

	for (size_t i = 0; i < s->rate_count; i++) {
		const struct mm_statement_rate *rate = &s->rate[i];
		int64_t delivered_wh = -mm_statement_whole_wh(delivered_uwh), received_wh = -mm_statement_whole_wh(received_uwh);

		delivered_uwh += rate->delivered_uwh;
		received_uwh += rate->received_uwh;
		fputs("<tr><th scope=\"row\">", out);
		mm_xml_text(out, rate->name);
		fputs("</th>", out);
		put_kwh(out, delivered_wh + mm_statement_whole_wh(delivered_uwh));
		put_kwh(out, received_wh + mm_statement_whole_wh(received_uwh));
		if (s->cost != NULL) {
			put_amount(out, rate->price);
			put_amount(out, rate->cost);
		}
		fputs("</tr>\n", out);
	}
}

static void put_tariff(FILE *out, const struct mm_statement_view *s)
{
	fputs("<h2>Rates", out);
	if (s->tariff != NULL) {
		fputs(": ", out);
		mm_xml_text(out, s->tariff);
	}
	fputs("</h2>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Rate</th>"
	      "<th scope=\"col\" class=\"number\">Delivered, kWh</th><th scope=\"col\" class=\"number\">Received, kWh</th>",
	      out);
	if (s->cost != NULL) {
		fputs("<th scope=\"col\" class=\"number\">Price of 1 kWh</th><th scope=\"col\" class=\"number\">Cost, ", out);
		mm_xml_text(out, s->currency);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	put_rates(out, s);
	if (s->cost != NULL) {
		fputs("<tr class=\"sum\"><th scope=\"row\" colspan=\"4\">Cost of all that was delivered</th>", out);
		put_amount(out, s->cost);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table></div>\n", out);
	if (s->cost != NULL) {
		fputs("<p class=\"small\">The cost is worked out from the prices in the meter's configuration. This is no tax "
		      "document.</p>\n",
		      out);
	}
}

static void put_demand(FILE *out, const struct mm_statement_view *s)
{
	char text[MM_CALENDAR_TEXT_MAX];

	fputs("<h2>Maximum demand</h2>\n<p>", out);
	if (s->has_demand) {
		fprintf(out, "%.3f kW, the mean of ", s->maximum_demand_w / 1e3);
		if (s->demand_s > 0) {
			fprintf(out, "%.6g min", (double)s->demand_s / 60);
		} else {
			fputs("the interval", out);
		}
		fprintf(out, " up to %s</p>\n", time_text(s->maximum_demand_ns, text));
	} else {
		fputs("No interval was measured whole.</p>\n", out);
	}
}

static void put_remarks(FILE *out, const struct mm_statement_view *s)
{
	json_t *remark;
	size_t i;

	fputs("<h2>What is uncertain</h2>\n", out);
	if (json_array_size(s->remarks) == 0) {
		fputs("<p>Nothing: no gap, fault or change is on record in this period.</p>\n", out);
		return;
	}
	fputs("<ul>\n", out);
	json_array_foreach(s->remarks, i, remark)
	{
		fputs("<li>", out);
		mm_xml_text(out, json_string_value(json_object_get(remark, "words")));
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

/* ---- The picture ---- */

static int add_interval(void *userdata, const struct mm_interval *interval, struct mm_error *error)
{
	int r = mm_chart_add(userdata, interval);

	return r < 0 ? mm_error_set(error, r, "out of memory") : 0;
}

static int put_picture(FILE *out, const struct mm_statement_view *s, const struct mm_interval_source *profile, unsigned number,
		       struct mm_error *error)
{
	int64_t to_s = s->to_ns / MM_NS_PER_S;
	struct mm_chart *chart;
	int r = mm_chart_new(s->from_ns / MM_NS_PER_S, to_s, to_s, &chart);

	if (r < 0) {
		return mm_error_set(error, r, "out of memory");
	}
	r = profile->each(profile, add_interval, chart, error);
	if (r == 0) {
		fputs("<div class=\"wide\">\n", out);
		mm_svg_write(out, chart, &(struct mm_svg){.title = s->meter, .zone = s->time_zone, .inline_in_html = number});
		fputs("</div>\n", out);
	}
	mm_chart_free(chart);
	return r;
}

static int one(FILE *out, const struct mm_statement_view *s, const struct mm_interval_source *profile, unsigned number,
	       struct mm_error *error)
{
	int r;

	fputs("<section>\n", out);
	put_meter(out, s);
	put_readings(out, s);
	if (has_rates(s)) {
		put_tariff(out, s);
	}
	put_demand(out, s);
	put_remarks(out, s);
	fputs("<h2>Load profile</h2>\n", out);
	r = put_picture(out, s, profile, number, error);
	fputs("<p class=\"small\">Readings are in whole watt-hours, and the difference is that of the readings as shown. Made by "
	      "minimeter ",
	      out);
	mm_xml_text(out, s->version);
	fputs(".</p>\n</section>\n", out);
	return r;
}

const struct mm_statement_form mm_statement_html = {begin, one, end};
