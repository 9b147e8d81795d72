/* SPDX-License-Identifier: MIT */
/*
 * Green Button: NAESB REQ.21 ESPI 4.0, in Atom (RFC 4287). The order of elements is that of espi.xsd. Nothing in the file is of
 * the time at which it is made, and its ids are of what they name (UUIDs of version 5, RFC 9562), so that who imports a period
 * again has it once.
 */

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "base/count_of.h"
#include "base/time_text.h"
#include "base/zone.h"
#include "client/calendar.h"
#include "client/statement.h"
#include "client/xml.h"
#include "core/units.h"

#define RESOURCE "/espi/1_1/resource"
#define NS "http://naesb.org/espi"

/* Codes of ESPI. */
#define DELTA_DATA 4
#define ELECTRICITY 1
#define NORMAL 12
#define VALID 0
#define QUESTIONABLE 10
#define DERIVED 11
#define FORWARD 1
#define REVERSE 19
#define ENERGY 12
#define MILLI (-3)
#define WATT_HOURS 72
#define NO_RULE 0xffffffffu

#define UWH_PER_MWH 1000       /* micro-watt-hours of a milli-watt-hour, in which values are */
#define MEASURED_SHARE 0.999   /* of an interval: with less, a part is missing */
#define UNPROFILED_UWH 1000000 /* more than that flowed in no interval: that is no rounding */

#define UUID_MAX 37
#define NAME_MAX_BYTES 512

/* ---- Ids ---- */

/* The UUID of a name in a space of names that is ours alone. Returns ret, "" where libcrypto has no memory. */
static const char *uuid_of(const char *name, char ret[static UUID_MAX])
{
	static const unsigned char space[16] = {0x6d, 0x1b, 0x0e, 0x5a, 0x36, 0x0c, 0x4f, 0x6b,
						0x9a, 0x53, 0x7e, 0xd2, 0x11, 0xc4, 0x88, 0x2f};
	unsigned char hash[EVP_MAX_MD_SIZE], text[sizeof(space) + NAME_MAX_BYTES];
	size_t length = strnlen(name, NAME_MAX_BYTES);

	memcpy(text, space, sizeof(space));
	memcpy(text + sizeof(space), name, length);
	ret[0] = '\0';
	if (EVP_Digest(text, sizeof(space) + length, hash, NULL, EVP_sha1(), NULL) == 1) {
		hash[6] = (unsigned char)((hash[6] & 0x0f) | 0x50);
		hash[8] = (unsigned char)((hash[8] & 0x3f) | 0x80);
		for (size_t i = 0, at = 0; i < 16; i++) {
			at += (size_t)snprintf(ret + at, UUID_MAX - at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
					       hash[i]);
		}
	}
	return ret;
}

/* The id of a thing of a meter: kind, and which one of that kind. */
static const char *id_of(const struct mm_statement_view *s, const char *kind, const char *which, char ret[static UUID_MAX])
{
	char name[NAME_MAX_BYTES];

	snprintf(name, sizeof(name), "%s/%s/%s", kind, which, s->serial);
	return uuid_of(name, ret);
}

/* ---- Entries ---- */

/* path and up are below /espi/1_1/resource/; related are those that follow from it, up to two, or NULL. */
struct entry {
	const char *id, *title;
	char self[256], up[256], related[2][256];
	int64_t updated_ns;
};

static void begin_entry(FILE *out, const struct entry *entry)
{
	fprintf(out,
		"<entry>\n<id>urn:uuid:%s</id>\n<link rel=\"self\" href=\"" RESOURCE "/%s\"/>\n<link rel=\"up\" href=\"" RESOURCE
		"/%s\"/>\n",
		entry->id, entry->self, entry->up);
	for (size_t i = 0; i < COUNT_OF(entry->related); i++) {
		if (entry->related[i][0] != '\0') {
			fprintf(out, "<link rel=\"related\" href=\"" RESOURCE "/%s\"/>\n", entry->related[i]);
		}
	}
	fputs("<title>", out);
	mm_xml_text(out, entry->title);
	fputs("</title>\n<content>", out);
}

static void end_entry(FILE *out, int64_t updated_ns)
{
	char text[MM_TIME_TEXT_MAX];

	mm_time_text_ns(updated_ns, text);
	fprintf(out, "</content>\n<published>%s</published>\n<updated>%s</updated>\n</entry>\n", text, text);
}

/* ---- The time zone ---- */

