/* SPDX-License-Identifier: MIT */
/* minimeter-setup: what it asks and refuses, the files that it writes, and what it does to start the meter. */
#include <check.h>
#include <ftw.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/count_of.h"
#include "fixture/answers.h"
#include "fixture/fake_daemon.h"
#include "fixture/suite.h"
#include "setup/private.h"

/* A place where nobody answers, at once. */
#define NOWHERE "ip:127.0.0.1:1"
#define REQUIRED "--uri", NOWHERE, "--driver", "ade9000", "--model", "MMD-120-2001-T", "--serial", "1001"

#define ARGUMENTS_MAX 64

struct setup_fixture {
	char root[40];
	char commands[512];  /* that were run, a line each */
	const char *failing; /* the word of a command that fails; NULL: none */
	char *out, *err;
	size_t out_size, err_size;
	struct mm_setup_machine machine;
};

static int run(void *userdata, const char *const argv[])
{
	struct setup_fixture *f = userdata;
	int status = 0;

	for (int i = 0; argv[i]; i++) {
		snprintf(f->commands + strlen(f->commands), sizeof(f->commands) - strlen(f->commands), "%s%s", i > 0 ? " " : "",
			 argv[i]);
		status = f->failing && strcmp(argv[i], f->failing) == 0 ? 5 : status;
	}
	strcat(f->commands, "\n");
	return status;
}

static struct setup_fixture *begin(void)
{
	struct setup_fixture *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	strcpy(f->root, "/tmp/check_setup.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->root));
	f->machine = (struct mm_setup_machine){.root = f->root,
					       .config_path = "/etc/minimeter/minimeter.conf",
					       .drop_in_path = "/etc/systemd/x.d/minimeter-setup.conf",
					       .socket_path = "/nonexistent/socket",
					       .run = run,
					       .userdata = f,
					       .retry_ms = 1};
	return f;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void end(struct setup_fixture *f)
{
	ck_assert_int_eq(nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f->out);
	free(f->err);
	free(f);
}

/* Runs it with arguments, which end with NULL, and a person who types these lines. */
static int setup(struct setup_fixture *f, const char *typed, const char *const arguments[])
{
	char program[] = "minimeter-setup", *argv[ARGUMENTS_MAX + 1] = {program};
	int argc = 1, status;

	while (arguments[argc - 1] && argc < ARGUMENTS_MAX) {
		argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
		argc++;
	}
	free(f->out);
	free(f->err);
	f->machine.in = typed[0] != '\0' ? fmemopen((char *)(uintptr_t)typed, strlen(typed), "r") : fopen("/dev/null", "r");
	f->machine.out = open_memstream(&f->out, &f->out_size);
	f->machine.err = open_memstream(&f->err, &f->err_size);
	ck_assert(f->machine.in && f->machine.out && f->machine.err);
	f->commands[0] = '\0';
	status = mm_setup_run(&f->machine, argc, argv);
	fclose(f->machine.in);
	fclose(f->machine.out);
	fclose(f->machine.err);
	return status;
}

#define SETUP(f, typed, ...) setup(f, typed, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void path_of(const struct setup_fixture *f, const char *name, char ret[static 128])
{
	snprintf(ret, 128, "%s%s", f->root, name);
}

static bool is_there(const struct setup_fixture *f, const char *name)
{
	char path[128];

	path_of(f, name, path);
	return access(path, F_OK) == 0;
}

#define CONFIG "/etc/minimeter/minimeter.conf"
#define DROP_IN "/etc/systemd/x.d/minimeter-setup.conf"

static void put(const struct setup_fixture *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void assert_file(const struct setup_fixture *f, const char *name, const char *expected)
{
	char path[128], text[4096] = "";
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	ck_assert_msg(strstr(text, expected) != NULL, "%s: expected %s in %s", name, expected, text);
}

static void assert_says(const char *text, const char *expected)
{
	ck_assert_msg(strstr(text, expected) != NULL, "expected \"%s\" in: %s", expected, text);
}

static struct mm_config *load(const struct setup_fixture *f)
{
	struct mm_config_errors errors;
	struct mm_config *config = NULL;
	char path[128];

	path_of(f, CONFIG, path);
	ck_assert_msg(mm_config_load(path, &errors, &config) == 0, "%s", errors.error[0].text);
	return config;
}

/* ---- Unattended ---- */

START_TEST(what_no_option_says_is_as_proposed)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "", "--unattended", REQUIRED) == MM_SETUP_FINE, "%s", f->err);
	config = load(f);
	ck_assert_str_eq(config->front_end.uri, NOWHERE);
	ck_assert_str_eq(config->meter[0].name, "main");
	ck_assert_double_eq(config->front_end.voltage_divider, 1001);
	ck_assert_double_eq(config->front_end.burden_ohm, 5.1);
	ck_assert_int_eq(config->meter[0].phase[1], 1);
	ck_assert(!config->meter[0].line[MM_OUTPUT_10].used);
	free(config);
	assert_file(f, DROP_IN, "[Service]\nPrivateNetwork=no\nRestrictAddressFamilies=AF_INET\nIPAddressAllow=127.0.0.1\n");
	ck_assert_str_eq(f->commands, ""); /* below a root nothing is started */
	end(f);
}
END_TEST

