/* SPDX-License-Identifier: MIT */
/* Records of OCMF: real ones and made ones, on every curve and in every encoding that the specification names. */

#include "client/ocmf.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/hex.h"
#include "fixture/suite.h"

#define PAYLOAD "{\"FV\":\"1.0\",\"PG\":\"T7\",\"MS\":\"42\",\"RD\":[{\"RV\":100.250,\"RU\":\"kWh\"}]}"

static int verify(const char *record, const char *key, size_t size, struct mm_error *error)
{
	struct mm_ocmf *ocmf;
	int r = mm_ocmf_new(record, strlen(record), &ocmf, error);

	if (r == 0) {
		r = mm_ocmf_verify(ocmf, key, size, error);
		ck_assert(json_is_object(mm_ocmf_payload(ocmf)));
		mm_ocmf_free(ocmf);
	}
	return r;
}

/* ---- Real ones ---- */

/* No digit of what is signed can be another. */
static void expect_no_other_digit(const char *record, const char *key)
{
	char *changed = strdup(record), *end = strrchr(changed, '|');

	for (char *at = strchr(changed, '|'); at < end; at++) {
		if (isdigit((unsigned char)*at)) {
			char was = *at;

			*at = was == '9' ? '8' : (char)(was + 1);
			ck_assert_int_lt(verify(changed, key, strlen(key), NULL), 0);
			*at = was;
		}
	}
	ck_assert_int_eq(verify(changed, key, strlen(key), NULL), 0);
	free(changed);
}

START_TEST(real_records)
{
	const char *data = getenv("MM_SHARED_DATA"), *source = getenv("MM_SRCDIR");
	char path[4096];
	json_t *records, *row;
	size_t i;

	snprintf(path, sizeof(path), "%s%s/ocmf/signed_records.json",
		 data != NULL	  ? data
		 : source != NULL ? source
				  : ".",
		 data != NULL ? "" : "/../shared/data");
	records = json_load_file(path, 0, NULL);
	if (records == NULL) {
		printf("real_records skipped: no %s\n", path);
		return;
	}
	ck_assert_uint_gt(json_array_size(records), 0);
	json_array_foreach(records, i, row)
	{
		const char *record = json_string_value(json_object_get(row, "record"));
		const char *key = json_string_value(json_object_get(row, "key"));
		struct mm_error error = {0};

		ck_assert_msg(verify(record, key, strlen(key), &error) == 0, "%s: %s",
			      json_string_value(json_object_get(row, "source")), error.text);
		expect_no_other_digit(record, key);
	}
	json_decref(records);
}
END_TEST

/* ---- Made ones ---- */

static const struct {
	const char *algorithm, *group;
} curves[] = {
	{"ECDSA-secp192k1-SHA256", "secp192k1"},
	{"ECDSA-secp256k1-SHA256", "secp256k1"},
	{"ECDSA-secp192r1-SHA256", "prime192v1"},
	{"ECDSA-secp256r1-SHA256", "prime256v1"},
	{"ECDSA-brainpool256r1-SHA256", "brainpoolP256r1"},
	{"ECDSA-brainpoolP256r1-SHA256", "brainpoolP256r1"},
	{"ECDSA-secp384r1-SHA256", "secp384r1"},
	{"ECDSA-brainpool384r1-SHA256", "brainpoolP384r1"},
	{"ECDSA-brainpoolP384r1-SHA256", "brainpoolP384r1"},
};

struct signed_text {
	EVP_PKEY *key;
	unsigned char der[256];
	size_t size;
};

static void sign(const char *group, const char *text, struct signed_text *ret)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	ret->key = EVP_EC_gen(group);
	ck_assert_ptr_nonnull(ret->key);
	ret->size = sizeof(ret->der);
	ck_assert_int_eq(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, ret->key), 1);
	ck_assert_int_eq(EVP_DigestSign(md, ret->der, &ret->size, (const unsigned char *)text, strlen(text)), 1);
	EVP_MD_CTX_free(md);
}

