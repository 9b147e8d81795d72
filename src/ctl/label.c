/* SPDX-License-Identifier: MIT */
/* The plate of a meter as a drawing: SVG in millimetres, with the same facts in a QR code for a reader's telephone. */

#include "ctl/label.h"

#include <qrencode.h>
#include <string.h>

#include "base/count_of.h"
#include "base/text.h"
#include "client/xml.h"
#include "ctl/writer.h"

#define WIDTH_MM 90
#define HEIGHT_MM 58
#define MARGIN_MM 4
#define QR_MM 30.0
#define QR_TOP_MM 15.0
#define QR_QUIET 4 /* light modules around the code (ISO/IEC 18004) */
#define LINE_MM 4
#define ROOM_MM (WIDTH_MM - 2.0 * MARGIN_MM)
#define ROOM_BESIDE_MM (WIDTH_MM - QR_MM - 2.0 * MARGIN_MM) /* at the left of the code */
#define TEXT_MAX 512

/* Lines beside the code from top to bottom: what comes before the figure, and the figure. */
static const struct {
	const char *before;
	struct mm_column column;
} lines[] = {
	{"", {MM_COLUMN(TEXT, "service", NULL)}},
	{"Volts, line to neutral ", {MM_NUMBER("rated_voltage_v", NULL, NULL, 0)}},
	{"Hz ", {MM_COLUMN(TEXT, "frequency_hz", NULL)}},
	{"CL ", {MM_NUMBER("class_a", NULL, "A", 0)}},
	{"TA ", {MM_NUMBER("test_a", NULL, "A", 0)}},
	{"CT ratio ", {MM_COLUMN(TEXT, "ct_ratio", NULL)}},
	{"Software ", {MM_COLUMN(TEXT, "version", NULL)}},
};

/* How wide a text is at least drawn by a sans-serif typeface of size 1; few are wider, none by much. */
static double width_of(const char *text)
{
	double width = 0;
	int columns;

	for (size_t length; *text != '\0'; text += length) {
		length = mm_text_next(text, &columns);
		if (columns > 1 || strchr("MW@%mw", *text) != NULL) {
			width += 1;
		} else if (strchr(" .,:;'|!()ijlIft-/", *text) != NULL) {
			width += 0.4;
		} else {
			width += *text >= 'A' && *text <= 'Z' ? 0.75 : 0.65;
		}
	}
	return width;
}

/* A line no longer than room: what may be longer gets a smaller size, and whatever the typeface is ends where the room does. */
static void put_line(FILE *out, double y_mm, double size_mm, double room_mm, const char *before, const char *text)
{
	double width_mm = (width_of(before) + width_of(text)) * size_mm;

	if (width_mm > room_mm) {
		size_mm *= room_mm / width_mm;
	}
	fprintf(out, "<text x=\"%d\" y=\"%g\" font-size=\"%.3g\"", MARGIN_MM, y_mm, size_mm);
	if (width_mm > room_mm) {
		fprintf(out, " textLength=\"%g\" lengthAdjust=\"spacingAndGlyphs\"", room_mm);
	}
	fputs(">", out);
	mm_xml_text(out, before);
	mm_xml_text(out, text);
	fputs("</text>\n", out);
}

/* "10, 100, counter 100": the energy of one pulse of each output; most are named after it. */
static void list_outputs(const json_t *meter, char ret[static MM_CELL_MAX])
{
	static const struct mm_column kh = {MM_NUMBER("kh_wh", NULL, NULL, 0)};
	char name[MM_CELL_MAX], figure[MM_CELL_MAX];
	size_t used = 0, i;
	json_t *output;

	ret[0] = '\0';
	json_array_foreach(json_object_get(meter, "outputs"), i, output)
	{
		mm_cell_as(MM_FORMAT_TEXT, output, "name", name);
		if (strcmp(name, "led_load") == 0) {
			continue; /* a lamp, as the manual's table of outputs has it */
		}
		mm_cell(&kh, output, figure);
		if (used < MM_CELL_MAX) {
			bool same = strcmp(name, figure) == 0;

			used += (size_t)snprintf(ret + used, MM_CELL_MAX - used, "%s%s%s%s", used > 0 ? ", " : "",
						 same ? "" : name, same ? "" : " ", figure);
		}
	}
}

void mm_label_ratio(const json_t *plate, char ret[static MM_CELL_MAX])
{
	double multiplier = json_number_value(json_object_get(plate, "multiplier"));
	size_t used;

	mm_cell_as(MM_FORMAT_TEXT, plate, "ct_ratio", ret);
	used = strlen(ret);
	if (multiplier > 0 && multiplier != 1) {
		snprintf(ret + used, MM_CELL_MAX - used, ", multiplied by %.6g", multiplier);
	}
}

