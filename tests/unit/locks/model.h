/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Explores every interleaving of threads that use a lock: the lock's own code runs
 * in coroutines, stopped before each operation of experiments/sync/word.h, which
 * this replaces, or of the compiler's atomics, where locks/atomics.h replaces those.
 * Memory is that of x86: a store waits in its thread's buffer, where that thread alone
 * sees it, and reaches memory at any time after, in order.  An exchange, a fence and a
 * system call come after all that waits.
 *
 * A state is all memory and all stacks; each is visited once.  Where an operation
 * can end in several ways (which sleeper is woken, whether time is up, a sleep
 * that ends for no reason) each of them is followed.
 */
#ifndef LOCKS_MODEL_H
#define LOCKS_MODEL_H

#define SYNC_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "experiments/sync/user.h"

#define MODEL_THREADS 4

/* The operations, as the locks see them. */
uint32_t word_load(const uint32_t *word);
void word_store(uint32_t *word, uint32_t value);
void word_store_fenced(uint32_t *word, uint32_t value);
void word_fence(void);
void word_note(uint32_t *word, uint32_t value);
bool word_cas(uint32_t *word, uint32_t old, uint32_t value);
uint32_t word_swap(uint32_t *word, uint32_t value);
uint32_t word_add(uint32_t *word, uint32_t value);
void word_pause(void);
void word_wait(struct lock_user *u, uint32_t *word, uint32_t value,
	       uint32_t bits, uint64_t deadline_ns);
void word_wake(struct lock_user *u, uint32_t *word, int n, uint32_t bits);
uint64_t word_deadline(uint64_t ns);
bool word_late(uint64_t deadline_ns);

#define ANY_BITS (~0U)

/* The same on objects of @size bytes. */
uint64_t model_load(const void *at, unsigned int size);
void model_store(void *at, unsigned int size, uint64_t value);
void model_store_fenced(void *at, unsigned int size, uint64_t value);
bool model_cas(void *at, unsigned int size, uint64_t old, uint64_t value);
uint64_t model_swap(void *at, unsigned int size, uint64_t value);
uint64_t model_add(void *at, unsigned int size, uint64_t value);

/* The number of the thread that runs. */
unsigned int model_running(void);

/* What a planted mistake does to every lock. */
enum mistake {
	MISTAKE_NONE,
	MISTAKE_CAS_IN_TWO,	/* a compare-and-swap is a load and a store */
	MISTAKE_SWAP_IN_TWO,
	MISTAKE_ADD_IN_TWO,
	MISTAKE_WAIT_BLIND,	/* sleeps without a look at the word */
	MISTAKE_WAKE_LOST,	/* a wake-up that wakes nobody */
	MISTAKE_WAKE_ONE,	/* where all should be woken */
	MISTAKE_STORE_LOST,
	MISTAKE_NO_FENCE,	/* neither a fence nor a store with one is one */
	MISTAKES
};

/**
 * struct model - what is explored
 * @threads: that run
 * @run: what each does, once
 * @init: sets up @memory, which is zeroed before; may be NULL
 * @memory: all that they write, saved and restored with every state
 * @size: of it
 * @more: a second such place; may be NULL
 * @more_size: of it
 * @after: called after every operation, may call model_wrong(); may be NULL
 * @mistake: planted
 */
struct model {
	unsigned int threads;
	void (*run)(unsigned int thread);
	void (*init)(void);
	void *memory;
	size_t size;
	void *more;
	size_t more_size;
	void (*after)(unsigned int thread);
	enum mistake mistake;
};

/* In run() and after(): the state that was reached must not be. */
void model_wrong(const char *what);

/* In run(): others may run here. */
void model_step(void);

/**
 * struct explored - what was found
 * @states: that can be reached
 * @wrong: what model_wrong() was given first; "lost": in some state a thread can
 *	never end unless a sleep ends by itself; NULL: all is well
 * @full: there were more states than are looked at
 */
struct explored {
	size_t states;
	const char *wrong;
	bool full;
};

struct explored model_explore(const struct model *m);

#endif /* LOCKS_MODEL_H */
