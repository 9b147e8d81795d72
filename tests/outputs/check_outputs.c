/* SPDX-License-Identifier: MIT */
/* Outputs on GPIO lines, and the power-fail input, over the real libgpiod and the chips of gpio_shim.c. */
#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/units.h"
#include "fixture/gpio_shim.h"
#include "fixture/outputs_fixture.h"
#include "fixture/suite.h"

static struct outputs_fixture *make_chips(struct outputs_fixture *f)
{
	make_directory(f);
	setenv("MM_GPIO_SHIM", f->directory, 1);
	write_file(f, "gpiochip0", "pinctrl-test\nGPIO0\nGPIO1\nGPIO2\nGPIO3\tleds\n\nSAME\nP9_22 [spi0_sclk]\n");
	write_file(f, "gpiochip1", "INT33FF:00\nP9_12\nSAME\n");
	write_file(f, "gpiochip2", "expander\nX0\n");
	write_file(f, "gpiochip3", "expander\nX1\nX1\n");
	ck_assert_int_eq(symlink("gpiochip0", path_of(f, "gpiochip4")), 0);
	return f;
}

static struct mm_outputs_config config_of(const char *const text[static MM_OUTPUT_COUNT])
{
	struct mm_outputs_config config = {.consumer = "minimeterd", .meter = "tenant-1"};
	const char *reason;

	for (unsigned i = 0; i < MM_OUTPUT_COUNT; i++) {
		ck_assert(text[i] == NULL || mm_line_spec_parse(text[i], &config.line[i], &reason) == 0);
	}
	return config;
}

#define CONFIG(...) config_of((const char *const[MM_OUTPUT_COUNT]){__VA_ARGS__})

static struct mm_outputs *must_open(struct outputs_fixture *f, struct mm_outputs_config config)
{
	struct mm_outputs *outputs = NULL;

	ck_assert_msg(mm_outputs_gpiod_new(&config, &f->error, &outputs) == 0, "%s", f->error.text);
	return outputs;
}

static void must_fail(struct outputs_fixture *f, struct mm_outputs_config config, int error, const char *text)
{
	struct mm_outputs *outputs = (struct mm_outputs *)&config;

	ck_assert_int_eq(mm_outputs_gpiod_new(&config, &f->error, &outputs), error);
	ck_assert_str_eq(f->error.text, text);
	ck_assert_ptr_eq(outputs, (struct mm_outputs *)&config);
}

START_TEST(gpio_life)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_open(f, CONFIG([MM_OUTPUT_10] = "GPIO1", [MM_OUTPUT_LED_POWER] = "P9_12"));

	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 1 request output 0\ngpiochip1 0 request output 0\n");
	remove_file(f, "log");
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_10, true, 1, 2), 0);
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_LED_POWER, true, 1, 0), 0);
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_10, false, 1, 2), 0);
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_10, true, 1, 2), 0);
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_100, true, 1, 2), 0); /* the meter has none */
	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 1 set 1\ngpiochip1 0 set 1\ngpiochip0 1 set 0\ngpiochip0 1 set 1\n");
	remove_file(f, "log");
	mm_outputs_free(outputs);
	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 1 set 0\ngpiochip0 1 release\ngpiochip1 0 set 0\ngpiochip1 0 release\n");
	mm_outputs_free(NULL);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_names)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	static const struct {
		const char *text;
		const char *log;
	} cases[] = {
		{"GPIO2", "gpiochip0 2 request output 0\n"},
		{"P9_22 [spi0_sclk]", "gpiochip0 6 request output 0\n"},
		{"gpiochip0:4", "gpiochip0 4 request output 0\n"},
		{"gpiochip4:4", "gpiochip0 4 request output 0\n"},
		{"/dev/gpiochip0:4", "gpiochip0 4 request output 0\n"},
		{"/dev/gpiochip4:4", "gpiochip0 4 request output 0\n"},
		{"pinctrl-test:4", "gpiochip0 4 request output 0\n"},
		{"INT33FF:00:1", "gpiochip1 1 request output 0\n"},
		{"gpiochip1:SAME", "gpiochip1 1 request output 0\n"},
		{"pinctrl-test:SAME", "gpiochip0 5 request output 0\n"},
		{"/dev/gpiochip1:SAME", "gpiochip1 1 request output 0\n"},
		{"GPIO0,active-low", "gpiochip0 0 request output,active-low 0\n"},
		{"GPIO0,open-drain", "gpiochip0 0 request output,open-drain 0\n"},
		{"GPIO0,open-source", "gpiochip0 0 request output,open-source 0\n"},
		{"GPIO0,open-drain,active-low", "gpiochip0 0 request output,active-low,open-drain 0\n"},
	};
	struct mm_outputs *outputs = must_open(f, CONFIG([MM_OUTPUT_100] = cases[_i].text));

	ck_assert_str_eq(read_file(f, "log"), cases[_i].log);
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST
#define GPIO_NAMES 15

