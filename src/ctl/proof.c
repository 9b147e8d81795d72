/* SPDX-License-Identifier: MIT */
/*
 * Verifying statements that were issued, and records of OCMF of any maker: who signed them, and whether the intervals that they
 * name are still those of the register.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/file.h"
#include "client/ocmf.h"
#include "ctl/private.h"
#include "ctl/writer.h"

#define RECORD_BEGIN "OCMF|"
/* Ten years of a meter are 120 of them. */
#define FILE_MAX (1 << 20)

struct proof {
	struct mm_ctl *ctl;
	char *key; /* that signed them, as --key has it or as the daemon says */
	size_t key_size;
	const char *signer; /* its fingerprint, of the daemon's; else NULL */
	json_t *head;
	json_t *records; /* what came of each */
	bool sound;
};

/* ---- The key ---- */

static int read_file(struct mm_ctl *ctl, const char *path, char **ret, size_t *ret_size)
{
	int r = mm_file_read(path, FILE_MAX, 0, ret, ret_size);

	return r == 0 ? MM_CTL_FINE : mm_ctl_fail(ctl, MM_CTL_FAILED, "%s: %s", path, strerror(-r));
}

/* Of a head that somebody has kept the key counts. */
static int read_key(struct proof *proof, const char *path)
{
	int r = read_file(proof->ctl, path, &proof->key, &proof->key_size);
	json_t *head = r == MM_CTL_FINE ? json_loadb(proof->key, proof->key_size, 0, NULL) : NULL;
	const char *key = json_string_value(json_object_get(head, "public_key"));

	if (key != NULL) {
		free(proof->key);
		proof->key = strdup(key);
		proof->key_size = proof->key != NULL ? strlen(key) : 0;
	}
	json_decref(head);
	return r;
}

static int ask_key(struct proof *proof)
{
	int r = mm_ctl_call(proof->ctl, "org.minimeter.GetHead", NULL, &proof->head);
	const char *key = json_string_value(json_object_get(proof->head, "public_key"));

	if (r == MM_CTL_FINE && key != NULL) {
		proof->key = strdup(key);
		proof->key_size = proof->key != NULL ? strlen(key) : 0;
		proof->signer = json_string_value(json_object_get(proof->head, "fingerprint"));
	}
	return r;
}

/* With --key nobody has to answer: then only the signature can be looked at. */
static int find_key(struct proof *proof)
{
	struct mm_ctl *ctl = proof->ctl;

	if (ctl->option[MM_OPTION_KEY] == NULL) {
		return ask_key(proof);
	}
	if (mm_ctl_open(ctl, MM_CTL_SOCKET_READ, &ctl->client, NULL) < 0) {
		ctl->client = NULL;
	}
	return read_key(proof, ctl->option[MM_OPTION_KEY]);
}

/* ---- The intervals ---- */

/* The name of the meter of that serial number; a new reference, or NULL. */
static json_t *find_meter(struct proof *proof, const char *serial)
{
	json_t *answer, *meter, *name = NULL;
	size_t i;

	if (mm_ctl_call(proof->ctl, "org.minimeter.GetNameplate", NULL, &answer) != MM_CTL_FINE) {
		return NULL;
	}
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		const char *other = json_string_value(json_object_get(meter, "serial"));

		if (other != NULL && strcmp(other, serial) == 0) {
			name = json_incref(json_object_get(meter, "name"));
		}
	}
	json_decref(answer);
	return name;
}

static bool is_same(const json_t *named, const json_t *stored)
{
	return json_equal(json_object_get(named, "interval"), json_object_get(stored, "id")) &&
	       json_equal(json_object_get(named, "hash"), json_object_get(stored, "hash")) &&
	       json_equal(json_object_get(named, "delivered_uwh"), json_object_get(stored, "register_delivered_uwh")) &&
	       json_equal(json_object_get(named, "received_uwh"), json_object_get(stored, "register_received_uwh"));
}

