/* SPDX-License-Identifier: MIT */
#ifndef MM_AFE_PRIVATE_H
#define MM_AFE_PRIVATE_H

/* What the table of drivers chooses from; create of struct mm_afe_driver says how they are called. */

#include "afe/drivers.h"

/* What minimeter's own driver of the ADE9000 (src/kernel) calls its device. */
#define MM_AFE_COUNTING_DEVICE "ade9000-minimeter"

/* Analog Devices ADE9000 through minimeter's own driver where there is one, else through the mainline one. */
int mm_afe_ade9000_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
		       struct mm_error *error, struct mm_afe **ret);

/* The same through minimeter's own driver. */
int mm_afe_ade9000_counting_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
				struct mm_error *error, struct mm_afe **ret);

/* The same through the mainline driver. */
int mm_afe_ade9000_latching_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
				struct mm_error *error, struct mm_afe **ret);

/* Waveform converters, which leave the metering to us; driver->chip says which. */
int mm_afe_waveform_new(const struct mm_afe_driver *driver, const struct mm_afe_config *config, struct mm_clock *clock,
			struct mm_error *error, struct mm_afe **ret);

#endif
