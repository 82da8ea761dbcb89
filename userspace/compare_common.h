/* SPDX-License-Identifier: GPL-2.0-only */
/* What two tasks with tables and maps of their own have in common all the same. */
#ifndef CTXLAB_COMPARE_COMMON_H
#define CTXLAB_COMPARE_COMMON_H

#include <jansson.h>

#include "proc/model.h"

/* For people; nothing where there is nothing to compare. */
void common_print(const struct pair *p);

/* null where there are no two, or nothing could be told of them. */
json_t *common_files_json(const struct pair *p);
json_t *common_maps_json(const struct pair *p);

#endif /* CTXLAB_COMPARE_COMMON_H */
