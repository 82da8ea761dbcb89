// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks of glibc, whose offsets are the same from 2.31 to 2.41 on x86-64 and arm64.
 */
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/compiler.h"
#include "view.h"

/* A pthread_mutex_t of glibc, as far as it is read. */
struct glibc_mutex {
	uint32_t lock, count, owner, users, kind;
};

#define KIND_TYPE	3	/* normal, recursive, errorcheck, adaptive */
#define KIND_ROBUST	16
#define KIND_PI		32
#define KIND_SHARED	128
#define KIND_ELISION	(256 | 512)

/* A pthread_rwlock_t of glibc, likewise. */
struct glibc_rwlock {
	uint32_t readers, writers, phase_futex, writers_futex, pad[2];
	uint32_t owner;
	uint32_t shared;
};

#define RWLOCK_WRITE_LOCKED	2	/* in @readers */

/* Whether the mutex is locked and its fields fit each other and the call. */
static bool mutex_fits(const struct view *v, const struct glibc_mutex *m)
{
	uint32_t known = KIND_TYPE | KIND_ROBUST | KIND_PI | KIND_SHARED |
			 KIND_ELISION;

	return m->owner && m->owner <= FUTEX_TID_MASK && m->users &&
	       !(m->kind & ~known) &&
	       (m->kind & KIND_ROBUST || !(m->kind & KIND_SHARED) == view_is_private(v));
}

/* Whether the code that waits is a part of glibc that has mutexes. */
static bool has_mutexes(const struct view *v)
{
	return v->libc == LIBC_GLIBC || v->libc == LIBC_GLIBC_STATIC;
}

/*
 * Whether the call is that of a mutex.  With a timeout it may be another one, and
 * where pthread_mutex_timedlock() has jumped to what waits, no frame has its name.
 */
static bool calls_for_mutex(const struct view *v)
{
	if (v->t->call.args[3])
		return (v->function == IN_OTHER || v->function == IN_MUTEX) &&
		       (v->caller == IN_NOTHING || v->caller == IN_MUTEX);
	return view_command(v) == FUTEX_WAIT &&
	       (v->function == IN_LLL_WAIT || v->function == IN_OTHER) &&
	       (v->caller == IN_MUTEX || v->caller == IN_COND);
}

/* A normal, recursive, errorcheck or adaptive mutex. */
static bool glibc_mutex(struct view *v)
{
	struct glibc_mutex m;

	if (!has_mutexes(v) || v->value != 2 || !calls_for_mutex(v))
		return false;
	if (!view_copy(v, v->address, &m, sizeof(m)) || m.lock != 2 ||
	    !mutex_fits(v, &m) || m.kind & (KIND_ROBUST | KIND_PI))
		return false;
	/* These two types would not wait for themselves. */
	if (view_is_self(v, m.owner) && ((m.kind & KIND_TYPE) == 1 ||
					 (m.kind & KIND_TYPE) == 2))
		return false;
	view_found(v, WAIT_MUTEX, v->address, m.owner, view_mutex_type(m.kind));
	v->t->wait.shared = m.kind & KIND_SHARED;
	return true;
}

static bool glibc_robust(struct view *v)
{
	struct glibc_mutex m;

	if (!has_mutexes(v) || !(v->value & FUTEX_WAITERS) ||
	    view_command(v) != FUTEX_WAIT)
		return false;
	if (!view_copy(v, v->address, &m, sizeof(m)) || !mutex_fits(v, &m) ||
	    !(m.kind & KIND_ROBUST) || m.kind & KIND_PI ||
	    m.lock != (m.owner | FUTEX_WAITERS))
		return false;
	view_found(v, WAIT_MUTEX_ROBUST, v->address, m.owner, view_mutex_type(m.kind));
	v->t->wait.shared = m.kind & KIND_SHARED;
	return true;
}

/* Whether a writer holds the rwlock at @base, and its fields fit the call. */
static bool rwlock_fits(struct view *v, uint64_t base, struct glibc_rwlock *l)
{
	return view_copy(v, base, l, sizeof(*l)) &&
	       l->readers & RWLOCK_WRITE_LOCKED && l->owner &&
	       l->owner <= FUTEX_TID_MASK && !view_is_self(v, l->owner) &&
	       !l->pad[0] && !l->pad[1] &&
	       !(l->shared & 0xff) == view_is_private(v);
}

/*
 * Who waits is in one of the two futexes of the lock, which lies at a multiple of 8,
 * so that one of them does, too.
 */
static bool glibc_rwlock(struct view *v)
{
	bool reader = v->caller == IN_READ_LOCK || v->function == IN_READ_LOCK;
	bool writer = v->caller == IN_WRITE_LOCK || v->function == IN_WRITE_LOCK;
	struct glibc_rwlock l;
	uint64_t base = v->address - (v->address % 8 ?
				      offsetof(struct glibc_rwlock, writers_futex) :
				      offsetof(struct glibc_rwlock, phase_futex));

	if (!has_mutexes(v) || (!reader && !writer))
		return false;
	view_found(v, reader ? WAIT_RWLOCK_READ : WAIT_RWLOCK_WRITE, base, 0, NULL);
	if (rwlock_fits(v, base, &l)) {
		v->t->wait.owner = l.owner;
		v->t->wait.shared = l.shared & 0xff;
	}
	return true;
}

#ifdef __x86_64__
/* Whether the struct pthread of glibc of thread @ns_tid begins at @address. */
static bool is_pthread(struct view *v, uint64_t address, uint32_t ns_tid)
{
	uint64_t self[3];

	(void)ns_tid;
	return view_copy(v, address, self, sizeof(self)) &&
	       self[0] == address && self[2] == address;
}
#else
/*
 * Nothing marks it there, but the kernel was told of a field of it: the list of
 * robust mutexes, which two words after the thread's ID begins.
 */
