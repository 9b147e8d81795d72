/* SPDX-License-Identifier: MIT */
/* A configuration and its drop-ins: which of them counts, where an error is, and the settings in force as they are printed. */
#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "fixture/suite.h"

#define METER "[meter flat 1]\nmodel = mmd 120 2001 t scc\nserial = 1001\nelement1 = A\nelement2 = B\n"

struct files {
	char directory[32];
	char path[64]; /* of the configuration */
	struct mm_config_errors errors;
	struct mm_config *config;
};

static void put(const struct files *files, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", files->directory, name);
	file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* The configuration has this text, and its directory of drop-ins is there. */
static struct files *begin(const char *text)
{
	struct files *files = calloc(1, sizeof(*files));
	char path[128];

	ck_assert_ptr_nonnull(files);
	strcpy(files->directory, "/tmp/check_drop_ins.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(files->directory));
	snprintf(files->path, sizeof(files->path), "%s/m.conf", files->directory);
	snprintf(path, sizeof(path), "%s.d", files->path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put(files, "m.conf", text);
	return files;
}

static int load(struct files *files)
{
	free(files->config);
	files->config = NULL;
	return mm_config_load(files->path, &files->errors, &files->config);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void end(struct files *files)
{
	ck_assert_int_eq(nftw(files->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(files->config);
	free(files);
}

static void assert_error(const struct files *files, unsigned index, const char *expected)
{
	char text[512];

	ck_assert_uint_lt(index, files->errors.count);
	snprintf(text, sizeof(text), "%s/%s", files->directory, expected);
	ck_assert_msg(strncmp(files->errors.error[index].text, text, strlen(text)) == 0, "expected \"%s\": %s", text,
		      files->errors.error[index].text);
}

START_TEST(the_last_one_counts)
{
	struct files *files =
		begin("[daemon]\nclients_max = 3\ncommit_wh = 2\n[front-end]\nburden_ohm = 5\n" METER "output_10 = GPIO4\n");

	/* By the bytes of the names: 10 before 9, capitals before small letters. */
	put(files, "m.conf.d/9.conf", "[daemon]\nclients_max = 9\n");
	put(files, "m.conf.d/10.conf", "[daemon]\nclients_max = 10\nidle_timeout_s = 10\n[meter flat 1]\noutput_10 = GPIO5\n");
	put(files, "m.conf.d/a.conf",
	    "[front-end]\nburden_ohm = 4\n[meter two]\nmodel = MMS-120-2001\nserial = 2\nelement1 = C\n");
	put(files, "m.conf.d/Z.conf", "[front-end]\nburden_ohm = 3\n");
	put(files, "m.conf.d/b.conf.off", "[daemon]\nclients_max = 11\n");
	put(files, "m.conf.d/.c.conf", "nonsense\n");
	ck_assert_msg(load(files) == 0, "%s", files->errors.error[0].text);
	ck_assert_int_eq(files->config->clients_max, 9);
	ck_assert_double_eq(files->config->commit_wh, 2);
	ck_assert_int_eq(files->config->idle_timeout_s, 10);
	ck_assert_double_eq(files->config->front_end[0].afe.burden_ohm, 4);
	ck_assert_uint_eq(files->config->meter_count, 2);
	ck_assert_str_eq(files->config->meter[0].line[MM_OUTPUT_10].name, "GPIO5");
	ck_assert_str_eq(files->config->meter[0].serial, "1001");
	ck_assert_str_eq(files->config->meter[1].serial, "2");
	end(files);
}
END_TEST

START_TEST(errors_are_where_the_line_is)
{
	struct files *files = begin("[daemon]\nclients_max = 0\n" METER "output_10 = GPIO4\n");

	put(files, "m.conf.d/1.conf", "[daemon]\n\n[nonsense]\n[front-end]\nburden_ohm = 5,1\n");
	put(files, "m.conf.d/2.conf",
	    "[front-end]\nburden_ohm = 5\n[meter flat 1]\ncounter = GPIO4\n[daemon]\nclients_max = 4\n");
	put(files, "m.conf.d/3.conf", "key = 1\n[front-end]\nvoltage_divider = 1\nvoltage_divider = 2\n");
	ck_assert_int_eq(load(files), -EINVAL);
	assert_error(files, 0, "m.conf:2: clients_max = 0: must be");
	assert_error(files, 1, "m.conf.d/1.conf:3: unknown section [nonsense]");
	assert_error(files, 2, "m.conf.d/1.conf:5: burden_ohm = 5,1: has a comma");
	assert_error(files, 3,
		     "m.conf.d/2.conf:4: [meter flat 1]: counter = GPIO4: this line is taken by output_10 of meter flat 1 (/");
	ck_assert_ptr_nonnull(strstr(files->errors.error[3].text, "/m.conf:8); a line has one use"));
	assert_error(files, 4, "m.conf.d/3.conf:1: key: no [section] begins above this line");
	assert_error(files, 5, "m.conf.d/3.conf:3: voltage_divider = 1 gives a full scale");
	assert_error(files, 6, "m.conf.d/3.conf:4: voltage_divider is given twice in section [front-end], first in line 3");
	ck_assert_uint_eq(files->errors.count, 7);
	end(files);
}
END_TEST

/* In two files it is given again, in one it is given twice. */
START_TEST(a_section_given_twice_is_so_in_one_file)
{
	struct files *files = begin(METER);

	put(files, "m.conf.d/1.conf", METER "[daemon]\n[meter flat 1]\nserial = 1002\n");
	ck_assert_int_eq(load(files), -EINVAL);
	assert_error(files, 0, "m.conf.d/1.conf:7: section [meter flat 1] is given twice, first in line 1, and serial in both");
	ck_assert_uint_eq(files->errors.count, 1);
	put(files, "m.conf.d/1.conf", METER);
	ck_assert_int_eq(load(files), 0);
	ck_assert_uint_eq(files->config->meter_count, 1);
	end(files);
}
END_TEST

START_TEST(a_drop_in_that_cannot_be_read_is_an_error)
{
	struct files *files = begin(METER);
	char path[128];

	snprintf(path, sizeof(path), "%s.d/1.conf", files->path);
	ck_assert_int_eq(symlink("nothing", path), 0);
	ck_assert_int_eq(load(files), -ENOENT);
	assert_error(files, 0, "m.conf.d/1.conf: No such file");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_lt(load(files), 0);
	assert_error(files, 0, "m.conf.d/1.conf: ");
	rmdir(path);
	strrchr(path, '/')[0] = '\0';
	rmdir(path);
	ck_assert_int_eq(load(files), 0);
	put(files, "m.conf.d", "");
	ck_assert_int_eq(load(files), -ENOTDIR);
	assert_error(files, 0, "m.conf: ");
	ck_assert_ptr_nonnull(strstr(files->errors.error[0].text, "m.conf.d: Not a directory"));
	end(files);
}
END_TEST

START_TEST(there_is_an_end_to_their_number)
{
	struct files *files = begin(METER);
	char name[64];

	for (int i = 0; i < 32; i++) {
		ck_assert_int_eq(load(files), 0);
		snprintf(name, sizeof(name), "m.conf.d/%d.conf", i);
		put(files, name, "");
	}
	ck_assert_int_eq(load(files), -E2BIG);
	ck_assert_ptr_nonnull(strstr(files->errors.error[0].text, "more than 31 files"));
	end(files);
}
END_TEST

/* ---- What is printed ---- */

static char *print(struct files *files)
{
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	ck_assert_int_eq(mm_config_print(files->path, to, &files->errors), 0);
	ck_assert_int_eq(fclose(to), 0);
	return text;
}

/* The line that begins with this ends with that. */
static void assert_line(const char *text, const char *begin, const char *end)
{
	const char *line = strstr(text, begin), *stop = line ? strchr(line + 1, '\n') : NULL;

	ck_assert_msg(line && stop && (size_t)(stop - line) > strlen(end) && strncmp(stop - strlen(end), end, strlen(end)) == 0,
		      "%s ... %s: %s", begin, end, text);
}

START_TEST(the_settings_in_force_say_where_they_are_from)
{
	struct files *files = begin("[daemon]\nregister = /tmp/r.db\n" METER);
	char *text;

	put(files, "m.conf.d/1.conf",
	    "[front-end]\nburden_ohm = 4.9\n[meter flat 1]\nserial = 1002\ncounter=GPIO5 , active-low\n");
	text = print(files);
	assert_line(text, "# The settings in force, by ", "m.conf.d/1.conf");
	assert_line(text, "\nregister = /tmp/r.db ", "m.conf:2");
	assert_line(text, "\ncopy = /tmp/r.db.copy ", " ; default");
	assert_line(text, "\ncommit_wh = 8 ", " ; default");
	assert_line(text, "\ndevice = ade9000 ", " ; default");
	assert_line(text, "\nburden_ohm = 4.9 ", "m.conf.d/1.conf:2");
	assert_line(text, "\n[meter flat 1] ", "m.conf:3");
	assert_line(text, "\nmodel = MMD-120-2001-T-SCC ", "m.conf:4");
	assert_line(text, "\nserial = 1002 ", "m.conf.d/1.conf:4");
	assert_line(text, "\nct_sets = 1 ", " ; default");
	assert_line(text, "\ncounter = GPIO5 , active-low ", "m.conf.d/1.conf:5");
	ck_assert_ptr_null(strstr(text, "osr")); /* another chip's */
	ck_assert_ptr_null(strstr(text, "output_10"));
	free(text);
	end(files);
}
END_TEST

/* Settings are printed so that they are read as the same ones, however long a line or a name is. */
START_TEST(what_is_printed_is_a_configuration)
{
	struct files *files;
	char long_path[96], text[2048], ignored[256], *printed;
	struct mm_config *before;

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	snprintf(text, sizeof(text),
		 "[daemon]\nregister = %s\nsocket = /s%s\ncopy = none\n[front-end]\ndriver = mcp3912\nburden_ohm = 1.0000001\n"
		 "phase_deg_a = -0.1\nsample_rate = 8000\n[power-fail]\nline = GPIO26,active-low\n" METER
		 "lcd = /dev/lcd\n[meter \xc3\xbc #2]\nmodel = MMS-120-2001\nserial = #5'\nelement1 = B\noutput_100 = "
		 "gpiochip0:4\n",
		 long_path, long_path);
	files = begin(text);
	snprintf(text, sizeof(text), "m.conf.d/%0200d.conf", 1);
	put(files, text, "[daemon]\nbackup_interval_h = 0\n");
	ck_assert_msg(load(files) == 0, "%s", files->errors.error[0].text);
	before = files->config;
	files->config = NULL;
	printed = print(files);
	put(files, text, "");
	put(files, "m.conf", printed);
	ck_assert_msg(load(files) == 0, "%s", files->errors.error[0].text);
	ck_assert_str_eq(before->front_end[0].unused, "sample_rate");
	ck_assert_str_eq(files->config->front_end[0].unused, ""); /* it has no effect and is left out */
	before->front_end[0].unused[0] = '\0';
	before->front_end[0].afe.sample_rate = files->config->front_end[0].afe.sample_rate;
	strcpy(before->front_end[0].afe.device, "mcp3912");
	mm_config_reload(before, files->config, ignored, sizeof(ignored));
	ck_assert_str_eq(ignored, "");
	ck_assert_int_eq(files->config->backup_interval_h, 0);
	free(before);
	free(printed);
	end(files);
}
END_TEST

#define ONE_LINE "elements=1\nservice=1-phase-2-wire\n"
#define SIXTEEN "0123456789abcdef"
#define LONGEST "/" SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "0123456789"
#define BLANKS "                                                                      "
#define NAME "\n[x]\xff\xe2\x80\x8b"

/* Parts of a configuration, one of each list: all their combinations are right. @: where the front end's name is. */
static const char *const front_ends[] = {
	"[front-end]\nvoltage_divider = 1001\n",
	"[front-end]\ndriver = ads131e08\nburden_ohm_c = 4\nsample_rate = 8000\n",
	"[front-end]\ndriver = ad7779\nphase_deg_b = -0.5\n",
	"[front-end]\nuri = ip:127.0.0.1:5\n[daemon]\nclock = board\nregister = " LONGEST "\n",
	"[front-end flat]\n[front-end house]\ndriver = ads131e04\n[meter h]\nmodel=generic\n" ONE_LINE
	"rated_voltage_v=230\nct=100:0.333V\nkh_wh=10\nserial=9\nelement1=house:B\n",
};
static const char *const models[] = {
	"model = MMS-120-2001\n",
	"model=generic\n" ONE_LINE "rated_voltage_v=120\nct=200:0.1\nkh_wh=100\n",
	"model=generic\n" ONE_LINE "rated_voltage_v=120\nct=200:0.333V\nkh_wh=100\n",
	"model=generic\n" ONE_LINE "rated_voltage_v=277\nct=200:0.25V\nkh_wh=1000\n",
};
static const char *const meters[] = {
	"serial = 1\nelement1 = @A\n",
	"serial = 1\nelement1 = @B\nmultiplier = 1.5\ngeneration = yes\ncounter = GPIO5" BLANKS ",active-low\n",
	"serial = 1\nelement1 = @A\n[meter y]\nmodel=generic\n" ONE_LINE "rated_voltage_v=230\nct=80:0.333V\nkh_wh=10\n"
	"serial=2\nelement1=@B\n",
	"serial = 1\nelement1 = @A\n[meter y]\nmodel=MMD-120-1001-SCC\nserial=2\nelement1=@B\nelement2=@C\n",
};
static const char *const drop_ins[] = {
	"",
	"[daemon]\ncopy = none\nbackup_interval_h = 0\n",
	"[power-fail]\nline = gpiochip0:7" BLANKS ",active-low\n[meter x]\noutput_1000 = GPIO6\n",
};

static void take_setting(void *userdata, const char *name, const char *value)
{
	if (!strstr(name, ".device") && strcmp(name, "daemon.copy") != 0) { /* printed as what is in force */
		fprintf(userdata, "%s=%s\n", name, value);
	}
}

static char *settings_of(const struct mm_config *config)
{
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(to);
	mm_config_each(config, take_setting, to);
	ck_assert_int_eq(fclose(to), 0);
	return text;
}

START_TEST(what_is_printed_is_read_as_the_same)
{
	unsigned part = (unsigned)_i / MM_COUNT_OF(front_ends);
	const char *front_end = front_ends[_i % MM_COUNT_OF(front_ends)];
	const char *meter[] = {"[meter x]\n", models[part % MM_COUNT_OF(models)],
			       meters[part / MM_COUNT_OF(models) % MM_COUNT_OF(meters)]};
	struct files *files;
	char text[1024], *to = stpcpy(text, front_end), *printed, *before, *after;

	for (int i = 0; i < MM_COUNT_OF(meter); i++) {
		for (const char *from = meter[i]; *from != '\0'; from++) {
			if (*from == '@') {
				to = stpcpy(to, strstr(front_end, "flat") ? "flat:" : "");
			} else {
				*to++ = *from;
			}
		}
	}
	*to = '\0';
	files = begin(text);
	put(files, "m.conf.d/" NAME ".conf", drop_ins[part / MM_COUNT_OF(models) / MM_COUNT_OF(meters)]);
	ck_assert_msg(load(files) == 0, "%s: %s", text, files->errors.error[0].text);
	before = settings_of(files->config);
	printed = print(files);
	put(files, "m.conf.d/" NAME ".conf", "");
	put(files, "m.conf", printed);
	ck_assert_msg(load(files) == 0, "%s: %s", printed, files->errors.error[0].text);
	after = settings_of(files->config);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	free(printed);
	end(files);
}
END_TEST

START_TEST(what_is_wrong_is_not_printed)
{
	struct files *files = begin(METER "nonsense = 1\n");
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	ck_assert_int_eq(mm_config_print(files->path, to, &files->errors), -EINVAL);
	assert_error(files, 0, "m.conf:6: unknown key");
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_uint_eq(size, 0);
	free(text);
	end(files);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config: drop-ins");
	TCase *tc = tcase_create("drop-ins");

	tcase_add_test(tc, the_last_one_counts);
	tcase_add_test(tc, errors_are_where_the_line_is);
	tcase_add_test(tc, a_section_given_twice_is_so_in_one_file);
	tcase_add_test(tc, a_drop_in_that_cannot_be_read_is_an_error);
	tcase_add_test(tc, there_is_an_end_to_their_number);
	tcase_add_test(tc, the_settings_in_force_say_where_they_are_from);
	tcase_add_test(tc, what_is_printed_is_a_configuration);
	tcase_add_loop_test(tc, what_is_printed_is_read_as_the_same, 0,
			    MM_COUNT_OF(front_ends) * MM_COUNT_OF(models) * MM_COUNT_OF(meters) * MM_COUNT_OF(drop_ins));
	tcase_add_test(tc, what_is_wrong_is_not_printed);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