START_TEST(every_option_is_an_answer)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "", "--unattended", "--uri=local:", "--driver=mcp3914", "--model", "md 240 f 02 so 022 00",
			    "--serial", "1", "--name", "flat 1", "--voltage-divider", "900", "--burden-ohm", "1.8", "--copy",
			    "none", "--element1", "C", "--element2", "A", "--ct-sets", "2", "--output-10", "none", "--led-load",
			    "GPIO5,active-low", "--lcd", "/dev/lcd", "--name", "flat 2", "--serial", "2", "--model",
			    "MD 240 F 02 SO 022 00") == MM_SETUP_FINE,
		      "%s", f->err);
	config = load(f);
	ck_assert_str_eq(config->front_end_driver, "mcp3914");
	ck_assert_double_eq(config->front_end.burden_ohm, 1.8);
	ck_assert_str_eq(config->copy_path, "none");
	ck_assert_uint_eq(config->meter_count, 2);
	ck_assert_int_eq(config->meter[0].phase[0], 2);
	ck_assert_int_eq(config->meter[0].ct_sets, 2);
	ck_assert(config->meter[0].line[MM_OUTPUT_LED_LOAD].active_low);
	ck_assert_str_eq(config->meter[1].name, "flat 2");
	ck_assert_str_eq(config->meter[1].model.canonical, "MD 240 F 02 SO 022 00");
	ck_assert(!is_there(f, DROP_IN));
	free(config);
	end(f);
}
END_TEST

/* What the options say, and what is said about it. */
static const struct {
	const char *arguments[12];
	const char *expected;
} wrong_options[] = {
	{{"--uri", NOWHERE, "--driver", "ade9000", "--model", "MMD-120-2001-T"}, "--serial is missing: the serial number"},
	{{"--uri", NOWHERE, "--driver", "ade9000"}, "--model is missing: the model number on the meter's label"},
	{{"--uri", NOWHERE, "--driver", "ade9000"}, "--serial is missing"},
	{{"--uri", NOWHERE, "--model", "MMD-120-2001", "--serial", "1"},
	 "--driver is missing: the metering chip, such as ade9000. None is "
	 "seen"},
	{{REQUIRED, "--element2", "A"}, "--element2 A: [meter main]: element1 and element2 are on the same phase"},
	{{REQUIRED, "--burden-ohm", "10"}, "--burden-ohm 10: [meter main]: burden_ohm = 10 gives a full scale of 141 A"},
	{{REQUIRED, "--name", "x\n[daemon]"}, "must be one line"},
	{{REQUIRED, "--lcd", "/dev/lcd"}, "has no display"},
	{{REQUIRED, "--led-load", "GPIO5", "--led-power"}, "--led-power wants a value"},
	{{REQUIRED, "--serial", "2"}, "--serial is given twice; --name begins another meter"},
	{{"--modle", "MMD-120-2001-T"}, "there is no option --modle; 'minimeter-setup --help'"},
	{{"--wait", "soon"}, "--wait soon: must be seconds"},
	{{"now"}, "unexpected argument now"},
	{{REQUIRED, "--root", ""}, "--root wants a directory\n"},
	{{REQUIRED, "--root", "/nonexistent", "--config", "m.conf"}, "--config m.conf: with --root it must begin with /\n"},
};

