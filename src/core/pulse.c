/* SPDX-License-Identifier: MIT */
#include "core/pulse.h"
