/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_ACTS_H
#define MM_SERVICE_ACTS_H

/*
 * Acts: calls of the admin socket that change what a meter registers. Each is an event in the audit trail with who asked for it,
 * and is answered only when it is on the disk.
 */

#include "service/service.h"

/* Answers the acts that the register has written by now, or failed to. */
void mm_acts_register_status(struct mm_service *service, const struct mm_store_status *status);

/* Gives up the acts that are not answered yet; for shutting down. */
void mm_acts_done(struct mm_service *service);

/* org.minimeter.Preset */
void mm_acts_preset(struct mm_varlink_call *call, const json_t *parameters, void *userdata);

/* org.minimeter.Correct */
void mm_acts_correct(struct mm_varlink_call *call, const json_t *parameters, void *userdata);

#endif
