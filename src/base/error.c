/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

int mm_error_set(struct mm_error *error, int r, const char *format, ...)
{
	struct mm_error made;
	va_list arguments;

	if (error) {
		va_start(arguments, format);
		vsnprintf(made.text, sizeof(made.text), format, arguments);
		va_end(arguments);
		snprintf(error->text, sizeof(error->text), "%s", made.text);
	}
	return r;
}
