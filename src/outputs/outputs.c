/* SPDX-License-Identifier: MIT */

/* What all kinds of outputs share. */

#include "outputs/outputs.h"

void mm_outputs_free(struct mm_outputs *outputs)
{
	if (outputs != NULL) {
		outputs->ops->free(outputs);
	}
}
