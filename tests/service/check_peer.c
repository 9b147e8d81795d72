/* SPDX-License-Identifier: MIT */
/* Who a caller is: by the kernel's number and a plain password file, however bad that file is. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "service/peer.h"
#include "fixture/suite.h"

/* What a caller of uid is named by a password file of that text; NULL: there is none. */
static void expect(uid_t uid, const char *passwd, const char *named)
{
	const struct mm_varlink_peer peer = {.pid = 1, .uid = uid, .gid = 1};
	char path[] = "/tmp/minimeter-passwd-XXXXXX", who[MM_PEER_NAME_MAX];
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	if (passwd) {
		ck_assert_int_eq(write(fd, passwd, strlen(passwd)), (ssize_t)strlen(passwd));
	} else {
		unlink(path);
	}
	close(fd);
	mm_peer_name(&peer, path, who);
	unlink(path);
	ck_assert_str_eq(who, named);
}

START_TEST(a_user_is_named_with_his_number)
{
	static const char passwd[] = "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/:/bin/sh\nben:x:1001:1001::/:/bin/sh\n";

	expect(0, passwd, "root (uid 0)");
	expect(1000, passwd, "anna (uid 1000)");
	expect(1001, passwd, "ben (uid 1001)");
}
END_TEST

START_TEST(a_stranger_is_a_number_and_never_somebody_else)
{
	expect(1002, "anna:x:1000:1000::/:/bin/sh\n", "uid 1002");
	expect(1002, "", "uid 1002");
	expect(1002, NULL, "uid 1002");
	expect(0, "no password file at all\n\n:::\nroot:x:nought:0::/:/bin/sh\n", "uid 0");
}
END_TEST

START_TEST(a_name_beyond_all_length_is_cut)
{
	expect(7, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz:x:7:7::/:/bin/sh\n",
	       "abcdefghijklmnopqrstuvwxyzabcdef (uid 7)");
	expect(4294967294u, "abcdefghijklmnopqrstuvwxyzabcdef:x:4294967294:7::/:/bin/sh\n",
	       "abcdefghijklmnopqrstuvwxyzabcdef (uid 4294967294)");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peer");
	TCase *names = tcase_create("names");

	tcase_add_test(names, a_user_is_named_with_his_number);
	tcase_add_test(names, a_stranger_is_a_number_and_never_somebody_else);
	tcase_add_test(names, a_name_beyond_all_length_is_cut);
	suite_add_tcase(suite, names);
	return mm_run_suite(suite);
}
