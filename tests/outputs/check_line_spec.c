/* SPDX-License-Identifier: MIT */

/* Lines as the configuration names them. */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "outputs/outputs.h"
#include "fixture/suite.h"

START_TEST(spec_forms)
{
	static const struct {
		const char *text;
		struct mm_line_spec spec;
	} cases[] = {
		{"GPIO17", {.name = "GPIO17"}},
		{"gpiochip0:17", {.chip = "gpiochip0", .offset = 17}},
		{"/dev/gpiochip0:17", {.chip = "/dev/gpiochip0", .offset = 17}},
		{"pinctrl-bcm2711:GPIO17", {.chip = "pinctrl-bcm2711", .name = "GPIO17"}},
		{"INT33FF:00:7", {.chip = "INT33FF:00", .offset = 7}},
		{"P9_22 [spi0_sclk]", {.name = "P9_22 [spi0_sclk]"}},
		{"chip:0x11", {.chip = "chip", .name = "0x11"}},
		{"GPIO17,active-low", {.name = "GPIO17", .active_low = true}},
		{"GPIO17,open-drain", {.name = "GPIO17", .drive = MM_DRIVE_OPEN_DRAIN}},
		{"GPIO17,open-source", {.name = "GPIO17", .drive = MM_DRIVE_OPEN_SOURCE}},
		{" GPIO17 , open-drain , active-low ", {.name = "GPIO17", .active_low = true, .drive = MM_DRIVE_OPEN_DRAIN}},
		{"c:65535", {.chip = "c", .offset = 65535}},
		{"c:0000000000000000000000000000000017", {.chip = "c", .offset = 17}},
	};
	struct mm_line_spec spec;
	const char *reason;

	ck_assert_int_eq(mm_line_spec_parse(cases[_i].text, &spec, &reason), 0);
	ck_assert_str_eq(spec.chip, cases[_i].spec.chip);
	ck_assert_str_eq(spec.name, cases[_i].spec.name);
	ck_assert_uint_eq(spec.offset, cases[_i].spec.offset);
	ck_assert_int_eq(spec.active_low, cases[_i].spec.active_low);
	ck_assert_int_eq(spec.drive, cases[_i].spec.drive);
	ck_assert(spec.used);
}
END_TEST
#define SPEC_FORMS 13

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

START_TEST(spec_errors)
{
	static const struct {
		const char *text;
		const char *reason;
	} cases[] = {
		{"", "no line named"},
		{"   ", "no line named"},
		{",active-low", "no line named"},
		{":17", "no chip before ':'"},
		{" :17", "no chip before ':'"},
		{"gpiochip0:", "no line after ':'"},
		{"gpiochip0: ,active-low", "no line after ':'"},
		{"17", "an offset needs its chip: CHIP:OFFSET"},
		{"gpiochip0:65536", "the offset is too large"},
		{"gpiochip0:99999999999999999999999999", "the offset is too large"},
		{SIXTY_FOUR, "the line's name is too long"},
		{"c:" SIXTY_FOUR, "the line's name is too long"},
		{SIXTY_FOUR ":1", "the chip's name is too long"},
		{"GPIO17,active-hi", "unknown option after ',': there are active-low, open-drain and open-source"},
		{"GPIO17,active", "unknown option after ',': there are active-low, open-drain and open-source"},
		{"GPIO17,", "unknown option after ',': there are active-low, open-drain and open-source"},
		{"GPIO17,open-drain,open-source", "a line is open-drain or open-source, not both"},
		{"GPIO\n17", "a control character in the line's name"},
	};
	struct mm_line_spec spec = {.offset = 4711};
	const char *reason = NULL;

	ck_assert_int_eq(mm_line_spec_parse(cases[_i].text, &spec, &reason), -EINVAL);
	ck_assert_str_eq(reason, cases[_i].reason);
	ck_assert_uint_eq(spec.offset, 4711);
	ck_assert(!spec.used);
}
END_TEST
#define SPEC_ERRORS 18

int main(void)
{
	Suite *suite = suite_create("line_spec");
	TCase *parse = tcase_create("parse");

	tcase_add_loop_test(parse, spec_forms, 0, SPEC_FORMS);
	tcase_add_loop_test(parse, spec_errors, 0, SPEC_ERRORS);
	suite_add_tcase(suite, parse);

	return mm_run_suite(suite);
}
