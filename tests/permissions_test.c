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

#include "creds.h"
#include "kselftest.h"
#include "module_load.h"
#include "probe.h"
#include "sharing_states.h"
#include "text.h"

#define PLACE "/tmp/ctxlab-ways"
#define SETUID_PROGRAM "/tmp/ctxlab-ways-setuid"
#define FAILED 255

/* A session that root has opened and everybody inherits. */
static int session;

/* What the rows below are tried on, beside root's tasks and one's own. */
static struct states targets;
static const struct state *user_process, *undumpable, *setuid_process;
static int opened_by_root, opened_by_user;

enum who { ROOT, NO_ADMIN, USER, CONTAINER, NS_ROOT, SETUID, PEOPLE };

static const char *const names[PEOPLE] = {
	[ROOT] = "root",
	[NO_ADMIN] = "root without CAP_SYS_ADMIN",
	[USER] = "a user",
	[CONTAINER] = "root of a user's container",
	[NS_ROOT] = "root's uid in a user namespace",
	[SETUID] = "a setuid program of a user",
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
		return as_alice(NULL);
	case CONTAINER:
		return enter_container();
	case NS_ROOT:
		return unshare(CLONE_NEWUSER);
	case SETUID:
		return as_setuid_program(NULL);
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

static int read_task(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), CTXLAB "/%d", pid);
	return text_errno(path);
}

static int read_waits(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), CTXLAB "/%d-waits", pid);
	return text_errno(path);
}

static int read_first_waits(void)
{
	return read_waits(1);
}

static int read_own_waits(void)
{
	char path[64], pid[16];
	ssize_t n = readlink(CTXLAB "/self", pid, sizeof(pid) - 1);

	if (n < 0)
		return errno;
	pid[n] = '\0';
	snprintf(path, sizeof(path), CTXLAB "/%s-waits", pid);
	return text_errno(path);
}

static int read_user_waits(void)
{
	return read_waits(user_process->tid);
}

static int read_undumpable_waits(void)
{
	return read_waits(undumpable->tid);
}

static int read_setuid_waits(void)
{
	return read_waits(setuid_process->tid);
}

static int read_user_process(void)
{
	return read_task(user_process->tid);
}

static int read_undumpable(void)
{
	return read_task(undumpable->tid);
}

static int read_setuid_process(void)
{
	return read_task(setuid_process->tid);
}

static int read_byte(int fd)
{
	char byte;

	return result(pread(fd, &byte, 1, 0));
}

/* Two descriptors that come to everybody: of what its opener may see. */
static int read_opened_by_root(void)
{
	return read_byte(opened_by_root);
}

static int read_opened_by_user(void)
{
	return read_byte(opened_by_user);
}

/* Credentials change between open and read: to less, ... */
static int open_become_user_read(void)
{
	int fd = open(CTXLAB "/1", O_RDONLY);

	if (fd < 0)
		return errno;
	return become(BOB, BOB) ? FAILED : read_byte(fd);
}

/* "PROGRAM --read FD" ends with the errno of a read. */
static void __attribute__((constructor)) read_and_exit(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--read"))
		_exit(read_byte(atoi(argv[2])));
}

/*
 * ... or to more: what one has opened of oneself is that of a setuid program by
 * the time that it is read, by that program itself.
 */
