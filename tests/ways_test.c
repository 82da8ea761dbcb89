// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way into the module against who tries it: one table, each cell a test.
 * The columns are people, the rows what they try, the cells the errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hands.h"
#include "kselftest.h"
#include "load.h"
#include "probe.h"
#include "text.h"

#define PLACE "/tmp/ctxlab-ways"

/* A session that root has opened and everybody inherits. */
static int session;

enum who { ROOT, NO_ADMIN, USER, CONTAINER, NS_ROOT, PEOPLE };

static const char *const names[PEOPLE] = {
	[ROOT] = "root",
	[NO_ADMIN] = "root without CAP_SYS_ADMIN",
	[USER] = "a user",
	[CONTAINER] = "root of a user's container",
	[NS_ROOT] = "root's uid in a user namespace",
};

static int put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), err;

	if (fd < 0)
		return -1;
	err = write(fd, text, strlen(text)) < 0;
	close(fd);
	return err;
}

/* As a container is made: uid 0 within, a user's without. */
static int enter_container(void)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %d 1", ALICE);
	if (become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID))
		return -1;
	if (put_text("/proc/self/setgroups", "deny") ||
	    put_text("/proc/self/uid_map", map) ||
	    put_text("/proc/self/gid_map", map))
		return -1;
	return setresuid(0, 0, 0);
}

/* A mount namespace first: what root mounts here is seen by nobody else. */
static int become_who(enum who who)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -1;
	switch (who) {
	case NO_ADMIN:
		return drop_capability(CAP_SYS_ADMIN);
	case USER:
		return become(ALICE, ALICE) || prctl(PR_SET_DUMPABLE, 1);
	case CONTAINER:
		return enter_container();
	case NS_ROOT:
		return unshare(CLONE_NEWUSER);
	default:
		return 0;
	}
}

static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

static int mount_it(void)
{
	return result(mount("none", PLACE, "ctxlab", 0, NULL));
}

static int mount_with_option(void)
{
	return result(mount("none", PLACE, "ctxlab", 0, "hidepid=0"));
}

static int unmount_it(void)
{
	return result(umount2(CTXLAB, MNT_DETACH));
}

static int load_it(void)
{
	return result(module_load(""));
}

static int unload_it(void)
{
	return result(syscall(SYS_delete_module, "ctxlab", O_NONBLOCK));
}

static int read_abi(void)
{
	return text_errno(CTXLAB "/abi");
}

static int read_tasks(void)
{
	return text_errno(CTXLAB "/tasks");
}

static int read_self(void)
{
	return text_errno(CTXLAB "/self");
}

static int read_thread_self(void)
{
	return text_errno(CTXLAB "/thread-self");
}

static int list_it(void)
{
	char *text = list_directory(CTXLAB);

	free(text);
	return text ? 0 : errno;
}

static int read_first_process(void)
{
	return text_errno(CTXLAB "/1");
}

static int read_kernel_thread(void)
{
	return text_errno(CTXLAB "/2");
}

static int read_pair_of_others(void)
{
	return text_errno(CTXLAB "/1,2");
}

/* Of a pair one end is the reader's own: its pid, as the mount has it. */
static int read_pair_with_own(void)
{
	char path[64], pid[16];
	ssize_t n = readlink(CTXLAB "/self", pid, sizeof(pid) - 1);

	if (n < 0)
		return errno;
	pid[n] = '\0';
	snprintf(path, sizeof(path), CTXLAB "/%s,1", pid);
	return text_errno(path);
}

static int open_switch(void)
{
	int fd = open(PROBE, O_RDWR), err = result(fd);

	close(fd);
	return err;
}

static int open_switch_to_read(void)
{
	int fd = open(PROBE, O_RDONLY), err = result(fd);

	close(fd);
	return err;
}

static int ask_info(void)
{
	struct ctxlab_switch_info info;

	return probe_info(session, &info);
}

static int attach(void)
{
	return probe_attach(session);
}

static int detach(void)
{
	return probe_detach(session);
}

static int set_flush(void)
{
	return probe_flush(session, CTXLAB_FLUSH_NONE);
}

static int read_counters(void)
{
	struct ctxlab_switch_read read;

	return probe_read(session, &read);
}

static int read_histogram(void)
{
	static __u64 buckets[CTXLAB_HIST_BUCKETS];

	return probe_hist(session, CTXLAB_HIST_FLUSH, buckets);
}

