// SPDX-License-Identifier: GPL-2.0-only
/* The four spinlocks. */
#include "spin.h"

void tas_lock(struct spin *s, struct lock_user *u)
{
	if (!word_swap(&s->held, 1))
		return;
	u->slow++;
	do {
		word_pause();
	} while (word_swap(&s->held, 1));
}

void ttas_lock(struct spin *s, struct lock_user *u)
{
	if (!word_swap(&s->held, 1))
		return;
	u->slow++;
	do {
		while (word_load(&s->held))
			word_pause();
	} while (word_swap(&s->held, 1));
}

void spin_unlock(struct spin *s)
{
	word_store(&s->held, 0);
}

void ticket_lock(struct ticket *t, struct lock_user *u)
{
	uint32_t number = word_add(&t->next, 1);

	if (word_load(&t->serving) == number)
		return;
	u->slow++;
	while (word_load(&t->serving) != number)
		word_pause();
}

void ticket_unlock(struct ticket *t)
{
	word_store(&t->serving, word_load(&t->serving) + 1);
}

void mcs_lock(struct mcs *m, struct lock_user *u)
{
	struct mcs_node *own = &m->node[u->index];
	uint32_t before;

	word_store(&own->next, 0);
	word_store(&own->waits, 1);
	before = word_swap(&m->last, u->index + 1);
	if (!before)
		return;
	u->slow++;
	word_store(&m->node[before - 1].next, u->index + 1);
	while (word_load(&own->waits))
		word_pause();
}

void mcs_unlock(struct mcs *m, struct lock_user *u)
{
	struct mcs_node *own = &m->node[u->index];
	uint32_t next = word_load(&own->next);

	if (!next) {
		if (word_cas(&m->last, u->index + 1, 0))
			return;
		/* Somebody has come, and is about to say who. */
		while (!(next = word_load(&own->next)))
			word_pause();
	}
	word_store(&m->node[next - 1].waits, 0);
}
