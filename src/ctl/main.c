/* SPDX-License-Identifier: MIT */
/* minimeterctl: reads the kWh meters of this machine. */

#include <locale.h>

#include "ctl/private.h"

int main(int argc, char *argv[])
{
	/* Characters only: numbers and times look the same everywhere, so that scripts can read them. */
	setlocale(LC_CTYPE, "");
	return mm_ctl_run(argc, argv, stdout, stderr);
}
