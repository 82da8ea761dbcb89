// SPDX-License-Identifier: GPL-2.0-only
/* The builder of known states. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "sharing_states.h"
#include "text.h"

#define STACK_SIZE (64 << 10)

#define VM CLONE_VM
#define SIGHAND CLONE_SIGHAND
#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define REST (CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_IO)

/*
 * The other side of an execve(2) of ourselves: "PROGRAM --pause FD" says over
 * FD that it is there and waits, before the program's own main() begins.
 */
static void __attribute__((constructor)) pause_instead(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "--pause"))
		return;
	if (write(atoi(argv[2]), "", 1) == 1)
		for (;;)
			pause();
	_exit(1);
}

static void end_with_maker(const struct state *state)
{
	if (!(state->plan.clone & CLONE_THREAD))
		prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/*
 * Where a built task begins.  It may share memory, and the thread-local errno
 * with it, with its maker, which waits for the byte: so nothing here but plain
 * system calls.
 */
static int begin(void *arg)
{
	struct state *state = arg;

	end_with_maker(state);
	if (state->plan.unshare && syscall(SYS_unshare, state->plan.unshare))
		_exit(1);
	if (state->plan.then && state->plan.then(state))
		_exit(1);
	/* A change of credentials has cleared it. */
	end_with_maker(state);
	if (write(state->ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static struct state *next_state(struct states *states, const char *name)
{
	struct state *state = &states->list[states->count];

	if (states->count == STATES_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	snprintf(state->plan.name, sizeof(state->plan.name), "%s", name);
	state->ready = states->ready[1];
	state->told = states->told;
	return state;
}

int states_begin(struct states *states)
{
	int ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4);

	memset(states, 0, sizeof(*states));
	if (pipe(states->ready))
		return -1;
	states->told = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (states->told == MAP_FAILED)
		return -1;
	/* From here on the maker has an io_context, which CLONE_IO shares. */
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, ioprio))
		return -1;
	return states_note(states, getpid(), "maker") ? 0 : -1;
}

void states_end(struct states *states)
{
	struct state *state, *end = states->list + states->count;

	for (state = states->list; state < end; state++)
		if (state->child)
			kill(state->tgid, SIGKILL);
	/* The child of a vfork(2) ends with its parent, by PR_SET_PDEATHSIG. */
	for (state = states->list; state < end; state++)
		if (state->child)
			waitpid(state->tid, NULL, __WALL);
	close(states->ready[0]);
	close(states->ready[1]);
	munmap(states->told, 4096);
}

struct state *states_note(struct states *states, pid_t tid, const char *name)
{
	struct state *state = next_state(states, name);

	if (!state)
		return NULL;
	state->tid = tid;
	state->tgid = tid;
	states->count++;
	return state;
}

struct state *states_add(struct states *states, const struct plan *plan)
{
	struct state *state = next_state(states, plan->name);
	char *stack, byte;

	if (!state)
		return NULL;
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return NULL;
	state->plan = *plan;
	state->child = !(plan->clone & CLONE_THREAD);
	state->tid = clone(begin, stack + STACK_SIZE,
			   plan->clone | (state->child ? SIGCHLD : 0), state);
	if (state->tid < 0)
		return NULL;
	state->tgid = state->child ? state->tid : getpid();
	states->count++;
	/* The byte is written when the task is what the plan says. */
	if (read(states->ready[0], &byte, 1) != 1)
		return NULL;
	return state;
}

static int add_plans(struct states *states, const struct plan *plans, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (!states_add(states, &plans[i]))
			return -1;
	return 0;
}

int states_add_combinations(struct states *states)
{
	static const unsigned long memory[] = { 0, VM, VM | SIGHAND, THREAD };
	struct plan plan = {};
	int m, other;

	for (m = 0; m < 4; m++) {
		for (other = 0; other < 16; other++) {
			plan.clone = memory[m];
			plan.clone |= other & 1 ? CLONE_FILES : 0;
			plan.clone |= other & 2 ? CLONE_FS : 0;
			plan.clone |= other & 4 ? CLONE_SYSVSEM : 0;
			plan.clone |= other & 8 ? CLONE_IO : 0;
			snprintf(plan.name, sizeof(plan.name),
				 "clone%s%s%s%s%s%s%s", m > 0 ? " vm" : "",
				 m > 1 ? " sighand" : "", m > 2 ? " thread" : "",
				 other & 1 ? " files" : "",
				 other & 2 ? " fs" : "",
				 other & 4 ? " sysvsem" : "",
				 other & 8 ? " io" : "");
			if (!states_add(states, &plan))
				return -1;
		}
	}
	return 0;
}

/* The descriptor that it reports to lives on in the table of its own. */
static int exec_self(struct state *state)
{
	char fd[16];

	snprintf(fd, sizeof(fd), "%d", state->ready);
	return execl("/proc/self/exe", "paused", "--pause", fd, NULL);
}

int states_add_unshared(struct states *states)
{
	static const struct plan plans[] = {
		{ "thread, unshare files", THREAD | REST, CLONE_FILES, NULL },
		{ "thread, unshare fs", THREAD | REST, CLONE_FS, NULL },
		{ "thread, unshare sem", THREAD | REST, CLONE_SYSVSEM, NULL },
		{ "process, unshare files", REST, CLONE_FILES, NULL },
		{ "process, unshare fs", REST, CLONE_FS, NULL },
		{ "process, unshare sem", REST, CLONE_SYSVSEM, NULL },
		{ "vm, unshare all", VM | REST,
		  CLONE_FILES | CLONE_FS | CLONE_SYSVSEM, NULL },
		{ "process, exec", 0, 0, exec_self },
		{ "process that shared, exec", REST, 0, exec_self },
		{ "shared vm, exec", VM | REST, 0, exec_self },
		{ "shared sighand, exec", VM | SIGHAND, 0, exec_self },
	};

	return add_plans(states, plans, ARRAY_SIZE(plans));
}

int states_add_namespaces(struct states *states)
{
	static const struct plan plans[] = {
		{ "user namespace", 0, CLONE_NEWUSER, NULL },
		{ "mount namespace", 0, CLONE_NEWNS, NULL },
		{ "uts namespace", 0, CLONE_NEWUTS, NULL },
		{ "ipc namespace", 0, CLONE_NEWIPC, NULL },
		{ "net namespace", 0, CLONE_NEWNET, NULL },
		{ "cgroup namespace", 0, CLONE_NEWCGROUP, NULL },
		{ "pid namespace", CLONE_NEWPID, 0, NULL },
		{ "user and pid namespace", CLONE_NEWUSER | CLONE_NEWPID, 0,
		  NULL },
	};

	return add_plans(states, plans, ARRAY_SIZE(plans));
}

/* The second task of a pair: it has told its tid before it is ready. */
static struct state *note_told(struct states *states, pid_t tgid,
			       const char *name)
{
	struct state *state = states_note(states, states->told[0], name);

	if (state && tgid)
		state->tgid = tgid;
	return state;
}

/* The child of a vfork(2): it answers in place of its parent, held up in D. */
static int begin_vforked(void *arg)
{
	struct state *state = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	state->told[0] = syscall(SYS_gettid);
	if (write(state->ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int call_vfork(struct state *state)
{
	static char stack[STACK_SIZE];

	clone(begin_vforked, stack + STACK_SIZE,
	      CLONE_VM | CLONE_VFORK | SIGCHLD, state);
	return 1;	/* the child has ended, or never was */
}

int states_add_vfork(struct states *states)
{
	const struct plan plan = { "in vfork", 0, 0, call_vfork };

	if (!states_add(states, &plan))
		return -1;
	return note_told(states, 0, "child of vfork") ? 0 : -1;
}

/* The thread answers once its leader is a zombie. */
static int begin_orphan(void *arg)
{
	struct state *state = arg;

	state->told[0] = syscall(SYS_gettid);
	if (write(state->ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int leave_thread(struct state *state)
{
	static char stack[STACK_SIZE];

	if (clone(begin_orphan, stack + STACK_SIZE, THREAD | REST, state) < 0)
		return 1;
	return syscall(SYS_exit, 0);
}

/* Until "stat" tells of that state. */
static int wait_for_state(pid_t pid, int wanted)
{
	char line[256];
	FILE *stat;
	int state;

	for (;;) {
		snprintf(line, sizeof(line), "/proc/%d/stat", pid);
		stat = fopen(line, "r");
		if (!stat)
			return -1;
		if (!fgets(line, sizeof(line), stat))
			line[0] = '\0';
		fclose(stat);
		state = strrchr(line, ')') ? strrchr(line, ')')[2] : 0;
		if (state == wanted)
			return 0;
		usleep(1000);
	}
}

int states_add_leaderless(struct states *states)
{
	const struct plan plan = { "leader, exited", 0, 0, leave_thread };
	struct state *leader = states_add(states, &plan), *left;

	if (!leader || wait_for_state(leader->tid, 'Z'))
		return -1;
	left = note_told(states, leader->tgid, "thread left by it");
	/* It has said that it is there, and is on its way to sleep. */
	return left ? wait_for_state(left->tid, 'S') : -1;
}

static int leave(struct state *state)
{
	if (write(state->ready, "", 1) == 1)
		_exit(0);
	return 1;
}

/*
 * do_exit() drops the io_context last, when the task is a zombie already, and
 * kcmp(2) cannot tell none from one that both have.
 */
static int wait_for_no_io(pid_t pid)
{
	bool none = false;
	const char *io;
	char *text;

	while (!none) {
		text = text_readf(CTXLAB "/%d", pid);
		io = text ? text_value(text, "Io") : NULL;
		none = io && !strcmp(io, "none");
		free(text);
		if (!io)
			return -1;
		if (!none)
			usleep(1000);
	}
	return 0;
}

int states_add_zombie(struct states *states)
{
	const struct plan plan = { "zombie", 0, 0, leave };
	struct state *zombie = states_add(states, &plan);

	if (!zombie || wait_for_state(zombie->tid, 'Z'))
		return -1;
	return wait_for_no_io(zombie->tid);
}

int states_add_all(struct states *states)
{
	if (states_add_combinations(states) || states_add_unshared(states) ||
	    states_add_namespaces(states) || states_add_vfork(states) ||
	    states_add_leaderless(states) || states_add_zombie(states))
		return -1;
	/* kthreadd and a child of it: none has an mm, all share one table. */
	if (!states_note(states, 1, "first process") ||
	    !states_note(states, 2, "kthreadd") ||
	    !states_note(states, 3, "kernel thread"))
		return -1;
	return 0;
}

const struct state *states_find(const struct states *states, const char *name)
{
	int i;

	for (i = 0; i < states->count; i++)
		if (!strcmp(states->list[i].plan.name, name))
			return &states->list[i];
	/* A misspelt name, then. */
	ksft_print_msg("no state is called '%s'\n", name);
	abort();
}
