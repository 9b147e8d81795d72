/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_SERVER_H
#define MM_SERVICE_SERVER_H

/*
 * The Unix sockets and their clients on the main loop: activated by systemd or bound here, a cap on clients, an idle deadline for
 * each.
 */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "daemon/passed.h"
#include "service/service.h"

struct mm_server;

/*
 * Takes the sockets that were passed by name ("read", "admin"), binds those it did not, and serves. A live socket of another
 * daemon at the same path is -EADDRINUSE; a stale one is replaced. 0, or -errno with one line in message.
 */
int mm_server_new(sd_event *event, const struct mm_config *config, struct mm_service *service, struct mm_passed *passed,
		  char message[static MM_CONFIG_MESSAGE_MAX], struct mm_server **ret);

/* Drops all clients, closes the sockets, and removes those bound here. NULL-safe. */
void mm_server_free(struct mm_server *server);

#endif
