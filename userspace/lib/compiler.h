/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CTXLAB_COMPILER_H
#define CTXLAB_COMPILER_H

/* Argument @f is a format as of printf(3), its arguments begin at @a. */
#define __printf(f, a) __attribute__((format(printf, f, a)))

#endif /* CTXLAB_COMPILER_H */
