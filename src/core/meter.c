/* SPDX-License-Identifier: MIT */
#include "core/meter.h"
