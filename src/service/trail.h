/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_TRAIL_H
#define MM_SERVICE_TRAIL_H

/* org.minimeter.Verify and org.minimeter.GetHead, on the register's thread and in slices; userdata is the service. */

#include "service/service.h"

void mm_trail_verify(struct mm_varlink_call *call, const json_t *parameters, void *userdata);
void mm_trail_head(struct mm_varlink_call *call, const json_t *parameters, void *userdata);

#endif
