/* SPDX-License-Identifier: MIT */
/* Which of the devices of a context is meant, where several could be. */
#include <check.h>
#include <errno.h>
#include <iio.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "afe/iio_find.h"
#include "fixture/suite.h"

#define DEVICES 7

/* Two chips of one name, one of another, one whose label is another's name, and two drivers' of one chip. */
static const struct {
	const char *name, *label, *parent;
} devices[DEVICES] = {
	{"ade9000", "house", "spi0/spi0.0"},	    {"ade9000", NULL, "spi0/spi0.1"}, {"mcp3912", NULL, "spi1/spi1.0"},
	{"mcp3914", "mcp3912", "spi1/spi1.1"},	    {"ade9078", NULL, "spi2/spi2.0"}, {"ade9078-minimeter", NULL, "spi2/spi2.1"},
	{"ade9430-minimeter", NULL, "spi3/spi3.0"},
};

struct fixture {
	char directory[32], sysfs[64];
	struct iio_context *context;
};

static void make_directory(const char *directory, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
}

static void make_device(struct fixture *f, unsigned i)
{
	char target[PATH_MAX], link[PATH_MAX], name[32];

	snprintf(name, sizeof(name), "%.4s", devices[i].parent);
	make_directory(f->directory, name);
	make_directory(f->directory, devices[i].parent);
	snprintf(name, sizeof(name), "%s/iio:device%u", devices[i].parent, i);
	make_directory(f->directory, name);
	snprintf(target, sizeof(target), "../%s", name);
	snprintf(link, sizeof(link), "%s/iio:device%u", f->sysfs, i);
	ck_assert_int_eq(symlink(target, link), 0);
}

static struct fixture *new_fixture(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[4096] = "";
	FILE *xml = fmemopen(text, sizeof(text), "w");

	ck_assert(f && xml);
	strcpy(f->directory, "/tmp/check_find.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->directory));
	snprintf(f->sysfs, sizeof(f->sysfs), "%s/devices", f->directory);
	make_directory(f->directory, "devices");
	fprintf(xml, "<?xml version=\"1.0\"?><!DOCTYPE context [<!ELEMENT context ANY><!ELEMENT device ANY>"
		     "<!ATTLIST context name CDATA #REQUIRED description CDATA #IMPLIED>"
		     "<!ATTLIST device id CDATA #REQUIRED name CDATA #IMPLIED label CDATA #IMPLIED>]>"
		     "<context name=\"local\" description=\"\">");
	for (unsigned i = 0; i < DEVICES; i++) {
		fprintf(xml, "<device id=\"iio:device%u\" name=\"%s\"%s%s%s></device>", i, devices[i].name,
			devices[i].label ? " label=\"" : "", devices[i].label ? devices[i].label : "",
			devices[i].label ? "\"" : "");
		make_device(f, i);
	}
	fprintf(xml, "</context>");
	fclose(xml);
	f->context = iio_create_xml_context_mem(text, strlen(text));
	ck_assert_ptr_nonnull(f->context);
	return f;
}

static void remove_device(const struct fixture *f, unsigned i)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/iio:device%u", f->sysfs, i);
	ck_assert_int_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/%s/iio:device%u", f->directory, devices[i].parent, i);
	ck_assert_int_eq(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/%s", f->directory, devices[i].parent);
	ck_assert_int_eq(rmdir(path), 0);
	snprintf(path, sizeof(path), "%s/%.4s", f->directory, devices[i].parent);
	ck_assert(rmdir(path) == 0 || errno == ENOTEMPTY);
}

static void free_fixture(struct fixture *f)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		remove_device(f, i);
	}
	ck_assert_int_eq(rmdir(f->sysfs), 0);
	ck_assert_int_eq(rmdir(f->directory), 0);
	iio_context_destroy(f->context);
	free(f);
}

static const struct {
	const char *wanted;
	bool remote; /* no places are known */
	int result;  /* the number of the device, or -errno */
	const char *error;
} cases[] = {
	{"house", false, 0, NULL},
	{"house", true, 0, NULL},
	{"spi0.0", false, 0, NULL},
	{"spi0.1", false, 1, NULL},
	{"spi1.1", false, 3, NULL},
	{"mcp3914", false, 3, NULL},
	{"spi0.1", true, -ENODEV, "no IIO device spi0.1 at here: No such device"},
	{"spi0", false, -ENODEV, "no IIO device spi0 at here"},
	{"iio:device1", false, -ENODEV, "no IIO device iio:device1"},
	{"ade9000", false, -ENOTUNIQ,
	 "device = ade9000 means 2 IIO devices at here: ade9000 (spi0.0, label house), ade9000 (spi0.1, without a label); write "
	 "the "
	 "label or the SPI device of the right one"},
	{"ade9000", true, -ENOTUNIQ,
	 "ade9000 (iio:device0, label house), ade9000 (iio:device1, without a label); write the label of the right one"},
	{"mcp3912", false, -ENOTUNIQ, "mcp3912 (spi1.0, without a label), mcp3914 (spi1.1, label mcp3912); write"},
	{"ade9078", false, -ENOTUNIQ, "ade9078 (spi2.0, without a label), ade9078-minimeter (spi2.1, without a label); write"},
	{"ade9078-minimeter", false, 5, NULL},
	{"ade9430", false, 6, NULL},
	{"", false, -ENODEV, "no IIO device"},
};

START_TEST(one_is_meant_or_none)
{
	struct fixture *f = new_fixture();
	const struct iio_device *device = NULL;
	struct mm_error error = {0};
	int r = mm_iio_find(f->context, cases[_i].wanted, "here", cases[_i].remote ? NULL : f->sysfs, &device, &error);

	if (cases[_i].result >= 0) {
		char id[32];

		snprintf(id, sizeof(id), "iio:device%d", cases[_i].result);
		ck_assert_int_eq(r, 0);
		ck_assert_str_eq(iio_device_get_id(device), id);
		ck_assert_str_eq(error.text, "");
	} else {
		ck_assert_int_eq(r, cases[_i].result);
		ck_assert_ptr_null(device);
		ck_assert_msg(strstr(error.text, cases[_i].error), "%s", error.text);
	}
	free_fixture(f);
}
END_TEST

START_TEST(a_path_from_the_root_on)
{
	struct fixture *f = new_fixture();
	const struct iio_device *device = NULL;
	char path[PATH_MAX], place[MM_IIO_PLACE_MAX];

	snprintf(path, sizeof(path), "%s/spi0/../spi0/spi0.1", f->directory);
	ck_assert_int_eq(mm_iio_find(f->context, path, "here", f->sysfs, &device, NULL), 0);
	ck_assert_str_eq(iio_device_get_id(device), "iio:device1");
	mm_iio_place(device, f->sysfs, place);
	snprintf(path, sizeof(path), "%s/spi0/spi0.1", f->directory);
	ck_assert_str_eq(place, path);
	mm_iio_place(device, NULL, place);
	ck_assert_str_eq(place, "");
	snprintf(path, sizeof(path), "%s/spi0", f->directory);
	ck_assert_int_eq(mm_iio_find(f->context, path, "here", f->sysfs, &device, NULL), -ENODEV);
	free_fixture(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("find");
	TCase *tcase = tcase_create("find");

	tcase_add_loop_test(tcase, one_is_meant_or_none, 0, MM_COUNT_OF(cases));
	tcase_add_test(tcase, a_path_from_the_root_on);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
