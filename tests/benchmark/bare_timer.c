/* SPDX-License-Identifier: MIT */
/*
 * What the machine itself takes to wake a program from a timer: the yardstick for output edges. Prints the median and the 99.9th
 * percentile in microseconds, over the seconds asked for, at the rate of edges of a full load.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define STEP_NS 75000000
#define NS_PER_S 1000000000

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int64_t count = argc > 1 ? atoll(argv[1]) * NS_PER_S / STEP_NS : 0, at = now_ns();
	int fd = timerfd_create(CLOCK_BOOTTIME, 0);
	int64_t *late = count > 0 ? calloc((size_t)count, sizeof(*late)) : NULL;

	if (!late || fd < 0) {
		fprintf(stderr, "usage: bare_timer SECONDS\n");
		return 2;
	}
	for (int64_t i = 0; i < count; i++) {
		struct itimerspec spec = {0};
		uint64_t expirations;

		at += STEP_NS;
		spec.it_value.tv_sec = at / NS_PER_S;
		spec.it_value.tv_nsec = at % NS_PER_S;
		if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0 || read(fd, &expirations, sizeof(expirations)) < 0) {
			return 1;
		}
		late[i] = now_ns() - at;
	}
	qsort(late, (size_t)count, sizeof(*late), by_size);
	printf("%.0f, %.0f\n", (double)late[count / 2] / 1e3, (double)late[(count * 999 - 1) / 1000] / 1e3);
	free(late);
	close(fd);
	return 0;
}
