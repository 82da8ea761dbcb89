// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe's hooks into the kernel: in place while they are needed, and no
 * longer; and the module stays as long as they might call it.
 *
 * The oracle is the kernel's memory: the counts in the static keys that turn
 * preempt notifiers and the tracepoint of exiting tasks on.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "module_load.h"
#include "probe.h"
#include "text.h"

static unsigned long symbol(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], found[256];
	unsigned long address = 0, value;

	if (!file)
		return 0;
	while (!address && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %*c %255s", &value, found) == 2 &&
		    !strcmp(found, name))
			address = value;
	fclose(file);
	return address;
}

/* The int at a kernel address, out of the core file of the running kernel. */
static int kernel_int(unsigned long address)
{
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC), i, value = -1;
	Elf64_Ehdr header;
	Elf64_Phdr part;

	if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header))
		return -1;
	for (i = 0; i < header.e_phnum; i++) {
		if (pread(fd, &part, sizeof(part), header.e_phoff +
			  i * sizeof(part)) != sizeof(part))
			break;
		if (part.p_type != PT_LOAD || address < part.p_vaddr ||
		    address - part.p_vaddr >= part.p_memsz)
			continue;
		if (pread(fd, &value, sizeof(value),
			  part.p_offset + address - part.p_vaddr) ==
		    sizeof(value))
			break;
	}
	close(fd);
	return value;
}

static bool in_place(unsigned long notifiers, unsigned long tracepoint)
{
	return kernel_int(notifiers) > 0 && kernel_int(tracepoint) > 0;
}

static bool gone(unsigned long notifiers, unsigned long tracepoint)
{
	return kernel_int(notifiers) == 0 && kernel_int(tracepoint) == 0;
}

FIXTURE(hooks)
{
	unsigned long notifiers;	/* addresses of the keys' counts */
	unsigned long tracepoint;
	bool told;			/* the kernel lets us read them */
};

FIXTURE_SETUP(hooks)
{
	self->notifiers = symbol("preempt_notifier_key");
	self->tracepoint = symbol("__tracepoint_sched_process_exit");
	/* struct tracepoint: a pointer to its name, and then the key. */
	self->tracepoint += sizeof(void *);
	self->told = kernel_int(self->notifiers) >= 0 &&
		     kernel_int(self->tracepoint) >= 0;
	if (self->told)
		ASSERT_TRUE(gone(self->notifiers, self->tracepoint));
}

FIXTURE_TEARDOWN(hooks)
{
	if (self->told)
		EXPECT_TRUE(gone(self->notifiers, self->tracepoint));
	if (!module_is_loaded())
		module_load("");
}

TEST_F_TIMEOUT(hooks, an_open_file_has_none, PATIENCE)
{
	int fd = probe_open();

	ASSERT_LE(0, fd);
	if (!self->told)
		SKIP(return, "no /proc/kcore here");
	EXPECT_TRUE(gone(self->notifiers, self->tracepoint));
	close(fd);
}

TEST_F_TIMEOUT(hooks, from_the_first_attach_to_the_close, PATIENCE)
{
	int fd = probe_open();

	if (!self->told)
		SKIP(return, "no /proc/kcore here");
	ASSERT_EQ(0, probe_attach(fd));
	EXPECT_TRUE(in_place(self->notifiers, self->tracepoint));
	ASSERT_EQ(0, probe_detach(fd));
	EXPECT_TRUE(in_place(self->notifiers, self->tracepoint));
	ASSERT_EQ(0, probe_attach(fd));
	ASSERT_EQ(0, probe_detach(fd));
	close(fd);
	EXPECT_TRUE(gone(self->notifiers, self->tracepoint));
}

TEST_F_TIMEOUT(hooks, as_long_as_one_session_needs_them, PATIENCE)
{
	int first = probe_open(), second = probe_open();

	if (!self->told)
		SKIP(return, "no /proc/kcore here");
	ASSERT_EQ(0, probe_attach(first));
	ASSERT_EQ(0, probe_detach(first));
	ASSERT_EQ(0, probe_attach(second));
	ASSERT_EQ(0, probe_detach(second));
	close(first);
	EXPECT_TRUE(in_place(self->notifiers, self->tracepoint));
	close(second);
	EXPECT_TRUE(gone(self->notifiers, self->tracepoint));
}

/* Attached, and no descriptor left: says so over a pipe, and then waits. */
static pid_t start_attached(void)
{
	int said[2];
	pid_t pid;
	char byte;

	if (pipe(said))
		return -1;
	pid = fork();
	if (!pid) {
		int fd = probe_open();

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (probe_attach(fd))
			_exit(1);
		close(fd);
		if (write(said[1], "a", 1) != 1)
			_exit(1);
		pause();
	}
	close(said[1]);
	if (read(said[0], &byte, 1) != 1)
		pid = -1;
	close(said[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid);
}

TEST_F_TIMEOUT(hooks, until_the_last_attached_task_exits, PATIENCE)
{
	pid_t pid = start_attached();

	ASSERT_LT(0, pid);
	EXPECT_TRUE(!self->told || in_place(self->notifiers, self->tracepoint));
	end(pid);
	EXPECT_TRUE(!self->told || gone(self->notifiers, self->tracepoint));
}

static int unload(void)
{
	return syscall(SYS_delete_module, "ctxlab", O_NONBLOCK) ? errno : 0;
}

TEST_F_TIMEOUT(hooks, an_open_file_keeps_the_module, PATIENCE)
{
	int fd = probe_open();

	EXPECT_EQ(EWOULDBLOCK, unload());
	ASSERT_EQ(0, umount2(CTXLAB, MNT_DETACH));
	EXPECT_EQ(EWOULDBLOCK, unload());
	EXPECT_EQ(0, probe_attach(fd));
	EXPECT_EQ(0, probe_detach(fd));
	close(fd);
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, module_load(""));
}

TEST_F_TIMEOUT(hooks, an_attached_task_keeps_mount_and_module, PATIENCE)
{
	pid_t pid = start_attached();

	ASSERT_LT(0, pid);
	EXPECT_EQ(-1, umount2(CTXLAB, 0));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(EWOULDBLOCK, unload());
	ASSERT_EQ(0, umount2(CTXLAB, MNT_DETACH));
	EXPECT_EQ(EWOULDBLOCK, unload());
	usleep(100 * 1000);
	EXPECT_EQ(EWOULDBLOCK, unload());
	end(pid);
	EXPECT_EQ(0, module_unload());
	EXPECT_EQ(0, module_load(""));
}

/*
 * The exit of the last attached task is also what lets the module go: unloading
 * is tried all the time while they exit one after the other.
 */
TEST_F_TIMEOUT(hooks, unloading_races_with_the_last_exit, PATIENCE)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = start_attached();
		int err;

		ASSERT_LT(0, pid);
		ASSERT_EQ(0, umount2(CTXLAB, MNT_DETACH));
		EXPECT_EQ(EWOULDBLOCK, unload());
		kill(pid, SIGKILL);
		do {
			err = unload();
		} while (err == EWOULDBLOCK);
		EXPECT_EQ(0, err)
			TH_LOG("round %d", i);
		reap(pid);
		EXPECT_TRUE(!self->told ||
			    gone(self->notifiers, self->tracepoint));
		ASSERT_EQ(0, module_load(""));
	}
}

TEST_HARNESS_MAIN
