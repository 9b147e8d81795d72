/* SPDX-License-Identifier: MIT */
/* Reading the configuration again: for a client that wants to know what comes of it, and for SIGHUP, which can't be answered. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/events.h"
#include "service/methods.h"
#include "service/call.h"

/* What comes of reading the file again. */
struct outcome {
	struct mm_config_errors errors; /* where there is one, nothing has changed */
	char restart_needed[256];	/* names of what differs and waits for a restart, separated by ", " */
	struct mm_error warning;	/* empty: none */
};

/* In the room that a sentence has: the first error, and how many there are. */
static void refused(const struct mm_config_errors *errors, struct mm_error *ret)
{
	const char *first = errors->error[0].text;

	if (errors->count > 1 || errors->more) {
		mm_error_say(ret, "%u%s errors, the first: %s", errors->count, errors->more ? " or more" : "", first);
	} else {
		mm_error_say(ret, "%s", first);
	}
}

/* Reads the file; what the next start would refuse is refused as well, while the old one is still in force. */
static int read_again(const struct mm_service *service, struct mm_config_errors *errors, struct mm_config **ret)
{
	struct mm_error error = {0};
	int r = mm_config_load(service->config_path, errors, ret);

	if (r < 0 || !service->check_store || service->check_store(*ret, &error) >= 0) {
		return r;
	}
	free(*ret);
	*ret = NULL;
	*errors = (struct mm_config_errors){.count = 1};
	snprintf(errors->error[0].text, sizeof(errors->error[0].text), "%s", error.text);
	return -EXDEV;
}

static void reload(struct mm_service *service, struct outcome *ret)
{
	struct mm_config *newer;

	*ret = (struct outcome){0};
	service->verdict = (struct mm_config_verdict){.since_ns = mm_clock_boottime(mm_view_clock(service->metering))};
	if (read_again(service, &ret->errors, &newer) < 0) {
		for (unsigned i = 0; i < ret->errors.count; i++) {
			mm_log_event(RELOAD_REFUSED, NULL, ret->errors.error[i].text);
		}
		refused(&ret->errors, &service->verdict.reason);
		return;
	}
	for (unsigned i = 0; i < newer->front_end_count; i++) {
		struct mm_error unused;

		if (mm_config_has_unused(&newer->front_end[i], &unused)) {
			mm_log(LOG_WARNING, NULL, NULL, "%s", unused.text);
			mm_error_say(&ret->warning, "%s%s%s", ret->warning.text, ret->warning.text[0] ? "; " : "", unused.text);
		}
	}
	mm_config_reload(service->config, newer, ret->restart_needed, sizeof(ret->restart_needed));
	free(newer);
	mm_metering_record_settings(service->metering);
	mm_log_event(RELOADED, NULL, ret->restart_needed[0] ? "; a restart is needed for: " : "", ret->restart_needed);
}

void mm_service_reload(struct mm_service *service)
{
	struct outcome outcome;

	reload(service, &outcome);
}

/* An array of the names in a list. */
static json_t *names_json(const char *list)
{
	json_t *names = json_array();

	while (*list != '\0') {
		size_t length = strcspn(list, ",");

		json_array_append_new(names, json_stringn(list, length));
		list += length + strspn(list + length, ", ");
	}
	return names;
}

static json_t *errors_json(const struct mm_config_errors *errors)
{
	json_t *texts = json_array();

	for (unsigned i = 0; i < errors->count; i++) {
		json_array_append_new(texts, json_string(errors->error[i].text));
	}
	if (errors->more) {
		json_array_append_new(texts, json_string("more errors than these"));
	}
	return texts;
}

void mm_method_reload(struct mm_varlink_call *call, const json_t *parameters, void *userdata)
{
	struct outcome outcome;
	json_t *warnings;

	(void)parameters;
	reload(userdata, &outcome);
	if (outcome.errors.count > 0) {
		mm_call_error(call, "org.minimeter.ConfigurationRefused",
			      json_pack("{s:o}", "errors", errors_json(&outcome.errors)));
		return;
	}
	warnings = json_array();
	if (outcome.warning.text[0] != '\0') {
		json_array_append_new(warnings, json_string(outcome.warning.text));
	}
	mm_call_reply(call, json_pack("{s:o, s:o}", "restart_needed", names_json(outcome.restart_needed), "warnings", warnings));
}
