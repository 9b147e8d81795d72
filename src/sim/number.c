/* SPDX-License-Identifier: MIT */
#include "sim/number.h"

#include <stdlib.h>
#include <string.h>

bool mm_sim_number_parse(const char *text, double min, double max, double *ret)
{
	char *end;
	double number;

	/* strtod() also takes hexadecimal, infinities and leading blanks. */
	if (text[0] == '\0' || strspn(text, "0123456789.eE+-") != strlen(text)) {
		return false;
	}
	number = strtod(text, &end);
	if (*end != '\0' || !(number >= min && number <= max)) {
		return false;
	}
	*ret = number;
	return true;
}

bool mm_sim_whole_parse(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t number = 0;

	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
		return false;
	}
	for (; *text; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (digit > max || number > (max - digit) / 10) {
			return false;
		}
		number = number * 10 + digit;
	}
	*ret = number;
	return true;
}
