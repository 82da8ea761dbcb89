// SPDX-License-Identifier: GPL-2.0-only
/* What is said when a run cannot go on: a deadlock, or a stack that overflows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static void say(const char *line)
{
	char text[192];
	int n;

	if (sched.options.report) {
		sched.options.report(sched.options.report_arg, line);
		return;
	}
	n = snprintf(text, sizeof(text), "gpm: %s\n", line);
	/* Nothing is left to be done about a stderr that fails. */
	if (write(STDERR_FILENO, text, n) < 0)
		return;
}

static void say_g(struct g *g, void *arg)
{
	char line[160], what[32] = "";

	(void)arg;
	if (g->state != G_WAITING)
		return;
	if (g->why == WAIT_READ || g->why == WAIT_WRITE)
		snprintf(what, sizeof(what), " %d", (int)(intptr_t)g->what);
	else if (g->what)
		snprintf(what, sizeof(what), " %p", g->what);
	snprintf(line, sizeof(line), "G %u%s%s%s waits for: %s%s", g->id,
		 g->name[0] ? " (" : "", g->name, g->name[0] ? ")" : "",
		 gpm_trace_waits[g->why], what);
	say(line);
}

void report_deadlock(void)
{
	lock(&sched.lock);
	trace(outside_ring(), TRACE_DEADLOCK, alive(), 0, 0);
	unlock(&sched.lock);
	say("all Gs are asleep");
	each_g(say_g, NULL);
}

/*
 * A stack that overflows faults in its guard.  The handler needs a stack of its
 * own, one for each thread.
 */
#define SIGNAL_STACK (64 * 1024)

static struct sigaction previous;
static bool handling;

int overflow_open(struct m *m)
{
	m->signal_stack = mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->signal_stack == MAP_FAILED)
		return -errno;
	return 0;
}

void overflow_close(struct m *m)
{
	munmap(m->signal_stack, SIGNAL_STACK);
}

/* A thread that has such a stack keeps it. */
void overflow_install(struct m *m)
{
	stack_t ours = { .ss_sp = m->signal_stack, .ss_size = SIGNAL_STACK };
	stack_t theirs;

	if (!sigaltstack(NULL, &theirs) && (theirs.ss_flags & SS_DISABLE))
		sigaltstack(&ours, NULL);
}

void overflow_restore(struct m *m)
{
	stack_t none = { .ss_flags = SS_DISABLE }, now;

	if (!sigaltstack(NULL, &now) && now.ss_sp == m->signal_stack)
		sigaltstack(&none, NULL);
}

static void say_overflow(const struct g *g)
{
	char text[192];
	int n = snprintf(text, sizeof(text),
			 "gpm: stack overflow in G %u%s%s%s: it has %zu bytes\n",
			 g->id, g->name[0] ? " (" : "", g->name,
			 g->name[0] ? ")" : "", (char *)g - g->low);

	if (write(STDERR_FILENO, text, n) < 0)
		return;
}

/* Any other fault is the program's: it happens again without the handler. */
static void handle_fault(int signal, siginfo_t *info, void *context)
{
	struct m *m = machine();
	const char *at = info->si_addr;

	(void)context;
	if (m && m->current != &m->idle && at < m->current->low &&
	    at >= m->current->low - sched.stacks.guard)
		say_overflow(m->current);
	sigaction(signal, &previous, NULL);
}

void overflow_handle(void)
{
	struct sigaction ours = {
		.sa_sigaction = handle_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	sigemptyset(&ours.sa_mask);
	sigaction(SIGSEGV, NULL, &previous);
	/* A program that handles faults has its reasons. */
	handling = previous.sa_handler == SIG_DFL &&
		   !sigaction(SIGSEGV, &ours, NULL);
}

void overflow_unhandle(void)
{
	if (handling)
		sigaction(SIGSEGV, &previous, NULL);
}

/* Found too late: what lies below the stack is overwritten. */
void overflow_canary(const struct g *g)
{
	say_overflow(g);
	abort();
}