START_TEST(gpio_mixed_flags)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_open(f, CONFIG("GPIO0", "GPIO1,active-low", "GPIO2,open-drain"));

	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 0 request output 0\ngpiochip0 1 request output,active-low 0\n"
					      "gpiochip0 2 request output,open-drain 0\n");
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_errors)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	static const struct {
		const char *text;
		int error;
		const char *reason;
	} cases[] = {
		{"GPIO3", -EBUSY, "line \"GPIO3\": in use by \"leds\"; free it or choose another line"},
		{"gpiochip0:3", -EBUSY, "line \"gpiochip0:3\": in use by \"leds\"; free it or choose another line"},
		{"GPIO99", -ENOENT, "line \"GPIO99\": no such line; gpioinfo lists them (lines without a name: CHIP:OFFSET)"},
		{"gpiochip1:GPIO0", -ENOENT,
		 "line \"gpiochip1:GPIO0\": no such line; gpioinfo lists them (lines without a name: CHIP:OFFSET)"},
		{"gpiochip1:2", -ENOENT, "line \"gpiochip1:2\": no such line; the chip has offsets 0 to 1"},
		{"gpiochip9:1", -ENOENT, "line \"gpiochip9:1\": no such GPIO chip; gpiodetect lists the chips and their labels"},
		{"/dev/gpiochip9:1", -ENOENT,
		 "line \"/dev/gpiochip9:1\": no such GPIO chip; gpiodetect lists the chips and their labels"},
		{"/dev/null:1", -ENOENT, "line \"/dev/null:1\": no such GPIO chip; gpiodetect lists the chips and their labels"},
		{"SAME", -EINVAL, "line \"SAME\": on gpiochip0 (offset 5) and on gpiochip1 (offset 1); say which: CHIP:OFFSET"},
		{"X1", -EINVAL, "line \"X1\": on gpiochip3 (offset 0) and on gpiochip3 (offset 1); say which: CHIP:OFFSET"},
		{"expander:0", -EINVAL,
		 "line \"expander:0\": on gpiochip2 (offset 0) and on gpiochip3 (offset 0); say which: CHIP:OFFSET"},
	};
	char text[MM_ERROR_TEXT_MAX];

	snprintf(text, sizeof(text), "meter \"tenant-1\", output 100: %s", cases[_i].reason);
	must_fail(f, CONFIG([MM_OUTPUT_100] = cases[_i].text), cases[_i].error, text);
	must_fail(f, CONFIG([MM_OUTPUT_10] = "GPIO0", [MM_OUTPUT_100] = cases[_i].text), cases[_i].error, text);
	remove_directory(f);
}
END_TEST
#define GPIO_ERRORS 11

START_TEST(gpio_no_chip)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	static const char text[] = "meter \"tenant-1\", output 10: line \"GPIO0\": "
				   "this machine shows no GPIO chip (/dev/gpiochip*); check its driver and device tree";

	write_file(f, "fail-open", "19"); /* ENODEV: all have just gone */
	must_fail(f, CONFIG("GPIO0"), -ENOENT, text);
	for (unsigned i = 0; i <= 4; i++) {
		char name[16];
		snprintf(name, sizeof(name), "gpiochip%u", i);
		remove_file(f, name);
	}
	must_fail(f, CONFIG("GPIO0"), -ENOENT, text);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_denied)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	static const char *const texts[] = {"GPIO0", "gpiochip0:0", "/dev/gpiochip0:0"};

	write_file(f, "fail-open", "13"); /* EACCES */
	for (unsigned i = 0; i < 3; i++) {
		char text[MM_ERROR_TEXT_MAX];
		snprintf(text, sizeof(text),
			 "meter \"tenant-1\", output 10: line \"%s\": may not open /dev/gpiochip0; "
			 "install minimeter's udev rule and see that the daemon's user is in the device's group",
			 texts[i]);
		must_fail(f, CONFIG(texts[i]), -EACCES, text);
	}
	remove_file(f, "fail-open");
	write_file(f, "fail-request", "1"); /* EPERM */
	must_fail(f, CONFIG("GPIO0"), -EACCES,
		  "meter \"tenant-1\", output 10: line \"GPIO0\": may not open /dev/gpiochip0; "
		  "install minimeter's udev rule and see that the daemon's user is in the device's group");
	remove_directory(f);
}
END_TEST

