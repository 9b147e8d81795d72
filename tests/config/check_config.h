/* SPDX-License-Identifier: MIT */
#ifndef MM_TESTS_CONFIG_CHECK_CONFIG_H
#define MM_TESTS_CONFIG_CHECK_CONFIG_H

/* What the parts of check_config share: a configuration that is loaded from a file. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/inputs.h"
#include "config/private.h"
#include "fixture/suite.h"

#define METER "[meter flat 1]\nmodel = mmd 120 2001 t scc\nserial = 1001\nelement1 = A\nelement2 = B\n"

#define GENERIC "model=generic\nelements=2\nservice=2-phase-3-wire\nrated_voltage_v=230\nct=200:0.333V\nkh_wh=10\n"

#define TWO_CHIPS                                                                                                                \
	"[front-end house]\ndevice=spi0.0\n[front-end flat]\ndriver=mcp3912\nuri=ip:10.0.0.2\nburden_ohm=3.3\n"                  \
	"burden_ohm_b=2.2\nvoltage_divider_c=901\nsample_rate=4000\n"
#define ON_TWO_CHIPS                                                                                                             \
	"[meter one]\nmodel=MMD-120-2001\nserial=1\nelement1=house:A\nelement2=house:B\n"                                        \
	"[meter two]\nmodel=MMD-120-2001\nserial=2\nelement1=flat:A\nelement2=flat:B\n"

struct fixture {
	char path[32];
	struct mm_config_errors errors;
	struct mm_config *config;
};

struct fixture *setup(void);
void teardown(struct fixture *f);

/* Loads a file that has this text. */
int load(struct fixture *f, const char *text);

/* Is there an error with this text in it? */
bool is_said(const struct fixture *f, const char *text);

/* Adds a setting to a list of 8192 bytes, but for those of [daemon]. */
void take_setting(void *userdata, const char *name, const char *value);

TCase *refused_tcase(void);
TCase *front_ends_tcase(void);
TCase *tariff_tcase(void);

#endif