/* Verifies a record by a key in each of its forms. */
static void expect_by_every_form(const char *record, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(key, &der);
	char text[1024];
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert_int_gt(size, 0);
	ck_assert_int_eq(verify(record, (const char *)der, (size_t)size, NULL), 0);
	mm_hex(der, (size_t)size, text);
	ck_assert_int_eq(verify(record, text, strlen(text), NULL), 0);
	EVP_EncodeBlock((unsigned char *)text, der, size);
	ck_assert_int_eq(verify(record, text, strlen(text), NULL), 0);
	strcat(text, "\n");
	ck_assert_int_eq(verify(record, text, strlen(text), NULL), 0);
	ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, key), 1);
	size = BIO_read(bio, text, sizeof(text) - 1);
	ck_assert_int_gt(size, 0);
	ck_assert_int_eq(verify(record, text, (size_t)size, NULL), 0);
	BIO_free(bio);
	OPENSSL_free(der);
}

START_TEST(every_curve)
{
	const char *algorithm = curves[_i].algorithm;
	struct signed_text text, other;
	char record[2048], encoded[600];
	unsigned char *der = NULL;
	int size;

	sign(curves[_i].group, PAYLOAD, &text);
	mm_hex(text.der, text.size, encoded);
	snprintf(record, sizeof(record), "OCMF|" PAYLOAD "|{\"SA\":\"%s\",\"SD\":\"%s\"}", algorithm, encoded);
	expect_by_every_form(record, text.key);
	EVP_EncodeBlock((unsigned char *)encoded, text.der, (int)text.size);
	snprintf(record, sizeof(record),
		 " \r\nOCMF|" PAYLOAD
		 "|\n{\"SD\" : \"%s\",\"SE\":\"base64\",\"SM\":\"application/x-der\",\"SA\":\"%s\", \"U\":1}\n",
		 encoded, algorithm);
	expect_by_every_form(record, text.key);

	sign(curves[_i].group, PAYLOAD, &other);
	size = i2d_PUBKEY(other.key, &der);
	ck_assert_int_eq(verify(record, (const char *)der, (size_t)size, NULL), -EKEYREJECTED);
	OPENSSL_free(der);
	EVP_PKEY_free(other.key);
	EVP_PKEY_free(text.key);
}
END_TEST

/* A key on another curve is another's key, whatever the signature. */
START_TEST(another_curve)
{
	char record[1024], hex[300];
	struct mm_error error = {0};
	unsigned char *der = NULL;
	struct signed_text text;
	int size;

	sign("secp256k1", PAYLOAD, &text);
	mm_hex(text.der, text.size, hex);
	snprintf(record, sizeof(record), "OCMF|" PAYLOAD "|{\"SD\":\"%s\"}", hex);
	size = i2d_PUBKEY(text.key, &der);
	ck_assert_int_eq(verify(record, (const char *)der, (size_t)size, &error), -EINVAL);
	ck_assert_msg(strstr(error.text,
			     "the key is on the curve secp256k1, and the record is signed with ECDSA-secp256r1-SHA256") != NULL,
		      "%s", error.text);
	/* A byte behind the key is no key. */
	ck_assert_int_eq(verify(record, (const char *)der, (size_t)size - 1, NULL), -EINVAL);
	OPENSSL_free(der);
	EVP_PKEY_free(text.key);
}
END_TEST

/* ---- None ---- */

#define SIGNED "OCMF|{\"PG\":\"T1\"}|"