START_TEST(a_wrong_option_writes_nothing)
{
	const char *arguments[ARGUMENTS_MAX] = {"--unattended"};
	struct setup_fixture *f = begin();

	for (size_t i = 0; i < COUNT_OF(wrong_options[_i].arguments); i++) {
		arguments[1 + i] = wrong_options[_i].arguments[i];
	}
	ck_assert_int_eq(setup(f, "", arguments), MM_SETUP_USAGE);
	assert_says(f->err, wrong_options[_i].expected);
	ck_assert(!is_there(f, "/etc"));
	end(f);
}
END_TEST

START_TEST(a_configuration_that_is_there_stays)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FINE);
	put(f, CONFIG, "# mine\n");
	put(f, DROP_IN, "# its\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_USAGE);
	assert_says(f->err, CONFIG " is there already: with --replace it is kept as .old and replaced");
	assert_file(f, CONFIG, "# mine\n");
	assert_file(f, DROP_IN, "# its\n");
	ck_assert_int_eq(SETUP(f, "", REQUIRED), MM_SETUP_FAILED); /* nobody answers */
	ck_assert_int_eq(SETUP(f, "\n", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->out, CONFIG " is there already. Replace it at the end (it is kept as .old) [no]: ");
	assert_says(f->err, "nothing was changed");
	assert_file(f, CONFIG, "# mine\n");
	/* What goes wrong on the way to a new one leaves the old one too. */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--ct-sets", "9"), MM_SETUP_USAGE);
	assert_file(f, CONFIG, "# mine\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--uri", "local:", "--driver", "ade9000", "--model",
			       "MMS-120-1001", "--serial", "2"),
			 MM_SETUP_FINE);
	assert_file(f, CONFIG, "serial = 2\n");
	assert_file(f, CONFIG ".old", "# mine\n");
	ck_assert(!is_there(f, DROP_IN)); /* a front end on this machine needs no network */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED), MM_SETUP_FINE);
	assert_file(f, CONFIG ".old", "# mine\n");
	assert_file(f, CONFIG ".old-2", "serial = 2\n");
	end(f);
}
END_TEST

/* It is said before the first question. */
START_TEST(where_nothing_can_be_written_nothing_is_asked)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--root", "/proc/self"), MM_SETUP_FAILED);
	assert_says(f->err, "minimeter-setup: /proc/self: ");
	ck_assert_str_eq(f->out, "");
	end(f);
}
END_TEST

