/* SPDX-License-Identifier: MIT */
#include "client/ocmf.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/count_of.h"
#include "base/hex.h"

#define HEADER "OCMF|"
/* DER of a signature on a curve of 384 bits takes 104 bytes. */
#define SIGNATURE_MAX 256
/* A key on that curve takes 120 bytes. */
#define KEY_MAX 1024

/* Table 22 of the specification, its default first, and how OpenSSL calls the curve. Makers write both names of Brainpool's. */
static const struct algorithm {
	const char *name, *group;
} algorithms[] = {
	{"ECDSA-secp256r1-SHA256", "prime256v1"},
	{"ECDSA-secp192k1-SHA256", "secp192k1"},
	{"ECDSA-secp256k1-SHA256", "secp256k1"},
	{"ECDSA-secp192r1-SHA256", "prime192v1"},
	{"ECDSA-secp384r1-SHA256", "secp384r1"},
	{"ECDSA-brainpool256r1-SHA256", "brainpoolP256r1"},
	{"ECDSA-brainpoolP256r1-SHA256", "brainpoolP256r1"},
	{"ECDSA-brainpool384r1-SHA256", "brainpoolP384r1"},
	{"ECDSA-brainpoolP384r1-SHA256", "brainpoolP384r1"},
};

struct mm_ocmf {
	char *signed_text; /* the bytes of the payload */
	size_t signed_size;
	json_t *payload;
	const struct algorithm *algorithm;
	unsigned char signature[SIGNATURE_MAX]; /* DER */
	size_t signature_size;
};

/* ---- Bytes as text ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies text without blanks, and a NUL behind it. Its length, or 0 where it does not fit into max bytes. */
static size_t squeeze(const char *text, size_t size, char *ret, size_t max)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (!is_blank(text[i])) {
			if (used + 1 == max || text[i] == '\0') {
				return 0;
			}
			ret[used++] = text[i];
		}
	}
	ret[used] = '\0';
	return used;
}

/* The bytes that length hexadecimal digits are, or 0. */
static size_t decode_hex(const char *text, size_t length, unsigned char *ret, size_t max)
{
	return length % 2 == 0 && length / 2 <= max && mm_hex_parse(text, ret, length / 2) == 0 ? length / 2 : 0;
}

/* The same of Base64 (RFC 4648, 4), whose padding may be missing: it is put behind the text, which has room for it. */
static size_t decode_base64(char *text, size_t length, unsigned char *ret, size_t max)
{
	size_t padding = 0;
	int size;

	while (length > 0 && padding < 2 && text[length - 1] == '=') {
		length--;
		padding++;
	}
	padding = (4 - length % 4) % 4;
	if (length == 0 || padding == 3 || memchr(text, '=', length) != NULL || (length + padding) / 4 * 3 > max) {
		return 0;
	}
	memcpy(text + length, "==", padding);
	size = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)(length + padding));
	return size <= (int)padding ? 0 : (size_t)size - padding;
}

/* ---- A record ---- */

/* What is wrong with the signature's part, or NULL. */
static const char *read_signature(struct mm_ocmf *ocmf, const json_t *object)
{
	const char *algorithm = algorithms[0].name, *encoding = "hex", *type = "application/x-der", *data = NULL;
	char text[2 * SIGNATURE_MAX + 3];
	size_t length;

	if (json_unpack((json_t *)object, "{s?:s, s?:s, s?:s, s:s}", "SA", &algorithm, "SE", &encoding, "SM", &type, "SD",
			&data) != 0) {
		return "there is no signature \"SD\" in it";
	}
	for (size_t i = 0; i < COUNT_OF(algorithms); i++) {
		if (strcmp(algorithms[i].name, algorithm) == 0) {
			ocmf->algorithm = &algorithms[i];
		}
	}
	if (ocmf->algorithm == NULL || strcmp(type, "application/x-der") != 0) {
		return "it is signed in a way that OCMF does not have";
	}
	length = squeeze(data, strlen(data), text, sizeof(text) - 2);
	if (strcmp(encoding, "hex") == 0) {
		ocmf->signature_size = decode_hex(text, length, ocmf->signature, sizeof(ocmf->signature));
	} else if (strcmp(encoding, "base64") == 0) {
		ocmf->signature_size = decode_base64(text, length, ocmf->signature, sizeof(ocmf->signature));
	}
	return ocmf->signature_size > 0 ? NULL : "its signature is neither hex nor Base64, as it says";
}

