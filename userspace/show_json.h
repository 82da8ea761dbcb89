/* SPDX-License-Identifier: GPL-2.0-only */
/* "ctxlab show" for programs. */
#ifndef CTXLAB_SHOW_JSON_H
#define CTXLAB_SHOW_JSON_H

#include "proc/model.h"
#include "lib/output.h"

/* The caller owns the result; @sel are the columns of the threads. */
json_t *show_json(const struct process *p, const struct out_sel *sel);

#endif /* CTXLAB_SHOW_JSON_H */
