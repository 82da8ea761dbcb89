/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CTXLAB_COMPILER_H
#define CTXLAB_COMPILER_H

/* Argument @f is a format as of printf(3), its arguments begin at @a. */
#define __printf(f, a) __attribute((format(printf, f, a)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The function does not come back. */
#define __noreturn __attribute__((noreturn))

/* At a multiple of @n bytes. */
#define __aligned(n) __attribute__((aligned(n)))

/* Inlined wherever it is called. */
#define __inlined __attribute__((always_inline))

#endif /* CTXLAB_COMPILER_H */
