/* SPDX-License-Identifier: MIT */
#include "core/health.h"
