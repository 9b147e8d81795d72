/* SPDX-License-Identifier: MIT */
/* Asking the daemon, and saying in words what went wrong and what to do about it. */

#include "ctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_ERROR "org.varlink.service."
#define METER_ERROR "org.minimeter."
#define NAMES_MAX 256

const char *mm_ctl_socket_path(const struct mm_ctl *ctl, enum mm_ctl_socket socket)
{
	const char *environment = getenv(MM_CTL_SOCKET_ENVIRONMENT);

	if (socket == MM_CTL_SOCKET_ADMIN) {
		return ctl->option[MM_OPTION_ADMIN_SOCKET] != NULL ? ctl->option[MM_OPTION_ADMIN_SOCKET]
								   : MM_CTL_ADMIN_SOCKET_DEFAULT;
	}
	if (ctl->option[MM_OPTION_SOCKET] != NULL) {
		return ctl->option[MM_OPTION_SOCKET];
	}
	return environment != NULL && *environment != '\0' ? environment : MM_CTL_SOCKET_DEFAULT;
}

static int fail_connect(struct mm_ctl *ctl, const char *path, int error)
{
	if (error == -ENOENT || error == -ECONNREFUSED) {
		return mm_ctl_fail(ctl, MM_CTL_UNREACHABLE,
				   "nobody answers at %s: is minimeterd running? See 'systemctl status minimeterd'", path);
	}
	if (error == -EACCES || error == -EPERM) {
		const char *group = ctl->command->socket == MM_CTL_SOCKET_ADMIN ? "minimeter-admin" : "minimeter";
		return mm_ctl_fail(
			ctl, MM_CTL_UNREACHABLE,
			"you may not use %s: join the group %s ('sudo adduser $USER %s', then log in again) or use sudo", path,
			group, group);
	}
	return mm_ctl_fail(ctl, MM_CTL_UNREACHABLE, "can't connect to %s: %s", path, strerror(-error));
}

int mm_ctl_connect(struct mm_ctl *ctl)
{
	const char *path;
	int r;

	if (ctl->command->socket == MM_CTL_SOCKET_NONE) {
		return MM_CTL_FINE;
	}
	path = mm_ctl_socket_path(ctl, ctl->command->socket);
	r = mm_varlink_client_connect(path, &ctl->client);
	return r < 0 ? fail_connect(ctl, path, r) : MM_CTL_FINE;
}

static int fail_transport(struct mm_ctl *ctl, int error)
{
	const char *path = mm_ctl_socket_path(ctl, ctl->command->socket);

	if (error == -ETIMEDOUT) {
		return mm_ctl_fail(ctl, MM_CTL_UNREACHABLE,
				   "no answer from %s in time: is minimeterd hung? See 'systemctl status minimeterd'", path);
	}
	if (error == -ECONNRESET || error == -EPIPE) {
		return mm_ctl_fail(ctl, MM_CTL_UNREACHABLE,
				   "minimeterd closed the connection: it stopped or is too busy; see 'journalctl -u minimeterd'");
	}
	if (error == -EBADMSG) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "what answers at %s does not speak Varlink: is it minimeterd's socket?",
				   path);
	}
	return mm_ctl_fail(ctl, MM_CTL_FAILED, "can't talk to minimeterd: %s", strerror(-error));
}

int mm_ctl_send(struct mm_ctl *ctl, const char *method, json_t *parameters, bool more)
{
	int r = mm_varlink_client_send(ctl->client, method, parameters, more);

	return r < 0 ? fail_transport(ctl, r) : MM_CTL_FINE;
}

/* The names of all rows, "a, b". */
static void join_names(const json_t *rows, char names[static NAMES_MAX])
{
	size_t i, length = 0;
	json_t *row;

	names[0] = '\0';
	json_array_foreach(rows, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));
		if (name != NULL && length + strlen(name) + 3 < NAMES_MAX) {
			length += (size_t)sprintf(names + length, "%s%s", length > 0 ? ", " : "", name);
		}
	}
}

/* The names in an array of the reply to a method; empty where there is no such answer. */
static void list_names(struct mm_ctl *ctl, const char *method, json_t *parameters, const char *array,
		       char names[static NAMES_MAX])
{
	json_t *reply = NULL;
	char *error = NULL;
	bool continues;

	names[0] = '\0';
	if (mm_varlink_client_send(ctl->client, method, parameters, false) < 0 ||
	    mm_varlink_client_receive(ctl->client, MM_CTL_TIMEOUT_MS, &reply, &error, &continues) < 0) {
		return;
	}
	join_names(json_object_get(reply, array), names);
	free(error);
	json_decref(reply);
}

static const char *parameter(const json_t *parameters, const char *name)
{
	const char *text = json_string_value(json_object_get(parameters, name));

	return text != NULL ? text : "?";
}

