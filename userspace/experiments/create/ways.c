// SPDX-License-Identifier: GPL-2.0-only
/* The table of the ways to make a child, and how each makes and reaps one. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/compiler.h"
#include "raw.h"
#include "ways.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define STACK_SIZE (64 * 1024)

#define VM	CLONE_VM
#define FILES	CLONE_FILES
#define FS	CLONE_FS
#define SIGHAND	CLONE_SIGHAND
#define THREAD	CLONE_THREAD
#define ALL_NS	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
		 CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWUSER)

const struct way ways[WAYS] = {
	[WAY_ID_POOL] = { WAY_POOL, 0 },
	[WAY_ID_FRESH] = { WAY_FRESH, 0 },
	[WAY_ID_PTHREAD] = { WAY_PTHREAD, 0 },
	[WAY_ID_PTHREAD_AGAIN] = { WAY_PTHREAD, 0 },
	[WAY_ID_FORK] = { WAY_FORK, 0 },
	[WAY_ID_VFORK] = { WAY_VFORK, 0 },
	[WAY_ID_SPAWN] = { WAY_SPAWN, 0 },
	[WAY_ID_EXEC] = { WAY_EXEC, 0 },
	[WAY_ID_CLONE] = { WAY_CLONE, 0 },
	[WAY_ID_FILES] = { WAY_CLONE, FILES },
	[WAY_ID_FS] = { WAY_CLONE, FS },
	[WAY_ID_FILES_FS] = { WAY_CLONE, FILES | FS },
	[WAY_ID_VM] = { WAY_CLONE, VM },
	[WAY_ID_VM_FILES] = { WAY_CLONE, VM | FILES },
	[WAY_ID_VM_FS] = { WAY_CLONE, VM | FS },
	[WAY_ID_VM_FILES_FS] = { WAY_CLONE, VM | FILES | FS },
	[WAY_ID_VM_SIG] = { WAY_CLONE, VM | SIGHAND },
	[WAY_ID_VM_FILES_SIG] = { WAY_CLONE, VM | FILES | SIGHAND },
	[WAY_ID_VM_FS_SIG] = { WAY_CLONE, VM | FS | SIGHAND },
	[WAY_ID_VM_FILES_FS_SIG] = { WAY_CLONE, VM | FILES | FS | SIGHAND },
	[WAY_ID_VM_SIG_THREAD] = { WAY_CLONE, VM | SIGHAND | THREAD },
	[WAY_ID_VM_FILES_SIG_THREAD] = { WAY_CLONE,
		VM | FILES | SIGHAND | THREAD },
	[WAY_ID_VM_FS_SIG_THREAD] = { WAY_CLONE, VM | FS | SIGHAND | THREAD },
	[WAY_ID_VM_FILES_FS_SIG_THREAD] = { WAY_CLONE,
		VM | FILES | FS | SIGHAND | THREAD },
	[WAY_ID_NEW_MNT] = { WAY_CLONE, CLONE_NEWNS },
	[WAY_ID_NEW_UTS] = { WAY_CLONE, CLONE_NEWUTS },
	[WAY_ID_NEW_IPC] = { WAY_CLONE, CLONE_NEWIPC },
	[WAY_ID_NEW_NET] = { WAY_CLONE, CLONE_NEWNET },
	[WAY_ID_NEW_PID] = { WAY_CLONE, CLONE_NEWPID },
	[WAY_ID_NEW_CGROUP] = { WAY_CLONE, CLONE_NEWCGROUP },
	[WAY_ID_NEW_TIME] = { WAY_CLONE, CLONE_NEWTIME },
	[WAY_ID_NEW_USER] = { WAY_CLONE, CLONE_NEWUSER },
	[WAY_ID_NEW_ALL] = { WAY_CLONE, ALL_NS },
};

static uint32_t flag_claims(uint64_t flags)
{
	static const struct {
		uint64_t flag;
		enum share share;
	} own[] = {
		{ CLONE_NEWNS, SHARE_MNT }, { CLONE_NEWUTS, SHARE_UTS },
		{ CLONE_NEWIPC, SHARE_IPC }, { CLONE_NEWNET, SHARE_NET },
		{ CLONE_NEWPID, SHARE_PID }, { CLONE_NEWCGROUP, SHARE_CGROUP },
		{ CLONE_NEWTIME, SHARE_TIME }, { CLONE_NEWUSER, SHARE_USER },
	}, common[] = {
		{ VM, SHARE_MM }, { FILES, SHARE_FILES }, { FS, SHARE_FS },
		{ SIGHAND, SHARE_SIGHAND }, { THREAD, SHARE_GROUP },
	};
	uint32_t claims = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(common); i++)
		if (flags & common[i].flag)
			claims |= 1u << common[i].share;
	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (!(flags & own[i].flag))
			claims |= 1u << own[i].share;
	return claims;
}

uint32_t way_claims(const struct way *w)
{
	switch (w->kind) {
	case WAY_POOL:
	case WAY_FRESH:
	case WAY_PTHREAD:
		return flag_claims(VM | FILES | FS | SIGHAND | THREAD);
	case WAY_VFORK:
		return flag_claims(VM);
	default:
		return flag_claims(w->flags);
	}
}

bool way_is_task(const struct way *w)
{
	return w->kind != WAY_POOL && w->kind != WAY_FRESH;
}

bool way_execs(const struct way *w)
{
	return w->kind == WAY_SPAWN || w->kind == WAY_EXEC;
}

/*
 * A file of the memory's file system with the program in it.  MFD_EXEC is what
 * newer kernels want to hear; older ones refuse it.
 */