/* Adds what became of one interval that a record names. */
static int compare_row(struct proof *proof, const json_t *meter, const json_t *named, const char *which, json_t *intervals)
{
	int64_t id = json_integer_value(json_object_get(named, "interval"));
	json_t *answer = NULL, *stored;
	int r = mm_ctl_call(proof->ctl, "org.minimeter.GetProfile",
			    json_pack("{s:O, s:I, s:i}", "meter", meter, "after", (json_int_t)(id > 0 ? id - 1 : 0), "limit", 1),
			    &answer);
	bool same, there;

	if (r != MM_CTL_FINE) {
		return r;
	}
	stored = json_array_get(json_object_get(answer, "intervals"), 0);
	there = stored != NULL && json_integer_value(json_object_get(stored, "id")) == id;
	same = there && is_same(named, stored);
	proof->sound = proof->sound && same;
	json_array_append_new(
		intervals,
		json_pack("{s:s, s:I, s:b, s:s}", "reading", which, "interval", (json_int_t)id, "same", (int)same, "text",
			  same	  ? "it is the same in the register"
			  : there ? "the register has another one of that number: it, or one before it, was changed "
				    "since, or the register went on from a backup"
				  : "the register has none of that number"));
	json_decref(answer);
	return r;
}

static int compare_intervals(struct proof *proof, const json_t *payload, json_t *record)
{
	static const char *const readings[] = {"start", "end"};
	const json_t *bound = json_object_get(payload, "XR");
	const char *serial = json_string_value(json_object_get(payload, "MS"));
	json_t *intervals = json_object_get(record, "intervals"), *meter;
	int r = MM_CTL_FINE;

	if (bound == NULL || serial == NULL) {
		json_object_set_new(record, "note", json_string("it names no interval of a register"));
		return r;
	}
	if (proof->ctl->client == NULL) {
		json_object_set_new(record, "note", json_string("its intervals were not looked at: minimeterd does not answer"));
		return r;
	}
	meter = find_meter(proof, serial);
	if (meter == NULL) {
		json_object_set_new(record, "note",
				    json_string("its intervals were not looked at: minimeterd has no meter of its serial "
						"number"));
		return r;
	}
	for (size_t i = 0; i < COUNT_OF(readings) && r == MM_CTL_FINE; i++) {
		r = compare_row(proof, meter, json_object_get(bound, readings[i]), readings[i], intervals);
	}
	json_decref(meter);
	return r;
}

/* ---- A record ---- */

/* Why the signature is not right: where the record names another key than the daemon has, that says more. */
static void add_reason(const struct proof *proof, const json_t *payload, const struct mm_error *error, json_t *record)
{
	const char *signer = json_string_value(json_object_get(payload, "GS"));
	char text[MM_ERROR_TEXT_MAX];

	if (proof->signer != NULL && signer != NULL && strcmp(signer, proof->signer) != 0) {
		snprintf(text, sizeof(text),
			 "the key of minimeterd is %.16s..., and the record says that %.64s signed it: give the right "
			 "key with --key",
			 proof->signer, signer);
		json_object_set_new(record, "reason", json_string(text));
	} else {
		json_object_set_new(record, "reason", json_string(error->text));
	}
}

static int prove(struct proof *proof, const char *path, const char *text, size_t size)
{
	struct mm_error error = {0};
	const json_t *payload;
	struct mm_ocmf *ocmf;
	json_t *record;
	bool right;
	int r;

	if (mm_ocmf_new(text, size, &ocmf, &error) < 0) {
		return mm_ctl_fail(proof->ctl, MM_CTL_FAILED, "%s: %s", path, error.text);
	}
	payload = mm_ocmf_payload(ocmf);
	r = mm_ocmf_verify(ocmf, proof->key != NULL ? proof->key : "", proof->key_size, &error);
	right = r == 0;
	if (r < 0 && r != -EKEYREJECTED && proof->ctl->option[MM_OPTION_KEY] != NULL) {
		mm_ocmf_free(ocmf);
		return mm_ctl_fail(proof->ctl, MM_CTL_FAILED, "%s: %s", proof->ctl->option[MM_OPTION_KEY], error.text);
	}
	record = json_pack("{s:O?, s:O?, s:O?, s:s, s:b, s:n, s:[], s:n}", "page", json_object_get(payload, "PG"), "serial",
			   json_object_get(payload, "MS"), "readings", json_object_get(payload, "RD"), "algorithm",
			   mm_ocmf_algorithm(ocmf), "signature", (int)right, "reason", "intervals", "note");
	if (!right) {
		add_reason(proof, payload, &error, record);
		proof->sound = false;
	}
	r = right ? compare_intervals(proof, payload, record) : MM_CTL_FINE;
	json_array_append_new(proof->records, record);
	mm_ocmf_free(ocmf);
	return r;
}

/* A file has one record, or several, each of which begins a line. */
static int prove_all(struct proof *proof, const char *path, const char *text)
{
	int r = MM_CTL_FINE;

	while (r == MM_CTL_FINE && text != NULL) {
		const char *next = strstr(text, "\n" RECORD_BEGIN);

		r = prove(proof, path, text, next != NULL ? (size_t)(next - text) : strlen(text));
		text = next != NULL ? next + 1 : NULL;
	}
	return r;
}