static int fail_meter_error(struct mm_ctl *ctl, const char *error, const json_t *parameters)
{
	const char *meter = parameter(parameters, "meter"), *reason = parameter(parameters, "reason");
	const char *name = error + strlen(METER_ERROR);
	char names[NAMES_MAX];

	if (strcmp(name, "NoSuchMeter") == 0) {
		list_names(ctl, "org.minimeter.GetNameplate", NULL, "meters", names);
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "there is no meter '%s'%s%s", meter,
				   names[0] != '\0' ? "; there are: " : "", names);
	}
	if (strcmp(name, "NoSuchOutput") == 0) {
		list_names(ctl, "org.minimeter.GetOutputs", json_pack("{s:s}", "meter", meter), "outputs", names);
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "meter '%s' has no output '%s'%s%s", meter,
				   parameter(parameters, "output"), names[0] != '\0' ? "; it has: " : "", names);
	}
	if (strcmp(name, "NotPermitted") == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "not permitted: %s", reason);
	}
	if (strcmp(name, "Busy") == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "minimeterd is busy: %s; try again", reason);
	}
	if (strcmp(name, "CalibrationRefused") == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "refused: %s; %s", reason, parameter(parameters, "advice"));
	}
	if (strcmp(name, "NoSuchSession") == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED,
				   "calibration session '%s' is over: it was accepted or cancelled, or minimeterd was restarted; "
				   "begin again with 'minimeterctl calibrate start'",
				   parameter(parameters, "session"));
	}
	if (strcmp(name, "RegisterFailed") == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "the register failed: %s; see 'minimeterctl status'", reason);
	}
	return mm_ctl_fail(ctl, MM_CTL_FAILED, "minimeterd answers with the error %s", error);
}

int mm_ctl_fail_reply(struct mm_ctl *ctl, const char *error, const json_t *parameters)
{
	if (strncmp(error, METER_ERROR, strlen(METER_ERROR)) == 0) {
		return fail_meter_error(ctl, error, parameters);
	}
	if (strcmp(error, SERVICE_ERROR "InvalidParameter") == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "minimeterd refuses the value for '%s'",
				   parameter(parameters, "parameter"));
	}
	if (strncmp(error, SERVICE_ERROR, strlen(SERVICE_ERROR)) == 0) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED,
				   "what answers at %s does not know '%s' (%s): is it minimeterd, and of this version?",
				   mm_ctl_socket_path(ctl, ctl->command->socket), ctl->command->name, error);
	}
	return mm_ctl_fail(ctl, MM_CTL_FAILED, "minimeterd answers with the error %s", error);
}

int mm_ctl_receive(struct mm_ctl *ctl, int timeout_ms, json_t **ret, bool *ret_continues)
{
	json_t *parameters = NULL;
	char *error = NULL;
	bool continues = false;
	int r = mm_varlink_client_receive(ctl->client, timeout_ms, &parameters, &error, &continues);

	if (r < 0) {
		return fail_transport(ctl, r);
	}
	if (error != NULL) {
		r = mm_ctl_fail_reply(ctl, error, parameters);
		free(error);
		json_decref(parameters);
		return r;
	}
	if (ret_continues != NULL) {
		*ret_continues = continues;
	}
	*ret = parameters;
	return MM_CTL_FINE;
}

int mm_ctl_call(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret)
{
	int r = mm_ctl_send(ctl, method, parameters, false);

	return r != MM_CTL_FINE ? r : mm_ctl_receive(ctl, MM_CTL_TIMEOUT_MS, ret, NULL);
}

json_t *mm_ctl_meter_parameter(const struct mm_ctl *ctl)
{
	const char *meter = ctl->option[MM_OPTION_METER];

	return meter != NULL ? json_pack("{s:s}", "meter", meter) : json_object();
}

int mm_ctl_one_meter(struct mm_ctl *ctl, json_t **ret)
{
	json_t *answer;
	int r;

	if (ctl->option[MM_OPTION_METER] != NULL) {
		*ret = mm_ctl_meter_parameter(ctl);
		return MM_CTL_FINE;
	}
	r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", NULL, &answer);
	if (r != MM_CTL_FINE) {
		return r;
	}
	json_t *meters = json_object_get(answer, "meters");
	if (json_array_size(meters) == 1) {
		*ret = json_pack("{s:O}", "meter", json_object_get(json_array_get(meters, 0), "name"));
	} else {
		char names[NAMES_MAX];
		join_names(meters, names);
		r = mm_ctl_fail(ctl, MM_CTL_USAGE, "say which meter with --meter; there are: %s", names);
	}
	json_decref(answer);
	return r;
}