START_TEST(drop_ins_that_are_there_count)
{
	struct setup_fixture *f = begin();
	char path[128];

	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FINE);
	path_of(f, CONFIG ".d", path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put(f, CONFIG ".d/1.conf", "[front-end]\nburden_ohm = 10\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED), MM_SETUP_USAGE);
	assert_says(f->err, CONFIG ".d/1.conf:2: [meter main]: burden_ohm = 10 gives");
	ck_assert(!is_there(f, CONFIG ".old"));
	end(f);
}
END_TEST

static void make_directory(const struct setup_fixture *f, const char *name)
{
	char path[128];

	path_of(f, name, path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

START_TEST(an_answer_that_a_drop_in_replaces_is_refused)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	make_directory(f, "/etc");
	make_directory(f, "/etc/minimeter");
	make_directory(f, CONFIG ".d");
	put(f, CONFIG ".d/10-old.conf",
	    "[daemon]\nclients_max = 7\n[front-end]\nburden_ohm = 1.5\ndriver = ade9000\n[meter main]\nserial = OLD\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--burden-ohm", "3.3"), MM_SETUP_USAGE);
	assert_says(f->err, CONFIG ".d/10-old.conf:4: [front-end] burden_ohm = 1.5 counts, not 3.3\n");
	assert_says(f->err, CONFIG ".d/10-old.conf:7: [meter main] serial = OLD counts, not 1001\n");
	assert_says(f->err, "a drop-in counts more than an answer: change one of them\n");
	ck_assert_ptr_null(strstr(f->err, "clients_max"));
	ck_assert_ptr_null(strstr(f->err, "driver"));
	ck_assert(!is_there(f, CONFIG));
	/* A person sees it and says no by Enter, or yes. */
	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\n\n\n", REQUIRED, "--burden-ohm", "3.3"), MM_SETUP_FAILED);
	assert_says(f->err, ":7: [meter main] serial = OLD counts, not 1001\n");
	assert_says(f->out, "Write this all the same [no]: ");
	ck_assert(!is_there(f, CONFIG));
	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\n\nyes\n", REQUIRED, "--burden-ohm", "3.3"), MM_SETUP_FINE);
	/* Where both say the same, nothing is replaced. */
	ck_assert_msg(SETUP(f, "", "--unattended", "--replace", "--uri", NOWHERE, "--driver", "ade9000", "--model",
			    "MMD-120-2001-T", "--serial", "OLD", "--burden-ohm", "1.50") == MM_SETUP_FINE,
		      "%s", f->err);
	config = load(f);
	ck_assert_double_eq(config->front_end.burden_ohm, 1.5);
	free(config);
	end(f);
}
END_TEST

/* ---- Below a root ---- */

/* Links of an image, and to where: a path from / is one of the fixture's, so that what follows a link changes nothing else. */
static const struct {
	const char *name, *target;
	bool inside;
} image_links[] = {
	{"/image/etc", "../outside", false},
	{"/image/etc", "/nothing", false},
	{"/image/etc/minimeter", "../../outside", false},
	{"/image/etc/minimeter", "/outside", false},
	{"/image" CONFIG, "../../../outside.conf", false},
	{"/image/etc/systemd/x.d", "../../../outside", false},
	{"/image" DROP_IN, "/outside.conf", false},
	{"/image/etc/minimeter", "../image-beside", false},
	{"/image/etc/minimeter", "../var", true},
};

START_TEST(a_link_of_an_image_does_not_lead_out_of_it)
{
	static const char *const directories[] = {"/outside",
						  "/image",
						  "/image-beside",
						  "/image/var",
						  "/image/etc",
						  "/image/etc/systemd",
						  "/image/etc/systemd/x.d",
						  "/image/etc/minimeter"};
	struct setup_fixture *f = begin();
	const char *target = image_links[_i].target;
	char image[128], link[128], outside[128];
	int status;

	path_of(f, "/image", image);
	path_of(f, image_links[_i].name, link);
	if (target[0] == '/') {
		path_of(f, target, outside);
		target = outside;
	}
	for (size_t i = 0; i < COUNT_OF(directories); i++) {
		/* Up to the link. */
		if (strncmp(directories[i], image_links[_i].name, strlen(image_links[_i].name)) != 0) {
			make_directory(f, directories[i]);
		}
	}
	put(f, "/outside.conf", "# not of the image\n");
	ck_assert_int_eq(symlink(target, link), 0);
	status = SETUP(f, "", "--unattended", "--replace", REQUIRED, "--root", image);
	ck_assert_msg(status == (image_links[_i].inside ? MM_SETUP_FINE : MM_SETUP_FAILED), "%s", f->err);
	ck_assert_int_eq(is_there(f, "/image/var/minimeter.conf"), image_links[_i].inside);
	ck_assert_int_eq(is_there(f, "/image" DROP_IN),
			 image_links[_i].inside || strcmp(image_links[_i].name, "/image" DROP_IN) == 0);
	if (!image_links[_i].inside) {
		assert_says(f->err, "leads out of ");
		ck_assert(!is_there(f, "/image" CONFIG ".old"));
	}
	path_of(f, "/outside", link);
	ck_assert_int_eq(rmdir(link), 0); /* it is empty still */
	end(f);
}
END_TEST

START_TEST(a_path_does_not_lead_out_of_the_image)
{
	struct setup_fixture *f = begin();
	char image[128];

	make_directory(f, "/image");
	path_of(f, "/image", image);
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--root", image, "--config", "/../x.conf"), MM_SETUP_FAILED);
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--root", image, "--config", "/no/../../x.conf"),
			 MM_SETUP_FAILED);
	ck_assert(!is_there(f, "/x.conf"));
	ck_assert(!is_there(f, "/image/no"));
	end(f);
}
END_TEST

/* ---- The dialog ---- */

