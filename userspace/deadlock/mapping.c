// SPDX-License-Identifier: GPL-2.0-only
/* The mappings of a process, and the files behind them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gs.h"
#include "image.h"
#include "lib/xalloc.h"
#include "process.h"

/* Data that begins with zeros is mapped anonymously, right after the file. */
static bool goes_on(const struct process *p, const struct map_line *line)
{
	return p->mappings && !line->name_len &&
	       p->mapping[p->mappings - 1].end == line->start &&
	       p->mapping[p->mappings - 1].name[0] == '/';
}

static void add_mapping(struct process *p, const struct map_line *line,
			size_t *room)
{
	if (p->mappings == *room) {
		*room = *room ? 2 * *room : 64;
		p->mapping = xrealloc(p->mapping, *room, sizeof(*p->mapping));
	}
	p->mapping[p->mappings++] = (struct mapping){
		.start = line->start,
		.end = line->end,
		.data_end = line->end,
		.offset = line->offset,
		.inode = line->inode,
		.executable = line->executable,
		.shared = line->shared,
		.name = xasprintf("%.*s", (int)line->name_len, line->name),
	};
}

void process_map(struct process *p)
{
	struct map_line line;
	char *text = NULL;
	size_t size = 0, room = 0;
	FILE *f;
	int fd;

	if (p->mapped)
		return;
	p->mapped = true;
	fd = openat(p->dir, "maps", O_RDONLY | O_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (getline(&text, &size, f) > 0) {
		if (!parse_map(text, &line))
			continue;
		if (goes_on(p, &line))
			p->mapping[p->mappings - 1].data_end = line.end;
		else if (line.name_len || line.executable)
			add_mapping(p, &line, &room);
	}
	free(text);
	fclose(f);
}

void process_unmap(struct process *p)
{
	size_t i;

	gs_free(p->gs);
	p->gs = NULL;
	images_free(p->images);
	p->images = NULL;
	for (i = 0; i < p->mappings; i++)
		free(p->mapping[i].name);
	free(p->mapping);
	p->mapping = NULL;
	p->mappings = 0;
	p->mapped = false;
}

/* The kernel lists them in rising order. */
const struct mapping *process_mapping(const struct process *p, uint64_t address)
{
	size_t low = 0, high = p->mappings, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (p->mapping[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= p->mapping[low - 1].data_end)
		return NULL;
	return &p->mapping[low - 1];
}

/* Opens an absolute path as the process sees it, and no link or device there. */
static int open_in_root(const struct process *p, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int root = openat(p->dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root < 0)
		return -errno;
	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	if (fd < 0)
		fd = -errno;
	close(root);
	return fd;
}

int mapping_open(const struct process *p, const struct mapping *m)
{
	struct stat stat;
	char path[80];
	int fd;

	if (m->name[0] != '/')
		return -ENOENT;
	/* The mapped file itself, for those who may. */
	snprintf(path, sizeof(path), "map_files/%llx-%llx",
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = openat(p->dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		fd = open_in_root(p, m->name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode) ||
	    stat.st_ino != m->inode) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}
