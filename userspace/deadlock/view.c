// SPDX-License-Identifier: GPL-2.0-only
/* A thread in futex(2), and the memory that says for which lock it waits. */
#include <string.h>

#include "called.h"
#include "lib/compiler.h"
#include "view.h"

#define PAGE 4096

void view_ask(struct view *v, struct process *p, struct thread *t,
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

bool view_copy(struct view *v, uint64_t address, void *to, size_t len)
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

static bool is_code(const struct view *v, uint64_t address)
{
	const struct mapping *m = process_mapping(v->p, address);

	return m && m->executable;
}

/* The function that returns to the first address of code on the stack. */
static enum libc_function first_called(const struct view *v)
{
	enum libc_function function;
	size_t i = 0;

	while (i < ARRAY_SIZE(v->frame) && !is_code(v, v->frame[i]))
		i++;
	return i < ARRAY_SIZE(v->frame) &&
	       called_before(v->p, v->frame[i], &function) ? function : IN_NOTHING;
}

/* Code outside of the C library, unless that is in the program itself. */
static bool is_user_code(const struct view *v, uint64_t address)
{
	enum libc_kind libc;

	if (!is_code(v, address))
		return false;
	images_function(v->p, address, &libc);
	return libc != v->libc || libc == LIBC_GLIBC_STATIC;
}

enum libc_function view_called(const struct view *v)
{
	enum libc_function function;
	size_t i;

	for (i = 0; v->stack.ok && i < ARRAY_SIZE(v->frame); i++)
		if (is_user_code(v, v->frame[i]) &&
		    called_before(v->p, v->frame[i], &function))
			return function;
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
	return v->stack.ok && CALLED_FROM_LEAVES ? first_called(v) : IN_NOTHING;
}

bool view_take(struct view *v, const struct piece piece[2])
{
	v->word = piece[0];
	v->stack = piece[1];
	if (!view_copy(v, v->address, &v->t->wait.word, sizeof(uint32_t)))
		return false;
	v->function = images_function(v->p, v->t->call.pc, &v->libc);
	v->caller = find_caller(v);
	return true;
}

bool view_other_thread(const struct view *v, uint32_t ns_tid)
{
	return ns_tid && !view_is_self(v, ns_tid) && process_thread(v->p, ns_tid);
}

void view_found(struct view *v, enum wait_kind kind, uint64_t lock,
		uint32_t owner, const char *type)
{
	v->t->wait.kind = kind;
	v->t->wait.address = lock;
	v->t->wait.owner = owner;
	v->t->wait.type = type;
}

/*
 * Whether the word is in the frame of a function of the C library: between it and
 * the stack pointer stands no address of other code, so nobody else can have put it
 * there.
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

bool view_waits_in_own_frame(const struct view *v)
{
	return !v->value && !v->t->wait.word && !v->t->call.args[3] &&
	       v->stack.ok && v->address >= v->t->call.sp &&
	       v->address - v->t->call.sp < STACK_WINDOW && word_in_libc_frame(v);
}

const char *view_mutex_type(uint32_t kind)
{
	static const char *const types[] = { "normal", "recursive",
					     "errorcheck", "adaptive" };

	return types[kind & 3];
}
