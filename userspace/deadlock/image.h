/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs and C libraries that a process has mapped, as far as it takes to
 * know in which function of the C library a thread waits.
 */
#ifndef CTXLAB_DEADLOCK_IMAGE_H
#define CTXLAB_DEADLOCK_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct image;
struct process;

enum libc_kind {
	LIBC_NONE,
	LIBC_GLIBC,
	LIBC_GLIBC_STATIC,	/* in the program, beside its own code */
	LIBC_GLIBC_BASE,	/* before 2.34, whose threads are in libpthread */
	LIBC_MUSL,
};

/* Functions of a C library that wait, by what they wait for. */
enum libc_function {
	IN_NOTHING,	/* in no file that was looked at */
	IN_OTHER,	/* in a C library, in none of these */
	IN_LLL_WAIT,	/* glibc: a mutex, or another low-level lock */
	IN_LLL_PRIVATE,	/* glibc: one of its internal locks */
	IN_MUTEX,
	IN_COND,
	IN_READ_LOCK,
	IN_WRITE_LOCK,
	IN_SEM,
	IN_BARRIER,
	IN_ONCE,
	IN_JOIN,
	IN_SYSCALL,	/* syscall(3) */
	IN_MALLOC,	/* or another function that takes or gives back memory */
};

/* Looks through what @p has mapped, once. */
void images_find(struct process *p);
void images_free(struct image *images);

/* Where @pc lies; @libc, unless it is NULL, takes whose code that is. */
enum libc_function images_function(const struct process *p, uint64_t pc,
				   enum libc_kind *libc);

/* The offset of the thread ID in glibc's struct pthread; 0 where unknown. */
uint32_t images_tid_offset(const struct process *p);

/* Forgets the files that were read. */
void image_cache_drop(void);

#endif /* CTXLAB_DEADLOCK_IMAGE_H */
