/* SPDX-License-Identifier: MIT */
/* Statements as a document of one of the client's forms: a page to print, or a file for another program. */

#include "client/statement.h"
#include "ctl/private.h"
#include "ctl/statement_document.h"

static int print_one(struct mm_ctl *ctl, const struct mm_statement_form *form, const struct mm_statement_view *view,
		     unsigned number)
{
	const struct mm_interval_range range = {
		.client = ctl->client,
		.meter = view->meter,
		.after_id = view->start.interval,
		.after_hash = view->start.hash,
		.last_id = view->end.interval,
	};
	const struct mm_interval_source profile = mm_interval_source_of(&range);
	struct mm_error error = {0};
	int r = form->one(ctl->out, view, &profile, number, &error);

	return r < 0 ? mm_ctl_fail_client(ctl, r, &error) : MM_CTL_FINE;
}

int mm_statement_document(struct mm_ctl *ctl, const struct mm_statement_form *form, const json_t *statements)
{
	struct mm_statement_view view;
	struct mm_error error = {0};
	int r = MM_CTL_FINE;
	json_t *statement;
	size_t i;

	json_array_foreach(statements, i, statement)
	{
		if (mm_statement_view_read(statement, &view, &error) < 0) {
			return mm_ctl_fail(ctl, MM_CTL_FAILED, "%s", error.text);
		}
		if (i == 0) {
			form->begin(ctl->out, &view);
		}
		r = print_one(ctl, form, &view, (unsigned)i + 1);
		if (r != MM_CTL_FINE) {
			return r;
		}
	}
	if (json_array_size(statements) > 0) {
		form->end(ctl->out);
	}
	return r;
}
