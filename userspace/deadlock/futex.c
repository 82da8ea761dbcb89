// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits in futex(2): which lock of which C library, and who holds it.
 *
 * A lock is believed where three things agree: the system call, the function of
 * the C library that made it, and the fields of the lock.  glibc's offsets are
 * the same from 2.31 to 2.41 on x86-64 and arm64.
 */
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "called.h"
#include "image.h"
#include "lib/compiler.h"
#include "lib/owned.h"
#include "lib/xalloc.h"
#include "waits.h"

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

/* A pthread_mutex_t of musl; the futex is its lock. */
struct musl_mutex {
	uint32_t type, lock;
};

#define MUSL_OWNER		0x3fffffff
#define MUSL_STDIO_WAITERS	0x40000000

/* A thread in futex(2), and the memory that says for what. */
struct view {
	struct process *p;
	struct thread *t;
	uint64_t address;
	uint32_t op, value;
	uint64_t start;		/* of what was read around the word */
	struct piece word, stack;
	unsigned char bytes[WORD_WINDOW];
	uint64_t frame[STACK_WINDOW / 8];
	enum libc_function function, caller;
	enum libc_kind libc;
};

#define PAGE 4096

/* Asks for the memory around the word, on its page, and for the stack. */
static void view_ask(struct view *v, struct process *p, struct thread *t,
		     struct piece piece[2])
{
	uint64_t page = t->call.args[0] & ~(uint64_t)(PAGE - 1), end;

	v->p = p;
	v->t = t;
	v->address = t->call.args[0];
	v->op = t->call.args[1];
	v->value = t->call.args[2];
	v->start = v->address - page < WORD_BEFORE ? page :
		   v->address - WORD_BEFORE;
	end = v->start + WORD_WINDOW;
	if (end - page > PAGE)
		end = page + PAGE;
	piece[0] = (struct piece){ v->start, v->bytes, end - v->start, false };
	piece[1] = (struct piece){ t->call.sp, v->frame, STACK_WINDOW, false };
}

/* Copies memory of the process: from what was read, or by another reading. */
static bool view_copy(struct view *v, uint64_t address, void *to, size_t len)
{
	struct piece piece = { address, to, len, false };

	if (v->word.ok && address >= v->start &&
	    address - v->start <= v->word.len &&
	    v->word.len - (address - v->start) >= len) {
		memcpy(to, v->bytes + (address - v->start), len);
		return true;
	}
	process_read(v->p, &piece, 1);
	return piece.ok;
}

/* The function that returns to the first address of code on the stack. */
static enum libc_function first_called(const struct view *v)
{
	const struct mapping *m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v->frame); i++) {
		m = process_mapping(v->p, v->frame[i]);
		if (m && m->executable)
			return called_before(v->p, v->frame[i]);
	}
	return IN_NOTHING;
}

/* The first function on the stack that is known to wait. */
static enum libc_function find_caller(const struct view *v)
{
	enum libc_function function;
	size_t i;

	for (i = 0; v->stack.ok && i < ARRAY_SIZE(v->frame); i++) {
		function = images_function(v->p, v->frame[i], NULL);
		if (function > IN_OTHER && function != IN_LLL_WAIT &&
		    function != IN_LLL_PRIVATE && function != IN_MALLOC)
			return function;
	}
	return v->stack.ok ? first_called(v) : IN_NOTHING;
}

static bool is_private(const struct view *v)
{
	return v->op & FUTEX_PRIVATE_FLAG;
}

/* A live thread, other than the waiting one, that locks may name so. */
static bool other_thread(const struct view *v, uint32_t ns_tid)
{
	return ns_tid && ns_tid != (uint32_t)v->t->ns_tid &&
	       process_thread(v->p, ns_tid);
}

/* Whether the mutex is locked and its fields fit each other and the call. */
static bool mutex_fits(const struct view *v, const struct glibc_mutex *m)
{
	uint32_t known = KIND_TYPE | KIND_ROBUST | KIND_PI | KIND_SHARED |
			 KIND_ELISION;

	return m->owner && m->owner <= FUTEX_TID_MASK && m->users &&
	       !(m->kind & ~known) &&
	       (m->kind & KIND_ROBUST || !(m->kind & KIND_SHARED) == is_private(v));
}

static const char *mutex_type(uint32_t kind)
{
	static const char *const types[] = { "normal", "recursive",
					     "errorcheck", "adaptive" };

	return types[kind & KIND_TYPE];
}

static void found(struct view *v, enum wait_kind kind, uint64_t lock,
		  uint32_t owner, const char *type)
{
	v->t->wait.kind = kind;
	v->t->wait.address = lock;
	v->t->wait.owner = owner;
	v->t->wait.type = type;
}