START_TEST(enter_takes_what_is_proposed)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "mms 120 2002\n 00471 1 \n\n" NOWHERE "\nADE9000\nade9000\n\n\n\n\nn\n\n\n") == MM_SETUP_FINE,
		      "%s%s", f->out, f->err);
	config = load(f);
	ck_assert_str_eq(config->meter[0].name, "main");
	ck_assert_str_eq(config->meter[0].serial, "00471 1");
	ck_assert_double_eq(config->front_end.burden_ohm, 2.4);
	free(config);
	assert_file(f, CONFIG, "model = MMS-120-2002\n");
	assert_says(f->out, "None is seen (connecting to " NOWHERE);
	assert_says(f->out, "driver = ADE9000: must be one of");
	assert_says(f->out, "commit=300: about 19 GB a\n  year. Cost:");
	assert_says(f->out, "IPAddressAllow=127.0.0.1\n");
	assert_says(f->out, "Write this [yes]: ");
	ck_assert_ptr_null(strstr(f->out, "L2 and CT2"));
	ck_assert_ptr_null(strstr(f->out, "Display"));
	end(f);
}
END_TEST

/* Each answer that is wrong is asked for again with the reason; the right one follows. */
static const struct {
	const char *typed, *expected;
} wrong_answers[] = {
	{"\nMMS-120-1001\n1\n\n", "Model number:   The meter needs an answer here.\nModel number: "},
	{"MMX\nMMS-120-1001\n1\n\n", "  model = MMX: is no model number: meter type: MMS, MMD, MS or MD\nModel number: "},
	{"MMS-240-1001\nMMS-120-1001\n1\n\n", "an MMS model is for 120 (line to neutral)\nModel number: "},
	{"MMS-120-1001\n\n1\n\n", "Serial number:   The meter needs an answer here.\nSerial number: "},
	{"MMS-120-1001\n\"1\"\n1\n\n",
	 "  serial = \"1\": the quotes would be part of the value: leave them out\nSerial number: "},
	{"MMS-120-1001\n1 # x\n1\n\n", "  serial = 1 # x: a # begins a comment only at the start of a line"},
	{"MMS-120-1001\n1 ; x\n1\n\n", "  a ; would begin a comment there: leave it out\nSerial number: "},
	{"MMS-120-1001\nM\xfc\n1\n\n", "  this line is not UTF-8 text"},
	{"MMS-120-1001\n1\na]b\n\n", "goes on behind the ] of a section"},
	{"MMS-120-1001\n1\n\n192.0.2.7\n", "  uri = 192.0.2.7: must be local: for a chip on this machine, or ip:HOST"},
	{"MMS-120-1001\n1\n\nip:\n", "  ip: needs an address, such as ip:192.0.2.7\nWhere is the chip"},
	{"MMS-120-1001\n1\n\nip:no.such.host.invalid\n", "  no.such.host.invalid is no address, and no name that is known here"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nmcp\n", "  driver = mcp: must be one of"},
	{"MMD-120-1001\n1\n\n" NOWHERE "\nmcp3910\n", "  [front-end]: phase B has channels 3"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n5\n", "  voltage_divider = 5 gives a full scale of 4 V"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n5,1\n", "  burden_ohm = 5,1: has a comma: write a decimal point, as in 5.1"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\nmaybe\n", "  generation = maybe: "},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\nL1\n",
	 "  element1 = L1: must be a phase of the front end: A, B or C\nPhase of"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\n\nmaybe\n", "  Please answer yes or no.\nAre pulse outputs"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\n\nyes\n:\n", "  output_10 = :: is no output line:"},
	{"MMS-120-1001\n1\n\n" NOWHERE "\nade9000\n\n\n\n\nyes\nGPIO5\nGPIO5\n", "this line is taken by output_10"},
};

START_TEST(a_wrong_answer_is_asked_for_again)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, wrong_answers[_i].typed), MM_SETUP_FAILED);
	for (char *at = f->out; (at = strstr(at, "\n  ")); at += 3) {
		/* A reason that was broken into lines reads as one here. */
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ- ", at[3]) == NULL && at > f->out && at[-1] != ' ' && at[-1] != ':') {
			memmove(at + 1, at + 3, strlen(at + 3) + 1);
			at[0] = ' ';
			at -= 3;
		}
	}
	assert_says(f->out, wrong_answers[_i].expected);
	assert_says(f->err, "nothing was written");
	ck_assert(!is_there(f, "/etc"));
	end(f);
}
END_TEST