static int open_program(void)
{
	size_t size = create_nothing_end - create_nothing;
	int fd = memfd_create("ctxlab-nothing", MFD_CLOEXEC | MFD_EXEC), err;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ctxlab-nothing", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, create_nothing, size) == (ssize_t)size)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/* A page on both sides that nobody may touch, and no other mapping joins. */
static char *map_stack(void)
{
	size_t guard = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, STACK_SIZE + 2 * guard, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + guard, STACK_SIZE, PROT_READ | PROT_WRITE)) {
		munmap(p, STACK_SIZE + 2 * guard);
		return NULL;
	}
	return p + guard;
}

int maker_begin(struct maker *m)
{
	*m = (struct maker){ .program = -ENOENT, .pipe = { -1, -1 }, .hold = -1 };
	m->stack = map_stack();
	if (!m->stack)
		return -errno;
	/* What reads and writes it is the program, across an exec. */
	if (pipe(m->pipe))
		return -errno;
	m->program = open_program();
	if (m->program >= 0)
		snprintf(m->path, sizeof(m->path), "/proc/self/fd/%d",
			 m->program);
	return 0;
}

void maker_end(struct maker *m)
{
	size_t guard = sysconf(_SC_PAGESIZE);
	int i;

	if (m->stack)
		munmap(m->stack - guard, STACK_SIZE + 2 * guard);
	if (m->program >= 0)
		close(m->program);
	for (i = 0; i < 2; i++)
		if (m->pipe[i] >= 0)
			close(m->pipe[i]);
	co_destroy(&m->pool);
	co_destroy(&m->fresh);
	m->stack = NULL;
}

static CHILD_CODE void run_and_exit(child_fn fn, void *arg)
{
	if (fn)
		fn(arg);
	for (;;)
		raw_syscall(SYS_exit_group, 0, 0, 0, 0);
}

static CHILD_CODE void no_work(void *arg)
{
	(void)arg;
}

static void *thread_main(void *arg)
{
	struct child *c = arg;

	if (c->fn)
		c->fn(c->arg);
	return NULL;
}

static int make_thread(struct child *c)
{
	return -pthread_create(&c->thread, NULL, thread_main, c);
}

static int make_clone(const struct way *w, struct child *c)
{
	struct clone_args args = { .flags = w->flags };
	long tid;

	if (w->flags & CLONE_VM) {
		args.stack = (uintptr_t)c->maker->stack;
		args.stack_size = STACK_SIZE;
	}
	if (w->flags & CLONE_THREAD) {
		args.flags |= CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;
		args.parent_tid = (uintptr_t)&c->running;
		args.child_tid = (uintptr_t)&c->running;
	} else {
		args.exit_signal = SIGCHLD;
	}
	tid = raw_clone3(&args, c->fn ? c->fn : no_work, c->arg);
	if (tid < 0)
		return tid;
	c->tid = tid;
	return 0;
}

static int make_fork(struct child *c)
{
	pid_t pid = fork();

	if (!pid)
		run_and_exit(c->fn, c->arg);
	c->tid = pid;
	return pid < 0 ? -errno : 0;
}

