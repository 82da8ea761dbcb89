// SPDX-License-Identifier: GPL-2.0-only
/* Does what a child can do to its maker, and looks at the maker afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"
#include "deeds.h"
#include "lib/compiler.h"
#include "raw.h"

#define MASK_BEFORE	022
#define MASK_AFTER	0123
#define EXIT_CODE	99
/* What an opened descriptor is known by: its number may be another file's. */
#define COUNTER		20220117

const struct deed_def deeds[DEEDS] = {
	[DEED_BYTE] = { "byte", "writes a byte", "reads it", SHARE_MM },
	[DEED_OPEN] = { "open", "opens a file", "can use it", SHARE_FILES },
	[DEED_CLOSE] = { "close", "closes a file", "has lost it", SHARE_FILES },
	[DEED_CHDIR] = { "chdir", "changes directory", "is there", SHARE_FS },
	[DEED_UMASK] = { "umask", "sets the umask", "has it", SHARE_FS },
	[DEED_HANDLER] = { "handler", "sets a handler", "has it",
			   SHARE_SIGHAND },
	[DEED_CRASH] = { "crash", "gets SIGSEGV", "dies", SHARE_GROUP },
	[DEED_EXIT] = { "exit", "exits", "exits", SHARE_GROUP },
};

/**
 * struct scene - what maker and child of one deed have
 * @byte: private to the maker's address space, as all but @opened
 * @opened: the number of the descriptor that the child opened, in memory that
 *	both see whatever they share
 * @file: the maker's, which the child closes
 * @there: the directory that the maker was in
 */
struct scene {
	const struct way *w;
	enum deed deed;
	volatile char byte;
	volatile int *opened;
	int file;
	struct stat there;
};

static CHILD_CODE void on_signal(int sig)
{
	(void)sig;
}

/* The kernel's own form: struct sigaction is the libc's. */
struct kernel_sigaction {
	void (*handler)(int sig);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static CHILD_CODE void set_handler(void)
{
	struct kernel_sigaction act = { .handler = on_signal };

	raw_syscall(SYS_rt_sigaction, SIGUSR1, (long)&act, 0,
		    sizeof(act.mask));
}

/* A program's mistake; the address is no valid one anywhere. */
static CHILD_CODE void crash(void)
{
	volatile char *volatile nowhere = NULL;

	*nowhere = 1;
}

static CHILD_CODE void act(void *arg)
{
	struct scene *s = arg;

	switch (s->deed) {
	case DEED_BYTE:
		s->byte = 1;
		break;
	case DEED_OPEN:
		*s->opened = raw_syscall(SYS_eventfd2, COUNTER, 0, 0, 0);
		break;
	case DEED_CLOSE:
		raw_syscall(SYS_close, s->file, 0, 0, 0);
		break;
	case DEED_CHDIR:
		raw_syscall(SYS_chdir, (long)"/", 0, 0, 0);
		break;
	case DEED_UMASK:
		raw_syscall(SYS_umask, MASK_AFTER, 0, 0, 0);
		break;
	case DEED_HANDLER:
		set_handler();
		break;
	case DEED_CRASH:
		crash();
		break;
	default:
		raw_syscall(SYS_exit_group, EXIT_CODE, 0, 0, 0);
	}
}

/* A directory that is not the root, which the child goes to. */
static int leave_root(struct scene *s)
{
	static const char *const places[] = { "/proc", "/dev", "/usr", "/etc", "/tmp" };
	struct stat root;
	size_t i;

	if (stat("/", &root))
		return -errno;
	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (!chdir(places[i]) && !stat(".", &s->there) &&
		    (s->there.st_dev != root.st_dev ||
		     s->there.st_ino != root.st_ino))
			return 0;
	return -ENOENT;
}

static int set_scene(struct scene *s)
{
	umask(MASK_BEFORE);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	/* A crash is meant here: nobody is to keep a core of it. */
	prctl(PR_SET_DUMPABLE, 0);
	s->file = eventfd(0, 0);
	if (s->file < 0)
		return -errno;
	return s->deed == DEED_CHDIR ? leave_root(s) : 0;
}

static bool has_counter(int fd)
{
	uint64_t n;

	return fd >= 0 && fcntl(fd, F_GETFD) >= 0 &&
	       read(fd, &n, sizeof(n)) == sizeof(n) && n == COUNTER;
}

/* What the maker finds after the child, for deeds that it outlives. */
static bool noticed(const struct scene *s)
{
	struct sigaction now;
	struct stat here;

	switch (s->deed) {
	case DEED_BYTE:
		return s->byte;
	case DEED_OPEN:
		return has_counter(*s->opened);
	case DEED_CLOSE:
		return fcntl(s->file, F_GETFD) < 0;
	case DEED_CHDIR:
		return stat(".", &here) || here.st_dev != s->there.st_dev ||
		       here.st_ino != s->there.st_ino;
	case DEED_UMASK:
		return umask(MASK_BEFORE) == MASK_AFTER;
	case DEED_HANDLER:
		return !sigaction(SIGUSR1, NULL, &now) &&
		       now.sa_handler == on_signal;
	default:
		return false;
	}
}

/* The maker's life.  Its exit status: 1 noticed, 2 not, else an errno + 2. */
static int play(void *arg)
{
	struct scene *s = arg;
	struct maker m;
	struct child c;
	int err = set_scene(s);

	if (!err)
		err = maker_begin(&m);
	if (!err)
		err = way_make(s->w, &m, act, s, &c);
	if (err)
		return err - 2;
	err = way_reap(s->w, &c);
	/* That a child crashed, or exited with a status, is what it was to do. */
	if (err && err != -ECHILD)
		return err - 2;
	return noticed(s) ? -1 : -2;
}

/* A maker that died shared its child's end. */
static int outcome(enum deed d, int status)
{
	if (WIFSIGNALED(status))
		return d == DEED_CRASH && WTERMSIG(status) == SIGSEGV ? 1 : -EIO;
	if (d == DEED_EXIT && WEXITSTATUS(status) == EXIT_CODE)
		return 1;
	if (WEXITSTATUS(status) <= 2)
		return WEXITSTATUS(status) == 1;
	return -(WEXITSTATUS(status) - 2);
}

bool deed_possible(const struct way *w)
{
	return way_is_task(w) && !way_execs(w);
}

int deed_do(const struct way *w, enum deed d)
{
	struct scene s = { .w = w, .deed = d };
	int status, ret;
	pid_t maker;

	s.opened = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.opened == MAP_FAILED)
		return -errno;
	*s.opened = -1;
	maker = run_apart(play, &s);
	ret = maker;
	if (maker > 0) {
		while ((ret = waitpid(maker, &status, 0)) < 0 && errno == EINTR)
			;
		ret = ret < 0 ? -errno : outcome(d, status);
	}
	munmap((void *)s.opened, sizeof(int));
	return ret;
}