START_TEST(gpio_other_failures)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});

	write_file(f, "fail-open", "5"); /* EIO */
	must_fail(f, CONFIG("GPIO0"), -EIO,
		  "meter \"tenant-1\", output 10: line \"GPIO0\": the GPIO chip can't be asked: Input/output error");
	remove_file(f, "fail-open");
	write_file(f, "fail-request", "16"); /* EBUSY, but nobody has it */
	must_fail(f, CONFIG("GPIO0"), -EBUSY,
		  "meter \"tenant-1\", output 10: line \"GPIO0\": in use by the kernel; free it or choose another line");
	write_file(f, "fail-request", "5");
	must_fail(f, CONFIG("GPIO0"), -EIO,
		  "meter \"tenant-1\", output 10: line \"GPIO0\": can't be an output of gpiochip0: Input/output error");
	remove_directory(f);
}
END_TEST

START_TEST(gpio_one_line_twice)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	static const char *const texts[] = {"GPIO1", "gpiochip0:1", "gpiochip4:1", "pinctrl-test:GPIO1,active-low"};

	for (unsigned i = 0; i < 4; i++) {
		char text[MM_ERROR_TEXT_MAX];
		snprintf(text, sizeof(text),
			 "meter \"tenant-1\", output counter: line \"%.*s\": "
			 "is output 10's as well; each output needs a line of its own",
			 (int)strcspn(texts[i], ","), texts[i]);
		must_fail(f, CONFIG([MM_OUTPUT_10] = "GPIO1", [MM_OUTPUT_COUNTER] = texts[i]), -EINVAL, text);
	}
	ck_assert_str_eq(read_file(f, "log"), ""); /* nothing was requested */
	remove_directory(f);
}
END_TEST

START_TEST(gpio_two_meters)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_open(f, CONFIG("GPIO1"));

	must_fail(f, CONFIG("GPIO1"), -EBUSY,
		  "meter \"tenant-1\", output 10: line \"GPIO1\": "
		  "in use by \"minimeterd\": another meter has it, or the daemon runs already");
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_all_or_nothing)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});

	must_fail(f, CONFIG("GPIO0", "P9_12", "GPIO3", "GPIO2"), -EBUSY,
		  "meter \"tenant-1\", output 1000: line \"GPIO3\": in use by \"leds\"; free it or choose another line");
	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 0 request output 0\ngpiochip1 0 request output 0\n"
					      "gpiochip0 0 set 0\ngpiochip0 0 release\ngpiochip1 0 set 0\ngpiochip1 0 release\n");
	mm_outputs_free(must_open(f, CONFIG("GPIO0", "P9_12", "GPIO2")));
	remove_directory(f);
}
END_TEST

START_TEST(gpio_chip_goes_away)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_open(f, CONFIG("GPIO0"));

	write_file(f, "fail-set", "19"); /* ENODEV */
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_10, true, 0, 0), -ENODEV);
	write_file(f, "fail-set", "5");
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_10, true, 0, 0), -EIO);
	mm_outputs_free(outputs);
	remove_file(f, "fail-set");
	outputs = must_open(f, CONFIG("GPIO0"));
	ck_assert_int_eq(outputs->ops->set(outputs, MM_OUTPUT_10, true, 0, 0), 0);
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_make_safe)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs_config config = CONFIG("GPIO0,active-low", "GPIO3", "GPIO2");

	/* One line that is taken keeps no other from being made safe. */
	ck_assert_int_eq(mm_outputs_gpiod_make_safe(&config, &f->error), -EBUSY);
	ck_assert_str_eq(f->error.text,
			 "meter \"tenant-1\", output 100: line \"GPIO3\": in use by \"leds\"; free it or choose another line");
	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 0 request output,active-low 0\ngpiochip0 0 release\n"
					      "gpiochip0 2 request output 0\ngpiochip0 2 release\n");
	config = CONFIG("GPIO0");
	ck_assert_int_eq(mm_outputs_gpiod_make_safe(&config, &f->error), 0);
	remove_directory(f);
}
END_TEST

