/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc/ctxlab/<a>,<b> tells of the objects that both maps have shared. */
#ifndef COMMON_MAPS_H
#define COMMON_MAPS_H

#define PAGE 4096

/* SharedMaps: common C kB K a M kB K b M kB K private P */
struct shared_maps {
	int common, a, b, private;
	unsigned long both_kb, a_kb, b_kb;
};

/* Takes it out of a file's text; -1 where it is not there. */
int shared_maps_take(const char *text, struct shared_maps *s);

/* mmap() of pages of @fd, shared, from page @first on. */
char *map_shared(int fd, int first, int pages);

#endif