START_TEST(an_option_is_not_asked_for)
{
	struct setup_fixture *f = begin();

	ck_assert_msg(SETUP(f, "\n\n\nB\n\n\n\n\n", REQUIRED, "--element1", "C") == MM_SETUP_FINE, "%s%s", f->out, f->err);
	ck_assert_ptr_null(strstr(f->out, "Model number: "));
	ck_assert_ptr_null(strstr(f->out, "CT1"));
	assert_file(f, CONFIG, "element1 = C\nelement2 = B\n");
	/* One that is wrong is said, and asked for. */
	ck_assert_msg(SETUP(f, "yes\n\n\n\nB\nC\n\n\n\n\n", REQUIRED, "--element1", "X") == MM_SETUP_FINE, "%s%s", f->out,
		      f->err);
	assert_says(f->out, "--element1 X: element1 = X: must be a phase");
	assert_file(f, CONFIG, "element1 = B\nelement2 = C\n");
	end(f);
}
END_TEST

START_TEST(an_enclosure_holds_several)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	ck_assert_msg(SETUP(f, "MS 120 F 02 XO 011 00\n1\nflat 1\n" NOWHERE "\nade9000\n\n\n\n\nn\n"
			       "\nMS 120 F 02 XO 011 00\n1\n2\nflat 1\nflat 2\n\n\nn\nn\n\n") == MM_SETUP_FINE,
		      "%s%s", f->out, f->err);
	assert_says(f->out, "Is there another meter on this board [yes]: ");
	assert_says(f->out, "serial 1 is meter \"flat 1\"'s too");
	assert_says(f->out, "section [meter flat 1] is given twice");
	config = load(f);
	ck_assert_uint_eq(config->meter_count, 2);
	ck_assert_int_eq(config->meter[1].phase[0], 1);
	free(config);
	end(f);
}
END_TEST

START_TEST(without_a_yes_nothing_is_written)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\n\n\nno\n", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->out, "Write this [yes]: ");
	assert_says(f->err, "nothing was written");
	ck_assert(!is_there(f, "/etc"));
	end(f);
}
END_TEST

START_TEST(a_line_that_is_not_there_is_refused)
{
	struct setup_fixture *f = begin();

	f->machine.root = "";
	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\nyes\nNO-SUCH-LINE\n", REQUIRED, "--config", "/nonexistent/minimeter.conf"),
			 MM_SETUP_FAILED);
	assert_says(f->out, "output_10: line \"NO-SUCH-LINE\": ");
	end(f);
}
END_TEST

/* As a person has it, in a terminal. */
START_TEST(the_program_in_a_terminal)
{
	static const char typed[] = "MMS-120-1001\n7\n\n" NOWHERE "\nade9000\n\n\n\n\nn\n\n\n\004";
	struct setup_fixture *f = begin();
	char program[512], text[4096];
	int fd, status;
	ssize_t got;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/minimeter-setup", getenv("MM_BUILDDIR"));
	pid = forkpty(&fd, NULL, NULL, NULL);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(program, program, "--root", f->root, "--config", CONFIG, NULL);
		_exit(127);
	}
	ck_assert_int_eq(write(fd, typed, strlen(typed)), (ssize_t)strlen(typed));
	while ((got = read(fd, text, sizeof(text))) > 0) {
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(fd);
	ck_assert_int_eq(status, 0);
	assert_file(f, CONFIG, "serial = 7\n");
	end(f);
}
END_TEST

/* ---- The start ---- */

/* The configuration is below a directory that is this machine's. */
static struct setup_fixture *begin_machine(char config[static 128], char drop_in[static 128])
{
	struct setup_fixture *f = begin();

	path_of(f, CONFIG, config);
	path_of(f, DROP_IN, drop_in);
	f->machine.config_path = config;
	f->machine.drop_in_path = drop_in;
	f->machine.root = "";
	return f;
}

#define STARTS "systemctl daemon-reload\nsystemctl enable minimeterd.service\nsystemctl restart minimeterd.service\n"

