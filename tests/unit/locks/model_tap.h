/* SPDX-License-Identifier: GPL-2.0-only */
/* What model_explore() has found, as lines of TAP. */
#ifndef LOCKS_MODEL_TAP_H
#define LOCKS_MODEL_TAP_H

#include "model.h"
#include "../tap.h"

/* More states than @least were reached, all of them, and nothing is wrong in any. */
static inline void model_well(const char *name, struct explored found, size_t least)
{
	ok(!found.wrong && !found.full && found.states > least,
	   "%s: %zu states, all is well", name, found.states);
	if (found.wrong)
		printf("# %s\n", found.wrong);
}

/* What was planted, @what, is found. */
static inline void model_ill(const char *name, struct explored found, const char *what)
{
	ok(found.wrong, "%s: %s is found: %s", name, what,
	   found.wrong ? found.wrong : "no");
}

#endif /* LOCKS_MODEL_TAP_H */
