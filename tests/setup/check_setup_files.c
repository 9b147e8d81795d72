/* SPDX-License-Identifier: MIT */
/* The files: drop-ins that are there, those of the unit, and images of a card. */
#include "setup/check_setup.h"

#include "config/private.h"

#include <sys/stat.h>
#include <unistd.h>

#define STARTS "systemctl daemon-reload\nsystemctl enable minimeterd.service\nsystemctl restart minimeterd.service\n"

/* ---- Drop-ins of the configuration ---- */

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
	ck_assert_double_eq(config->front_end[0].afe.burden_ohm, 1.5);
	free(config);
	end(f);
}
END_TEST

/* "none" is an answer, and the meters that somebody names are all that there are. */
START_TEST(what_a_drop_in_adds_is_shown)
{
	struct setup_fixture *f = begin();

	make_directory(f, "/etc");
	make_directory(f, "/etc/minimeter");
	make_directory(f, CONFIG ".d");
	put(f, CONFIG ".d/10-old.conf",
	    "[meter main]\nct_sets = 2\noutput_10 = GPIO17\ngeneration = no\n[meter attic]\nmodel = MMS-120-1001\nserial = 9\n"
	    "element1 = C\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED, "--output-10", "none"), MM_SETUP_USAGE);
	assert_says(f->err, ":3: [meter main] output_10 = GPIO17 counts, not none\n");
	assert_says(f->err, ":2: [meter main] ct_sets = 2 counts, not 1\n");
	assert_says(f->err, ":5: [meter attic] is a further meter\n");
	ck_assert_ptr_null(strstr(f->err, "generation"));
	ck_assert(!is_there(f, CONFIG));
	ck_assert_int_eq(SETUP(f, "\n\n\n\n\n\n\n\n", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->err, ":3: [meter main] output_10 = GPIO17 counts, not none\n");
	assert_says(f->out, "Write this all the same [no]: ");
	end(f);
}
END_TEST

/* ---- The configuration that is replaced ---- */

#define METER_REQUIRED "model = MMD-120-2001-T\nserial = 1001\nelement1 = A\nelement2 = B\n"

/* A value that is no default. */
static void value_of(const struct mm_key *key, char ret[static 64])
{
	static const struct {
		const char *name, *value;
	} others[] = {
		{"time_zone", "Asia/Kathmandu"},
		{"profile_interval_min", "30"},
		{"model", "generic"},
		{"service", "1-phase-2-wire"},
		{"rated_voltage_v", "230"},
		{"ct", "200:0.1"},
		{"kh_wh", "100"},
		{"serial", "7"},
		{"element1", "C"},
		{"element2", "C"},
		{"element3", "C"},
		{"generation", "yes"},
		{"uri", "local:"},
		{"device", "other"},
		{"line", "GPIO9"},
		{"lcd", "/dev/other"},
	};

	if (key->word) {
		snprintf(ret, 64, "%s", key->word(1));
	} else if (key->type == &mm_key_path || key->type == &mm_key_path_or_none) {
		strcpy(ret, "/other");
	} else if (strncmp(key->name, "output_", 7) == 0 || strncmp(key->name, "led_", 4) == 0 ||
		   strcmp(key->name, "counter") == 0) {
		strcpy(ret, "GPIO9");
	} else {
		snprintf(ret, 64, "%.15g", key->max);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		if (strcmp(others[i].name, key->name) == 0) {
			strcpy(ret, others[i].value);
		}
	}
}

static bool is_required(const char *section, const char *key)
{
	static const char *const keys[] = {"uri", "model", "serial"};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (strcmp(keys[i], key) == 0) {
			return true;
		}
	}
	return strcmp(section, "front-end") == 0 && strcmp(key, "driver") == 0;
}

/* Without the key itself. */
static void write_old(const struct setup_fixture *f, const char *section, const struct mm_key *key, const char *value)
{
	char text[512] = "[meter main]\n", meter[] = METER_REQUIRED;

	for (char *rest, *line = strtok_r(meter, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (strncmp(line, key->name, strlen(key->name)) != 0 || strncmp(section, "meter", 5) != 0) {
			sprintf(text + strlen(text), "%s\n", line);
		}
	}
	sprintf(text + strlen(text), "[%s]\n%s = %s\n", section, key->name, value);
	put(f, CONFIG, text);
}

static void replace_one(struct setup_fixture *f, const char *section, const struct mm_key_table *table, const struct mm_key *key)
{
	bool of_chip = table >= mm_afe_keys && table < mm_afe_keys + MM_AFE_KEYS_COUNT &&
		       !(mm_afe_driver_find("ade9000")->keys & 1u << (table - mm_afe_keys));
	char value[64], expected[192];
	int status;

	value_of(key, value);
	write_old(f, section, key, value);
	status = SETUP(f, "", "--unattended", "--replace", REQUIRED);
	snprintf(expected, sizeof(expected), "[%s] %s = %s would become ", section, key->name, value);
	if (is_required(section, key->name) || of_chip || strcmp(key->name, "output_1000") == 0 ||
	    strcmp(key->name, "lcd") == 0 || strcmp(key->name, "element3") == 0) {
		ck_assert_msg(status == MM_SETUP_FINE, "%s%s", expected, f->err);
		return;
	}
	ck_assert_msg(status == MM_SETUP_USAGE, "%s%s", expected, f->err);
	assert_says(f->err, expected);
	snprintf(expected, sizeof(expected), "%s = %s\n", key->name, value);
	assert_file(f, CONFIG, expected);
	ck_assert_msg(SETUP(f, "", "--unattended", "--replace", "--discard", REQUIRED) == MM_SETUP_FINE, "%s", f->err);
	assert_says(f->err, "would become ");
}

/* Whatever the key: what nobody has decided on goes on, or is named before anything is written. */
START_TEST(no_key_of_the_old_configuration_goes_in_silence)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	make_directory(f, "/etc");
	make_directory(f, "/etc/minimeter");
	put(f, CONFIG, "[meter main]\n" METER_REQUIRED);
	config = load(f);
	for (size_t i = 0; i < MM_CONFIG_PARTS; i++) {
		char section[MM_CONFIG_SECTION_MAX];
		const struct mm_config_part part = mm_config_part(config, i);

		for (size_t k = 0; part.there && k < part.table->count; k++) {
			replace_one(f, mm_config_section(&part, section), part.table, &part.table->keys[k]);
		}
	}
	free(config);
	end(f);
}
END_TEST

START_TEST(what_is_decided_replaces_the_old_configuration)
{
	struct setup_fixture *f = begin();
	struct mm_config *config;

	make_directory(f, "/etc");
	make_directory(f, "/etc/minimeter");
	put(f, CONFIG, "[daemon]\nclients_max = 7\n[meter main]\n" METER_REQUIRED "multiplier = 2\n");
	/* Enter does not take it. */
	ck_assert_int_eq(SETUP(f, "yes\n\n\n\n\n\n\n\n\n\n", REQUIRED), MM_SETUP_FAILED);
	assert_says(f->err, CONFIG ":2: [daemon] clients_max = 7 would become 32\n");
	assert_says(f->err, CONFIG ":8: [meter main] multiplier = 2 would become 1\n");
	assert_says(f->out, "Write this all the same [no]: ");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--discard", "--multiplier", "2", REQUIRED), MM_SETUP_FINE);
	ck_assert_ptr_null(strstr(f->err, "multiplier"));
	config = load(f);
	ck_assert_double_eq(config->meter[0].multiplier, 2);
	free(config);
	/* By its serial number under another name; and one that has neither is left out. */
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", REQUIRED, "--name", "house"), MM_SETUP_USAGE);
	assert_says(f->err, "[meter main] multiplier = 2 would become 1\n");
	ck_assert_int_eq(SETUP(f, "", "--unattended", "--replace", "--uri", NOWHERE, "--driver", "ade9000", "--model",
			       "MMD-120-2001-T", "--serial", "9", "--name", "house"),
			 MM_SETUP_USAGE);
	assert_says(f->err, "[meter main] would be left out\n");
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

/* ---- The unit's drop-in ---- */

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

TCase *files_tcase(void)
{
	TCase *tcase = tcase_create("files");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, drop_ins_that_are_there_count);
	tcase_add_test(tcase, an_answer_that_a_drop_in_replaces_is_refused);
	tcase_add_loop_test(tcase, a_link_of_an_image_does_not_lead_out_of_it, 0, COUNT_OF(image_links));
	tcase_add_test(tcase, a_path_does_not_lead_out_of_the_image);
	tcase_add_test(tcase, another_configuration_leaves_the_unit_alone);
	tcase_add_test(tcase, a_drop_in_that_goes_is_named);
	tcase_add_loop_test(tcase, the_unit_reaches_one_address, 0, COUNT_OF(networks));
	tcase_add_test(tcase, what_a_drop_in_adds_is_shown);
	tcase_add_test(tcase, no_key_of_the_old_configuration_goes_in_silence);
	tcase_add_test(tcase, what_is_decided_replaces_the_old_configuration);
	return tcase;
}
