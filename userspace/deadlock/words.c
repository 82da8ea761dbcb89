// SPDX-License-Identifier: GPL-2.0-only
/* The answer in words. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asleep.h"
#include "gs.h"
#include "lib/escape.h"
#include "lib/xalloc.h"
#include "report.h"

/* Members of a finding, and chains, that are told one by one. */
#define MAX_MEMBERS 20
#define MAX_CHAINS 8
/* Frames of a stack, from the first of the program on. */
#define MAX_FRAMES 4

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* "thread 713 "worker"", and of which process where there are several. */
static char *label(const struct report *r, const struct thread *t)
{
	char name[64];

	thread_name(t, name);
	if (r->scan->processes > 1)
		return xasprintf("thread %d \"%s\" of process %d", t->tid, name,
				 t->process->pid);
	return xasprintf("thread %d \"%s\"", t->tid, name);
}

/* With three digits, or all of them where there are more. */
static void print_seconds(double seconds, FILE *out)
{
	fprintf(out, seconds < 999.5 ? "%.3g s" : "%.0f s", seconds);
}

static void print_end(const struct wait *w, FILE *out)
{
	if (w->end == ENDS_WITHIN) {
		fputs(", for ", out);
		print_seconds(w->seconds, out);
		fputs(" at most", out);
	}
	if (w->end == ENDS_UNKNOWN)
		fputs(", with a timeout", out);
}

static void print_asleep(struct report *r, const struct thread *t, FILE *out)
{
	double seconds;

	if (!thread_asleep(r->clocks, t, &seconds))
		return;
	fputs(", asleep for ", out);
	print_seconds(seconds, out);
	fputs(" or longer", out);
}

/* What some processes have, any of which can end the wait. */
static const char *blocked_by(enum wait_kind kind)
{
	switch (kind) {
	case WAIT_CHILD:
	case WAIT_VFORK:
		return ":";
	case WAIT_FLOCK:
	case WAIT_POSIX_LOCK:
	case WAIT_OFD_LOCK:
		return ", held by";
	default:
		return ", whose other end is in";
	}
}

/* Who may unlock it in the owner's place, unless that is who waits. */
static void print_heir(const struct thread *t, FILE *out)
{
	if (t->by.heir == t)
		fputs("; only this thread could unlock it", out);
	else if (t->by.heir)
		fprintf(out, "; thread %d may be its copy and unlock it",
			t->by.heir->tid);
}

/* Who can end the wait of a member. */
static void print_blocker(struct report *r, const struct thread *t, FILE *out)
{
	char *owner;
	size_t i;

	switch (t->by.state) {
	case OWNER_GONE:
		escape_print(out, ", which thread %d holds; that has ended",
			     t->wait.owner);
		print_heir(t, out);
		return;
	case OWNER_FORKED:
		fprintf(out, ", locked by thread %d of process %d when that forked",
			t->wait.owner, t->by.parent);
		if (!t->by.heir)
			fputs("; no thread of this process can unlock it", out);
		print_heir(t, out);
		return;
	case OWNER_THREAD:
		if (t->by.owner == t) {
			fputs(", which it holds itself", out);
			return;
		}
		owner = label(r, t->by.owner);
		escape_print(out, t->wait.kind == WAIT_JOIN ? ": %s" :
			     ", held by %s", owner);
		free(owner);
		return;
	case OWNER_UNKNOWN:
	case OWNER_DESCRIPTION:
	case OWNER_UNSEEN:
		break;
	}
	for (i = 0; i < t->by.n && i < 4; i++)
		escape_print(out, "%s process %d (%s)", i ? "," :
			     blocked_by(t->wait.kind), t->by.process[i]->pid,
			     t->by.process[i]->name);
	if (i < t->by.n)
		fprintf(out, " and %zu more", t->by.n - i);
}

static void print_stack(struct report *r, struct thread *t, FILE *out)
{
	struct stack stack;
	size_t i, first = 0, told = 0;
	char *text;

	sites_stack(process_sites(r, t->process), t, r->stop, &stack);
	while (first < stack.n && stack.frame[first].library)
		first++;
	if (first == stack.n)
		first = 0;
	for (i = first; i < stack.n && told < MAX_FRAMES; i++) {
		if (told && (!stack.frame[i].function || stack.frame[i].library))
			break;
		text = frame_text(&stack.frame[i]);
		escape_print(out, "      %s %s", told++ ? "by" : "at", text);
		fputc('\n', out);
		free(text);
	}
	stack_free(&stack);
}