/* What a process leaves that ends without a word: the wires, and lines that are released. */
static void crash(struct outputs_fixture *f, struct mm_outputs *outputs)
{
	struct gpio_shim_wires wires;
	FILE *file = fopen(path_of(f, "wires"), "r+");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(&wires, sizeof(wires), 1, file), 1);
	mm_outputs_free(outputs);
	rewind(file);
	ck_assert_uint_eq(fwrite(&wires, sizeof(wires), 1, file), 1);
	fclose(file);
	write_file(f, "log", "");
}

static uint32_t pulses(struct outputs_fixture *f, unsigned offset)
{
	struct gpio_shim_wires wires;
	FILE *file = fopen(path_of(f, "wires"), "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(&wires, sizeof(wires), 1, file), 1);
	fclose(file);
	return wires.wire[0][offset].pulses;
}

START_TEST(gpio_goes_on_where_it_was_left)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs_config config = CONFIG("GPIO0,active-low", "GPIO1", "GPIO2,open-drain,active-low");
	struct mm_outputs *outputs = must_open(f, config);

	for (unsigned i = 0; i < 3; i++) {
		ck_assert(!outputs->held[i] && !outputs->level[i]);
		ck_assert_int_eq(outputs->ops->set(outputs, i, i != 1, 0, 1), 0);
	}
	crash(f, outputs);
	config.resumed = true;
	outputs = must_open(f, config);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(outputs->held[i]);
		ck_assert(outputs->level[i] == (i != 1));
	}
	/* No level has changed, and a counter has seen nothing. */
	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 0 request as-is,active-low 1\n"
					      "gpiochip0 0 config output,active-low 1\n"
					      "gpiochip0 1 request as-is 0\n"
					      "gpiochip0 1 config output 0\n"
					      "gpiochip0 2 request as-is,active-low 1\n"
					      "gpiochip0 2 config output,active-low,open-drain 1\n");
	ck_assert_uint_eq(pulses(f, 0), 1);
	ck_assert_uint_eq(pulses(f, 1), 0);
	ck_assert_uint_eq(pulses(f, 2), 1);
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_begins_dark_where_the_line_was_let_go)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs_config config = CONFIG("GPIO0");
	struct mm_outputs *outputs = must_open(f, config);

	ck_assert_int_eq(outputs->ops->set(outputs, 0, true, 0, 1), 0);
	write_file(f, "revert", "1");
	mm_outputs_free(outputs);
	config.resumed = true;
	config.level[0] = true;
	outputs = must_open(f, config);
	ck_assert(!outputs->held[0] && !outputs->level[0]);
	ck_assert_uint_eq(pulses(f, 0), 1);
	mm_outputs_free(outputs);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_ends_no_pulse_too_early)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_outputs *outputs = must_open(f, CONFIG("GPIO0"));
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ck_assert_int_eq(outputs->ops->set(outputs, 0, true, 0, 1), 0);
	mm_outputs_free(outputs);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_ge((end.tv_sec - begin.tv_sec) * MM_NS_PER_S + end.tv_nsec - begin.tv_nsec, MM_PULSE_MIN_NS);
	remove_directory(f);
}
END_TEST

START_TEST(input_tells_of_changes)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_line_spec spec;
	struct gpio_shim_wires *wires;
	struct mm_input *input;
	const char *reason;
	int64_t first_ns = 0, later_ns = 0;
	int fd;

	ck_assert_int_eq(mm_line_spec_parse("GPIO1,active-low", &spec, &reason), 0);
	ck_assert_int_eq(mm_input_new(&spec, "minimeterd", "power-fail", &f->error, &input), 0);
	fd = open(path_of(f, "wires"), O_RDWR);
	wires = mmap(NULL, sizeof(*wires), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(wires, MAP_FAILED);
	close(fd);
	ck_assert_str_eq(read_file(f, "log"), "gpiochip0 1 request input,active-low 1\n");
	ck_assert_int_eq(mm_input_take(input, &first_ns), 0);
	ck_assert_int_eq(first_ns, 0);
	ck_assert_int_eq(mm_input_level(input), 1);
	ck_assert(gpio_shim_put(f->directory, wires, 0, 1, true));
	ck_assert_int_eq(mm_input_level(input), 0);
	ck_assert(gpio_shim_put(f->directory, wires, 0, 1, false));
	ck_assert_int_eq(mm_input_take(input, &first_ns), 1);
	ck_assert_int_gt(first_ns, 0);
	ck_assert_int_eq(mm_input_take(input, &later_ns), 0);
	ck_assert_int_eq(mm_input_level(input), 1);
	/* A line that never rests can't keep the caller. */
	for (int i = 0; i < 40; i++) {
		ck_assert(gpio_shim_put(f->directory, wires, 0, 1, i % 2));
	}
	ck_assert_int_eq(mm_input_take(input, &later_ns), 1);
	ck_assert_int_gt(later_ns, first_ns);
	ck_assert_int_eq(mm_input_take(input, &later_ns), 1);
	mm_input_free(input);
	munmap(wires, sizeof(*wires));
	remove_file(f, "gpiochip0.1.v1");
	remove_file(f, "gpiochip0.1.v2");
	remove_directory(f);
}
END_TEST