/* The child has this very frame, and must not return from it. */
static CHILD_CODE int make_vfork(struct child *c)
{
	pid_t pid = vfork();

	if (!pid)
		run_and_exit(c->fn, c->arg);
	c->tid = pid;
	return pid < 0 ? -errno : 0;
}

/* The program's arguments, see program/nothing.c. */
struct arguments {
	char number[2][16];
	char *argv[4];
};

static void set_arguments(struct arguments *a, const struct child *c)
{
	*a = (struct arguments){ .argv = { "nothing" } };
	if (!c->fn)
		return;
	snprintf(a->number[0], sizeof(a->number[0]), "%d", c->maker->pipe[1]);
	a->argv[1] = a->number[0];
	if (c->maker->hold < 0)
		return;
	snprintf(a->number[1], sizeof(a->number[1]), "%d", c->maker->hold);
	a->argv[2] = a->number[1];
}

static int make_spawn(struct child *c)
{
	struct arguments a;

	if (c->maker->program < 0)
		return c->maker->program;
	set_arguments(&a, c);
	return -posix_spawn(&c->tid, c->maker->path, NULL, NULL, a.argv,
			    environ);
}

static int make_exec(struct child *c)
{
	struct arguments a;
	pid_t pid;

	if (c->maker->program < 0)
		return c->maker->program;
	set_arguments(&a, c);
	pid = fork();
	if (!pid) {
		syscall(SYS_execveat, c->maker->program, "", a.argv, environ,
			AT_EMPTY_PATH);
		_exit(127);
	}
	c->tid = pid;
	return pid < 0 ? -errno : 0;
}

static void coroutine_main(void *arg)
{
	struct maker *m = arg;
	void *ended;

	if (m->fn)
		m->fn(m->arg);
	co_switch(&ended, m->resume);
}

/*
 * In a loop here, not one a call: the CPU predicts where a return leads, and who
 * comes back from a coroutine that has ended finds its predictions used up.
 */
int maker_run_pooled(struct maker *m, child_fn fn, void *arg, unsigned int n)
{
	int err = 0;
	char *end;

	m->fn = fn;
	m->arg = arg;
	if (!m->pool.stack)
		err = co_init(&m->pool, coroutine_main, m);
	end = (char *)m->pool.stack + m->pool.mapped;
	while (!err && n--)
		co_switch(&m->resume, co_frame(end, coroutine_main, m));
	return err;
}

static int make_fresh(struct child *c)
{
	struct maker *m = c->maker;
	int err;

	m->fn = c->fn;
	m->arg = c->arg;
	err = co_init(&m->fresh, coroutine_main, m);
	if (!err)
		co_switch(&m->resume, m->fresh.sp);
	return err;
}

int way_make(const struct way *w, struct maker *m, child_fn fn, void *arg,
	     struct child *c)
{
	*c = (struct child){ .maker = m, .fn = fn, .arg = arg };
	switch (w->kind) {
	case WAY_POOL:
		return maker_run_pooled(m, fn, arg, 1);
	case WAY_FRESH:
		return make_fresh(c);
	case WAY_PTHREAD:
		return make_thread(c);
	case WAY_CLONE:
		return make_clone(w, c);
	case WAY_FORK:
		return make_fork(c);
	case WAY_VFORK:
		return make_vfork(c);
	case WAY_SPAWN:
		return make_spawn(c);
	case WAY_EXEC:
		return make_exec(c);
	}
	return -EINVAL;
}

/* Until the kernel has cleared the word: nothing runs on its stack any more. */
static int wait_cleared(uint32_t *word)
{
	uint32_t seen;

	while ((seen = __atomic_load_n(word, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
	return 0;
}

/* A child that was killed, or whose program was not there, is an error. */
static int wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOEXEC;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECHILD;
}

int way_reap(const struct way *w, struct child *c)
{
	switch (w->kind) {
	case WAY_POOL:
		return 0;
	case WAY_FRESH:
		co_destroy(&c->maker->fresh);
		return 0;
	case WAY_PTHREAD:
		return -pthread_join(c->thread, NULL);
	default:
		return w->flags & CLONE_THREAD ? wait_cleared(&c->running) :
						 wait_child(c->tid);
	}
}