/* When clocks change, as ESPI writes it: the nth or last weekday of a month, by the clock that was right until then. */
static uint32_t rule_of(int64_t at_s, int32_t offset_before_s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	time_t local = at_s + offset_before_s;
	struct tm tm;
	uint32_t occurrence, weekday;

	if (gmtime_r(&local, &tm) == NULL) {
		return NO_RULE;
	}
	/* 2 is the first one of the month, 3 the second, 7 the last. */
	occurrence = tm.tm_mday + 7 > days[tm.tm_mon] ? 7 : (uint32_t)(tm.tm_mday - 1) / 7 + 2;
	weekday = tm.tm_wday == 0 ? 7 : (uint32_t)tm.tm_wday;
	return (uint32_t)(tm.tm_mon + 1) << 28 | occurrence << 25 | weekday << 17 | (uint32_t)tm.tm_hour << 12 |
	       (uint32_t)(tm.tm_min * 60 + tm.tm_sec);
}

static int64_t year_begin(int64_t when_s, int years)
{
	time_t when = when_s;
	struct tm tm;

	localtime_r(&when, &tm);
	return mktime(&(struct tm){.tm_year = tm.tm_year + years, .tm_mday = 1, .tm_isdst = -1});
}

/* In a zone without daylight saving time, or with another habit than once there and back a year, there are no rules. */
static void put_time_parameters(FILE *out, const struct mm_statement_view *first)
{
	struct entry entry = {.self = "LocalTimeParameters/1", .up = "LocalTimeParameters"};
	int64_t from_s = first->from_ns / MM_NS_PER_S;
	struct mm_zone_span spans[3], *standard = &spans[0], *saving = &spans[1];
	uint32_t start = NO_RULE, end = NO_RULE;
	int32_t saving_s = 0;
	char id[UUID_MAX];

	if (mm_zone_spans(year_begin(from_s, 0), year_begin(from_s, 1), spans, COUNT_OF(spans)) == 3 &&
	    spans[0].dst == spans[2].dst && spans[0].dst != spans[1].dst) {
		uint32_t changes[2] = {rule_of(spans[1].from_s, spans[0].offset_s), rule_of(spans[2].from_s, spans[1].offset_s)};

		standard = &spans[spans[0].dst ? 1 : 0];
		saving = &spans[spans[0].dst ? 0 : 1];
		saving_s = saving->offset_s - standard->offset_s;
		start = changes[spans[0].dst ? 1 : 0];
		end = changes[spans[0].dst ? 0 : 1];
	} else {
		spans[0] = mm_zone_at(from_s);
	}
	entry.id = id_of(first, "local-time-parameters", first->time_zone != NULL ? first->time_zone : "local", id);
	entry.title = first->time_zone != NULL ? first->time_zone : "local time";
	begin_entry(out, &entry);
	fprintf(out,
		"<LocalTimeParameters xmlns=\"" NS "\">\n<dstEndRule>%08" PRIX32 "</dstEndRule>\n<dstOffset>%" PRId32
		"</dstOffset>\n<dstStartRule>%08" PRIX32 "</dstStartRule>\n<tzOffset>%" PRId32
		"</tzOffset>\n</LocalTimeParameters>",
		end, saving_s, start, standard->offset_s);
	end_entry(out, first->to_ns);
}

/* ---- Feed ---- */

static void begin(FILE *out, const struct mm_statement_view *first)
{
	char id[UUID_MAX], from[MM_TIME_TEXT_MAX], to[MM_TIME_TEXT_MAX], span[2 * MM_TIME_TEXT_MAX];

	mm_time_text_ns(first->from_ns, from);
	mm_time_text_ns(first->to_ns, to);
	snprintf(span, sizeof(span), "%s/%s", from, to);
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n"
		"<id>urn:uuid:%s</id>\n<title>Statement %s to %s</title>\n<updated>%s</updated>\n"
		"<author><name>minimeter</name></author>\n",
		id_of(first, "feed", span, id), from, to, to);
	put_time_parameters(out, first);
}

static void end(FILE *out)
{
	fputs("</feed>\n", out);
}

/* ---- A meter ---- */

struct direction {
	const char *name, *title;
	int flow;
	bool received;
};

static const struct direction directions[] = {
	{"delivered", "Energy delivered", FORWARD, false},
	{"received", "Energy received", REVERSE, true},
};

/* The ids of a meter, and of its readings of one direction. */
struct names {
	char point[UUID_MAX], reading[UUID_MAX], type[UUID_MAX];
};

static struct names names_of(const struct mm_statement_view *s, const struct direction *direction)
{
	struct names names;

	id_of(s, "usage-point", "", names.point);
	id_of(s, "meter-reading", direction->name, names.reading);
	id_of(s, "reading-type", direction->name, names.type);
	return names;
}

#define POINTS "RetailCustomer/1/UsagePoint"

