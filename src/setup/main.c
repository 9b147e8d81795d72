/* SPDX-License-Identifier: MIT */
/* minimeter-setup on this machine. */
#include <errno.h>
#include <pwd.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"
#include "setup/setup.h"

extern char **environ;

static int run(void *userdata, const char *const argv[])
{
	int status, r;
	pid_t pid;

	(void)userdata;
	r = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);
	if (r > 0) {
		return -r;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* Who became root to run this; NULL: nobody. */
static const char *find_caller(void)
{
	const char *name = getenv("SUDO_USER"), *uid = getenv("PKEXEC_UID");
	const struct passwd *passwd;

	if (!name && uid) {
		passwd = getpwuid((uid_t)strtoul(uid, NULL, 10));
		name = passwd ? passwd->pw_name : NULL;
	}
	if (!name) {
		name = getlogin();
	}
	return name && strcmp(name, "root") != 0 ? name : NULL;
}

int main(int argc, char **argv)
{
	const struct mm_setup_machine machine = {
		.in = stdin,
		.out = stdout,
		.err = stderr,
		.root = "",
		.config_path = SYSCONFDIR "/minimeter/minimeter.conf",
		.drop_in_path = "/etc/systemd/system/minimeterd.service.d/minimeter-setup.conf",
		.socket_path = MM_CLIENT_SOCKET,
		.run = run,
		.caller = find_caller(),
		.retry_ms = 500,
	};

	return mm_setup_run(&machine, argc, argv);
}
