/* SPDX-License-Identifier: MIT */
/* Times calls of org.minimeter.Read on one connection: prints the median and the 99th percentile in microseconds. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "varlink/client.h"

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int calls = argc > 2 ? atoi(argv[2]) : 0;
	struct mm_varlink_client *client;
	int64_t *took;

	if (calls < 1 || mm_varlink_client_connect(argv[1], &client) < 0) {
		fprintf(stderr, "usage: round_trip SOCKET CALLS\n");
		return 2;
	}
	took = calloc((size_t)calls, sizeof(*took));
	if (!took) {
		return 1;
	}
	for (int i = 0; i < calls; i++) {
		int64_t start = now_ns();
		json_t *reply;
		char *error;
		bool more;

		if (mm_varlink_client_send(client, "org.minimeter.Read", NULL, false) < 0 ||
		    mm_varlink_client_receive(client, 5000, &reply, &error, &more) < 0) {
			fprintf(stderr, "round_trip: no answer\n");
			return 1;
		}
		took[i] = now_ns() - start;
		json_decref(reply);
		free(error);
	}
	qsort(took, (size_t)calls, sizeof(*took), by_size);
	printf("%.1f %.1f\n", (double)took[calls / 2] / 1e3, (double)took[calls / 100 * 99] / 1e3);
	free(took);
	mm_varlink_client_free(client);
	return 0;
}
