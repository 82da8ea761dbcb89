// SPDX-License-Identifier: GPL-2.0-only
/* Threads that are kept from running: by a signal, a tracer, a cgroup. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halted.h"
#include "process.h"

static const struct {
	const char *name, *words;
} names[] = {
	[HALT_NOT] = { "", "" },
	[HALT_STOPPED] = { "stopped", "is stopped by a signal" },
	[HALT_TRACED] = { "traced", "is stopped by a tracer" },
	[HALT_FROZEN] = { "frozen", "is frozen with its cgroup" },
};

/* Where cgroups of a version are mounted, and which of them is there. */
struct cgroup_mount {
	char root[PATH_MAX], folder[PATH_MAX];
};

/*
 * Takes a line of mountinfo: ID, parent, device, root, folder, options, optional
 * fields, "-", type, source, options of the file system.
 */
static bool parse_mount(const char *line, bool v2, struct cgroup_mount *m)
{
	const char *rest = strstr(line, " - ");
	char type[16], options[256];

	if (!rest || sscanf(rest, " - %15s %*s %255s", type, options) != 2 ||
	    strcmp(type, v2 ? "cgroup2" : "cgroup") ||
	    (!v2 && !strstr(options, "freezer")))
		return false;
	return sscanf(line, "%*d %*d %*s %4095s %4095s", m->root, m->folder) == 2;
}

static bool find_mount(bool v2, struct cgroup_mount *m)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0)
		found = parse_mount(line, v2, m);
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* Reads a file of the cgroup @path, as /proc/<pid>/cgroup names it. */
static bool read_cgroup(bool v2, const char *path, const char *name,
			char *text, size_t size)
{
	struct cgroup_mount m;
	char file[2 * PATH_MAX];
	size_t root;

	if (!find_mount(v2, &m))
		return false;
	/* What is mounted may be a part of the tree, in which the path lies. */
	root = strcmp(m.root, "/") ? strlen(m.root) : 0;
	if (strncmp(path, m.root, root) || (path[root] && path[root] != '/'))
		return false;
	if (snprintf(file, sizeof(file), "%s%s/%s", m.folder, path + root,
		     name) >= (int)sizeof(file))
		return false;
	return file_read(AT_FDCWD, file, text, size) > 0;
}

/* Both tell the state that an ancestor has brought about as well. */
static bool is_frozen(bool v2, const char *path)
{
	char text[512];

	if (v2)
		return read_cgroup(v2, path, "cgroup.events", text, sizeof(text)) &&
		       strstr(text, "frozen 1");
	return read_cgroup(v2, path, "freezer.state", text, sizeof(text)) &&
	       !strncmp(text, "FROZEN", 6);
}

/* Whether a list of controllers, "cpu,freezer:", has the freezer. */
static bool has_freezer(const char *list)
{
	const char *at = strstr(list, "freezer");

	return at && at < list + strcspn(list, ":") &&
	       (at == list || at[-1] == ',') && (at[7] == ',' || at[7] == ':');
}

/* Lines are "ID:controllers:path"; the second version has neither of the first. */
static bool in_frozen_cgroup(const struct thread *t)
{
	char name[32], text[8192], *line, *next, *list, *path;
	bool frozen = false;

	snprintf(name, sizeof(name), "%d/cgroup", t->tid);
	if (file_read(t->process->tasks, name, text, sizeof(text)) <= 0)
		return false;
	for (line = text; line && *line && !frozen; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		list = strchr(line, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		path++;
		if (!strncmp(line, "0::", 3))
			frozen = is_frozen(true, path);
		else if (has_freezer(list + 1))
			frozen = is_frozen(false, path);
	}
	return frozen;
}

enum halt thread_halt(const struct thread *t)
{
	struct stat_line stat;

	if (!thread_read_stat(t, &stat))
		return HALT_NOT;
	switch (stat.state) {
	case 'T':
		return HALT_STOPPED;
	case 't':
		return HALT_TRACED;
	case 'S':
	case 'D':
		return in_frozen_cgroup(t) ? HALT_FROZEN : HALT_NOT;
	}
	return HALT_NOT;
}

const char *halt_name(enum halt halt)
{
	return names[halt].name;
}

const char *halt_words(enum halt halt)
{
	return names[halt].words;
}