/* What the name of the wait does not say already. */
static void print_type(const struct wait *w, FILE *out)
{
	if (w->type && w->kind != WAIT_MUTEX_PI && w->kind != WAIT_MUTEX_PARKED)
		fprintf(out, " (%s)", w->type);
}

/* What it waits for, and who can end that; a thread or a child is named once. */
static void print_object(struct report *r, const struct thread *t, FILE *out)
{
	bool named = (t->wait.kind == WAIT_JOIN && t->by.owner) ||
		     (t->wait.kind == WAIT_CHILD && t->by.n);
	char *lock = wait_object(r, t);

	fputs(wait_words(t->wait.kind), out);
	print_type(&t->wait, out);
	if (lock && !named)
		escape_print(out, ": %s", lock);
	print_blocker(r, t, out);
	print_end(&t->wait, out);
	print_asleep(r, t, out);
	free(lock);
}

static void print_wait(struct report *r, struct thread *t, FILE *out)
{
	char *who = label(r, t);

	escape_print(out, "  %s ", who);
	print_object(r, t, out);
	fputc('\n', out);
	free(who);
	print_stack(r, t, out);
}

static void print_head(const struct report *r, const struct finding *f,
		       FILE *out)
{
	const struct process *p = f->member[0]->process;

	(void)r;
	switch (f->verdict) {
	case VERDICT_DEADLOCK:
		fprintf(out, "Deadlock: %zu threads wait for each other", f->n);
		break;
	case VERDICT_SELF:
		fputs("Deadlock: a thread waits for itself", out);
		break;
	case VERDICT_DEAD_OWNER:
		fprintf(out, "Lock of a thread that has ended: %zu thread%s wait%s for it",
			f->n, plural(f->n), f->n == 1 ? "s" : "");
		break;
	case VERDICT_FORK:
		fprintf(out, "Lock left locked by a fork: %zu thread%s wait%s for it",
			f->n, plural(f->n), f->n == 1 ? "s" : "");
		break;
	case VERDICT_PARKED:
		fputs("Deadlock: the kernel refused a PI mutex (EDEADLK, ESRCH)", out);
		break;
	case VERDICT_ALL_WAIT:
		break;
	}
	escape_print(out, ", in process %d (%s).", p->pid, p->name);
	fputc('\n', out);
}

static size_t count_behind(const struct scan *s)
{
	size_t i, k, n = 0;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			n += s->process[i]->thread[k]->behind;
	return n;
}

static void print_members(struct report *r, const struct finding *f, FILE *out)
{
	size_t i;

	for (i = 0; i < f->n && i < MAX_MEMBERS; i++)
		print_wait(r, f->member[i], out);
	if (i < f->n)
		fprintf(out, "  and %zu more\n", f->n - i);
	fputc('\n', out);
}

static void print_findings(struct report *r, FILE *out)
{
	const struct scan *s = r->scan;
	size_t i, behind = count_behind(s);

	for (i = 0; i < s->findings; i++) {
		print_head(r, &s->finding[i], out);
		print_members(r, &s->finding[i], out);
	}
	if (behind)
		fprintf(out, "%zu more thread%s wait%s, in the end, for these.\n\n",
			behind, plural(behind), behind == 1 ? "s" : "");
}

/* What keeps the last of a chain, and what it was at then. */
static void print_chain_end(struct report *r, const struct thread *t, FILE *out)
{
	if (t->halt)
		fprintf(out, "%s, while it ", halt_words(t->halt));
	print_object(r, t, out);
	fputs(".\n", out);
}

static void print_chains(struct report *r, FILE *out)
{
	size_t i;
	char *who;

	for (i = 0; i < r->chains && i < MAX_CHAINS; i++) {
		struct thread *end = r->chain[i].end;

		who = label(r, end);
		escape_print(out, "%zu thread%s wait%s, in the end, for %s, which ",
			     r->chain[i].waiters, plural(r->chain[i].waiters),
			     r->chain[i].waiters == 1 ? "s" : "", who);
		print_chain_end(r, end, out);
		print_stack(r, end, out);
		free(who);
	}
	if (i)
		fputc('\n', out);
}

