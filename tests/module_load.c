// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "module_load.h"
#include "text.h"

int module_load(const char *parameters)
{
	struct utsname name;
	char path[512];
	int fd, ret;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra/ctxlab.ko",
		 name.release);
	fd = open(getenv("CTXLAB_KO") ?: path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, parameters, 0);
	close(fd);
	return ret;
}

int module_unload(void)
{
	int tries;

	umount2(CTXLAB, MNT_DETACH);
	for (tries = 0; tries < 2000; tries++) {
		if (!syscall(SYS_delete_module, "ctxlab", O_NONBLOCK))
			return 0;
		if (errno != EWOULDBLOCK && errno != EBUSY)
			return -1;
		usleep(5000);
	}
	return -1;
}

bool module_is_loaded(void)
{
	return access("/sys/module/ctxlab", F_OK) == 0;
}

void module_put_back(void)
{
	if (!module_is_loaded())
		module_load("");
	else if (access(CTXLAB "/abi", F_OK))
		mount("none", CTXLAB, "ctxlab", 0, NULL);
}