/* Parts the text between the bars; what is wrong with it, or NULL. */
static const char *read_parts(struct mm_ocmf *ocmf, const char *text, size_t size)
{
	const size_t header = strlen(HEADER);
	const char *payload = text + header, *bar, *end = text + size, *wrong;
	json_t *signature;

	if (size < header || memcmp(text, HEADER, header) != 0) {
		return "it does not begin with \"OCMF|\"";
	}
	bar = memchr(payload, '|', (size_t)(end - payload));
	if (bar == NULL || memchr(bar + 1, '|', (size_t)(end - bar - 1)) != NULL) {
		return "it is not three parts with '|' between them";
	}
	ocmf->signed_size = (size_t)(bar - payload);
	ocmf->signed_text = malloc(ocmf->signed_size + 1);
	if (ocmf->signed_text != NULL) {
		memcpy(ocmf->signed_text, payload, ocmf->signed_size);
	}
	ocmf->payload = json_loadb(payload, ocmf->signed_size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(ocmf->payload)) {
		return "what it says is no JSON object";
	}
	signature = json_loadb(bar + 1, (size_t)(end - bar - 1), JSON_REJECT_DUPLICATES, NULL);
	wrong = json_is_object(signature) ? read_signature(ocmf, signature) : "its last part is no JSON object";
	json_decref(signature);
	return wrong;
}

int mm_ocmf_new(const char *text, size_t size, struct mm_ocmf **ret, struct mm_error *error)
{
	struct mm_ocmf *ocmf = calloc(1, sizeof(*ocmf));
	const char *wrong;

	if (ocmf == NULL) {
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	while (size > 0 && is_blank(text[size - 1])) {
		size--;
	}
	while (size > 0 && is_blank(text[0])) {
		text++;
		size--;
	}
	wrong = size <= MM_OCMF_TEXT_MAX ? read_parts(ocmf, text, size) : "it is too long";
	if (wrong == NULL && ocmf->signed_text == NULL) {
		mm_ocmf_free(ocmf);
		return mm_error_set(error, -ENOMEM, "out of memory");
	}
	if (wrong != NULL) {
		mm_ocmf_free(ocmf);
		return mm_error_set(error, -EBADMSG, "this is no record of OCMF: %s", wrong);
	}
	*ret = ocmf;
	return 0;
}

void mm_ocmf_free(struct mm_ocmf *ocmf)
{
	if (ocmf != NULL) {
		json_decref(ocmf->payload);
		free(ocmf->signed_text);
		free(ocmf);
	}
}

const json_t *mm_ocmf_payload(const struct mm_ocmf *ocmf)
{
	return ocmf->payload;
}

const char *mm_ocmf_algorithm(const struct mm_ocmf *ocmf)
{
	return ocmf->algorithm->name;
}

/* ---- Verifying it ---- */

/* Nobody is there to be asked for a password. */
static int no_password(char *buffer, int size, int writing, void *userdata)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)userdata;
	return -1;
}

static EVP_PKEY *read_pem(const char *text, size_t size)
{
	BIO *bio = BIO_new_mem_buf(text, (int)size);
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	return key;
}

/* DER to its last byte, or NULL. */
static EVP_PKEY *read_der(const unsigned char *der, size_t size)
{
	const unsigned char *end = der;
	EVP_PKEY *key = size > 0 ? d2i_PUBKEY(NULL, &end, (long)size) : NULL;

	if (key != NULL && end != der + size) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static EVP_PKEY *read_key(const char *text, size_t size)
{
	unsigned char der[KEY_MAX];
	char squeezed[2 * KEY_MAX + 3];
	EVP_PKEY *key = size <= MM_OCMF_TEXT_MAX ? read_pem(text, size) : NULL;
	size_t length;

	if (key == NULL && size <= KEY_MAX) {
		key = read_der((const unsigned char *)text, size);
	}
	length = key == NULL ? squeeze(text, size, squeezed, sizeof(squeezed) - 2) : 0;
	if (length > 0) {
		key = read_der(der, decode_hex(squeezed, length, der, KEY_MAX));
	}
	if (length > 0 && key == NULL) {
		key = read_der(der, decode_base64(squeezed, length, der, KEY_MAX));
	}
	return key;
}

/* 1: the signature is of this key. */
static int check_signature(const struct mm_ocmf *ocmf, EVP_PKEY *key)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	int ok = md != NULL ? EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key) : -1;

	if (ok == 1) {
		ok = EVP_DigestVerify(md, ocmf->signature, ocmf->signature_size, (const unsigned char *)ocmf->signed_text,
				      ocmf->signed_size);
	}
	EVP_MD_CTX_free(md);
	return ok;
}

int mm_ocmf_verify(const struct mm_ocmf *ocmf, const char *key_text, size_t size, struct mm_error *error)
{
	EVP_PKEY *key = read_key(key_text, size);
	char group[64] = "";
	int r = 0;

	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1) {
		r = mm_error_set(error, -EINVAL,
				 "this is no public key for OCMF: it has to be PEM, or DER as it is, in hex or Base64");
	} else if (strcmp(group, ocmf->algorithm->group) != 0) {
		r = mm_error_set(error, -EINVAL,
				 "the key is on the curve %s, and the record is signed with %s: it is another's key", group,
				 ocmf->algorithm->name);
	} else if (check_signature(ocmf, key) != 1) {
		r = mm_error_set(error, -EKEYREJECTED,
				 "it was not signed like this by the owner of the key: it was changed since, or is another's");
	}
	EVP_PKEY_free(key);
	ERR_clear_error(); /* what the attempts have left */
	return r;
}
