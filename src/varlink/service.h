/* SPDX-License-Identifier: MIT */
#ifndef MM_VARLINK_SERVICE_H
#define MM_VARLINK_SERVICE_H

#include "varlink/varlink.h"

/* Hands a call to the service's method of that name or to org.varlink.service; answers it with an error where there is none. */
void mm_varlink_dispatch(struct mm_varlink_call *call, const struct mm_varlink_service *service, const char *method,
			 const json_t *parameters);

#endif
