/* SPDX-License-Identifier: MIT */
/* Error replies in words, with what to do about them. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "client/client.h"
#include "client/private.h"

#define SERVICE_ERROR "org.varlink.service."

/* A sentence with one or two parameters of the reply in it, and what to ask for the names that would have been right. */
static const struct refusal {
	const char *name;
	const char *before, *key, *between, *second_key, *after;
	const char *method, *array, *list;
	bool of_meter;
} refusals[] = {
	{"org.minimeter.NoSuchMeter", "there is no meter '", "meter", "'", NULL, "", "org.minimeter.GetNameplate", "meters",
	 "; there are: ", false},
	{"org.minimeter.NoSuchOutput", "meter '", "meter", "' has no output '", "output", "'", "org.minimeter.GetOutputs",
	 "outputs", "; it has: ", true},
	{"org.minimeter.AmbiguousTime", "", "reason", "", NULL, "", NULL, NULL, NULL, false},
	{"org.minimeter.NotYet", "that time is still to come: ", "at", "", NULL, "", NULL, NULL, NULL, false},
	{"org.minimeter.Forked",
	 "the register has another history than the one that was followed; go on from the newest row that both have", NULL, "",
	 NULL, "", NULL, NULL, NULL, false},
	{"org.minimeter.NotPermitted", "not permitted: ", "reason", "", NULL, "", NULL, NULL, NULL, false},
	{"org.minimeter.Busy", "minimeterd is busy: ", "reason", "; try again", NULL, "", NULL, NULL, NULL, false},
	{"org.minimeter.CalibrationRefused", "refused: ", "reason", "; ", "advice", "", NULL, NULL, NULL, false},
	{"org.minimeter.NoSuchSession", "calibration session '", "session",
	 "' is over: it was accepted or cancelled, or minimeterd was restarted; begin again with 'minimeterctl calibrate start'",
	 NULL, "", NULL, NULL, NULL, false},
	{"org.minimeter.ConfigurationRefused", "the configuration has errors; the one before stays in force", NULL, "", NULL, "",
	 NULL, NULL, NULL, false},
	{"org.minimeter.RegisterFailed", "the register failed: ", "reason", "; see 'minimeterctl status'", NULL, "", NULL, NULL,
	 NULL, false},
	{SERVICE_ERROR "InvalidParameter", "minimeterd refuses the value for '", "parameter", "'", NULL, "", NULL, NULL, NULL,
	 false},
};

const char *mm_client_names(const json_t *rows, char ret[static MM_CLIENT_NAMES_MAX])
{
	size_t i, length = 0;
	json_t *row;

	ret[0] = '\0';
	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));

		if (name != NULL && length + strlen(name) + 3 < MM_CLIENT_NAMES_MAX) {
			length += (size_t)sprintf(ret + length, "%s%s", length > 0 ? ", " : "", name);
		}
	}
	return ret;
}

static const char *parameter(const json_t *parameters, const char *key)
{
	const char *text = key != NULL ? json_string_value(json_object_get(parameters, key)) : "";

	return text != NULL ? text : "?";
}

/* Asks for the names; empty where there is no such answer. */
static void list_names(struct mm_varlink_client *varlink, const struct refusal *row, const json_t *parameters,
		       char names[static MM_CLIENT_NAMES_MAX])
{
	json_t *reply = NULL;
	char *error = NULL;
	bool more;

	names[0] = '\0';
	if (row->method == NULL ||
	    mm_varlink_client_send(varlink, row->method,
				   row->of_meter ? json_pack("{s:s}", "meter", parameter(parameters, "meter")) : NULL,
				   false) < 0 ||
	    mm_varlink_client_receive(varlink, MM_CLIENT_TIMEOUT_MS, &reply, &error, &more) < 0) {
		return;
	}
	mm_client_names(json_object_get(reply, row->array), names);
	free(error);
	json_decref(reply);
}

int mm_client_refusal(struct mm_varlink_client *varlink, const char *path, const char *method, const char *name,
		      const json_t *parameters, struct mm_error *error)
{
	char names[MM_CLIENT_NAMES_MAX];

	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		const struct refusal *row = &refusals[i];

		if (strcmp(row->name, name) == 0) {
			list_names(varlink, row, parameters, names);
			return mm_error_set(error, -EREMOTEIO, "%s%s%s%s%s%s%s", row->before, parameter(parameters, row->key),
					    row->between, parameter(parameters, row->second_key), row->after,
					    names[0] != '\0' ? row->list : "", names);
		}
	}
	if (strncmp(name, SERVICE_ERROR, strlen(SERVICE_ERROR)) == 0) {
		return mm_error_set(error, -ENOSYS,
				    "what answers at %s does not know '%s' (%s): is it minimeterd, and of this version?", path,
				    method, name);
	}
	return mm_error_set(error, -EREMOTEIO, "minimeterd answers with the error %s", name);
}
