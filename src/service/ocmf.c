/* SPDX-License-Identifier: MIT */
#include "service/ocmf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/time_text.h"
#include "core/units.h"

/* OBIS (IEC 62056-6-1) of the registers of active energy. */
#define OBIS_DELIVERED "1-0:1.8.0*255"
#define OBIS_RECEIVED "1-0:2.8.0*255"

/* JSON, which is stolen. '|' parts the sections of a record, so none may be in them: in its strings JSON has another way to write
 * it. */
static void put_json(FILE *out, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;

	for (const char *at = text ? text : "null"; *at != '\0'; at++) {
		if (*at == '|') {
			fputs("\\u007c", out);
		} else {
			fputc(*at, out);
		}
	}
	free(text);
	json_decref(json);
}

static void put_member(FILE *out, const char *key, const char *text)
{
	fprintf(out, "\"%s\":", key);
	put_json(out, json_string(text));
	fputc(',', out);
}

/* kWh with three decimals, half a Wh up: so the differences of readings telescope. */
static void put_kwh(FILE *out, int64_t uwh)
{
	int64_t wh = (uwh + MM_UWH_PER_WH / 2) / MM_UWH_PER_WH;

	fprintf(out, "\"RV\":%" PRId64 ".%03" PRId64, wh / 1000, wh % 1000);
}

static int64_t end_s(const struct mm_store_interval *interval)
{
	return interval->row.start_s + interval->row.duration_s;
}

static bool is_unset(const struct mm_store_interval *interval)
{
	return (interval->row.status & MM_PROFILE_CLOCK_INVALID) != 0;
}

static int64_t flagged(const struct mm_statement *s, uint32_t status)
{
	return s->bill.flagged[__builtin_ctz(status)];
}

static bool has_happened(const struct mm_statement *s, const char *code)
{
	for (size_t i = 0; i < MM_STATEMENT_HAPPENINGS; i++) {
		if (strcmp(mm_statement_happenings[i].code, code) == 0) {
			return s->happened[i] > 0;
		}
	}
	return false;
}

/*
 * The state at the end (table 10): manipulated, exchanged where the reading goes on from another meter's, an error where there is
 * a gap, or good.
 */
static char state_of(const struct mm_statement *s)
{
	if (has_happened(s, "tampered")) {
		return 'M';
	}
	if (s->bill.preset_in) {
		return 'X';
	}
	if (s->bill.incomplete > 0 || flagged(s, MM_PROFILE_ERROR) > 0 ||
	    mm_statement_uncovered_s(s) > (double)(s->to - s->from) / 1000) {
		return 'E';
	}
	return 'G';
}

/* A reading of each register. Those behind the first leave out what is the same, and are of the same reason for that. */
static void put_readings(FILE *out, const struct mm_store_interval *interval, char reason, const char *errors, char state,
			 bool received)
{
	char time[MM_TIME_TEXT_MAX];

	mm_time_text(end_s(interval), time);
	/* A comma before the milliseconds, and the zone's offset instead of the Z. */
	fprintf(out, "{\"TM\":\"%.*s,000+0000 %c\",\"TX\":\"%c\",", (int)strcspn(time, "Z"), time, is_unset(interval) ? 'U' : 'S',
		reason);
	put_kwh(out, interval->row.register_delivered_uwh);
	fprintf(out, ",\"RI\":\"" OBIS_DELIVERED "\",\"RU\":\"kWh\",\"RT\":\"AC\",\"EF\":\"%s\",\"ST\":\"%c\"}", errors, state);
	if (received) {
		fputs(",{", out);
		put_kwh(out, interval->row.register_received_uwh);
		fprintf(out, ",\"RI\":\"" OBIS_RECEIVED "\",\"RU\":\"kWh\",\"ST\":\"%c\"}", state);
	}
}

static void put_all_readings(FILE *out, const struct mm_statement *s)
{
	bool received = s->end.row.register_received_uwh > 0;

	fputs("\"RD\":[", out);
	put_readings(out, &s->start, 'B', is_unset(&s->start) ? "t" : "", 'G', received);
	fputc(',', out);
	put_readings(out, &s->end, 'E', flagged(s, MM_PROFILE_CLOCK_INVALID) > 0 ? "t" : "", state_of(s), received);
	fputs("],", out);
}

static void put_interval(FILE *out, const char *key, const struct mm_store_interval *interval)
{
	char hash[MM_HEX_MAX(MM_ROW_HASH_SIZE)];

	fprintf(out,
		"\"%s\":{\"interval\":%" PRId64 ",\"hash\":\"%s\",\"delivered_uwh\":%" PRId64 ",\"received_uwh\":%" PRId64 "},",
		key, interval->id, mm_hex(interval->hash, sizeof(interval->hash), hash), interval->row.register_delivered_uwh,
		interval->row.register_received_uwh);
}

static void put_register(FILE *out, const struct mm_statement *s)
{
	const struct mm_bill_energy preset = s->bill.preset_in ? s->bill.preset : (struct mm_bill_energy){0};
	char from[MM_TIME_TEXT_MAX], to[MM_TIME_TEXT_MAX];
	json_t *bill = json_object();

	fprintf(out, "\"XR\":{\"from\":\"%s\",\"to\":\"%s\",", mm_time_text(s->from, from), mm_time_text(s->to, to));
	put_interval(out, "start", &s->start);
	put_interval(out, "end", &s->end);
	fprintf(out, "\"preset_delivered_uwh\":%" PRId64 ",\"preset_received_uwh\":%" PRId64 ",\"uncovered_s\":%.0f,\"bill\":",
		preset.delivered_uwh, preset.received_uwh, mm_statement_uncovered_s(s));
	mm_statement_put_rates(bill, s);
	put_json(out, bill);
	fputc('}', out);
}

int mm_ocmf_payload_new(const struct mm_statement *s, const struct mm_config_meter *meter, int64_t page, const char *signer,
			char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out) {
		return -ENOMEM;
	}
	fputs("{\"FV\":\"1.0\",\"GI\":\"minimeter\",", out);
	put_member(out, "GS", signer);
	put_member(out, "GV", PACKAGE_VERSION);
	fprintf(out, "\"PG\":\"T%" PRId64 "\",\"MV\":\"minimeter\",", page);
	put_member(out, "MM", meter->model.canonical);
	put_member(out, "MS", meter->serial);
	put_member(out, "MF", PACKAGE_VERSION);
	fputs("\"IS\":false,\"IL\":\"NONE\",\"IF\":[],\"IT\":\"NONE\",", out);
	put_all_readings(out, s);
	put_register(out, s);
	fputc('}', out);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

int mm_ocmf_record_new(const char *payload, const void *der, size_t size, char **ret)
{
	char *hex = malloc(MM_HEX_MAX(size)), *text = NULL;
	int length = -1;

	if (hex) {
		length = asprintf(&text, "OCMF|%s|{\"SA\":\"ECDSA-secp256r1-SHA256\",\"SD\":\"%s\"}", payload,
				  mm_hex(der, size, hex));
	}
	free(hex);
	if (length < 0) {
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}
