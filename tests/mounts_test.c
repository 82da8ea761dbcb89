// SPDX-License-Identifier: GPL-2.0-only
/*
 * Second mounts, mounts in other namespaces, and unmounting while somebody is
 * inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "slow_kernel.h"
#include "sharing_states.h"
#include "text.h"

#define PLACE "/tmp/ctxlab-mount"

FIXTURE(mounts)
{
	struct states states;
};

FIXTURE_SETUP(mounts)
{
	/* A mount namespace of the test's own, so that it leaves nothing. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	mkdir(PLACE, 0755);
	ASSERT_EQ(0, states_begin(&self->states));
}

FIXTURE_TEARDOWN(mounts)
{
	states_end(&self->states);
	umount2(PLACE, MNT_DETACH);
	rmdir(PLACE);
}

TEST_F(mounts, second_mount)
{
	struct stat first, second;
	char *a, *b;

	ASSERT_EQ(0, mount("ctxlab", PLACE, "ctxlab", 0, NULL));
	ASSERT_EQ(0, stat(CTXLAB, &first));
	ASSERT_EQ(0, stat(PLACE, &second));
	/* One pid namespace is one file system, wherever it is mounted. */
	EXPECT_EQ(first.st_dev, second.st_dev);
	a = text_read(CTXLAB "/1");
	b = text_read(PLACE "/1");
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_EQ(0, strncmp(text_value(a, "Name"), text_value(b, "Name"), 16));
	free(a);
	free(b);
	EXPECT_EQ(0, umount(PLACE));
	EXPECT_EQ(0, text_errno(CTXLAB "/1"));
	EXPECT_EQ(ENOENT, text_errno(PLACE "/1"));
}

TEST_F(mounts, busy_while_inside)
{
	int fd;

	ASSERT_EQ(0, mount("ctxlab", PLACE, "ctxlab", 0, NULL));
	fd = open(PLACE "/1", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, umount(PLACE));
	EXPECT_EQ(EBUSY, errno);
	close(fd);

	fd = open(PLACE, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, umount(PLACE));
	EXPECT_EQ(EBUSY, errno);
	close(fd);

	ASSERT_EQ(0, chdir(PLACE));
	EXPECT_EQ(-1, umount(PLACE));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, text_errno("self"));
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(0, umount(PLACE));
}

/* What is open outlives a lazy unmount; names are still found from inside. */
TEST_F(mounts, detached_while_inside)
{
	int fd, dir;
	char byte, *names;

	ASSERT_EQ(0, mount("ctxlab", PLACE, "ctxlab", 0, NULL));
	fd = open(PLACE "/tasks", O_RDONLY);
	dir = open(PLACE, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, dir);
	ASSERT_EQ(0, chdir(PLACE));
	ASSERT_EQ(0, umount2(PLACE, MNT_DETACH));
	EXPECT_EQ(1, read(fd, &byte, 1));
	EXPECT_EQ(0, text_errno("1"));
	EXPECT_EQ(0, faccessat(dir, "1,1", R_OK, 0));
	names = list_directory_fd(dir);
	ASSERT_NE(NULL, names);
	EXPECT_NE(NULL, strstr(names, " self "));
	free(names);
	close(fd);
	ASSERT_EQ(0, chdir("/"));
}

