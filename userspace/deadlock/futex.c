// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waits in futex(2): which lock of which C library, and who holds it.
 *
 * A lock is believed where three things agree: the system call, the function of
 * the C library that made it, and the fields of the lock.
 */
#include <linux/futex.h>
#include <stdlib.h>
#include <time.h>

#include "lib/owned.h"
#include "lib/xalloc.h"
#include "view.h"
#include "waits.h"

/*
 * The kernel's own protocol: the word has the owner.  Nobody waits so for himself,
 * which the kernel refuses: that is who was given the mutex and is not awake yet,
 * as long as the CPU of who gave it is stopped in between.
 */
static void pi_mutex(struct view *v)
{
	uint32_t owner = v->t->wait.word & FUTEX_TID_MASK;

	if (v->t->wait.word & FUTEX_OWNER_DIED || view_is_self(v, owner))
		owner = 0;
	view_found(v, WAIT_MUTEX_PI, v->address, owner, "PI");
	v->t->wait.shared = !view_is_private(v);
}

/* One of ours at @base, for which the thread waits in the word itself or behind. */
static bool owned_at(struct view *v, uint64_t base, const char *type)
{
	struct owned o;

	if (!view_copy(v, base, &o, sizeof(o)) || o.mark != OWNED_MARK ||
	    !o.word || o.owner > FUTEX_TID_MASK)
		return false;
	view_found(v, WAIT_MUTEX, base, o.owner, type);
	v->t->wait.shared = !view_is_private(v);
	return true;
}

/*
 * The mutexes of lib/owned.h.  The owner is written after the lock was taken and
 * cleared before it is given back: a sleeping thread that stands there has it.
 */
static bool owned_mutex(struct view *v)
{
	if (v->function != IN_SYSCALL || v->t->wait.word != v->value ||
	    view_command(v) != FUTEX_WAIT_BITSET)
		return false;
	return owned_at(v, v->address, "ctxlab") ||
	       owned_at(v, v->address - sizeof(struct owned), "ctxlab-fair");
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
	view_found(v, kind, v->address, 0, NULL);
}

static void plain_wait(struct view *v)
{
	if (!owned_mutex(v) &&
	    !(v->libc == LIBC_MUSL ? musl_wait(v) : glibc_wait(v)))
		without_owner(v);
}

static void timeout(const struct view *v)
{
	uint32_t command = view_command(v);
	bool realtime = v->op & FUTEX_CLOCK_REALTIME ||
			command == FUTEX_LOCK_PI;

	if (v->t->call.args[3])
		wait_until(v->t, v->t->call.args[3], command != FUTEX_WAIT,
			   realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

/* Other processes have it, too, whatever the lock was made for. */
static bool in_shared_memory(const struct view *v)
{
	const struct mapping *m = process_mapping(v->p, v->address);

	return m && m->shared;
}

static void decode(struct view *v, const struct piece piece[2])
{
	view_found(v, WAIT_FUTEX, v->address, 0, NULL);
	if (!view_take(v, piece))
		return;
	switch (view_command(v)) {
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
	v->t->wait.shared |= in_shared_memory(v);
	timeout(v);
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
	for (i = 0; i < n; i++)
		decode(&view[i], &piece[2 * i]);
	free(piece);
	free(view);
}
