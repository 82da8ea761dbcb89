/* SPDX-License-Identifier: GPL-2.0-only */
/* From keys and cells to the fields of lib/model.h. */
#ifndef CTXLAB_FIELDS_H
#define CTXLAB_FIELDS_H

#include "model.h"

/* A key's value; NULL where there is no such key, or it says "none". */
const char *field(const struct text *t, const char *key);

/* Likewise, without the unit after the number. */
const char *field_size(const struct text *t, const char *key);

/* A key that has to be there and hold a number. */
int field_number(const struct text *t, const char *key, unsigned long long *n,
		 struct text_error *err);

/* "ID users U = H here + E elsewhere + N unseen", or a part of it. */
int field_holding(const struct text *t, const char *key, struct holding *h,
		  struct text_error *err);

/* A cell; NULL for "-" and for a column that is not there. */
const char *cell(const struct text_table *t, size_t row, int col);

/* A cell that has to be there and hold a number. */
int cell_number(const struct text_table *t, size_t row, const char *col,
		unsigned long long *n, struct text_error *err);

/* The cells of the resources: IDs, NULL for "-", and "=" if @same is set. */
int cell_resources(const struct text_table *t, size_t row,
		   const char *res[RESOURCES], bool same,
		   struct text_error *err);

/* The cell of the column NAME, unescaped; "?" where there is none. */
const char *cell_name(const struct text_table *t, size_t row);

#endif /* CTXLAB_FIELDS_H */