static bool is_self(const struct view *v, uint32_t ns_tid)
{
	return ns_tid == (uint32_t)v->t->ns_tid;
}

/* Whether the code that waits is a part of glibc that has mutexes. */
static bool has_mutexes(const struct view *v)
{
	return v->libc == LIBC_GLIBC || v->libc == LIBC_GLIBC_STATIC;
}

/*
 * Whether the call is that of a mutex.  With a timeout it is another one, and where
 * pthread_mutex_timedlock() has jumped to what waits, no frame has its name.
 */
static bool calls_for_mutex(const struct view *v)
{
	if ((v->op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		return (v->function == IN_LLL_WAIT || v->function == IN_OTHER) &&
		       (v->caller == IN_MUTEX || v->caller == IN_COND);
	return v->t->call.args[3] &&
	       (v->function == IN_OTHER || v->function == IN_MUTEX) &&
	       (v->caller == IN_NOTHING || v->caller == IN_MUTEX);
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
	if (is_self(v, m.owner) && ((m.kind & KIND_TYPE) == 1 ||
				    (m.kind & KIND_TYPE) == 2))
		return false;
	found(v, WAIT_MUTEX, v->address, m.owner, mutex_type(m.kind));
	v->t->wait.shared = m.kind & KIND_SHARED;
	return true;
}

static bool glibc_robust(struct view *v)
{
	struct glibc_mutex m;

	if (!has_mutexes(v) || !(v->value & FUTEX_WAITERS) ||
	    (v->op & FUTEX_CMD_MASK) != FUTEX_WAIT)
		return false;
	if (!view_copy(v, v->address, &m, sizeof(m)) || !mutex_fits(v, &m) ||
	    !(m.kind & KIND_ROBUST) || m.kind & KIND_PI ||
	    m.lock != (m.owner | FUTEX_WAITERS))
		return false;
	found(v, WAIT_MUTEX_ROBUST, v->address, m.owner, mutex_type(m.kind));
	v->t->wait.shared = m.kind & KIND_SHARED;
	return true;
}

/* Whether a writer holds the rwlock at @base, and its fields fit the call. */
static bool rwlock_fits(struct view *v, uint64_t base, struct glibc_rwlock *l)
{
	return view_copy(v, base, l, sizeof(*l)) &&
	       l->readers & RWLOCK_WRITE_LOCKED && l->owner &&
	       l->owner <= FUTEX_TID_MASK && !is_self(v, l->owner) &&
	       !l->pad[0] && !l->pad[1] &&
	       !(l->shared & 0xff) == is_private(v);
}

/* Who waits is in one of the two futexes of the lock. */
static bool glibc_rwlock(struct view *v)
{
	bool reader = v->caller == IN_READ_LOCK || v->function == IN_READ_LOCK;
	bool writer = v->caller == IN_WRITE_LOCK || v->function == IN_WRITE_LOCK;
	struct glibc_rwlock phase, writers, *l = NULL;
	uint64_t base = v->address - offsetof(struct glibc_rwlock, phase_futex);

	if (!has_mutexes(v) || (!reader && !writer))
		return false;
	found(v, reader ? WAIT_RWLOCK_READ : WAIT_RWLOCK_WRITE, base, 0, NULL);
	if (rwlock_fits(v, base, &phase))
		l = &phase;
	base = v->address - offsetof(struct glibc_rwlock, writers_futex);
	if (writer && rwlock_fits(v, base, &writers)) {
		/* Either may be it: then it is not known. */
		if (l)
			return true;
		l = &writers;
		v->t->wait.address = base;
	}
	if (l) {
		v->t->wait.owner = l->owner;
		v->t->wait.shared = l->shared & 0xff;
	}
	return true;
}

/*
 * The kernel's own protocol: the word has the owner.  Nobody waits so for himself,
 * which the kernel refuses: that is who was given the mutex and is not awake yet,
 * as long as the CPU of who gave it is stopped in between.
 */
static void pi_mutex(struct view *v)
{
	uint32_t owner = v->t->wait.word & FUTEX_TID_MASK;

	if (v->t->wait.word & FUTEX_OWNER_DIED || is_self(v, owner))
		owner = 0;
	found(v, WAIT_MUTEX_PI, v->address, owner, "PI");
	v->t->wait.shared = !is_private(v);
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

	if (!has_mutexes(v) || is_private(v) || !offset ||
	    v->function == IN_SYSCALL || v->caller == IN_COND ||
	    v->caller == IN_SEM || v->t->wait.word != v->value ||
	    !other_thread(v, v->value) || !is_pthread(v, v->address - offset, v->value))
		return false;
	found(v, WAIT_JOIN, v->address - offset, v->value, NULL);
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
	    !other_thread(v, tid) || !is_pthread(v, lock.owner, tid))
		return false;
	found(v, WAIT_STDIO, v->address, tid, NULL);
	return true;
}

/* Before 2.34 the function that waits for internal locks has no name. */
static bool glibc_base_stdio(struct view *v)
{
	return v->libc == LIBC_GLIBC_BASE && v->value == 2 && glibc_stdio(v);
}

/*
 * Whether the word is in the frame of a function of glibc's own: between it and
 * the stack pointer stands no address of other code, so nobody but glibc can
 * have put it there.
 */
static bool word_in_libc_frame(const struct view *v)
{
	const struct mapping *m;
	enum libc_kind libc;
	size_t i, words = (v->address - v->t->call.sp) / 8;

	/* In one file with other code, the function must have its name. */
	if (v->libc == LIBC_GLIBC_STATIC)
		return v->caller == IN_MUTEX;
	for (i = 0; i < words; i++) {
		m = process_mapping(v->p, v->frame[i]);
		if (!m || !m->executable)
			continue;
		images_function(v->p, v->frame[i], &libc);
		if (libc != v->libc)
			return false;
	}
	return true;
}

/* For a word of 0 in the C library's frame, without a timeout. */
static bool waits_for_own_frame(const struct view *v)
{
	return !v->value && !v->t->wait.word && !v->t->call.args[3] &&
	       v->stack.ok && v->address >= v->t->call.sp &&
	       v->address - v->t->call.sp < STACK_WINDOW && word_in_libc_frame(v);
}

/*
 * Where the kernel refuses to wait for a PI mutex (EDEADLK), glibc waits for a
 * word in its own frame, for ever.  Which mutex that was is recorded nowhere.
 */
static bool glibc_parked(struct view *v)
{
	if (!has_mutexes(v) ||
	    (v->function != IN_OTHER && v->function != IN_MUTEX) ||
	    !waits_for_own_frame(v))
		return false;
	found(v, WAIT_MUTEX_PARKED, 0, 0, "PI");
	return true;
}

/* sem_wait() jumps to what waits, too: the fields of a sem_t tell. */
static bool glibc_semaphore(struct view *v)
{
	struct { uint32_t value, waiters, shared; } sem;

	if (!has_mutexes(v) || v->function != IN_OTHER || v->caller != IN_NOTHING ||
	    (v->op & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET || v->value ||
	    !view_copy(v, v->address, &sem, sizeof(sem)) || sem.value ||
	    !sem.waiters || sem.waiters > FUTEX_TID_MASK ||
	    !sem.shared != is_private(v))
		return false;
	found(v, WAIT_SEM, v->address, 0, NULL);
	return true;
}

/* One of ours at @base, for which the thread waits in the word itself or behind. */
static bool owned_at(struct view *v, uint64_t base, const char *type)
{
	struct owned o;

	if (!view_copy(v, base, &o, sizeof(o)) || o.mark != OWNED_MARK ||
	    !o.word || o.owner > FUTEX_TID_MASK)
		return false;
	found(v, WAIT_MUTEX, base, o.owner, type);
	v->t->wait.shared = !is_private(v);
	return true;
}

/*
 * The mutexes of lib/owned.h.  The owner is written after the lock was taken and
 * cleared before it is given back: a sleeping thread that stands there has it.
 */
static bool owned_mutex(struct view *v)
{
	if (v->function != IN_SYSCALL || v->t->wait.word != v->value ||
	    (v->op & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET)
		return false;
	return owned_at(v, v->address, "ctxlab") ||
	       owned_at(v, v->address - sizeof(struct owned), "ctxlab-fair");
}

/* musl does as glibc where the kernel refuses: see glibc_parked(). */
static bool musl_parked(struct view *v)
{
	if (v->caller != IN_MUTEX || !waits_for_own_frame(v))
		return false;
	found(v, WAIT_MUTEX_PARKED, 0, 0, "PI");
	return true;
}

static bool musl_mutex(struct view *v)
{
	struct musl_mutex m;
	uint32_t owner = v->value & MUSL_OWNER;

	if (v->caller != IN_MUTEX || !(v->value & FUTEX_WAITERS) ||
	    v->t->wait.word != v->value ||
	    !view_copy(v, v->address - offsetof(struct musl_mutex, lock), &m,
		       sizeof(m)) || m.type & ~(uint32_t)(3 | 4 | 8 | 128))
		return false;
	if (!(m.type & 3) && !(m.type & 4))
		found(v, WAIT_MUTEX_NO_OWNER, v->address - 4, 0, "normal");
	else
		found(v, m.type & 4 ? WAIT_MUTEX_ROBUST : WAIT_MUTEX,
		      v->address - 4, is_self(v, owner) ? 0 : owner,
		      mutex_type(m.type));
	v->t->wait.shared = !is_private(v);
	return true;
}

/* musl's struct pthread begins with its own address; the ID precedes the word. */
static bool musl_join(struct view *v)
{
	static const int before[] = { 56, 40 };	/* x86-64, arm64 */
	uint64_t self;
	uint32_t tid;
	size_t i;

	if (v->caller != IN_JOIN ||
	    !view_copy(v, v->address - 8, &tid, sizeof(tid)) ||
	    !other_thread(v, tid))
		return false;
	for (i = 0; i < ARRAY_SIZE(before); i++)
		if (view_copy(v, v->address - before[i], &self, sizeof(self)) &&
		    self == v->address - before[i]) {
			found(v, WAIT_JOIN, self, tid, NULL);
			return true;
		}
	return false;
}

static bool musl_stdio(struct view *v)
{
	uint32_t owner = v->value & MUSL_OWNER;

	if (v->function == IN_SYSCALL || v->value & FUTEX_WAITERS ||
	    !(v->value & MUSL_STDIO_WAITERS) || v->caller > IN_OTHER ||
	    v->t->wait.word != v->value || !other_thread(v, owner))
		return false;
	found(v, WAIT_STDIO, v->address, owner, NULL);
	return true;
}

/* What has no owner is known by the function that waits. */
static enum wait_kind kind_of(enum libc_function function)
{
	switch (function) {
	case IN_LLL_PRIVATE:	return WAIT_LIBC_LOCK;
	case IN_COND:		return WAIT_COND;
	case IN_SEM:		return WAIT_SEM;
	case IN_BARRIER:	return WAIT_BARRIER;
	case IN_ONCE:		return WAIT_ONCE;
	default:		return WAIT_FUTEX;
	}
}

static void without_owner(struct view *v)
{
	enum wait_kind kind = kind_of(v->function);

	if (kind == WAIT_FUTEX && v->function != IN_SYSCALL)
		kind = kind_of(v->caller);
	found(v, kind, v->address, 0, NULL);
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
static void internal_lock(struct view *v)
{
	if (glibc_stdio(v))
		return;
	without_owner(v);
	if (called_by_malloc(v))
		v->t->wait.type = "malloc";
}

static void plain_wait(struct view *v)
{
	if (owned_mutex(v))
		return;
	if (v->function == IN_LLL_PRIVATE) {
		internal_lock(v);
		return;
	}
	if (v->libc == LIBC_MUSL) {
		if (!musl_mutex(v) && !musl_parked(v) && !musl_join(v) && !musl_stdio(v))
			without_owner(v);
		return;
	}
	if (!glibc_mutex(v) && !glibc_robust(v) && !glibc_rwlock(v) &&
	    !glibc_join(v) && !glibc_parked(v) && !glibc_base_stdio(v) &&
	    !glibc_semaphore(v))
		without_owner(v);
}

static void timeout(const struct view *v, uint32_t command)
{
	bool realtime = v->op & FUTEX_CLOCK_REALTIME ||
			command == FUTEX_LOCK_PI;

	if (v->t->call.args[3])
		wait_until(v->t, v->t->call.args[3], command != FUTEX_WAIT,
			   realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

static void view_decode(struct view *v)
{
	uint32_t command = v->op & FUTEX_CMD_MASK;

	found(v, WAIT_FUTEX, v->address, 0, NULL);
	if (!view_copy(v, v->address, &v->t->wait.word, sizeof(uint32_t)))
		return;
	v->function = images_function(v->p, v->t->call.pc, &v->libc);
	v->caller = find_caller(v);
	switch (command) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		pi_mutex(v);
		break;
	case FUTEX_WAIT_REQUEUE_PI:
		v->t->wait.kind = WAIT_COND;
		break;
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		plain_wait(v);
		break;
	default:
		return;
	}
	timeout(v, command);
}

void futex_read(struct process *p, struct thread **thread, size_t n)
{
	struct view *view = xcalloc(n, sizeof(*view));
	struct piece *piece = xcalloc(2 * n, sizeof(*piece));
	size_t i;

	images_find(p);
	for (i = 0; i < n; i++)
		view_ask(&view[i], p, thread[i], &piece[2 * i]);
	process_read(p, piece, 2 * n);
	for (i = 0; i < n; i++) {
		view[i].word = piece[2 * i];
		view[i].stack = piece[2 * i + 1];
		view_decode(&view[i]);
	}
	free(piece);
	free(view);
}
