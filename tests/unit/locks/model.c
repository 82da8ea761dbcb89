// SPDX-License-Identifier: GPL-2.0-only
/* The exploration of model.h. */
#include <stdlib.h>
#include <string.h>

#include "coroutine/coroutine.h"
#include "model.h"

#define STACK 16384
#define MOST_STATES (1U << 21)
#define TABLE (MOST_STATES * 2)

#define BUFFERED 4

enum op { OP_STEP, OP_LOAD, OP_STORE, OP_STORE_FENCED, OP_FENCE, OP_CAS,
	  OP_SWAP, OP_ADD, OP_WAIT, OP_WAKE, OP_LATE, OP_DONE };

struct store {
	uint32_t *word;
	uint32_t value;
};

/* What a thread is about to do, and how it sleeps; its stores, the oldest first. */
struct thread {
	void *sp;
	enum op op;
	uint32_t *word;
	uint32_t old;
	uint32_t value;
	uint32_t bits;
	bool timed;
	bool asleep;
	bool half;		/* a mistake has done the load of @op */
	uint32_t result;
	unsigned int buffered;
	struct store buffer[BUFFERED];
};

/* Everything that a state is made of but stacks and the memory of the lock. */
static struct thread thread[MODEL_THREADS];
static char stack[MODEL_THREADS][STACK] __attribute__((aligned(64)));

static const struct model *model;
static void *explorer;
static unsigned int running;
static const char *wrong;

void model_wrong(const char *what)
{
	if (!wrong)
		wrong = what;
}

/* In a thread: gives way to the explorer before an operation. */
static uint32_t ask(enum op op, const uint32_t *word, uint32_t old,
		    uint32_t value)
{
	struct thread *t = &thread[running];

	t->op = op;
	t->word = (uint32_t *)word;
	t->old = old;
	t->value = value;
	t->half = false;
	t->result = 0;
	co_switch(&t->sp, explorer);
	return thread[running].result;
}

void model_step(void)
{
	ask(OP_STEP, NULL, 0, 0);
}

uint32_t word_load(const uint32_t *word)
{
	return ask(OP_LOAD, word, 0, 0);
}

void word_store(uint32_t *word, uint32_t value)
{
	ask(OP_STORE, word, 0, value);
}

void word_store_fenced(uint32_t *word, uint32_t value)
{
	ask(OP_STORE_FENCED, word, 0, value);
}

void word_fence(void)
{
	ask(OP_FENCE, NULL, 0, 0);
}

/* Nobody's next step depends on it. */
void word_note(uint32_t *word, uint32_t value)
{
	*word = value;
}

bool word_cas(uint32_t *word, uint32_t old, uint32_t value)
{
	return ask(OP_CAS, word, old, value);
}

uint32_t word_swap(uint32_t *word, uint32_t value)
{
	return ask(OP_SWAP, word, 0, value);
}

uint32_t word_add(uint32_t *word, uint32_t value)
{
	return ask(OP_ADD, word, 0, value);
}

void word_pause(void)
{
}

void word_wait(struct lock_user *u, uint32_t *word, uint32_t value,
	       uint32_t bits, uint64_t deadline_ns)
{
	(void)u;
	thread[running].bits = bits;
	thread[running].timed = deadline_ns;
	ask(OP_WAIT, word, value, 0);
}

void word_wake(struct lock_user *u, uint32_t *word, int n, uint32_t bits)
{
	(void)u;
	thread[running].bits = bits;
	ask(OP_WAKE, word, 0, n);
}

uint64_t word_deadline(uint64_t ns)
{
	return ns;
}

bool word_late(uint64_t deadline_ns)
{
	(void)deadline_ns;
	return ask(OP_LATE, NULL, 0, 0);
}

static void entry(void *arg)
{
	unsigned int i = (uintptr_t)arg;

	model->run(i);
	for (;;)
		ask(OP_DONE, NULL, 0, 0);
}

static void resume_thread(unsigned int i)
{
	running = i;
	co_switch(&explorer, thread[i].sp);
	if (model->after)
		model->after(i);
}

/* Sleepers that a wake-up can reach, as bits. */
static unsigned int sleepers(const struct thread *waker)
{
	unsigned int i, found = 0;

	for (i = 0; i < model->threads; i++)
		if (thread[i].asleep && thread[i].word == waker->word &&
		    thread[i].bits & waker->bits)
			found |= 1U << i;
	return found;
}

/* Those of them, of whom there are more than fit, that choice number @n wakes. */
static unsigned int woken(const struct thread *waker, unsigned int n)
{
	unsigned int found = sleepers(waker), most = waker->value, i;

	if (model->mistake == MISTAKE_WAKE_LOST)
		return 0;
	if (model->mistake == MISTAKE_WAKE_ONE)
		most = 1;
	if ((unsigned int)__builtin_popcount(found) <= most)
		return found;
	for (i = 0; i < model->threads; i++)
		if (found & 1U << i && !n--)
			return 1U << i;
	return 0;
}

