/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_DIAGNOSE_H
#define MM_SERVICE_DIAGNOSE_H

/* org.minimeter.Diagnose: from live readings and the event log to causes; userdata is the service. */

#include "service/service.h"

void mm_diagnose_call(struct mm_varlink_call *call, const json_t *parameters, void *userdata);

#endif