START_TEST(it_starts_the_meter_and_shows_the_first_reading)
{
	static const struct fake_answer script[] = {
		{"Read", 1, REPLY("{\"meters\":[" METER("main", "false", "", BOTH_ELEMENTS) "]}")},
		{"Read", 0, REPLY("{\"meters\":[" MAIN "]}")},
		{"Status", 0, REPLY(STATUS("false", FROZEN, ""))},
		{0},
	};
	struct fake_socket daemon = fake_socket_new(script);
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->machine.socket_path = daemon.path;
	ck_assert_msg(SETUP(f, "", "--unattended", REQUIRED) == MM_SETUP_FINE, "%s", f->err);
	ck_assert_str_eq(f->commands, STARTS);
	assert_says(f->out, "  front end frozen: figures repeat; set cache_bypass\n");
	assert_says(f->out, "  main (serial 00042): 12345.679 kWh\n    L1 120.1 V, 10.02 A, 1203 W\n");
	ck_assert(is_there(f, CONFIG));
	fake_socket_free(&daemon);
	end(f);
}
END_TEST

START_TEST(without_a_reading_it_says_why)
{
	static const struct fake_answer script[] = {
		{"Read", 0, REPLY("{\"meters\":[" METER("main", "false", "", BOTH_ELEMENTS) "]}")},
		{"Status", 0, REPLY(STATUS("false", FROZEN, ""))},
		{0},
	};
	struct fake_socket daemon = fake_socket_new(script);
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->machine.socket_path = daemon.path;
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--wait", "1"), MM_SETUP_FAULT);
	assert_says(f->err, "no reading in 1 s: front end frozen: figures repeat; set cache_bypass");
	f->machine.socket_path = "/nonexistent/socket";
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--wait", "1"), MM_SETUP_FAULT);
	assert_says(f->err, "no reading in 1 s: ");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--wait", "0"), MM_SETUP_FINE);
	fake_socket_free(&daemon);
	end(f);
}
END_TEST

START_TEST(what_cannot_be_started_is_an_error)
{
	char config[128], drop_in[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	f->failing = "restart";
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->err, "systemctl failed with status 5");
	ck_assert(is_there(f, CONFIG));
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--no-start", REQUIRED), MM_SETUP_FINE);
	ck_assert_str_eq(f->commands, "");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--no-start", "--add-user", "anna", REQUIRED), MM_SETUP_FINE);
	ck_assert_str_eq(f->commands, "usermod -aG minimeter anna\n");
	f->failing = "usermod";
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--add-user", "anna", REQUIRED), MM_SETUP_FAILED);
	ck_assert_str_eq(f->commands, "usermod -aG minimeter anna\n");
	end(f);
}
END_TEST

/* The unit does not read it. */
START_TEST(another_configuration_leaves_the_unit_alone)
{
	char config[128], drop_in[128], other[128], same[128];
	struct setup_fixture *f = begin_machine(config, drop_in);

	path_of(f, "/other.conf", other);
	path_of(f, "/etc/systemd/../minimeter/minimeter.conf", same);
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--no-start", REQUIRED), MM_SETUP_FINE);
	put(f, DROP_IN, "# its\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--config", other), MM_SETUP_FINE);
	assert_says(f->out, "The unit reads ");
	assert_says(f->out, CONFIG ": it was not changed and is not started.\n");
	ck_assert_str_eq(f->commands, "");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--uri", "local:", "--driver", "ade9000", "--model",
			       "MMS-120-1001", "--serial", "2", "--config", other),
			 MM_SETUP_FINE);
	ck_assert_ptr_null(strstr(f->out, "Removed"));
	assert_file(f, DROP_IN, "# its\n");
	/* Another spelling is no other file. */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--wait", "0", REQUIRED, "--config", same), MM_SETUP_FINE);
	assert_file(f, DROP_IN, "IPAddressAllow=127.0.0.1\n");
	ck_assert_str_eq(f->commands, STARTS);
	end(f);
}
END_TEST

START_TEST(a_drop_in_that_goes_is_named)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), MM_SETUP_FINE);
	ck_assert_int_eq(SETUP(f, "yes\n\n\n\n\n\n\n\n\n\n", "--uri", "local:", "--driver", "ade9000", "--model", "MMS-120-1001",
			       "--serial", "2"),
			 MM_SETUP_FINE);
	assert_says(f->out, DROP_IN " will be removed: the front end needs no network.\n");
	assert_says(f->out, "Removed ");
	ck_assert(!is_there(f, DROP_IN));
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--uri", "local:", "--driver", "ade9000", "--model",
			       "MMS-120-1001", "--serial", "2"),
			 MM_SETUP_FINE);
	ck_assert_ptr_null(strstr(f->out, "Removed"));
	end(f);
}
END_TEST

