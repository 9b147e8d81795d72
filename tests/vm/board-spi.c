/* SPDX-License-Identifier: MIT */
/* For tests only: an SPI controller without hardware; see board-spi.h. */
#include "board-spi.h"

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>

static struct {
	const struct board_spi_chip *chip;
	struct platform_device *parent;
	struct spi_controller *controller;
	struct dentry *debugfs;
	u32 errors, stalled, transfers;
} bus;

/* Flattens the message: drivers send and receive one after the other, never both at once. */
static void transfer(struct spi_message *message)
{
	u8 sent[8] = {0};
	unsigned int sent_len = 0, received_len = 0;
	u8 *received = NULL;
	struct spi_transfer *xfer;

	list_for_each_entry(xfer, &message->transfers, transfer_list) {
		if (xfer->tx_buf && sent_len + xfer->len <= sizeof(sent)) {
			memcpy(sent + sent_len, xfer->tx_buf, xfer->len);
			sent_len += xfer->len;
		}
		if (xfer->rx_buf && !xfer->tx_buf) {
			received = xfer->rx_buf;
			received_len = xfer->len;
		}
		message->actual_length += xfer->len;
	}
	bus.chip->transfer(sent, sent_len, received, received_len);
}

static int transfer_one_message(struct spi_controller *controller, struct spi_message *message)
{
	while (READ_ONCE(bus.stalled)) {
		msleep(10);
	}
	bus.transfers++;
	message->status = 0;
	if (READ_ONCE(bus.errors)) {
		bus.errors--;
		message->status = -EIO;
	} else {
		transfer(message);
	}
	spi_finalize_current_message(controller);
	return 0;
}

static int add_controller(void)
{
	int r;

	/* By the name that it has in kernels old and new. */
	bus.controller = __spi_alloc_controller(&bus.parent->dev, 0, false);
	if (!bus.controller) {
		return -ENOMEM;
	}
	bus.controller->bus_num = -1;
	bus.controller->num_chipselect = 1;
	bus.controller->transfer_one_message = transfer_one_message;
	r = spi_register_controller(bus.controller);
	if (r) {
		spi_controller_put(bus.controller);
	}
	return r;
}

int board_spi_add(const struct board_spi_chip *chip, struct dentry **ret_dir)
{
	struct spi_board_info board = {.max_speed_hz = 10000000, .irq = chip->irq, .swnode = chip->node};
	int r;

	if (bus.chip) {
		return -EBUSY;
	}
	bus.chip = chip;
	strscpy(board.modalias, chip->modalias, sizeof(board.modalias));
	bus.parent = platform_device_register_simple(chip->name, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(bus.parent)) {
		r = PTR_ERR(bus.parent);
		goto fail;
	}
	r = add_controller();
	if (r) {
		goto fail_parent;
	}
	bus.debugfs = debugfs_create_dir(chip->name, NULL);
	debugfs_create_u32("errors", 0600, bus.debugfs, &bus.errors);
	debugfs_create_u32("stalled", 0600, bus.debugfs, &bus.stalled);
	debugfs_create_u32("transfers", 0400, bus.debugfs, &bus.transfers);
	*ret_dir = bus.debugfs;
	if (!spi_new_device(bus.controller, &board)) {
		r = -ENODEV;
		goto fail_controller;
	}
	return 0;
fail_controller:
	debugfs_remove(bus.debugfs);
	spi_unregister_controller(bus.controller);
fail_parent:
	platform_device_unregister(bus.parent);
fail:
	bus.chip = NULL;
	return r;
}
EXPORT_SYMBOL_GPL(board_spi_add);

void board_spi_remove(void)
{
	spi_unregister_controller(bus.controller);
	debugfs_remove(bus.debugfs);
	platform_device_unregister(bus.parent);
	bus.chip = NULL;
	bus.errors = 0;
	bus.stalled = 0;
}
EXPORT_SYMBOL_GPL(board_spi_remove);

MODULE_DESCRIPTION("The SPI bus of the virtual board, for tests");
MODULE_LICENSE("Dual MIT/GPL");
