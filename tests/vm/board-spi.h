/* SPDX-License-Identifier: MIT */
/* For tests only: the SPI bus of the virtual board, with one chip on it that exists in memory. */
#pragma once

#include <linux/debugfs.h>
#include <linux/property.h>
#include <linux/types.h>

struct board_spi_chip {
	const char *name;		  /* of its directory in debugfs */
	const char *modalias;		  /* by which its driver is found */
	int irq;			  /* its interrupt line, 0 where it has none */
	const struct software_node *node; /* its properties, NULL where it has none */
	/* Answers one message: what was sent first, and what is received after it. In process context, one at a time. */
	void (*transfer)(const u8 *sent, unsigned int sent_len, u8 *received, unsigned int received_len);
};

/*
 * Puts the chip on the bus. ret_dir is its directory in debugfs, for files of its own beside these:
 *   errors      so many transfers fail with -EIO
 *   stalled     transfers wait while this is not 0
 *   transfers   how many there have been
 * Returns -errno.
 */
int board_spi_add(const struct board_spi_chip *chip, struct dentry **ret_dir);
void board_spi_remove(void);
