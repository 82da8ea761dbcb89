// SPDX-License-Identifier: GPL-2.0-only
/* Looks for the module in procfs and sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "module.h"

#define DEFAULT_ROOT "/proc/ctxlab"

const char *module_root(void)
{
	const char *root = getenv("CTXLAB_ROOT");

	return root && *root ? root : DEFAULT_ROOT;
}

int module_open(const char *name, int flags)
{
	char *path = xasprintf("%s/%s", module_root(), name);
	int fd = open(path, flags | O_CLOEXEC);
	int err = errno;

	free(path);
	return fd < 0 ? -err : fd;
}

/* Whether a line of @path has all three words in it. */
static bool has_line(const char *path, const char *a, const char *b,
		     const char *c)
{
	char *line = NULL;
	bool found = false;
	size_t size = 0;
	FILE *f;

	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && getline(&line, &size, f) > 0)
		found = strstr(line, a) && strstr(line, b) && strstr(line, c);
	free(line);
	fclose(f);
	return found;
}

/* Such a procfs has nothing but processes. */
static bool only_pids(void)
{
	return has_line("/proc/self/mountinfo", " /proc ", " - proc ",
			"subset=pid");
}

static bool loaded(void)
{
	return !access("/sys/module/ctxlab", F_OK) ||
	       !access(DEFAULT_ROOT, F_OK) ||
	       has_line("/proc/filesystems", "nodev", "\tctxlab\n", "");
}

#define LOAD \
	"modprobe ctxlab (where it is installed) or make load (in its source tree)"
#define ELSEWHERE \
	"mount -t ctxlab none DIRECTORY, and CTXLAB_ROOT=DIRECTORY for this program"
#define HIDDEN "procfs is mounted with subset=pid, which hides " DEFAULT_ROOT
#define NOT_MOUNTED "the module is loaded, but " DEFAULT_ROOT " is not mounted"

static struct module_problem problem(char *what, const char *advice)
{
	return (struct module_problem){ what, xstrdup(advice) };
}

struct module_problem module_problem(int err)
{
	const char *root = module_root();

	if (strcmp(root, DEFAULT_ROOT))
		return problem(xasprintf("the module's files cannot be read in CTXLAB_ROOT, %s: %s",
					 root, strerror(-err)), "");
	if (err != -ENOENT && err != -ENOTDIR)
		return problem(xasprintf("%s: %s", root, strerror(-err)), "");
	if (access("/proc/self", F_OK))
		return problem(xstrdup("/proc is not mounted"),
			       "mount -t proc none /proc");
	if (only_pids() && access("/sys/module", F_OK))
		return problem(xstrdup(HIDDEN), ELSEWHERE);
	if (only_pids() && loaded())
		return problem(xstrdup("the module is loaded, but " HIDDEN),
			       ELSEWHERE);
	if (loaded())
		return problem(xstrdup(NOT_MOUNTED),
			       "mount -t ctxlab none " DEFAULT_ROOT);
	return problem(xstrdup("the module is not loaded"), LOAD);
}
