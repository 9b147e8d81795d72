/* SPDX-License-Identifier: MIT */
#ifndef MM_SIM_SERVER_H
#define MM_SIM_SERVER_H

/* The board on TCP: one poll loop in which no client can delay another. Unless the board is stepped, CLOCK_BOOTTIME moves it. */

#include "sim/board.h"

#define MM_SIM_CLIENTS_MAX 32

struct mm_sim_server;

/* Listens at a numeric address; port 0: any. Returns 0 or -errno (-EINVAL: no such address). */
int mm_sim_server_new(struct mm_sim_board *board, const char *address, uint16_t port, struct mm_sim_server **ret);

/* NULL-safe; hangs up on every client. */
void mm_sim_server_free(struct mm_sim_server *server);

/* The port it listens at. */
uint16_t mm_sim_server_port(const struct mm_sim_server *server);

/* Runs until stop_fd is readable. Returns 0, or -errno of poll(). */
int mm_sim_server_run(struct mm_sim_server *server, int stop_fd);

#endif
