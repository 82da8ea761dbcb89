/* SPDX-License-Identifier: GPL-2.0-only */
/* The C interface of boost.context (boost/context/detail/fcontext.hpp). */
#ifndef BENCH_FCONTEXT_H
#define BENCH_FCONTEXT_H

#include <stddef.h>
struct transfer {
	void *fctx;
	void *data;
};

struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *sp, size_t size, void (*fn)(struct transfer t));

#endif /* BENCH_FCONTEXT_H */
