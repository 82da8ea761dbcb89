/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this experiment share: its arms, settings and quantities. */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "arena.h"
#include "measure/experiment.h"

/* In the order of the table. */
enum arm_id {
	ARM_RACE,
	ARM_RACE_ONE_CPU,
	ARM_ATOMIC,
	ARM_CAS,
	ARM_MUTEX,
	ARM_MUTEX_AGAIN,
	ARM_MUTEX_PROCESS,
	ARM_FAIR,
	ARM_TAS,
	ARM_TTAS,
	ARM_TICKET,
	ARM_MCS,
	ARM_SEMAPHORE,
	ARM_SEMAPHORE_2,
	ARM_RWLOCK,
	ARM_RWLOCK_READ,
	ARM_RWLOCK_MIXED,
	ARM_COLOCK,
	ARM_PTHREAD,
	ARM_PTHREAD_ADAPTIVE,
	ARM_PTHREAD_PI,
	ARM_PTHREAD_SPIN,
	ARM_PTHREAD_RWLOCK,
	ARM_PTHREAD_RWLOCK_READ,
	ARM_PTHREAD_RWLOCK_MIXED,
	ARM_SEM_T,
	ARM_SEM_T_2,
	ARMS
};

/* Workers: threads on all CPUs in turn, all on one, or processes. */
enum place { PLACE_THREADS, PLACE_ONE_CPU, PLACE_PROCESSES, PLACES };

/**
 * struct sync_arm - how an arm is done
 * @place: of its workers
 * @way: what they do for each operation
 * @own: a lock of ours, which counts futex calls and acquisitions at first try
 * @exclusive: a lock that one has at a time: who holds it is recorded
 */
struct sync_arm {
	enum place place;
	const struct way *way;
	bool own;
	bool exclusive;
};

extern const struct sync_arm sync_arms[ARMS];

/* The variants: lengths of the section. */
enum section { SECTION_0, SECTION_100, SECTION_1000, SECTION_10000, SECTIONS };

extern const unsigned int sync_section_ns[SECTIONS];

enum {
	SET_OUTSIDE,
	SET_LIMIT,
};

enum {
	Q_NS,
	Q_LOST,
	Q_FAST,
	Q_FUTEX,
	Q_VAIN,
	Q_HANDOFFS,
	Q_STREAK,
	Q_JAIN,
	Q_WAIT_50,
	Q_WAIT_99,
	Q_WAIT_999,
	Q_WAITS,
	Q_WAIT_LONGEST,
	Q_PASSED_999,
	Q_PASSED_MOST,
	Q_CPU,
	Q_VOLUNTARY,
	Q_INVOLUNTARY,
	Q_SECTION,
};

/* Fewer hand-offs in 1,000 acquisitions than this: nobody fought for the lock. */
#define CONTENDED 1.0

/* The point of @x threads and that section, or -1. */
int sync_point(const struct run *run, unsigned int x, enum section section);

/* CPUs that threads have used at once, where several may have the lock: as much as this. */
#define OVERLAP 1.2

/* Whether the lock was fought for at that point: one that one has at a time. */
bool sync_contended(const struct answers *a, int arm, int point);

char *sync_plan(const struct request *r, struct run *run);
int sync_open(struct run *run, void **state, const char **what);
int sync_round(void *state, const struct turn *turn, struct sample *s,
	       double *window_ns);
unsigned int sync_tasks(void *state, int arm, pid_t tids[MAX_TASKS]);
int sync_renew(void *state);
void sync_close(void *state);
void sync_doubt(const struct run *run, struct answers *a);

/* A value in words, or "-". */
const char *sync_number(char buf[16], const struct estimate *e,
			const char *format);

/* What it costs where several may have the lock at once, and where that pays. */
void sync_say_beside(FILE *out, const struct run *run, const struct answers *a);

/* Which lock to take, for each length of the section. */
void sync_advise(FILE *out, const struct run *run, const struct answers *a);
void sync_say_more(FILE *out, const struct run *run, const struct answers *a);
void sync_say(FILE *out, const struct run *run, const struct answers *a);

extern const struct experiment experiment_sync;

#endif /* SYNC_SYNC_H */
