/* SPDX-License-Identifier: MIT */
/* Statements that are issued, and the proof that they are. */

#include "ctl/check_ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Signed for this test with a key that is thrown away. */
#define PAYLOAD                                                                                                                  \
	"{\"FV\":\"1.0\",\"GI\":\"minimeter\",\"GS\":\"f1\",\"PG\":\"T12\",\"MS\":\"00042\",\"RD\":[{\"TM\":\"2026-10-01T00:00:" \
	"00,000+0000 "                                                                                                           \
	"S\",\"TX\":\"B\",\"RV\":1.000,\"RI\":\"1-0:1.8.0*255\",\"RU\":\"kWh\",\"ST\":\"G\"},{\"TM\":\"2026-11-01T00:00:00,000+" \
	"0000 "                                                                                                                  \
	"S\",\"TX\":\"E\",\"RV\":3.500,\"RI\":\"1-0:1.8.0*255\",\"RU\":\"kWh\",\"ST\":\"G\"}],\"XR\":{\"start\":{\"interval\":"  \
	"7,\"hash\":\"aa\",\"delivered_uwh\":1000000,\"received_uwh\":0},\"end\":{\"interval\":9,\"hash\":\"bb\",\"delivered_"   \
	"uwh\":3500000,\"received_uwh\":0}}}"
#define SIGNATURE                                                                                                                \
	"304502201d24072e0a6734d6430d58fa13229427e7931078ec9b0026acbae2ec45ea2fc3022100a4d23d116feedb3d5421de35499685de3d6b587c" \
	"9e79d9a3cc8eb77f88769ad7"
#define KEY_HEX                                                                                                                  \
	"3059301306072a8648ce3d020106082a8648ce3d030107034200044934f972aacfc8af42bf6b171202259a9a520490859acdf91b305db68cd1aabc" \
	"3e23dce3408e9d565e2671789f9e3ee066fc5883ffc4ca533f91587cd2ccf457"
#define KEY_JSON                                                                                                                 \
	"-----BEGIN PUBLIC "                                                                                                     \
	"KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESTT5cqrPyK9Cv2sXEgIlmppSBJCF\\nms35GzBdtozRqrw+"                         \
	"I9zjQI6dVl4mcXifnj7gZvxYg//EylM/kVh80sz0Vw==\\n-----END PUBLIC KEY-----\\n"
#define RECORD "OCMF|" PAYLOAD "|{\"SA\":\"ECDSA-secp256r1-SHA256\",\"SD\":\"" SIGNATURE "\"}"

#define HEAD(key) "{\"statement\":\"s\",\"signature\":\"g\",\"public_key\":\"" key "\",\"fingerprint\":\"f1\"}"
#define ROW(id, hash, delivered)                                                                                                 \
	"{\"intervals\":[{\"id\":" id ",\"hash\":\"" hash "\",\"register_delivered_uwh\":" delivered                             \
	",\"register_received_uwh\":0}]}"
#define ANSWER_HEAD                                                                                                              \
	{                                                                                                                        \
		"GetHead", 0, REPLY(HEAD(KEY_JSON))                                                                              \
	}
#define ANSWER_NAMEPLATE                                                                                                         \
	{                                                                                                                        \
		"GetNameplate", 0, REPLY("{\"meters\":[" NAMEPLATE("main") "]}")                                                 \
	}

static const struct fake_answer same_rows[] = {
	ANSWER_HEAD,
	ANSWER_NAMEPLATE,
	{"GetProfile", 1, REPLY(ROW("7", "aa", "1000000"))},
	{"GetProfile", 1, REPLY(ROW("9", "bb", "3500000"))},
	{"GetProfile", 1, REPLY(ROW("7", "aa", "1000000"))},
	{"GetProfile", 1, REPLY(ROW("9", "bb", "3500000"))},
	{NULL, 0, NULL},
};

struct file {
	char path[32], words[200];
};

