// SPDX-License-Identifier: GPL-2.0-only
/* The exploration of model.h. */
#include <stdlib.h>
#include <string.h>

#include "coroutine/coroutine.h"
#include "model.h"
#include "states.h"

#define STACK 16384
#define BUFFERED 4

enum op { OP_STEP, OP_LOAD, OP_STORE, OP_STORE_FENCED, OP_FENCE, OP_CAS,
	  OP_SWAP, OP_ADD, OP_WAIT, OP_WAKE, OP_LATE, OP_DONE };

struct store {
	void *at;
	unsigned int size;
	uint64_t value;
};

/* What a thread is about to do, and how it sleeps; its stores, the oldest first. */
struct thread {
	void *sp;
	enum op op;
	void *at;
	unsigned int size;
	uint32_t bits;
	uint64_t old;
	uint64_t value;
	bool timed;
	bool asleep;
	bool half;		/* a mistake has done the load of @op */
	uint64_t result;
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

static uint64_t get(const void *at, unsigned int size)
{
	uint64_t value = 0;

	/* Little-endian, as all machines that it runs on. */
	memcpy(&value, at, size);
	return value;
}

static void put(void *at, unsigned int size, uint64_t value)
{
	memcpy(at, &value, size);
}

unsigned int model_running(void)
{
	return running;
}

/* In a thread: gives way to the explorer before an operation. */
static uint64_t ask(enum op op, const void *at, unsigned int size, uint64_t old,
		    uint64_t value)
{
	struct thread *t = &thread[running];

	t->op = op;
	t->at = (void *)at;
	t->size = size;
	t->old = old;
	t->value = value;
	t->half = false;
	t->result = 0;
	co_switch(&t->sp, explorer);
	return thread[running].result;
}

void model_step(void)
{
	ask(OP_STEP, NULL, 0, 0, 0);
}

uint64_t model_load(const void *at, unsigned int size)
{
	return ask(OP_LOAD, at, size, 0, 0);
}

void model_store(void *at, unsigned int size, uint64_t value)
{
	ask(OP_STORE, at, size, 0, value);
}

void model_store_fenced(void *at, unsigned int size, uint64_t value)
{
	ask(OP_STORE_FENCED, at, size, 0, value);
}

bool model_cas(void *at, unsigned int size, uint64_t old, uint64_t value)
{
	return ask(OP_CAS, at, size, old, value);
}

uint64_t model_swap(void *at, unsigned int size, uint64_t value)
{
	return ask(OP_SWAP, at, size, 0, value);
}

uint64_t model_add(void *at, unsigned int size, uint64_t value)
{
	return ask(OP_ADD, at, size, 0, value);
}

uint32_t word_load(const uint32_t *word)
{
	return model_load(word, sizeof(*word));
}

void word_store(uint32_t *word, uint32_t value)
{
	model_store(word, sizeof(*word), value);
}

void word_store_fenced(uint32_t *word, uint32_t value)
{
	model_store_fenced(word, sizeof(*word), value);
}

void word_fence(void)
{
	ask(OP_FENCE, NULL, 0, 0, 0);
}

/* Nobody's next step depends on it. */
void word_note(uint32_t *word, uint32_t value)
{
	*word = value;
}

bool word_cas(uint32_t *word, uint32_t old, uint32_t value)
{
	return model_cas(word, sizeof(*word), old, value);
}

uint32_t word_swap(uint32_t *word, uint32_t value)
{
	return model_swap(word, sizeof(*word), value);
}

uint32_t word_add(uint32_t *word, uint32_t value)
{
	return model_add(word, sizeof(*word), value);
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
	ask(OP_WAIT, word, sizeof(*word), value, 0);
}

void word_wake(struct lock_user *u, uint32_t *word, int n, uint32_t bits)
{
	(void)u;
	thread[running].bits = bits;
	ask(OP_WAKE, word, sizeof(*word), 0, n);
}

uint64_t word_deadline(uint64_t ns)
{
	return ns;
}

bool word_late(uint64_t deadline_ns)
{
	(void)deadline_ns;
	return ask(OP_LATE, NULL, 0, 0, 0);
}

static void entry(void *arg)
{
	unsigned int i = (uintptr_t)arg;

	model->run(i);
	for (;;)
		ask(OP_DONE, NULL, 0, 0, 0);
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
		if (thread[i].asleep && thread[i].at == waker->at &&
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

	put(t->buffer[0].at, t->buffer[0].size, t->buffer[0].value);
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
		put(t->at, t->size, t->value);
	else if (t->op == OP_SWAP)
		put(t->at, t->size, t->value);
	else if (t->op == OP_ADD)
		put(t->at, t->size, t->result + t->value);
}

static void wake(struct thread *t, unsigned int choice)
{
	unsigned int i, who = woken(t, choice);

	for (i = 0; i < model->threads; i++)
		if (who & 1U << i)
			thread[i].asleep = false;
}

/* An object as its own thread sees it. */
static uint64_t seen(const struct thread *t)
{
	unsigned int i = t->buffered;

	while (i--)
		if (t->buffer[i].at == t->at)
			return t->buffer[i].value;
	return get(t->at, t->size);
}

static void store(struct thread *t)
{
	if (t->op == OP_STORE_FENCED && model->mistake != MISTAKE_NO_FENCE)
		put(t->at, t->size, t->value);
	else if (model->mistake != MISTAKE_STORE_LOST)
		t->buffer[t->buffered++] = (struct store){ t->at, t->size,
							   t->value };
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
			t->result = t->op == OP_CAS ?
				get(t->at, t->size) == t->old :
				get(t->at, t->size);
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
		t->asleep = get(t->at, t->size) == t->old ||
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
	size_t size = sizeof(thread) + model->size + model->more_size;
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
	if (model->more)
		memcpy(to, model->more, model->more_size);
	to += model->more_size;
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
	if (model->more)
		memcpy(model->more, from, model->more_size);
	from += model->more_size;
	for (i = 0; i < model->threads; i++) {
		memcpy(thread[i].sp, from, used(i));
		from += used(i);
	}
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

	s->state = states_find(s->bytes, s->size, &is_new);
	if (from && !helped)
		states_lead(from, s->state);
	if (is_new && states_count() < MOST_STATES) {
		if (all_done())
			states_end(s->state);
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

static void start(const struct model *m)
{
	unsigned int i;

	model = m;
	wrong = NULL;
	waits = 0;
	states_open();
	memset(thread, 0, sizeof(thread));
	memset(stack, 0, sizeof(stack));
	memset(m->memory, 0, m->size);
	if (m->more)
		memset(m->more, 0, m->more_size);
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
	states_close();
}

struct explored model_explore(const struct model *m)
{
	struct explored found = {};
	struct saved *s;

	start(m);
	reached(0, false);
	while (waits && !wrong && states_count() < MOST_STATES) {
		s = waiting[--waits];
		follow(s);
		free(s);
	}
	found.states = states_count();
	found.full = found.states >= MOST_STATES;
	/* A sleep that ends by itself is no way to an end. */
	if (!wrong && !found.full && states_lost())
		wrong = "lost";
	found.wrong = wrong;
	finish();
	return found;
}