static const struct {
	const char *text, *why;
} refused[] = {
	{"", "does not begin with \"OCMF|\""},
	{"OCMF", "does not begin with"},
	{"ocmf|{}|{\"SD\":\"00\"}", "does not begin with"},
	{"OCMF|", "not three parts"},
	{"OCMF|{}", "not three parts"},
	{"OCMF|{}|{\"SD\":\"00\"}|00", "not three parts"},
	{"OCMF||{\"SD\":\"00\"}", "what it says is no JSON object"},
	{"OCMF|[]|{\"SD\":\"00\"}", "what it says is no JSON object"},
	{"OCMF|{\"PG\":\"T1\",\"PG\":\"T2\"}|{\"SD\":\"00\"}", "what it says is no JSON object"},
	{SIGNED "", "its last part is no JSON object"},
	{SIGNED "{}", "no signature \"SD\""},
	{SIGNED "{\"SD\":1}", "no signature \"SD\""},
	{SIGNED "{\"SA\":1,\"SD\":\"00\"}", "no signature \"SD\""},
	{SIGNED "{\"SA\":\"ECDSA-secp521r1-SHA512\",\"SD\":\"00\"}", "signed in a way that OCMF does not have"},
	{SIGNED "{\"SA\":\"\",\"SD\":\"00\"}", "signed in a way"},
	{SIGNED "{\"SM\":\"text/plain\",\"SD\":\"00\"}", "signed in a way"},
	{SIGNED "{\"SD\":\"\"}", "neither hex nor Base64"},
	{SIGNED "{\"SD\":\"0\"}", "neither hex nor Base64"},
	{SIGNED "{\"SD\":\"AAAA\",\"SE\":\"Base64\"}", "neither hex nor Base64"},
	{SIGNED "{\"SD\":\"A\",\"SE\":\"base64\"}", "neither hex nor Base64"},
	{SIGNED "{\"SD\":\"====\",\"SE\":\"base64\"}", "neither hex nor Base64"},
	{SIGNED "{\"SD\":\"AA=A\",\"SE\":\"base64\"}", "neither hex nor Base64"},
};

START_TEST(what_is_none_is_refused)
{
	struct mm_ocmf *ocmf = NULL;
	struct mm_error error = {0};

	ck_assert_int_eq(mm_ocmf_new(refused[_i].text, strlen(refused[_i].text), &ocmf, &error), -EBADMSG);
	ck_assert_ptr_null(ocmf);
	ck_assert_msg(strstr(error.text, refused[_i].why) != NULL, "%s", error.text);
}
END_TEST

START_TEST(too_long_is_refused)
{
	char *text = calloc(1, MM_OCMF_TEXT_MAX + 2);
	struct mm_ocmf *ocmf = NULL;
	struct mm_error error = {0};

	memset(text, 'x', MM_OCMF_TEXT_MAX + 1);
	ck_assert_int_eq(mm_ocmf_new(text, MM_OCMF_TEXT_MAX + 1, &ocmf, &error), -EBADMSG);
	ck_assert_msg(strstr(error.text, "too long") != NULL, "%s", error.text);
	ck_assert_int_eq(mm_ocmf_new("OCMF|{}|{\"SD\":\"00\"}", 19, &ocmf, NULL), 0);
	ck_assert_str_eq(mm_ocmf_algorithm(ocmf), "ECDSA-secp256r1-SHA256");
	ck_assert_int_eq(mm_ocmf_verify(ocmf, text, MM_OCMF_TEXT_MAX + 1, NULL), -EINVAL);
	ck_assert_int_eq(mm_ocmf_verify(ocmf, "", 0, NULL), -EINVAL);
	ck_assert_int_eq(mm_ocmf_verify(ocmf, "-----BEGIN PUBLIC KEY-----\n", 27, &error), -EINVAL);
	ck_assert_msg(strstr(error.text, "no public key for OCMF") != NULL, "%s", error.text);
	mm_ocmf_free(ocmf);
	mm_ocmf_free(NULL);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ocmf");
	TCase *tcase = tcase_create("ocmf");

	tcase_add_test(tcase, real_records);
	tcase_add_loop_test(tcase, every_curve, 0, MM_COUNT_OF(curves));
	tcase_add_test(tcase, another_curve);
	tcase_add_loop_test(tcase, what_is_none_is_refused, 0, MM_COUNT_OF(refused));
	tcase_add_test(tcase, too_long_is_refused);
	suite_add_tcase(suite, tcase);
	return mm_run_suite(suite);
}
