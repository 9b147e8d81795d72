/* SPDX-License-Identifier: MIT */
#include "core/profile.h"
