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
	uint64_t reader[2];
	atomic_bool read;
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

/* Of two whose descriptors are ready at once one runs, and keeps the other from it. */
static int ends[2][2];

static void read_and_spin(void *arg)
{
	long i = (long)arg;
	char byte;

	told->reader[i] = gpm_self();
	gpm_read(ends[i][0], &byte, 1);
	told->read = true;
	for (;;)
		;
}

static void child_that_spins(void *arg)
{
	long i;

	(void)arg;
	for (i = 0; i < 2; i++)
		if (!pipe(ends[i]))
			gpm_go(read_and_spin, (void *)i);
	gpm_sleep(10000000);
	for (i = 0; i < 2; i++)
		if (write(ends[i][1], "x", 1) != 1)
			return;
	gpm_sleep(10000000);
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

static void open_memory(pid_t pid, int *fd)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	*fd = open(name, O_RDONLY | O_CLOEXEC);
}

static void inspect(pid_t pid)
{
	int fd;
	struct gpm_memory mem = { memory_of, &fd };
	struct gpm_view v = {};
	uint64_t debug = 0, image = image_of(pid, "/gpm_inspect_test");

	open_memory(pid, &fd);
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

static void inspect_ready(pid_t pid)
{
	int fd;
	struct gpm_memory mem = { memory_of, &fd };
	uint64_t debug = 0, image = image_of(pid, "/gpm_inspect_test");
	const struct gpm_seen *one, *two;
	struct gpm_view v;

	open_memory(pid, &fd);
	while (!told->read)
		usleep(1000);
	if (!is_number(-gpm_inspect_find(&mem, image, &debug) ?:
		       -gpm_inspect(&mem, debug, &v), 0, "one that runs all the time"))
		return;
	one = find(&v, told->reader[0]);
	two = find(&v, told->reader[1]);
	ok(one && two && one->state + two->state == G_RUNNING + G_READY,
	   "beside it another is ready, and waits no more");
	gpm_view_free(&v);
	close(fd);
}

static void in_child(unsigned int procs, void (*fn)(void *arg),
		     void (*look_at)(pid_t pid))
{
	struct gpm_options o = { .procs = procs };
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			gpm_run(&o, fn, NULL);
		_exit(1);
	}
	look_at(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	alarm(100);
	in_child(2, child, inspect);
	in_child(1, child_that_spins, inspect_ready);
	return tap_done();
}