/* Whether what it does next comes after all its stores, or needs room for one. */
static bool must_flush(const struct thread *t)
{
	switch (t->op) {
	case OP_STORE_FENCED:
	case OP_FENCE:
		if (model->mistake != MISTAKE_NO_FENCE)
			return t->buffered;
		return t->buffered == BUFFERED;
	case OP_STORE:
		return t->buffered == BUFFERED;
	case OP_CAS:
	case OP_SWAP:
	case OP_ADD:
	case OP_WAIT:
	case OP_WAKE:
		return t->buffered;
	default:
		return false;
	}
}

/* The oldest store reaches memory. */
static void flush(unsigned int i)
{
	struct thread *t = &thread[i];

	*t->buffer[0].word = t->buffer[0].value;
	t->buffered--;
	memmove(t->buffer, t->buffer + 1, t->buffered * sizeof(*t->buffer));
	t->buffer[t->buffered] = (struct store){};
	if (model->after)
		model->after(i);
}

/* How many ways there are for what a thread does next; 0: it cannot go on. */
static unsigned int choices(unsigned int i)
{
	const struct thread *t = &thread[i];

	if (t->op == OP_DONE || t->asleep || must_flush(t))
		return 0;
	if (t->op == OP_LATE)
		return 2;
	if (t->op == OP_WAKE && __builtin_popcount(sleepers(t)) > 1)
		return __builtin_popcount(sleepers(t));
	return 1;
}

static bool in_two(const struct thread *t)
{
	return (t->op == OP_CAS && model->mistake == MISTAKE_CAS_IN_TWO) ||
	       (t->op == OP_SWAP && model->mistake == MISTAKE_SWAP_IN_TWO) ||
	       (t->op == OP_ADD && model->mistake == MISTAKE_ADD_IN_TWO);
}

static void write_back(struct thread *t)
{
	if (t->op == OP_CAS && t->result)
		*t->word = t->value;
	else if (t->op == OP_SWAP)
		*t->word = t->value;
	else if (t->op == OP_ADD)
		*t->word = t->result + t->value;
}

static void wake(struct thread *t, unsigned int choice)
{
	unsigned int i, who = woken(t, choice);

	for (i = 0; i < model->threads; i++)
		if (who & 1U << i)
			thread[i].asleep = false;
}

/* A word as its own thread sees it. */
static uint32_t seen(const struct thread *t)
{
	unsigned int i = t->buffered;

	while (i--)
		if (t->buffer[i].word == t->word)
			return t->buffer[i].value;
	return *t->word;
}

static void store(struct thread *t)
{
	if (t->op == OP_STORE_FENCED && model->mistake != MISTAKE_NO_FENCE)
		*t->word = t->value;
	else if (model->mistake != MISTAKE_STORE_LOST)
		t->buffer[t->buffered++] = (struct store){ t->word, t->value };
}

/* Does the operation; false: the thread stays where it is for now. */
static bool operate(struct thread *t, unsigned int choice)
{
	switch (t->op) {
	case OP_LOAD:
		t->result = seen(t);
		return true;
	case OP_STORE:
	case OP_STORE_FENCED:
		store(t);
		return true;
	case OP_CAS:
	case OP_SWAP:
	case OP_ADD:
		if (!t->half)
			t->result = t->op == OP_CAS ? *t->word == t->old :
						      *t->word;
		if (in_two(t) && !t->half) {
			t->half = true;
			return false;
		}
		write_back(t);
		return true;
	case OP_WAIT:
		/* Once woken it only returns. */
		if (t->half)
			return true;
		t->half = true;
		t->asleep = *t->word == t->old ||
			    model->mistake == MISTAKE_WAIT_BLIND;
		return false;
	case OP_WAKE:
		wake(t, choice);
		return true;
	case OP_LATE:
		t->result = choice;
		return true;
	default:
		return true;
	}
}

static void advance(unsigned int i, unsigned int choice)
{
	if (operate(&thread[i], choice))
		resume_thread(i);
}

/* A state that was saved: threads, memory, and the used ends of the stacks. */
struct saved {
	size_t size;
	unsigned int state;
	char bytes[];
};

static size_t used(unsigned int i)
{
	return stack[i] + STACK - (char *)thread[i].sp;
}

static size_t state_size(void)
{
	size_t size = sizeof(thread) + model->size;
	unsigned int i;

	for (i = 0; i < model->threads; i++)
		size += used(i);
	return size;
}

static struct saved *save(void)
{
	struct saved *s = malloc(sizeof(*s) + state_size());
	char *to = s->bytes;
	unsigned int i;

	s->size = state_size();
	memcpy(to, thread, sizeof(thread));
	to += sizeof(thread);
	memcpy(to, model->memory, model->size);
	to += model->size;
	for (i = 0; i < model->threads; i++) {
		memcpy(to, thread[i].sp, used(i));
		to += used(i);
	}
	return s;
}

static void restore(const struct saved *s)
{
	const char *from = s->bytes;
	unsigned int i;

	memcpy(thread, from, sizeof(thread));
	from += sizeof(thread);
	memcpy(model->memory, from, model->size);
	from += model->size;
	for (i = 0; i < model->threads; i++) {
		memcpy(thread[i].sp, from, used(i));
		from += used(i);
	}
}

