/* SPDX-License-Identifier: MIT */
#ifndef MM_CLIENT_XML_H
#define MM_CLIENT_XML_H

#include <stdio.h>

/*
 * Prints any text as the text of an XML or HTML element, or as the value of an attribute in quotes of either kind. In place of a
 * character that is hidden (base/utf8.h), of a control character, which XML does not have at all, and of a byte that is no UTF-8
 * it prints U+FFFD. NULL prints nothing.
 */
void mm_xml_text(FILE *out, const char *text);

#endif