static int reset(void)
{
	return probe_reset(session);
}

static int unknown_command(void)
{
	char nothing[64] = "";

	return probe_ioctl(session, _IO(CTXLAB_SWITCH_IOC, 99), nothing);
}

static int chmod_it(void)
{
	return result(chmod(CTXLAB "/tasks", 0777));
}

static int create_in_it(void)
{
	return result(mkdir(CTXLAB "/new", 0700));
}

/*
 * Where a column differs from root's for another reason than a missing
 * capability: in a container of one's own one may call mount(2), which then
 * looks at the options first; what it inherits is locked there (EINVAL).
 */
static const struct way {
	const char *name;
	int (*run)(void);
	int expected[PEOPLE];
} ways[] = {
	{ "mount", mount_it, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "mount with an option", mount_with_option,
	  { EINVAL, EPERM, EPERM, EINVAL, EPERM } },
	{ "unmount", unmount_it, { 0, EPERM, EPERM, EINVAL, EPERM } },
	{ "load", load_it, { EEXIST, EEXIST, EPERM, EPERM, EPERM } },
	{ "unload", unload_it,
	  { EWOULDBLOCK, EWOULDBLOCK, EPERM, EPERM, EPERM } },
	{ "read abi", read_abi, { 0, 0, 0, 0, 0 } },
	{ "read tasks", read_tasks, { 0, 0, 0, 0, 0 } },
	{ "read self", read_self, { 0, 0, 0, 0, 0 } },
	{ "read thread-self", read_thread_self, { 0, 0, 0, 0, 0 } },
	{ "list", list_it, { 0, 0, 0, 0, 0 } },
	{ "read the first process", read_first_process,
	  { 0, 0, EACCES, EACCES, EACCES } },
	{ "read a kernel thread", read_kernel_thread,
	  { 0, 0, EACCES, EACCES, EACCES } },
	{ "read a pair of others", read_pair_of_others,
	  { 0, 0, EACCES, EACCES, EACCES } },
	{ "read a pair with oneself", read_pair_with_own,
	  { 0, 0, EACCES, EACCES, EACCES } },
	{ "open switch", open_switch, { 0, EPERM, EACCES, EACCES, EPERM } },
	{ "open switch to read", open_switch_to_read,
	  { 0, EPERM, EACCES, EACCES, EPERM } },
	{ "INFO", ask_info, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "ATTACH", attach, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "DETACH", detach, { ENOENT, EPERM, EPERM, EPERM, EPERM } },
	{ "FLUSH", set_flush, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "READ", read_counters, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "HIST", read_histogram, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "RESET", reset, { 0, EPERM, EPERM, EPERM, EPERM } },
	{ "an unknown command", unknown_command,
	  { ENOTTY, ENOTTY, ENOTTY, ENOTTY, ENOTTY } },
	{ "chmod", chmod_it, { EPERM, EPERM, EPERM, EPERM, EPERM } },
	{ "mkdir", create_in_it, { ENOENT, ENOENT, ENOENT, ENOENT, ENOENT } },
};

#define FAILED 255

/* Each try by a process of its own, so that none helps the next. */
static int try_way(const struct way *way, enum who who)
{
	pid_t pid = fork();

	if (pid)
		return reap(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (become_who(who))
		_exit(FAILED);
	/* Only children are in the pid namespace of a container. */
	if (who == CONTAINER) {
		pid = fork();
		if (pid)
			_exit(reap(pid));
	}
	_exit(way->run());
}

int main(void)
{
	size_t i;
	int who, err;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(ways) * PEOPLE);
	mkdir(PLACE, 0755);
	session = probe_open();
	if (session < 0)
		ksft_exit_fail_msg("cannot open " PROBE ": %m\n");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (who = 0; who < PEOPLE; who++) {
			err = try_way(&ways[i], who);
			if (err == FAILED)
				ksft_print_msg("cannot become %s\n", names[who]);
			else if (err != ways[i].expected[who])
				ksft_print_msg("%s, where %s is right\n",
					       strerror(err),
					       strerror(ways[i].expected[who]));
			ksft_test_result(err == ways[i].expected[who],
					 "%s by %s\n", ways[i].name, names[who]);
		}
	}
	close(session);
	rmdir(PLACE);
	ksft_finished();
}
