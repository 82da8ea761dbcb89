// SPDX-License-Identifier: GPL-2.0-only
/* What procfs tells of a task, counted. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "procfs.h"
#include "text.h"

long long procfs_stat_field(pid_t tid, int n)
{
	char *text = text_readf("/proc/%d/stat", tid), *at;
	long long value = -1;

	at = text ? strrchr(text, ')') : NULL;
	for (n -= 2; at && n > 0; n--)
		at = strchr(at + 1, ' ');
	if (at)
		value = atoll(at + 1);
	free(text);
	return value;
}

int procfs_count_entries(const char *format, pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), format, pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

const char *procfs_fd_kind(pid_t pid, int fd)
{
	char path[48], target[256];
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	if (!strncmp(target, "anon_inode:", 11))
		return "anon";
	if (stat(path, &st))
		return "?";
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFCHR:
		return "chr";
	case S_IFBLK:
		return "blk";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	case S_IFLNK:
		return "link";
	}
	return "?";
}

int procfs_count_kind(pid_t pid, const char *kind)
{
	struct dirent *entry;
	char path[64];
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			count += !strcmp(procfs_fd_kind(pid, atoi(entry->d_name)),
					 kind);
	if (dir)
		closedir(dir);
	return count;
}

int procfs_count_cloexec(pid_t pid)
{
	struct dirent *entry;
	char path[64], *text;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		text = text_readf("/proc/%d/fdinfo/%s", pid, entry->d_name);
		if (text && text_value(text, "flags"))
			count += !!(strtol(text_value(text, "flags"), NULL, 8) &
				    O_CLOEXEC);
		free(text);
	}
	if (dir)
		closedir(dir);
	return count;
}

bool procfs_find_mapping(pid_t pid, unsigned long address, unsigned long *start,
			 unsigned long *end)
{
	char *maps = text_readf("/proc/%d/maps", pid), *line = maps;
	bool found = false;

	while (line && *line && !found) {
		found = sscanf(line, "%lx-%lx", start, end) == 2 &&
			*start <= address && address < *end;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	free(maps);
	return found;
}

unsigned long procfs_syscall_sp(pid_t pid, pid_t tid)
{
	char *text = text_readf("/proc/%d/task/%d/syscall", pid, tid), *at;
	unsigned long sp = 0;

	at = text ? strrchr(text, ' ') : NULL;
	while (at && at > text && at[-1] != ' ')
		at--;
	if (at)
		sp = strtoul(at, NULL, 16);
	free(text);
	return sp;
}
