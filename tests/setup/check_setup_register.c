/* SPDX-License-Identifier: MIT */
/* The register that is there already: it is compared with the answers before anything is written. */
#include "setup/check_setup.h"

#include <unistd.h>

#include "store/store.h"

#define REGISTER "/var/lib/minimeter/register.db"

/* A register of these meters below the root, which nobody has open. */
static void begin_register(const struct setup_fixture *f, const struct mm_store_meter *meters, unsigned count)
{
	struct mm_error error = {0};
	struct mm_store *store;
	char path[128];

	make_directory(f, "/var");
	make_directory(f, "/var/lib");
	make_directory(f, "/var/lib/minimeter");
	path_of(f, REGISTER, path);
	ck_assert_msg(mm_store_open(path, NULL, "boot", meters, count, &error, &store) == 0, "%s", error.text);
	mm_store_close(store);
}

static const struct {
	struct mm_store_meter meter;
	int status; /* unattended */
	const char *said;
} registers[] = {
	{{.name = "old", .serial = "1001", .model = "MMD-120-2001-T"},
	 MM_SETUP_FINE,
	 "Serial 1001 goes on with its register: 0.000 kWh.\n"},
	{{.name = "old", .serial = "\"1001\"", .model = "MMD-120-2001-T"},
	 MM_SETUP_FINE,
	 "Serial 1001 goes on with its register: "},
	{{.name = "old", .serial = "77", .model = "MMD-120-2001-T"},
	 MM_SETUP_USAGE,
	 REGISTER " has the register of serial \"77\", model MMD-120-2001-T: 0.000 kWh.\nSerial 1001 is not in "},
	{{.name = "old", .serial = "1001", .model = "MMS-120-1001"},
	 MM_SETUP_USAGE,
	 REGISTER " as model MMS-120-1001, not MMD-120-2001-T.\nThe daemon would refuse this:"},
};

START_TEST(another_meters_register_is_said_before_anything_is_written)
{
	struct setup_fixture *f = begin();
	bool same = registers[_i].status == MM_SETUP_FINE;

	begin_register(f, &registers[_i].meter, 1);
	ck_assert_int_eq(SETUP(f, "", "--unattended", REQUIRED), registers[_i].status);
	assert_says(f->err, registers[_i].said);
	ck_assert((strstr(f->err, "The daemon would refuse this:") == NULL) == same);
	ck_assert_int_eq(is_there(f, CONFIG), same);
	/* A person sees it before the last question, and Enter changes nothing. */
	ck_assert_int_eq(SETUP(f, same ? "yes\n\n\n\n\n\n\n\n\n\n" : "\n\n\n\n\n\n\n\n\n", REQUIRED),
			 same ? MM_SETUP_FINE : MM_SETUP_FAILED);
	assert_says(f->out, registers[_i].said);
	assert_says(strstr(f->out, registers[_i].said), same ? "Write this [yes]: " : "Write this all the same [no]: ");
	ck_assert_int_eq(is_there(f, CONFIG), same);
	end(f);
}
END_TEST

/* One of the meters is enough for the daemon; what begins anew is said. */
START_TEST(a_meter_that_is_added_begins_at_zero)
{
	static const struct mm_store_meter meters[] = {
		{.name = "main", .serial = "1001", .model = "MMD-120-2001-T"},
		{.name = "gone", .serial = "9", .model = "MMS-120-1001"},
	};
	struct setup_fixture *f = begin();

	begin_register(f, meters, 2);
	ck_assert_msg(SETUP(f, "", "--unattended", "--name", "main", REQUIRED, "--name", "flat", "--model", "MMS-120-1001",
			    "--serial", "1002") == MM_SETUP_FINE,
		      "%s", f->err);
	assert_says(f->err, "Serial 1001 goes on with its register: ");
	assert_says(f->err, REGISTER " has the register of serial \"9\", model MMS-120-1001: 0.000 kWh.\n");
	assert_says(f->err, "Serial 1002 is not in ");
	assert_says(f->err, " yet.\n");
	ck_assert(is_there(f, CONFIG));
	end(f);
}
END_TEST

TCase *register_tcase(void)
{
	TCase *tcase = tcase_create("register");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, another_meters_register_is_said_before_anything_is_written, 0, COUNT_OF(registers));
	tcase_add_test(tcase, a_meter_that_is_added_begins_at_zero);
	return tcase;
}