/* ---- In words ---- */

/* A value as a record has it; kWh with three decimals at least, as meters of this kind write them. */
static void value_text(const json_t *reading, char ret[static MM_CELL_MAX])
{
	const json_t *value = json_object_get(reading, "RV");
	const char *unit = json_string_value(json_object_get(reading, "RU")), *point;
	size_t decimals = 0;

	if (!json_is_number(value)) {
		mm_cell_as(MM_FORMAT_TEXT, reading, "RV", ret);
		return;
	}
	snprintf(ret, MM_CELL_MAX, "%.15g", json_number_value(value));
	point = strchr(ret, '.');
	decimals = point != NULL ? strlen(point + 1) : 0;
	if (unit != NULL && strcmp(unit, "kWh") == 0 && decimals < 3 && strchr(ret, 'e') == NULL) {
		snprintf(ret, MM_CELL_MAX, "%.3f", json_number_value(value));
	}
}

/* What a record says that was read, as it says it. */
static void print_readings(struct mm_ctl *ctl, const json_t *readings)
{
	char time[MM_CELL_MAX] = "", state[MM_CELL_MAX], obis[MM_CELL_MAX], unit[MM_CELL_MAX], value[MM_CELL_MAX];
	json_t *reading;
	size_t i;

	json_array_foreach(readings, i, reading)
	{
		if (json_object_get(reading, "TM") != NULL) {
			mm_cell_as(MM_FORMAT_TEXT, reading, "TM", time);
		}
		mm_cell_as(MM_FORMAT_TEXT, reading, "RI", obis);
		mm_cell_as(MM_FORMAT_TEXT, reading, "RU", unit);
		mm_cell_as(MM_FORMAT_TEXT, reading, "ST", state);
		value_text(reading, value);
		mm_ctl_say(ctl, false, "  %s  %s  %s %s  %s", time, obis, value, unit, state);
	}
}

static void print_record(struct mm_ctl *ctl, const json_t *record)
{
	bool right = json_is_true(json_object_get(record, "signature"));
	char page[MM_CELL_MAX], serial[MM_CELL_MAX], text[MM_CELL_MAX], reading[MM_CELL_MAX];
	json_t *interval;
	size_t i;

	mm_cell_as(MM_FORMAT_TEXT, record, "page", page);
	mm_cell_as(MM_FORMAT_TEXT, record, "serial", serial);
	mm_ctl_say(ctl, false, "page %s of meter %s", page, serial);
	print_readings(ctl, json_object_get(record, "readings"));
	mm_cell_as(MM_FORMAT_TEXT, record, right ? "algorithm" : "reason", text);
	mm_ctl_say(ctl, !right, "  the signature is %s: %s", right ? "right" : "not right", text);
	json_array_foreach(json_object_get(record, "intervals"), i, interval)
	{
		bool same = json_is_true(json_object_get(interval, "same"));

		mm_cell_as(MM_FORMAT_TEXT, interval, "reading", reading);
		mm_cell_as(MM_FORMAT_TEXT, interval, "text", text);
		mm_ctl_say(ctl, !same, "  interval %" PRId64 ", of the reading at the %s: %s",
			   (int64_t)json_integer_value(json_object_get(interval, "interval")), reading, text);
	}
	if (json_is_string(json_object_get(record, "note"))) {
		mm_cell_as(MM_FORMAT_TEXT, record, "note", text);
		mm_ctl_say(ctl, false, "  %s", text);
	}
}

static void proof_text(struct mm_ctl *ctl, const json_t *answer)
{
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(answer, "records"), i, record)
	{
		print_record(ctl, record);
	}
}

int mm_ctl_proof(struct mm_ctl *ctl)
{
	const char *path = ctl->option[MM_OPTION_STATEMENT];
	struct proof proof = {.ctl = ctl, .records = json_array(), .sound = true};
	char *text = NULL;
	size_t size;
	int r = read_file(ctl, path, &text, &size);

	if (r == MM_CTL_FINE) {
		r = find_key(&proof);
	}
	if (r == MM_CTL_FINE) {
		r = prove_all(&proof, path, text);
	}
	r = mm_ctl_show(ctl, r, json_pack("{s:O, s:b}", "records", proof.records, "sound", (int)proof.sound), proof_text);
	free(text);
	free(proof.key);
	json_decref(proof.head);
	json_decref(proof.records);
	return r == MM_CTL_FINE && !proof.sound ? MM_CTL_FAULT : r;
}
