/* SPDX-License-Identifier: MIT */
/* The XML that lists a board's devices for a client, as libiio writes it. */
#include "sim/context.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

struct writer {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void append(struct writer *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	out->len += (size_t)vsnprintf(out->text + out->len, MM_SIM_XML_MAX - out->len, format, args);
	va_end(args);
	/* The texts are from our own tables, whose size is known. */
	assert(out->len < MM_SIM_XML_MAX);
}

/* A file that all channels of a kind share has no number in its name. */
static bool is_shared(const struct mm_sim_attr *attr)
{
	return attr->reader == MM_SIM_READ_OSR || attr->reader == MM_SIM_READ_RATE || attr->reader == MM_SIM_READ_SHARED;
}

/* scan: index of its scan element, or -1. */
static void append_channel(struct writer *out, const struct mm_sim_face *face, const struct mm_sim_channel_kind *kind,
			   unsigned number, int scan)
{
	append(out, "<channel id=\"%s%u\" ", kind->id, number);
	if (kind->name) {
		append(out, "name=\"%s\" ", kind->name);
	}
	append(out, "type=\"input\" >");
	if (scan >= 0) {
		append(out, "<scan-element index=\"%d\" format=\"%s\" scale=\"0.000000\" />", scan, face->format);
	}
	for (unsigned i = 0; i < kind->attrs.count; i++) {
		const struct mm_sim_attr *attr = &kind->attrs.list[i];
		char digits[12] = "";

		if (!is_shared(attr)) {
			snprintf(digits, sizeof(digits), "%u", number);
		}
		append(out, "<attribute name=\"%s\" filename=\"in_%s%s_%s%s%s\" />", attr->name, kind->id, digits,
		       kind->name ? kind->name : "", kind->name ? "_" : "", attr->name);
	}
	append(out, "</channel>");
}

static void append_head(struct writer *out, const struct mm_sim_board *board, enum mm_sim_device device)
{
	char name[MM_SIM_ATTR_TEXT_MAX];

	mm_sim_device_name(board, device, name);
	append(out, "<device id=\"%s\" name=\"%s\" >", mm_sim_device_ids[device], name);
}

static void append_attrs(struct writer *out, const char *element, const struct mm_sim_attrs *attrs)
{
	for (unsigned i = 0; i < attrs->count; i++) {
		append(out, "<%s name=\"%s\" />", element, attrs->list[i].name);
	}
}

static void append_chip(struct writer *out, const struct mm_sim_board *board)
{
	const struct mm_sim_face *face = mm_sim_face_of(board);
	unsigned count = mm_sim_channels_of(board);

	append_head(out, board, MM_SIM_DEVICE_CHIP);
	/* libiio sorts the scan elements first, in their order. */
	for (unsigned i = 0; i < count * face->scan_kinds; i++) {
		append_channel(out, face, &face->kinds[i % face->scan_kinds], i / face->scan_kinds, (int)i);
	}
	for (unsigned i = count * face->scan_kinds; i < count * face->kind_count; i++) {
		append_channel(out, face, &face->kinds[i / count], i % count, -1);
	}
	if (face->timestamp) {
		append(out,
		       "<channel id=\"timestamp\" type=\"input\" ><scan-element index=\"%u\" format=\"le:S64/64&gt;&gt;0\" />"
		       "</channel>",
		       mm_sim_board_chip(board)->channels);
	}
	append_attrs(out, "attribute", &face->device);
	append_attrs(out, "buffer-attribute", &face->buffer);
	append(out, "</device>");
}

/* Clients validate the document, so it has its type: all elements that we use, each attribute as plain text. */
static const char xml_head[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?><!DOCTYPE context [<!ELEMENT context ANY><!ELEMENT device ANY><!ELEMENT "
	"channel ANY>"
	"<!ELEMENT scan-element EMPTY><!ELEMENT attribute EMPTY><!ELEMENT buffer-attribute EMPTY>"
	"<!ATTLIST context name CDATA #REQUIRED version-major CDATA #IMPLIED version-minor CDATA #IMPLIED version-git CDATA "
	"#IMPLIED "
	"description CDATA #IMPLIED><!ATTLIST device id CDATA #REQUIRED name CDATA #IMPLIED><!ATTLIST channel id CDATA #REQUIRED "
	"type CDATA #REQUIRED name CDATA #IMPLIED><!ATTLIST scan-element index CDATA #REQUIRED format CDATA #REQUIRED "
	"scale CDATA #IMPLIED><!ATTLIST attribute name CDATA #REQUIRED filename CDATA #IMPLIED>"
	"<!ATTLIST buffer-attribute name CDATA #REQUIRED>]>";

size_t mm_sim_context_xml(const struct mm_sim_board *board, char ret[static MM_SIM_XML_MAX])
{
	struct writer out = {.text = ret};

	append(&out, "%s<context name=\"local\" version-major=\"0\" version-minor=\"26\" version-git=\"v0.26\" ", xml_head);
	append(&out, "description=\"minimeter simulated board\" >");
	if (mm_sim_device_exists(board, MM_SIM_DEVICE_CHIP)) {
		append_chip(&out, board);
	}
	if (mm_sim_device_exists(board, MM_SIM_DEVICE_TRIGGER)) {
		append_head(&out, board, MM_SIM_DEVICE_TRIGGER);
		append(&out, "</device>");
	}
	append_head(&out, board, MM_SIM_DEVICE_BOARD);
	append_attrs(&out, "attribute", &mm_sim_board_attrs);
	append(&out, "</device></context>");
	return out.len;
}