static void write_file(struct file *file, const char *text)
{
	int fd;

	strcpy(file->path, "/tmp/check_ctl.XXXXXX");
	fd = mkstemp(file->path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* verify --statement of a file with that text, and what else is said. */
static void expect_proof(const struct fake_answer *script, const char *text, const char *more, int code, const char *out,
			 const char *err)
{
	struct file file;

	write_file(&file, text);
	snprintf(file.words, sizeof(file.words), "verify --statement %s%s", file.path, more);
	expect(script, file.words, code, out, err);
	unlink(file.path);
}

START_TEST(a_record_is_verified)
{
	expect_proof(same_rows, RECORD "\n", "", MM_CTL_FINE,
		     "page T12 of meter 00042\n"
		     "  2026-10-01T00:00:00,000+0000 S  1-0:1.8.0*255  1.000 kWh  G\n"
		     "  2026-11-01T00:00:00,000+0000 S  1-0:1.8.0*255  3.500 kWh  G\n"
		     "  the signature is right: ECDSA-secp256r1-SHA256\n"
		     "  interval 7, of the reading at the start: it is the same in the register\n"
		     "  interval 9, of the reading at the end: it is the same in the register\n",
		     "");
	expect_proof(same_rows, RECORD "\n", " --json", MM_CTL_FINE, "\"sound\": true", "");
}
END_TEST

START_TEST(what_was_changed_shows)
{
	static const struct fake_answer other_rows[] = {
		ANSWER_HEAD,
		ANSWER_NAMEPLATE,
		{"GetProfile", 1, REPLY(ROW("7", "ab", "1000000"))},
		{"GetProfile", 0, REPLY(ROW("10", "bb", "3500000"))},
		{NULL, 0, NULL},
	};
	static const struct fake_answer other_reading[] = {
		ANSWER_HEAD,
		ANSWER_NAMEPLATE,
		{"GetProfile", 1, REPLY(ROW("7", "aa", "1000001"))},
		{"GetProfile", 0, REPLY("{\"intervals\":[]}")},
		{NULL, 0, NULL},
	};
	char *changed = strdup(RECORD), *digit = strstr(changed, "\"RV\":3.5");

	digit[5] = '2';
	expect_proof(same_rows, changed, "", MM_CTL_FAULT,
		     "  the signature is not right: it was not signed like this by the owner of the key", "");
	free(changed);
	expect_proof(other_rows, RECORD, "", MM_CTL_FAULT,
		     "  interval 7, of the reading at the start: the register has another one of that number: it, or one before "
		     "it, was "
		     "changed since, or the register went on from a backup\n"
		     "  interval 9, of the reading at the end: the register has none of that number\n",
		     "");
	expect_proof(other_reading, RECORD, "", MM_CTL_FAULT, "at the start: the register has another one of that number", "");
	expect_proof(other_reading, RECORD, " --json", MM_CTL_FAULT, "\"sound\": false", "");
}
END_TEST

/* With the key nobody has to answer. */
START_TEST(a_key_is_enough)
{
	static const struct fake_answer another_key[] = {
		{"GetHead", 0, REPLY("{\"public_key\":\"" KEY_JSON "\",\"fingerprint\":\"f2\"}")},
		{NULL, 0, NULL},
	};
	static const char *const keys[] = {KEY_HEX, HEAD(KEY_JSON)};
	char more[64], *changed = strdup(RECORD);
	struct file key;

	for (size_t i = 0; i < 2; i++) {
		write_file(&key, keys[i]);
		snprintf(more, sizeof(more), " --key %s", key.path);
		expect_proof(NULL, RECORD, more, MM_CTL_FINE,
			     "the signature is right: ECDSA-secp256r1-SHA256\n"
			     "  its intervals were not looked at: minimeterd does not answer\n",
			     "");
		expect_proof(same_rows, RECORD "\n" RECORD, more, MM_CTL_FINE, "page T12 of meter 00042", "");
		unlink(key.path);
	}
	write_file(&key, "no key");
	snprintf(more, sizeof(more), " --key %s", key.path);
	expect_proof(NULL, RECORD, more, MM_CTL_FAILED, "", "this is no public key for OCMF");
	unlink(key.path);
	expect_proof(NULL, RECORD, " --key /nowhere", MM_CTL_FAILED, "", "/nowhere: No such file or directory");
	expect_proof(NULL, RECORD, "", MM_CTL_UNREACHABLE, "", NULL);
	/* The record says which key it wants. */
	*strchr(strstr(changed, "\"T12\""), '2') = '3';
	expect_proof(another_key, changed, "", MM_CTL_FAULT,
		     "the key of minimeterd is f2..., and the record says that f1 signed it: give the", "");
	free(changed);
}
END_TEST

START_TEST(what_is_none_is_said)
{
	expect_proof(same_rows, "", "", MM_CTL_FAILED, "", "this is no record of OCMF: it does not begin with");
	expect(same_rows, "verify --statement /nowhere", MM_CTL_FAILED, "", "/nowhere: No such file or directory");
	expect(same_rows, "verify --key x", MM_CTL_USAGE, "", "--key goes with --statement");
	expect(same_rows, "verify --statement x --head y", MM_CTL_USAGE, "", "--head and --statement exclude each other");
}
END_TEST

/* ---- Issuing ---- */

#define STATEMENT(meter, issued)                                                                                                 \
	"{\"statement\":{\"meter\":\"" meter                                                                                     \
	"\",\"serial\":\"1\",\"model\":\"MMS-120-2001\",\"from\":\"2026-10-01T00:00:00Z\",\"to\":\"2026-11-01T00:00:00Z\","      \
	"\"start\":null,\"end\":null,\"delivered_uwh\":0,\"received_uwh\":0,\"preset_delivered_uwh\":0,"                         \
	"\"preset_received_uwh\":0,\"remarks\":[],\"issued\":" issued "}}"
#define ISSUED "{\"page\":12,\"time\":\"2026-11-01T00:20:00Z\",\"ocmf\":\"OCMF|{}|{}\"}"

static const struct fake_answer issuing[] = {
	{"GetNameplate", 0, REPLY("{\"meters\":[{\"name\":\"main\"},{\"name\":\"flat\"}]}")},
	{"GetStatement", 1, REPLY(STATEMENT("main", ISSUED))},
	{"GetStatement", 0, REPLY(STATEMENT("flat", "null"))},
	{"IssueStatement", 0, REPLY(STATEMENT("main", ISSUED))},
	{NULL, 0, NULL},
};

START_TEST(statements_are_issued)
{
	struct fake_socket fixture = fake_socket_new(issuing);
	json_t *request;

	expect_of(&fixture, "statement --issue --month 2026-10", MM_CTL_FINE,
		  "  issued as page   12\n  issued at        2026-11-01 00:20:00\n", "");
	request = fake_daemon_request(fixture.daemon, "IssueStatement");
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(request, "parameters"), "meter")), "flat");
	json_decref(request);
	expect_of(&fixture, "statement --issue --ocmf", MM_CTL_FINE, "OCMF|{}|{}\nOCMF|{}|{}\n", "");
	fake_socket_free(&fixture);
	/* Those that there are, and for the others what to do. */
	expect(issuing, "statement --ocmf", MM_CTL_FAILED, "OCMF|{}|{}\n",
	       "meter flat: no statement of this period was issued; 'minimeterctl statement --issue' with the same period does "
	       "that");
	expect(issuing, "statement --ocmf --csv", MM_CTL_USAGE, "", "--ocmf and --csv exclude each other");
	expect(NULL, "statement --issue", MM_CTL_UNREACHABLE, "", NULL);
}
END_TEST

TCase *proof_tcase(void)
{
	TCase *tcase = tcase_create("proof");

	tcase_set_timeout(tcase, PATIENCE_S);
	tcase_add_test(tcase, a_record_is_verified);
	tcase_add_test(tcase, what_was_changed_shows);
	tcase_add_test(tcase, a_key_is_enough);
	tcase_add_test(tcase, what_is_none_is_said);
	tcase_add_test(tcase, statements_are_issued);
	return tcase;
}
