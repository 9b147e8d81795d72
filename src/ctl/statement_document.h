/* SPDX-License-Identifier: MIT */
#ifndef MM_CTL_STATEMENT_DOCUMENT_H
#define MM_CTL_STATEMENT_DOCUMENT_H

/* Statements as a document. */

#include <jansson.h>

#include "client/statement.h"
#include "ctl/private.h"

/*
 * Prints all statements of an array as one document of that form, and asks the daemon for their intervals meanwhile. Where
 * something fails the document has no end, so that nobody takes a part for the whole.
 */
int mm_statement_document(struct mm_ctl *ctl, const struct mm_statement_form *form, const json_t *statements);

#endif
