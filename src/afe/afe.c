/* SPDX-License-Identifier: MIT */
/* What every front end shares. */
#include "afe/afe.h"

void mm_afe_free(struct mm_afe *afe)
{
	if (afe) {
		afe->ops->free(afe);
	}
}
