/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_PEER_H
#define MM_SERVICE_PEER_H

/*
 * The peer of a call, by the name of its user: for the audit trail.
 */

#include "varlink/varlink.h"

#define MM_PEER_NAME_MAX 64

/*
 * Names the user at the other end of a call as "anna (uid 1000)", or "uid 1000" where passwd_path does not have it. The number
 * comes from the kernel, as of connect(2) (SO_PEERCRED, unix(7)): no client can claim another. passwd_path, commonly
 * MM_PEER_PASSWD, is read as the plain file it is: a name service on the network could keep the main loop waiting.
 */
void mm_peer_name(const struct mm_varlink_peer *peer, const char *passwd_path, char ret[static MM_PEER_NAME_MAX]);

#define MM_PEER_PASSWD "/etc/passwd"

#endif