static void put_usage_point(FILE *out, const struct mm_statement_view *s)
{
	struct names names = names_of(s, &directions[0]);
	struct entry entry = {.id = names.point, .title = s->meter, .up = POINTS, .related = {"", "LocalTimeParameters/1"}};

	snprintf(entry.self, sizeof(entry.self), POINTS "/%s", names.point);
	snprintf(entry.related[0], sizeof(entry.related[0]), POINTS "/%s/MeterReading", names.point);
	begin_entry(out, &entry);
	fputs("<UsagePoint xmlns=\"" NS
	      "\">\n<ServiceCategory>\n<kind>0</kind>\n</ServiceCategory>\n<status>1</status>\n</UsagePoint>",
	      out);
	end_entry(out, s->to_ns);
}

static void put_meter_reading(FILE *out, const struct mm_statement_view *s, const struct direction *direction)
{
	struct names names = names_of(s, direction);
	struct entry entry = {.id = names.reading, .title = direction->title};

	snprintf(entry.up, sizeof(entry.up), POINTS "/%s/MeterReading", names.point);
	snprintf(entry.self, sizeof(entry.self), POINTS "/%s/MeterReading/%s", names.point, names.reading);
	snprintf(entry.related[0], sizeof(entry.related[0]), POINTS "/%s/MeterReading/%s/IntervalBlock", names.point,
		 names.reading);
	snprintf(entry.related[1], sizeof(entry.related[1]), "ReadingType/%s", names.type);
	begin_entry(out, &entry);
	fputs("<MeterReading xmlns=\"" NS "\"/>", out);
	end_entry(out, s->to_ns);
}

/* interval_s 0: there is none in the period. */
static void put_reading_type(FILE *out, const struct mm_statement_view *s, const struct direction *direction, int64_t interval_s)
{
	struct names names = names_of(s, direction);
	struct entry entry = {.id = names.type, .title = direction->title, .up = "ReadingType"};

	snprintf(entry.self, sizeof(entry.self), "ReadingType/%s", names.type);
	begin_entry(out, &entry);
	fprintf(out,
		"<ReadingType xmlns=\"" NS "\">\n<accumulationBehaviour>%d</accumulationBehaviour>\n<commodity>%d</commodity>\n"
		"<dataQualifier>%d</dataQualifier>\n<defaultQuality>%d</defaultQuality>\n<flowDirection>%d</flowDirection>\n",
		DELTA_DATA, ELECTRICITY, NORMAL, VALID, direction->flow);
	if (interval_s > 0) {
		fprintf(out, "<intervalLength>%" PRId64 "</intervalLength>\n", interval_s);
	}
	fprintf(out, "<kind>%d</kind>\n<powerOfTenMultiplier>%d</powerOfTenMultiplier>\n<uom>%d</uom>\n</ReadingType>", ENERGY,
		MILLI, WATT_HOURS);
	end_entry(out, s->to_ns);
}

/* ---- Intervals ---- */

/* The blocks of one direction, as the intervals come. */
struct blocks {
	FILE *out;
	const struct mm_statement_view *s;
	const struct direction *direction;
	int64_t register_uwh; /* at the end of the interval before, less preset where that is over */
	bool preset_over;     /* the start reading that was set in the period is in the registers */
	bool open;
	int64_t day_s, last_day_s; /* of the open block; the latest one so far */
	unsigned back;		   /* how many blocks are of a day that was over: the clock was set back */
};

/* mWh, half away from zero. Values are differences of these, so that they add up to the difference of the readings. */
static int64_t milli_wh(int64_t uwh)
{
	return (uwh + (uwh < 0 ? -UWH_PER_MWH / 2 : UWH_PER_MWH / 2)) / UWH_PER_MWH;
}

static void close_block(struct blocks *blocks)
{
	if (blocks->open) {
		fputs("</IntervalBlock>", blocks->out);
		end_entry(blocks->out, blocks->s->to_ns);
		blocks->open = false;
	}
}

static void open_block(struct blocks *blocks, int64_t day_s)
{
	struct names names = names_of(blocks->s, blocks->direction);
	char day[MM_CALENDAR_TEXT_MAX], which[96], id[UUID_MAX];
	struct entry entry = {.id = id};

	blocks->back += blocks->last_day_s > 0 && day_s <= blocks->last_day_s;
	blocks->last_day_s = day_s > blocks->last_day_s ? day_s : blocks->last_day_s;
	blocks->day_s = day_s;
	blocks->open = true;
	entry.title = mm_calendar_text(day_s, MM_CALENDAR_DAY_TEXT, day);
	snprintf(which, sizeof(which), "%s/%s/%u", blocks->direction->name, day, blocks->back);
	id_of(blocks->s, "interval-block", which, id);
	snprintf(entry.up, sizeof(entry.up), POINTS "/%s/MeterReading/%s/IntervalBlock", names.point, names.reading);
	snprintf(entry.self, sizeof(entry.self), POINTS "/%s/MeterReading/%s/IntervalBlock/%s", names.point, names.reading, id);
	begin_entry(blocks->out, &entry);
	fprintf(blocks->out,
		"<IntervalBlock xmlns=\"" NS "\">\n<interval>\n<duration>%" PRId64 "</duration>\n<start>%" PRId64
		"</start>\n</interval>\n",
		mm_calendar_next(MM_CALENDAR_DAY, day_s) - day_s, day_s);
}

