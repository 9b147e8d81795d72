/* SPDX-License-Identifier: MIT */
/* Which program measures: a meter's nameplate says which program it runs, and any build can claim a version number. */
#include "metering/program.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "base/hex.h"

static int digest_file(int fd, EVP_MD_CTX *context, unsigned char digest[static EVP_MAX_MD_SIZE], unsigned *ret_size)
{
	unsigned char block[16384];
	ssize_t got;

	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
		return -ENOMEM;
	}
	while ((got = read(fd, block, sizeof(block))) > 0) {
		if (EVP_DigestUpdate(context, block, (size_t)got) != 1) {
			return -EIO;
		}
	}
	if (got < 0) {
		return -errno;
	}
	return EVP_DigestFinal_ex(context, digest, ret_size) == 1 ? 0 : -EIO;
}

int mm_program_checksum(char ret[static MM_PROGRAM_CHECKSUM_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context;
	unsigned size = 0;
	int fd, r;

	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	context = EVP_MD_CTX_new();
	r = context ? digest_file(fd, context, digest, &size) : -ENOMEM;
	EVP_MD_CTX_free(context);
	close(fd);
	if (r == 0) {
		mm_hex(digest, size, ret);
	}
	return r;
}
