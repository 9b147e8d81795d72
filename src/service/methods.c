/* SPDX-License-Identifier: MIT */
#include "service/methods.h"

#include "base/count_of.h"
#include "service/call.h"

#define ROW(name, function, access) {"org.minimeter." name, mm_method_##function, MM_VARLINK_##access},
const struct mm_varlink_method mm_methods[] = {MM_METHODS(ROW)};
const size_t mm_method_count = COUNT_OF(mm_methods);

void mm_methods_not_permitted(struct mm_varlink_call *call)
{
	mm_call_not_permitted(call, "only on the admin socket");
}
