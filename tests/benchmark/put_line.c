/* SPDX-License-Identifier: MIT */
/* put_line DIRECTORY OFFSET 0|1: changes the level of a line on the first of the emulated chips there, as hardware would. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../gpio_shim.h"

int main(int argc, char **argv)
{
	struct gpio_shim_wires *wires;
	char path[256];
	int fd;

	if (argc != 4) {
		fputs("usage: put_line DIRECTORY OFFSET 0|1\n", stderr);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/wires", argv[1]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	wires = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*wires), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (wires == MAP_FAILED) {
		perror(path);
		return 1;
	}
	return gpio_shim_put(argv[1], wires, 0, (unsigned)atoi(argv[2]), atoi(argv[3]) != 0) ? 0 : 1;
}
