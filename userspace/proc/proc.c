// SPDX-License-Identifier: GPL-2.0-only
/* Reading /proc/ctxlab, and saying why it cannot be read. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ctxlab.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lib/error.h"
#include "lib/xalloc.h"
#include "measure/module.h"
#include "proc.h"

/* What later versions add is used where it is there. */
#define LEAST_ABI 1

#define FIRST_READ	(16 << 10)
#define MAX_READ	(256 * 1024 * 1024)	/* no file of /proc/ctxlab comes near */

static int read_all(int fd, char **buf, size_t *len)
{
	size_t room = FIRST_READ;
	ssize_t n;

	*buf = xrealloc(NULL, room + 1, 1);
	*len = 0;
	for (;;) {
		n = read(fd, *buf + *len, room - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*len += n;
		if (*len < room)
			continue;
		if (room >= MAX_READ) {
			free(*buf);
			return -EFBIG;
		}
		room *= 2;
		*buf = xrealloc(*buf, room + 1, 1);
	}
	if (n < 0) {
		int err = -errno;

		free(*buf);
		return err;
	}
	(*buf)[*len] = '\0';
	return 0;
}

int proc_read(const char *name, char **buf, size_t *len)
{
	int fd = module_open(name, O_RDONLY), err;

	if (fd < 0)
		return fd;
	err = read_all(fd, buf, len);
	close(fd);
	return err;
}

static int say_no_module(int err)
{
	struct module_problem p = module_problem(err);

	error_say("%s%s%s", p.what, *p.advice ? "; as root: " : "", p.advice);
	free(p.what);
	free(p.advice);
	return CTXLAB_NO_MODULE;
}

int proc_check(void)
{
	unsigned long long abi;
	char *buf;
	size_t len;
	int err;

	err = proc_read("abi", &buf, &len);
	if (err)
		return say_no_module(err);
	buf[strcspn(buf, "\n")] = '\0';
	if (!text_number(buf, &abi)) {
		error_say("%s/abi does not hold a version", module_root());
		err = CTXLAB_NO_MODULE;
	} else if (abi < LEAST_ABI) {
		error_say("the module has version %llu of its formats, this program needs %d",
			  abi, LEAST_ABI);
		err = CTXLAB_NO_MODULE;
	}
	free(buf);
	return err;
}

void proc_say_unreadable(const char *name, int err)
{
	switch (-err) {
	case ENOENT:
	case ESRCH:
		error_say("%s: no such process or thread%s", name,
			  err == -ESRCH ? " any more" : "");
		break;
	case EACCES:
	case EPERM:
		error_say("%s: you may not look into it; its owner or root may",
			  name);
		break;
	default:
		error_say("cannot read %s/%s: %s", module_root(), name,
			  strerror(-err));
	}
}

void proc_say_senseless(const char *name, const struct text_error *err)
{
	char line[32] = "";

	if (err->line)
		snprintf(line, sizeof(line), ", line %u", err->line);
	error_say("%s/%s%s: %s", module_root(), name, line, err->what);
	error_say("this is not what the module writes; do module and program belong together?");
}

bool proc_is_pid(const char *s)
{
	unsigned long long n;

	return text_number(s, &n) && *s != '0' && n <= INT_MAX;
}
