/* SPDX-License-Identifier: MIT */
/* The local password file, line by line. */
#include "service/peer.h"

#include <pwd.h>
#include <stdio.h>

#define LINE_MAX_BYTES 1024
/* Longer names are cut: user names end at 32 (useradd(8)). */
#define NAME_SHOWN 32

void mm_peer_name(const struct mm_varlink_peer *peer, const char *passwd_path, char ret[static MM_PEER_NAME_MAX])
{
	FILE *file = fopen(passwd_path, "re");
	struct passwd row, *found = NULL;
	char line[LINE_MAX_BYTES];

	while (file && fgetpwent_r(file, &row, line, sizeof(line), &found) == 0 && row.pw_uid != peer->uid) {
		found = NULL;
	}
	if (found) {
		snprintf(ret, MM_PEER_NAME_MAX, "%.*s (uid %u)", NAME_SHOWN, found->pw_name, (unsigned)peer->uid);
	} else {
		snprintf(ret, MM_PEER_NAME_MAX, "uid %u", (unsigned)peer->uid);
	}
	if (file) {
		fclose(file);
	}
}
