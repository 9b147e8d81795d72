/* SPDX-License-Identifier: MIT */
/* Asking the daemon through the client, and exit codes for what goes wrong. */

#include <errno.h>
#include <stdlib.h>

#include "ctl/private.h"
#include "ctl/writer.h"

const char *mm_ctl_socket_path(const struct mm_ctl *ctl, enum mm_ctl_socket socket)
{
	bool admin = socket == MM_CTL_SOCKET_ADMIN;
	const char *option = ctl->option[admin ? MM_OPTION_ADMIN_SOCKET : MM_OPTION_SOCKET];
	const char *environment = getenv(admin ? MM_CTL_ADMIN_SOCKET_ENVIRONMENT : MM_CTL_SOCKET_ENVIRONMENT);

	if (option != NULL) {
		return option;
	}
	return environment != NULL && *environment != '\0' ? environment : admin ? MM_CLIENT_ADMIN_SOCKET : MM_CLIENT_SOCKET;
}

int mm_ctl_connect(struct mm_ctl *ctl)
{
	enum mm_ctl_socket socket = ctl->command->socket;
	struct mm_error error = {0};

	mm_client_free(ctl->client);
	ctl->client = NULL;
	if (socket != MM_CTL_SOCKET_NONE && mm_client_connect(socket == MM_CTL_SOCKET_ADMIN ? MM_CLIENT_ADMIN : MM_CLIENT_READ,
							      mm_ctl_socket_path(ctl, socket), &ctl->client, &error) < 0) {
		return mm_ctl_fail(ctl, MM_CTL_UNREACHABLE, "%s", error.text);
	}
	return MM_CTL_FINE;
}

int mm_ctl_fail_client(struct mm_ctl *ctl, int r, const struct mm_error *error)
{
	if (r == -ENOSYS) {
		/* People know the command, not the method. */
		return mm_ctl_fail(
			ctl, MM_CTL_FAILED, "what answers at %s does not know '%s' (%s): is it minimeterd, and of this version?",
			mm_ctl_socket_path(ctl, ctl->command->socket), ctl->command->name, mm_client_error_name(ctl->client));
	}
	return mm_ctl_fail(ctl, r == -ETIMEDOUT || r == -ECONNRESET ? MM_CTL_UNREACHABLE : MM_CTL_FAILED, "%s", error->text);
}

int mm_ctl_send(struct mm_ctl *ctl, const char *method, json_t *parameters, bool more)
{
	struct mm_error error = {0};
	int r = mm_client_send(ctl->client, method, parameters, more, &error);

	return r < 0 ? mm_ctl_fail_client(ctl, r, &error) : MM_CTL_FINE;
}

int mm_ctl_receive(struct mm_ctl *ctl, int timeout_ms, json_t **ret, bool *ret_more)
{
	struct mm_error error = {0};
	int r = mm_client_receive(ctl->client, timeout_ms, ret, ret_more, &error);

	return r < 0 ? mm_ctl_fail_client(ctl, r, &error) : MM_CTL_FINE;
}

int mm_ctl_call(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret)
{
	struct mm_error error = {0};
	int r = mm_client_call(ctl->client, method, parameters, ret, &error);

	return r < 0 ? mm_ctl_fail_client(ctl, r, &error) : MM_CTL_FINE;
}

bool mm_ctl_json(struct mm_ctl *ctl, const json_t *answer)
{
	if (ctl->option[MM_OPTION_JSON] == NULL) {
		return false;
	}
	mm_writer_json(ctl->out, answer, false);
	return true;
}

int mm_ctl_show(struct mm_ctl *ctl, int r, json_t *answer, void (*text)(struct mm_ctl *, const json_t *))
{
	if (r == MM_CTL_FINE && !mm_ctl_json(ctl, answer)) {
		text(ctl, answer);
	}
	json_decref(answer);
	return r;
}

json_t *mm_ctl_meter_parameter(const struct mm_ctl *ctl)
{
	const char *meter = ctl->option[MM_OPTION_METER];

	return meter != NULL ? json_pack("{s:s}", "meter", meter) : json_object();
}

int mm_ctl_one_meter(struct mm_ctl *ctl, json_t **ret)
{
	json_t *answer, *meters;
	int r;

	if (ctl->option[MM_OPTION_METER] != NULL) {
		*ret = mm_ctl_meter_parameter(ctl);
		return MM_CTL_FINE;
	}
	r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", NULL, &answer);
	if (r != MM_CTL_FINE) {
		return r;
	}
	meters = json_object_get(answer, "meters");
	if (json_array_size(meters) == 1) {
		*ret = json_pack("{s:O}", "meter", json_object_get(json_array_get(meters, 0), "name"));
	} else {
		char names[MM_CLIENT_NAMES_MAX];

		r = mm_ctl_fail(ctl, MM_CTL_USAGE, "say which meter with --meter; there are: %s", mm_client_names(meters, names));
	}
	json_decref(answer);
	return r;
}

int mm_ctl_call_meter(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret)
{
	json_t *all;
	int r = mm_ctl_one_meter(ctl, &all);

	if (r == MM_CTL_FINE) {
		json_object_update(all, parameters);
		r = mm_ctl_call(ctl, method, all, ret);
	}
	json_decref(parameters);
	return r;
}
