/* SPDX-License-Identifier: MIT */
/* The names come in $LISTEN_FDNAMES; libsystemd checks that they are meant for this process. */
#include "daemon/passed.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

void mm_passed_init(struct mm_passed *passed)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	*passed = (struct mm_passed){0};
	for (int i = 0; i < count; i++) {
		if (i < MM_PASSED_MAX) {
			passed->name[passed->count++] = names[i];
		} else {
			close(SD_LISTEN_FDS_START + i);
			free(names[i]);
		}
	}
	free(names);
}

int mm_passed_take(struct mm_passed *passed, const char *name)
{
	for (int i = 0; i < passed->count; i++) {
		if (passed->name[i] && strcmp(passed->name[i], name) == 0) {
			free(passed->name[i]);
			passed->name[i] = NULL;
			return SD_LISTEN_FDS_START + i;
		}
	}
	return -1;
}

void mm_passed_done(struct mm_passed *passed)
{
	for (int i = 0; i < passed->count; i++) {
		if (passed->name[i]) {
			close(SD_LISTEN_FDS_START + i);
			free(passed->name[i]);
		}
	}
	passed->count = 0;
}
