// SPDX-License-Identifier: GPL-2.0-only
/* Lists of Gs that wait; wait groups, mutexes and semaphores made of them. */
#include "internal.h"

bool claim(struct g *g, uint64_t ticket)
{
	return atomic_compare_exchange_strong(&g->ticket, &ticket, ticket + 1);
}

/* The ticket that this wait will have once the G sleeps. */
void wait_prepare(struct waiter *w, struct g *g, bool contested)
{
	*w = (struct waiter){
		.g = g,
		.contested = contested,
		.ticket = g->ticket + 1,
	};
}

void wait_list(struct gpm_waiters *list, struct waiter *w)
{
	struct waiter *last = list->last;

	w->listed = true;
	w->next = NULL;
	w->prev = last;
	if (last)
		last->next = w;
	else
		list->first = w;
	list->last = w;
}

void wait_unlist(struct gpm_waiters *list, struct waiter *w)
{
	if (!w->listed)
		return;
	w->listed = false;
	if (w->prev)
		w->prev->next = w->next;
	else
		list->first = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		list->last = w->prev;
}

struct waiter *wait_pop(struct gpm_waiters *list)
{
	struct waiter *w;

	while ((w = list->first)) {
		w->listed = false;
		list->first = w->next;
		if (w->next)
			w->next->prev = NULL;
		else
			list->last = NULL;
		if (!w->contested || claim(w->g, w->ticket)) {
			w->g->result = 0;
			w->g->woken = w;
			return w;
		}
	}
	return NULL;
}

/*
 * A timer that expired before could not claim a G that did not sleep yet: it left
 * a flag, which is read after the ticket is there for all to see.
 */
void wait_begin(struct m *m, struct g *g)
{
	uint64_t ticket = g->ticket + 1;
	/* Whoever is woken may be gone with all that it had on its stack. */
	struct lock *l = m->after_lock;
	void (*call)(void *arg) = m->after_call;
	void *arg = m->after_arg;
	bool late;

	atomic_store(&g->ticket, ticket);
	late = (atomic_load(&g->expired) || atomic_load(&g->slept)) &&
	       claim(g, ticket);
	if (late)
		g->result = -ETIMEDOUT;
	if (l)
		unlock(l);
	else if (call)
		call(arg);
	if (late)
		make_ready(m, g);
}

static void sleep_until_woken(struct m *m, enum after after, struct lock *l,
			      enum gpm_wait_reason why, const void *what)
{
	struct g *g = m->current;

	g->why = why;
	g->what = what;
	g->woken = NULL;
	g->parks++;
	set_state(g, G_WAITING);
	trace(my_p(m)->ring, TRACE_PARK, g->id, why, 0);
	switch_away(m, after, l);
}

int wait_in(struct m *m, struct lock *l, struct gpm_waiters *list,
	    enum gpm_wait_reason why, const void *what, void *value)
{
	struct g *g = m->current;
	struct waiter w;

	wait_prepare(&w, g, g->has_deadline);
	w.value = value;
	wait_list(list, &w);
	sleep_until_woken(m, w.contested ? AFTER_WAIT : AFTER_UNLOCK, l, why,
			  what);
	if (g->result == -ETIMEDOUT) {
		/* A descriptor's is taken by those without a P as well. */
		lock(l);
		wait_unlist(list, &w);
		unlock(l);
	}
	return g->result;
}

int wait_claimed(struct m *m, enum gpm_wait_reason why, const void *what,
		 void (*unlock_all)(void *arg), void *arg)
{
	struct g *g = m->current;

	m->after_call = unlock_all;
	m->after_arg = arg;
	sleep_until_woken(m, AFTER_WAIT, NULL, why, what);
	return g->result;
}

/* Wake all that wait; the lock is held and is released. */
static void wake_all(struct m *m, struct gpm_waiters *list)
{
	struct g *first = NULL, **end = &first;
	struct waiter *w;

	while ((w = wait_pop(list))) {
		*end = w->g;
		end = &w->g->link;
	}
	*end = NULL;
	unlock(lock_of(list));
	while (first) {
		struct g *g = first;

		first = g->link;
		make_ready(m, g);
	}
}

int gpm_group_add(struct gpm_group *group, long n)
{
	struct m *m = enter();
	int err = 0;
	long count;

	if (!m)
		return -EPERM;
	lock_object(lock_of(&group->waiters));
	if (__builtin_add_overflow(group->count, n, &count) || count < 0)
		err = -EINVAL;
	else
		group->count = count;
	if (!err && !group->count)
		wake_all(m, &group->waiters);
	else
		unlock(lock_of(&group->waiters));
	leave_here(m);
	return err;
}

int gpm_group_done(struct gpm_group *group)
{
	return gpm_group_add(group, -1);
}

int gpm_group_wait(struct gpm_group *group)
{
	struct m *m = enter();
	int err = 0;

	if (!m)
		return -EPERM;
	lock_object(lock_of(&group->waiters));
	if (group->count)
		err = wait_in(m, lock_of(&group->waiters), &group->waiters,
			      WAIT_GROUP, group, NULL);
	else
		unlock(lock_of(&group->waiters));
	leave();
	return err;
}

static int lock_mutex(struct gpm_mutex *mutex, bool wait)
{
	struct m *m = enter();
	int err = 0;

	if (!m)
		return -EPERM;
	lock_object(lock_of(&mutex->waiters));
	if (!mutex->owner) {
		mutex->owner = m->current->id;
		unlock(lock_of(&mutex->waiters));
	} else if (mutex->owner == m->current->id) {
		unlock(lock_of(&mutex->waiters));
		err = -EDEADLK;
	} else if (wait) {
		/* It is ours when we wake up: no other came in between. */
		err = wait_in(m, lock_of(&mutex->waiters), &mutex->waiters,
			      WAIT_MUTEX, mutex, NULL);
	} else {
		unlock(lock_of(&mutex->waiters));
		err = -EBUSY;
	}
	leave();
	return err;
}

int gpm_lock(struct gpm_mutex *mutex)
{
	return lock_mutex(mutex, true);
}

int gpm_try_lock(struct gpm_mutex *mutex)
{
	return lock_mutex(mutex, false);
}

int gpm_unlock(struct gpm_mutex *mutex)
{
	struct m *m = enter();
	struct waiter *w;

	if (!m)
		return -EPERM;
	lock_object(lock_of(&mutex->waiters));
	if (mutex->owner != m->current->id) {
		unlock(lock_of(&mutex->waiters));
		leave_here(m);
		return -EPERM;
	}
	w = wait_pop(&mutex->waiters);
	mutex->owner = w ? w->g->id : 0;
	unlock(lock_of(&mutex->waiters));
	if (w)
		make_ready(m, w->g);
	leave_here(m);
	return 0;
}

int gpm_sem_wait(struct gpm_sem *sem)
{
	struct m *m = enter();
	int err = 0;

	if (!m)
		return -EPERM;
	lock_object(lock_of(&sem->waiters));
	if (sem->count > 0) {
		sem->count--;
		unlock(lock_of(&sem->waiters));
	} else {
		err = wait_in(m, lock_of(&sem->waiters), &sem->waiters,
			      WAIT_SEM, sem, NULL);
	}
	leave();
	return err;
}

int gpm_sem_post(struct gpm_sem *sem)
{
	struct m *m = enter();
	struct waiter *w;

	if (!m)
		return -EPERM;
	lock_object(lock_of(&sem->waiters));
	w = wait_pop(&sem->waiters);
	if (!w)
		sem->count++;
	unlock(lock_of(&sem->waiters));
	if (w)
		make_ready(m, w->g);
	leave_here(m);
	return 0;
}
