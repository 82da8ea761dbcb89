// SPDX-License-Identifier: GPL-2.0-only
/* What kcmp(2) and /proc/<pid>/ns say of two tasks. */
#include <linux/kcmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest.h"
#include "oracle.h"

const char *const is_words[] = {
	"shared", "separate", "neither", "only-a", "only-b", "unknown"
};

const struct resource resources[] = {
	{ "mm", "MM", KCMP_VM, NULL },
	{ "files", "FILES", KCMP_FILES, NULL },
	{ "fs", "FS", KCMP_FS, NULL },
	{ "sighand", "SIGHAND", KCMP_SIGHAND, NULL },
	{ "signal", "SIGNAL", -1, NULL },
	{ "io", "IO", KCMP_IO, NULL },
	{ "sysvsem", "SYSVSEM", KCMP_SYSVSEM, NULL },
	{ "mnt", NULL, -1, "mnt" },
	{ "uts", NULL, -1, "uts" },
	{ "ipc", NULL, -1, "ipc" },
	{ "net", NULL, -1, "net" },
	{ "pid", NULL, -1, "pid_for_children" },
	{ "cgroup", NULL, -1, "cgroup" },
	{ "time", NULL, -1, "time" },
	{ "user", NULL, -1, "user" },
};

const int resource_count = ARRAY_SIZE(resources);

static int kcmp(pid_t a, pid_t b, int type)
{
	return syscall(SYS_kcmp, a, b, type, 0, 0);
}

int oracle_supported(void)
{
	return kcmp(getpid(), getpid(), KCMP_VM) == 0;
}

static enum is combine(bool none_a, bool none_b, bool equal)
{
	if (none_a && none_b)
		return NEITHER;
	if (none_a)
		return ONLY_B;
	if (none_b)
		return ONLY_A;
	return equal ? SHARED : SEPARATE;
}

static enum is ask_kcmp(int type, pid_t a, pid_t b, pid_t zombie)
{
	/* A zombie keeps its signal handlers until it is reaped. */
	bool can_lose = type != KCMP_SIGHAND;
	int equal = kcmp(a, b, type);

	if (equal < 0)
		return UNKNOWN;
	return combine(can_lose && kcmp(a, zombie, type) == 0,
		       can_lose && kcmp(b, zombie, type) == 0, equal == 0);
}

/* Whether the task has that namespace, and which. */
static bool ns_name(pid_t tid, const char *ns, char *name, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", tid, ns);
	n = readlink(path, name, size - 1);
	name[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static enum is ask_ns(const char *ns, pid_t a, pid_t b)
{
	char name_a[64], name_b[64];
	bool has_a = ns_name(a, ns, name_a, sizeof(name_a));
	bool has_b = ns_name(b, ns, name_b, sizeof(name_b));

	return combine(!has_a, !has_b, !strcmp(name_a, name_b));
}

enum is oracle_ask(const struct resource *resource, const struct state *a,
		   const struct state *b, pid_t zombie)
{
	if (resource->kcmp >= 0)
		return ask_kcmp(resource->kcmp, a->tid, b->tid, zombie);
	if (resource->ns)
		return ask_ns(resource->ns, a->tid, b->tid);
	/* There is one signal_struct for each thread group. */
	return a->tgid == b->tgid ? SHARED : SEPARATE;
}
