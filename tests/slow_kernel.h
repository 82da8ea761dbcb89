/* SPDX-License-Identifier: GPL-2.0-only */
/* How much a test may ask of the machine. */
#ifndef CTXLAB_TEST_SLOW_KERNEL_H
#define CTXLAB_TEST_SLOW_KERNEL_H

/*
 * Seconds for a test.  It only ends what hangs: the host may be loaded, and
 * emulate a kernel that looks for bugs.
 */
#define PATIENCE 240

/* In place of the harness's own figure, where a test names none. */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT PATIENCE
#endif

/*
 * A kernel that watches each object or each access takes ten times the time and
 * the memory: there 10, and else 1.
 */
int slow_kernel_factor(void);

/* There @count becomes a tenth, and the output says so. */
int slow_kernel_scaled(int count);

#endif /* CTXLAB_TEST_SLOW_KERNEL_H */