/* ---- The network ---- */

static const struct {
	const char *uri, *expected; /* lines of the drop-in; NULL: none is needed */
} networks[] = {
	{"local:", NULL},
	{"usb:1.2.3", NULL},
	{"ip:192.0.2.7", "RestrictAddressFamilies=AF_INET\nIPAddressAllow=192.0.2.7\n"},
	{"ip:192.0.2.7:30431", "RestrictAddressFamilies=AF_INET\nIPAddressAllow=192.0.2.7\n"},
	{"ip:localhost:5", "RestrictAddressFamilies=AF_INET\nIPAddressAllow=localhost\n"},
	{"ip:2001:db8::7", "RestrictAddressFamilies=AF_INET6\nIPAddressAllow=2001:db8::7\n"},
	{"ip:[2001:db8::7]:30431", "RestrictAddressFamilies=AF_INET6\nIPAddressAllow=2001:db8::7\n"},
	{"ip:fe80::1%eth0", "RestrictAddressFamilies=AF_INET6\nIPAddressAllow=fe80::1\n"},
};

START_TEST(the_unit_reaches_one_address)
{
	char *text = mm_network_drop_in(networks[_i].uri);
	struct mm_error error = {0};

	ck_assert_msg(mm_network_check(networks[_i].uri, &error) == 0, "%s", error.text);
	ck_assert((text != NULL) == (networks[_i].expected != NULL));
	if (text) {
		assert_says(text, networks[_i].expected);
	}
	free(text);
}
END_TEST

/* ---- The help ---- */

START_TEST(the_help_has_every_option)
{
	struct setup_fixture *f = begin();

	ck_assert_int_eq(SETUP(f, "", "--help"), MM_SETUP_FINE);
	for (enum mm_question q = 0; q < MM_ASK_COUNT; q++) {
		assert_says(f->out, mm_questions[q].option);
	}
	assert_says(f->out, "--unattended");
	for (const char *line = f->out; line; line = strchr(line + 1, '\n')) {
		ck_assert_uint_le(strcspn(line + 1, "\n"), 100);
	}
	ck_assert_int_eq(SETUP(f, "", "--version"), MM_SETUP_FINE);
	assert_says(f->out, "minimeter-setup " PACKAGE_VERSION "\n");
	end(f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("setup");
	TCase *tc = tcase_create("setup");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_no_option_says_is_as_proposed);
	tcase_add_test(tc, every_option_is_an_answer);
	tcase_add_loop_test(tc, a_wrong_option_writes_nothing, 0, MM_COUNT_OF(wrong_options));
	tcase_add_test(tc, a_configuration_that_is_there_stays);
	tcase_add_test(tc, where_nothing_can_be_written_nothing_is_asked);
	tcase_add_test(tc, drop_ins_that_are_there_count);
	tcase_add_test(tc, an_answer_that_a_drop_in_replaces_is_refused);
	tcase_add_loop_test(tc, a_link_of_an_image_does_not_lead_out_of_it, 0, MM_COUNT_OF(image_links));
	tcase_add_test(tc, a_path_does_not_lead_out_of_the_image);
	tcase_add_test(tc, enter_takes_what_is_proposed);
	tcase_add_loop_test(tc, a_wrong_answer_is_asked_for_again, 0, MM_COUNT_OF(wrong_answers));
	tcase_add_test(tc, an_option_is_not_asked_for);
	tcase_add_test(tc, an_enclosure_holds_several);
	tcase_add_test(tc, without_a_yes_nothing_is_written);
	tcase_add_test(tc, a_line_that_is_not_there_is_refused);
	tcase_add_test(tc, the_program_in_a_terminal);
	tcase_add_test(tc, it_starts_the_meter_and_shows_the_first_reading);
	tcase_add_test(tc, without_a_reading_it_says_why);
	tcase_add_test(tc, what_cannot_be_started_is_an_error);
	tcase_add_test(tc, another_configuration_leaves_the_unit_alone);
	tcase_add_test(tc, a_drop_in_that_goes_is_named);
	tcase_add_loop_test(tc, the_unit_reaches_one_address, 0, MM_COUNT_OF(networks));
	tcase_add_test(tc, the_help_has_every_option);
	suite_add_tcase(suite, tc);
	return mm_run_suite(suite);
}
