// SPDX-License-Identifier: GPL-2.0-only
#include "meter.h"
#include "registers.h"

static unsigned int reg_size(unsigned int reg)
{
	return reg >= REG_RUN && reg < REG_SHORT_END ? 2 : 4;
}

int ade9000_read(struct meter *m, unsigned int reg, u32 *val)
{
	__be16 command = cpu_to_be16(reg << 4 | BIT(3));
	u8 bytes[4];
	int ret;

	ret = spi_write_then_read(m->spi, &command, sizeof(command), bytes,
				  reg_size(reg));
	if (ret)
		return -EIO;
	if (reg_size(reg) == 2)
		*val = bytes[0] << 8 | bytes[1];
	else
		*val = (u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 |
		       bytes[3];
	return 0;
}

int ade9000_write(struct meter *m, unsigned int reg, u32 val)
{
	unsigned int size = reg_size(reg);
	u8 bytes[6] = { reg >> 4, (reg << 4) & 0xf0 };
	unsigned int i;

	for (i = 0; i < size; i++)
		bytes[2 + i] = val >> (8 * (size - 1 - i));
	return spi_write_then_read(m->spi, bytes, 2 + size, NULL, 0) ? -EIO : 0;
}

int ade9000_write_all(struct meter *m, const struct setting *settings,
		      unsigned int count)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < count && !ret; i++)
		ret = ade9000_write(m, settings[i].reg, settings[i].val);
	return ret;
}

/* -ENXIO: nothing is there, or something else. */
int ade9000_identify(struct meter *m)
{
	u32 part;
	int ret = ade9000_read(m, REG_PART_ID, &part);

	if (ret)
		return ret;
	return part != U32_MAX && part & PART_ID_ADE9000 ? 0 : -ENXIO;
}