static bool is_pthread(struct view *v, uint64_t address, uint32_t ns_tid)
{
	const struct thread *t = process_thread(v->p, ns_tid);
	uint64_t list = address + images_tid_offset(v->p) + 16;
	size_t size;
	void *head;

	return t && !syscall(SYS_get_robust_list, t->tid, &head, &size) &&
	       (uintptr_t)head == list;
}
#endif

/* The word is the thread ID of the one that is joined, in its struct pthread. */
static bool glibc_join(struct view *v)
{
	uint32_t offset = images_tid_offset(v->p);

	if (!has_mutexes(v) || view_is_private(v) || !offset ||
	    v->function == IN_SYSCALL || v->caller == IN_COND ||
	    v->caller == IN_SEM || v->t->wait.word != v->value ||
	    !view_other_thread(v, v->value) || !is_pthread(v, v->address - offset, v->value))
		return false;
	view_found(v, WAIT_JOIN, v->address - offset, v->value, NULL);
	return true;
}

/*
 * glibc's lock of a FILE: lock, count (from 0 or from 1 on, by version), and the
 * owner's struct pthread.
 */
static bool glibc_stdio(struct view *v)
{
	struct { uint32_t lock, count; uint64_t owner; } lock;
	uint32_t offset = images_tid_offset(v->p), tid;

	if (!offset || !view_copy(v, v->address, &lock, sizeof(lock)) ||
	    lock.lock != 2 || !lock.owner ||
	    !view_copy(v, lock.owner + offset, &tid, sizeof(tid)) ||
	    !view_other_thread(v, tid) || !is_pthread(v, lock.owner, tid))
		return false;
	view_found(v, WAIT_STDIO, v->address, tid, NULL);
	return true;
}

/*
 * Where the kernel refuses to wait for a PI mutex (EDEADLK), glibc waits for a
 * word in its own frame, for ever.  Which mutex that was is recorded nowhere.
 */
static bool glibc_parked(struct view *v)
{
	if (!has_mutexes(v) ||
	    (v->function != IN_OTHER && v->function != IN_MUTEX) ||
	    !view_waits_in_own_frame(v))
		return false;
	view_found(v, WAIT_MUTEX_PARKED, 0, 0, "PI");
	return true;
}

/* Whether no frame tells who called what waits, or one that it was @function. */
static bool may_be_called_by(const struct view *v, enum libc_function function)
{
	return v->caller <= IN_OTHER || v->caller == function;
}

/* sem_wait() jumps to what waits, too: the fields of a sem_t tell. */
static bool glibc_semaphore(struct view *v)
{
	struct { uint32_t value, waiters, shared; } sem;

	if (!has_mutexes(v) || v->function != IN_OTHER ||
	    !may_be_called_by(v, IN_SEM) || view_command(v) != FUTEX_WAIT_BITSET ||
	    v->value || !view_copy(v, v->address, &sem, sizeof(sem)) || sem.value ||
	    !sem.waiters || sem.waiters > FUTEX_TID_MASK ||
	    !sem.shared != view_is_private(v))
		return false;
	view_found(v, WAIT_SEM, v->address, 0, NULL);
	return true;
}

#define ONCE_STATE	3	/* in the word; the rest counts forks */
#define ONCE_BEGUN	1

/* pthread_once(), too, jumps to what waits, for whoever has begun. */
static bool glibc_once(struct view *v)
{
	if (!has_mutexes(v) || v->function != IN_OTHER ||
	    !may_be_called_by(v, IN_ONCE) || v->op != FUTEX_WAIT_PRIVATE ||
	    v->t->wait.word != v->value ||
	    (v->value & ONCE_STATE) != ONCE_BEGUN || view_called(v) != IN_ONCE)
		return false;
	view_found(v, WAIT_ONCE, v->address, 0, NULL);
	return true;
}

/* Whether the first function on the stack that has a name takes memory. */
static bool called_by_malloc(const struct view *v)
{
	enum libc_function function;
	size_t i;

	for (i = 0; v->stack.ok && i < ARRAY_SIZE(v->frame); i++) {
		function = images_function(v->p, v->frame[i], NULL);
		if (function > IN_OTHER && function != IN_LLL_PRIVATE)
			return function == IN_MALLOC;
	}
	return false;
}

/* A lock of glibc's own: what stands behind it is no owner, but for stdio's. */
static bool glibc_internal(struct view *v)
{
	if (!glibc_stdio(v))
		view_found(v, WAIT_LIBC_LOCK, v->address, 0,
			   called_by_malloc(v) ? "malloc" : NULL);
	return true;
}

/*
 * Before 2.34 the function that waits for internal locks has no name: they are known
 * by their fields, or by who wants them.
 */
static bool glibc_base_internal(struct view *v)
{
	if (v->libc != LIBC_GLIBC_BASE || v->value != 2)
		return false;
	if (glibc_stdio(v))
		return true;
	if (!called_by_malloc(v))
		return false;
	view_found(v, WAIT_LIBC_LOCK, v->address, 0, "malloc");
	return true;
}

bool glibc_wait(struct view *v)
{
	if (v->function == IN_LLL_PRIVATE)
		return glibc_internal(v);
	return glibc_mutex(v) || glibc_robust(v) || glibc_rwlock(v) ||
	       glibc_join(v) || glibc_parked(v) || glibc_base_internal(v) ||
	       glibc_semaphore(v) || glibc_once(v);
}
