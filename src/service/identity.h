/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_IDENTITY_H
#define MM_SERVICE_IDENTITY_H

/*
 * Who it was: the user behind a call, for the audit trail.
 */

#include "varlink/varlink.h"

#define MM_IDENTITY_MAX 64

/*
 * Names the user at the other end of a call as "anna (uid 1000)", or "uid 1000" where passwd_path does not have him. The number
 * is the kernel's word as of connect(2) (SO_PEERCRED, unix(7)): no client can claim another. passwd_path, commonly
 * MM_IDENTITY_PASSWD, is read as the plain file it is: a name service on the network could keep the main loop waiting.
 */
void mm_identity(const struct mm_varlink_peer *peer, const char *passwd_path, char ret[static MM_IDENTITY_MAX]);

#define MM_IDENTITY_PASSWD "/etc/passwd"

#endif
