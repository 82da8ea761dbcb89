// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading, again and again, while others read: each time all of
 * it is there, and then nothing of it.  At the end the module is loaded and
 * mounted as it was before.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "creds.h"
#include "module_load.h"
#include "slow_kernel.h"
#include "text.h"

#define READERS 3

static bool is_known(const char *path)
{
	char *text = text_read(path);
	bool known = text && strstr(text, "ctxlab");

	free(text);
	return known;
}

FIXTURE(reload)
{
	pid_t readers[READERS];
};

static void read_all(void)
{
	char path[64], *names, *name, *rest;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		names = list_directory(CTXLAB);
		for (name = names ? strtok_r(names, " ", &rest) : NULL; name;
		     name = strtok_r(NULL, " ", &rest)) {
			snprintf(path, sizeof(path), CTXLAB "/%s", name);
			text_errno(path);
		}
		free(names);
		text_errno(CTXLAB "/1,2");
		/* Two cores have to serve all of them. */
		usleep(5000);
	}
}

FIXTURE_SETUP(reload)
{
	int i;

	ASSERT_TRUE(module_is_loaded());
	for (i = 0; i < READERS; i++) {
		self->readers[i] = fork();
		ASSERT_LE(0, self->readers[i]);
		if (!self->readers[i])
			read_all();
	}
}

FIXTURE_TEARDOWN(reload)
{
	int i;

	for (i = 0; i < READERS; i++) {
		kill(self->readers[i], SIGKILL);
		waitpid(self->readers[i], NULL, 0);
	}
	/* Whatever has failed: the tests that follow need it. */
	module_put_back();
}

TEST_F(reload, a_hundred_times)
{
	char last[32] = "", *text;
	int i, rounds = slow_kernel_scaled(100);
	struct stat st;

	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, module_unload()) TH_LOG("round %d: %m", i);
		EXPECT_FALSE(is_known("/proc/filesystems"));
		EXPECT_FALSE(is_known("/proc/mounts"));
		EXPECT_FALSE(is_known("/proc/modules"));
		EXPECT_EQ(-1, stat(CTXLAB, &st));
		EXPECT_FALSE(module_is_loaded());

		/* One in ten mounts itself, which takes a process each time. */
		ASSERT_EQ(0, module_load(i % 10 ? "automount=0" : ""))
			TH_LOG("round %d: %m", i);
		EXPECT_TRUE(is_known("/proc/filesystems"));
		EXPECT_EQ(0, stat(CTXLAB, &st));
		if (i % 10) {
			EXPECT_FALSE(is_known("/proc/mounts"));
			ASSERT_EQ(0, mount("none", CTXLAB, "ctxlab", 0, NULL));
		}
		text = text_read(CTXLAB "/1");
		ASSERT_NE(NULL, text) TH_LOG("round %d: %m", i);
		EXPECT_EQ(1, text_number(text, "Tgid"));
		/* A new key with each load: the same mm has another ID. */
		EXPECT_NE(0, strncmp(last, text_value(text, "Mm"), 16));
		snprintf(last, sizeof(last), "%s", text_value(text, "Mm"));
		free(text);
	}
}

/* It refuses to be there twice, and to go before it is unmounted. */
TEST_F(reload, refused)
{
	EXPECT_EQ(-1, module_load(""));
	EXPECT_EQ(EEXIST, errno);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "ctxlab", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, text_errno(CTXLAB "/1"));
}

/* An unknown parameter is no reason to fail; a bad value of a known one is. */
TEST_F(reload, parameters)
{
	struct stat st;

	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-1, module_load("automount=perhaps"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_FALSE(module_is_loaded());
	EXPECT_EQ(-1, stat(CTXLAB, &st));
	ASSERT_EQ(0, module_load("nonesuch=1"));
	EXPECT_EQ(0, text_errno(CTXLAB "/1"));
}

/* A file that is open when the mount goes keeps the module, and works on. */
TEST_F(reload, file_held_over_unload)
{
	int fd = open(CTXLAB "/tasks", O_RDONLY);
	char byte;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, umount2(CTXLAB, MNT_DETACH));
	EXPECT_EQ(-1, syscall(SYS_delete_module, "ctxlab", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(1, read(fd, &byte, 1));
	close(fd);
	ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, module_load(""));
	EXPECT_EQ(0, text_errno(CTXLAB "/1"));
}

TEST_HARNESS_MAIN
