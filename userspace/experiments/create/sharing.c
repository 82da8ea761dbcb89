// SPDX-License-Identifier: GPL-2.0-only
/* Asks the module, or kcmp(2) and /proc, what two tasks share. */
#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "proc/model.h"
#include "proc/proc.h"
#include "sharing.h"

const char *const share_names[SHARES] = {
	[SHARE_MM] = "mm",	[SHARE_FILES] = "files",
	[SHARE_FS] = "fs",	[SHARE_SIGHAND] = "sighand",
	[SHARE_GROUP] = "signal", [SHARE_MNT] = "mnt",
	[SHARE_UTS] = "uts",	[SHARE_IPC] = "ipc",
	[SHARE_NET] = "net",	[SHARE_PID] = "pid",
	[SHARE_CGROUP] = "cgroup", [SHARE_TIME] = "time",
	[SHARE_USER] = "user",
};

const char *const share_sources[] = {
	[FROM_NOWHERE] = "nobody", [FROM_MODULE] = "module",
	[FROM_KCMP] = "kcmp", NULL
};

static void note(struct sharing *s, int share, bool shared)
{
	s->known |= 1u << share;
	if (shared)
		s->shared |= 1u << share;
}

static int find_share(const char *name)
{
	int i;

	for (i = 0; i < SHARES; i++)
		if (!strcmp(share_names[i], name))
			return i;
	return -1;
}

/* "neither" is not "shared": both have none. */
static void take_rows(const struct pair *p, struct sharing *s)
{
	size_t i;
	int share;

	for (i = 0; i < p->nrow; i++) {
		share = find_share(p->row[i].resource);
		if (share < 0 || !p->row[i].is)
			continue;
		note(s, share, !strcmp(p->row[i].is, "shared"));
	}
}

static int ask_module(pid_t a, pid_t b, struct sharing *s)
{
	char *name = xasprintf("%d,%d", a, b), *buf;
	struct text_error why;
	struct pair pair;
	size_t len;
	int err;

	err = proc_read(name, &buf, &len);
	free(name);
	if (err)
		return err;
	if (pair_parse(&pair, buf, len, &why))
		return -EPROTO;
	take_rows(&pair, s);
	pair_free(&pair);
	s->source = FROM_MODULE;
	return 0;
}

/* The number behind "Tgid:"; -1 where it cannot be read. */
static int read_tgid(pid_t tid)
{
	char path[64], line[256];
	int tgid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &tgid) == 1)
			break;
	if (f)
		fclose(f);
	return tgid;
}

static void ask_kcmp(pid_t a, pid_t b, struct sharing *s)
{
	static const struct {
		enum share share;
		int type;
	} asked[] = {
		{ SHARE_MM, KCMP_VM }, { SHARE_FILES, KCMP_FILES },
		{ SHARE_FS, KCMP_FS }, { SHARE_SIGHAND, KCMP_SIGHAND },
	};
	size_t i;
	long is;

	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		is = syscall(SYS_kcmp, a, b, asked[i].type, 0, 0);
		if (is >= 0)
			note(s, asked[i].share, is == 0);
	}
}

static void ask_procfs(pid_t a, pid_t b, struct sharing *s)
{
	char path[64], one[64], other[64];
	int share, x = read_tgid(a), y = read_tgid(b);
	ssize_t n, m;

	if (x > 0 && y > 0)
		note(s, SHARE_GROUP, x == y);
	for (share = SHARE_MNT; share < SHARES; share++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", a,
			 share_names[share]);
		n = readlink(path, one, sizeof(one));
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", b,
			 share_names[share]);
		m = readlink(path, other, sizeof(other));
		if (n > 0 && m > 0)
			note(s, share, n == m && !memcmp(one, other, n));
	}
}

int sharing_read(pid_t a, pid_t b, bool module, struct sharing *s)
{
	*s = (struct sharing){};
	if (module && !ask_module(a, b, s))
		return 0;
	*s = (struct sharing){ .source = FROM_KCMP };
	ask_kcmp(a, b, s);
	ask_procfs(a, b, s);
	if (s->known)
		return 0;
	s->source = FROM_NOWHERE;
	return -EACCES;
}

uint32_t sharing_wrong(const struct way *w, const struct sharing *s)
{
	return (way_claims(w) ^ s->shared) & s->known;
}