static int open_exec_setuid_read(void)
{
	char word[16];
	int fd = open(CTXLAB "/self", O_RDONLY);

	if (fd < 0)
		return errno;
	snprintf(word, sizeof(word), "%d", fd);
	execl(SETUID_PROGRAM, "setuid", "--read", word, NULL);
	return FAILED;
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
	{ "mount", mount_it, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "mount with an option", mount_with_option,
	  { EINVAL, EPERM, EPERM, EINVAL, EPERM, EINVAL } },
	{ "unmount", unmount_it, { 0, EPERM, EPERM, EINVAL, EPERM, 0 } },
	{ "load", load_it, { EEXIST, EEXIST, EPERM, EPERM, EPERM, EEXIST } },
	{ "unload", unload_it,
	  { EWOULDBLOCK, EWOULDBLOCK, EPERM, EPERM, EPERM, EWOULDBLOCK } },
	{ "read abi", read_abi, { 0, 0, 0, 0, 0, 0 } },
	{ "read tasks", read_tasks, { 0, 0, 0, 0, 0, 0 } },
	{ "read self", read_self, { 0, 0, 0, 0, 0, 0 } },
	{ "read thread-self", read_thread_self, { 0, 0, 0, 0, 0, 0 } },
	{ "list", list_it, { 0, 0, 0, 0, 0, 0 } },
	{ "read the first process", read_first_process,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read a kernel thread", read_kernel_thread,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read a pair of others", read_pair_of_others,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read a pair with oneself", read_pair_with_own,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read a user's process", read_user_process,
	  { 0, 0, 0, EACCES, EACCES, 0 } },
	{ "read a user's undumpable process", read_undumpable,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read a user's setuid program", read_setuid_process,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read the first process's waits", read_first_waits,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read one's own waits", read_own_waits, { 0, 0, 0, 0, 0, 0 } },
	{ "read a user's process's waits", read_user_waits,
	  { 0, 0, 0, EACCES, EACCES, 0 } },
	{ "read a user's undumpable process's waits", read_undumpable_waits,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read a user's setuid program's waits", read_setuid_waits,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read what root has opened", read_opened_by_root,
	  { 0, 0, EACCES, EACCES, EACCES, 0 } },
	{ "read what a user has opened", read_opened_by_user,
	  { 0, 0, 0, EACCES, EACCES, 0 } },
	{ "open, become a user, read", open_become_user_read,
	  { EACCES, EACCES, EACCES, EACCES, EACCES, EACCES } },
	{ "open oneself, exec a setuid program, read", open_exec_setuid_read,
	  { 0, 0, EACCES, 0, 0, 0 } },
	{ "open switch", open_switch, { 0, EPERM, EACCES, EACCES, EPERM, 0 } },
	{ "open switch to read", open_switch_to_read,
	  { 0, EPERM, EACCES, EACCES, EPERM, 0 } },
	{ "INFO", ask_info, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "ATTACH", attach, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "DETACH", detach, { ENOENT, EPERM, EPERM, EPERM, EPERM, ENOENT } },
	{ "FLUSH", set_flush, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "READ", read_counters, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "HIST", read_histogram, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "RESET", reset, { 0, EPERM, EPERM, EPERM, EPERM, 0 } },
	{ "an unknown command", unknown_command,
	  { ENOTTY, ENOTTY, ENOTTY, ENOTTY, ENOTTY, ENOTTY } },
	{ "chmod", chmod_it, { EPERM, EPERM, EPERM, EPERM, EPERM, EPERM } },
	{ "mkdir", create_in_it,
	  { ENOENT, ENOENT, ENOENT, ENOENT, ENOENT, ENOENT } },
};

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

static const struct plan plans[] = {
	{ "user", 0, 0, as_alice },
	{ "undumpable", 0, 0, as_undumpable_alice },
	{ "setuid", 0, 0, as_setuid_program },
};

static int set_up(void)
{
	char path[64];

	if (states_begin(&targets))
		return -1;
	user_process = states_add(&targets, &plans[0]);
	undumpable = states_add(&targets, &plans[1]);
	setuid_process = states_add(&targets, &plans[2]);
	if (!user_process || !undumpable || !setuid_process)
		return -1;
	mkdir(PLACE, 0755);
	session = probe_open();
	opened_by_root = open(CTXLAB "/1", O_RDONLY);
	snprintf(path, sizeof(path), CTXLAB "/%d", user_process->tid);
	opened_by_user = open_as(ALICE, path);
	if (session < 0 || opened_by_root < 0 || opened_by_user < 0)
		return -1;
	return copy_setuid(SETUID_PROGRAM);
}

static void clean_up(void)
{
	close(session);
	close(opened_by_root);
	close(opened_by_user);
	states_end(&targets);
	unlink(SETUID_PROGRAM);
	rmdir(PLACE);
}

int main(void)
{
	size_t i;
	int who, err;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(ways) * PEOPLE);
	if (set_up())
		ksft_exit_fail_msg("cannot set up: %m\n");
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
	clean_up();
	ksft_finished();
}