/* What the register read at the end of the interval, without a start reading that was set since the begin of the period. */
static int64_t register_after(struct blocks *blocks, const struct mm_interval *interval, int64_t energy_uwh)
{
	const struct mm_statement_view *s = blocks->s;
	bool received = blocks->direction->received;
	int64_t preset_uwh = received ? s->preset_received_uwh : s->preset_delivered_uwh;
	int64_t uwh = received ? interval->register_received_uwh : interval->register_delivered_uwh;

	if (interval->id == s->end.interval) {
		return (received ? s->end.received_uwh : s->end.delivered_uwh) - preset_uwh;
	}
	if (!interval->has_registers) {
		return blocks->register_uwh + energy_uwh;
	}
	blocks->preset_over = blocks->preset_over || (preset_uwh > 0 && uwh - blocks->register_uwh - energy_uwh >= preset_uwh);
	return uwh - (blocks->preset_over ? preset_uwh : 0);
}

/* What can be said of a value; its ReadingType says that what is not said is valid. */
static int quality_of(const struct mm_interval *interval, int64_t elsewhere_uwh)
{
	if (mm_interval_is_doubtful(interval) || interval->covered_s < MEASURED_SHARE * (double)interval->duration_s ||
	    elsewhere_uwh > UNPROFILED_UWH || elsewhere_uwh < -UNPROFILED_UWH) {
		return QUESTIONABLE;
	}
	return interval->has_registers ? VALID : DERIVED;
}

static int put_interval_reading(void *userdata, const struct mm_interval *interval, struct mm_error *error)
{
	struct blocks *blocks = userdata;
	int64_t day_s = mm_calendar_begin(MM_CALENDAR_DAY, interval->start_s);
	int64_t energy_uwh = blocks->direction->received ? interval->received_uwh : interval->delivered_uwh;
	int64_t after_uwh = register_after(blocks, interval, energy_uwh), used_uwh = after_uwh - blocks->register_uwh;
	int quality = quality_of(interval, used_uwh - energy_uwh);

	(void)error;
	if (!blocks->open || day_s != blocks->day_s) {
		close_block(blocks);
		open_block(blocks, day_s);
	}
	fputs("<IntervalReading>\n", blocks->out);
	if (quality != VALID) {
		fprintf(blocks->out, "<ReadingQuality><quality>%d</quality></ReadingQuality>\n", quality);
	}
	fprintf(blocks->out,
		"<timePeriod><duration>%" PRId64 "</duration><start>%" PRId64 "</start></timePeriod>\n<value>%" PRId64
		"</value>\n</IntervalReading>\n",
		interval->duration_s, interval->start_s, milli_wh(after_uwh) - milli_wh(blocks->register_uwh));
	blocks->register_uwh = after_uwh;
	return 0;
}

/* The length of the first interval; then nothing more is wanted. */
static int take_length(void *userdata, const struct mm_interval *interval, struct mm_error *error)
{
	(void)error;
	*(int64_t *)userdata = interval->duration_s;
	return -ECANCELED;
}

static int one(FILE *out, const struct mm_statement_view *s, const struct mm_interval_source *profile, unsigned number,
	       struct mm_error *error)
{
	int64_t interval_s = 0;
	int r = profile->each(profile, take_length, &interval_s, error);

	(void)number;
	r = r == -ECANCELED ? 0 : r;
	if (r == 0) {
		put_usage_point(out, s);
	}
	for (size_t i = 0; i < COUNT_OF(directions) && r == 0; i++) {
		struct blocks blocks = {
			.out = out,
			.s = s,
			.direction = &directions[i],
			.register_uwh = directions[i].received ? s->start.received_uwh : s->start.delivered_uwh,
		};

		put_meter_reading(out, s, &directions[i]);
		put_reading_type(out, s, &directions[i], interval_s);
		r = profile->each(profile, put_interval_reading, &blocks, error);
		close_block(&blocks);
	}
	return r;
}

const struct mm_statement_form mm_statement_green_button = {begin, one, end};
