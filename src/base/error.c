/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void set(struct mm_error *error, const char *format, va_list arguments)
{
	struct mm_error made;

	if (error) {
		vsnprintf(made.text, sizeof(made.text), format, arguments);
		strcpy(error->text, made.text);
	}
}

int mm_error_set(struct mm_error *error, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(error, format, arguments);
	va_end(arguments);
	return r;
}

void mm_error_say(struct mm_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(error, format, arguments);
	va_end(arguments);
}