/* Whoever holds anything of it, holds the module. */
TEST_F(mounts, module_stays)
{
	int fd;

	EXPECT_EQ(-1, syscall(SYS_delete_module, "ctxlab", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	fd = open(CTXLAB "/1", O_RDONLY);
	ASSERT_LE(0, fd);
	/* Detached here, and in the guest's first namespace still mounted. */
	ASSERT_EQ(0, umount2(CTXLAB, MNT_DETACH));
	EXPECT_EQ(-1, syscall(SYS_delete_module, "ctxlab", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	close(fd);
}

TEST_F(mounts, options)
{
	int fd;

	EXPECT_EQ(-1, mount("ctxlab", PLACE, "ctxlab", 0, "hidepid=2"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, mount("ctxlab", PLACE, "ctxlab", 0, "nonesuch"));
	EXPECT_EQ(EINVAL, errno);
	/* Any source will do, and it is read-only where that is asked for. */
	ASSERT_EQ(0, mount("anything", PLACE, "ctxlab",
			   MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	EXPECT_EQ(0, text_errno(PLACE "/1"));
	fd = open(PLACE "/1", O_WRONLY);
	EXPECT_EQ(-1, fd);
	EXPECT_EQ(EROFS, errno);
	EXPECT_EQ(0, mount(NULL, PLACE, NULL, MS_REMOUNT | MS_BIND, NULL));
	EXPECT_EQ(0, umount(PLACE));
	EXPECT_EQ(-1, mount("ctxlab", "/dev/null", "ctxlab", 0, NULL));
	EXPECT_EQ(ENOTDIR, errno);
}

/* Root of a user namespace of its own may not mount it. */
TEST_F(mounts, not_by_user_namespaces)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID))
			_exit(255);
		/* In the pid namespace it is the child that counts. */
		child = fork();
		if (!child)
			_exit(mount("ctxlab", PLACE, "ctxlab", 0, NULL) ?
			      errno : 0);
		_exit(reap(child));
	}
	EXPECT_EQ(EPERM, reap(child));

	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		if (become(ALICE, ALICE))
			_exit(255);
		_exit(mount("ctxlab", PLACE, "ctxlab", 0, NULL) ? errno : 0);
	}
	EXPECT_EQ(EPERM, reap(child));
}

/*
 * The first process of a pid namespace, sharing its file table with the maker.
 * It mounts in a mount namespace of its own and leaves a thread there.
 */
static int wait_there(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

static int mount_there(struct state *state)
{
	static char stack[64 << 10];

	(void)state;
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("ctxlab", PLACE, "ctxlab", 0, NULL))
		return 1;
	return clone(wait_there, stack + sizeof(stack),
		     CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES |
		     CLONE_FS, NULL) != 2;
}

static const struct plan inner = {
	"first of a pid namespace", CLONE_NEWPID | CLONE_FILES, 0, mount_there
};

static char *read_inside(pid_t pid, const char *name)
{
	return text_readf("/proc/%d/root" PLACE "/%s", pid, name);
}

TEST_F(mounts, pid_namespace)
{
	struct state *state = states_add(&self->states, &inner);
	struct table *table;
	char *text, path[80], name[16], *names;
	int dir;

	ASSERT_NE(NULL, state);
	text = read_inside(state->tid, "1");
	ASSERT_NE(NULL, text);
	EXPECT_EQ(1, text_number(text, "Tgid"));
	EXPECT_EQ(0, text_number(text, "PPid"));
	EXPECT_EQ(2, text_number(text, "Threads"));
	/* The maker holds the table too, but has no pid in there. */
	EXPECT_NE(NULL, strstr(text_value(text, "Files") ?: "",
			       "users 3 = 2 here + 0 elsewhere + 1 unseen"))
		TH_LOG("Files: %s", text_value(text, "Files"));
	EXPECT_EQ(0, text_number(text, "Elsewhere"));
	free(text);

	/* Its thread is tid 2 there; kthreadd, 2 outside, is not there. */
	text = read_inside(state->tid, "tasks");
	ASSERT_NE(NULL, text);
	table = table_parse(text, NULL);
	ASSERT_NE(NULL, table);
	EXPECT_EQ(2, table->rows);
	EXPECT_EQ(1, atoi(table_cell(table, 0, "TID")));
	EXPECT_EQ(2, atoi(table_cell(table, 1, "TID")));
	EXPECT_EQ(1, atoi(table_cell(table, 1, "TGID")));
	table_free(table);
	free(text);
	text = read_inside(state->tid, "1,2");
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("same-thread-group", text_value(text, "Relation"));
	free(text);
	EXPECT_EQ(NULL, read_inside(state->tid, "3"));
	EXPECT_EQ(ENOENT, errno);
	snprintf(name, sizeof(name), "%d", state->tid);
	EXPECT_EQ(NULL, read_inside(state->tid, name));
	EXPECT_EQ(ENOENT, errno);

	/* Who reads from outside has no pid in there. */
	EXPECT_EQ(NULL, read_inside(state->tid, "self"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(NULL, read_inside(state->tid, "thread-self"));
	EXPECT_EQ(ENOENT, errno);
	snprintf(path, sizeof(path), "/proc/%d/root" PLACE, state->tid);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	names = list_directory_fd(dir);
	ASSERT_NE(NULL, names);
	EXPECT_NE(NULL, strstr(names, " 1 "));
	EXPECT_EQ(NULL, strstr(names, " 2 "));
	free(names);

	/* Outside, the same processes under their pids there. */
	text = text_readf(CTXLAB "/%d", getpid());
	ASSERT_NE(NULL, text);
	EXPECT_NE(NULL, strstr(text_value(text, "Files") ?: "",
			       "users 3 = 1 here + 2 elsewhere + 0 unseen"))
		TH_LOG("Files: %s", text_value(text, "Files"));
	free(text);
}

/* A mount may outlive its pid namespace; it is empty then. */
TEST_F(mounts, pid_namespace_ends)
{
	struct state *state = states_add(&self->states, &inner);
	int dir, file, tasks;
	char path[80], byte, *names;

	ASSERT_NE(NULL, state);
	snprintf(path, sizeof(path), "/proc/%d/root" PLACE, state->tid);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, dir);
	file = openat(dir, "1", O_RDONLY);
	tasks = openat(dir, "tasks", O_RDONLY);
	ASSERT_LE(0, file);
	ASSERT_LE(0, tasks);
	kill(state->tid, SIGKILL);
	waitpid(state->tid, NULL, 0);
	state->child = false;

	EXPECT_EQ(-1, read(file, &byte, 1));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-1, openat(dir, "1", O_RDONLY));
	EXPECT_EQ(ENOENT, errno);
	/* The heading, and nobody under it. */
	names = text_read_fd(tasks);
	ASSERT_NE(NULL, names);
	EXPECT_EQ(names + strlen(names) - 1, strchr(names, '\n'));
	free(names);
	names = list_directory_fd(dir);
	ASSERT_NE(NULL, names);
	EXPECT_EQ(0, strspn(strpbrk(names, "0123456789") ?: "", "0123456789"));
	free(names);
	close(file);
	close(tasks);
}

/* Mount and unmount against each other and against readers. */
TEST_F(mounts, many_times)
{
	pid_t readers[3];
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(readers); i++) {
		readers[i] = fork();
		if (readers[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			text_errno(PLACE "/self");
			text_errno(PLACE "/tasks");
			free(list_directory(PLACE));
		}
	}
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, mount("ctxlab", PLACE, "ctxlab", 0, NULL));
		if (i % 2)
			usleep(1000);
		ASSERT_EQ(0, umount2(PLACE, MNT_DETACH));
	}
	for (i = 0; i < (int)ARRAY_SIZE(readers); i++) {
		kill(readers[i], SIGKILL);
		waitpid(readers[i], NULL, 0);
	}
	EXPECT_EQ(0, text_errno(CTXLAB "/1"));
}

TEST_HARNESS_MAIN
