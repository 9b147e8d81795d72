/* SPDX-License-Identifier: MIT */
#include "store/audit/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/private.h"

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
	char pem[FILE_MAX];
	struct stat st;
	ssize_t size;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		return errno == ELOOP ? -EBADMSG : -errno;
	}
	size = read(fd, pem, sizeof(pem));
	r = size < 0 ? -errno : 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || size == (ssize_t)sizeof(pem)) {
		r = -EBADMSG;
	}
	close(fd);
	if (r == 0) {
		r = parse_private(pem, (size_t)size, ret);
	}
	OPENSSL_cleanse(pem, sizeof(pem));
	return r;
}

/* Writes a key into a new file at path. */
static int write_private(const char *path, const EVP_PKEY *pkey)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file;
	int r = 0;

	if (fd < 0) {
		return -errno;
	}
	file = fdopen(fd, "w");
	if (!file) {
		r = -errno;
		close(fd);
		return r;
	}
	if (PEM_write_PKCS8PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL) != 1 || fflush(file) != 0 || fsync(fd) < 0) {
		r = errno ? -errno : -EIO;
	}
	if (fclose(file) != 0 && r == 0) {
		r = -errno;
	}
	return r;
}

int mm_key_create(const char *path, struct mm_key **ret)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	char temporary[PATH_MAX];
	int r;

	if (!pkey) {
		return -ENOMEM;
	}
	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary)) {
		EVP_PKEY_free(pkey);
		return -ENAMETOOLONG;
	}
	/* What a crash left half written. */
	(void)unlink(temporary);
	r = write_private(temporary, pkey);
	if (r == 0 && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0) {
		r = -errno;
	}
	if (r < 0) {
		(void)unlink(temporary);
	} else {
		r = mm_store_sync_directory(path);
	}
	if (r < 0) {
		EVP_PKEY_free(pkey);
		return r;
	}
	return key_new(pkey, ret);
}

static int fingerprint(const EVP_PKEY *pkey, char ret[static MM_FINGERPRINT_MAX])
{
	unsigned char *der = NULL, hash[MM_HASH_SIZE];
	int size = i2d_PUBKEY(pkey, &der);
	int ok = size > 0 && EVP_Digest(der, (size_t)size, hash, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	if (!ok) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < sizeof(hash); i++) {
		snprintf(ret + 2 * i, 3, "%02x", hash[i]);
	}
	return 0;
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

int mm_key_sign(const struct mm_key *key, const char *text, char ret[static MM_SIGNATURE_MAX])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char der[80];
	size_t size = sizeof(der);
	int r = -ENOMEM;

	if (md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	    EVP_DigestSign(md, der, &size, (const unsigned char *)text, strlen(text)) == 1) {
		EVP_EncodeBlock((unsigned char *)ret, der, (int)size);
		r = 0;
	}
	EVP_MD_CTX_free(md);
	return r;
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
