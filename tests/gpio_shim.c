/* SPDX-License-Identifier: MIT */

/*
 * GPIO chips for a machine without any, under the real libgpiod: the calls by which libgpiod 1 and 2 reach the kernel are
 * answered here, linked into a test program or preloaded (gpio_shim.so). MM_GPIO_SHIM names a directory:
 *
 *   gpiochipN      a chip: its label on the first line, then one line for each GPIO: "NAME" or "NAME<tab>CONSUMER" (taken);
 *                  a symbolic link stands for a link in /dev
 *   fail-open, fail-request, fail-set
 *                  an errno number: that call fails (re-read at each call)
 *   kill-set       "N before" or "N after": the process is killed when it drives a line for the N-th time, before or after the
 *                  level has changed
 *   revert         "1": a line that is released goes dark; else it stays as it is
 *   wires          written here: the levels, see gpio_shim.h
 *   log            written here: "CHIP OFFSET request FLAGS LEVEL", "CHIP OFFSET set LEVEL", "CHIP OFFSET release"
 *
 * FLAGS are "output" and those of active-low, open-drain, open-source, with commas; LEVEL is the logical one.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "gpio_shim_lines.h"

#define DEVICE_PREFIX "/dev/gpiochip"
#define SYSFS_PREFIX "/sys/bus/gpio/devices/gpiochip"
#define GPIO_MAJOR 254

/* The library's own function behind one of ours. Where 32 bits were once enough, the C library has each twice, and headers give
 * ours the name of the wide one as well. */
#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, symbol_##function))
#if __TIMESIZE == 32
static const char symbol_open[] = "open64", symbol_stat[] = "__stat64_time64", symbol_lstat[] = "__lstat64_time64",
		  symbol_glob[] = "__glob64_time64", symbol_ioctl[] = "__ioctl_time64";
#else
static const char symbol_open[] = "open", symbol_stat[] = "stat", symbol_lstat[] = "lstat", symbol_glob[] = "glob",
		  symbol_ioctl[] = "ioctl";
#endif
static const char symbol_close[] = "close", symbol_access[] = "access", symbol_realpath[] = "realpath";

/* The file that stands for a path below /dev; false where the path is none of ours. */
static bool shim_path(const char *path, char ret[static PATH_MAX])
{
	if (gpio_shim_directory() == NULL || strncmp(path, DEVICE_PREFIX, strlen(DEVICE_PREFIX)) != 0) {
		return false;
	}
	snprintf(ret, PATH_MAX, "%s/%s", gpio_shim_directory(), path + strlen("/dev/"));
	return true;
}

static bool is_sysfs(const char *path)
{
	return gpio_shim_directory() != NULL && strncmp(path, SYSFS_PREFIX, strlen(SYSFS_PREFIX)) == 0;
}

static int open_shim(const char *path)
{
	char target[PATH_MAX];
	char resolved[PATH_MAX];
	unsigned number;

	if (is_sysfs(path)) { /* .../dev: the device's number */
		char text[32];
		snprintf(text, sizeof(text), "%u:%u\n", GPIO_MAJOR, (unsigned)atoi(path + strlen(SYSFS_PREFIX)));
		return gpio_shim_text(text);
	}
	shim_path(path, target);
	if (REAL(realpath)(target, resolved) == NULL || gpio_shim_failure("fail-open") < 0) {
		return -1;
	}
	if (sscanf(strrchr(resolved, '/'), "/gpiochip%u", &number) != 1) {
		abort();
	}
	return gpio_shim_open(number);
}

int open(const char *path, int flags, ...)
{
	char target[PATH_MAX];
	va_list arguments;

	if (is_sysfs(path) || shim_path(path, target)) {
		return open_shim(path);
	}
	va_start(arguments, flags);
	mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return REAL(open)(path, flags, mode);
}

int close(int fd)
{
	gpio_shim_release(fd);
	return REAL(close)(fd);
}

static int shim_stat(__typeof__(&stat) real, const char *path, struct stat *ret)
{
	char target[PATH_MAX];
	bool ours = shim_path(path, target);
	int result = real(ours ? target : path, ret);

	if (ours && result == 0 && S_ISREG(ret->st_mode)) {
		ret->st_mode = S_IFCHR | 0660;
		ret->st_rdev = makedev(GPIO_MAJOR, (unsigned)atoi(path + strlen(DEVICE_PREFIX)));
	}
	return result;
}

int stat(const char *restrict path, struct stat *restrict ret)
{
	return shim_stat(REAL(stat), path, ret);
}

int lstat(const char *restrict path, struct stat *restrict ret)
{
	return shim_stat(REAL(lstat), path, ret);
}

int access(const char *path, int mode)
{
	return is_sysfs(path) ? 0 : REAL(access)(path, mode);
}

char *realpath(const char *restrict path, char *restrict ret)
{
	char target[PATH_MAX];
	unsigned major;

	if (gpio_shim_directory() != NULL && sscanf(path, "/sys/dev/char/%u:", &major) == 1 && major == GPIO_MAJOR) {
		return ret == NULL ? strdup("/sys/bus/gpio") : strcpy(ret, "/sys/bus/gpio");
	}
	if (!shim_path(path, target)) {
		return REAL(realpath)(path, ret);
	}
	char *resolved = REAL(realpath)(target, ret);
	if (resolved != NULL) { /* back below /dev, which is shorter */
		const char *name = strrchr(resolved, '/') + 1;
		memmove(resolved + strlen("/dev/"), name, strlen(name) + 1);
		memcpy(resolved, "/dev/", strlen("/dev/"));
	}
	return resolved;
}

int glob(const char *restrict pattern, int flags, int (*on_error)(const char *, int), glob_t *restrict ret)
{
	char target[PATH_MAX];
	bool ours = shim_path(pattern, target);
	int result = REAL(glob)(ours ? target : pattern, flags, on_error, ret);

	for (size_t i = 0; ours && result == 0 && i < ret->gl_pathc; i++) {
		char *name = strrchr(ret->gl_pathv[i], '/') + 1;
		memmove(ret->gl_pathv[i] + strlen("/dev/"), name, strlen(name) + 1);
		memcpy(ret->gl_pathv[i], "/dev/", strlen("/dev/"));
	}
	return result;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, request);
	void *argument = va_arg(arguments, void *);
	va_end(arguments);
	/* Like the kernel: libgpiod 2 passes some requests with the sign extended. */
	if (gpio_shim_ioctl(fd, (unsigned)request, argument, &result)) {
		return result;
	}
	return REAL(ioctl)(fd, request, argument);
}
