/* SPDX-License-Identifier: MIT */
#ifndef MM_SERVICE_OCMF_H
#define MM_SERVICE_OCMF_H

/*
 * A statement as a record of the Open Charge Metering Format 1.0 (OCMF, S.A.F.E. e.V.): the readings at its begin and end, what
 * is wrong with them, and, under the name "XR", which is free for each maker, what binds them to the register.
 */

#include <stdint.h>

#include "config/config.h"
#include "service/statement.h"

/*
 * The payload, which is signed as it is: JSON without '|'. A statement of a meter that had a reading at its begin; page: from 1
 * on; signer: the fingerprint of the key. A new string. 0 or -ENOMEM.
 */
int mm_ocmf_payload_new(const struct mm_statement *statement, const struct mm_config_meter *meter, int64_t page,
			const char *signer, char **ret);

/* The record out of it and its signature in DER. A new string. 0 or -ENOMEM. */
int mm_ocmf_record_new(const char *payload, const void *der, size_t size, char **ret);

#endif
