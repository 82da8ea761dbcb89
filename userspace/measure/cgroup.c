// SPDX-License-Identifier: GPL-2.0-only
/* Finds the cgroup of this process, and reads its files. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "lib/xalloc.h"

/* Whether @word is one of those in @list, which commas separate. */
static bool in_list(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	for (;; list += n + 1) {
		n = strcspn(list, ",\n ");
		if (n == len && !strncmp(list, word, len))
			return true;
		if (list[n] != ',')
			return false;
	}
}

/*
 * This process's path in the hierarchy that has that controller: version 1 if
 * there is one, else version 2.  NULL if there is none; the caller frees.
 */
static char *own_path(const char *controller, bool *v1)
{
	char *line = NULL, *path = NULL, *names, *p;
	size_t size = 0;
	FILE *f;

	f = fopen("/proc/self/cgroup", "re");
	if (!f)
		return NULL;
	*v1 = false;
	while (!*v1 && getline(&line, &size, f) > 0) {
		names = strchr(line, ':');
		p = names ? strchr(names + 1, ':') : NULL;
		if (!p)
			continue;
		*p++ = '\0';
		p[strcspn(p, "\n")] = '\0';
		*v1 = in_list(names + 1, controller);
		if (!*v1 && names[1])
			continue;
		free(path);
		path = xstrdup(p);
	}
	free(line);
	fclose(f);
	return path;
}

/*
 * Where that hierarchy is mounted, and which part of it: @root and @point have
 * room for PATH_MAX bytes each.
 */
static bool find_mount(const char *controller, bool v1, char *root,
		       char *point)
{
	char *line = NULL, *tail, type[32], options[1024];
	bool found = false;
	size_t size = 0;
	FILE *f;

	f = fopen("/proc/self/mountinfo", "re");
	if (!f)
		return false;
	while (!found && getline(&line, &size, f) > 0) {
		tail = strstr(line, " - ");
		if (!tail || sscanf(line, "%*s %*s %*s %4095s %4095s", root,
				    point) != 2 ||
		    sscanf(tail, " - %31s %*s %1023s", type, options) != 2)
			continue;
		found = v1 ? !strcmp(type, "cgroup") &&
				in_list(options, controller) :
			     !strcmp(type, "cgroup2");
	}
	free(line);
	fclose(f);
	return found;
}

/* This process's folder; *@top is the length of what must stay of its path. */
static char *own_folder(const char *controller, size_t *top)
{
	char root[PATH_MAX], point[PATH_MAX], *path, *folder = NULL;
	size_t len;
	bool v1;

	path = own_path(controller, &v1);
	if (path && find_mount(controller, v1, root, point)) {
		len = strcmp(root, "/") ? strlen(root) : 0;
		if (!strncmp(path, root, len))
			folder = xasprintf("%s%s", point, path + len);
		*top = strlen(point);
	}
	free(path);
	return folder;
}

/* The number after @key in a file of a folder, or alone in it; -1 if none. */
static long long number_in(const char *folder, const char *name,
			   const char *key)
{
	char *path = xasprintf("%s/%s", folder, name), word[64];
	long long n = -1, value;
	FILE *f = fopen(path, "re");

	free(path);
	if (!f)
		return -1;
	if (!key && fscanf(f, "%lld", &n) != 1)
		n = -1;
	while (key && n < 0 && fscanf(f, "%63s %lld", word, &value) == 2)
		if (!strcmp(word, key))
			n = value;
	fclose(f);
	return n;
}

long long cgroup_throttled(void)
{
	long long sum = -1, n;
	size_t top, len;
	char *folder;

	folder = own_folder("cpu", &top);
	if (!folder)
		return -1;
	for (len = strlen(folder); len >= top; len--) {
		if (folder[len] && folder[len] != '/')
			continue;
		folder[len] = '\0';
		n = number_in(folder, "cpu.stat", "nr_throttled");
		if (n >= 0)
			sum = (sum < 0 ? 0 : sum) + n;
	}
	free(folder);
	return sum;
}

long long cgroup_rt_budget(void)
{
	size_t top;
	char *folder = own_folder("cpu", &top);
	long long n;

	if (!folder)
		return -1;
	n = number_in(folder, "cpu.rt_runtime_us", NULL);
	free(folder);
	return n;
}

bool cgroup_tightest(const char *controller, const char *limit,
		     const char *usage, long long *most, long long *now)
{
	char *folder;
	size_t top, len;
	long long l, u, least = LLONG_MAX;

	folder = own_folder(controller, &top);
	if (!folder)
		return false;
	for (len = strlen(folder); len >= top; len--) {
		if (folder[len] && folder[len] != '/')
			continue;
		folder[len] = '\0';
		l = number_in(folder, limit, NULL);
		u = number_in(folder, usage, NULL);
		if (l < 0 || u < 0 || l - u >= least)
			continue;
		least = l - u;
		*most = l;
		*now = u;
	}
	free(folder);
	return least != LLONG_MAX;
}