/* Two different hashes of a state; equal ones are taken for the same state. */
struct key {
	uint64_t a, b;
};

static void add_to_key(struct key *k, uint64_t value)
{
	k->a = (k->a ^ value) * 0x9fb21c651e98df25ULL;
	k->a ^= k->a >> 32;
	k->b = (k->b + value) * 0x9e3779b97f4a7c15ULL;
	k->b ^= k->b >> 29;
}

static struct key key_of(const struct saved *s)
{
	struct key k = { 0xcbf29ce484222325ULL, 0x2545f4914f6cdd1dULL };
	uint64_t value;
	size_t i;

	for (i = 0; i < s->size; i += sizeof(value)) {
		value = 0;
		memcpy(&value, s->bytes + i, s->size - i < sizeof(value) ?
		       s->size - i : sizeof(value));
		add_to_key(&k, value);
	}
	return k;
}

/* The states that are known, and who leads to whom. */
static struct key *table;
static unsigned int *number;
static unsigned int states;
static struct edge { unsigned int from, to; } *edge;
static size_t edges, edges_room;
static bool *ends;

/* The number of a state, and whether it is new. */
static unsigned int find(struct key k, bool *is_new)
{
	size_t i = k.a % TABLE;

	while (number[i] && (table[i].a != k.a || table[i].b != k.b))
		i = (i + 1) % TABLE;
	*is_new = !number[i];
	if (*is_new) {
		table[i] = k;
		number[i] = ++states;
	}
	return number[i];
}

static void add_edge(unsigned int from, unsigned int to)
{
	if (edges == edges_room) {
		edges_room = edges_room ? 2 * edges_room : 4096;
		edge = realloc(edge, edges_room * sizeof(*edge));
	}
	edge[edges++] = (struct edge){ from, to };
}

static struct saved **waiting;
static size_t waits, waits_room;

static void push(struct saved *s)
{
	if (waits == waits_room) {
		waits_room = waits_room ? 2 * waits_room : 4096;
		waiting = realloc(waiting, waits_room * sizeof(*waiting));
	}
	waiting[waits++] = s;
}

static bool all_done(void)
{
	unsigned int i;

	for (i = 0; i < model->threads; i++)
		if (thread[i].op != OP_DONE)
			return false;
	return true;
}

/* Notes the state that was reached from @from; @helped: by no thread's doing. */
static void reached(unsigned int from, bool helped)
{
	struct saved *s = save();
	bool is_new;

	s->state = find(key_of(s), &is_new);
	if (from && !helped)
		add_edge(from, s->state);
	if (is_new && states < MOST_STATES) {
		ends[s->state] = all_done();
		push(s);
	} else {
		free(s);
	}
}

static void wake_by_itself(unsigned int i)
{
	thread[i].asleep = false;
}

static void follow(const struct saved *s)
{
	unsigned int i, choice, n;

	for (i = 0; i < model->threads; i++) {
		restore(s);
		if (thread[i].buffered) {
			flush(i);
			reached(s->state, false);
			restore(s);
		}
		if (thread[i].asleep) {
			wake_by_itself(i);
			reached(s->state, true);
			continue;
		}
		n = choices(i);
		for (choice = 0; choice < n && !wrong; choice++) {
			restore(s);
			advance(i, choice);
			reached(s->state, false);
		}
	}
}

/* Whether some state leads to no end, unless a sleep ends by itself. */
static bool some_lost(void)
{
	bool more = true;
	unsigned int i;
	size_t e;

	while (more) {
		more = false;
		for (e = edges; e-- > 0;) {
			if (ends[edge[e].to] && !ends[edge[e].from]) {
				ends[edge[e].from] = true;
				more = true;
			}
		}
	}
	for (i = 1; i <= states; i++)
		if (!ends[i])
			return true;
	return false;
}

static void start(const struct model *m)
{
	unsigned int i;

	model = m;
	wrong = NULL;
	states = 0;
	edges = 0;
	waits = 0;
	table = calloc(TABLE, sizeof(*table));
	number = calloc(TABLE, sizeof(*number));
	ends = calloc(MOST_STATES + 1, sizeof(*ends));
	memset(thread, 0, sizeof(thread));
	memset(stack, 0, sizeof(stack));
	memset(m->memory, 0, m->size);
	if (m->init)
		m->init();
	for (i = 0; i < m->threads; i++)
		thread[i].sp = co_frame(stack[i] + STACK, entry,
					(void *)(uintptr_t)i);
}

static void finish(void)
{
	while (waits)
		free(waiting[--waits]);
	free(table);
	free(number);
	free(ends);
}

struct explored model_explore(const struct model *m)
{
	struct explored found = {};
	struct saved *s;

	start(m);
	reached(0, false);
	while (waits && !wrong && states < MOST_STATES) {
		s = waiting[--waits];
		follow(s);
		free(s);
	}
	found.states = states;
	found.full = states >= MOST_STATES;
	if (!wrong && !found.full && some_lost())
		wrong = "lost";
	found.wrong = wrong;
	finish();
	return found;
}
