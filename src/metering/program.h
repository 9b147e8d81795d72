/* SPDX-License-Identifier: MIT */
#ifndef MM_METERING_PROGRAM_H
#define MM_METERING_PROGRAM_H

/* A SHA-256 in hexadecimal digits, and its end. */
#define MM_PROGRAM_CHECKSUM_MAX 65

/*
 * The checksum of the program that runs: SHA-256 over its file as it was started, also where an upgrade has replaced it since
 * (sha256sum of the installed file prints the same). 0, or -errno of reading it.
 */
int mm_program_checksum(char ret[static MM_PROGRAM_CHECKSUM_MAX]);

#endif