static void print_suspicion(const struct finding *f, FILE *out)
{
	const struct process *p = f->member[0]->process;

	if (f->verdict == VERDICT_ALL_WAIT) {
		if (f->n == 1)
			fputs("Suspected, not certain: the only thread", out);
		else
			fprintf(out, "Suspected, not certain: all %zu threads", f->n);
		escape_print(out, " of process %d (%s) wait%s, for nothing outside of it.",
			     p->pid, p->name, f->n == 1 ? "s" : "");
		fputs("\nOnly a signal handler, or a process with this memory, could end that.\n",
		      out);
		return;
	}
	fprintf(out, "Suspected, not certain: %zu threads may wait for each other.\n%s",
		f->n,
		"Their locks record no owner; a holder has the address on its stack.\n");
}

static void print_suspects(struct report *r, FILE *out)
{
	size_t i;

	for (i = 0; i < r->suspects; i++) {
		print_suspicion(&r->suspect[i], out);
		print_members(r, &r->suspect[i], out);
	}
}

static size_t count_owners(const struct scan *s, enum owner_state state)
{
	size_t i, k, n = 0;

	for (i = 0; i < s->processes; i++)
		for (k = 0; k < s->process[i]->threads; k++)
			n += s->process[i]->thread[k]->by.state == state;
	return n;
}

/* Waits for file locks that /proc/locks does not list. */
static void print_unlisted(const struct scan *s, FILE *out)
{
	size_t n = count_owners(s, OWNER_UNSEEN);

	if (n)
		fprintf(out, "%zu thread%s wait%s for a file lock of which %s\n", n,
			plural(n), n == 1 ? "s" : "",
			"/proc/locks does not show the owner:\n"
			"it may be in another pid namespace.");
	n = count_owners(s, OWNER_DESCRIPTION);
	if (n)
		fprintf(out, "%zu thread%s wait%s for a file lock %s\n", n, plural(n),
			n == 1 ? "s" : "",
			"of an open file description: who took it has ended,\n"
			"or is in another pid namespace; OWNER has the description.");
}

static void print_sum(const struct report *r, FILE *out)
{
	const struct scan *s = r->scan;
	size_t i, threads = 0, waiting = 0, k;

	for (i = 0; i < s->processes; i++) {
		threads += s->process[i]->threads;
		for (k = 0; k < s->process[i]->threads; k++)
			waiting += s->process[i]->thread[k]->by.state ||
				   s->process[i]->thread[k]->by.n;
	}
	fprintf(out, "%zu process%s with %zu thread%s, of which %zu wait%s for another.\n",
		s->processes, s->processes == 1 ? "" : "es", threads,
		plural(threads), waiting, waiting == 1 ? "s" : "");
	print_unlisted(s, out);
	if (s->held && s->holders.unseen)
		fprintf(out, "The descriptors of %zu process%s may not be read. %s",
			s->holders.unseen, s->holders.unseen == 1 ? "" : "es",
			"A pipe may have an end there,\n"
			"so no wait for one is called a deadlock; root sees all.\n");
	if (s->held && s->holders.outside)
		fputs("Processes that are not seen here may have ends of pipes, or memory of\n"
		      "this one, so no wait for these is called a deadlock.\n", out);
	if (!sites_unwind())
		fputs("This build has no libdw: no call sites.\n", out);
}

/* Processes of which nothing can be said. */
static size_t count_unread(const struct scan *s)
{
	const struct process *p;
	size_t i, n = 0;

	for (i = 0; i < s->processes; i++) {
		p = s->process[i];
		n += p->compat || p->trouble.calls || p->trouble.memory;
	}
	return n;
}

static void print_result(const struct scan *s, FILE *out)
{
	size_t found = deadlock_count(s), unread = count_unread(s);

	if (found)
		fprintf(out, "Found %zu deadlock%s.\n\n", found, plural(found));
	else if (!unread)
		fputs("No deadlock found.\n\n", out);
	else if (unread == s->processes)
		fputs("Whether there is a deadlock cannot be told.\n\n", out);
	else
		fprintf(out, "No deadlock found; %zu process%s cannot be looked into.\n\n",
			unread, unread == 1 ? "" : "es");
}

void deadlock_words(struct report *r, FILE *out)
{
	const struct scan *s = r->scan;
	size_t i;

	print_result(s, out);
	print_findings(r, out);
	for (i = 0; i < s->processes; i++)
		if (s->process[i]->gs)
			gs_words(s->process[i], out);
	print_suspects(r, out);
	print_chains(r, out);
	print_sum(r, out);
}
