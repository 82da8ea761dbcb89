/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages that a member touches between two switches. */
#ifndef SWITCH_WORKSET_H
#define SWITCH_WORKSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One cache line in each of @pages pages (a power of two), visited in a random
 * order that no prefetcher follows: page i + 1 of the order is a linear
 * congruence of page i, so independent loads need no table of addresses that
 * would itself take up TLB entries.  The first n pages of the order are the
 * working set of size n; the line in page i holds the address of line i + 1.
 */
struct workset {
	char *base;
	size_t mapped;
	unsigned int pages;
	unsigned int shift;	/* log2 of the page size */
	bool huge;
};

/*
 * Map and populate, in the order of the visits, so that neighbours in memory
 * are no neighbours in the address space and no TLB can merge them.  @huge puts
 * all of it into huge pages, or fails with -EOPNOTSUPP.  Returns 0 or a
 * negative errno.
 *
 * Nobody writes to it any more then, so children that are forked have the same
 * memory at the same addresses: arms do not differ by where in the caches and
 * the TLB their pages happen to fall.
 */
int workset_map(struct workset *w, unsigned int pages, bool huge);
void workset_unmap(struct workset *w);

/* In a child: enter it into its own page tables, all of it. */
int workset_enter(const struct workset *w);

/* The number of the page visited after page @page. */
static inline unsigned int workset_next(const struct workset *w,
					unsigned int page)
{
	/* Full period for every power of two: a = 1 mod 4, c odd. */
	return (page * 1664525u + 1013904223u) & (w->pages - 1);
}

/* The line touched in page @page: spread, so that caches are used evenly. */
static inline char *workset_line(const struct workset *w, unsigned int page)
{
	return w->base + ((size_t)page << w->shift) +
	       (((page ^ (page >> 6)) & 63) << 6);
}

/* Each load's address is what the one before it has read. */
static inline void workset_chain(const struct workset *w, unsigned int n)
{
	char *line = workset_line(w, 0);

	while (n--)
		line = *(char *volatile *)line;
}

/* The loads do not wait for one another. */
static inline void workset_independent(const struct workset *w, unsigned int n)
{
	unsigned int page = 0;

	while (n--) {
		(void)*(char *volatile *)workset_line(w, page);
		page = workset_next(w, page);
	}
}

#endif /* SWITCH_WORKSET_H */
