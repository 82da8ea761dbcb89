// SPDX-License-Identifier: GPL-2.0-only
/* Makes one child in a process apart, and looks at both from here. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "held.h"
#include "lib/xalloc.h"
#include "look.h"
#include "proc/model.h"
#include "proc/proc.h"

#define WAIT_SECONDS	60
#define MOST_PAGES	4096	/* of a stack; glibc's has 2048 */

/**
 * struct shown - what a maker apart shows to who looks at its child
 * @gate: where the child waits
 * @module: the module is asked
 * @tid: the child's, in the pid namespace of its maker
 * @touched: of a coroutine's stack, kB
 */
struct shown {
	struct gate gate;
	const struct way *w;
	bool module;
	int32_t tid;
	long touched;
};

/* The bits of /proc/<pid>/pagemap, one 64-bit word a page. */
#define PAGE_PRESENT	(1ULL << 63)
#define PAGE_EXCLUSIVE	(1ULL << 56)

/* The kB of a mapping that are there, and nobody else's; -1: not known. */
static long kb_touched(pid_t pid, uint64_t from, uint64_t to)
{
	uint64_t *word = xcalloc(MOST_PAGES, sizeof(*word));
	size_t page = sysconf(_SC_PAGESIZE), n = (to - from) / page, i;
	long pages = 0;
	char path[64];
	ssize_t got;
	int fd;

	/* It is used from the top. */
	if (n > MOST_PAGES)
		n = MOST_PAGES;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : pread(fd, word, n * sizeof(*word),
				  (to / page - n) * sizeof(*word));
	for (i = 0; got > 0 && i < got / sizeof(*word); i++)
		pages += (word[i] & PAGE_PRESENT) && (word[i] & PAGE_EXCLUSIVE);
	if (fd >= 0)
		close(fd);
	free(word);
	return got > 0 ? (long)(pages * page / 1024) : -1;
}

/* The same of the mapping that @address lies in. */
static long kb_touched_at(pid_t pid, uint64_t address)
{
	unsigned long long from, to;
	char path[64], line[512];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%llx-%llx", &from, &to) == 2 &&
			from <= address && address < to;
	if (f)
		fclose(f);
	return found ? kb_touched(pid, from, to) : -1;
}

/* The sum of the kB behind the keys that begin with @key; -1: none there. */
static long read_kb(pid_t pid, const char *file, const char *key)
{
	char path[64], line[256];
	long sum = -1, kb;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) ||
		    sscanf(line + strcspn(line, ":"), ": %ld kB", &kb) != 1)
			continue;
		sum = sum < 0 ? kb : sum + kb;
	}
	if (f)
		fclose(f);
	return sum;
}

/*
 * Only the module says how large it is: the same for every task, so that the
 * maker's own file will do.
 */
static long kernel_stack_kb(pid_t maker)
{
	char name[16], *buf;
	struct text_error why;
	struct process p;
	size_t len;
	long kb = -1;

	snprintf(name, sizeof(name), "%d", maker);
	if (proc_read(name, &buf, &len) ||
	    process_parse(&p, buf, len, &why))
		return -1;
	if (p.kstack_size)
		kb = atol(p.kstack_size);
	process_free(&p);
	return kb > 0 ? kb : -1;
}

/* What a task has that shares its address space is its stacks alone. */
static void look_at_memory(const struct shown *s, pid_t maker,
			   struct child_memory *m)
{
	bool own = !(way_claims(s->w) & 1u << SHARE_MM);

	m->kernel_stack = s->module ? kernel_stack_kb(maker) : -1;
	m->page_tables = own ? read_kb(s->tid, "status", "VmPTE") : 0;
	m->stack = s->gate.sp ? kb_touched_at(s->tid, s->gate.sp) : -1;
	m->memory = own ? read_kb(s->tid, "smaps_rollup", "Private_") :
			  m->stack;
}

static int show_coroutine(struct shown *s, struct maker *m)
{
	const struct co *co = s->w->kind == WAY_POOL ? &m->pool : &m->fresh;
	struct child c;
	int err = way_make(s->w, m, NULL, NULL, &c);

	if (err)
		return err;
	s->touched = kb_touched(getpid(), (uintptr_t)co->stack,
				(uintptr_t)co->stack + co->mapped);
	return way_reap(s->w, &c);
}

/* The maker's life: @arg is a struct shown. */
static int show_child(void *arg)
{
	struct shown *s = arg;
	struct maker m;
	struct child c;
	int err = maker_begin(&m);

	if (err)
		return err;
	if (!way_is_task(s->w))
		return show_coroutine(s, &m);
	err = held_make(s->w, &m, &s->gate, &c);
	if (err)
		return err;
	if (s->w->kind != WAY_VFORK) {
		/* Who looks knows the tid as the maker does, not as the child. */
		if (c.tid)
			s->gate.tid = c.tid;
		__atomic_store_n(&s->tid, s->gate.tid, __ATOMIC_RELEASE);
	}
	while (!__atomic_load_n(&s->gate.open, __ATOMIC_ACQUIRE))
		usleep(200);
	return held_end(s->w, &s->gate, &c);
}

/* Until the child is there: its tid, or the negative errno of its maker. */
static pid_t wait_child_there(struct shown *s, pid_t maker)
{
	bool vfork = s->w->kind == WAY_VFORK;
	int tries = WAIT_SECONDS * 5000;
	siginfo_t info = {};

	while (tries--) {
		if (vfork && __atomic_load_n(&s->gate.ready, __ATOMIC_ACQUIRE))
			s->tid = s->gate.tid;
		if (__atomic_load_n(&s->tid, __ATOMIC_ACQUIRE))
			return s->tid;
		if (waitid(P_PID, maker, &info, WEXITED | WNOHANG | WNOWAIT))
			return -errno;
		if (info.si_pid)
			return -ECHILD;
		usleep(200);
	}
	return -ETIMEDOUT;
}

static int look_at_both(struct shown *s, pid_t maker, struct look *l)
{
	pid_t tid = wait_child_there(s, maker);
	int err;

	if (tid < 0)
		return tid;
	err = sharing_read(maker, tid, s->module, &l->sharing);
	look_at_memory(s, maker, &l->memory);
	gate_open(&s->gate);
	return err;
}

int look_at(const struct way *w, bool module, struct look *l)
{
	struct shown *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int err = 0, died;
	pid_t maker;

	*l = (struct look){ .memory = { -1, -1, -1, -1 } };
	if (s == MAP_FAILED)
		return -errno;
	s->w = w;
	s->module = module;
	maker = run_apart(show_child, s);
	if (maker < 0) {
		err = maker;
		goto unmap;
	}
	if (way_is_task(w))
		err = look_at_both(s, maker, l);
	if (err == -ETIMEDOUT)
		kill(maker, SIGKILL);
	died = wait_apart(maker);
	if (died)
		err = died;
	if (!err && !way_is_task(w))
		l->memory = (struct child_memory){
			.stack = s->touched, .memory = s->touched,
		};
unmap:
	munmap(s, sizeof(*s));
	return err;
}
