// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Gs of another process, from outside: two of its Gs wait for each other's
 * mutex, one for a channel, and one blocks its thread.  What has to be seen is
 * what that process itself wrote down.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gpm/gpm.h"
#include "gpm/inspect.h"
#include "tap.h"

/* What the Gs of the child say of themselves. */
struct told {
	uint64_t first, second, receiver, blocker;
	pid_t blocker_tid;
	uint64_t first_waits, second_waits, chan;
	atomic_uint locked;
	atomic_uint ready;
};

static struct told *told;
static struct gpm_mutex mutex[2];

static void cross(void *arg)
{
	long i = (long)arg;

	*(i ? &told->second : &told->first) = gpm_self();
	*(i ? &told->second_waits : &told->first_waits) =
		(uintptr_t)&mutex[!i];
	gpm_lock(&mutex[i]);
	/* On a busy machine the other may begin much later. */
	told->locked++;
	while (told->locked < 2)
		gpm_sleep(1000000);
	told->ready++;
	gpm_lock(&mutex[!i]);
}

static void receive(void *arg)
{
	told->receiver = gpm_self();
	told->chan = (uintptr_t)arg;
	told->ready++;
	gpm_recv(arg, NULL);
}

static void block(void *arg)
{
	(void)arg;
	pause();
}

static void blocks(void *arg)
{
	told->blocker = gpm_self();
	told->blocker_tid = gettid();
	told->ready++;
	gpm_block(block, arg);
}

static void child(void *arg)
{
	struct gpm_chan *c = gpm_chan_new(1, 0);

	(void)arg;
	gpm_go_named("first", cross, (void *)0);
	gpm_go_named("second", cross, (void *)1);
	gpm_go(receive, c);
	gpm_go_named("blocks", blocks, NULL);
	gpm_recv(gpm_chan_new(1, 0), NULL);
}

static int memory_of(void *arg, uint64_t from, void *to, size_t n)
{
	ssize_t got = pread(*(int *)arg, to, n, from);

	return got == (ssize_t)n ? 0 : got < 0 ? -errno : -EFAULT;
}

/* The first mapping of a file whose path has @part in it; 0: none. */
static uint64_t image_of(pid_t pid, const char *part)
{
	unsigned long at, image = 0;
	char name[64], line[512];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	f = fopen(name, "r");
	while (f && !image && fgets(line, sizeof(line), f))
		if (strstr(line, part) && sscanf(line, "%lx-", &at) == 1)
			image = at;
	if (f)
		fclose(f);
	return image;
}

static const struct gpm_seen *find(const struct gpm_view *v, uint64_t id)
{
	size_t i;

	for (i = 0; i < v->gs; i++)
		if (v->g[i].id == id)
			return &v->g[i];
	return NULL;
}

static bool waits(const struct gpm_seen *s, enum gpm_wait_reason why)
{
	return s && s->state == G_WAITING && s->why == why;
}

/* Until all stand where they stay; a signal ends what never comes. */
static bool settled(const struct gpm_view *v)
{
	const struct gpm_seen *blocker = find(v, told->blocker);

	return told->ready == 4 && waits(find(v, told->first), WAIT_MUTEX) &&
	       waits(find(v, told->second), WAIT_MUTEX) &&
	       waits(find(v, told->receiver), WAIT_RECV) && blocker &&
	       blocker->state == G_BLOCKED;
}

static void look(const struct gpm_memory *mem, uint64_t debug,
		 struct gpm_view *v)
{
	int err;

	for (;;) {
		err = gpm_inspect(mem, debug, v);
		if (!err && settled(v))
			return;
		gpm_view_free(v);
		usleep(1000);
	}
}

static void check_pair(const struct gpm_view *v)
{
	const struct gpm_seen *first = find(v, told->first);
	const struct gpm_seen *second = find(v, told->second);

	is(first->name, "first", "its name");
	ok(first->what == told->first_waits && first->owner == told->second,
	   "one waits for the mutex that the other has");
	ok(second->what == told->second_waits && second->owner == told->first,
	   "and the other for that of the first");
}

static void check_rest(const struct gpm_view *v)
{
	const struct gpm_seen *receiver = find(v, told->receiver);
	size_t i, on = 0;

	ok(receiver->what == told->chan && !receiver->owner,
	   "a third waits for a channel, which nobody has");
	for (i = 0; i < v->threads; i++)
		if (v->thread[i].tid == told->blocker_tid)
			on = v->thread[i].g;
	is_number(on, told->blocker, "a thread blocks in the fourth");
	is_number(v->gs, 5, "no other G but the first is there");
}

/* The same waits, later: the counts stand still. */
static void check_again(const struct gpm_memory *mem, uint64_t debug,
			const struct gpm_view *v)
{
	struct gpm_view again;

	if (!is_number(-gpm_inspect(mem, debug, &again), 0, "a second look"))
		return;
	is_number(find(&again, told->first)->parks,
		  find(v, told->first)->parks, "sees the same wait");
	gpm_view_free(&again);
}

static void check_errors(const struct gpm_memory *mem, uint64_t debug)
{
	struct gpm_view v;
	uint64_t none;

	is_number(-gpm_inspect_find(mem, 64, &none), EIO,
		  "where nothing is mapped");
	is_number(-gpm_inspect(mem, debug + 8, &v), EPROTO,
		  "what is no such struct is not believed");
}

/* Programs without the library: the dynamic loader is one. */
static void check_others(const struct gpm_memory *mem, pid_t pid)
{
	uint64_t none;

	is_number(-gpm_inspect_find(mem, image_of(pid, "/ld-"), &none), ENOENT,
		  "another image has no such note");
}

static void inspect(pid_t pid)
{
	char name[64];
	int fd;
	struct gpm_memory mem = { memory_of, &fd };
	struct gpm_view v = {};
	uint64_t debug = 0, image = image_of(pid, "/gpm_inspect_test");

	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (!is_number(-gpm_inspect_find(&mem, image, &debug), 0,
		       "a program with libgpm is known by its note"))
		return;
	look(&mem, debug, &v);
	check_pair(&v);
	check_rest(&v);
	check_again(&mem, debug, &v);
	gpm_view_free(&v);
	check_errors(&mem, debug);
	check_others(&mem, pid);
	close(fd);
}

int main(void)
{
	struct gpm_options o = { .procs = 2 };
	pid_t parent = getpid(), pid;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			gpm_run(&o, child, NULL);
		_exit(1);
	}
	alarm(100);
	inspect(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return tap_done();
}
