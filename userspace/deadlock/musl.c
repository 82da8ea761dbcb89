// SPDX-License-Identifier: GPL-2.0-only
/* Locks of musl. */
#include <stddef.h>

#include "lib/compiler.h"
#include "view.h"

/* A pthread_mutex_t of musl; the futex is its lock. */
struct musl_mutex {
	uint32_t type, lock;
};

#define MUSL_OWNER		0x3fffffff
#define MUSL_STDIO_WAITERS	0x40000000

/* Where the kernel refuses to wait for a PI mutex, musl does as glibc.c tells. */
static bool musl_parked(struct view *v)
{
	if (v->caller != IN_MUTEX || !view_waits_in_own_frame(v))
		return false;
	view_found(v, WAIT_MUTEX_PARKED, 0, 0, "PI");
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
		view_found(v, WAIT_MUTEX_NO_OWNER, v->address - 4, 0, "normal");
	else
		view_found(v, m.type & 4 ? WAIT_MUTEX_ROBUST : WAIT_MUTEX,
			   v->address - 4, view_is_self(v, owner) ? 0 : owner,
			   view_mutex_type(m.type));
	v->t->wait.shared = !view_is_private(v);
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
	    !view_other_thread(v, tid))
		return false;
	for (i = 0; i < ARRAY_SIZE(before); i++)
		if (view_copy(v, v->address - before[i], &self, sizeof(self)) &&
		    self == v->address - before[i]) {
			view_found(v, WAIT_JOIN, self, tid, NULL);
			return true;
		}
	return false;
}

static bool musl_stdio(struct view *v)
{
	uint32_t owner = v->value & MUSL_OWNER;

	if (v->function == IN_SYSCALL || v->value & FUTEX_WAITERS ||
	    !(v->value & MUSL_STDIO_WAITERS) || v->caller > IN_OTHER ||
	    v->t->wait.word != v->value || !view_other_thread(v, owner))
		return false;
	view_found(v, WAIT_STDIO, v->address, owner, NULL);
	return true;
}

#define ONCE_WAITED_FOR 3

/* pthread_once() jumps to what waits, for whoever has begun. */
static bool musl_once(struct view *v)
{
	if (v->function == IN_SYSCALL || v->caller != IN_NOTHING ||
	    v->value != ONCE_WAITED_FOR || v->t->wait.word != v->value ||
	    view_called(v) != IN_ONCE)
		return false;
	view_found(v, WAIT_ONCE, v->address, 0, NULL);
	return true;
}

bool musl_wait(struct view *v)
{
	return musl_mutex(v) || musl_parked(v) || musl_join(v) || musl_stdio(v) ||
	       musl_once(v);
}
