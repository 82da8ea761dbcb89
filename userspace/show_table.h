/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of "ctxlab show": for the command, and its text and JSON. */
#ifndef CTXLAB_SHOW_TABLE_H
#define CTXLAB_SHOW_TABLE_H

#include "proc/model.h"
#include "lib/output.h"

/* Adds the threads of @p to a table with the columns of "show". */
void show_add_threads(struct out_table *t, const struct process *p);

/* The ID that a cell stands for, where "=" is that of @p; NULL: none. */
const char *show_resolve(const struct process *p, enum resource r,
			 const char *cell);

/*
 * Sets the cell of a resource: "=" for people, the ID for programs.  Returns
 * whether it is the object of @p.
 */
bool show_set_resource(struct out_row *row, int col, const struct process *p,
		       enum resource r, const char *cell);

extern const struct out_col show_columns[];

#endif /* CTXLAB_SHOW_TABLE_H */
