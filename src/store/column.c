/* SPDX-License-Identifier: MIT */
#include "store/column.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "store/commit.h"

#define COLUMN(kind, column, member) {MM_COLUMN_##kind, offsetof(struct mm_registers, member)},

const struct mm_column mm_columns[MM_COLUMN_COUNT_ALL] = {MM_STORE_COLUMNS(COLUMN)};

/* ---- Values ---- */

bool mm_column_is_real(const struct mm_column *column)
{
	return column->kind == MM_COLUMN_CARRY || column->kind == MM_COLUMN_PEAK || column->kind == MM_COLUMN_FIGURE;
}

double mm_column_real(const struct mm_column *column, const struct mm_registers *registers)
{
	return *(const double *)(const void *)((const char *)registers + column->offset);
}

void mm_column_set_real(const struct mm_column *column, struct mm_registers *registers, double value)
{
	*(double *)(void *)((char *)registers + column->offset) = value;
}

int64_t mm_column_integer(const struct mm_column *column, const struct mm_registers *registers)
{
	const void *p = (const char *)registers + column->offset;

	switch (column->kind) {
	case MM_COLUMN_COUNT:
	case MM_COLUMN_INT64:
		return *(const int64_t *)p;
	case MM_COLUMN_INT32:
		return *(const int32_t *)p;
	case MM_COLUMN_UINT32:
		return *(const uint32_t *)p;
	case MM_COLUMN_BOOL:
		return *(const bool *)p;
	case MM_COLUMN_CARRY:
	case MM_COLUMN_PEAK:
	case MM_COLUMN_FIGURE:
		break;
	}
	return 0;
}

void mm_column_set_integer(const struct mm_column *column, struct mm_registers *registers, int64_t value)
{
	void *p = (char *)registers + column->offset;

	switch (column->kind) {
	case MM_COLUMN_COUNT:
	case MM_COLUMN_INT64:
		*(int64_t *)p = value;
		break;
	case MM_COLUMN_INT32:
		*(int32_t *)p = (int32_t)value;
		break;
	case MM_COLUMN_UINT32:
		*(uint32_t *)p = (uint32_t)value;
		break;
	case MM_COLUMN_BOOL:
		*(bool *)p = value != 0;
		break;
	case MM_COLUMN_CARRY:
	case MM_COLUMN_PEAK:
	case MM_COLUMN_FIGURE:
		break;
	}
}

/* ---- One state after another ---- */

int mm_registers_follow(const struct mm_registers *next, const struct mm_registers *last)
{
	bool equal = false; /* the count before is that of last */

	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		const struct mm_column *column = &mm_columns[i];
		int64_t count = 0, count_was = 0;
		double figure = 0, figure_was = 0, limit = INFINITY;

		switch (column->kind) {
		case MM_COLUMN_COUNT:
			count = mm_column_integer(column, next);
			count_was = mm_column_integer(column, last);
			equal = count == count_was;
			break;
		case MM_COLUMN_CARRY:
			figure = mm_column_real(column, next);
			figure_was = equal ? mm_column_real(column, last) : 0;
			limit = 1;
			break;
		case MM_COLUMN_PEAK:
			figure = mm_column_real(column, next);
			figure_was = mm_column_real(column, last);
			break;
		case MM_COLUMN_FIGURE:
			figure = fabs(mm_column_real(column, next)); /* of either sign */
			break;
		case MM_COLUMN_INT64:
		case MM_COLUMN_INT32:
		case MM_COLUMN_UINT32:
		case MM_COLUMN_BOOL:
			break;
		}
		if (count < 0 || !(figure >= 0 && figure < limit)) {
			return -EINVAL;
		}
		if (count < count_was || figure < figure_was) {
			return -ERANGE;
		}
	}
	return 0;
}

bool mm_registers_raise(struct mm_registers *registers, const struct mm_registers *other)
{
	bool raised = false, follows = false;

	for (size_t i = 0; i < MM_COLUMN_COUNT_ALL; i++) {
		char *p = (char *)registers + mm_columns[i].offset;
		const char *q = (const char *)other + mm_columns[i].offset;

		switch (mm_columns[i].kind) {
		case MM_COLUMN_COUNT:
			follows = *(const int64_t *)(const void *)p < *(const int64_t *)(const void *)q;
			break;
		case MM_COLUMN_PEAK:
			follows = *(const double *)(const void *)p < *(const double *)(const void *)q;
			break;
		case MM_COLUMN_CARRY:
		case MM_COLUMN_FIGURE:
		case MM_COLUMN_INT64:
			break;
		case MM_COLUMN_INT32:
		case MM_COLUMN_UINT32:
		case MM_COLUMN_BOOL:
			follows = false;
			break;
		}
		if (follows) {
			memcpy(p, q, 8);
			raised = true;
		}
		if (mm_columns[i].kind == MM_COLUMN_INT64) {
			follows = false;
		}
	}
	return raised;
}
