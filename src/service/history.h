/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_HISTORY_H
#define MM_SERVICE_HISTORY_H

/* org.minimeter.GetProfile and org.minimeter.GetEvents; userdata is the service. */

#include "service/service.h"

void mm_history_profile(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_history_events(struct mm_varlink_call *call, const json_t *parameters, void *userdata);

#endif
