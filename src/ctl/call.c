/* SPDX-License-Identifier: MIT */
/* Asking the daemon through the client, and exit codes for what goes wrong. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/zone_file.h"
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

int mm_ctl_open(const struct mm_ctl *ctl, enum mm_ctl_socket socket, struct mm_client **ret, struct mm_error *error)
{
	return mm_client_connect(socket == MM_CTL_SOCKET_ADMIN ? MM_CLIENT_ADMIN : MM_CLIENT_READ,
				 mm_ctl_socket_path(ctl, socket), ret, error);
}

/* Does nobody answer because there is no configuration? Somebody who names a socket has a daemon elsewhere. */
static bool is_not_set_up(const struct mm_ctl *ctl, enum mm_ctl_socket socket, int r)
{
	bool usual = strcmp(mm_ctl_socket_path(ctl, socket),
			    socket == MM_CTL_SOCKET_ADMIN ? MM_CLIENT_ADMIN_SOCKET : MM_CLIENT_SOCKET) == 0;

	return usual && (r == -ENOENT || r == -ECONNREFUSED) && ctl->config_path != NULL && access(ctl->config_path, F_OK) < 0 &&
	       errno == ENOENT;
}

int mm_ctl_connect(struct mm_ctl *ctl)
{
	enum mm_ctl_socket socket = ctl->command->socket;
	struct mm_error error = {0};
	int r;

	mm_client_free(ctl->client);
	ctl->client = NULL;
	r = socket == MM_CTL_SOCKET_NONE ? 0 : mm_ctl_open(ctl, socket, &ctl->client, &error);
	if (r == 0) {
		return MM_CTL_FINE;
	}
	if (is_not_set_up(ctl, socket, r)) {
		return mm_ctl_fail(
			ctl, MM_CTL_UNREACHABLE,
			"there is no meter yet, for there is no %s: 'sudo minimeter-setup' asks what it needs and starts it",
			ctl->config_path);
	}
	return mm_ctl_fail(ctl, MM_CTL_UNREACHABLE, "%s", error.text);
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

bool mm_ctl_enter_zone(const json_t *answer)
{
	const char *zone = json_string_value(json_object_get(answer, "time_zone")), *before = getenv("TZ");

	/* A zone that this machine has no file of would be UTC; where it is unnamed, it is that of the machine. */
	if (zone == NULL || (before != NULL && strcmp(zone, before) == 0) || mm_zone_file_offsets(zone, 0, NULL, NULL) < 0) {
		return false;
	}
	return mm_zone_enter(zone) == 0;
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

	if (r < 0) {
		return mm_ctl_fail_client(ctl, r, &error);
	}
	(void)mm_ctl_enter_zone(*ret); /* nothing is shown yet */
	return MM_CTL_FINE;
}

int mm_ctl_call(struct mm_ctl *ctl, const char *method, json_t *parameters, json_t **ret)
{
	struct mm_error error = {0};
	int r = mm_client_call(ctl->client, method, parameters, ret, &error);

	if (r < 0) {
		return mm_ctl_fail_client(ctl, r, &error);
	}
	(void)mm_ctl_enter_zone(*ret); /* as above */
	return MM_CTL_FINE;
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

/* Keeps the members beside the rows for the end: a count is that of all pieces. */
static void keep_others(json_t *others, const char *key, json_t *piece)
{
	const char *name;
	json_t *value;

	json_object_foreach(piece, name, value)
	{
		const json_t *before = json_object_get(others, name);

		if (json_is_integer(value) && json_is_integer(before)) {
			json_object_set_new(others, name, json_integer(json_integer_value(before) + json_integer_value(value)));
		} else if (strcmp(name, key) != 0) {
			json_object_set(others, name, value);
		}
	}
}

static void print_end(struct mm_ctl *ctl, const json_t *others, bool empty)
{
	const char *name;
	json_t *value;

	fputs(empty ? "]" : "\n  ]", ctl->out);
	json_object_foreach((json_t *)others, name, value)
	{
		json_t *key = json_string(name);

		fputs(",\n  ", ctl->out);
		mm_writer_value(ctl->out, key, 0);
		fputs(": ", ctl->out);
		json_decref(key);
		mm_writer_value(ctl->out, value, 0);
	}
	fputs("\n}\n", ctl->out);
}

int mm_ctl_receive_rows(struct mm_ctl *ctl, const char *key, mm_ctl_rows_fn text, void *userdata)
{
	bool json = ctl->option[MM_OPTION_JSON] != NULL, more = true, empty = true;
	json_t *others = json_object(), *piece, *row;
	int r = MM_CTL_FINE;
	size_t i;

	while (more && (r = mm_ctl_receive(ctl, MM_CLIENT_TIMEOUT_MS, &piece, &more)) == MM_CTL_FINE) {
		const json_t *rows = json_object_get(piece, key);

		if (!json) {
			text(ctl, piece, rows, userdata);
			json_decref(piece);
			continue;
		}
		if (json_object_size(others) == 0 && empty) {
			fprintf(ctl->out, "{\n  \"%s\": [", key);
		}
		json_array_foreach(rows, i, row)
		{
			fputs(empty ? "\n    " : ",\n    ", ctl->out);
			mm_writer_value(ctl->out, row, 0);
			empty = false;
		}
		keep_others(others, key, piece);
		json_decref(piece);
	}
	if (json && r == MM_CTL_FINE) {
		print_end(ctl, others, empty);
	}
	json_decref(others);
	return r;
}

/* The names of the meters, one a line, for the completions of shells. */
int mm_ctl_names(struct mm_ctl *ctl)
{
	char name[MM_CELL_MAX];
	json_t *answer, *meter;
	size_t i;
	int r = mm_ctl_call(ctl, "org.minimeter.GetNameplate", NULL, &answer);

	if (r != MM_CTL_FINE) {
		return r;
	}
	json_array_foreach(json_object_get(answer, "meters"), i, meter)
	{
		mm_cell_as(MM_FORMAT_TEXT, meter, "name", name);
		fprintf(ctl->out, "%s\n", name);
	}
	json_decref(answer);
	return r;
}
