/* SPDX-License-Identifier: GPL-2.0-only */
/* "ctxlab show" for people. */
#ifndef CTXLAB_SHOW_TEXT_H
#define CTXLAB_SHOW_TEXT_H

#include "proc/model.h"
#include "lib/output.h"

/* Prints @p; @sel are the columns of its threads. */
int show_text(const struct process *p, const struct out_sel *sel);

#endif /* CTXLAB_SHOW_TEXT_H */