START_TEST(input_errors)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	struct mm_line_spec spec;
	struct mm_input *input = NULL;
	const char *reason;

	ck_assert_int_eq(mm_line_spec_parse("GPIO3", &spec, &reason), 0);
	ck_assert_int_eq(mm_input_new(&spec, "minimeterd", "power-fail", &f->error, &input), -EBUSY);
	ck_assert_str_eq(f->error.text, "power-fail: line \"GPIO3\": in use by \"leds\"; free it or choose another line");
	ck_assert_int_eq(mm_line_spec_parse("GPIO99", &spec, &reason), 0);
	ck_assert_int_eq(mm_input_new(&spec, "minimeterd", "power-fail", &f->error, &input), -ENOENT);
	ck_assert_ptr_null(input);
	mm_input_free(NULL);
	remove_directory(f);
}
END_TEST

START_TEST(gpio_long_meter_name)
{
	struct outputs_fixture *f = make_chips(&(struct outputs_fixture){0});
	char name[MM_ERROR_TEXT_MAX] = "";
	struct {
		struct mm_error error;
		char guard[sizeof(name)];
	} guarded;
	struct mm_outputs_config config = CONFIG("GPIO99");
	struct mm_outputs *outputs;

	memset(name, 'x', sizeof(name) - 1);
	memset(&guarded, '#', sizeof(guarded));
	config.meter = name;
	ck_assert_int_eq(mm_outputs_gpiod_new(&config, &guarded.error, &outputs), -ENOENT);
	ck_assert_uint_eq(strlen(guarded.error.text), MM_ERROR_TEXT_MAX - 1);
	for (size_t i = 0; i < sizeof(guarded.guard); i++) {
		ck_assert_int_eq(guarded.guard[i], '#');
	}
	remove_directory(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outputs");
	TCase *gpio = tcase_create("gpio");

	tcase_add_test(gpio, gpio_life);
	tcase_add_loop_test(gpio, gpio_names, 0, GPIO_NAMES);
	tcase_add_test(gpio, gpio_mixed_flags);
	tcase_add_loop_test(gpio, gpio_errors, 0, GPIO_ERRORS);
	tcase_add_test(gpio, gpio_no_chip);
	tcase_add_test(gpio, gpio_denied);
	tcase_add_test(gpio, gpio_other_failures);
	tcase_add_test(gpio, gpio_one_line_twice);
	tcase_add_test(gpio, gpio_two_meters);
	tcase_add_test(gpio, gpio_all_or_nothing);
	tcase_add_test(gpio, gpio_chip_goes_away);
	tcase_add_test(gpio, gpio_make_safe);
	tcase_add_test(gpio, gpio_goes_on_where_it_was_left);
	tcase_add_test(gpio, gpio_begins_dark_where_the_line_was_let_go);
	tcase_add_test(gpio, gpio_ends_no_pulse_too_early);
	tcase_add_test(gpio, input_tells_of_changes);
	tcase_add_test(gpio, input_errors);
	tcase_add_test(gpio, gpio_long_meter_name);
	/* Distributions that have libgpiod 2 build it with 64-bit times everywhere, as the emulated chips are. */
	if (sizeof(void *) == 8 || dlsym(RTLD_DEFAULT, "gpiod_chip_request_lines")) {
		suite_add_tcase(suite, gpio);
	} else {
		puts("gpio: left out, the emulated chips don't know the calls of libgpiod 1 on 32-bit systems");
	}
	return mm_run_suite(suite);
}
