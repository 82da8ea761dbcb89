/* SPDX-License-Identifier: GPL-2.0-only */
/* A system call that sleeps with known values in the saved registers. */
#ifndef CTXLAB_TEST_SLEEP_WITH_H
#define CTXLAB_TEST_SLEEP_WITH_H

#include <time.h>

#if defined(__x86_64__)
#define MACHINE "x86-64"
#define SAVED 6
#else
#define MACHINE "arm64"
#define SAVED 12
#endif

/* The columns of the saved registers, in the order in which they are loaded. */
extern const char *const sleep_with_names[SAVED];

/* What sleep_with() loads, and in the end the stack pointer that it sleeps with. */
struct loaded {
	unsigned long saved[SAVED];
	unsigned long sp;
};

/*
 * ppoll(NULL, 0, time, NULL, tag, tag), where the kernel ignores the tags, with
 * the saved registers loaded.  Returns to sleep_with_pc.
 */
void sleep_with(struct loaded *loaded, const struct timespec *time,
		unsigned long tag);
extern const char sleep_with_pc[];

#endif /* CTXLAB_TEST_SLEEP_WITH_H */