/* What the QR code says, in words that need no program to understand. */
static void describe(const json_t *meter, char ret[static TEXT_MAX])
{
	char model[MM_CELL_MAX], serial[MM_CELL_MAX], ratio[MM_CELL_MAX], version[MM_CELL_MAX], checksum[MM_CELL_MAX];

	mm_cell_as(MM_FORMAT_TEXT, meter, "model", model);
	mm_cell_as(MM_FORMAT_TEXT, meter, "serial", serial);
	mm_label_ratio(meter, ratio);
	mm_cell_as(MM_FORMAT_TEXT, meter, "version", version);
	mm_cell_as(MM_FORMAT_TEXT, meter, "software_sha256", checksum);
	snprintf(ret, TEXT_MAX, "%.40s SN %.70s CT %.40s minimeter %.20s SHA-256 %.64s", model, serial, ratio, version, checksum);
}

static bool is_dark(const QRcode *code, int x, int y)
{
	return code->data[y * code->width + x] & 1;
}

/* One rectangle for each run of dark modules, so that no seams show between them. */
static void put_code(FILE *out, const QRcode *code)
{
	double module_mm = QR_MM / (code->width + 2 * QR_QUIET);

	fprintf(out, "<path shape-rendering=\"crispEdges\" transform=\"translate(%g %g) scale(%.6f)\" d=\"", WIDTH_MM - QR_MM - 1,
		QR_TOP_MM, module_mm);
	for (int y = 0; y < code->width; y++) {
		for (int x = 0, end; x < code->width; x = end + 1) {
			for (end = x; end < code->width && is_dark(code, end, y); end++) {
			}
			if (end > x) {
				fprintf(out, "M%d %dh%dv1h-%dz", x + QR_QUIET, y + QR_QUIET, end - x, end - x);
			}
		}
	}
	fputs("\"/>\n", out);
}

int mm_label(struct mm_ctl *ctl, const json_t *meter)
{
	char text[TEXT_MAX], cell[MM_CELL_MAX];
	double y_mm = 13;
	QRcode *code;

	describe(meter, text);
	code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (code == NULL) {
		return mm_ctl_fail(ctl, MM_CTL_FAILED, "out of memory");
	}
	fprintf(ctl->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%dmm\" height=\"%dmm\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\">\n"
		"<rect x=\"0.25\" y=\"0.25\" width=\"%g\" height=\"%g\" rx=\"2\" fill=\"#fff\" stroke=\"#000\" "
		"stroke-width=\"0.5\"/>\n",
		WIDTH_MM, HEIGHT_MM, WIDTH_MM, HEIGHT_MM, WIDTH_MM - 0.5, HEIGHT_MM - 0.5);
	mm_cell_as(MM_FORMAT_TEXT, meter, "model", cell);
	put_line(ctl->out, 8, 5, ROOM_MM, "", cell);
	mm_cell_as(MM_FORMAT_TEXT, meter, "serial", cell);
	put_line(ctl->out, y_mm, 3, ROOM_MM, "Serial ", cell);
	y_mm += LINE_MM;
	mm_cell_as(MM_FORMAT_TEXT, meter, "name", cell);
	put_line(ctl->out, y_mm, 3, ROOM_BESIDE_MM, "Meter ", cell);
	y_mm += LINE_MM;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		mm_cell(&lines[i].column, meter, cell);
		if (strcmp(lines[i].column.key, "ct_ratio") == 0) {
			mm_label_ratio(meter, cell);
		}
		put_line(ctl->out, y_mm, 3, ROOM_BESIDE_MM, lines[i].before, cell);
		y_mm += LINE_MM;
	}
	list_outputs(meter, cell);
	put_line(ctl->out, HEIGHT_MM - MARGIN_MM - LINE_MM, 3, ROOM_MM, "Kh (Wh per pulse) ", cell);
	/* The limits are what a calibration is held to; of a meter without one nobody knows. */
	put_line(ctl->out, HEIGHT_MM - MARGIN_MM, 3, ROOM_MM, "kWh meter, ",
		 json_integer_value(json_object_get(meter, "calibration_version")) > 0
			 ? "\302\2610.5 % at pf 1, \302\2610.75 % at pf 0.5"
			 : "not calibrated");
	put_code(ctl->out, code);
	fputs("</svg>\n", ctl->out);
	QRcode_free(code);
	return MM_CTL_FINE;
}
