/* SPDX-License-Identifier: MIT */
#include "store/audit/key.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "store/hash.h"

/* A P-256 key takes some 240 bytes. */
#define FILE_MAX 4096

struct mm_key {
	EVP_PKEY *pkey;
};

/* Takes over pkey. */
static int key_new(EVP_PKEY *pkey, struct mm_key **ret)
{
	struct mm_key *key = malloc(sizeof(*key));

	if (!key) {
		EVP_PKEY_free(pkey);
		return -ENOMEM;
	}
	key->pkey = pkey;
	*ret = key;
	return 0;
}

void mm_key_free(struct mm_key *key)
{
	if (key) {
		EVP_PKEY_free(key->pkey);
		free(key);
	}
}

static bool is_p256(const EVP_PKEY *pkey)
{
	char group[32];

	return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC && EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

/* Nobody is there to be asked for a password. */
static int no_password(char *buffer, int size, int writing, void *userdata)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)userdata;
	return -1;
}

static int parse_private(const char *pem, size_t size, struct mm_key **ret)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)size);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	BIO_free(bio);
	if (!bio) {
		return -ENOMEM;
	}
	if (!pkey || !is_p256(pkey)) {
		EVP_PKEY_free(pkey);
		return -EBADMSG;
	}
	return key_new(pkey, ret);
}

int mm_key_load(const char *path, struct mm_key **ret)
{
	size_t size;
	char *pem;
	int r = mm_file_read(path, FILE_MAX, MM_FILE_NO_LINK, &pem, &size);

	if (r == -ELOOP || r == -EFBIG || r == -EAGAIN || r == -EISDIR || r == -ENOTSUP) {
		return -EBADMSG;
	}
	if (r < 0) {
		return r;
	}
	r = parse_private(pem, size, ret);
	OPENSSL_cleanse(pem, size);
	free(pem);
	return r;
}

static int write_private(int fd, const EVP_PKEY *pkey)
{
	BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
	int r = 0;

	if (!bio) {
		return -ENOMEM;
	}
	errno = 0;
	if (PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1 || BIO_flush(bio) != 1) {
		r = errno ? -errno : -EIO;
	}
	BIO_free(bio);
	return r;
}

/* Makes the file of a key: whole and synced or not at all. */
static int create_file(const char *path, const EVP_PKEY *pkey)
{
	struct mm_draft *draft;
	int r = mm_draft_new(path, 0600, &draft);

	if (r < 0) {
		return r;
	}
	r = write_private(mm_draft_fd(draft), pkey);
	if (r == 0) {
		r = mm_draft_publish(draft, MM_FILE_NEW);
	}
	mm_draft_free(draft);
	return r;
}

int mm_key_create(const char *path, struct mm_key **ret)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	int r = pkey ? create_file(path, pkey) : -ENOMEM;

	if (r < 0) {
		EVP_PKEY_free(pkey);
		return r;
	}
	return key_new(pkey, ret);
}

static int hash(const void *bytes, size_t size, char ret[static MM_FINGERPRINT_MAX])
{
	unsigned char digest[MM_HASH_SIZE];

	if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1) {
		return -ENOMEM;
	}
	mm_hex(digest, sizeof(digest), ret);
	return 0;
}

int mm_audit_hash(const char *text, char ret[static MM_FINGERPRINT_MAX])
{
	return hash(text, strlen(text), ret);
}

static int fingerprint(const EVP_PKEY *pkey, char ret[static MM_FINGERPRINT_MAX])
{
	unsigned char *der = NULL;
	int size = i2d_PUBKEY(pkey, &der);
	int r = size > 0 ? hash(der, (size_t)size, ret) : -ENOMEM;

	OPENSSL_free(der);
	return r;
}

int mm_key_fingerprint(const struct mm_key *key, char ret[static MM_FINGERPRINT_MAX])
{
	return fingerprint(key->pkey, ret);
}

int mm_key_public(const struct mm_key *key, char ret[static MM_PUBLIC_KEY_MAX])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int size = -1;

	if (bio && PEM_write_bio_PUBKEY(bio, key->pkey) == 1) {
		size = BIO_read(bio, ret, MM_PUBLIC_KEY_MAX - 1);
	}
	BIO_free(bio);
	if (size <= 0) {
		return -ENOMEM;
	}
	ret[size] = '\0';
	return 0;
}

int mm_key_sign(const struct mm_key *key, const char *text, struct mm_signature *ret)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct mm_signature signature = {.size = sizeof(signature.der)};
	int r = -ENOMEM;

	if (md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	    EVP_DigestSign(md, signature.der, &signature.size, (const unsigned char *)text, strlen(text)) == 1) {
		*ret = signature;
		r = 0;
	}
	EVP_MD_CTX_free(md);
	return r;
}

const char *mm_signature_text(const struct mm_signature *signature, char ret[static MM_SIGNATURE_MAX])
{
	EVP_EncodeBlock((unsigned char *)ret, signature->der, (int)signature->size);
	return ret;
}

/* The bytes of a Base64 text, at most MM_SIGNATURE_MAX of it; their number or -EBADMSG. */
static int decode(const char *text, unsigned char ret[static MM_SIGNATURE_MAX])
{
	size_t length = strlen(text), padding = 0;
	int size;

	if (length == 0 || length >= MM_SIGNATURE_MAX || length % 4 != 0) {
		return -EBADMSG;
	}
	while (padding < 2 && text[length - 1 - padding] == '=') {
		padding++;
	}
	size = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)length);
	return size < (int)padding ? -EBADMSG : size - (int)padding;
}

int mm_key_check(const char *public_key, const char *text, const char *signature, char ret_fingerprint[static MM_FINGERPRINT_MAX])
{
	unsigned char der[MM_SIGNATURE_MAX];
	int size = decode(signature, der), r = -EBADMSG;
	BIO *bio = BIO_new_mem_buf(public_key, -1);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL) : NULL;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (!bio || !md) {
		r = -ENOMEM;
	} else if (size > 0 && pkey && is_p256(pkey) && EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		   EVP_DigestVerify(md, der, (size_t)size, (const unsigned char *)text, strlen(text)) == 1) {
		r = fingerprint(pkey, ret_fingerprint);
	}
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	return r;
}
