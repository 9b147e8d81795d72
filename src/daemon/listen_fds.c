/* SPDX-License-Identifier: MIT */
/* The names come in $LISTEN_FDNAMES; libsystemd checks that they are meant for this process. */
#include "daemon/listen_fds.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

void mm_listen_fds_init(struct mm_listen_fds *fds)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	*fds = (struct mm_listen_fds){0};
	for (int i = 0; i < count; i++) {
		if (i < MM_LISTEN_FDS_MAX) {
			fds->name[fds->count++] = names[i];
		} else {
			close(SD_LISTEN_FDS_START + i);
			free(names[i]);
		}
	}
	free(names);
}

int mm_listen_fds_take(struct mm_listen_fds *fds, const char *name)
{
	for (int i = 0; i < fds->count; i++) {
		if (fds->name[i] && strcmp(fds->name[i], name) == 0) {
			free(fds->name[i]);
			fds->name[i] = NULL;
			return SD_LISTEN_FDS_START + i;
		}
	}
	return -1;
}

void mm_listen_fds_done(struct mm_listen_fds *fds)
{
	for (int i = 0; i < fds->count; i++) {
		if (fds->name[i]) {
			close(SD_LISTEN_FDS_START + i);
			free(fds->name[i]);
		}
	}
	fds->count = 0;
}
