// SPDX-License-Identifier: GPL-2.0-only
/* Scenes of processes with locks of files, pipes and FIFOs. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"

static int file[2];

int temporary(void)
{
	char name[] = "/tmp/ctxlab-corpus-XXXXXX";
	int fd = mkstemp(name);
	char path[32];

	if (fd < 0)
		die(name);
	/* A description of its own for each process, though the name goes. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	unlink(name);
	return fd;
}

int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR);
}

static void flock_two(int part)
{
	int own = reopen(file[part]), other = reopen(file[!part]);

	if (flock(own, LOCK_EX))
		die("flock");
	pthread_barrier_wait(&stage->barrier);
	flock(other, LOCK_EX);
}

static void flocks(size_t n)
{
	(void)n;
	file[0] = temporary();
	file[1] = temporary();
	play_two("flock", "flock", flock_two);
}

static void lock_by_fcntl(int fd, int command)
{
	struct flock lock = { .l_type = F_WRLCK };

	if (fcntl(fd, command, &lock))
		die("fcntl");
}

static void ofd_two(int part)
{
	int own = reopen(file[part]), other = reopen(file[!part]);

	lock_by_fcntl(own, F_OFD_SETLKW);
	pthread_barrier_wait(&stage->barrier);
	lock_by_fcntl(other, F_OFD_SETLKW);
}

static void ofds(size_t n)
{
	(void)n;
	file[0] = temporary();
	file[1] = temporary();
	play_two("ofd-lock", "ofd-lock", ofd_two);
}

/* The kernel refuses a cycle of fcntl() locks alone: here one is flock()'s. */
static void fcntl_and_flock(int part)
{
	int fd = reopen(file[0]), other = reopen(file[1]);

	if (!part)
		lock_by_fcntl(fd, F_SETLKW);
	else
		flock(other, LOCK_EX);
	pthread_barrier_wait(&stage->barrier);
	if (!part)
		flock(other, LOCK_EX);
	else
		lock_by_fcntl(fd, F_SETLKW);
}

static void posix_lock(size_t n)
{
	(void)n;
	file[0] = temporary();
	file[1] = temporary();
	play_two("flock", "fcntl-lock", fcntl_and_flock);
}

/* Two processes read from each other, and neither has written. */
static int ends[2][2];

static void read_from_other(int part)
{
	char byte;

	close(ends[part][1]);
	close(ends[!part][0]);
	if (read(ends[part][0], &byte, 1))
		_exit(1);
}

/* @others: another one has these ends, too; @uring: the first one has an io_uring. */
static void read_from_each_other(const char *verdict, const char *waits,
				 bool others, bool uring)
{
	struct member m[2] = { { .waits = waits }, { .waits = waits } };
	int part;

	for (part = 0; part < 2; part++) {
		m[part].tid = fork_child();
		if (!m[part].tid) {
			if (uring && !part && open_uring() < 0)
				die("io_uring_setup");
			read_from_other(part);
		}
	}
	for (part = 0; part < 2; part++) {
		close(ends[part][0]);
		close(ends[part][1]);
		m[part].whom = others ? 0 : m[!part].tid;
		until_blocked(m[part].tid);
	}
	expect_members(verdict, m, 2);
}

static void make_pipes(void)
{
	if (pipe(ends[0]) || pipe(ends[1]))
		die("pipe");
}

static void pipes(size_t n)
{
	(void)n;
	make_pipes();
	read_from_each_other("deadlock", "pipe-read", false, false);
}

/* For whoever has an io_uring the kernel may read and write meanwhile. */
static void pipes_and_uring(size_t n)
{
	(void)n;
	make_pipes();
	read_from_each_other("none", "pipe-read", false, true);
}

static void close_all(void)
{
	int i;

	for (i = 0; i < 4; i++)
		close(ends[i / 2][i % 2]);
}

static void keep_own(struct actor *a)
{
	if (unshare(CLONE_FILES))
		die("unshare");
	stage->tid[0] = a->tid;
	nap_for_ever(a);
}

/* Whoever else has the ends is a thread with descriptors of its own. */
static void pipes_beside(size_t n)
{
	static struct actor keeper;

	(void)n;
	make_pipes();
	make_stage(2);
	if (!fork_child()) {
		start(&keeper, keep_own, 0);
		tid_on_stage(0);
		close_all();
		nap_for_ever(NULL);
	}
	tid_on_stage(0);
	read_from_each_other("none", "pipe-read", true, false);
}

static void read_own(struct actor *a)
{
	char byte;

	if (unshare(CLONE_FILES) || dup2(ends[1][0], ends[0][0]) < 0)
		die("unshare");
	close(ends[1][0]);
	close(ends[1][1]);
	stage->tid[0] = a->tid;
	_exit(read(ends[0][0], &byte, 1) < 0);
}

/* What a thread reads from is, by this number, another pipe of its main thread. */
static void own_descriptors(size_t n)
{
	static struct actor reader;
	struct member m = { .waits = "pipe-read" };

	(void)n;
	make_pipes();
	make_stage(2);
	if (!fork_child()) {
		start(&reader, read_own, 0);
		tid_on_stage(0);
		close(ends[1][0]);
		close(ends[1][1]);
		nap_for_ever(NULL);
	}
	m.tid = tid_on_stage(0);
	m.whom = fork_child();
	if (!m.whom)
		nap_for_ever(NULL);
	close_all();
	until_quiet(m.tid);
	expect_members("none", &m, 1);
}

/* Two processes read from FIFOs that have the other's end; anybody may write. */
static void fifos(size_t n)
{
	char name[2][40];
	int part;

	(void)n;
	for (part = 0; part < 2; part++) {
		snprintf(name[part], sizeof(name[part]), "/tmp/ctxlab-fifo-%d-%d",
			 getpid(), part);
		if (mkfifo(name[part], 0600))
			die("mkfifo");
		ends[part][0] = open(name[part], O_RDONLY | O_NONBLOCK);
		ends[part][1] = open(name[part], O_WRONLY);
		unlink(name[part]);
		if (fcntl(ends[part][0], F_SETFL, 0))
			die("fcntl");
	}
	read_from_each_other("none", "fifo-read", false, false);
}

const struct scene file_scenes[] = {
	{ "flocks", flocks },
	{ "ofds", ofds },
	{ "posix-lock", posix_lock },
	{ "pipes", pipes },
	{ "pipes-and-uring", pipes_and_uring },
	{ "pipes-beside", pipes_beside },
	{ "own-descriptors", own_descriptors },
	{ "fifos", fifos },
	{}
};
