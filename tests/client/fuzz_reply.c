/* SPDX-License-Identifier: MIT */
/*
 * Bytes from a daemon, as the client takes them: each reply is an answer or an error in words, and each answer is a whole struct
 * or refused in words.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/client.h"
#include "client/reading.h"
#include "fixture/answers.h"
#include "fixture/fuzz.h"

const struct mm_fuzz_seed mm_fuzz_seeds[] = {
	MM_FUZZ_SEED(REPLY("{\"meters\":[" MAIN "]}") "\0"),
	MM_FUZZ_SEED(REPLY_MORE("{\"meters\":[" MAIN "]}") "\0" REPLY("{\"meters\":[]}") "\0"),
	MM_FUZZ_SEED(REPLY("{\"outputs\":[" OUTPUT("10", "\"GPIO17\"", "true", "10.0", "2469") "]}") "\0"),
	MM_FUZZ_SEED(REPLY(STATUS("false", FROZEN, "\"front-end-frozen\"")) "\0"),
	MM_FUZZ_SEED(ERROR("org.minimeter.NoSuchOutput",
			   "{\"meter\":\"main\",\"output\":\"9\"}") "\0" REPLY("{\"outputs\":[{\"name\":\"10\"}]}") "\0"),
	MM_FUZZ_SEED(ERROR("org.varlink.service.MethodNotFound", "{\"method\":\"Read\"}") "\0"),
	{NULL, 0},
};

/* A connection whose other end has sent the bytes and hung up. */
static struct mm_client *connect_to(const uint8_t *data, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	struct mm_client *client;

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/fuzz_reply.%d", (int)getpid());
	unlink(address.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0 ||
	    mm_client_connect(MM_CLIENT_READ, address.sun_path, &client, NULL) < 0) {
		abort();
	}
	unlink(address.sun_path);
	peer = accept(fd, NULL, NULL);
	close(fd);
	/* What does not fit into the socket's buffer is left out. */
	if (size > 0 && send(peer, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		abort();
	}
	close(peer);
	return client;
}

static void read_structs(json_t *answer)
{
	struct mm_readings *readings = NULL;
	struct mm_output_states *outputs = NULL;
	struct mm_daemon_status *status = NULL;
	struct mm_error error[3] = {0};

	MM_FUZZ_CHECK((mm_readings_new(answer, &readings, &error[0]) == 0) == (error[0].text[0] == '\0'));
	MM_FUZZ_CHECK((mm_output_states_new(answer, &outputs, &error[1]) == 0) == (error[1].text[0] == '\0'));
	MM_FUZZ_CHECK((mm_daemon_status_new(answer, &status, &error[2]) == 0) == (error[2].text[0] == '\0'));
	for (size_t i = 0; readings != NULL && i < readings->count; i++) {
		const struct mm_reading *meter = &readings->meter[i];

		MM_FUZZ_CHECK(meter->name != NULL && meter->model != NULL && meter->faults.count <= MM_NAMES_MAX);
		MM_FUZZ_CHECK(meter->element_count >= 1 && meter->element_count <= MM_ELEMENTS_MAX);
		MM_FUZZ_CHECK(meter->time_ns >= 0 && meter->element[0].name != NULL);
	}
	for (size_t i = 0; outputs != NULL && i < outputs->count; i++) {
		MM_FUZZ_CHECK(mm_output_states_find(outputs, outputs->output[i].meter, outputs->output[i].name) != NULL);
	}
	MM_FUZZ_CHECK(status == NULL || (status->front_end.state != NULL && status->store.state != NULL));
	mm_readings_free(readings);
	mm_output_states_free(outputs);
	mm_daemon_status_free(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mm_client *client = connect_to(data, size);
	int r = 0;

	do {
		struct mm_error error = {0};
		json_t *answer = NULL;

		r = mm_client_receive(client, 0, &answer, NULL, &error);
		MM_FUZZ_CHECK((r == 0) == (answer != NULL) && (r == 0) == (error.text[0] == '\0'));
		if (r == 0) {
			read_structs(answer);
			json_decref(answer);
		}
	} while (r == 0 || mm_client_error_name(client) != NULL);
	mm_client_free(client);
	return 0;
}
