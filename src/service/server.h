/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_SERVER_H
#define MM_SERVICE_SERVER_H

/*
 * The Unix sockets and their clients on the main loop: activated by systemd or bound here, a cap on clients, an idle deadline for
 * each.
 */

#include <systemd/sd-event.h>

#include "base/error.h"
#include "config/config.h"
#include "service/service.h"

struct mm_server;

enum mm_server_socket { MM_SERVER_READ, MM_SERVER_ADMIN, MM_SERVER_SOCKETS };

/*
 * Serves the sockets that listen already (taken over), and binds those that are -1. A live socket of another
 * daemon at the same path is -EADDRINUSE; a stale one is replaced. 0, or -errno with one line in error.
 */
int mm_server_new(sd_event *event, const struct mm_config *config, struct mm_service *service, const int fds[MM_SERVER_SOCKETS],
		  struct mm_error *error, struct mm_server **ret);

/* Drops all clients, closes the sockets, and removes those bound here. NULL-safe. */
void mm_server_free(struct mm_server *server);

#endif
