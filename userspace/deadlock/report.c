// SPDX-License-Identifier: GPL-2.0-only
/* What the forms of a report share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asleep.h"
#include "fifo.h"
#include "gs.h"
#include "lib/error.h"
#include "lib/xalloc.h"
#include "report.h"

struct report *deadlock_report_new(struct scan *s, bool stop, bool everything)
{
	struct report *r = xcalloc(1, sizeof(*r));

	r->scan = s;
	r->stop = stop;
	r->everything = everything;
	r->sites = xcalloc(s->processes + 1, sizeof(*r->sites));
	r->clocks = cpu_clocks_new();
	chains_find(r);
	suspects_find(r);
	return r;
}

void deadlock_report_free(struct report *r)
{
	size_t i;

	for (i = 0; i < r->scan->processes; i++)
		sites_close(r->sites[i]);
	for (i = 0; i < r->suspects; i++)
		free(r->suspect[i].member);
	free(r->suspect);
	free(r->chain);
	cpu_clocks_free(r->clocks);
	free(r->sites);
	free(r);
}

struct sites *process_sites(struct report *r, const struct process *p)
{
	size_t i;

	for (i = 0; r->scan->process[i] != p; i++)
		;
	if (!r->sites[i])
		r->sites[i] = sites_open(r->scan->process[i]);
	return r->sites[i];
}

size_t deadlock_count(const struct scan *s)
{
	size_t i, n = s->findings;

	for (i = 0; i < s->processes; i++)
		if (s->process[i]->gs)
			n += s->process[i]->gs->deadlocks;
	return n;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_DEADLOCK] = "deadlock",
		[VERDICT_SELF] = "waits-for-itself",
		[VERDICT_DEAD_OWNER] = "owner-ended",
		[VERDICT_FORK] = "locked-at-fork",
		[VERDICT_PARKED] = "parked",
		[VERDICT_ALL_WAIT] = "all-wait",
	};

	return names[verdict];
}

void thread_name(const struct thread *t, char name[64])
{
	struct stat_line stat = {};

	thread_read_stat(t, &stat);
	snprintf(name, 64, "%s", stat.name);
}

/* The address of the other end, where it has one. */
static char *socket_text(const struct scan *s, const struct thread *t)
{
	const struct peer *p = peers_find(&s->peers, t->wait.inode);

	if (p && p->remote[0])
		return xasprintf("%s (descriptor %d)", p->remote, t->wait.fd);
	return xasprintf("descriptor %d", t->wait.fd);
}

char *wait_object(struct report *r, const struct thread *t)
{
	const struct wait *w = &t->wait;

	switch (w->kind) {
	case WAIT_JOIN:
		return xasprintf("thread %d", t->by.owner ? t->by.owner->tid :
				 w->owner);
	case WAIT_CHILD:
		return w->owner > 0 ? xasprintf("child %d", w->owner) :
				      xstrdup("any child");
	case WAIT_PIPE_READ:
	case WAIT_PIPE_WRITE:
		return xasprintf("pipe %llu (descriptor %d)", w->inode, w->fd);
	case WAIT_FLOCK:
	case WAIT_POSIX_LOCK:
	case WAIT_OFD_LOCK:
		return xasprintf("inode %llu (descriptor %d)", w->inode, w->fd);
	case WAIT_FIFO_OPEN:
		return fifo_path(t);
	case WAIT_FIFO_READ:
	case WAIT_FIFO_WRITE:
	case WAIT_FILE:
		return xasprintf("descriptor %d", w->fd);
	case WAIT_SOCKET:
		return socket_text(r->scan, t);
	case WAIT_UNKNOWN:
		return xasprintf("call %ld", t->call.nr);
	default:
		return w->address ? sites_address(process_sites(r, t->process),
						  w->address) : NULL;
	}
}

/* "transfer (bank.c:12) <- worker (bank.c:40) <- start_thread" */
static char *stack_text(const struct stack *stack)
{
	char *text = NULL, *frame, *longer;
	size_t i;

	for (i = 0; i < stack->n; i++) {
		frame = frame_text(&stack->frame[i]);
		longer = xasprintf("%s%s%s", text ? text : "", text ? " <- " : "",
				   frame);
		free(frame);
		free(text);
		text = longer;
	}
	return text;
}

void wait_calls(struct report *r, struct thread *t, char **site, char **calls)
{
	const struct frame *f;
	struct stack stack;

	sites_stack(process_sites(r, t->process), t,
		    r->stop && (t->finding || t->behind), &stack);
	f = stack_site(&stack);
	*site = f ? frame_text(f) : NULL;
	*calls = stack_text(&stack);
	stack_free(&stack);
}

static void say(const struct process *p, const char *what, int err)
{
	error_say("%d (%s): %s%s%s", p->pid, p->name, what, err ? ": " : "",
		  err ? strerror(-err) : "");
}

/* One line for each thing; false where the process could not be judged. */
static bool process_trouble(const struct process *p)
{
	if (p->compat) {
		say(p, "a 32-bit program; its system calls are not decoded", 0);
		return false;
	}
	if (p->trouble.calls)
		say(p, "its calls may not be read; that takes ptrace(2)'s right, or root",
		    p->trouble.calls);
	else if (p->trouble.memory)
		say(p, "its memory may not be read, and so no lock (kernel.yama.ptrace_scope?)",
		    p->trouble.memory);
	if (p->golang)
		say(p, "a Go program, whose goroutines cannot be seen; SIGQUIT prints them",
		    0);
	return !p->trouble.calls && !p->trouble.memory;
}

bool deadlock_trouble(const struct scan *s)
{
	bool all = true;
	size_t i;

	for (i = 0; i < s->processes; i++)
		if (s->process[i]->asked)
			all &= process_trouble(s->process[i]);
	return all;
}
