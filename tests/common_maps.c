// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/mman.h>

#include "common_maps.h"
#include "text.h"

int shared_maps_take(const char *text, struct shared_maps *s)
{
	const char *value = text_value(text, "SharedMaps");

	return value && sscanf(value, "common %d kB %lu a %d kB %lu b %d kB %lu private %d",
			       &s->common, &s->both_kb, &s->a, &s->a_kb, &s->b,
			       &s->b_kb, &s->private) == 7 ? 0 : -1;
}

char *map_shared(int fd, int first, int pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    first * PAGE);
}
