/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MINIMETER_ADE9000_REGISTERS_H
#define MINIMETER_ADE9000_REGISTERS_H

/* Addresses and bits by the data sheet and UG-1098. */

#include <linux/bits.h>

/* Registers of phase A; those of B and C follow at a distance of STEP. */
#define REG_STEP    0x20
#define REG_AIGAIN  0x000
#define REG_APHCAL0 0x006
#define REG_AVGAIN  0x00b
#define REG_AIRMSOS 0x00c
#define REG_AVRMSOS 0x00d
#define REG_APGAIN  0x00e
#define REG_AWATTOS 0x00f
#define REG_AFVAROS 0x012
#define REG_AV_PCF  0x20b
#define REG_AIRMS   0x20c
#define REG_AVRMS   0x20d
#define REG_AWATT   0x210
#define REG_AVA	    0x212
#define REG_AFVAR   0x214
#define REG_APERIOD 0x418 /* of B and C: the next ones */
/* The lower 13 bits of an energy; the upper 32 are in the next register. */
#define REG_ENERGY_STEP 0x3c
#define REG_AWATTHR_LO	0x2e6
#define REG_AVAHR_LO	0x2fa
#define REG_AFVARHR_LO	0x30e

/*
 * Multipoint compensation, which we leave off, is all that these are for. We
 * keep the epoch in one. The other is not zero while the DSP is stopped, and
 * from then on where that has cleared energy registers: then they alone do not
 * tell the count.
 */
#define REG_EPOCH   0x065 /* MTTHR_L4 */
#define REG_CLEARED 0x069 /* MTTHR_H4 */

#define REG_STATUS0	0x402
#define STATUS0_EGYRDY	BIT(0)
#define REG_STATUS1	0x403
#define STATUS1_RSTDONE BIT(16)
#define REG_MASK0	0x405
#define REG_MASK1	0x406
#define REG_VLEVEL	0x40f
#define REG_PART_ID	0x472
#define PART_ID_ADE9000 BIT(20)

/* From here to below REG_SHORT_END registers have 16 bits, all others 32. */
#define REG_RUN		  0x480
#define REG_CONFIG1	  0x481
#define CONFIG1_SWRST	  BIT(0)
#define CONFIG1_EXT_REF	  BIT(15)
#define REG_ACCMODE	  0x492
#define ACCMODE_60HZ	  BIT(8) /* SELFREQ */
#define REG_EP_CFG	  0x4b0
#define EP_CFG_EGY_PWR_EN BIT(0)
#define EP_CFG_NOLOAD_OFF GENMASK(15, 13)
#define REG_EGY_TIME	  0x4b2
#define REG_SHORT_END	  0x4fe

/* EGY_LD_ACCUM and RD_RST_EN are 0: energies are added up and never reset. */
#define EP_CFG_COUNTING (EP_CFG_EGY_PWR_EN | EP_CFG_NOLOAD_OFF)

#endif
