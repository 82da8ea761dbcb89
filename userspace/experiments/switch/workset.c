// SPDX-License-Identifier: GPL-2.0-only
/* Maps and links the pages of a working set. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workset.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define HUGE_SIZE (2UL << 20)

/* Reserves @size bytes at a multiple of the huge page's size. */
static char *map_aligned(size_t size)
{
	size_t all = size + HUGE_SIZE, head;
	char *p;

	p = mmap(NULL, all, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)p & (HUGE_SIZE - 1);
	if (head)
		munmap(p, head);
	munmap(p + head + size, all - head - size);
	return p + head;
}

static void link_lines(const struct workset *w)
{
	unsigned int i, page = 0, next;

	for (i = 0; i < w->pages; i++) {
		next = workset_next(w, page);
		*(char **)workset_line(w, page) = workset_line(w, next);
		page = next;
	}
}

/* Collapsing what is huge already is a success: this is the proof. */
static int collapse(const struct workset *w)
{
	return madvise(w->base, w->mapped, MADV_COLLAPSE) ? -EOPNOTSUPP : 0;
}

int workset_enter(const struct workset *w)
{
	workset_chain(w, w->pages);
	return w->huge ? collapse(w) : 0;
}

int workset_map(struct workset *w, unsigned int pages, bool huge)
{
	size_t page_size = sysconf(_SC_PAGESIZE);

	w->pages = 1;
	while (w->pages < pages)
		w->pages *= 2;
	w->shift = __builtin_ctzl(page_size);
	w->mapped = w->pages * page_size;
	if (huge)
		w->mapped = (w->mapped + HUGE_SIZE - 1) & -HUGE_SIZE;
	w->base = map_aligned(w->mapped);
	if (!w->base)
		return -errno;
	w->huge = huge;
	madvise(w->base, w->mapped, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	link_lines(w);
	if (huge && collapse(w)) {
		workset_unmap(w);
		return -EOPNOTSUPP;
	}
	return 0;
}

void workset_unmap(struct workset *w)
{
	if (w->base)
		munmap(w->base, w->mapped);
	*w = (struct workset){};
}
